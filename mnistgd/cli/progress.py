"""How a training run looks while it goes on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mnistgd.cli import console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from mnistgd.cli.live import Live
    from mnistgd.training.run import TrainState

SECONDS_BETWEEN_DRAWINGS = 0.05
SECONDS_BETWEEN_SHEETS = 0.25
"""Of pictures, which take ten milliseconds: drawing costs a few percent of the training time."""

WIDTH = 100
"""In columns, what a whole line takes; on a narrower terminal it says less."""


class TrainingProgress:
    """A bar on a terminal, one plain line an epoch elsewhere, nothing with ``--quiet``.

    Used as a context manager and called with each `TrainState` of a run. With `live` there are pictures
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
            console.start_display(self.bar)
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            console.stop_displays()

    def __call__(self, now: TrainState) -> None:
        if self.bar is None:
            if self.lines and now.epoch_ends:
                console.note(f"epoch {now.epoch}/{now.run.settings.epochs}  {_figures(now)}")
        elif now.ends or time.monotonic() >= self.next_drawing:
            self._tell(self.bar, now)
            if self.live is not None:
                self.live.draw(now, self.bar)
            else:
                self.bar.refresh()
            pause = SECONDS_BETWEEN_DRAWINGS if self.live is None else SECONDS_BETWEEN_SHEETS
            self.next_drawing = time.monotonic() + pause

    def _tell(self, bar: Bar, now: TrainState) -> None:
        if self.task is None:
            self.task = bar.add_task("", total=now.run.steps, figures="")
        bar.update(
            self.task,
            completed=now.step,
            description=f"epoch {now.epoch}/{now.run.settings.epochs}",
            figures=f"loss {now.loss:.2f}" if self.narrow else _figures(now),
        )


def _figures(now: TrainState) -> str:
    return f"loss {now.loss:.4f}  accuracy {now.accuracy:.2%}  learning rate {now.learning_rate:.3g}"


def _bar(screen: Console, narrow: bool, live: Live | None) -> Bar:
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(compact=True),
    ]
    if not narrow:
        columns.insert(1, BarColumn(bar_width=24))

    class BelowPictures(Progress):
        def get_renderables(self) -> Iterator[RenderableType]:
            if live is not None:
                yield live
            yield from super().get_renderables()

    # It is drawn when it is told to, and at no other time: that takes no thread.
    return BelowPictures(*columns, console=screen, auto_refresh=False)
