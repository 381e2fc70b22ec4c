"""Networks with several outputs: one input and three outputs, three inputs and three outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.training import Step
from mnistgd.engine.types import Array
from mnistgd.figures import plots
from mnistgd.lessons.games import FIRST_GAME, NAMES
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, printed
from mnistgd.model.fields import setting

OUTPUTS = ("hurt", "win", "sad")
TRUE = np.array([[0.1, 1.0, 0.1]])


@dataclass(frozen=True)
class Settings:
    """How far the one update goes, in either network."""

    one_input_learning_rate: float = setting(0.1, "Learning rate of the network with one input.", above=0)
    three_inputs_learning_rate: float = setting(
        0.01, "Learning rate of the network with three inputs.", above=0
    )


@dataclass(frozen=True)
class Network:
    """A network of the book, as it prints it: `weights` has a row for each output."""

    name: str
    input_names: tuple[str, ...]
    inputs: Array
    weights: Array


ONE_INPUT = Network("1→3", ("wlrec",), np.array([[0.65]]), np.array([[0.3], [0.2], [0.9]]))
THREE_INPUTS = Network(
    "3→3",
    NAMES,
    FIRST_GAME[0],
    np.array([[0.1, 0.1, -0.3], [0.1, 0.2, 0.0], [0.0, 1.3, 0.1]]),
)


def run(settings: Settings) -> Outcome:
    """Update each network once; then do it again with a network of its own for every output."""
    rates = settings.one_input_learning_rate, settings.three_inputs_learning_rate
    rows, tables, differences = [], [], []
    for network, rate in zip((ONE_INPUT, THREE_INPUTS), rates, strict=True):
        together = _update(network.inputs, network.weights, TRUE, rate)
        apart = [
            _update(network.inputs, network.weights[[k]], TRUE[:, [k]], rate) for k in range(len(OUTPUTS))
        ]
        rows.append({"name": network.name, **_numbers(together)})
        tables += _tables(network, together, rate)
        separate = np.hstack([step.params["weights"] for step in apart])
        with np.errstate(invalid="ignore"):  # infinite minus infinite, after an update that overflowed
            differences.append(np.abs(together.params["weights"] - separate).max())
    result = {"max_difference_from_separate_networks": float(np.max(differences))}
    return Outcome(rows, result, tables, _notice(result))


def _update(inputs: Array, weights: Array, true: Array, learning_rate: float) -> Step:
    """One update of a network whose weights have a row for each output."""
    network = Linear(weights.shape[1], weights.shape[0], bias=False, input_gradient=False)
    return next(descend(network, half_squared_error, {"weights": weights.T}, [(inputs, true)], learning_rate))


def _numbers(step: Step) -> dict[str, Any]:
    """What the book prints of an update. A matrix has a row for each output; with one input it is a list."""
    delta = step.outputs - step.targets

    def as_printed(weights: Array) -> Any:
        return (weights[0] if len(weights) == 1 else weights.T).tolist()

    return {
        "pred": step.outputs[0].tolist(),
        "error": (delta[0] ** 2).tolist(),
        "delta": delta[0].tolist(),
        "weight_deltas": as_printed(step.grads["weights"]),
        "weights_after": as_printed(step.params["weights"]),
    }


def _tables(network: Network, step: Step, learning_rate: float) -> list[Table]:
    def texts(values: Array) -> list[str]:
        return printed(values.tolist())

    delta = step.outputs - step.targets
    answers = zip(OUTPUTS, *map(texts, (step.outputs[0], TRUE[0], delta[0] ** 2, delta[0])), strict=True)
    return [
        Table(["output", "pred", "true", "error", "delta"], list(answers), network.name),
        *(
            Table(
                ["output", *network.input_names],
                [[name, *texts(row)] for name, row in zip(OUTPUTS, weights.T, strict=True)],
                f"{network.name}: {title}",
            )
            for title, weights in (
                ("weight_deltas", step.grads["weights"]),
                (f"weights, after an update at alpha {learning_rate:g}", step.params["weights"]),
            )
        ),
    ]


def _notice(result: dict[str, Any]) -> str:
    difference = result["max_difference_from_separate_networks"]
    if not math.isfinite(difference):
        return "At so large a learning rate the weights overflow in the very first update."
    return (
        f"weight_deltas are an outer product: each output's delta times each input, a row for each output "
        f"(the printed book has it transposed; its notebook and the gradient have not). No output's delta "
        f"touches the weights of another, so that a network of three outputs is three networks of one: "
        f"trained apart, no weight differs by more than {difference:.1g}."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """Each network's weights before the update, what it takes from them, and the weights after."""
    plots.size(figure, 11, 6.5)
    rates = settings.one_input_learning_rate, settings.three_inputs_learning_rate
    networks = zip(figure.subplots(2, 3), (ONE_INPUT, THREE_INPUTS), outcome.rows, rates, strict=True)
    for (before, deltas, after), network, row, rate in networks:
        _draw(before, network, network.weights, f"{network.name}: weights")
        _draw(deltas, network, row["weight_deltas"], "weight_deltas = delta × input")
        _draw(after, network, row["weights_after"], f"weights - {rate:g} · weight_deltas")


def _draw(axes: plots.Axes, network: Network, weights: Any, title: str) -> None:
    """A matrix with a row for each output, as the book prints it."""
    shape = len(OUTPUTS), len(network.input_names)
    matrix = np.reshape(plots.drawable(np.ravel(weights).tolist()), shape)
    limit = np.nanmax(np.abs(matrix), initial=1e-9)
    axes.imshow(matrix, cmap=plots.SIGNED, vmin=-limit, vmax=limit, aspect="auto")
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if abs(value) > 0.6 * limit else "black"
        axes.text(column, row, f"{value:.4g}", ha="center", va="center", color=colour)
    axes.set_title(title)
    axes.set_xticks(range(shape[1]), network.input_names)
    axes.set_yticks(range(shape[0]), OUTPUTS)


LESSON = Lesson(Settings, run, _plot)
