"""Eight optimizers on the same bowl, and on the same stream of gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from mnistgd.engine import optimizers
from mnistgd.engine.layers import Linear
from mnistgd.engine.optimizers import ADAPTIVE, Optimizer
from mnistgd.engine.schedules import constant
from mnistgd.engine.types import Array
from mnistgd.figures import plots
from mnistgd.lessons import bowl
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, drawn, number, numbers, until_overflow
from mnistgd.model.fields import setting
from mnistgd.system.words import counted

STREAM = (1, 10, 0.1, -0.5, 3, 0, 0, 0, -2, 0.01, 5, -5)
"""Gradients that come one after the other wherever the weight is: a spike, a silence, a change of sign."""

SAME = 5e-5
"""Weights that are no further apart than this look the same in the tables."""

_LOOKS = {
    "sgd": (plots.BLACK, "o"),
    "momentum": (plots.ORANGE, "s"),
    "heavy_ball": (plots.GREY, "X"),
    "nesterov": (plots.SKY, "D"),
    "adagrad": (plots.GREEN, "^"),
    "rmsprop": (plots.BLUE, "v"),
    "adam": (plots.VERMILLION, "P"),
    "amsgrad": (plots.PURPLE, "*"),
}
"""Colour and marker of each in the plot."""


def _rate(optimizer: str, default: float) -> Any:
    return setting(default, f"Learning rate of {optimizer}.", above=0)


@dataclass(frozen=True)
class Settings:
    """What the optimizers are run with; AMSGrad forgets squares at 0.5, all else as the engine has it."""

    steps: int = setting(10, "Steps that each takes.", minimum=1, maximum=1000)
    curvature: float = bowl.curvature_setting()
    beta: float = setting(0.9, "How much of their velocity momentum and nesterov keep.", minimum=0, maximum=1)
    sgd: float = _rate("sgd", 0.03)
    momentum: float = _rate("momentum, and of the heavy ball", 0.1)
    nesterov: float = _rate("nesterov", 0.1)
    adagrad: float = _rate("adagrad", 0.5)
    rmsprop: float = _rate("rmsprop", 0.1)
    adam: float = _rate("adam", 0.1)
    amsgrad: float = _rate("amsgrad", 0.1)
    heavy_ball: bool = setting(
        False,
        "Add V = βV + g, which other libraries call momentum. The article's momentum at rate α "
        "takes the steps of this one at rate α(1 − β).",
    )


def run(settings: Settings) -> Outcome:
    """Send each optimizer down the bowl, and through the stream."""
    paths, streams = {}, {}
    for name, (optimizer, rate) in _optimizers(settings).items():
        paths[name] = bowl.path_of(optimizer, constant(rate), settings.steps, settings.curvature)
        streams[name] = _stream(optimizer, rate)

    rows = [
        {"optimizer": name, "step": step, **point._asdict()}
        for name, path in paths.items()
        for step, point in enumerate(path)
    ]
    result = {
        name: {**end, "stream": streams[name]} for name, end in bowl.ends(paths, settings.steps).items()
    }
    return Outcome(rows, result, [*bowl.tables(paths), _stream_table(streams)], _notice(paths, settings))


def _optimizers(settings: Settings) -> dict[str, tuple[Optimizer, float]]:
    chosen = {
        "sgd": (optimizers.sgd(), settings.sgd),
        "momentum": (optimizers.momentum(settings.beta), settings.momentum),
        "heavy_ball": (optimizers.heavy_ball(settings.beta), settings.momentum),
        "nesterov": (optimizers.nesterov(settings.beta), settings.nesterov),
        "adagrad": (optimizers.adagrad(epsilon=1e-10), settings.adagrad),
        "rmsprop": (optimizers.rmsprop(rho=0.9, epsilon=1e-8), settings.rmsprop),
        "adam": (optimizers.adam(0.9, 0.999, epsilon=1e-8), settings.adam),
        "amsgrad": (optimizers.amsgrad(0.9, 0.5, epsilon=1e-8), settings.amsgrad),
    }
    if not settings.heavy_ball:
        del chosen["heavy_ball"]
    return chosen


def _slope(outputs: Array, slopes: Array) -> tuple[float, Array]:
    """A loss that is a straight line: slope · output, wherever the output is."""
    return float((slopes * outputs).sum()), slopes


def _stream(optimizer: Optimizer, rate: float) -> list[float]:
    """Where a weight that starts at 0 is after each gradient of `STREAM`."""
    neuron, start = Linear(1, 1, bias=False, input_gradient=False), {"weights": np.zeros((1, 1))}
    gradients = [(np.ones((1, 1)), np.array([[gradient]], np.float64)) for gradient in STREAM]
    run = descend(neuron, _slope, start, gradients, rate, optimizer)
    return [step.params["weights"].item() for step in until_overflow(run)]


def _stream_table(streams: dict[str, list[float]]) -> Table:
    gradients = [f"{gradient:g}" for gradient in STREAM]
    rows = zip_longest(gradients, *map(numbers, streams.values()), fillvalue="overflow")
    return Table(["gradient", *streams], list(rows), "a weight, from 0, after each gradient of a stream")


def _notice(paths: dict[str, list[bowl.Point]], settings: Settings) -> str:
    lines = [
        "One rate has to suit both directions: what sgd can bear along the steep one is little along the "
        "shallow one. Momentum and nesterov roll: past the bottom, and on through the zeros of the stream. "
        "Those from adagrad on divide each gradient by the size of its like, and so go down both "
        f"directions at the same pace{_pace(paths)}."
    ]
    if settings.heavy_ball:
        lines.append(
            f"The heavy ball takes the steps that momentum would take at rate "
            f"{settings.momentum:g} / (1 - {settings.beta:g})."
        )
    return " ".join([*lines, bowl.diverging(paths, settings.steps)]).strip()


def _pace(paths: dict[str, list[bowl.Point]]) -> str:
    """Whether w1 = w2 all along the paths of those that divide by the size of the gradients."""
    parted = {
        name: max(abs(point.w[0] - point.w[1]) for point in path)
        for name, path in paths.items()
        if name in ADAPTIVE
    }
    apart = [f"{number(gap)} with {name}" for name, gap in parted.items() if gap > SAME]
    if not apart:
        return ": w1 = w2 at every step"
    return (
        ", as long as that size is neither lost beside their ε nor too large for a number. Here w1 and w2 "
        f"part, by up to {', '.join(apart)}"
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """A bowl with its path for each optimizer, and the heights of all paths, step by step."""
    paths: dict[str, list[dict[str, Any]]] = {}
    for row in outcome.rows:
        paths.setdefault(row["optimizer"], []).append(row)
    rates = {name: rate for name, (_, rate) in _optimizers(settings).items()}
    columns = math.ceil(len(paths) / 2)
    plots.size(figure, 2.6 * columns + 4, 5.6)
    split = figure.add_gridspec(1, 2, width_ratios=[2.6 * columns, 4])
    drawings, heights = (figure.add_subfigure(split[0, part]) for part in range(2))
    figure.suptitle(
        f"{counted(settings.steps, 'step')} down f(w) = ½ (w1² + {settings.curvature:g} w2²) from (1, 1)"
    )
    places = [abs(value) for path in paths.values() for row in path for value in row["w"]]
    reach = 1.1 * min(max(places), 2)

    panels = drawings.subplots(2, columns, sharex=True, sharey=True).ravel()
    for axes, (name, path) in zip(panels, paths.items(), strict=False):
        bowl.draw_bowl(axes, settings.curvature, reach)
        w1, w2 = zip(*(row["w"] for row in path), strict=True)
        axes.plot(plots.drawable(w1), plots.drawable(w2), ".-", color=_LOOKS[name][0], markersize=7)
        axes.set_title(f"{name}, rate {rates[name]:g}")
    for axes, above in zip(panels[len(paths) :], panels[len(paths) - columns :], strict=False):
        axes.remove()
        above.xaxis.set_tick_params(labelbottom=True)
        above.set_xlabel("weight w1")

    axes = heights.subplots()
    for name, path in paths.items():
        axes.semilogy(*drawn(path, "step", "f"), **plots.marked(*_LOOKS[name], len(path), name))
    axes.set(title="height at each step", xlabel="steps", ylabel="f(w)")
    axes.legend(frameon=False)
    plots.open_frame(axes)


LESSON = Lesson(Settings, run, _plot)
