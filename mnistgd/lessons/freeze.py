"""A weight that is frozen while the others learn, and what is left for it when it thaws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mnistgd.figures import plots
from mnistgd.lessons import games
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import number, numbers, shown_steps
from mnistgd.model.fields import setting
from mnistgd.system.words import counted

LEARNED = 1e-12
"""Phase 1 is over when the error is below this."""

PATIENCE = 10_000
"""Phase 1 is over after so many updates in any case."""

INPUTS: list[float] = games.FIRST_GAME[0][0].tolist()
FROZEN, THAWED, CONTROL = "toes frozen", "toes thawed", "never frozen"


@dataclass(frozen=True)
class Settings:
    """The learning rates, and how long the second phase lasts."""

    frozen_learning_rate: float = setting(0.3, "Learning rate while toes is frozen.", above=0)
    learning_rate: float = setting(0.01, "Learning rate of all three.", above=0)
    updates: int = setting(1000, "Updates of all three.", minimum=1, maximum=10_000)


class Phase(NamedTuple):
    """The moments of a phase that are shown, by how many updates came before."""

    name: str
    learning_rate: float
    shown: dict[int, games.Moment]

    @property
    def last(self) -> games.Moment:
        """How it ended."""
        return self.shown[max(self.shown)]


def run(settings: Settings) -> Outcome:
    """Train with toes frozen, then with toes free; and, to compare, with toes free from the start."""
    first = list(_until_learned(games.moments(settings.frozen_learning_rate, PATIENCE, frozen=("toes",))))
    before, rate = first[-1].weights, settings.learning_rate
    phases = [
        _phase(FROZEN, settings.frozen_learning_rate, first),
        _phase(THAWED, rate, games.moments(rate, settings.updates, start=before)),
        _phase(CONTROL, rate, games.moments(rate, settings.updates)),
    ]
    _, thawed, control = phases
    result = {
        "updates_frozen": len(first) - 1 if first[-1].error < LEARNED else None,
        "weights_after_frozen": before,
        "moved": abs(thawed.last.weights[0] - before[0]),
        "moved_if_free": abs(control.last.weights[0] - games.START[0]),
        "curve_bottom": [_curve_bottom(moment) for moment in first[:3]],
    }
    return Outcome(_rows(phases), result, [_table(phase) for phase in phases], _notice(settings, result))


def _until_learned(trace: Iterator[games.Moment]) -> Iterator[games.Moment]:
    for moment in trace:
        yield moment
        if moment.error < LEARNED:
            return


def _phase(name: str, learning_rate: float, trace: Iterable[games.Moment]) -> Phase:
    moments = list(trace)
    return Phase(name, learning_rate, {i: moments[i] for i in shown_steps(len(moments) - 1)})


def _curve_bottom(moment: games.Moment) -> float:
    """The weight of toes at which the error would be 0, were the other two as they are."""
    return moment.weights[0] - moment.delta / INPUTS[0]


def _rows(phases: list[Phase]) -> list[dict[str, Any]]:
    return [
        {
            "phase": phase.name,
            "updates": updates,
            "pred": moment.pred,
            "error": moment.error,
            "weights": moment.weights,
            "curve_bottom": _curve_bottom(moment),
        }
        for phase in phases
        for updates, moment in phase.shown.items()
    ]


def _table(phase: Phase) -> Table:
    rows = [
        [
            str(updates),
            number(moment.pred, 6),
            f"{moment.error:.2e}",
            *numbers([*moment.weights, _curve_bottom(moment)], 6),
        ]
        for updates, moment in phase.shown.items()
    ]
    headings = ["updates", "pred", "error", *games.NAMES, "curve bottom"]
    return Table(headings, rows, f"{phase.name}, learning rate {phase.learning_rate:g}")


def _notice(settings: Settings, result: dict[str, Any]) -> str:
    updates = result["updates_frozen"]
    if updates is None:
        return (
            f"At a learning rate of {settings.frozen_learning_rate:g} the two weights that are not frozen "
            f"do not learn to predict by themselves, and so the question what is left for toes stays open."
        )
    bottoms = ", ".join(numbers(result["curve_bottom"]))
    notice = (
        f"While toes is frozen its weight (the dot) stays, and the curve of its error slides towards it, "
        f"its bottom at {bottoms}, …: after {counted(updates, 'update')} the dot lies at the bottom. "
    )
    if settings.learning_rate >= games.stable_learning_rate():
        return (
            f"{notice}Then all three train at {settings.learning_rate:g} and diverge, from there as from the "
            f"start: the rate is too large for toes."
        )
    return (
        f"{notice}Then toes may train, and moves by {number(result['moved'])}; without the frozen phase it "
        f"would have moved by {number(result['moved_if_free'])}. What a network can do without an input, it "
        f"will never learn to use that input for."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:  # noqa: ARG001
    """The error along the weight of toes while it is frozen, and the whole bowl from above."""
    plots.size(figure, 11, 4.8)
    slices, bowl = figure.subplots(1, 2)
    frozen, thawed, control = (
        [row for row in outcome.rows if row["phase"] == name and row["error"] < games.DRAWABLE]
        for name in (FROZEN, THAWED, CONTROL)
    )

    shown = [*frozen[:3], frozen[-1]]
    reach = 1.5 * max(abs(row["curve_bottom"] - games.START[0]) for row in shown)
    places = np.linspace(games.START[0] - reach, games.START[0] + 1.5 * reach, 201)
    for row, colour in zip(shown, plots.COLOURS, strict=False):
        slices.plot(places, (INPUTS[0] * (places - row["curve_bottom"])) ** 2, color=colour, lw=1.2)
        slices.plot(games.START[0], row["error"], "o", color=colour, label=row["updates"], zorder=3)
    slices.set(
        title="The slice along toes while it is frozen:\nthe curve slides left, the dot can only fall",
        xlabel=f"weight of toes ({games.UNITS[0]})",
        ylabel="error (win²)",
        xlim=(places[0], places[-1]),
        ylim=(-0.1 * shown[0]["error"], 2.5 * shown[0]["error"]),
    )
    slices.legend(frameon=False, loc="upper center", title="updates so far")
    plots.open_frame(slices)

    def path(rows: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
        weights = [row["weights"] for row in rows]
        return [toes for toes, *_ in weights], [w * INPUTS[1] + n * INPUTS[2] for _, w, n in weights]

    toes, others = np.meshgrid(
        np.linspace(games.START[0] - 0.01, games.START[0] + 0.025, 200), np.linspace(-0.06, 0.21, 200)
    )
    error = (INPUTS[0] * toes + others - 1) ** 2
    levels = 0.0196 * (np.arange(9) / 4) ** 2
    shades = bowl.contourf(toes, others, error, levels=levels, cmap="Blues", extend="max")
    figure.colorbar(shades, ax=bowl, label="error (win²)", format="%.3f")
    bowl.plot(toes[0], 1 - INPUTS[0] * toes[0], "--", color=plots.GREY, lw=1, label="error 0")
    bowl.plot(*path(frozen), "o-", color=plots.VERMILLION, ms=4, label="toes frozen: straight up")
    bowl.plot(*path(control), "o-", color=plots.BLACK, ms=4, label="never frozen: across")
    bowl.plot(*path(thawed), "*", color=plots.ORANGE, ms=13, label="toes thawed: stays")
    bowl.set(
        title="The bowl from above is a valley:\nwhoever is at its bottom stays there",
        xlabel=f"weight of toes ({games.UNITS[0]})",
        ylabel="what the other two inputs add to pred (win)",
        xlim=(toes.min(), toes.max()),
        ylim=(others.min(), others.max()),
    )
    bowl.legend(loc="upper right")


LESSON = Lesson(Settings, run, _plot)
