"""How runs went, epoch by epoch: JSON Lines, one object an epoch, written as it happens."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, astuple, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import DataError
from mnistgd.system.files import called, reason
from mnistgd.training.run import Score, TrainState

MAX_LINE = 4096
"""Bytes: ten times what is written."""

TOO_LARGE = 10**15
"""A number that no plot can show."""

COUNTS = ("epoch", "step")

HINT = "a history is written by: mnistgd train --log FILE.jsonl"


@dataclass(frozen=True)
class Epoch:
    """One line of a history.

    Attributes
    ----------
    epoch : int, counted from 1
    step : int, steps done when it ended
    loss, accuracy : float; means over its batches, each taken before its update
    learning_rate : float, of its last step
    seconds : float, from the start of training to its end
    validation_loss, validation_accuracy : float or None; of the images set aside, if there are any
    """

    epoch: int
    step: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None

    @property
    def validation(self) -> Score | None:
        """What the images set aside said, if there are any."""
        if self.validation_loss is None or self.validation_accuracy is None:
            return None
        return Score(self.validation_loss, self.validation_accuracy)

    @classmethod
    def of(cls, now: TrainState, seconds: float) -> Epoch:
        """The epoch that ends where a run stands, `seconds` after it began."""
        return cls(
            epoch=now.epoch,
            step=now.step,
            loss=now.loss,
            accuracy=now.accuracy,
            learning_rate=now.learning_rate,
            seconds=round(seconds, 3),
            validation_loss=now.validation.loss if now.validation else None,
            validation_accuracy=now.validation.accuracy if now.validation else None,
        )

    @classmethod
    def from_json(cls, found: object) -> Epoch:
        """An epoch from a JSON object.

        Raises
        ------
        ValueError
            If it is not one, or a number is missing, not finite or larger than any plot can show.
        """
        if not isinstance(found, dict):
            raise ValueError("it is not a JSON object")
        values: dict[str, Any] = {}
        for name, field in cls.__dataclass_fields__.items():
            value = found.get(name)
            if value is None and field.default is None:
                continue
            if name not in found:
                raise ValueError(f"it has no {name}")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"its {name} is no number")
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"its {name} is not finite")
            if abs(value) >= TOO_LARGE:
                raise ValueError(f"its {name} is larger than a plot can show")
            values[name] = value
        return cls(**values)


def lines(epochs: Iterable[Epoch]) -> bytes:
    """What the file of a history holds of `epochs`."""
    return b"".join(json.dumps(asdict(epoch)).encode("ascii") + b"\n" for epoch in epochs)


def to_rows(epochs: Iterable[Epoch]) -> NDArray[np.float64]:
    """A row of numbers for each epoch, in the order of its attributes, NaN for None; shape (n, 8)."""
    rows = [[math.nan if value is None else value for value in astuple(epoch)] for epoch in epochs]
    return np.array(rows, np.float64).reshape(-1, len(fields(Epoch)))


def from_rows(rows: NDArray[Any] | None) -> list[Epoch]:
    """What `to_rows` made rows of.

    Raises
    ------
    ValueError
        If they are no such rows, or a number is missing, not finite or larger than any plot can show.
    """
    columns = [field.name for field in fields(Epoch)]
    if rows is None or rows.dtype != np.float64 or rows.ndim != 2 or rows.shape[1] != len(columns):
        raise ValueError("they are no rows of a history")
    epochs = []
    for row in rows.tolist():
        values = {name: value for name, value in zip(columns, row, strict=True) if not math.isnan(value)}
        counts = {name: int(value) for name, value in values.items() if name in COUNTS and value.is_integer()}
        epochs.append(Epoch.from_json(values | counts))
    return epochs


def read(source: Path | bytes, notice: Callable[[str], None] | None = None) -> list[Epoch]:
    """All lines of a history.

    A last line that is not whole yet, because a run is writing it or ended while it did, is left out.

    Parameters
    ----------
    source : Path, or bytes
        A file, or what stdin held.
    notice : callable, optional
        Is told, in one line, if a line was left out.

    Raises
    ------
    DataError
        If it is missing, a line is not one of `lines`, or epochs do not rise.
    """
    name = called(source)
    epochs: list[Epoch] = []
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            for number, line in enumerate(iter(partial(stream.readline, MAX_LINE + 1), b""), 1):
                if _is_cut(line):
                    if notice is not None:
                        notice(f"line {number} of {name} is not whole yet; it is left out")
                    break
                epochs.append(_epoch(line, number, name, after=epochs[-1].epoch if epochs else 0))
    except OSError as error:
        raise DataError(f"cannot read {name}: {reason(error)}", HINT) from error
    if not epochs:
        raise DataError(f"{name} has no epoch yet", HINT)
    return epochs


def _is_cut(line: bytes) -> bool:
    """Whether a line begins as an epoch does, and ends before its time."""
    if line.endswith(b"\n") or not line.startswith(b"{") or len(line) > MAX_LINE:
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def _epoch(line: bytes, number: int, name: str, *, after: int) -> Epoch:
    try:
        if len(line) > MAX_LINE:
            raise ValueError("it is too long")
        epoch = Epoch.from_json(json.loads(line))
    except (ValueError, RecursionError) as error:
        not_json = isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError)
        problem = "it is not JSON" if not_json else error
        raise DataError(f"line {number} of {name} is not an epoch: {problem}", HINT) from error
    if after and epoch.epoch <= after:
        raise DataError(
            f"line {number} of {name} is epoch {epoch.epoch}, after epoch {after}",
            "epochs rise from line to line: give each run a file of its own",
        )
    return epoch
