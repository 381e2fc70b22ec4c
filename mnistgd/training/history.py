"""How runs went, epoch by epoch: JSON Lines, one object an epoch, written as it happens."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnistgd.errors import DataError
from mnistgd.system.files import append, called, reason, write_atomically
from mnistgd.training.run import Score, TrainState

MAX_BYTES = 8_000_000
"""Of a file: forty thousand epochs, read in a second."""

MAX_LINE = 4096
"""Bytes: ten times what `add` writes."""

TOO_LARGE = 10**15
"""A number that no plot can show."""

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


def begin(path: Path, epochs: Sequence[Epoch] = ()) -> None:
    """Start a history at `path`, with `epochs` that are done already; an older one is replaced.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_atomically(path, b"".join(map(_line, epochs)))


def add(path: Path, epoch: Epoch) -> None:
    """Append one line to the history at `path`.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    append(path, _line(epoch))


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
        If it is missing, too large, a line is not one that `add` could have written, or epochs do not rise.
    """
    name = called(source)
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot read {name}: {reason(error)}", HINT) from error
    if len(content) > MAX_BYTES:
        raise DataError(f"{name} is larger than any history", HINT)
    epochs: list[Epoch] = []
    for number, line in enumerate(io.BytesIO(content), 1):
        try:
            if len(line) > MAX_LINE:
                raise ValueError("it is too long")
            epoch = Epoch.from_json(json.loads(line))
        except (ValueError, RecursionError) as error:
            not_json = isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError)
            if not_json and line.startswith(b"{") and not line.endswith(b"\n"):
                if notice is not None:
                    notice(f"line {number} of {name} is not whole yet; it is left out")
                break
            problem = "it is not JSON" if not_json else error
            raise DataError(f"line {number} of {name} is not an epoch: {problem}", HINT) from error
        if epochs and epoch.epoch <= epochs[-1].epoch:
            raise DataError(
                f"line {number} of {name} is epoch {epoch.epoch}, after epoch {epochs[-1].epoch}",
                "epochs rise from line to line: give each run a file of its own",
            )
        epochs.append(epoch)
    if not epochs:
        raise DataError(f"{name} has no epoch yet", HINT)
    return epochs


def _line(epoch: Epoch) -> bytes:
    return json.dumps(asdict(epoch)).encode("ascii") + b"\n"
