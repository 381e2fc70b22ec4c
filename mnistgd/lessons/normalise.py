"""Inputs of one size learn faster: the four games raw, and standardised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import numpy as np

from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.types import Array, Params
from mnistgd.figures import plots
from mnistgd.lessons.games import DRAWABLE, GAMES, NAMES, START, WIN_OR_LOSE
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, drawn, number, numbers, step_table
from mnistgd.model.fields import setting


@dataclass(frozen=True)
class Settings:
    """A learning rate for either kind of inputs, and how long both train."""

    raw_learning_rate: float = setting(0.01, "Learning rate on the inputs as they are.", above=0)
    standardised_learning_rate: float = setting(0.1, "Learning rate on the standardised inputs.", above=0)
    updates: int = setting(100, "Updates of each network.", minimum=1, maximum=10_000)


class Run(NamedTuple):
    """How training goes on one kind of inputs.

    Attributes
    ----------
    learning_rate : float
    stable : float
        The largest rate that still converges.
    steepness : float
        How many times as steep as its shallowest direction the steepest direction of the error bowl is.
    errors : list of float
        The mean of (pred - true)² after 0, 1, 2, … updates; where the numbers overflow the last is infinite.
    """

    learning_rate: float
    stable: float
    steepness: float
    errors: list[float]


def run(settings: Settings) -> Outcome:
    """Train on all four games: on the inputs as they are, and on standardised ones with a bias."""
    standardised = (GAMES - GAMES.mean(axis=0)) / GAMES.std(axis=0)
    runs = {
        "raw": _run(GAMES, False, settings.raw_learning_rate, settings.updates),
        "standardised": _run(standardised, True, settings.standardised_learning_rate, settings.updates),
    }
    rows = [
        {"inputs": name, "updates": updates, "error": error}
        for name, one in runs.items()
        for updates, error in enumerate(one.errors)
    ]
    result = {f"stable_{name}": one.stable for name, one in runs.items()}
    result |= {f"error_{name}": one.errors[-1] for name, one in runs.items()}
    return Outcome(rows, result, _tables(runs), _notice(runs))


def _run(inputs: Array, bias: bool, learning_rate: float, updates: int) -> Run:
    """Train from the weights of toes, and a bias of 0, with all games in every batch."""
    params: Params = {"weights": np.array(START)[:, None]}
    if bias:
        params["bias"] = np.zeros(1)
    network = Linear(len(NAMES), 1, bias=bias, input_gradient=False)
    batches = repeat((inputs, WIN_OR_LOSE), updates + 1)
    errors = [2 * step.loss for step in descend(network, half_squared_error, params, batches, learning_rate)]
    if len(errors) <= updates:
        errors.append(math.inf)
    slopes = _curvatures(inputs, bias)
    return Run(learning_rate, 2 / max(slopes), max(slopes) / min(slopes), errors)


def _curvatures(inputs: Array, bias: bool) -> list[float]:
    """How steep the bowl is along each of its axes: the eigenvalues of inputsᵀ · inputs / n.

    Along an axis of curvature c an update multiplies what is wrong by 1 - learning_rate · c.
    """
    columns = np.column_stack([inputs, np.ones(len(inputs))]) if bias else inputs
    curvatures: list[float] = np.linalg.eigvalsh(columns.T @ columns / len(inputs)).tolist()
    return curvatures


def _tables(runs: dict[str, Run]) -> list[Table]:
    rates = [
        [name, f"{one.learning_rate:g}", number(one.stable), f"{one.steepness:,.0f}"]
        for name, one in runs.items()
    ]
    errors = {name: numbers(one.errors, 8) for name, one in runs.items()}
    title = "error: the mean of (pred - true)² over the four games"
    return [
        Table(["inputs", "learning rate", "largest stable", "steepest / shallowest"], rates),
        step_table(title, errors, "updates", missing=""),
    ]


def _notice(runs: dict[str, Run]) -> str:
    raw, standardised = runs["raw"], runs["standardised"]
    notice = (
        f"toes are large, and so the raw bowl is {raw.steepness:,.0f} times as steep one way as another: a "
        f"rate that its steep side can bear, {raw.stable:.4f} at most, gets almost nowhere along the shallow "
        f"one. "
        f"Standardised, the bowl is {standardised.steepness:,.0f} times as steep one way as another, bears "
        f"{standardised.stable:.4f}, and all weights learn."
    )
    for name, one in runs.items():
        if one.learning_rate >= one.stable:
            end = f", and overflow after {len(one.errors) - 1} updates" if math.isinf(one.errors[-1]) else ""
            notice += f" At {one.learning_rate:g} the {name} inputs diverge{end}."
    return notice


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """Both errors, update by update."""
    plots.size(figure, 8, 4.6)
    axes = figure.subplots()
    for name, rate, colour in (
        ("raw", settings.raw_learning_rate, plots.VERMILLION),
        ("standardised", settings.standardised_learning_rate, plots.BLUE),
    ):
        points = [row for row in outcome.rows if row["inputs"] == name and row["error"] < DRAWABLE]
        label = f"{name} inputs, learning rate {rate:g}"
        axes.semilogy(*drawn(points, "updates", "error"), color=colour, lw=1.8, label=label)
    axes.set(title="The same four games", xlabel="updates", ylabel="error, mean of four games (win²)")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    plots.open_frame(axes)


LESSON = Lesson(Settings, run, _plot)
