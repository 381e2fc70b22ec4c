"""Gradient descent with three inputs and one output, iteration by iteration."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mnistgd.figures import plots
from mnistgd.lessons import games
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import printed, shown_steps
from mnistgd.model.fields import setting

INPUTS = dict(zip(games.NAMES, games.FIRST_GAME[0][0].tolist(), strict=True))


@dataclass(frozen=True)
class Settings:
    """How far a step goes, how many are taken, and what stays as it is."""

    learning_rate: float = setting(0.01, "How far a step goes along weight_deltas.", above=0)
    iterations: int = setting(3, "Updates of the weights.", minimum=1, maximum=100_000)
    freeze: tuple[str, ...] = setting(
        (),
        "Keep the weight of this input as it is; repeat for more. The book freezes toes, at rate 0.3.",
        choices=games.NAMES,
    )


def run(settings: Settings) -> Outcome:
    """Train on the first game."""
    trace = list(games.moments(settings.learning_rate, settings.iterations, frozen=settings.freeze))
    last = trace.pop()
    rows = [{"iteration": number, **moment._asdict()} for number, moment in enumerate(trace, 1)]
    result = {
        "weights": last.weights,
        "pred": last.pred,
        "error": last.error,
        "stable_learning_rate": games.stable_learning_rate(settings.freeze),
    }
    return Outcome(rows, result, _tables(trace), _notice(settings, trace, last))


def _tables(trace: list[games.Moment]) -> list[Table]:
    shown = [(i, trace[i - 1]) for i in shown_steps(len(trace)) if i > 0]

    def table(title: str, columns: Sequence[str], of: Callable[[games.Moment], Sequence[float]]) -> Table:
        rows = [[str(i), *printed(of(moment))] for i, moment in shown]
        return Table(["iteration", *columns], rows, title)

    return [
        table("", ["pred", "error", "delta"], lambda moment: moment[:3]),
        table("weights, before the update", games.NAMES, lambda moment: moment.weights),
        table("weight_deltas", games.NAMES, lambda moment: moment.weight_deltas),
    ]


def _notice(settings: Settings, trace: list[games.Moment], last: games.Moment) -> str:
    trained = {name: size for name, size in INPUTS.items() if name not in settings.freeze}
    if not trained:
        return "Every weight is frozen: the prediction is as wrong at the end as it was at first."
    stable = games.stable_learning_rate(settings.freeze)
    largest, smallest = (choose(trained, key=lambda name: trained[name]) for choose in (max, min))
    moved = f"weight_deltas are delta times the inputs, so the largest input moves its weight most: {largest}"
    if largest != smallest:
        moved += f" {trained[largest] / trained[smallest]:.1f} times as far as {smallest}"
    if settings.freeze:
        frozen = list(dict.fromkeys(settings.freeze))
        moved += f", while the frozen {' and '.join(frozen)} stay{'s' * (len(frozen) == 1)}"
    if settings.learning_rate < stable:
        return f"{moved}. Below a learning rate of 2/‖x‖² = {stable:.4f} the error shrinks with every step."
    notice = (
        f"{moved}. The learning rate {settings.learning_rate:g} is not below 2/‖x‖² = {stable:.4f}: each "
        f"step goes too far and lands further off on the other side. It is diverging."
    )
    if not math.isfinite(last.error):
        notice += f" After {len(trace)} update{'s' * (len(trace) > 1)} the numbers overflowed."
    return notice


SHOWN = 4
"""So many iterations are drawn."""


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """For each weight its error curve at each iteration, where it stands there, and the slope it feels."""
    plots.size(figure, 11, 4.8)
    figure.suptitle("The error, as each weight sees it while the other two stay where they are")
    rows = [row for row in outcome.rows[:SHOWN] if row["error"] < games.DRAWABLE]
    panels = figure.subplots(1, len(games.NAMES), sharey=True)
    for k, (axes, name) in enumerate(zip(panels, games.NAMES, strict=True)):
        _draw_curves(axes, rows, k)
        frozen = ", frozen" * (name in settings.freeze)
        axes.set(title=f"{name}: input {INPUTS[name]:g}{frozen}", xlabel=f"weight ({games.UNITS[k]})")
    plots.open_frame(*panels)
    panels[0].set_ylabel("error (win²)")
    plots.legend_below(figure, panels[0], SHOWN + 1)


def _draw_curves(axes: plots.Axes, rows: list[dict[str, Any]], k: int) -> None:
    size = INPUTS[games.NAMES[k]]
    top = 2.2 * max(row["error"] for row in rows)
    bottoms = [row["weights"][k] - row["delta"] / size for row in rows]
    reach = math.sqrt(top) / size
    low, high = min(bottoms) - reach, max(bottoms) + reach
    places = [low + (high - low) * i / 200 for i in range(201)]
    for row, bottom, colour in zip(rows, bottoms, plots.COLOURS, strict=False):
        weight, error = row["weights"][k], row["error"]
        axes.plot(places, [(size * (place - bottom)) ** 2 for place in places], color=colour, lw=1.2)
        # A piece of the tangent that is as long on the page whatever its slope.
        slope = 2 * size * row["delta"]
        half = 0.25 / math.hypot(1 / (high - low), slope / top)
        ends = [weight - half, weight + half], [error - slope * half, error + slope * half]
        axes.plot(*ends, color=colour, lw=1.5, ls=(0, (3, 2)), zorder=3)
        axes.plot([weight], [error], "o", color=colour, zorder=4, label=f"iteration {row['iteration']}")
    axes.plot([], [], "k", lw=1.5, ls=(0, (3, 2)), label="slope there: the weight goes downhill")
    axes.set(xlim=(low, high), ylim=(-0.12 * top, top))


LESSON = Lesson(Settings, run, _plot)
