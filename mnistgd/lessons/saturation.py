"""A sigmoid neuron that is badly wrong learns slowly with the quadratic cost, fast with the cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from mnistgd.engine.activations import Sigmoid
from mnistgd.engine.composition import Sequential
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import cross_entropy, half_squared_error
from mnistgd.engine.types import Array, Loss, Params
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, number, numbers, step_table
from mnistgd.model.fields import setting

NEURON = Sequential((Linear(1, 1, input_gradient=False), Sigmoid()))
INPUTS, TARGETS = np.array([[1.0]]), np.array([[0.0]])
STARTS = ((0.6, 0.9), (2.0, 2.0))
"""The weight and the bias to begin with: wrong, and badly wrong."""


def binary_cross_entropy(outputs: Array, targets: Array) -> tuple[float, Array]:
    """-log of the probability of what is true, where an output is the probability of 1; and its gradient.

    loss = -(target · log output + (1 - target) · log(1 - output))

    Parameters
    ----------
    outputs : ndarray of shape (batch, 1), each in [0, 1]
    targets : ndarray of shape (batch, 1), each 0 or 1

    References
    ----------
    Nielsen (2015), Neural Networks and Deep Learning, equation 57.
    """
    value, d_both = cross_entropy(np.hstack([1 - outputs, outputs]), targets[:, 0].astype(int))
    return value, d_both[:, 1:] - d_both[:, :1]


COSTS: dict[str, Loss] = {"quadratic": half_squared_error, "cross-entropy": binary_cross_entropy}


@dataclass(frozen=True)
class Settings:
    """How far a step goes with either cost, and how many are taken."""

    quadratic_learning_rate: float = setting(0.15, "Learning rate with the quadratic cost.", above=0)
    cross_entropy_learning_rate: float = setting(0.005, "Learning rate with the cross-entropy.", above=0)
    epochs: int = setting(300, "Updates of weight and bias.", minimum=1, maximum=10_000)

    def learning_rate(self, cost: str) -> float:
        return self.quadratic_learning_rate if cost == "quadratic" else self.cross_entropy_learning_rate


class Moment(NamedTuple):
    """The neuron before an update: its cost, its output, and d cost / d weight, which is d bias too."""

    cost: float
    output: float
    gradient: float


def _train(cost: str, start: tuple[float, float], settings: Settings) -> list[Moment]:
    """The neuron before each update, and after the last."""
    weight, bias = start
    params: Params = {"1.weights": np.array([[weight]]), "1.bias": np.array([bias])}
    batches = repeat((INPUTS, TARGETS), settings.epochs + 1)
    steps = descend(NEURON, COSTS[cost], params, batches, settings.learning_rate(cost))
    return [Moment(step.loss, step.outputs.item(), step.grads["1.weights"].item()) for step in steps]


def run(settings: Settings) -> Outcome:
    """Train the neuron from both starts with either cost."""
    runs = {
        f"{cost}, w {start[0]:g}, b {start[1]:g}": _train(cost, start, settings)
        for cost in COSTS
        for start in STARTS
    }
    rows = [
        {"run": name, "epoch": epoch, "cost": moment.cost, "output": moment.output}
        for name, trace in runs.items()
        for epoch, moment in enumerate(trace)
    ]
    result = {"runs": {name: _end(trace) for name, trace in runs.items()}}
    return Outcome(rows, result, _tables(runs, result["runs"]), _notice(runs))


def _end(trace: list[Moment]) -> dict[str, Any]:
    return {
        "output_first": trace[0].output,
        "output": trace[-1].output,
        "gradient_first": trace[0].gradient,
        "cost_fall_first": trace[0].cost - trace[1].cost,
    }


def _tables(runs: dict[str, list[Moment]], ends: dict[str, dict[str, Any]]) -> list[Table]:
    begins = [
        [
            name,
            number(end["output_first"], 2),
            number(end["gradient_first"]),
            number(end["cost_fall_first"]),
            number(end["output"], 2),
        ]
        for name, end in ends.items()
    ]
    epochs = len(next(iter(runs.values()))) - 1
    return [
        Table(
            ["", "output", "dC/dw", "cost falls by", f"after {epochs:,} epochs"],
            begins,
            "the first epoch, and the output at the end; it should be 0",
        ),
        *(
            step_table(f"{cost} cost" if cost == "quadratic" else cost, _columns(runs, cost), "epoch")
            for cost in COSTS
        ),
    ]


def _columns(runs: dict[str, list[Moment]], cost: str) -> dict[str, list[str]]:
    """What the book plots of the two runs with that cost."""
    columns = {}
    for start, (name, trace) in zip(STARTS, _with(runs, cost).items(), strict=True):
        short = name.removeprefix(f"{cost}, ")
        columns[f"cost ({short})"] = numbers(moment.cost for moment in trace)
        columns[f"output ({start[0]:g}, {start[1]:g})"] = numbers(moment.output for moment in trace)
    return columns


def _with(runs: dict[str, list[Moment]], cost: str) -> dict[str, list[Moment]]:
    return {name: trace for name, trace in runs.items() if name.startswith(cost)}


def _notice(runs: dict[str, list[Moment]]) -> str:
    (near, far), (near_too, far_too) = (list(_with(runs, cost).values()) for cost in COSTS)
    return (
        f"With the quadratic cost the neuron that is worse begins slower: at an output of "
        f"{far[0].output:.2f} the sigmoid is flat, and its slope is a factor of the gradient, "
        f"{far[0].gradient:.3f} against {near[0].gradient:.3f}; it ends at {far[-1].output:.2f} where the "
        f"other reaches {near[-1].output:.2f}. In the gradient of the cross-entropy that slope cancels, and "
        f"what is left is output - target: the worse one has the larger gradient, {far_too[0].gradient:.2f} "
        f"against {near_too[0].gradient:.2f}, and its cost falls the faster. Compare the "
        f"starts, and not the costs: which of these comes further is decided by their learning rates."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The cost of all four, epoch by epoch."""
    plots.size(figure, 11, 4.6)
    colours = (plots.BLUE, plots.VERMILLION)
    for axes, cost in zip(figure.subplots(1, 2), COSTS, strict=True):
        names = dict.fromkeys(row["run"] for row in outcome.rows if row["run"].startswith(cost))
        for name, colour in zip(names, colours, strict=True):
            rows = [row for row in outcome.rows if row["run"] == name]
            first, last = rows[0]["output"], rows[-1]["output"]
            label = f"{name.removeprefix(f'{cost}, ')}: output {first:.2f} → {last:.2f}"
            axes.plot([row["cost"] for row in rows], color=colour, lw=1.8, label=label)
        # Room for the names above the curves.
        top = max(row["cost"] for row in outcome.rows if row["run"] in names)
        rate = settings.learning_rate(cost)
        axes.set(title=f"{cost}, learning rate {rate:g}", xlabel="epoch", ylabel="cost", ylim=(0, 1.25 * top))
        axes.legend(frameon=False, loc="upper right")
        plots.open_frame(axes)


LESSON = Lesson(Settings, run, _plot)
