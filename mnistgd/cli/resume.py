"""Take a run up again where it stopped, and say how one that stops goes on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistgd.cli import outputs, signals
from mnistgd.errors import DataError, StoppedError, UsageError, WeightsError

if TYPE_CHECKING:
    import typer

    from mnistgd.datasets.dataset import Dataset
    from mnistgd.training.checkpoint import Checkpoint
    from mnistgd.training.keeping import Checkpointer
    from mnistgd.training.run import TrainState


def given_options(context: typer.Context) -> set[str]:
    """The options that the command line, or the environment, names."""
    return {
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name in {"COMMANDLINE", "ENVIRONMENT"}
    }


def load_for_resume(
    path: Path, values: Mapping[str, Any], names: tuple[str, ...] | None, given: set[str]
) -> Checkpoint:
    """The run that `path` holds; what it was started with is not asked again.

    Parameters
    ----------
    path : Path
    values : mapping of the name of a setting to its value, as the command line has them
    names : tuple of str, what ``--class-names`` says
    given : set of str, the options that the command line names

    Raises
    ------
    UsageError
        If an option contradicts the file.
    WeightsError
        If the file is not a checkpoint, or names places that a file may not decide on.
    """
    from mnistgd.training import checkpoint

    saved = checkpoint.load(path)
    wrong = [
        name for name, value in values.items() if name in given and value != getattr(saved.settings, name)
    ]
    if names is not None and names != saved.class_names:
        wrong.append("class_names")
    if wrong:
        raise UsageError(
            f"--{wrong[0].replace('_', '-')} contradicts {path}", "leave it out: the file has all settings"
        )
    if "out" not in given and saved.out != outputs.STDOUT:
        _check_place(path, "--out", Path(saved.out), b"PK")
    if "log" not in given and saved.log is not None:
        _check_place(path, "--log", Path(saved.log), b"{")
    return saved


def _check_place(path: Path, option: str, place: Path, begins: bytes) -> None:
    """Let a checkpoint, which may be anyone's, choose no place but beside itself or below this folder.

    What is replaced there is of the same kind: it `begins` as what is to be written.
    """
    from mnistgd.system.files import reason

    hint = f"name it yourself: {option} {place}"
    try:
        target = place.resolve()
        if not _is_near(place, path):
            raise WeightsError(f"{path} would write {place}, outside this folder and its own", hint)
        if target.is_file():
            with target.open("rb") as file:
                found = file.read(len(begins))
            if found not in (begins, b""):
                raise WeightsError(f"{path} would replace {place}, which is a file of another kind", hint)
    except (OSError, ValueError, RuntimeError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise WeightsError(f"{path} names a place that cannot be: {why}", hint) from error


def _is_near(place: Path, path: Path) -> bool:
    """Whether `place` is beside the checkpoint `path`, in the current folder or below one of them."""
    return any(place.resolve().is_relative_to(folder) for folder in (Path.cwd(), path.resolve().parent))


def check_images(saved: Checkpoint, dataset: Dataset, asked: bool) -> None:
    """Go on with the same images only.

    Raises
    ------
    UsageError
        If ``--data`` names others.
    DataError
        If they have changed since.
    """
    if dataset.sha256 != saved.sha256:
        if asked:
            raise UsageError("--data names other images than those the run was started with", "leave it out")
        raise DataError(
            f"the images of {dataset.source} have changed since the run was started", "start it anew"
        )


def stopped(now: TrainState, code: int, keeper: Checkpointer | None) -> StoppedError:
    """What to end a command with that is asked to stop, once the place of its run is kept, if it is to be."""
    message = f"{signals.WORDS[code]} after step {now.step} of {now.run.steps}"
    if keeper is None:
        return StoppedError(message, "--checkpoint FILE would keep a place to go on from", code=code)
    keeper.save(now)
    words = ["mnistgd", "train", "--resume", str(keeper.path)]
    for option, place in (("--out", keeper.out), ("--log", keeper.log.path)):
        if place is not None and place != outputs.STDOUT and not _is_near(Path(place), keeper.path):
            words += [option, str(place)]
    return StoppedError(message, f"go on with: {shlex.join(words)}", code=code)
