"""A restricted Boltzmann machine: the parts it finds in pictures that nobody has named for it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnistgd.engine.types import Array
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.small_digits import N_TRAIN, SHAPE, small_digits
from mnistgd.lessons.trace import number, shown_steps
from mnistgd.model.fields import setting

if TYPE_CHECKING:
    from sklearn.neural_network import BernoulliRBM

BATCH_SIZE = 10


@dataclass(frozen=True)
class Settings:
    """The machine, and how it is fitted."""

    components: int = setting(16, "Hidden units (n_components).", minimum=1, maximum=256)
    learning_rate: float = setting(0.06, "How far a step goes.", above=0, maximum=1000)
    iterations: int = setting(10, "Passes over the pictures (n_iter).", minimum=1, maximum=100)
    seed: int = setting(
        0, "Decides all that is drawn at random (random_state).", minimum=0, maximum=2**32 - 1
    )


def run(settings: Settings) -> Outcome:
    """Fit one machine to all pictures, and another to the training ones to read digits with."""
    images, labels = small_digits()
    with _quietly():
        rows = [
            {"iteration": iteration, "pseudo_likelihood": float(machine.score_samples(images).mean())}
            for iteration, machine in enumerate(_fitted(images, settings), 1)
        ]
        *_, machine = _fitted(images[:N_TRAIN], settings)
        result = {
            "pseudo_likelihood": rows[-1]["pseudo_likelihood"],
            "accuracy_raw": _accuracy(images, labels),
            "accuracy_rbm": _accuracy(machine.transform(images), labels),
        }
    return Outcome(rows, result, _tables(rows, result), _notice(settings, result))


@contextmanager
def _quietly() -> Iterator[None]:
    """No word from scikit-learn about fits that need more iterations, nor from numpy about large rates.

    And on one thread: for matrices as small as these, more of them mostly wait for each other.
    """
    # A limit holds for the libraries that are loaded when it is set.
    import sklearn.linear_model
    import sklearn.neural_network  # noqa: F401
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), np.errstate(all="ignore"), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield


def _fitted(images: Array, settings: Settings) -> Iterator[BernoulliRBM]:
    """The machine after each iteration; after the last it is what its own ``fit`` would have made of it."""
    from sklearn.neural_network import BernoulliRBM

    machine = BernoulliRBM(
        n_components=settings.components,
        learning_rate=settings.learning_rate,
        batch_size=BATCH_SIZE,
        random_state=settings.seed,
    )
    for _ in range(settings.iterations):
        for start in range(0, len(images), BATCH_SIZE):
            machine.partial_fit(images[start : start + BATCH_SIZE])
        yield machine


def _accuracy(features: Array, labels: Array) -> float:
    """How well a logistic regression that is fitted to the training rows reads the others."""
    from sklearn.linear_model import LogisticRegression

    reader = LogisticRegression(max_iter=2000).fit(features[:N_TRAIN], labels[:N_TRAIN])
    return float(reader.score(features[N_TRAIN:], labels[N_TRAIN:]))


def _tables(rows: list[dict[str, Any]], result: dict[str, Any]) -> list[Table]:
    trace = [
        [str(rows[i]["iteration"]), number(rows[i]["pseudo_likelihood"], 3)]
        for i in shown_steps(len(rows) - 1)
    ]
    readers = [
        ["64 pixels", f"{result['accuracy_raw']:.1%}"],
        ["features of the machine", f"{result['accuracy_rbm']:.1%}"],
    ]
    return [
        Table(["iteration", "pseudo-likelihood (nats)"], trace, "all 1,797 pictures"),
        Table(["a logistic regression sees", "accuracy"], readers, "450 pictures that were not trained on"),
    ]


def _notice(settings: Settings, result: dict[str, Any]) -> str:
    raw, rbm = result["accuracy_raw"], result["accuracy_rbm"]
    kept = f"{settings.components} number{'s' * (settings.components != 1)}"
    if rbm < raw:
        better = (
            f"the pixels themselves are better than its features, {raw:.1%} against {rbm:.1%}: it keeps "
            f"{kept} of a picture, and was never told which matter"
        )
    else:
        better = f"its features are at least as good as the pixels: {rbm:.1%} against {raw:.1%}"
    return (
        "Without a single label the machine finds parts of digits that often go together; a higher "
        "pseudo-likelihood means that the pictures surprise it less, and it need not rise with every "
        f"iteration. For reading digits {better}."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The weights of each hidden unit, as a picture."""
    with _quietly():
        *_, machine = _fitted(small_digits()[0], settings)
    components = machine.components_
    columns = math.ceil(math.sqrt(len(components)))
    rows = math.ceil(len(components) / columns)
    side = max(0.6, 6 / columns)
    plots.size(figure, side * columns + 1, side * rows + 0.6)
    likelihood = number(outcome.result["pseudo_likelihood"], 1)
    figure.suptitle(f"what each hidden unit looks for (pseudo-likelihood {likelihood} nats)")

    limit = float(np.abs(components).max())
    grid = figure.subplots(rows, columns, squeeze=False)
    panels = grid.ravel()
    for unit, (axes, weights) in enumerate(zip(panels, components, strict=False), 1):
        shown = axes.imshow(weights.reshape(SHAPE), cmap=plots.SIGNED, vmin=-limit, vmax=limit)
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"unit {unit}", fontsize=8, pad=3)
    for axes in panels[len(components) :]:
        axes.set_axis_off()
    figure.colorbar(shown, ax=grid, label="weight: above 0 the pixel speaks for the unit, below against it")


LESSON = Lesson(Settings, run, _plot)
