"""What a person sees of a training run, or of a sweep, while it goes on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mnistgd.cli import console, displays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from mnistgd.cli.live import Live
    from mnistgd.training.run import TrainState
    from mnistgd.training.sweep.ranking import Group
    from mnistgd.training.sweep.trial import Trial

SECONDS_BETWEEN_DRAWINGS = 0.05
SECONDS_BETWEEN_SHEETS = 0.25
"""Of pictures, which take ten milliseconds: drawing costs a few percent of the training time."""

BAR = 24
"""Columns of the bar, where the numbers leave as many."""
WORDS = (
    "loss {loss:.4f}  accuracy {accuracy:.2%}  learning rate {rate:<8.3g}",
    "loss {loss:.3f} accuracy {accuracy:.1%} rate {rate:<7.2g}",
    "loss {loss:.3f} accuracy {accuracy:.1%}",
    "loss {loss:.2f}",
)
"""What is said of a run; the first that fits a terminal, or the last."""
TIME = "  0:00:00"
"""What a line has for the time that is left, and for blanks on either side of the numbers."""


class TrainingProgress:
    """A bar on a terminal, one plain line an epoch elsewhere, nothing with ``--quiet``.

    Used as a context manager and called with each `TrainState` of a run. With `live` there are pictures
    above the bar.
    """

    def __init__(self, *, quiet: bool, live: Live | None = None) -> None:
        self.lines = not quiet
        self.live = live
        self.bar: Bar | None = None
        if not quiet and console.is_terminal(sys.stderr):
            self.bar = _bar(displays.stderr_console(), live)
        self.task: TaskID | None = None
        self.next_drawing = 0.0

    def __enter__(self) -> TrainingProgress:
        if self.bar is not None:
            displays.start(self.bar)
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            displays.stop_all()

    def __call__(self, now: TrainState) -> None:
        if self.bar is None:
            if self.lines and now.epoch_ends:
                console.note(f"{_epoch(now)}  {_figures(now, WORDS[0]).rstrip()}")
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
        epoch = _epoch(now)
        room = bar.console.width - len(epoch + TIME)
        texts = [_figures(now, words) for words in WORDS]
        figures = next((text for text in texts if len(text) <= room), texts[-1])
        bar.update(self.task, completed=now.step, description=epoch, figures=figures)


class SweepProgress:
    """A bar of trials on a terminal, one plain line a trial elsewhere, nothing with ``--quiet``.

    Used as a context manager and called with each `Trial` that ends, and the best `Group` so far.

    Parameters
    ----------
    total : int, trials of the sweep
    done : int, of these that are done already
    quiet : bool
    """

    def __init__(self, total: int, done: int, *, quiet: bool) -> None:
        self.total, self.done, self.lines = total, done, not quiet
        self.bar = (
            _bar(displays.stderr_console(), None) if not quiet and console.is_terminal(sys.stderr) else None
        )

    def __enter__(self) -> SweepProgress:
        if self.bar is not None:
            displays.start(self.bar)
            words = self._words()
            self.task = self.bar.add_task(words, total=self.total, completed=self.done, figures="")
            self.bar.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            displays.stop_all()

    def __call__(self, trial: Trial, best: Group | None) -> None:
        from mnistgd.training.sweep.plan import described

        self.done += 1
        what = described(trial.settings)
        if self.bar is not None:
            words = self._words()
            room = self.bar.console.width - len(words + TIME)
            figures = next((text for text in _best(best) if len(text) <= room), "")
            self.bar.update(self.task, completed=self.done, description=words, figures=figures)
            self.bar.refresh()
        elif self.lines:
            how = trial.error or f"accuracy {trial.validation_accuracy:.2%}  {trial.seconds:.1f} s"
            console.note("  ".join(filter(None, [self._words(), what, how])))

    def _words(self) -> str:
        return f"trial {self.done}/{self.total}"


def _best(best: Group | None) -> list[str]:
    """What is said of the best so far, at length and shorter."""
    from mnistgd.training.sweep.plan import described

    accuracy = best and best.mean("validation_accuracy")
    if best is None or accuracy is None:
        return []
    words = f"best {accuracy:.2%}"
    return [f"{words}: {described(best.settings)}" if best.settings else words, words]


def _epoch(now: TrainState) -> str:
    return f"epoch {now.epoch}/{now.run.settings.epochs}"


def _figures(now: TrainState, words: str) -> str:
    return words.format(loss=now.loss, accuracy=now.accuracy, rate=now.learning_rate)


def _bar(screen: Console, live: Live | None) -> Bar:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    columns = [
        TextColumn("{task.description}", markup=False),
        # It alone may be narrower than it would like to be.
        BarColumn(bar_width=None, table_column=Column(max_width=BAR)),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
    ]

    class BelowPictures(Progress):
        def get_renderables(self) -> Iterator[RenderableType]:
            if live is not None:
                yield live
            yield from super().get_renderables()

    # It is drawn when it is told to, and at no other time: that takes no thread.
    return BelowPictures(*columns, console=screen, auto_refresh=False)
