"""The folder of a sweep: its plan, what came of each trial, and the weights that are still worth keeping."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from mnistgd.datasets.dataset import Dataset
from mnistgd.errors import DataError, MnistgdError, OutputError, WeightsError
from mnistgd.model import weights_file
from mnistgd.model.environment import describe
from mnistgd.model.evaluation import evaluate
from mnistgd.model.model import Model
from mnistgd.system.files import (
    GrowingFile,
    is_stream,
    make_folder,
    quoted,
    reason,
    remove_abandoned,
    write_atomically,
)
from mnistgd.training.sweep.plan import Plan
from mnistgd.training.sweep.ranking import Group, ranked
from mnistgd.training.sweep.trial import Trial

PLAN, TRIALS, WINNER = "sweep.json", "trials.jsonl", "winner.npz"
FORMAT = 1

MAX_PLAN, MAX_LINE = 1 << 26, 1 << 16
"""Bytes."""

HINT = "a sweep is begun by: mnistgd sweep --out FOLDER"


class SweepFolder:
    """What is kept of a sweep, while it goes on and after it.

    Used as a context manager, by one process at a time.

    Parameters
    ----------
    path : Path, of a folder that holds the plan
    plan : Plan

    Attributes
    ----------
    trials : dict from the number of each trial that is done, or has failed, to it

    Raises
    ------
    OutputError
        If it cannot be written, or another process goes on with it.
    DataError
        If the trials in it are not of this plan.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path, self.plan = path, plan
        self.trials: dict[int, Trial] = {}
        self._groups: dict[int, list[Trial]] = {}
        self._champion: Group | None = None
        for file in (path / TRIALS, path / WINNER, *path.glob("trial-*.npz")):
            if is_stream(file):  # a pipe would be waited for
                raise DataError(f"{file} is no file", HINT)
        self._file = GrowingFile(path / TRIALS, self._whole_lines, follow=False)

    def __enter__(self) -> SweepFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def files(self) -> list[int]:
        """Open files that are this process's alone."""
        return [self._file.number]

    @property
    def to_come(self) -> list[int]:
        """The numbers of the trials that are to be run."""
        return [number for number in range(len(self.plan)) if number not in self.trials]

    @property
    def best(self) -> Group | None:
        """The best of the groups whose trials have all been run; None if there is none yet."""
        return self._champion

    def add(self, trial: Trial, content: bytes) -> None:
        """Keep a trial that has ended, and its weights file if it may be the winner's.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        self._note(trial)
        if trial.error is None and (self.plan.keep_all or trial.trial in self._wanted()):
            write_atomically(self.weights_of(trial), content, follow=False)
        self._file.append(_line(trial))
        self._tidy()

    def weights_of(self, trial: Trial) -> Path:
        """Where the weights of a trial are while they may be the winner's, and with ``--keep all``."""
        return self.path / f"trial-{trial.trial}.npz"

    def ranking(self) -> list[Group]:
        """The trials in groups, the best first."""
        return ranked(self.plan, self.trials.values())

    def crown(self, datasets: Mapping[bool, Dataset]) -> Model:
        """Look at the test images with the weights of the winner, and keep them as `WINNER`.

        Parameters
        ----------
        datasets : mapping from whether the images are deskewed to them

        Raises
        ------
        MnistgdError
            If every trial has failed, or somebody has removed its weights.
        """
        trial = self.ranking()[0].best
        if trial.error is not None:
            raise MnistgdError(f"every trial failed: {trial.error}", "begin another one with other settings")
        place, settings = self.path / WINNER, self.plan.settings(trial.trial)
        kept = self.weights_of(trial)
        if not kept.exists() and place.exists():
            kept = place
        model = weights_file.load(kept) if kept.exists() else None
        if model is None or model.settings != settings:
            hint = f"make them again: {self.plan.command(trial.trial)} --out {quoted(place)}"
            raise WeightsError(f"{kept} does not hold the winner's weights any more", hint)
        dataset = datasets[settings.deskew]
        test = evaluate(model, dataset.test_images, dataset.test_labels)
        results = {**model.record["results"], "test_accuracy": test.accuracy, "test_loss": test.loss}
        model = replace(model, record={**model.record, "results": results})
        write_atomically(place, weights_file.file_bytes(model), follow=False)
        if not self.plan.keep_all:
            self.weights_of(trial).unlink(missing_ok=True)
        return model

    def _note(self, trial: Trial) -> None:
        """Let a trial count, and its group against the best if it is the last of it."""
        self.trials[trial.trial] = trial
        number = trial.trial // self.plan.seeds
        group = self._groups.setdefault(number, [])
        group.append(trial)
        if len(group) == self.plan.seeds:
            whole = Group(tuple(self._groups.pop(number)))
            if self._champion is None or whole.order < self._champion.order:
                self._champion = whole

    def _wanted(self) -> set[int]:
        """The trials that may still win: the best of the best group, and of each that is not whole."""
        groups = [Group(tuple(group)) for group in self._groups.values()]
        return {group.best.trial for group in (*groups, *([self._champion] if self._champion else []))}

    def _tidy(self) -> None:
        """Remove the weights that cannot be the winner's any more."""
        if self.plan.keep_all:
            return
        wanted = self._wanted()
        for file in self.path.glob("trial-*.npz"):
            number = file.stem.removeprefix("trial-")
            if number.isascii() and number.isdecimal() and int(number) not in wanted:
                file.unlink(missing_ok=True)

    def _whole_lines(self) -> bytes:
        """The lines that have been written whole; what was killed while it wrote left a part."""
        for trial in _read(self.path / TRIALS, self.plan):
            if trial.trial not in self.trials:
                self._note(trial)
        self._tidy()
        # Whoever writes here has the lock that this process has now.
        begun = [*self.path.glob(".trial*.tmp"), *self.path.glob(f".{WINNER}.*.tmp")]
        remove_abandoned(begun, empty=True)
        return b"".join(map(_line, self.trials.values()))


def begin(path: Path, plan: Plan, command: str) -> None:
    """Make the folder of a sweep, and write its plan.

    Raises
    ------
    OutputError
        If there is a sweep, or anything else, or it cannot be made.
    """
    check_free(path)
    make_folder(path)
    document = {"format": FORMAT, "command": command, "environment": describe(), "plan": plan.as_json()}

    def content() -> bytes:
        # Several may have found it free, of which one is here at a time.
        check_free(path)
        return f"{json.dumps(document, indent=1)}\n".encode()

    GrowingFile(path / PLAN, content).close()


def check_free(path: Path) -> None:
    """Check that a folder is empty, or can be made.

    Raises
    ------
    OutputError
        If it is not.
    """
    try:
        plan = path / PLAN
        # One that could not be written is left empty.
        if plan.exists() and not (plan.is_file() and plan.stat().st_size == 0):
            hint = f"go on with it: mnistgd sweep --resume {quoted(path)}; or name another folder"
            raise OutputError(f"{path} is the folder of another sweep", hint)
        if path.exists() and (not path.is_dir() or any(each != plan for each in path.iterdir())):
            raise OutputError(f"{path} is no empty folder", "name another one, that is made")
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {path}: {reason(error)}", "name another folder") from error


def load_plan(path: Path) -> Plan:
    """The plan of a sweep.

    Raises
    ------
    DataError
        If the folder holds none.
    """
    file = path / PLAN
    if is_stream(file):  # a pipe would be waited for
        raise DataError(f"{file} is no file", HINT)
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_PLAN + 1)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not the folder of a sweep: {PLAN}: {reason(error)}", HINT) from error
    try:
        if len(content) > MAX_PLAN:
            raise ValueError("it is too long")
        document = _parsed(content)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"it has not format {FORMAT}")
        if not isinstance(document.get("plan"), dict):
            raise ValueError("it has no plan")
        return Plan.from_json(document["plan"])
    except (ValueError, TypeError) as error:
        raise DataError(f"{file} is not the plan of a sweep: {error}", HINT) from error


def _read(path: Path, plan: Plan) -> Iterator[Trial]:
    """The trials in a file; none if there is no file yet, and no last one that is not whole.

    Raises
    ------
    DataError
        If it cannot be read, or a line is not a trial of `plan`.
    """
    if not path.exists():
        return
    stream: IO[bytes]
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(iter(partial(stream.readline, MAX_LINE + 1), b""), 1):
                if not line.endswith(b"\n") and len(line) <= MAX_LINE:
                    return
                try:
                    if len(line) > MAX_LINE:
                        raise ValueError("it is too long")
                    yield Trial.from_json(_parsed(line), plan)
                except (ValueError, TypeError) as error:
                    message = f"line {number} of {path} is not a trial: {error}"
                    raise DataError(message, "remove that line: its trial is run again") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {reason(error)}", HINT) from error


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error


def _line(trial: Trial) -> bytes:
    return f"{json.dumps(trial.as_json())}\n".encode()
