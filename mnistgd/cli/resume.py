"""Keep a place to go on from while a run trains, and take a run up again where it stopped."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mnistgd.cli import outputs, signals
from mnistgd.errors import DataError, StoppedError, UsageError, WeightsError

if TYPE_CHECKING:
    import typer

    from mnistgd.datasets.dataset import Dataset
    from mnistgd.model.settings import Settings
    from mnistgd.training.checkpoint import Checkpoint
    from mnistgd.training.history import Epoch
    from mnistgd.training.run import Progress, Run


def given_options(context: typer.Context) -> set[str]:
    """The options that the command line, or the environment, names."""
    return {
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name in {"COMMANDLINE", "ENVIRONMENT"}
    }


def load_for_resume(
    path: Path, asked: Settings, names: tuple[str, ...] | None, given: set[str]
) -> Checkpoint:
    """The run that `path` holds; what it was started with is not asked again.

    Parameters
    ----------
    path : Path
    asked : Settings, as the command line has them
    names : tuple of str, what ``--labels`` says
    given : set of str, the options that the command line names

    Raises
    ------
    UsageError
        If an option contradicts the file.
    WeightsError
        If the file is not a checkpoint, or names places that a file may not decide on.
    """
    from dataclasses import fields

    from mnistgd.training import checkpoint

    saved = checkpoint.load(path)
    wrong = [
        field.name
        for field in fields(asked)
        if field.name in given and getattr(asked, field.name) != getattr(saved.settings, field.name)
    ]
    if names is not None and names != saved.class_names:
        wrong.append("labels")
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


def check_step(saved: Checkpoint, run: Run) -> None:
    """Hold the place of a checkpoint against the run that it says it is of.

    Raises
    ------
    WeightsError
        If such a run cannot have been there.
    """
    step, best = saved.checkpoint.step, saved.checkpoint.best
    done = step // run.steps_per_epoch
    if not 0 < step <= run.steps or len(saved.history) != done or (best and not 0 < best.epoch <= done):
        raise WeightsError(
            f"the checkpoint is damaged: it is of step {step} of a run of {run.steps}", "start the run anew"
        )


class Keeper:
    """Writes down how a run goes: its history, epoch by epoch, and a checkpoint to go on from.

    It is called with each `Progress`.

    Parameters
    ----------
    run : Run
    dataset : Dataset
    saved : Checkpoint or None; where the run is taken up again
    data, out : str; what ``--data`` and ``--out`` say, for whoever takes it up again
    log, path : Path or None; where the history and the checkpoints go
    every : int; epochs from one checkpoint to the next
    """

    def __init__(
        self,
        run: Run,
        dataset: Dataset,
        saved: Checkpoint | None,
        *,
        data: str,
        out: str,
        log: Path | None,
        path: Path | None,
        every: int,
    ) -> None:
        from mnistgd.system.files import check_writable
        from mnistgd.training import history

        self.run, self.dataset, self.path, self.log, self.every = run, dataset, path, log, every
        self.data, self.out = data, out
        self.start = saved.checkpoint if saved else None
        self.history: list[Epoch] = list(saved.history) if saved else []
        self.begun = time.perf_counter() - (saved.seconds if saved else 0.0)
        if path is not None:
            check_writable(path)
        if log is not None:
            history.begin(log, self.history)

    def __call__(self, progress: Progress) -> None:
        if not progress.epoch_ends:
            return
        epoch = self._epoch(progress)
        self.history.append(epoch)
        if self.log is not None:
            from mnistgd.training import history

            history.add(self.log, epoch)
        if self.path is not None and progress.epoch % self.every == 0:
            self._save(progress, self.path)

    def stop(self, progress: Progress, code: int) -> StoppedError:
        """Write a last checkpoint, if any are asked for; what to end the command with."""
        message = f"{signals.WORDS[code]} after step {progress.step} of {progress.steps}"
        if self.path is None:
            return StoppedError(message, "--checkpoint FILE would keep a place to go on from", code=code)
        progress.checkpoint.check()
        self._save(progress, self.path)
        words = ["mnistgd", "train", "--resume", str(self.path)]
        for option, place in (("--out", self.out), ("--log", self.log)):
            if place is not None and place != outputs.STDOUT and not _is_near(Path(place), self.path):
                words += [option, str(place)]
        return StoppedError(message, f"go on with: {shlex.join(words)}", code=code)

    def seconds(self) -> float:
        """Spent on training, before and after any interruption."""
        return time.perf_counter() - self.begun

    def _epoch(self, progress: Progress) -> Epoch:
        from mnistgd.training.history import Epoch

        return Epoch(
            epoch=progress.epoch,
            step=progress.step,
            loss=progress.loss,
            accuracy=progress.accuracy,
            learning_rate=progress.learning_rate,
            seconds=round(self.seconds(), 3),
            validation_loss=progress.validation.loss if progress.validation else None,
            validation_accuracy=progress.validation.accuracy if progress.validation else None,
        )

    def _save(self, progress: Progress, path: Path) -> None:
        from mnistgd.training import checkpoint

        saved = checkpoint.Checkpoint(
            settings=self.run.settings,
            class_names=self.dataset.class_names,
            data=self.data,
            sha256=self.dataset.sha256,
            out=self.out,
            log=None if self.log is None else str(self.log),
            history=self.history,
            seconds=self.seconds(),
            checkpoint=progress.checkpoint,
        )
        checkpoint.save(saved, path)
