"""What is written down while a run trains: its history, and a place to go on from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from mnistgd.training import checkpoint, history
from mnistgd.training.history import Epoch
from mnistgd.training.run import TrainState


class HistoryLog:
    """How a run went, epoch by epoch, and in a file as it happens; it reads the reports of a `Run`.

    Parameters
    ----------
    path : Path or None; the file, if there is to be one; it begins with what is done already
    done : sequence of Epoch; those before the run was taken up again
    seconds : float; what they took
    """

    def __init__(self, path: Path | None, done: Sequence[Epoch] = (), seconds: float = 0.0) -> None:
        self.path, self.epochs = path, list(done)
        self.begun = time.perf_counter() - seconds
        if path is not None:
            history.begin(path, self.epochs)

    def __call__(self, now: TrainState) -> None:
        if now.epoch_ends:
            self.epochs.append(Epoch.of(now, self.seconds()))
            if self.path is not None:
                history.add(self.path, self.epochs[-1])

    def seconds(self) -> float:
        """Spent on training, before and after any interruption."""
        return time.perf_counter() - self.begun


class Checkpointer:
    """Keeps the place of a run in a file, every few epochs; it reads the reports after `log` has.

    Parameters
    ----------
    path : Path
    every : int; epochs from one checkpoint to the next
    log : HistoryLog of the run
    data, out : str; what ``--data`` and ``--out`` say, for whoever takes the run up again
    """

    def __init__(self, path: Path, every: int, log: HistoryLog, *, data: str, out: str) -> None:
        self.path, self.every, self.log, self.data, self.out = path, every, log, data, out

    def __call__(self, now: TrainState) -> None:
        if now.epoch_ends and now.epoch % self.every == 0:
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
        log = None if self.log.path is None else str(self.log.path)
        checkpoint.save(
            self.path, now, self.log.epochs, seconds=self.log.seconds(), data=self.data, out=self.out, log=log
        )
