"""What came of many runs that differ in their settings, drawn with matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mnistgd.figures.plots import BLUE, GREY, VERMILLION, count_along, legend_below, new_figure, open_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
"""Panels beside each other."""

FEW = 12
"""Values of an option that are named one by one, and cells of a heatmap that have room for their number."""

SHOWN = 6
"""Numbers below an axis of powers, each at its place."""

LETTERS = 24
"""Of words below a panel, that have room beside each other."""

FAILED = "failed"


class Point(NamedTuple):
    """What came of one combination of settings.

    Attributes
    ----------
    settings : mapping from each option, as people call it, to its value: a number, or words
    accuracy : float or None, the mean over its seeds, as a fraction; None if all have failed
    deviation : float or None, over its seeds
    """

    settings: Mapping[str, float | str]
    accuracy: float | None
    deviation: float | None = None


def sweep_figure(points: Sequence[Point]) -> Figure:
    """The accuracy by the options that vary: a panel for each; a heatmap where they are two.

    Parameters
    ----------
    points : sequence of Point, at least one, of the same options; the best first

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    names = list(points[0].settings)
    if len(names) == 2:
        return _heat(points, *names)
    columns = 2 if len(names) == 4 else min(COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    figure = new_figure(max(5.0, 3.6 * columns), 3.4 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _draw(axes, points, name, alone=len(names) == 1)
    for axes in panels[len(names) :]:
        axes.remove()
    for axes in panels[: len(names) : columns]:
        axes.set_ylabel("validation accuracy (%)")
    legend_below(figure, panels[0], 3)
    return figure


def _draw(axes: Axes, points: Sequence[Point], name: str, *, alone: bool) -> None:
    """Each combination by its value of one option, and the best for each value; a line joins numbers."""
    values = _values(points, name)
    at = dict(zip(values, _places(axes, values), strict=True))
    kept = [point for point in points if point.accuracy is not None]
    where = [at[point.settings[name]] for point in kept]
    heights = [100 * (point.accuracy or 0) for point in kept]
    if alone:
        bars = [100 * (point.deviation or 0) for point in kept]
        if any(bars):
            axes.errorbar(
                where, heights, bars, fmt="none", ecolor=GREY, capsize=3, label="deviation over seeds"
            )
    else:
        axes.plot(where, heights, "o", color=GREY, markersize=4, alpha=0.6, label="each combination")
    best = dict(sorted(zip(where, heights, strict=True)))
    style = "o" if isinstance(values[-1], str) else "o-"
    what = "each value" if alone else "the best of each value"
    axes.plot(list(best), list(best.values()), style, color=BLUE, markersize=4, label=what)
    axes.plot(where[:1], heights[:1], "o", color=VERMILLION, markersize=7, label="the best")
    axes.set_xlabel(name)
    axes.grid(alpha=0.3)
    open_frame(axes)


def _heat(points: Sequence[Point], across: str, down: str) -> Figure:
    """The accuracy of each pair of values as the shade of a cell; the best has a frame."""
    columns, rows = _values(points, across), _values(points, down)
    cells = [[math.nan] * len(columns) for _ in rows]
    for point in points:
        if point.accuracy is not None:
            place = rows.index(point.settings[down]), columns.index(point.settings[across])
            cells[place[0]][place[1]] = 100 * point.accuracy
    figure = new_figure(
        min(12.0, max(5.0, 2.2 + 0.85 * len(columns))), min(10.0, max(3.0, 1.4 + 0.5 * len(rows)))
    )
    axes = figure.subplots()
    image = axes.imshow(cells, cmap="Blues", aspect="auto", origin="lower")
    figure.colorbar(image, label="validation accuracy (%)")
    _name_ticks(axes.xaxis, columns)
    _name_ticks(axes.yaxis, rows)
    axes.set_xlabel(across)
    axes.set_ylabel(down)
    axes.set_title("framed: the best", fontsize="medium")
    if len(columns) <= FEW and len(rows) <= FEW:
        least, most = image.get_clim()
        for row, numbers in enumerate(cells):
            for column, number in enumerate(numbers):
                dark = number > (least + most) / 2
                text = FAILED if math.isnan(number) else f"{number:.2f}"
                axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black")
    if points[0].accuracy is not None:
        from matplotlib.patches import Rectangle

        column, row = columns.index(points[0].settings[across]), rows.index(points[0].settings[down])
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=VERMILLION, linewidth=2.5))
    return figure


def _values(points: Sequence[Point], name: str) -> list[Any]:
    """The values of an option: numbers in their order, words in that of the points' first settings."""
    values = list(dict.fromkeys(point.settings[name] for point in points))
    return sorted(
        values, key=lambda value: (isinstance(value, str), value if not isinstance(value, str) else 0)
    )


def _places(axes: Axes, values: Sequence[Any]) -> list[float]:
    """Where values stand along the x axis: as numbers do, or one beside the other."""
    if all(isinstance(value, int | float) for value in values) and len(values) > 1:
        if _is_spread(values):
            axes.set_xscale("log")
            if len(values) <= SHOWN:
                axes.set_xticks(values, [f"{value:g}" for value in values])
                axes.minorticks_off()
        if values[0] != 0 or not _is_spread(values[1:]):  # zero has no place beside powers of ten
            if axes.get_xscale() == "linear" and all(isinstance(value, int) for value in values):
                count_along(axes)
            return list(values)
    _name_ticks(axes.xaxis, values)
    return list(map(float, range(len(values))))


def _is_spread(values: Sequence[float]) -> bool:
    """Whether numbers stand better apart by their logarithms."""
    return values[0] > 0 and values[-1] / values[0] >= 10


def _name_ticks(axis: Any, values: Sequence[Any]) -> None:
    step = math.ceil(len(values) / FEW)
    places = range(0, len(values), step)
    words = [value if isinstance(value, str) else f"{value:g}" for value in values[::step]]
    axis.set_ticks(list(places), words)
    if axis.axis_name == "x" and sum(map(len, words)) > LETTERS:
        axis.set_tick_params(rotation=30)
