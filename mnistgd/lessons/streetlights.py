"""Streetlights: which light says that one may walk, and hidden units for what no single light says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mnistgd.engine.activations import ReLU
from mnistgd.engine.composition import Sequential
from mnistgd.engine.initializers import uniform_between
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.types import Array, Layer, Params
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, drawn, number, numbers, printed, shown_steps
from mnistgd.model.fields import setting

LIGHTS = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 1], [0, 1, 1], [1, 0, 1]], np.float64)
WALK = np.array([[0], [1], [0], [1], [1], [0]], np.float64)
START = (0.5, 0.48, -0.7)
NAMES = ("left", "middle", "right")

NO_LIGHT_SAYS = np.array([[1], [1], [0], [0]], np.float64)
"""For the first four of `LIGHTS`: walk where just one of the left and the middle light is on."""

LEAST = 1.0
"""The least summed error on that pattern without a hidden layer: ½ for everything."""

ALL_SHOWN = 60
"""As many rounds as this are all shown, as the book prints them."""

_ONE_LAYER = Linear(3, 1, bias=False, input_gradient=False)


@dataclass(frozen=True)
class Settings:
    """How many rows of lights are learned from at a time, how far a step goes, how often all are seen."""

    batch: str = setting(
        "one",
        "Learn from one row of lights at a time, or from the mean over all rows.",
        choices=("one", "full"),
    )
    learning_rate: float = setting(0.1, "Learning rate without a hidden layer; the book's alpha.", above=0)
    hidden_learning_rate: float = setting(0.2, "Learning rate of 3-4-1.", above=0)
    rounds: int | None = setting(
        None,
        "How often all rows are seen.",
        minimum=1,
        maximum=5000,
        default="40; 60 on the second pattern",
    )


class Task(NamedTuple):
    """A network, where it starts, what it is to learn, how fast and how long."""

    layer: Layer
    params: Params
    walk: Array
    learning_rate: float
    rounds: int


class Round(NamedTuple):
    """All rows of lights, once.

    Attributes
    ----------
    error : float, the sum of the squared errors, each before the update that it brings
    predictions : list of float, one for each row, likewise
    params : Params, after the round
    """

    error: float
    predictions: list[float]
    params: Params


def _tasks(settings: Settings) -> dict[str, Task]:
    one_layer: Params = {"weights": np.array(START)[:, None]}
    # The numbers of the book, which seeds NumPy's older generator: its stream is frozen by promise.
    start = uniform_between(-1, 1, np.random.RandomState(1))
    first, last = Linear(3, 4, bias=False, initializer=start), Linear(4, 1, bias=False, initializer=start)
    deep = Sequential((first, ReLU(), last))
    rate, many = settings.learning_rate, settings.rounds or 60
    return {
        "one layer": Task(_ONE_LAYER, one_layer, WALK, rate, settings.rounds or 40),
        "no hidden layer": Task(_ONE_LAYER, one_layer, NO_LIGHT_SAYS, rate, many),
        "3-4-1": Task(
            deep, deep.init(np.random.default_rng(0)), NO_LIGHT_SAYS, settings.hidden_learning_rate, many
        ),
    }


def _rounds(task: Task, batch: str) -> Iterator[Round]:
    """How each round goes; where the numbers overflow there are fewer."""
    lights = len(task.walk)
    size = 1 if batch == "one" else lights
    pieces = [(LIGHTS[i : i + size], task.walk[i : i + size]) for i in range(0, lights, size)]
    error, predictions = 0.0, list[float]()
    run = descend(task.layer, half_squared_error, task.params, pieces * task.rounds, task.learning_rate)
    for step in run:
        # The loss is half the mean over the batch, and the book's error is the plain sum.
        error += 2 * step.loss * size
        predictions += step.outputs[:, 0].tolist()
        if len(predictions) == lights:
            yield Round(error, predictions, step.params)
            error, predictions = 0.0, []


def run(settings: Settings) -> Outcome:
    """Learn the first pattern, and the second without a hidden layer and with one."""
    tasks = _tasks(settings)
    traces = {name: list(_rounds(task, settings.batch)) for name, task in tasks.items()}
    rows = [
        {"network": name, "round": i, "error": one.error, "weights": _weights(one.params)}
        for name, trace in traces.items()
        for i, one in enumerate(trace, 1)
    ]
    result = {name.replace(" ", "_"): _end(tasks[name], trace) for name, trace in traces.items()}
    return Outcome(rows, result, _tables(traces), _notice(tasks, traces, result))


def _weights(params: Params) -> list[Any]:
    """Those of one layer; of two layers a matrix each, with a row for each unit that a weight comes from."""
    matrices = [array[:, 0] if array.shape[1] == 1 else array for array in params.values()]
    return matrices[0].tolist() if len(matrices) == 1 else [matrix.tolist() for matrix in matrices]


def _end(task: Task, trace: list[Round]) -> dict[str, Any]:
    """The error of the last round, what is predicted after it, and where the numbers overflowed."""
    overflowed = len(trace) < task.rounds
    predictions = None
    if not overflowed:
        with np.errstate(over="ignore", invalid="ignore"):
            outputs, _ = task.layer.forward(trace[-1].params, LIGHTS[: len(task.walk)])
        predictions = outputs[:, 0].tolist()
    return {
        "error": trace[-1].error if trace else None,
        "predictions": predictions,
        "overflowed_at": len(trace) + 1 if overflowed else None,
    }


def _tables(traces: dict[str, list[Round]]) -> list[Table]:
    first, single, deep = traces.values()
    return [
        *_prediction_table(first),
        *_error_table(first, "one layer: Error of each round, and the weights after it", NAMES),
        *_error_table(_tenths(single), "no single light tells it, no hidden layer: Error", NAMES),
        *_error_table(_tenths(deep), "no single light tells it, 3-4-1 with relu: Error", ()),
    ]


def _prediction_table(trace: list[Round]) -> list[Table]:
    """What the book prints as it goes through the rows, of the first two rounds and the last."""
    shown = sorted({1, min(2, len(trace)), len(trace)}) if trace else []
    columns = [printed(trace[i - 1].predictions) for i in shown]
    lights = [[" ".join(f"{on:.0f}" for on in light), f"{walk:.0f}"] for light, walk in _pairs()]
    rows = [[*light, *texts] for light, *texts in zip(lights, *columns, strict=True)]
    headings = ["lights", "walk", *(f"round {i}" for i in shown)]
    return [Table(headings, rows, "one layer: Prediction for each row of lights")] if shown else []


def _pairs() -> Iterator[tuple[list[float], float]]:
    return zip(LIGHTS.tolist(), WALK[:, 0].tolist(), strict=True)


def _tenths(trace: list[Round]) -> dict[int, Round]:
    """Every tenth round, as the book prints the second pattern; of very many a few."""
    shown = range(10, len(trace) + 1, 10) if len(trace) <= 10 * ALL_SHOWN else shown_steps(len(trace))[1:]
    return {i: trace[i - 1] for i in shown}


def _error_table(trace: list[Round] | dict[int, Round], title: str, names: tuple[str, ...]) -> list[Table]:
    if isinstance(trace, list):
        shown = range(1, len(trace) + 1) if len(trace) <= ALL_SHOWN else shown_steps(len(trace))[1:]
        trace = {i: trace[i - 1] for i in shown}
    rows = [
        [str(i), *printed([one.error]), *(numbers(_weights(one.params), 6) if names else ())]
        for i, one in trace.items()
    ]
    return [Table(["round", "error", *names], rows, title)] if rows else []


def _notice(tasks: dict[str, Task], traces: dict[str, list[Round]], result: dict[str, Any]) -> str:
    lost = [
        f"{name} (rate {task.learning_rate:g}{_where(result[name.replace(' ', '_')])})"
        for name, task in tasks.items()
        if len(traces[name]) < task.rounds or traces[name][-1].error > traces[name][0].error
    ]
    if lost:
        return f"Diverging: {', '.join(lost)}. Each step goes too far, and the next has more to make good."
    weights = dict(zip(NAMES, numbers(_weights(traces["one layer"][-1].params), 2), strict=True))
    single, deep = result["no_hidden_layer"]["predictions"], result["3-4-1"]["error"]
    return (
        f"The weight of the middle light ends at {weights['middle']}, those of the others at "
        f"{weights['left']} and {weights['right']}: middle light and walk are correlated, and that is what "
        f"is learned. In the second pattern no light is, and without a hidden layer nothing is better than ½ "
        f"for everything (the predictions end at {min(single):.2f} to {max(single):.2f}). "
    ) + (
        f"Hidden units make correlation where there is none: 3-4-1 ends at an error of {number(deep, 6)}."
        if deep < LEAST
        else f"At this learning rate 3-4-1 has found nothing better (an error of {number(deep, 4)}): where "
        f"too long a step leaves every hidden unit off, relu has no slope to come back."
    )


def _where(end: dict[str, Any]) -> str:
    return f", overflow in round {end['overflowed_at']}" if end["overflowed_at"] else ""


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The weight of each light, round by round, and the errors on both patterns."""
    plots.size(figure, 12, 4.6)
    lights, errors = figure.subplots(1, 2)
    rows = {name: [row for row in outcome.rows if row["network"] == name] for name in _tasks(settings)}
    for k, (name, colour) in enumerate(zip(NAMES, (plots.VERMILLION, plots.GREEN, plots.BLUE), strict=True)):
        heights = plots.drawable([START[k], *(row["weights"][k] for row in rows["one layer"])])
        lights.plot(heights, color=colour, lw=1.8, label=f"{name} light")
    lights.axhline(0, color=plots.GREY, lw=0.8)
    lights.set(title="one layer: middle light and walk", xlabel="round", ylabel="weight")
    lights.legend(frameon=False)
    for (name, part), colour in zip(rows.items(), (plots.GREEN, plots.VERMILLION, plots.BLUE), strict=True):
        pattern = "first" if name == "one layer" else "second"
        errors.plot(*drawn(part, "round", "error"), color=colour, lw=1.8, label=f"{pattern} pattern, {name}")
    plots.level(errors, LEAST, "½ for everything", colour=plots.BLACK)
    errors.set(title="Error of a round", xlabel="round", ylabel="sum of squared errors", yscale="log")
    errors.legend(frameon=False)
    plots.open_frame(lights, errors)


LESSON = Lesson(Settings, run, _plot)
