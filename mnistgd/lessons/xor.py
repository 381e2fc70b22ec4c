"""XOR: what no single layer can do, and two layers can."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import numpy as np

from mnistgd.engine.activations import Sigmoid, Tanh
from mnistgd.engine.composition import Sequential
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error, summed
from mnistgd.engine.types import Layer, Params
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.threshold import PATTERNS
from mnistgd.lessons.trace import descend, number, numbers, shown_steps
from mnistgd.model.fields import setting
from mnistgd.system.words import counted

TARGETS = np.array([[0.0], [1.0], [1.0], [0.0]])

LEARNED = 1e-3
"""XOR is learned when the mean squared error is below this."""


class Network(NamedTuple):
    """Layers, where their weights start (every bias at 0), and a rate that suits them."""

    layers: tuple[Layer, ...]
    start: tuple[list[list[float]], ...]
    learning_rate: float


NETWORKS = {
    "2-2-1": Network(
        (Linear(2, 2), Tanh(), Linear(2, 1), Tanh()),
        ([[0.8, 0.4], [0.6, 0.5]], [[0.7], [-0.6]]),
        0.2,
    ),
    "2-4-1": Network(
        (Linear(2, 4), Tanh(), Linear(4, 1), Sigmoid()),
        ([[0.9, -0.6, 0.7, -0.3], [0.4, 0.5, -0.8, -0.7]], [[0.5], [-0.4], [0.3], [0.8]]),
        1.0,
    ),
}
ONE_LAYER_START = [[0.5], [-0.5]]


@dataclass(frozen=True)
class Settings:
    """Which network, how far a step goes, and how long to try."""

    network: str = setting(
        "2-2-1",
        "Inputs, hidden units, outputs. The smaller is tanh all through; the larger ends in a sigmoid.",
        choices=tuple(NETWORKS),
    )
    learning_rate: float | None = setting(
        None,
        "How far a step goes along the gradient.",
        above=0,
        default="; ".join(f"{n.learning_rate:g} for {name}" for name, n in NETWORKS.items()),
    )
    steps: int = setting(2000, "Steps at most; with one layer, all of them.", minimum=1, maximum=20_000)

    def __post_init__(self) -> None:
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", NETWORKS[self.network].learning_rate)


class Run(NamedTuple):
    """How training went: before each step, and after the last.

    Attributes
    ----------
    layer : Layer
    mses : list of float
        The mean of (output - target)² over the four patterns.
    outputs : list of four floats each
    params : Params, at the end
    """

    layer: Layer
    mses: list[float]
    outputs: list[list[float]]
    params: Params

    @property
    def steps(self) -> int | None:
        """After how many steps XOR was learned; None if it was not."""
        return len(self.mses) - 1 if self.mses[-1] < LEARNED else None


def run(settings: Settings) -> Outcome:
    """Train the network until it has learned XOR, and a single layer for as long as it may."""
    runs = _runs(settings)
    (name, hidden), (_, single) = runs.items()
    # Every step of what learns; of what gets nowhere only those that a person sees.
    told = {name: range(len(hidden.mses)), "2-1": shown_steps(len(single.mses) - 1)}
    rows = [
        {"network": of, "step": step, "mse": one.mses[step], "outputs": one.outputs[step]}
        for of, one in runs.items()
        for step in told[of]
    ]
    result = {
        "steps": hidden.steps,
        "mse": hidden.mses[-1],
        "outputs": hidden.outputs[-1],
        "one_layer": {"mse": single.mses[-1], "outputs": single.outputs[-1]},
    }
    return Outcome(
        rows, result, [_table(*item) for item in runs.items()], _notice(name, hidden, single, settings)
    )


def _runs(settings: Settings) -> dict[str, Run]:
    """The network that was asked for, and its last layer alone, straight on the inputs."""
    network = NETWORKS[settings.network]
    last = network.layers[-1]
    return {
        settings.network: _train(network.layers, network.start, settings),
        "2-1": _train((Linear(2, 1), last), (ONE_LAYER_START,), settings),
    }


def _train(layers: tuple[Layer, ...], start: tuple[list[list[float]], ...], settings: Settings) -> Run:
    assert settings.learning_rate is not None
    params: Params = {}
    for position, weights in zip((1, 3), start, strict=False):
        params[f"{position}.weights"] = np.array(weights)
        params[f"{position}.bias"] = np.zeros(len(weights[0]))
    layer = Sequential(layers)
    mses: list[float] = []
    outputs: list[list[float]] = []
    batches = repeat((PATTERNS, TARGETS), settings.steps + 1)
    reached = params
    for step in descend(layer, summed(half_squared_error), params, batches, settings.learning_rate):
        mses.append(2 * step.loss / len(PATTERNS))
        outputs.append(step.outputs[:, 0].tolist())
        if mses[-1] < LEARNED:
            break
        reached, params = params, step.params
    return Run(layer, mses, outputs, reached)


def _table(name: str, one: Run) -> Table:
    headings = ["step", "mse", *(f"{a:.0f} xor {b:.0f}" for a, b in PATTERNS)]
    rows = [
        [str(step), number(one.mses[step], 6), *numbers(one.outputs[step])]
        for step in shown_steps(len(one.mses) - 1)
    ]
    return Table(headings, rows, f"{name}, {'with' if len(one.params) > 2 else 'without'} a hidden layer")


def _notice(name: str, hidden: Run, single: Run, settings: Settings) -> str:
    if hidden.steps is not None:
        begin = f"With a hidden layer XOR is learned in {counted(hidden.steps, 'step')}. "
    elif len(hidden.mses) <= settings.steps:
        begin = f"At a learning rate of {settings.learning_rate:g} the numbers of {name} overflow. "
    else:
        rate = f"a learning rate of {settings.learning_rate:g}"
        begin = f"The {name} network has not learned XOR in {counted(settings.steps, 'step')} at {rate}. "
        if (settings.learning_rate or 0) > NETWORKS[name].learning_rate:
            begin += "Where too long a step leaves a unit all the way on or off, it has no slope to follow. "
    return begin + (
        f"Without a hidden layer nothing is better than ½ for everything, a mean squared error of 0.25 (here "
        f"it ends at {single.mses[-1]:.4f}): the border between yes and no is one straight line, and none "
        f"parts the corners of XOR. Each hidden unit draws a line of its own."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:  # noqa: ARG001
    """Both errors, step by step, and what either network answers all over the plane of its inputs."""
    runs = _runs(settings)
    plots.size(figure, 13, 4.6)
    curves, *planes = figure.subplots(1, 3, width_ratios=[1.2, 1, 1])
    for (name, one), colour in zip(runs.items(), (plots.BLUE, plots.VERMILLION), strict=True):
        curves.plot(one.mses, color=colour, lw=1.8, label=name)
    plots.level(curves, 0.25, "no single layer below 0.25", colour=plots.BLACK, above=True)
    curves.set(
        title="error, step by step",
        xlabel="steps",
        ylabel="mean squared error",
        xscale="symlog",
        xlim=(0, None),
        ylim=(0, None),
    )
    curves.legend(frameon=False)
    plots.open_frame(curves)

    ticks = np.linspace(-0.5, 1.5, 201)
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    for axes, (name, one) in zip(planes, runs.items(), strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            answers, _ = one.layer.forward(one.params, plane)
        answers = answers.reshape(len(ticks), -1)
        shades = axes.contourf(
            ticks, ticks, answers, np.linspace(-0.05, 1.05, 12), cmap="RdBu", extend="both"
        )
        for target, fill in ((1, "black"), (0, "white")):
            places = PATTERNS[TARGETS[:, 0] == target]
            label = f"should be {target}"
            axes.plot(places[:, 0], places[:, 1], "o", ms=11, mfc=fill, mec="black", label=label)
        axes.set(title=f"what {name} answers", xlabel="input 1 (0 or 1)", xticks=[0, 1], yticks=[0, 1])
    planes[0].set_ylabel("input 2 (0 or 1)")
    figure.colorbar(shades, ax=planes, label="answer", ticks=[0, 0.25, 0.5, 0.75, 1])
    figure.legend(*planes[0].get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False)


LESSON = Lesson(Settings, run, _plot)
