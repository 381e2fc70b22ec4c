"""The first network of Nielsen's book, which is a command of this tool, and what darkness alone can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.named import MNIST
from mnistgd.datasets.shape import PIXELS
from mnistgd.errors import DivergedError, WeightsError
from mnistgd.figures import plots
from mnistgd.lessons.images import bring, data_setting, offline_setting, prepare
from mnistgd.lessons.lesson import Lesson, Outcome, Report, Table
from mnistgd.model.fields import setting
from mnistgd.system.files import quoted
from mnistgd.system.words import counted

if TYPE_CHECKING:
    from mnistgd.model.settings import Settings as TrainSettings

N_MEANS = 50_000
"""From so many training images, the first, the book takes the mean darkness of each digit."""

BEST_OF_BOOK = 0.9542


@dataclass(frozen=True)
class Settings:
    """What the book changes in turn, and the images."""

    hidden: int = setting(30, "Hidden units; the book has 100 as well.", minimum=1, maximum=1024)
    learning_rate: float = setting(3.0, "How far a step goes; the book tries 0.001 and 100, too.", above=0)
    epochs: int = setting(30, "Passes over the training images.", minimum=1, maximum=10_000)
    seed: int = setting(0, "Decides the weights and the order of the images.", minimum=0, maximum=2**64 - 1)
    data: str = data_setting("The images.")
    offline: bool = offline_setting()


class Darkness(NamedTuple):
    """How dark the images of each class are, and how many test images that alone names rightly.

    Attributes
    ----------
    means : list of float
        The mean ink of a pixel, in [0, 1], for each class; infinite for one without images.
    right : int, of the test images those whose ink is nearest to the mean of their own class
    """

    means: list[float]
    right: int


def darkness(dataset: Dataset) -> Darkness:
    """Classify the test images by their ink alone."""
    train, test = (images.reshape(-1, PIXELS) for images in (dataset.train_images, dataset.test_images))
    ink = train[:N_MEANS].sum(axis=1, dtype=np.int64) / (255 * PIXELS)
    labels = dataset.train_labels[:N_MEANS]
    classes = range(len(dataset.class_names))
    means = [float(ink[labels == label].mean()) if label in labels else np.inf for label in classes]
    test_ink = test.sum(axis=1, dtype=np.int64) / (255 * PIXELS)
    nearest = np.abs(test_ink[:, None] - means).argmin(axis=1)
    return Darkness(means, int(np.count_nonzero(nearest == dataset.test_labels)))


def recipe(settings: Settings) -> TrainSettings:
    """The book's network and its stochastic gradient descent, as `train` has them."""
    from mnistgd.model.settings import Settings as TrainSettings

    return TrainSettings(
        hidden=(settings.hidden,),
        activation="sigmoid",
        output="sigmoid",
        loss="squared-error",
        init="normal",
        batch_size=10,
        learning_rate=settings.learning_rate,
        schedule="constant",
        epochs=settings.epochs,
        seed=settings.seed,
    )


def command(settings: Settings) -> str:
    """The command line that does the same."""
    data = "" if settings.data == MNIST.name else f" --data {quoted(settings.data)}"
    return f"mnistgd train {recipe(settings).words()}{data}{' --offline' * settings.offline}"


def reports(settings: Settings) -> Iterator[Report]:
    """Train, and ask the test images after every epoch; they choose nothing."""
    from mnistgd.model.evaluation import evaluate
    from mnistgd.model.model import Model
    from mnistgd.training.run import Run

    dataset = bring(settings)
    dark = darkness(dataset)
    run = Run(dataset, recipe(settings))
    rows: list[dict[str, Any]] = []
    try:
        for now in run.reports():
            if now.epoch_ends:
                model = Model(run.final_params(now), run.settings, dataset.class_names)
                right = evaluate(model, dataset.test_images, dataset.test_labels).right
                rows.append(
                    {"epoch": len(rows), "right": right, "accuracy": right / len(dataset.test_labels)}
                )
                yield _report(settings, dataset, dark, rows)
    except (DivergedError, WeightsError):
        rows.append({"epoch": len(rows), "right": None, "accuracy": None})
        yield _report(settings, dataset, dark, rows)


def _report(settings: Settings, dataset: Dataset, dark: Darkness, rows: list[dict[str, Any]]) -> Report:
    images, last = len(dataset.test_labels), rows[-1]
    best = max(rows, key=lambda row: row["right"] or 0)
    result = {
        "command": command(settings),
        "epochs": len(rows),
        "test_accuracy": last["accuracy"],
        "best_epoch": best["epoch"],
        "best_test_accuracy": best["accuracy"],
        "darkness_right": dark.right,
        "darkness_accuracy": dark.right / images,
        "darkness": dict(zip(dataset.class_names, dark.means, strict=True)),
    }
    told = ["overflow" if row["right"] is None else f"{row['right']} / {images}" for row in rows]
    tables = [
        Table(["command"], [[result["command"]]]),
        Table(["by darkness alone"], [[f"{dark.right} / {images}"]]),
        Table(["Epoch", "right"], [[str(row["epoch"]), text] for row, text in zip(rows, told, strict=True)]),
    ]
    words = f"epoch {last['epoch']} of {settings.epochs}: {told[-1]}"
    outcome = Outcome(list(rows), result, tables, _notice(settings, result))
    return Report(words, len(rows) / settings.epochs, outcome)


def _notice(settings: Settings, result: dict[str, Any]) -> str:
    dark = (
        f"By how dark it is alone {result['darkness_accuracy']:.2%} of the test images are answered rightly: "
        "that is what there is to beat."
    )
    accuracy, best = result["test_accuracy"], result["best_test_accuracy"]
    if accuracy is None:
        return f"{dark} It diverges: the learning rate {settings.learning_rate:g} is too large."
    network = f"{dark} After {counted(result['epochs'], 'epoch')} the network answers {accuracy:.2%} rightly"
    if accuracy < result["darkness_accuracy"]:
        return f"{network}: it learns nothing at a learning rate of {settings.learning_rate:g}."
    if best > accuracy:
        network += f", and {best:.2%} after number {result['best_epoch']}, the best"
    if settings.data == MNIST.name:
        network += f"; the book saw {BEST_OF_BOOK:.2%} at its best, from other random weights"
    return f"{network}. Whoever reports the best epoch has let the test images choose it."


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The mean darkness of each class, and the accuracy after each epoch against that of darkness alone."""
    plots.size(figure, 11, 4.4)
    result = outcome.result
    bars, curve = figure.subplots(1, 2)
    names = list(result["darkness"])
    bars.bar(range(len(names)), plots.drawable(list(result["darkness"].values())), color=plots.GREY)
    bars.set(title="mean darkness", xlabel="images of", ylabel="ink of a pixel (1 is full)")
    bars.set_xticks(
        range(len(names)), names, parse_math=False, rotation=90 if max(map(len, names)) > 3 else 0
    )
    rows = [row for row in outcome.rows if row["accuracy"] is not None]
    places, heights = [row["epoch"] for row in rows], [row["accuracy"] for row in rows]
    curve.plot(places, heights, "o-", ms=4, color=plots.BLUE)
    plots.level(curve, result["darkness_accuracy"], "darkness alone", above=True)
    if settings.data == MNIST.name:
        plots.level(curve, BEST_OF_BOOK, "the book's best", colour=plots.BLACK, above=True)
    curve.set(
        title=f"784-{settings.hidden}-{len(names)}, epoch by epoch",
        xlabel="epochs",
        ylabel="test images answered rightly (fraction)",
        ylim=(0, 1.02),
        xlim=(-0.5, max(rows[-1]["epoch"] if rows else 0, 4) + 0.5),
    )
    plots.open_frame(bars, curve)


LESSON = Lesson.watched(Settings, reports, _plot, prepare=prepare)
