"""How far training is, for a notebook or a terminal."""

from __future__ import annotations

import importlib.util
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from mnistgd.training.run import TrainState

SECONDS_BETWEEN_DRAWINGS = 0.1


class EpochBar:
    """A bar where there is somebody to see it; called with each `TrainState` of a run.

    Parameters
    ----------
    steps : int, of the whole run
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.progress = _progress()
        self.next_drawing = 0.0

    def __enter__(self) -> EpochBar:
        if self.progress is not None:
            self.progress.start()
            self.task = self.progress.add_task("", total=self.steps, figures="")
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress is not None:
            self.progress.stop()

    def __call__(self, now: TrainState) -> None:
        if self.progress is None or (time.monotonic() < self.next_drawing and not now.ends):
            return
        description = f"epoch {now.epoch}/{now.run.settings.epochs}"
        figures = f"loss {now.loss:.4f}  accuracy {now.accuracy:.2%}"
        self.progress.update(self.task, completed=now.step, description=description, figures=figures)
        self.progress.refresh()
        self.next_drawing = time.monotonic() + SECONDS_BETWEEN_DRAWINGS


def _progress() -> Progress | None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    # rich draws in a notebook through ipywidgets.
    seen = importlib.util.find_spec("ipywidgets") if console.is_jupyter else console.is_terminal
    if not seen or (sys.stderr is None and not console.is_jupyter):
        return None
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(compact=True),
    )
    # It is drawn when it is told to, and at no other time: that takes no thread.
    return Progress(*columns, console=console, auto_refresh=False)
