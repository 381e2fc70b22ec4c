"""How alike a digit's weights and the mean images of all digits are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnistgd.datasets.dataset import SILENT, Dataset, Listener
from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.types import Array
from mnistgd.figures import plots
from mnistgd.lessons.images import offline_setting
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.model.fields import setting
from mnistgd.model.settings import WEIGHTS_FILE
from mnistgd.system.files import is_stream

if TYPE_CHECKING:
    from mnistgd.model.model import Model


@dataclass(frozen=True)
class Settings:
    """Which network, and which images."""

    weights: Path | None = setting(  # noqa: RUF009
        None,
        "The weights file to read.",
        envvar="MNISTGD_WEIGHTS",
        default=f"{WEIGHTS_FILE}; where there is none, a network is trained with the defaults",
    )
    data: str | None = setting(
        None,
        "The images.",
        envvar="MNISTGD_DATA",
        metavar="NAME|PATH",
        default="those that the network was trained on",
    )
    offline: bool = offline_setting()


class Likeness(NamedTuple):
    """Weights and mean images, compared; a row for each class's weights, a column for each mean image.

    Attributes
    ----------
    dots : float64 ndarray of shape (n_classes, n_classes); the sum of weight · pixel, pixels in [0, 1]
    cosines : the same, divided by the lengths of the two; in [-1, 1], and 0 where a length is 0
    """

    dots: Array
    cosines: Array


def compare(weights: Array, images: Array, labels: Array) -> Likeness:
    """Compare each class's weights with the mean image of every class.

    Parameters
    ----------
    weights : ndarray of shape (784, n_classes)
    images : uint8 ndarray of shape (n, 28, 28)
    labels : integer ndarray of shape (n,); a class without images has a blank mean
    """
    columns = weights.astype(np.float64)
    means = np.stack([_mean_image(images[labels == label]) for label in range(columns.shape[1])])
    dots = columns.T @ means.T
    lengths = np.outer(np.linalg.norm(columns, axis=0), np.linalg.norm(means, axis=1))
    return Likeness(dots, np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0))


def _mean_image(images: Array) -> Array:
    # A sum of whole numbers is exact, in whatever order it is made.
    total: Array = images.reshape(-1, PIXELS).sum(axis=0, dtype=np.int64)
    return total / (255 * max(len(images), 1))


def run(settings: Settings) -> Outcome:
    """Compare the weights of a network with the mean images of what it was trained on."""
    found, dataset = _bring(settings, SILENT)
    model = found or _trained(dataset)
    likeness = compare(model.weights, dataset.train_images, dataset.train_labels)
    rows = [
        {"digit": digit, "label": name, "dot": dot, "cosine": cosine}
        for digit, (name, dot, cosine) in enumerate(
            zip(model.class_names, likeness.dots.tolist(), likeness.cosines.tolist(), strict=True)
        )
    ]
    result = {
        "matrix": likeness.dots.tolist(),
        "cosine": likeness.cosines.tolist(),
        "own_highest": _own_highest(likeness.dots),
        "own_highest_cosine": _own_highest(likeness.cosines),
        "weights": str(settings.weights or WEIGHTS_FILE) if found else None,
    }
    return Outcome(rows, result, _tables(model.class_names, likeness), _notice(result))


def _own_highest(matrix: Array) -> int:
    return int((matrix.argmax(axis=1) == np.arange(len(matrix))).sum())


def _bring(settings: Settings, listener: Listener) -> tuple[Model | None, Dataset]:
    """The network of the weights file, and its images, prepared as it is used to.

    Where none is named, and there is none, the network is None.

    Raises
    ------
    WeightsError
        If the file that is named is missing, or one cannot be used.
    """
    from mnistgd.datasets.load import load_dataset
    from mnistgd.model import weights_file
    from mnistgd.model.data import images_for, other_classes

    if settings.weights is None and not WEIGHTS_FILE.exists():
        return None, load_dataset(settings.data or "mnist", offline=settings.offline, listener=listener)
    model = weights_file.load(settings.weights or WEIGHTS_FILE)
    _ = model.weights  # a network without them is refused before its images are brought
    dataset = images_for(model, settings.data, offline=settings.offline, listener=listener)
    if len(dataset.class_names) < len(model.class_names):
        raise other_classes(dataset, model)
    return model, dataset


def _prepare(settings: Settings, listener: Listener) -> None:
    if settings.weights is None or not is_stream(settings.weights):  # which can be read only once
        _bring(settings, listener)


def _trained(dataset: Dataset) -> Model:
    from mnistgd.model import settings
    from mnistgd.training.result import finished_model
    from mnistgd.training.run import Run

    return finished_model(Run(dataset, settings.Settings()).finish())


def _tables(names: tuple[str, ...], likeness: Likeness) -> list[Table]:
    def table(title: str, matrix: Array, decimals: int) -> Table:
        rows = [
            [name, *(_fixed(value, decimals) for value in row), names[row.argmax()]]
            for name, row in zip(names, matrix, strict=True)
        ]
        return Table(["row", *names, "best"], rows, title)

    return [
        table(
            "dot products: a row for each class's weights, a column for each mean image",
            likeness.dots,
            _decimals(likeness.dots),
        ),
        table("cosines of the same", likeness.cosines, 2),
    ]


def _decimals(matrix: Array) -> int:
    """How many decimals tell these numbers apart and leave room for ten of them in a line."""
    return 1 if np.abs(matrix).max() > 5 else 2


def _fixed(value: float, decimals: int) -> str:
    """The number with that many decimals; what rounds to zero has no sign.

    >>> _fixed(-0.001, 2), _fixed(-0.126, 2)
    ('0.00', '-0.13')
    """
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}"


def _notice(result: dict[str, Any]) -> str:
    about = "" if result["weights"] else f"There is no {WEIGHTS_FILE}, so a network was trained for this. "
    own, classes = result["own_highest"], len(result["matrix"])
    largest = max(max(row) for row in result["cosine"])
    return (
        f"{about}In {own} of {classes} rows the class's own mean image scores highest. Yet a dot product is "
        "a loose measure of similarity: it grows with ink and with weights, however they lie. The weights do "
        "not look like the digit but like the digit minus the digits it is confused with, so that even the "
        f"largest cosine is {largest:.2f}."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:  # noqa: ARG001
    """Both matrices, in colours and in numbers."""
    names = [row["label"] for row in outcome.rows]
    plots.size(figure, 13, 6)
    network = outcome.result["weights"] or "a network trained for this"
    figure.suptitle(f"the weights of {network}, and the mean training images", parse_math=False)
    left, right = figure.subplots(1, 2)
    _draw(left, np.array(outcome.result["matrix"]), names, "dot product", "sum of weight · ink (1 is full)")
    _draw(right, np.array(outcome.result["cosine"]), names, "cosine", "cosine (1 is the same direction)")


def _draw(axes: plots.Axes, matrix: Array, names: list[str], title: str, unit: str) -> None:
    limit = float(np.abs(matrix).max()) or 1.0
    shown = axes.imshow(matrix, cmap=plots.SIGNED, vmin=-limit, vmax=limit)
    decimals = _decimals(matrix)
    places = range(len(names))
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if abs(value) > 0.6 * limit else "black"
        axes.text(column, row, _fixed(value, decimals), ha="center", va="center", color=colour, fontsize=9)
    axes.set(title=title, xlabel="mean image of", ylabel="weights of")
    axes.set_xticks(places, names, parse_math=False, rotation=90 if max(map(len, names)) > 3 else 0)
    axes.set_yticks(places, names, parse_math=False)
    axes.figure.colorbar(shown, ax=axes, label=unit, shrink=0.8)


LESSON = Lesson(Settings, run, _plot, prepare=_prepare)
