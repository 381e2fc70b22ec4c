"""What is written down while a run trains: its history, and a place to go on from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistgd.system.files import GrowingFile
from mnistgd.training import checkpoint, history
from mnistgd.training.history import Epoch
from mnistgd.training.run import TrainState

SHARE = 0.1
"""Of the time of a run, the most that checkpoints may take."""


class HistoryLog:
    """How a run went, epoch by epoch, and in a file as it happens; it reads the reports of a `Run`.

    Parameters
    ----------
    path : Path or None; the file, if there is to be one; it begins with what is done already
    done : sequence of Epoch; those before the run was taken up again
    seconds : float; what they took
    follow : bool, as for `write_atomically`
    """

    def __init__(
        self, path: Path | None, done: Sequence[Epoch] = (), seconds: float = 0.0, *, follow: bool = True
    ) -> None:
        self.path = path
        # With room to grow, so that to keep one epoch more costs no more the more there are.
        self._rows, self._count = history.to_rows(done), len(done)
        self.begun = time.perf_counter() - seconds
        self._file = GrowingFile(path, history.lines(done), follow=follow) if path is not None else None

    def __call__(self, now: TrainState) -> None:
        if not now.epoch_ends:
            return
        epoch = Epoch.of(now, self.seconds())
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty((self._count + 64, self._rows.shape[1]))])
        self._rows[self._count] = history.to_rows([epoch])
        if self._file is not None:
            self._file.append(history.lines([epoch]))
        self._count += 1

    def close(self) -> None:
        """Let another run write to the file."""
        if self._file is not None:
            self._file.close()

    @property
    def rows(self) -> NDArray[np.float64]:
        """The epochs that are done, as `history.to_rows` has them."""
        return self._rows[: self._count]

    def seconds(self) -> float:
        """Spent on training, before and after any interruption."""
        return time.perf_counter() - self.begun


class Checkpointer:
    """Keeps the place of a run in a file, every few epochs; it reads the reports after `log` has.

    Where to write one takes longer than to train, as with a tiny data set, some are passed over, so that they
    take no more than `SHARE` of the time; the last is always written.

    Parameters
    ----------
    path : Path
    every : int; epochs from one checkpoint to the next
    log : HistoryLog of the run
    data, out : str; what ``--data`` and ``--out`` say, for whoever takes the run up again
    """

    def __init__(self, path: Path, every: int, log: HistoryLog, *, data: str, out: str) -> None:
        self.path, self.every, self.log, self.data, self.out = path, every, log, data, out
        self._due = 0.0

    def __call__(self, now: TrainState) -> None:
        if now.epoch_ends and now.epoch % self.every == 0 and (now.ends or time.perf_counter() >= self._due):
            self.save(now)

    def save(self, now: TrainState) -> None:
        """Write where the run stands.

        Raises
        ------
        DivergedError
            If its last update is not finite.
        OutputError
            If it cannot be written.
        """
        began = time.perf_counter()
        log = None if self.log.path is None else str(self.log.path)
        checkpoint.save(
            self.path, now, self.log.rows, seconds=self.log.seconds(), data=self.data, out=self.out, log=log
        )
        ended = time.perf_counter()
        self._due = ended + (1 / SHARE - 1) * (ended - began)
