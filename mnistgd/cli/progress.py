"""How a training run looks while it goes on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mnistgd.cli import console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from mnistgd.cli.live import Live
    from mnistgd.training.run import Progress

SECONDS_BETWEEN_DRAWINGS = 0.05
WIDTH = 100
"""In columns, what a whole line takes; on a narrower terminal it says less."""


class TrainingProgress:
    """A bar on a terminal, one plain line an epoch elsewhere, nothing with ``--quiet``.

    Used as a context manager and called with each `fitting.Progress`. With `live` there are pictures
    above the bar.
    """

    def __init__(self, *, quiet: bool, live: Live | None = None) -> None:
        self.lines = not quiet
        self.live = live
        self.narrow = False
        self.bar: Bar | None = None
        if not quiet and console.is_terminal(sys.stderr):
            screen = console.stderr_console()
            self.narrow = screen.width < WIDTH
            self.bar = _bar(screen, self.narrow, live)
        self.task: TaskID | None = None
        self.next_drawing = 0.0

    def __enter__(self) -> TrainingProgress:
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, progress: Progress) -> None:
        if self.bar is not None and self.live is not None:
            if self.live.due(progress):
                self._tell(self.bar, progress)
                self.live.draw(progress, self.bar)
        elif self.bar is not None:
            self._draw(self.bar, progress)
        elif self.lines and progress.epoch_ends:
            console.note(f"epoch {progress.epoch}/{progress.epochs}  {_figures(progress)}")

    def _draw(self, bar: Bar, progress: Progress) -> None:
        now = time.monotonic()
        if now < self.next_drawing and progress.step < progress.steps:
            return
        self.next_drawing = now + SECONDS_BETWEEN_DRAWINGS
        self._tell(bar, progress)

    def _tell(self, bar: Bar, progress: Progress) -> None:
        if self.task is None:
            self.task = bar.add_task("", total=progress.steps, figures="")
        bar.update(
            self.task,
            completed=progress.step,
            description=f"epoch {progress.epoch}/{progress.epochs}",
            figures=f"loss {progress.loss:.2f}" if self.narrow else _figures(progress),
        )


def _figures(progress: Progress) -> str:
    return (
        f"loss {progress.loss:.4f}  accuracy {progress.accuracy:.2%}  "
        f"learning rate {progress.learning_rate:.3g}"
    )


def _bar(screen: Console, narrow: bool, live: Live | None) -> Bar:
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

    from mnistgd.cli.live import bar_below

    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(compact=True),
    ]
    if not narrow:
        columns.insert(1, BarColumn(bar_width=24))
    if live is not None:
        return bar_below(live, columns, screen)
    return Progress(*columns, console=screen)
