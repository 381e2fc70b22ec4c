"""How a trained network does on images it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.metrics import confusion_matrix
from mnistgd.model.model import Model


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
    confusion = confusion_matrix(predicted, labels, len(model.class_names))
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
