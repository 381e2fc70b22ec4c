"""Learning a thousand images by heart, and what dropout and batches do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.composition import Sequential
from mnistgd.engine.initializers import uniform_between
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.types import Array, Backward, Params
from mnistgd.figures import plots
from mnistgd.lessons.images import bring, data_setting, offline_setting, prepare
from mnistgd.lessons.lesson import Lesson, Outcome, Report, Table
from mnistgd.lessons.thousand import (
    BATCH_SIZE,
    IMAGES,
    Iteration,
    Row,
    Task,
    diverged,
    draw_parting,
    learn,
    result_of,
    told,
)
from mnistgd.lessons.trace import number
from mnistgd.model.fields import setting


class Variant(NamedTuple):
    """One of the book's three networks, and how it learns.

    Attributes
    ----------
    hidden : int, hidden units
    learning_rate : float
    iterations : int
    batch_size : int
    times : int, how often the update of a batch is made
    dropout : bool
    """

    hidden: int
    learning_rate: float
    iterations: int
    batch_size: int
    times: int
    dropout: bool


VARIANTS = {
    "plain": Variant(40, 0.005, 350, 1, 1, dropout=False),
    "dropout": Variant(100, 0.005, 300, 1, 1, dropout=True),
    # Its inner loop runs over the images of a batch, to count the right ones, and updates as often.
    "batch": Variant(100, 0.001, 300, BATCH_SIZE, BATCH_SIZE, dropout=True),
}

PARTED = 0.03
"""From so far below its best on, accuracy on the test images is a loss that is worth a word."""


def _each(name: str) -> str:
    return "; ".join(f"{getattr(variant, name):g} for {word}" for word, variant in VARIANTS.items())


@dataclass(frozen=True)
class Settings:
    """Which network, how it learns, and from which images."""

    variant: str = setting(
        "plain",
        "One image a step; half of the hidden units off, at random; and that in batches of 100.",
        choices=tuple(VARIANTS),
    )
    learning_rate: float | None = setting(
        None, "How far a step goes.", above=0, default=_each("learning_rate")
    )
    iterations: int | None = setting(
        None, "Passes over the images.", minimum=1, maximum=10_000, default=_each("iterations")
    )
    data: str = data_setting(IMAGES)
    offline: bool = offline_setting()

    def __post_init__(self) -> None:
        for name in ("learning_rate", "iterations"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(VARIANTS[self.variant], name))


@dataclass(frozen=True)
class BookReLU:
    """The hidden units of the listings: max(inputs, 0), half of them switched off and the others doubled.

    outputs  = max(inputs, 0) · 2 · mask
    d_inputs = d_outputs · mask

    For the slope the listings ask whether the *output* is ``>= 0``, as all of them are: it is 1 everywhere.
    Nor do they send the 2 back. So this is not the gradient; the engine's `ReLU` has that.

    Attributes
    ----------
    random : RandomState or None
        Draws a mask for each batch; without it there is none, and no 2.
    """

    random: np.random.RandomState | None = None

    def init(self, rng: np.random.Generator) -> Params:  # noqa: ARG002
        """Nothing: there are no parameters."""
        return {}

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:  # noqa: ARG002
        """Outputs of the shape of the inputs."""
        outputs: Array = np.maximum(inputs, 0)
        if self.random is None:
            return outputs, lambda d_outputs: (d_outputs, {})
        mask = self.random.randint(2, size=inputs.shape)
        return outputs * (2 * mask), lambda d_outputs: (d_outputs * mask, {})


@dataclass(frozen=True)
class Repeated(Linear):
    """The last layer of a network that makes the update of a batch several times, from outputs that stay.

    So does its own gradient G: its weights are W, W - αG, W - 2αG, …, and each of these sends the same
    d_outputs back. All that comes of it is what their mean sends back, at `times` the learning rate.

    Attributes
    ----------
    times : int
    learning_rate : float, of one update
    """

    times: int = 1
    learning_rate: float = 0.0

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """Outputs as `Linear` has them."""
        outputs, backward = super().forward(params, inputs)

        def repeated(d_outputs: Array) -> tuple[Array | None, Params]:
            _, grads = backward(d_outputs)
            mean = params["weights"] - (self.times - 1) / 2 * self.learning_rate * grads["weights"]
            return d_outputs @ mean.T, grads

        return outputs, repeated


def task_of(settings: Settings, n_classes: int) -> Task:
    """The network of the variant, where it starts, and how it learns."""
    assert settings.learning_rate is not None
    assert settings.iterations is not None
    variant = VARIANTS[settings.variant]
    # Weights first, then masks, all of one stream.
    random = np.random.RandomState(1)
    start = uniform_between(-0.1, 0.1, random)
    first = Linear(PIXELS, variant.hidden, bias=False, initializer=start, input_gradient=False)
    last = Repeated(
        variant.hidden,
        n_classes,
        bias=False,
        initializer=start,
        times=variant.times,
        learning_rate=settings.learning_rate,
    )
    targets = np.eye(n_classes)
    return Task(
        Sequential((first, BookReLU(random if variant.dropout else None), last)),
        Sequential((first, BookReLU(), last)),
        lambda outputs, labels: half_squared_error(outputs, targets[labels]),
        variant.times * settings.learning_rate,
        variant.batch_size,
        settings.iterations,
    )


def reports(settings: Settings) -> Iterator[Report]:
    """Learn, and see after every tenth iteration how the test images fare."""
    dataset = bring(settings)
    task = task_of(settings, len(dataset.class_names))
    return told(learn(task, dataset), task.iterations, _row, lambda rows: _outcome(settings, rows))


def _row(iteration: Iteration) -> Row:
    """An error is the squared error of an image, summed over the outputs: twice the loss."""
    train, test = iteration.train, iteration.test
    return {
        "train_error": train and 2 * train.loss,
        "train_accuracy": train and train.accuracy,
        "test_error": test and 2 * test.loss,
        "test_accuracy": test and test.accuracy,
    }


def _outcome(settings: Settings, rows: list[Row]) -> Outcome:
    result = result_of(rows)
    table = Table(
        ["I", "Train-Err", "Train-Acc", "Test-Err", "Test-Acc"],
        [[_told(*item) for item in row.items()] for row in rows],
    )
    return Outcome(list(rows), result, [table], _notice(settings, rows, result))


def _told(name: str, value: float | None) -> str:
    """As the listings print it: of an error five signs, cut off and not rounded, and the rest in full."""
    if value is None:
        return "overflow"
    if not name.endswith("error"):
        return str(round(value, 6))
    return f"{value:.12f}"[:5] if 0.001 <= value < 1000 else number(value, 3)


def _notice(settings: Settings, rows: list[Row], result: Row) -> str:
    assert settings.learning_rate is not None
    last = rows[-1]
    if said := diverged(rows, settings.learning_rate):
        return said
    if last["train_error"] > rows[0]["train_error"]:
        return f"It diverges: the learning rate {settings.learning_rate:g} is too large."
    seen, rest = f"{last['train_accuracy']:.1%}", f"{last['test_accuracy']:.1%}"
    best = f"{result['best_test_accuracy']:.1%}, after iteration {result['best_iteration']}"
    if result["best_iteration"] == last["iteration"]:
        return (
            f"So far what it learns of the images that it sees, of which it answers {seen} rightly, "
            f"holds for the others as well: {rest}, the best yet. It need not stay so."
        )
    if result["best_test_accuracy"] - last["test_accuracy"] > PARTED:
        learned = (
            f"It answers {seen} of the images that it has seen, and of the others {rest}: fewer than their "
            f"{best}. What it has learned since is not what digits look like, but what these few do."
        )
    else:
        learned = (
            f"It answers {seen} of the images that it sees, and of the others {rest}, which is not far from "
            f"their best, {best}."
        )
        if VARIANTS[settings.variant].dropout:
            learned += (
                " Half of its hidden units are off at each step, at random: as good as another network every "
                "time, and none of them sees an image often enough to learn it by heart."
            )
    return (
        f"{learned} Nobody may stop there for that: images that choose are no test any more, and others are "
        "set aside for it (mnistgd train --validation 0.1). The slope of relu is 1 everywhere, as in the "
        "listing, which is not the gradient."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """Error and accuracy, each of both kinds of images: two curves that part."""
    plots.size(figure, 11, 4.4)
    figure.suptitle(f"{settings.variant}: what it has seen, and what it has not")
    errors, accuracies = figure.subplots(1, 2)
    draw_parting(errors, outcome, "error", "squared error", "squared error of an image")
    draw_parting(accuracies, outcome, "accuracy", "accuracy", "answered rightly (fraction)")
    errors.set_ylim(0, None)
    accuracies.set_ylim(0, 1.02)
    if outcome.result["best_iteration"] is not None:
        place = outcome.result["best_iteration"], outcome.result["best_test_accuracy"]
        accuracies.plot(*place, "o", ms=12, mfc="none", mec=plots.BLACK, label="best of the test images")
    plots.legend_below(figure, accuracies, 3)


LESSON = Lesson.watched(Settings, reports, _plot, prepare=prepare)
