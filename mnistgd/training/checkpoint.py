"""A run in a file, so that it can go on as if it had never stopped.

An ``.npz`` without pickle: ``params/NAME``, ``state/MEMORY/NAME`` of the optimizer, ``best/NAME`` where
validation decides what is kept, ``history``, a row for each epoch, and ``record``, JSON: settings, data and
place. The place in the shuffle is the step alone, since the order of an epoch depends on nothing but seed and
epoch.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.class_names import class_names_in
from mnistgd.datasets.options import DataOptions
from mnistgd.engine.optimizers import State
from mnistgd.engine.types import Params
from mnistgd.errors import UsageError, WeightsError
from mnistgd.model.network import optimizer_of, schedule_of
from mnistgd.model.settings import OPEN_ENDED, Settings
from mnistgd.system.files import is_stream, write_atomically
from mnistgd.system.npz import json_in, npz_bytes, opened_npz
from mnistgd.system.words import counted
from mnistgd.training.history import Epoch, from_rows
from mnistgd.training.run import Best, Run, TrainState, initial_params
from mnistgd.training.totals import EpochTotals, Tally

FORMATS = (1, 2, 3)
"""In the first the history is a part of the record; since then it is an array. Who knows the first two alone
might leave out a setting of the third, and go on with another run."""
KIND = "checkpoint"
RECORD_BYTES = 4_000_000
HINT = "a checkpoint is written by: mnistgd train --checkpoint FILE"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes
    ----------
    settings : Settings
    class_names : tuple of str, one per class
    data : str, what ``--data`` said
    reading : DataOptions that its images were read with
    sha256 : str, of the pixels of the data
    labels_sha256 : str or None, of its labels; None in older files
    out : str, where the weights are to go
    log : str or None, where the history goes
    history : epochs done
    seconds : float, spent on training so far
    step, params, state, totals, best : as `TrainState` has them
    """

    settings: Settings
    class_names: tuple[str, ...]
    data: str
    reading: DataOptions
    sha256: str
    labels_sha256: str | None
    out: str
    log: str | None
    history: Sequence[Epoch]
    seconds: float
    step: int
    params: Params
    state: State
    totals: EpochTotals
    best: Best | None

    def resume(self, run: Run) -> TrainState:
        """Where `run` stood.

        Raises
        ------
        WeightsError
            If such a run cannot have been there.
        """
        done = self.step // run.steps_per_epoch
        if (
            not 0 < self.step <= run.steps
            or len(self.history) != done
            or (self.best and not 0 < self.best.epoch <= done)
        ):
            raise WeightsError(
                f"the checkpoint is damaged: it is of step {self.step} of a run of {run.steps}",
                "start the run anew",
            )
        tally = Tally(self.step, self.totals)
        now = TrainState(run, self.step, self.params, self.state, tally, self.best)
        return now._replace(validation=self.history[-1].validation) if now.epoch_ends else now

    def lasting(self, epochs: int) -> Checkpoint:
        """The same run, had it been started with that many epochs.

        Raises
        ------
        UsageError
            If it cannot have been; the message says why.
        """
        settings = self.settings
        if epochs == settings.epochs:
            return self
        if settings.schedule not in OPEN_ENDED:
            falls = "falls to zero" if schedule_of(settings, 1)(1) == 0 else "falls"
            over = counted(settings.epochs, "epoch")
            raise UsageError(
                f"its learning rate, of the schedule {settings.schedule}, {falls} over {over}",
                "start it anew, with --schedule constant if it is to go on later",
            )
        begun = len(self.history) + (self.step > (self.history[-1].step if self.history else 0))
        if epochs < begun:
            raise UsageError(f"it has come to epoch {begun} already", "name as many, or leave it out")
        return replace(self, settings=replace(settings, epochs=epochs))


def checkpoint_path(weights: Path) -> Path:
    """Where a run over several workers keeps its place if it loses one, and no place was named.

    Examples
    --------
    >>> checkpoint_path(Path("runs/weights.npz")).as_posix()
    'runs/weights.checkpoint.npz'
    """
    return weights.parent / f"{weights.name.removesuffix('.npz')}.checkpoint.npz"


def save(
    path: Path,
    now: TrainState,
    history: NDArray[np.float64],
    *,
    seconds: float,
    data: str,
    out: str,
    log: str | None,
) -> None:
    """Write where a run stands to `path`, whole or not at all.

    `history` is what `history.to_rows` made of its epochs; the other parameters are those of `Checkpoint`.

    Raises
    ------
    DivergedError
        If the last update is not finite.
    OutputError
        If it cannot be written.
    """
    now.check()
    record: dict[str, Any] = {
        "kind": KIND,
        "format": FORMATS[-1],
        "settings": now.run.settings.as_json(),
        "names": list(now.run.dataset.class_names),
        "data": data,
        "reading": now.run.dataset.options.as_json(),
        "sha256": now.run.dataset.sha256,
        "labels_sha256": now.run.dataset.labels_sha256,
        "out": out,
        "log": log,
        "seconds": seconds,
        "step": now.step,
        "tally": list(now.totals),
        "best": None if now.best is None else [now.best.loss, now.best.epoch],
    }
    arrays = _flat("params", now.params) | _flat_state(now.state) | {"history": history}
    if now.best is not None:
        arrays |= _flat("best", now.best.params)
    write_atomically(path, npz_bytes(record, arrays))


def load(path: Path) -> Checkpoint:
    """Read a checkpoint, believing nothing it says before it has been checked.

    Raises
    ------
    WeightsError
        If it is missing, damaged, of a newer format or not a checkpoint.
    """
    if not path.exists():
        raise WeightsError(f"there is no checkpoint {path}", HINT)
    if is_stream(path):
        raise WeightsError(f"{path} is no file, and a run goes on in its checkpoint", HINT)
    try:
        with opened_npz(path, WeightsError, HINT) as read:
            record = _record(read("record", RECORD_BYTES))
            settings, class_names = Settings.from_json(record["settings"]), class_names_in(record["names"])
            wanted = _wanted(settings, len(class_names), has_best=record["best"] is not None)
            if "history" in record:
                epochs = [Epoch.from_json(epoch) for epoch in record["history"]]
            else:
                epochs = from_rows(read("history", path.stat().st_size))
            arrays = {name: _checked(name, read(name, like.nbytes), like) for name, like in wanted.items()}
        params, state, best_params = _parts(arrays)
        tally, best = record["tally"], record["best"]
        if best is not None:
            best = Best(_number(best[0]), _count(best[1]), best_params)
        return Checkpoint(
            settings=settings,
            class_names=class_names,
            data=_text(record, "data"),
            reading=DataOptions.from_json(record.get("reading", {})),
            sha256=_text(record, "sha256"),
            labels_sha256=_text(record, "labels_sha256") if "labels_sha256" in record else None,
            out=_text(record, "out"),
            log=None if record["log"] is None else _text(record, "log"),
            history=epochs,
            seconds=_number(record["seconds"]),
            step=_count(record["step"]),
            params=params,
            state=state,
            totals=EpochTotals(_number(tally[0]), _count(tally[1]), _count(tally[2])),
            best=best,
        )
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as problem:
        raise WeightsError(f"{path} is not a checkpoint of mnistgd, or a damaged one", HINT) from problem


def _flat(part: str, params: Params) -> Params:
    return {f"{part}/{name}": array for name, array in params.items()}


def _flat_state(state: State) -> Params:
    return {
        f"state/{memory}/{name}": array for memory, params in state.items() for name, array in params.items()
    }


def _wanted(settings: Settings, n_classes: int, *, has_best: bool) -> Params:
    """Arrays of the names, shapes and types that the file must hold."""
    params = initial_params(settings, n_classes)
    state = optimizer_of(settings).init(params)
    return _flat("params", params) | _flat_state(state) | (_flat("best", params) if has_best else {})


def _parts(arrays: Params) -> tuple[Params, State, Params]:
    params: Params = {}
    state: State = {}
    best: Params = {}
    for key, array in arrays.items():
        part, _, name = key.partition("/")
        if part == "state":
            memory, _, name = name.partition("/")
            state.setdefault(memory, {})[name] = array
        else:
            {"params": params, "best": best}[part][name] = array
    return params, state, best


def _checked(name: str, array: NDArray[Any] | None, like: NDArray[Any]) -> NDArray[Any]:
    if array is None or array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(f"{name} is not of shape {like.shape} and type {like.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"not all of {name} is finite")
    return array


def _record(array: NDArray[Any] | None) -> dict[str, Any]:
    record = json_in(array)
    if record.get("kind") != KIND:
        raise ValueError("it is the record of something else")
    if record.get("format") not in FORMATS:
        raise WeightsError(
            "the checkpoint has a format that this mnistgd does not know", "pip install --upgrade mnistgd"
        )
    return record


def _text(record: dict[str, Any], key: str) -> str:
    value = record[key]
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"{key} is not text that could name a file")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"{value!r:.40} is not a number")
    return float(value)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 10**15:
        raise ValueError(f"{value!r:.40} is not a count")
    return value
