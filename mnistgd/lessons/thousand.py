"""The first 1,000 training images, so few that a network learns them by heart, and how it does on all others.

References
----------
Trask (2019), Grokking Deep Learning, chapters 8 and 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.metrics import answered_rightly
from mnistgd.engine.types import Layer, Loss, Params
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Outcome, Report
from mnistgd.lessons.trace import descend, drawn
from mnistgd.system.words import percent

N_TRAIN = 1000
BATCH_SIZE = 100
EVERY = 10
"""The test images are asked in the first iteration, in every tenth after it, and in the last."""

IMAGES = "The images; it trains on the first 1,000 of them."
"""What the settings say of their data."""

_ROWS = 4096
"""So many test images are held as floats at a time."""


class Task(NamedTuple):
    """A network that learns the images, in order and never shuffled.

    Attributes
    ----------
    network, tested : Layer
        As it starts and trains, and as it is tested, without a mask; float64 images of shape (batch, 784) in.
    loss : Loss, of outputs and labels
    learning_rate : float
    batch_size : int
    iterations : int, passes over the images
    """

    network: Layer
    tested: Layer
    loss: Loss
    learning_rate: float
    batch_size: int
    iterations: int


class Score(NamedTuple):
    """Mean loss, and the fraction of images that were answered rightly."""

    loss: float
    accuracy: float


class Iteration(NamedTuple):
    """One pass over the training images.

    Attributes
    ----------
    number : int, counted from 0
    train : Score or None
        Of each batch before its update, with the mask, as far as there are numbers; None if there is none.
    test : Score or None
        Of the test images after the last update, without a mask; None in iterations that do not test, or
        where the numbers have overflowed.
    overflowed : bool, whether they have
    """

    number: int
    train: Score | None
    test: Score | None
    overflowed: bool


def learn(task: Task, dataset: Dataset) -> Iterator[Iteration]:
    """Iteration after iteration; where the numbers overflow, that is the last."""
    images = dataset.train_images[:N_TRAIN].reshape(-1, PIXELS) / 255
    labels = dataset.train_labels[:N_TRAIN]
    batches = [slice(first, first + task.batch_size) for first in range(0, len(images), task.batch_size)]
    passes = ((images[rows], labels[rows]) for _ in range(task.iterations) for rows in batches)
    # The listings seed a generator of their own, which this one only stands in for.
    params = task.network.init(np.random.default_rng(0))
    steps = descend(task.network, task.loss, params, passes, task.learning_rate)
    for number in range(task.iterations):
        loss, right, seen = 0.0, 0, 0
        # The batch is asked for first: where there is none left, no step is taken.
        for rows, step in zip(batches, steps, strict=False):
            loss += step.loss * len(step.outputs)
            right += int(np.count_nonzero(answered_rightly(step.outputs, labels[rows])))
            seen += len(step.outputs)
            params = step.params
        asked = number % EVERY == 0 or number == task.iterations - 1
        test = _tested(task, params, dataset) if asked else None
        finite = all(np.isfinite(array).all() for array in params.values())
        overflowed = seen < len(images) or not finite or (test is not None and not math.isfinite(test.loss))
        train = Score(loss / seen, right / seen) if seen else None
        yield Iteration(number, train, None if overflowed else test, overflowed)
        if overflowed:
            return


def _tested(task: Task, params: Params, dataset: Dataset) -> Score:
    images, labels = dataset.split("test")
    loss, right = 0.0, 0
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(images), _ROWS):
            rows = slice(first, first + _ROWS)
            outputs, _ = task.tested.forward(params, images[rows].reshape(-1, PIXELS) / 255)
            loss += task.loss(outputs, labels[rows])[0] * len(outputs)
            right += int(np.count_nonzero(answered_rightly(outputs, labels[rows])))
    return Score(loss / len(images), right / len(images))


Row = dict[str, Any]


def told(
    iterations: Iterator[Iteration],
    count: int,
    row_of: Callable[[Iteration], Row],
    outcome_of: Callable[[list[Row]], Outcome],
) -> Iterator[Report]:
    """Where a lesson stands after each of `count` iterations; those that test, or overflow, have a row."""
    rows: list[Row] = []
    for iteration in iterations:
        if iteration.test is not None or iteration.overflowed:
            rows.append({"iteration": iteration.number, **row_of(iteration)})
            outcome = outcome_of(rows)
        yield Report(_words(rows[-1], count), (iteration.number + 1) / count, outcome)


def _words(row: Row, count: int) -> str:
    place = f"iteration {row['iteration']} of {count}"
    if row["test_accuracy"] is None:
        return f"{place}: the numbers overflow"
    return f"{place}: train {percent(row['train_accuracy'])}, test {percent(row['test_accuracy'])}"


def result_of(rows: Sequence[Row]) -> Row:
    """Where it ended, and the iteration that the test images liked best: the first of several."""
    tested = [row for row in rows if row["test_accuracy"] is not None]
    best = max(tested, key=lambda row: row["test_accuracy"], default=None)
    last = rows[-1]
    return {
        "iterations": last["iteration"] + 1,
        "train_accuracy": last["train_accuracy"],
        "test_accuracy": last["test_accuracy"],
        "best_iteration": best and best["iteration"],
        "best_test_accuracy": best and best["test_accuracy"],
        "overflowed_in_iteration": None if last in tested else last["iteration"],
    }


def diverged(rows: Sequence[Row], learning_rate: float) -> str:
    """What to say of numbers that overflowed; empty if they did not."""
    if rows[-1]["test_accuracy"] is not None:
        return ""
    rate = f"It diverges: the learning rate {learning_rate:g} is too large"
    return f"{rate}, and the numbers overflow in iteration {rows[-1]['iteration']}."


def draw_parting(axes: plots.Axes, outcome: Outcome, key: str, title: str, unit: str) -> None:
    """Two curves over the iterations: of the images that train, and of those that test."""
    rows = [row for row in outcome.rows if row["test_accuracy"] is not None]
    for part, colour, marker in (("train", plots.BLUE, "o"), ("test", plots.VERMILLION, "s")):
        places, heights = drawn(rows, "iteration", f"{part}_{key}")
        line = plots.marked(colour, marker, len(places), f"{part} images")
        axes.plot(places, heights, ms=5, **line)
    axes.set(title=title, xlabel="iterations", ylabel=unit)
    plots.count_along(axes)
    plots.open_frame(axes)
