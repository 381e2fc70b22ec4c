"""Loss and accuracy over time, drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mnistgd.plots import CYCLE, MARKERS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mnistgd.history import Epoch


def curves_figure(runs: Mapping[str, Sequence[Epoch]]) -> Figure:
    """Loss and accuracy of one or more runs, side by side, epoch by epoch.

    Parameters
    ----------
    runs : mapping from what a run is called to its history, in the order of the legend

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    figure = new_figure(10, 4.2)
    loss, accuracy = figure.subplots(1, 2)
    lines = []
    for number, epochs in enumerate(runs.values()):
        when = [epoch.epoch for epoch in epochs]
        style = {
            "color": CYCLE[number % len(CYCLE)],
            "marker": MARKERS[number % len(MARKERS)],
            "markersize": 4,
        }
        lines += loss.plot(when, [epoch.loss for epoch in epochs], **style)
        accuracy.plot(when, [100 * epoch.accuracy for epoch in epochs], **style)
    for axes, what in ((loss, "loss on the epoch's training batches"), (accuracy, "accuracy on them (%)")):
        axes.set_xlabel("epoch")
        axes.set_ylabel(what)
        axes.grid(alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
    if len(runs) > 1:
        # A dollar sign would begin a formula.
        names = [name.replace("$", r"\$") for name in runs]
        figure.legend(lines, names, loc="outside lower center", ncols=min(4, len(runs)))
    return figure
