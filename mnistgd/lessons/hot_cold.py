"""Hot and cold learning: try the weight a little higher and a little lower, and keep what is better."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mnistgd.engine.losses import half_squared_error
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.one_weight import LARGE, NETWORK, Run, draw_parabola, moments
from mnistgd.lessons.trace import printed, shown_steps
from mnistgd.model.fields import setting
from mnistgd.system.words import counted

BOWL = Run(iterations=50)
"""The weight that learns, what it is shown and its goal; and how gradient descent goes down the same bowl."""

FIRST = 20
"""How many steps of either way to learn are drawn on the bowl."""

CLOSE = 1e-6
"""An error below this is as good as none."""


@dataclass(frozen=True)
class Settings:
    """How far a try goes from where the weight stands, and how often it is made."""

    step: float = setting(0.001, "How much higher, and lower, the weight is tried.", above=0, maximum=LARGE)
    iterations: int = setting(1101, "Steps of the weight.", minimum=1, maximum=100_000)


def _predict(weight: float) -> tuple[float, float]:
    """The prediction with that weight, and its error."""
    outputs, _ = NETWORK.forward({"weights": np.array([[weight]])}, np.array([[BOWL.input]]))
    half_error, _ = half_squared_error(outputs, np.array([[BOWL.goal]]))
    return outputs.item(), 2 * half_error


def _moments(settings: Settings) -> list[dict[str, float]]:
    """The weight before each step."""
    weight, found = BOWL.weight, []
    for _ in range(settings.iterations):
        prediction, error = _predict(weight)
        found.append({"error": error, "prediction": prediction, "weight": weight})
        _, up = _predict(weight + settings.step)
        _, down = _predict(weight - settings.step)
        if down < up:
            weight -= settings.step
        elif up < down:
            weight += settings.step
    return found


def run(settings: Settings) -> Outcome:
    """Learn by trying; and beside it by gradient descent."""
    rows = [{"iteration": i, **moment} for i, moment in enumerate(_moments(settings))]
    descent = [moment._asdict() for moment in moments(BOWL)]
    result = {
        **_end(rows),
        "jumps": sum(
            (a["prediction"] - BOWL.goal) * (b["prediction"] - BOWL.goal) < 0 for a, b in pairwise(rows)
        ),
        "gradient_descent": _end(descent),
    }
    tables = [
        _table(rows, f"hot and cold, a step of {settings.step:g}"),
        _table(descent, f"gradient descent, alpha {BOWL.learning_rate:g}"),
    ]
    return Outcome(rows, result, tables, _notice(settings, result))


def _end(trace: list[Any]) -> dict[str, Any]:
    """Where it stands at the last moment, the least error, and the first iteration whose error is `CLOSE`."""
    errors = [moment["error"] for moment in trace]
    return {
        **{name: trace[-1][name] for name in ("weight", "prediction", "error")},
        "least_error": min(errors),
        "close_at": next((i for i, error in enumerate(errors) if error < CLOSE), None),
    }


def _table(trace: list[Any], title: str) -> Table:
    last = len(trace) - 1
    cells = [
        [str(i), *printed(trace[i][name] for name in ("error", "prediction", "weight"))]
        for i in shown_steps(last, max(0, last - 1))
    ]
    return Table(["iteration", "error", "prediction", "weight"], cells, title)


def _notice(settings: Settings, result: dict[str, Any]) -> str:
    notice = (
        "Each step takes two predictions more, only to learn which way to go, and says nothing of how far: "
    )
    close, descent = result["close_at"], result["gradient_descent"]["close_at"]
    if close is not None:
        notice += f"the error is below {CLOSE:g} after {counted(close, 'step', ',')}"
    else:
        notice += f"in {counted(settings.iterations, 'step', ',')} the error comes no lower than "
        notice += f"{result['least_error']:.2g}"
    notice += f". Gradient descent, whose step is as long as the error is large, needs {descent}."
    if result["jumps"]:
        return (
            f"{notice} A step of {settings.step:g} jumps over the goal, "
            f"{counted(result['jumps'], 'time', ',')} so far, and will do so for ever: it can land no nearer."
        )
    return f"{notice} A step that does not end at the goal jumps over it for ever: try --step 0.2."


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """Both errors, step by step, and the first steps of each on the parabola."""
    plots.size(figure, 11, 4.6)
    curves, bowl = figure.subplots(1, 2)
    descent = moments(BOWL)
    name = f"hot and cold, step {settings.step:g}"
    for label, errors, colour in (
        (name, [row["error"] for row in outcome.rows], plots.VERMILLION),
        ("gradient descent", [moment.error for moment in descent], plots.BLUE),
    ):
        curves.plot(range(1, len(errors) + 1), errors, color=colour, lw=1.8, label=label)
    curves.set(title="the error of each step", xlabel="step", ylabel="error", xscale="log", yscale="log")
    curves.legend(frameon=False)
    plots.open_frame(curves)
    draw_parabola(bowl, BOWL, [(m.weight, m.error) for m in descent[:FIRST]], "gradient descent")
    tried = [(row["weight"], row["error"]) for row in outcome.rows[:FIRST]]
    bowl.plot(*zip(*tried, strict=True), "s", color=plots.VERMILLION, mfc="none", ms=8, label=name)
    bowl.set_title(f"the first {FIRST} steps of both")
    bowl.legend(frameon=False)


LESSON = Lesson(Settings, run, _plot)
