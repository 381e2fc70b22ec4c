"""Back-propagation through a 2-2-2 network, number by number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from mnistgd.engine.activations import Sigmoid
from mnistgd.engine.composition import Sequential, join_params, part_params
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.optimizers import Optimizer, sgd
from mnistgd.engine.types import Array, Params
from mnistgd.engine.wrappers import masked, tied
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, drawn, number, numbers
from mnistgd.model.fields import setting
from mnistgd.system.words import counted

INPUTS, TARGETS = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
NETWORK = Sequential((Linear(2, 2), Sigmoid(), Linear(2, 2), Sigmoid()))
START: Params = {
    "1.weights": np.array([[0.15, 0.25], [0.20, 0.30]]),
    "1.bias": np.array([0.35, 0.35]),
    "3.weights": np.array([[0.40, 0.50], [0.45, 0.55]]),
    "3.bias": np.array([0.60, 0.60]),
}
"""A row for each unit that a weight comes from, a column for each that it goes to."""

BIASES = ("1.bias", "3.bias")
CONNECTIONS = ("i1→h1", "i2→h1", "i1→h2", "i2→h2", "h1→o1", "h2→o1", "h1→o2", "h2→o2")
"""What w1 to w8 connect."""

UNITS = ("h1", "h2", "o1", "o2")

SHOWN_STEPS = (0, 1, 2, 10, 100, 1000, 10_000)


@dataclass(frozen=True)
class Settings:
    """How far a step goes, how many are taken, and what becomes of the biases."""

    biases: str = setting(
        "frozen",
        "frozen, as published; or they train: one bias shared by a layer, or a separate one for each unit.",
        choices=("frozen", "shared", "separate"),
    )
    steps: int = setting(10_000, "Updates.", minimum=1, maximum=100_000)
    learning_rate: float = setting(0.5, "How far a step goes along the gradient.", above=0)


class Moment(NamedTuple):
    """The network after a number of steps."""

    total_error: float
    outputs: list[float]
    params: Params


class Pass(NamedTuple):
    """One pass forward and back: for each unit of either layer what comes in, what goes out, and the slopes.

    Attributes
    ----------
    nets, outs : list of [h1, h2, o1, o2]
    d_outs, d_nets : list of [h1, h2, o1, o2], dE/dout and dE/dnet
    grads : Params, dE/dw of every weight and bias
    """

    nets: list[float]
    outs: list[float]
    d_outs: list[float]
    d_nets: list[float]
    grads: Params


def run(settings: Settings) -> Outcome:
    """Train on the one example."""
    trace = dict(_trace(settings))
    last = max(trace)
    rows = [
        {"step": step, "outputs": moment.outputs, "total_error": moment.total_error}
        for step, moment in trace.items()
        if step in SHOWN_STEPS
    ]
    first = first_pass()
    result = {
        "total_error": trace[last].total_error,
        "weights": _weights(trace[last].params),
        "biases": _biases(trace[last].params, settings),
        "outputs": trace[last].outputs,
        "overflowed_at": last + 1 if last < settings.steps else None,
        "first_pass": {
            "net": dict(zip(UNITS, first.nets, strict=True)),
            "out": dict(zip(UNITS, first.outs, strict=True)),
            "gradients": {f"w{i}": slope for i, slope in enumerate(_weights(first.grads), 1)},
        },
    }
    tables = [_unit_table(first), _weight_table(first, trace, settings), _step_table(trace)]
    return Outcome(rows, result, tables, _notice(settings, trace, result))


def first_pass() -> Pass:
    """The forward and the backward pass with the weights of the start, layer by layer."""
    values, backwards = INPUTS, []
    steps = []
    for position, layer in enumerate(NETWORK.layers, 1):
        values, backward = layer.forward(part_params(START, position), values)
        steps.append(values)
        backwards.append(backward)
    _, gradient = half_squared_error(values, TARGETS)
    slopes = [gradient]
    grads: list[Params] = []
    for backward in reversed(backwards):
        below, layer_grads = backward(slopes[0])
        assert below is not None
        slopes.insert(0, below)
        grads.insert(0, layer_grads)

    def joined(arrays: list[Array]) -> list[float]:
        return [float(value) for array in arrays for value in array[0]]

    # slopes[0] is that of the inputs; behind it lie, in turn, those of a layer's nets and of its outs.
    return Pass(
        joined(steps[::2]),
        joined(steps[1::2]),
        joined(slopes[2::2]),
        joined(slopes[1::2]),
        join_params(grads),
    )


def _trace(settings: Settings) -> Iterator[tuple[int, Moment]]:
    """How it stands after each number of steps in `SHOWN_STEPS`, and after the last."""
    batches = repeat((INPUTS, TARGETS), settings.steps + 1)
    optimizer = _optimizer(settings.biases)
    params, last = START, 0
    for step in descend(NETWORK, half_squared_error, START, batches, settings.learning_rate, optimizer):
        last, moment = step.step, Moment(step.loss, step.outputs[0].tolist(), params)
        if last in SHOWN_STEPS:
            yield last, moment
        params = step.params
    yield last, moment


def _optimizer(biases: str) -> Optimizer:
    if biases == "frozen":
        return masked(sgd(), {name: np.array(True) for name in BIASES})
    return tied(sgd(), BIASES) if biases == "shared" else sgd()


def _weights(params: Params) -> list[float]:
    """w1 to w8, or what belongs to them."""
    return [float(value) for name in ("1.weights", "3.weights") for value in params[name].T.ravel()]


def _biases(params: Params, settings: Settings) -> list[float]:
    """b1 and b2; one for each unit if they are separate."""
    each = [float(value) for name in BIASES for value in params[name]]
    return each if settings.biases == "separate" else each[::2]


def _unit_table(first: Pass) -> Table:
    targets = ["", "", *(f"{target:g}" for target in TARGETS[0])]
    columns = (first.nets, first.outs, first.d_outs, first.d_nets)
    net, out, d_out, d_net = (numbers(column, 9) for column in columns)
    rows = list(zip(UNITS, net, out, targets, d_out, d_net, strict=True))
    return Table(["unit", "net", "out", "target", "dE/dout", "dE/dnet"], rows, "step 0, forward and back")


def _weight_table(first: Pass, trace: dict[int, Moment], settings: Settings) -> Table:
    after = trace[min(1, max(trace))].params
    names, ends = [f"w{i}" for i in range(1, 9)], list(CONNECTIONS)
    columns = [_weights(params) for params in (START, first.grads, after)]
    if settings.biases != "frozen":
        slopes = first.d_nets
        if settings.biases == "separate":
            names += [f"b of {unit}" for unit in UNITS]
            ends += [f"→{unit}" for unit in UNITS]
        else:
            names += ["b1", "b2"]
            ends += ["→h1, h2", "→o1, o2"]
            slopes = [slopes[0] + slopes[1], slopes[2] + slopes[3]]
        columns[0] += _biases(START, settings)
        columns[1] += slopes
        columns[2] += _biases(after, settings)
    return Table(
        ["weight", "connects", "before", "dE/dw", "after one step"],
        list(zip(names, ends, *(numbers(column, 9) for column in columns), strict=True)),
        "step 0, the weights: after = before - learning rate · dE/dw",
    )


def _step_table(trace: dict[int, Moment]) -> Table:
    cells = [
        [str(step), *numbers([*moment.outputs, moment.total_error], 9)] for step, moment in trace.items()
    ]
    return Table(["step", "out o1", "out o2", "total error"], cells, "after so many steps")


def _notice(settings: Settings, trace: dict[int, Moment], result: dict[str, Any]) -> str:
    notice = "Every gradient is taken before any weight moves"
    if settings.biases == "frozen" and settings.learning_rate == 0.5:
        notice += (
            f", and one step leads to {trace[1].total_error:.9f}. The 0.291027924 that is copied everywhere "
            "comes of a mistake: it sends the error back to the hidden units through w5 to w8 as they are "
            "after the update"
        )
    notice += f". The biases are {settings.biases}; the total error is "
    if result["overflowed_at"] is not None:
        return f"{notice}no number any more after step {result['overflowed_at']}: the weights overflow."
    return f"{notice}{number(result['total_error'], 9)} after {counted(settings.steps, 'step', ',')}."


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The network with the numbers of its first pass, and the total error of the steps shown."""
    plots.size(figure, 12, 5.2)
    network, curve = figure.subplots(1, 2, width_ratios=[1.7, 1])
    _draw_network(network, first_pass())
    network.set_title("step 0: what each unit gives, and each weight with its slope dE/dw")
    after = [row for row in outcome.rows if row["step"] > 0]
    curve.loglog(*drawn(after, "step", "total_error"), "o-", color=plots.BLUE)
    curve.set(
        title=f"biases {settings.biases}, learning rate {settings.learning_rate:g}",
        xlabel="steps",
        ylabel="total error E",
    )
    curve.grid(alpha=0.3)
    plots.open_frame(curve)


def _draw_network(axes: plots.Axes, first: Pass) -> None:
    heights = {"1": 1.0, "2": 0.0}
    columns = {"i": 0.0, "h": 1.0, "o": 2.0}
    outs = dict(zip(("i1", "i2", *UNITS), [*INPUTS[0], *first.outs], strict=True))
    weights, slopes = _weights(START), _weights(first.grads)
    for i, (ends, weight, slope) in enumerate(zip(CONNECTIONS, weights, slopes, strict=True), 1):
        (x0, y0), (x1, y1) = ((columns[end[0]], heights[end[1]]) for end in ends.split("→"))
        colour = plots.VERMILLION if slope > 0 else plots.BLUE
        axes.plot([x0, x1], [y0, y1], color=colour, lw=1.5, zorder=1)
        along = 0.5 if y0 == y1 else 0.3
        axes.text(
            x0 + along * (x1 - x0),
            y0 + along * (y1 - y0),
            f"w{i} = {weight:.2f}\n{slope:+.6f}",
            ha="center",
            va="center",
            color=colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
    for unit, out in outs.items():
        x, y = columns[unit[0]], heights[unit[1]]
        axes.plot(x, y, "o", ms=48, mfc="white", mec="black", zorder=2)
        axes.text(x, y, f"{unit}\n{out:.4f}", ha="center", va="center", zorder=3)
    for unit, target in zip(("o1", "o2"), TARGETS[0], strict=True):
        axes.text(columns["o"], heights[unit[1]] + 0.2, f"target {target:g}", ha="center")
    axes.text(1, -0.3, "slope above 0: the weight goes down", ha="center", color=plots.VERMILLION)
    axes.text(1, -0.4, "slope below 0: the weight goes up", ha="center", color=plots.BLUE)
    axes.set(xlim=(-0.25, 2.25), ylim=(-0.45, 1.35))
    axes.set_axis_off()


LESSON = Lesson(Settings, run, _plot)
