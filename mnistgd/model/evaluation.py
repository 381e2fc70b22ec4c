"""How a trained network does on images it is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.metrics import confusion_matrix
from mnistgd.engine.types import Array
from mnistgd.errors import WeightsError
from mnistgd.model.model import TOO_LARGE, Model


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came of it.

    Attributes
    ----------
    accuracy : float, fraction in [0, 1]
    loss : float; the network's own: mean cross-entropy in nats, or half the squared error
    confusion : int64 ndarray of shape (n_classes, n_classes); row = true class, column = predicted
    outputs : ndarray of shape (n, n_classes)
    """

    accuracy: float
    loss: float
    confusion: NDArray[np.int64]
    outputs: Array

    def __repr__(self) -> str:
        images = f"{self.accuracy:.2%} of {self.confusion.sum():,} images right"
        return f"<Evaluation: {images}, loss {self.loss:.4f}>"

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The answer to each image, of shape (n,): the class of the largest output."""
        answers: NDArray[np.intp] = self.outputs.argmax(axis=1)
        return answers

    @property
    def right(self) -> int:
        """How many of the images are answered rightly."""
        return int(self.confusion.trace())

    @property
    def images(self) -> NDArray[np.int64]:
        """How many images of each class there are."""
        counts: NDArray[np.int64] = self.confusion.sum(axis=1)
        return counts

    @property
    def recall(self) -> NDArray[np.float64]:
        """Of the images of each class, the fraction that was found; NaN for a class without images."""
        return _shares(self.confusion.diagonal(), self.images)

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

    Raises
    ------
    WeightsError
        If the weights are so large that an answer, or the loss, is no number.
    """
    outputs = model.outputs(images)
    with np.errstate(over="ignore", invalid="ignore"):
        loss, _ = model.settings.loss_function()(outputs, labels)
    if not math.isfinite(loss):
        raise WeightsError(*TOO_LARGE)
    confusion = confusion_matrix(outputs.argmax(axis=1), labels, len(model.class_names))
    return Evaluation(float(np.trace(confusion)) / len(labels), loss, confusion, outputs)


@dataclass(frozen=True, eq=False)
class Mistake:
    """One wrong answer.

    Attributes
    ----------
    index : int, which of the images it is
    image : uint8 ndarray of shape (28, 28)
    label, answer : int, the class that it is of, and the one that was named
    probability : float, how sure the network is of its answer
    """

    index: int
    image: NDArray[np.uint8]
    label: int
    answer: int
    probability: float


def confident_mistakes(
    model: Model, found: Evaluation, images: NDArray[np.uint8], labels: NDArray[np.uint8], count: int
) -> list[Mistake]:
    """The wrong answers that the network is most sure of, the surest first; at most `count`.

    Parameters
    ----------
    model : Model
    found : Evaluation, of the model on these images
    images : uint8 ndarray of shape (n, 28, 28), prepared as the training images were
    labels : uint8 ndarray of shape (n,)
    """
    answers, sure = found.predicted, model.probabilities_of(found.outputs).max(axis=1)
    wrong = np.flatnonzero(answers != labels)
    surest = np.take(wrong, np.argsort(-sure[wrong], kind="stable")[:count])
    return [Mistake(int(k), images[k], int(labels[k]), int(answers[k]), float(sure[k])) for k in surest]


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.divide(parts, wholes, out=np.full(len(parts), np.nan), where=wholes > 0)
    return shares
