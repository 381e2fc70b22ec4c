"""Loss and accuracy over time, drawn with matplotlib."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mnistgd.errors import UsageError
from mnistgd.figures.plots import BLACK, CYCLE, MARKERS, lettering, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


MOST_RUNS = 2 * len(CYCLE) * len(MARKERS)
"""In one plot: as many as there are ways to draw a line, see `_style`."""

MARKS = 20
"""On a line: more of them would hide it."""

NAME = 44
"""Signs of a run's name that the legend has room for, however wide they are."""

ROW = 0.21
"""Inches that each row of the legend takes."""

ALONE = (5.0, 2.8)
"""Inches of a figure with one plot."""

TRAINING, VALIDATION = "on the epoch's training batches", "on the images set aside to validate"


class Epoch(Protocol):
    """The columns of a history that are drawn; the rest of it is not looked at."""

    @property
    def epoch(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def accuracy(self) -> float: ...
    @property
    def validation_loss(self) -> float | None: ...
    @property
    def validation_accuracy(self) -> float | None: ...


def curves_figure(runs: Mapping[str, Sequence[Epoch]]) -> Figure:
    """Loss and accuracy of one or more runs, side by side, epoch by epoch.

    What a run says of its training batches is a solid line, what it says of images that were set aside a
    dashed one in the same colour.

    Parameters
    ----------
    runs : mapping from what a run is called to its history, in the order of the legend

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    UsageError
        If there are more runs than can be told apart.
    """
    if len(runs) > MOST_RUNS:
        raise UsageError(
            f"{len(runs)} runs in one plot cannot be told apart", f"name at most {MOST_RUNS} histories"
        )
    validated = any(epoch.validation_loss is not None for epochs in runs.values() for epoch in epochs)
    figure = new_figure(10, 4.2)
    loss, accuracy = figure.subplots(1, 2)
    where = "" if validated else f" {TRAINING}"
    lines = _draw_loss(loss, runs.values(), where)
    _draw_accuracy(accuracy, runs.values(), where)
    entries = list(zip(lines, _distinct(list(runs)), strict=True)) if len(runs) > 1 else []
    if validated:
        colour = BLACK if entries else CYCLE[0]
        for dashes, what in (("-", TRAINING), ("--", VALIDATION)):
            entries += [(line, what) for line in loss.plot([], [], dashes, color=colour)]
    if entries:
        _add_legend(figure, entries)
    return figure


def loss_figure(epochs: Sequence[Epoch]) -> Figure:
    """The loss of one run alone, for a page that says beside it what solid and dashed lines are."""
    figure = new_figure(*ALONE)
    _draw_loss(figure.subplots(), [epochs])
    return figure


def accuracy_figure(epochs: Sequence[Epoch]) -> Figure:
    """The accuracy of one run alone; see `loss_figure`."""
    figure = new_figure(*ALONE)
    _draw_accuracy(figure.subplots(), [epochs])
    return figure


def _draw_loss(axes: Axes, runs: Iterable[Sequence[Epoch]], where: str = "") -> list[Line2D]:
    trained = [[epoch.loss for epoch in epochs] for epochs in runs]
    validated = [[_number(epoch.validation_loss) for epoch in epochs] for epochs in runs]
    return _draw(axes, f"loss{where}", runs, trained, validated)


def _draw_accuracy(axes: Axes, runs: Iterable[Sequence[Epoch]], where: str = "") -> list[Line2D]:
    trained = [[100 * epoch.accuracy for epoch in epochs] for epochs in runs]
    validated = [[100 * _number(epoch.validation_accuracy) for epoch in epochs] for epochs in runs]
    return _draw(axes, f"accuracy{where} (%)", runs, trained, validated)


def _draw(
    axes: Axes,
    what: str,
    runs: Iterable[Sequence[Epoch]],
    trained: Sequence[Sequence[float]],
    validated: Sequence[Sequence[float]],
) -> list[Line2D]:
    """A solid line for each run, and a dashed one where some of its images were set aside."""
    lines = []
    for number, epochs in enumerate(runs):
        when, style = [epoch.epoch for epoch in epochs], _style(number, len(epochs))
        lines += axes.plot(when, trained[number], **style)
        if not all(map(math.isnan, validated[number])):
            axes.plot(when, validated[number], "--", **style)
    axes.set_xlabel("epoch")
    axes.set_ylabel(what)
    axes.grid(alpha=0.3)
    axes.locator_params(axis="x", integer=True)
    return lines


def _style(number: int, length: int) -> dict[str, Any]:
    """How line `number` is drawn: no two in `MOST_RUNS` alike in colour, shape and filling of the marks."""
    colour, marker = number % len(CYCLE), number + number // len(CYCLE)
    hollow = number >= len(CYCLE) * len(MARKERS)
    return {
        "color": CYCLE[colour],
        "marker": MARKERS[marker % len(MARKERS)],
        "markersize": 4,
        "markerfacecolor": "white" if hollow else CYCLE[colour],
        "markevery": math.ceil(length / MARKS),
    }


def _number(value: float | None) -> float:
    """NaN, which leaves a gap, for what was not measured."""
    return math.nan if value is None else value


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, each short enough for a legend; numbered, where two would look alike."""
    short = [_shortened(name) for name in names]
    if max(Counter(short).values()) > 1:
        return [f"{number}: {name}" for number, name in enumerate(short, 1)]
    return short


def _shortened(name: str) -> str:
    """A name with its middle left out, where it is long; what cannot be printed is a ``?``.

    Its end is worth more than its beginning: there, files in one folder differ.
    """
    shown = "".join(sign if sign.isprintable() else "?" for sign in name)
    if len(shown) <= NAME:
        return shown
    end = NAME * 3 // 5
    return f"{shown[: NAME - end - 1]}…{shown[-end:]}"


def _add_legend(figure: Figure, entries: Sequence[tuple[Line2D, str]]) -> None:
    """A legend below the plots: in as many columns as the figure is wide, and it the higher for more rows."""
    lines = [line for line, _ in entries]
    width = figure.get_figwidth() * figure.dpi
    for columns in range(min(4, len(entries)), 0, -1):
        # Names are put in later: one may begin with _, which hides a line, or hold a formula's dollar signs.
        legend = figure.legend(lines, ["name"] * len(lines), loc="outside lower center", ncols=columns)
        for text, (_, name) in zip(legend.get_texts(), entries, strict=True):
            text.set_parse_math(False)
            text.set_text(name)
        with lettering(figure):
            found = legend.get_window_extent().width
        if found <= 0.98 * width or columns == 1:
            break
        legend.remove()
    rows = math.ceil(len(entries) / columns)
    figure.set_figheight(figure.get_figheight() + ROW * (rows - 1))
