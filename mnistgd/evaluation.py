"""How a trained network does on images it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistgd import datasets
from mnistgd.datasets.dataset import Dataset, Listener
from mnistgd.engine.metrics import confusion_matrix
from mnistgd.errors import DataError
from mnistgd.models import Model


def images_for(model: Model, data: str | None, *, offline: bool, listener: Listener) -> Dataset:
    """The images that `model` is asked about, prepared as those it was trained on.

    Parameters
    ----------
    model : Model
    data : str or None
        The data set, as `datasets.load` takes it; None for the one that the network's file records.
    offline : bool
        Whether OpenML is left out.
    listener : Listener
        Hears, among other things, if these are not the images of the record.

    Raises
    ------
    DataError
        If they cannot be read, or have more classes than the network.
    """
    dataset = datasets.load(
        data or model.data_spec, offline=offline, deskew=model.settings.deskew, listener=listener
    )
    if len(dataset.names) > len(model.names):
        raise other_classes(dataset, model)
    if dataset.sha256 != model.data_sha256:
        listener.notice(
            f"these images ({dataset.source}) are not those that the network was trained and tested on"
        )
    return dataset


def other_classes(dataset: Dataset, model: Model) -> DataError:
    """What to raise if `dataset` has more classes, or fewer, than can be shown to `model`."""
    return DataError(
        f"{dataset.source} has {len(dataset.names)} classes, and this network knows {len(model.names)}",
        "choose other images with --data",
    )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came of it.

    Attributes
    ----------
    accuracy : float, fraction in [0, 1]
    loss : float; the network's own: mean cross-entropy in nats, or half the squared error
    confusion : int64 ndarray of shape (n_classes, n_classes); row = true class, column = predicted
    predicted : integer ndarray of shape (n,)
    """

    accuracy: float
    loss: float
    confusion: NDArray[np.int64]
    predicted: NDArray[np.intp]

    @property
    def recall(self) -> NDArray[np.float64]:
        """Of the images of each class, the fraction that was found; NaN for a class without images."""
        return _shares(self.confusion.diagonal(), self.confusion.sum(axis=1))

    @property
    def precision(self) -> NDArray[np.float64]:
        """Of the answers that named each class, the fraction that was right; NaN where it was never named."""
        return _shares(self.confusion.diagonal(), self.confusion.sum(axis=0))


def evaluate(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Evaluation:
    """Show `images`, prepared as the training images were, to the network and compare with `labels`.

    Parameters
    ----------
    images : uint8 ndarray of shape (n, 28, 28)
    labels : uint8 ndarray of shape (n,)
    """
    outputs = model.outputs(images)
    loss, _ = model.settings.loss_function()(outputs, labels)
    predicted = outputs.argmax(axis=1)
    confusion = confusion_matrix(predicted, labels, len(model.names))
    return Evaluation(float(np.trace(confusion)) / len(labels), loss, confusion, predicted)


def confident_mistakes(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8], count: int
) -> NDArray[np.intp]:
    """Which images are wrong and most sure of it, the surest first; at most `count`.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
    labels : uint8 ndarray of shape (n,)
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    surest_first = np.argsort(-probabilities[wrong].max(axis=1), kind="stable")
    return np.take(wrong, surest_first[:count])


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.divide(parts, wholes, out=np.full(len(parts), np.nan), where=wholes > 0)
    return shares
