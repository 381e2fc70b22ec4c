"""``mnistgd train --live``: the pictures of the weights, forming above the bar while the network trains."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from mnistgd.cli import console
from mnistgd.cli.terminal import Sheet, height_of, lines_of, screen_on
from mnistgd.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.progress import Progress as Bar
    from rich.segment import Segment

    from mnistgd.engine.types import Array
    from mnistgd.figures.blocks import Screen
    from mnistgd.model.settings import Settings
    from mnistgd.training.run import Run, TrainState


class Live:
    """The weights of each class as lines of a terminal, which rich draws above its bar.

    Parameters
    ----------
    screen : Screen; all of it may be used
    titles : one for each class
    weights_of : function from a `TrainState` to weights of shape (784, n_classes)
    lines_to_come : function from the last `TrainState` to the lines that follow, as long as those that will
    """

    def __init__(
        self,
        screen: Screen,
        titles: Sequence[str],
        weights_of: Callable[[TrainState], Array],
        lines_to_come: Callable[[TrainState], Sequence[str]],
    ) -> None:
        self.screen, self.titles, self.weights_of = screen, titles, weights_of
        self.lines_to_come = lines_to_come
        self.lines: list[str] = []

    def draw(self, now: TrainState, bar: Bar) -> None:
        """Draw pictures and bar as they are after a step."""
        import numpy as np

        if now.ends:
            taken = height_of(self.lines_to_come(now), self.screen.columns)
            self.screen = self.screen._replace(lines=self.screen.lines - taken)
        weights = self.weights_of(now)
        if np.isfinite(weights).all():  # if not, training says so at its next step
            self.show(weights)
        bar.refresh()

    def show(self, weights: Array) -> bool:
        """Make the lines that show `weights`, on one scale; False if there is no room for them.

        Of many classes the first will do.
        """
        from mnistgd.figures import blocks
        from mnistgd.figures.heatmap import MANY
        from mnistgd.figures.palettes import GROKKING, limit_of

        limit = limit_of(weights)
        drawings = blocks.weights_drawings(self.titles, weights, limit, GROKKING)
        legend = blocks.legend(limit, GROKKING, self.screen)
        lines = lines_of(Sheet(drawings, legend, in_part=len(drawings) > MANY), self.screen)
        self.lines = lines or []
        return lines is not None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import ControlType, Segment

        for line in self.lines:
            if self.screen.depth == "none":
                yield Segment(line)
            else:
                # Said to be a control code, it is written as it is: nothing counts or wraps its codes.
                yield Segment(line, None, [(ControlType.CURSOR_FORWARD, 0)])
            yield Segment.line()


def check_live(settings: Settings, *, quiet: bool) -> None:
    """Refuse what --live cannot show.

    Raises
    ------
    UsageError
        If nothing is to be said on stderr, or the digits have no pictures.
    """
    if quiet:
        raise UsageError("--live and --quiet contradict each other", "leave one of them out")
    if settings.hidden:
        raise UsageError(
            "--live shows the weights of digits, and with hidden layers they have none", "leave it out"
        )


def live_for(
    run: Run, names: Sequence[str], lines_to_come: Callable[[TrainState], Sequence[str]]
) -> Live | None:
    """What draws the pictures of `run` on stderr; None, and a notice, where that cannot be.

    Parameters
    ----------
    run : Run
    names : one for each class
    lines_to_come : see `Live`
    """
    import numpy as np

    from mnistgd.datasets.shape import PIXELS
    from mnistgd.figures.captions import class_titles

    def weights_of(now: TrainState) -> Array:
        return run.fold_scaling(now.params)["weights"]

    screen = screen_on(sys.stderr)
    if screen is None or console.in_notebook():
        console.note("--live needs a terminal whose cursor can move, and stderr is none")
        return None
    # Below the pictures there is the bar, and the line of the cursor.
    live = Live(screen._replace(lines=screen.lines - 2), class_titles(names), weights_of, lines_to_come)
    # Not all weights are 0, so that the legend is as large as it will be.
    if not live.show(np.ones((PIXELS, len(names)), np.float32)):
        console.note(f"the terminal is too small for --live: {screen.columns}×{screen.lines}")
        return None
    live.lines = []
    return live
