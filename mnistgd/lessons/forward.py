"""Five networks that predict, and learn nothing yet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mnistgd.engine.composition import Sequential
from mnistgd.engine.layers import Linear
from mnistgd.engine.types import Array
from mnistgd.figures import plots
from mnistgd.lessons.games import FIRST_GAME, NAMES
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.outputs import ONE_INPUT, OUTPUTS, THREE_INPUTS
from mnistgd.model.fields import setting

LARGE = 1_000_000
HIDDEN = ("hid[0]", "hid[1]", "hid[2]")


@dataclass(frozen=True)
class Settings:
    """What the networks are shown."""

    inputs: tuple[float, float, float] = setting(
        tuple(FIRST_GAME[0][0].tolist()),
        "toes, wlrec and nfans: toes per player, share of games won, millions of fans.",
        minimum=-LARGE,
        maximum=LARGE,
    )


@dataclass(frozen=True)
class Network:
    """A network of the book.

    Attributes
    ----------
    name : str
    inputs : tuple of str, which of `NAMES` it is shown
    outputs : tuple of str
    weights : one matrix for each layer, as the book prints it: with a row for each unit that it leads to
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: tuple[Array, ...]

    def values(self, inputs: Array) -> list[Array]:
        """What is seen at the inputs, and at each layer after them."""
        found = [inputs]
        for weights in self.weights:
            layer = Linear(weights.shape[1], weights.shape[0], bias=False)
            found.append(layer.forward({"weights": weights.T}, found[-1][None])[0][0])
        return found


NETWORKS = (
    Network("1→1", ("toes",), ("win",), (np.array([[0.1]]),)),
    Network("3→1", NAMES, ("win",), (np.array([[0.1, 0.2, 0.0]]),)),
    Network("1→3", ONE_INPUT.input_names, OUTPUTS, (ONE_INPUT.weights,)),
    Network("3→3", NAMES, OUTPUTS, (THREE_INPUTS.weights,)),
    Network(
        "3→3→3",
        NAMES,
        OUTPUTS,
        (
            np.array([[0.1, 0.2, -0.1], [-0.1, 0.1, 0.9], [0.1, 0.4, 0.1]]),
            np.array([[0.3, 1.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]]),
        ),
    ),
)


def run(settings: Settings) -> Outcome:
    """Predict with each of them."""
    rows = []
    for network in NETWORKS:
        inputs, *hidden, outputs = (part.tolist() for part in network.values(_shown(network, settings)))
        hidden_units = hidden[0] if hidden else None
        rows.append({"network": network.name, "inputs": inputs, "hidden": hidden_units, "outputs": outputs})
    result = _one_matrix(settings)
    return Outcome(rows, result, _tables(rows), _notice(result))


def _shown(network: Network, settings: Settings) -> Array:
    game = dict(zip(NAMES, settings.inputs, strict=True))
    return np.array([game[name] for name in network.inputs])


def _one_matrix(settings: Settings) -> dict[str, Any]:
    """The two layers of the last network as one, and how far apart what they predict is."""
    network = NETWORKS[-1]
    first, second = network.weights
    matrix = second @ first
    both = Sequential((Linear(3, 3, bias=False), Linear(3, 3, bias=False)))
    one = Linear(3, 3, bias=False)
    inputs = _shown(network, settings)[None]
    outputs, _ = both.forward({"1.weights": first.T, "2.weights": second.T}, inputs)
    alone, _ = one.forward({"weights": matrix.T}, inputs)
    return {
        "one_matrix": matrix.tolist(),
        "outputs": alone[0].tolist(),
        "max_difference": float(np.abs(outputs - alone).max()),
    }


def _tables(rows: list[dict[str, Any]]) -> list[Table]:
    tables = []
    for network, row in zip(NETWORKS, rows, strict=True):
        parts = [("input", network.inputs, row["inputs"]), ("prediction", network.outputs, row["outputs"])]
        if row["hidden"]:
            parts.insert(1, ("hidden", HIDDEN, row["hidden"]))
        cells = [
            # As many digits as the book has; the last bits of a sum are the machine's.
            [kind, name, f"{value:.12g}"]
            for kind, names, values in parts
            for name, value in zip(names, values, strict=True)
        ]
        tables.append(Table(["", "of", "value"], cells, network.name))
    return tables


def _notice(result: dict[str, Any]) -> str:
    return (
        "A prediction is a weighted sum: every input times its weight, and each output has weights of its "
        "own. The last network predicts on predictions, yet a network without activation is one matrix: the "
        f"product of its two predicts the same, to {result['max_difference']:.1g}. What makes a second layer "
        "worth its weights comes with the lesson streetlights."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:  # noqa: ARG001
    """The networks, with every value and every weight."""
    plots.size(figure, 13, 8)
    grid = figure.add_gridspec(2, 6)
    cells = [grid[0, :2], grid[0, 2:4], grid[0, 4:], grid[1, :2], grid[1, 2:]]
    for cell, network in zip(cells, NETWORKS, strict=True):
        axes = figure.add_subplot(cell)
        _draw(axes, network, network.values(_shown(network, settings)))
    for name, colour in (("above 0", plots.BLUE), ("0", plots.GREY), ("below 0", plots.VERMILLION)):
        axes.plot([], [], color=colour, lw=2, label=f"weight {name}")
    plots.legend_below(figure, axes, 3)


def _draw(axes: plots.Axes, network: Network, values: list[Array]) -> None:
    names = [network.inputs, *[HIDDEN] * (len(values) - 2), network.outputs]
    heights = [[(len(part) - 1) / 2 - i for i in range(len(part))] for part in values]
    for column, (weights, (left, right)) in enumerate(zip(network.weights, pairwise(heights), strict=True)):
        for (to, of), weight in np.ndenumerate(weights):
            colour = plots.BLUE if weight > 0 else plots.VERMILLION if weight < 0 else plots.GREY
            start, end = left[of], right[to]
            axes.plot([column, column + 1], [start, end], color=colour, lw=0.6 + 2 * abs(weight), zorder=1)
            # No two lines cross where a quarter of the way is gone.
            axes.text(
                column + 0.27,
                start + 0.27 * (end - start),
                f"{weight:g}",
                ha="center",
                va="center",
                fontsize=8,
                color=colour,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
                zorder=2,
            )
    for column, (units, part, places) in enumerate(zip(names, values, heights, strict=True)):
        for unit, value, height in zip(units, part, places, strict=True):
            axes.plot(column, height, "o", ms=44, mfc="white", mec="black", zorder=3)
            axes.text(column, height, f"{unit}\n{value:.4g}", ha="center", va="center", fontsize=9, zorder=4)
    axes.set(title=network.name, xlim=(-0.35, len(values) - 0.65), ylim=(-1.6, 1.6))
    axes.set_axis_off()


LESSON = Lesson(Settings, run, _plot)
