"""How a trained network does on images it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.metrics import confusion_matrix
from mnistgd.models import Model


@dataclass(frozen=True)
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
