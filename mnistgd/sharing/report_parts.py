"""The parts of a report that are about a network as a whole: its curves, its weights, its confusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from mnistgd.figures.captions import titled
from mnistgd.figures.comparison import DIFFERS
from mnistgd.figures.confusion import FEW, confusion_figure
from mnistgd.figures.curves import Epoch as Drawn
from mnistgd.figures.curves import accuracy_figure, loss_figure
from mnistgd.figures.heatmap import MANY
from mnistgd.figures.legend import MEANING
from mnistgd.figures.palettes import Palette, limit_of
from mnistgd.figures.plots import file_of
from mnistgd.figures.png import png_bytes
from mnistgd.model.comparison import compare
from mnistgd.model.evaluation import Evaluation
from mnistgd.model.model import Model
from mnistgd.sharing.report_pictures import Legend, Picture, heatmap_of, legend_of

UNITS = 40
"""Of a hidden layer that are shown, at most."""

PAIRS = 10
"""Of classes that are told, at most: those that were most often taken for each other."""

LEAST_ALIKE = 10
"""Classes that are compared, at most."""


class Epoch(Drawn, Protocol):
    """What is read of a line of a history."""

    @property
    def step(self) -> int: ...


class Curves(NamedTuple):
    """How training went.

    Attributes
    ----------
    pictures : list of Picture, two
    log : str, the file
    first, last : Epoch
    half : int, the first epoch by whose end half of the fall of the loss was done
    validated : bool, whether images were set aside
    of_this_run : bool, whether it ends where the record of the weights does
    """

    pictures: list[Picture]
    log: str
    first: Epoch
    last: Epoch
    half: int
    validated: bool
    of_this_run: bool


@dataclass(frozen=True)
class Sheet:
    """What the network learned, as pictures of weights.

    Attributes
    ----------
    pictures : list of Picture, one for each class or hidden unit
    legend : Legend
    count : int, how many there are; not all have a picture
    blank : int, pixels whose weights are all 0
    """

    pictures: list[Picture]
    legend: Legend
    count: int
    blank: int


@dataclass(frozen=True)
class Cell:
    """Of a confusion matrix: the count, and its share of its row in tenths of the darkest colour."""

    count: int
    shade: int


@dataclass(frozen=True)
class Pair:
    """How often one class was taken for another, as a share of its images, and the other for it."""

    true: str
    answer: str
    count: int
    share: float
    back: int


class Confusion(NamedTuple):
    """Which classes were taken for which.

    Attributes
    ----------
    rows : list of lists of Cell; none where there are too many classes for a table
    picture : Picture or None, in its place
    pairs : list of Pair, those that are not right, the most frequent first
    """

    rows: list[list[Cell]]
    picture: Picture | None
    pairs: list[Pair]


class Compared(NamedTuple):
    """Another network beside this one.

    Attributes
    ----------
    weights : str, its file
    accuracies : two float or None, as recorded
    same_data : bool
    settings : list of (name, value here, value there), those that differ
    pictures : list of Picture, the difference for each class, or for those that are least alike
    legend : Legend
    all_classes : bool, whether it is for each
    """

    weights: str
    accuracies: tuple[float | None, float | None]
    same_data: bool
    settings: list[tuple[str, str, str]]
    pictures: list[Picture]
    legend: Legend
    all_classes: bool


def curves_of(log: str, epochs: Sequence[Epoch], model: Model) -> Curves:
    """How a run went, and whether it is the one that made `model`.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    first, last = epochs[0], epochs[-1]
    half = next(each.epoch for each in epochs if each.loss <= max(last.loss, (first.loss + last.loss) / 2))
    pictures = [
        Picture(file_of(loss_figure(epochs), "svg"), "the loss, epoch by epoch"),
        Picture(file_of(accuracy_figure(epochs), "svg"), "the accuracy, epoch by epoch"),
    ]
    recorded = [model.results.get(name) for name in ("epochs", "steps", "train_loss")]
    of_this_run = recorded == [last.epoch, last.step, last.loss]
    validated = any(each.validation_loss is not None for each in epochs)
    return Curves(pictures, log, first, last, half, validated, of_this_run)


def sheet_of(model: Model, palette: Palette) -> Sheet:
    """The weights of the first layer: of each class, or of the first hidden units."""
    weights = model.layer_weights(1)
    count = weights.shape[1]
    if model.settings.hidden:
        titles = [f"unit {unit}" for unit in range(min(UNITS, count))]
    else:
        titles = list(map(titled, model.class_names))
    limit = limit_of(weights)
    size = 140 if len(titles) <= MANY else 84
    pictures = [
        heatmap_of(column, limit, palette, size, f"the weights of {title}", title)
        for column, title in zip(weights.T, titles, strict=False)
    ]
    return Sheet(pictures, legend_of(limit, palette, MEANING), count, int((weights == 0).all(axis=1).sum()))


def confusion_of(found: Evaluation, names: tuple[str, ...]) -> Confusion:
    """The confusion matrix: a table, or of many classes a picture."""
    counts = found.confusion
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wrong = np.where(np.eye(len(names), dtype=bool), 0, counts)
    places = [divmod(int(k), len(names)) for k in np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]]
    pairs = [
        Pair(names[i], names[j], int(counts[i, j]), float(shares[i, j]), int(counts[j, i]))
        for i, j in places
        if wrong[i, j]
    ]
    if len(names) > FEW:
        content = png_bytes(confusion_figure(counts, names, "which class was taken for which"))
        return Confusion([], Picture(content, "the counts, a row for each class"), pairs)
    shades = np.rint(10 * np.sqrt(shares)).astype(int)
    rows = [list(map(Cell, *pair)) for pair in zip(counts.tolist(), shades.tolist(), strict=True)]
    return Confusion(rows, None, pairs)


def compared_of(model: Model, name: str, other: Model, palette: Palette) -> Compared:
    """What is to be said of another network, which the file `name` holds.

    Raises
    ------
    WeightsError
        If the two cannot be compared.
    """
    found = compare(model, other)
    limit = limit_of(found.difference)
    # What is constant has no correlation, and is shown last.
    order = np.argsort(found.correlations, kind="stable")[:LEAST_ALIKE]
    titles = list(map(titled, model.class_names))
    pictures = [
        heatmap_of(
            found.difference[:, k],
            limit,
            palette,
            140,
            f"A − B for {titles[k]}",
            titles[k],
            "r = –" if np.isnan(found.correlations[k]) else f"r = {found.correlations[k]:.3f}",
        )
        for k in sorted(map(int, order))
    ]
    settings = [
        (each.replace("_", " "), model.setting_in_words(each), other.setting_in_words(each))
        for each in found.settings
    ]
    legend = legend_of(limit, palette, DIFFERS)
    every = len(pictures) == len(titles)
    return Compared(name, found.accuracies, found.same_data, settings, pictures, legend, every)
