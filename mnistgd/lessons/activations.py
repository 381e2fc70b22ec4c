"""Tanh in the middle and a softmax at the end; and the activations with their slopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.activations import ACTIVATIONS, Softmax
from mnistgd.engine.composition import Sequential
from mnistgd.engine.initializers import uniform_between
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import softmax_cross_entropy
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
from mnistgd.lessons.trace import numbers
from mnistgd.model.fields import setting

HIDDEN = 100
BOOK_RATE = 2.0

FORMULAS = {
    "relu": "1 if output > 0, else 0",
    "sigmoid": "output · (1 − output)",
    "tanh": "1 − output²",
    "softmax": "output · (1 − output)",
}
"""Name of an activation → its slope, of its output alone."""

PLACES = (-2.0, 0.5, 2.0)
"""Inputs at which the table has outputs and slopes; a softmax takes the three together."""

STYLES = {"relu": "-", "sigmoid": "--", "tanh": "-."}
"""Those that act on each number alone, and the lines that they are drawn with."""


@dataclass(frozen=True)
class Settings:
    """How the network learns, and from which images."""

    learning_rate: float = setting(BOOK_RATE, "The book's alpha; a step is a hundredth of it long.", above=0)
    iterations: int = setting(300, "Passes over the images.", minimum=1, maximum=10_000)
    data: str = data_setting(IMAGES)
    offline: bool = offline_setting()


@dataclass(frozen=True)
class BookTanh:
    """The hidden units of the listing: tanh(inputs), half of them switched off and the others doubled.

    outputs  = tanh(inputs) · 2 · mask
    d_inputs = d_outputs · (1 - outputs²) · mask

    The slope is that of what the mask has doubled, and the 2 is not sent back. So this is not the gradient,
    which would be d_outputs · 2 · mask · (1 - tanh²).

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
        outputs: Array = np.tanh(inputs)
        if self.random is None:
            return outputs, lambda d_outputs: (d_outputs * (1 - outputs**2), {})
        mask = self.random.randint(2, size=inputs.shape)
        outputs *= 2 * mask
        return outputs, lambda d_outputs: (d_outputs * (1 - outputs**2) * mask, {})


def task_of(settings: Settings, n_classes: int) -> Task:
    """The network of the listing, where it starts, and how it learns."""
    # Weights first, then masks, all of one stream.
    random = np.random.RandomState(1)
    start = uniform_between(-0.01, 0.01, random)
    first = Linear(PIXELS, HIDDEN, bias=False, initializer=start, input_gradient=False)
    last = Linear(HIDDEN, n_classes, bias=False, initializer=uniform_between(-0.1, 0.1, random))
    return Task(
        Sequential((first, BookTanh(random), last)),
        Sequential((first, BookTanh(), last)),
        softmax_cross_entropy,
        # The listing divides by the size of the batch twice; the loss has done so once.
        settings.learning_rate / BATCH_SIZE,
        BATCH_SIZE,
        settings.iterations,
    )


def slopes(name: str, inputs: Array) -> tuple[Array, Array]:
    """The outputs of the engine's activation of that name, and the slope of each along its own input."""
    layer = Softmax() if name == "softmax" else ACTIVATIONS[name]()
    # A row for each output, so that one that depends on all inputs is asked for one slope at a time.
    outputs, backward = layer.forward({}, np.tile(inputs, (len(inputs), 1)))
    d_inputs, _ = backward(np.eye(len(inputs)))
    assert d_inputs is not None
    return outputs[0], d_inputs.diagonal()


def reports(settings: Settings) -> Iterator[Report]:
    """Learn, and see after every tenth iteration how the test images fare."""
    dataset = bring(settings)
    task = task_of(settings, len(dataset.class_names))
    return told(learn(task, dataset), task.iterations, _row, lambda rows: _outcome(settings, rows))


def _row(iteration: Iteration) -> Row:
    train, test = iteration.train, iteration.test
    return {"train_accuracy": train and train.accuracy, "test_accuracy": test and test.accuracy}


def _outcome(settings: Settings, rows: list[Row]) -> Outcome:
    result = result_of(rows)
    kinds = {name: slopes(name, np.array(PLACES)) for name in FORMULAS}
    result["activations"] = {
        name: {"inputs": list(PLACES), "outputs": outputs.tolist(), "slopes": slope.tolist()}
        for name, (outputs, slope) in kinds.items()
    }
    return Outcome(list(rows), result, [_kinds_table(kinds), _trace_table(rows)], _notice(settings, rows))


def _kinds_table(kinds: dict[str, tuple[Array, Array]]) -> Table:
    places = [f"({place:g})" for place in PLACES]
    return Table(
        ["", *(f"f{place}" for place in places), *(f"f'{place}" for place in places), "f', of the output"],
        [[name, *numbers([*outputs, *slope]), FORMULAS[name]] for name, (outputs, slope) in kinds.items()],
        "activations and their slopes; softmax is of the three numbers together",
    )


def _trace_table(rows: list[Row]) -> Table:
    columns = {"iteration": "I", "test_accuracy": "Test-Acc", "train_accuracy": "Train-Acc"}
    return Table(
        list(columns.values()),
        [["overflow" if row[name] is None else str(round(row[name], 6)) for name in columns] for row in rows],
        "a thousand images, tanh and softmax",
    )


def _notice(settings: Settings, rows: list[Row]) -> str:
    if said := diverged(rows, settings.learning_rate):
        return said
    first, last = rows[0], rows[-1]
    if last is not first and last["train_accuracy"] <= first["train_accuracy"]:
        why = (
            "after such a step totals are so large that every tanh stands at an end of its range, where it "
            "has no slope to follow"
            if settings.learning_rate > BOOK_RATE
            else "its steps are too short"
        )
        return f"At a learning rate of {settings.learning_rate:g} nothing is learned: {why}."
    return (
        "Tanh in the middle cannot run away, and a softmax at the end is asked which class it is and not how "
        f"much of each: {last['test_accuracy']:.1%} of the images that it has not seen are answered rightly, "
        f"and {last['train_accuracy']:.1%} of those that it has, with half of its hidden units off. Every "
        "slope is had from the output alone, so that nothing else is kept for the way back; at the ends of "
        "its range there is hardly any, and nothing is learned. A softmax and its cross-entropy send back, "
        "together, the simplest of all: output − target."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:  # noqa: ARG001
    """Activations, their slopes, and how the network learns that is made of two of them."""
    plots.size(figure, 13, 4.4)
    outputs, derivatives, accuracies = figure.subplots(1, 3)
    places = np.linspace(-4, 4, 161)
    for (name, style), colour in zip(STYLES.items(), plots.CYCLE, strict=False):
        for axes, curve in zip((outputs, derivatives), slopes(name, places), strict=True):
            axes.plot(places, curve, style, color=colour, lw=1.8, label=name)
    outputs.set(title="activations", xlabel="input", ylabel="output", ylim=(-1.2, 2.2))
    derivatives.set(title="their slopes", xlabel="input", ylabel="slope", ylim=(-0.1, 1.3))
    outputs.legend(frameon=False)
    plots.open_frame(outputs, derivatives)
    draw_parting(
        accuracies, outcome, "accuracy", "tanh and softmax on 1,000 images", "answered rightly (fraction)"
    )
    accuracies.set_ylim(0, 1.02)
    accuracies.legend(frameon=False, loc="lower right")


LESSON = Lesson.watched(Settings, reports, _plot, prepare=prepare)
