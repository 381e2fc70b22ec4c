"""Plain gradient descent with six schedules: the rate by the clock."""

from __future__ import annotations

from dataclasses import dataclass

from mnistgd.engine import schedules
from mnistgd.engine.optimizers import sgd
from mnistgd.engine.types import Schedule
from mnistgd.figures import plots
from mnistgd.lessons.bowl import Point, curvature_setting, diverging, ends, path_of, tables
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import drawn, numbers, step_table
from mnistgd.model.fields import setting


@dataclass(frozen=True)
class Settings:
    """The rate that all begin with, and how the schedules let it fall."""

    learning_rate: float = setting(0.03, "The rate at step 0, for all schedules.", above=0)
    steps: int = setting(10, "Steps to take; cosine and linear reach 0 at the last.", minimum=1, maximum=1000)
    curvature: float = curvature_setting()
    exponential_factor: float = setting(
        0.9, "What exponential multiplies the rate by, each step.", above=0, maximum=1
    )
    step_factor: float = setting(0.5, "What step multiplies the rate by, each time.", above=0, maximum=1)
    step_every: int = setting(3, "How many steps lie between two stairs of step.", minimum=1)
    inverse_time_decay: float = setting(0.5, "d of inverse_time: the rate divided by 1 + d·step.", minimum=0)


def run(settings: Settings) -> Outcome:
    """Send plain gradient descent down the bowl with each schedule."""
    rates = _schedules(settings)
    paths = {
        name: path_of(sgd(), schedule, settings.steps, settings.curvature) for name, schedule in rates.items()
    }
    rows = [
        {"schedule": name, "step": step, "learning_rate": rates[name](step), "w": point.w, "f": point.f}
        for name, path in paths.items()
        for step, point in enumerate(path)
    ]
    return Outcome(rows, ends(paths, settings.steps), _tables(rates, paths), _notice(paths, settings))


def _schedules(settings: Settings) -> dict[str, Schedule]:
    rate, steps = settings.learning_rate, settings.steps
    return {
        "constant": schedules.constant(rate),
        "exponential": schedules.exponential(rate, settings.exponential_factor),
        "step": schedules.staircase(rate, settings.step_factor, settings.step_every),
        "inverse_time": schedules.inverse_time(rate, settings.inverse_time_decay),
        "cosine": schedules.cosine(rate, steps),
        "linear": schedules.linear(rate, steps),
    }


def _tables(rates: dict[str, Schedule], paths: dict[str, list[Point]]) -> list[Table]:
    clock = {name: numbers(map(rates[name], range(len(path)))) for name, path in paths.items()}
    return [step_table("learning rate at each step", clock), *tables(paths)]


def _notice(paths: dict[str, list[Point]], settings: Settings) -> str:
    lost = diverging(paths, settings.steps)
    about = (
        "A schedule changes the rate by the clock, an optimizer by the gradients: these rates would be the "
        "same on any bowl."
    )
    if lost:
        return (
            f"{about} {lost} A rate that falls below 2 / {max(1, settings.curvature):g} in time comes back."
        )
    return (
        f"{about} On one without noise a rate that falls only costs way, if the first rate is right; it pays "
        "where that is too large to end with (try --learning-rate 0.09), or the gradients are noisy."
    )


_LOOKS = {
    "constant": (plots.BLACK, "o"),
    "exponential": (plots.ORANGE, "s"),
    "step": (plots.SKY, "D"),
    "inverse_time": (plots.GREEN, "^"),
    "cosine": (plots.VERMILLION, "P"),
    "linear": (plots.BLUE, "v"),
}
"""Colour and marker of each in the plot."""


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The rates by the clock, and the heights they lead to."""
    plots.size(figure, 10, 4.4)
    figure.suptitle(f"sgd down f(w) = ½ (w1² + {settings.curvature:g} w2²) from (1, 1)")
    rates, heights = figure.subplots(1, 2)
    for name, (colour, marker) in _LOOKS.items():
        path = [row for row in outcome.rows if row["schedule"] == name]
        look = plots.marked(colour, marker, len(path), name)
        rates.plot(*drawn(path, "step", "learning_rate"), **look)
        heights.semilogy(*drawn(path, "step", "f"), **look)
    rates.set(title="the clock", xlabel="steps", ylabel="learning rate", ylim=(0, None))
    heights.set(title="the height", xlabel="steps", ylabel="f(w)")
    heights.legend(frameon=False)
    plots.open_frame(rates, heights)


LESSON = Lesson(Settings, run, _plot)
