"""Gradient descent with one weight: it works, it breaks, and a smaller learning rate mends it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.types import Params
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, printed, shown_steps
from mnistgd.model.fields import setting

NETWORK = Linear(1, 1, bias=False, input_gradient=False)

LARGE = 1_000_000
"""No number to begin with is larger in size, so that its error is a number."""


@dataclass(frozen=True)
class Run:
    """A weight, what it is shown and should answer, and how it learns."""

    weight: float = 0.5
    goal: float = 0.8
    input: float = 0.5
    learning_rate: float = 1.0
    iterations: int = 20

    @property
    def stable_learning_rate(self) -> float:
        """The largest rate that still converges: an update multiplies delta by 1 - learning_rate · input²."""
        return 2 / self.input**2 if self.input**2 else math.inf

    @property
    def is_stable(self) -> bool:
        return self.learning_rate < self.stable_learning_rate


BOOK = (
    Run(),
    Run(weight=0.0, input=1.1, iterations=4),
    Run(input=2.0),
    Run(input=2.0, learning_rate=0.1),
)
"""The runs of the book."""

WHOLE = 2
"""The run of which the book prints delta and weight_delta as well."""


def _field(name: str, text: str, **about: Any) -> Any:
    default = f"that of each of the book's four runs; {getattr(Run, name):g} if another is named"
    return setting(None, text, default=default, **about)


@dataclass(frozen=True)
class Settings:
    """A run of one's own; the book's, where nothing is named."""

    weight: float | None = _field("weight", "The weight to begin with.", minimum=-LARGE, maximum=LARGE)
    goal: float | None = _field("goal", "What should be predicted.", minimum=-LARGE, maximum=LARGE)
    input: float | None = _field("input", "What is shown.", minimum=-LARGE, maximum=LARGE)
    learning_rate: float | None = _field(
        "learning_rate", "How far a step goes along weight_delta; the book's alpha.", above=0
    )
    iterations: int | None = _field("iterations", "Updates of the weight.", minimum=1, maximum=100_000)

    @property
    def runs(self) -> tuple[Run, ...]:
        named = {name: value for name, value in vars(self).items() if value is not None}
        return (Run(**named),) if named else BOOK


class Moment(NamedTuple):
    """How the network does before an update.

    Attributes
    ----------
    error : float, (prediction - goal)²
    prediction : float, input · weight
    weight : float
    delta : float, prediction - goal
    weight_delta : float
        delta · input: half the gradient of the error, as the book has it.
    """

    error: float
    prediction: float
    weight: float
    delta: float
    weight_delta: float


def moments(run: Run) -> list[Moment]:
    """The network before each update, and after the last; where the numbers overflow there are fewer."""
    batch = np.array([[run.input]], np.float64), np.array([[run.goal]], np.float64)
    params: Params = {"weights": np.array([[run.weight]], np.float64)}
    found = []
    batches = repeat(batch, run.iterations + 1)
    for step in descend(NETWORK, half_squared_error, params, batches, run.learning_rate):
        weight, delta = params["weights"].item(), (step.outputs - step.targets).item()
        weight_delta = step.grads["weights"].item()
        found.append(Moment(2 * step.loss, step.outputs.item(), weight, delta, weight_delta))
        params = step.params
    return found


def run(settings: Settings) -> Outcome:
    """Train the weight of each run."""
    runs = settings.runs
    traces = [moments(one) for one in runs]
    rows = [
        {"run": number, "iteration": iteration, **moment._asdict()}
        for number, (one, trace) in enumerate(zip(runs, traces, strict=True), 1)
        for iteration, moment in enumerate(trace[: one.iterations])
    ]
    ends = [_end(one, trace) for one, trace in zip(runs, traces, strict=True)]
    tables: list[Table] = []
    for number, (one, trace) in enumerate(zip(runs, traces, strict=True), 1):
        tables += _tables(one, trace[: one.iterations], number if len(runs) > 1 else None)
    # Of a run of one's own, which is the last, the numbers stand where they are looked for first.
    return Outcome(rows, {**ends[-1], "runs": ends}, tables, _notice(runs, ends))


def _end(one: Run, trace: list[Moment]) -> dict[str, Any]:
    """Where a run ends: after its last update, or the last before its numbers overflow."""
    last = trace[-1]
    return {
        "weight": last.weight,
        "prediction": last.prediction,
        "error": last.error,
        "stable_learning_rate": one.stable_learning_rate,
        "overflowed_at": len(trace) if len(trace) <= one.iterations else None,
    }


def _tables(one: Run, trace: list[Moment], number: int | None) -> list[Table]:
    about = f"weight {one.weight:g}, goal {one.goal:g}, input {one.input:g}, alpha {one.learning_rate:g}"
    title = f"run {number}: {about}" if number else about
    shown = [(i, trace[i]) for i in shown_steps(len(trace) - 1)]
    predictions = [[str(i), *printed([m.error, m.prediction, m.weight])] for i, m in shown]
    tables = [Table(["iteration", "error", "prediction", "weight"], predictions, title)]
    if number in (WHOLE, None):
        deltas = [[str(i), *printed([moment.delta, moment.weight_delta])] for i, moment in shown]
        tables.append(Table(["iteration", "delta", "weight_delta"], deltas))
    return tables


def _notice(runs: tuple[Run, ...], ends: list[dict[str, Any]]) -> str:
    said = [
        "delta says which way the prediction is wrong and by how much; times the input it is weight_delta, "
        "and the weight goes against it: a large error makes a large step, a small one a small step."
    ]
    for number, (one, end) in enumerate(zip(runs, ends, strict=True), 1):
        if not one.input:
            said.append("At an input of 0 weight_delta is 0: nothing is learned.")
        if one.is_stable:
            continue
        which = f"Run {number}" if len(runs) > 1 else "This run"
        at = end["overflowed_at"]
        said.append(
            f"{which} is diverging: alpha {one.learning_rate:g} is not below 2/input² = "
            f"{one.stable_learning_rate:g}, and every step lands further off on the other side"
            f"{'' if at is None else f', until at iteration {at} the numbers overflow'}."
        )
    if len(runs) > 1:
        said.append(f"Run {len(runs)} has the same input and a tenth of that alpha, and arrives.")
    return " ".join(said)


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """For each run the parabola of the error, and the steps on it."""
    runs = settings.runs
    across = 2 if len(runs) > 1 else 1
    down = math.ceil(len(runs) / across)
    plots.size(figure, 6.2 * across, 4.2 * down)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for number, (axes, one) in enumerate(zip(panels, runs, strict=True), 1):
        rows = [row for row in outcome.rows if row["run"] == number]
        draw_parabola(axes, one, [(row["weight"], row["error"]) for row in rows], "the steps")
        title = f"weight {one.weight:g}, input {one.input:g}, alpha {one.learning_rate:g}"
        axes.set_title(title + ("" if one.is_stable else ": diverging"))
    plots.legend_below(figure, panels[0], 4)


def draw_parabola(axes: plots.Axes, one: Run, steps: list[tuple[float, float]], name: str) -> None:
    """error(weight), and the first of the `steps` on it as far as they are within sight.

    Parameters
    ----------
    axes : Axes
    one : Run
    steps : list of (weight, error)
    name : str, what the steps are called
    """
    # What diverges is seen to leave, and the first steps are not squeezed into a dot by the last.
    top = 1000 * max(steps[0][1], 1e-6)
    seen = [step for step in steps if step[1] <= top]
    weights = [weight for weight, _ in seen]
    if one.input:
        weights += [2 * one.goal / one.input - seen[0][0]]
    low, high = min(weights), max(weights)
    reach = 0.15 * (high - low) or 1.0
    places = np.linspace(low - reach, high + reach, 201)
    axes.plot(places, (one.input * places - one.goal) ** 2, color=plots.GREY, lw=1.5, label="error(weight)")
    axes.plot(*zip(*seen, strict=True), "o-", color=plots.BLUE, lw=0.9, ms=5, label=name)
    axes.plot(*seen[0], "o", color=plots.VERMILLION, ms=8, label="where it begins")
    axes.set(xlabel="weight", ylabel="error")
    plots.open_frame(axes)


LESSON = Lesson(Settings, run, _plot)
