"""Take a run up again where it stopped, and say how one that stops goes on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistgd.cli import outputs
from mnistgd.errors import DataError, StoppedError, UsageError, WeightsError

if TYPE_CHECKING:
    import typer

    from mnistgd.datasets.dataset import Dataset
    from mnistgd.training.checkpoint import Checkpoint
    from mnistgd.training.cluster.connection import Cluster
    from mnistgd.training.keeping import Checkpointer
    from mnistgd.training.run import TrainState


def named_options(context: typer.Context) -> set[str]:
    """The options that the command line, or the environment, names."""
    return {
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name in {"COMMANDLINE", "ENVIRONMENT"}
    }


def load_for_resume(
    path: Path, values: Mapping[str, Any], names: tuple[str, ...] | None, named: set[str]
) -> Checkpoint:
    """The run that `path` holds; what it was started with is not asked again, but for how long it lasts.

    Parameters
    ----------
    path : Path
    values : mapping of the name of a setting to its value, as the command line has them
    names : tuple of str, what ``--class-names`` says
    named : set of str, the options that the command line names

    Raises
    ------
    UsageError
        If an option contradicts the file.
    WeightsError
        If the file is not a checkpoint, or names places that a file may not decide on.
    """
    from mnistgd.training import checkpoint

    saved = checkpoint.load(path)
    if "epochs" in named:
        try:
            saved = saved.lasting(values["epochs"])
        except UsageError as problem:
            message = f"--epochs contradicts {path}: {problem.message}"
            raise UsageError(message, problem.hint) from problem
    wrong = [
        name for name, value in values.items() if name in named and value != getattr(saved.settings, name)
    ]
    if names is not None and names != saved.class_names:
        wrong.append("class_names")
    if wrong:
        raise UsageError(
            f"--{wrong[0].replace('_', '-')} contradicts {path}", "leave it out: the file has all settings"
        )
    if "out" not in named and saved.out != outputs.STDOUT:
        check_place(path, "--out", saved.out)
    if "log" not in named and saved.log is not None:
        check_place(path, "--log", saved.log)
    return saved


def check_place(path: Path, option: str, place: str) -> None:
    """Where a checkpoint, which may be anyone's, lets a run write: beside itself or below this folder.

    What is replaced there is a file of ours of the same kind, read whole. It is asked again just before the
    file is written: somebody may have put something else there.

    Raises
    ------
    WeightsError
        If it names another place, or what is there is something else.
    """
    from mnistgd.model import weights_file
    from mnistgd.system.files import is_stream, quoted, reason
    from mnistgd.training import history

    what, read = ("weights file", weights_file.load) if option == "--out" else ("history", history.read)
    hint = f"name it yourself: {option} {quoted(place)}"
    try:
        target = Path(place).resolve()
        if place == outputs.STDOUT or not _is_near(target, path):
            raise WeightsError(f"{path} would write {place}, outside this folder and its own", hint)
        if is_stream(target):  # a pipe would be waited for
            raise WeightsError(f"{target} is no file")
        if target.exists():
            read(target)
    except (OSError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} names a place that cannot be: {reason(error)}", hint) from error
    except (WeightsError, DataError) as error:
        if error.hint == hint:
            raise
        raise WeightsError(f"{path} would replace {place}, which is no {what} of mnistgd", hint) from error


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
    if not dataset.is_of(saved.sha256, saved.labels_sha256):
        if asked:
            raise UsageError("--data names other images than those the run was started with", "leave it out")
        raise DataError(
            f"the images or labels of {dataset.source} have changed since the run was started",
            "start it anew",
        )


def stopped(
    now: TrainState,
    why: str,
    code: int,
    checkpointer: Checkpointer | None,
    cluster: Cluster | None = None,
) -> StoppedError:
    """What to end a command with that cannot go on, once the place of its run is kept, if it is to be.

    Its hint names the workers again if it had some and they can still be reached.
    """
    message = f"{why} after step {now.step} of {now.run.steps}"
    if checkpointer is None:
        return StoppedError(message, "--checkpoint FILE would keep a place to go on from", code=code)
    checkpointer.save(now)
    words = ["mnistgd", "train", "--resume", str(checkpointer.path)]
    for option, place in (("--out", checkpointer.out), ("--log", checkpointer.log.path)):
        if place is None or place == outputs.STDOUT:
            continue
        # A log without an epoch is no history yet, which only the command line may replace.
        unsaid = option == "--log" and not len(checkpointer.log.rows)
        if unsaid or not _is_near(Path(place), checkpointer.path):
            words += [option, str(place)]
    if cluster is not None and cluster.left() is not None:
        words += ["--cluster", cluster.address]
    return StoppedError(message, f"go on with: {shlex.join(words)}", code=code)
