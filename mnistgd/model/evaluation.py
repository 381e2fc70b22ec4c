"""How a trained network does on images it is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.metrics import confusion_matrix
from mnistgd.errors import WeightsError
from mnistgd.model.model import TOO_LARGE, Model
from mnistgd.model.network import loss_of

_ROWS = 1 << 16


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came of it.

    Attributes
    ----------
    accuracy : float, fraction in [0, 1]
    loss : float; the network's own: mean cross-entropy in nats, or half the squared error
    confusion : int64 ndarray of shape (n_classes, n_classes); row = true class, column = predicted
    wrong : uint32 ndarray of shape (k,): which images are answered wrongly
    answers : uint8 ndarray of shape (k,): the answer to each of these, the class of the largest output
    sure : float64 ndarray of shape (k,): how probable the network takes it to be
    """

    accuracy: float
    loss: float
    confusion: NDArray[np.int64]
    wrong: NDArray[np.uint32]
    answers: NDArray[np.uint8]
    sure: NDArray[np.float64]

    def __repr__(self) -> str:
        images = f"{self.accuracy:.2%} of {self.confusion.sum():,} images right"
        return f"<Evaluation: {images}, loss {self.loss:.4f}>"

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
    loss_function, n_classes = loss_of(model.settings), len(model.class_names)
    loss, confusion, wrong, answers, sure = 0.0, np.zeros((n_classes, n_classes), np.int64), [], [], []
    # Of ten million images the outputs alone would take more memory than training does.
    for start in range(0, len(images), _ROWS):
        own = labels[start : start + _ROWS]
        outputs = model.outputs(images[start : start + _ROWS])
        with np.errstate(over="ignore", invalid="ignore"):
            loss += loss_function(outputs, own)[0] * (len(own) / len(labels))
        if not math.isfinite(loss):
            raise WeightsError(*TOO_LARGE)
        predicted = outputs.argmax(axis=1)
        confusion += confusion_matrix(predicted, own, n_classes)
        missed = np.flatnonzero(predicted != own)
        wrong.append((start + missed).astype(np.uint32))
        answers.append(predicted[missed].astype(np.uint8))
        sure.append(model.probabilities_of(outputs[missed]).max(axis=1))
    accuracy = float(np.trace(confusion)) / len(labels)
    return Evaluation(accuracy, loss, confusion, *map(np.concatenate, (wrong, answers, sure)))


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
    found: Evaluation, images: NDArray[np.uint8], labels: NDArray[np.uint8], count: int
) -> list[Mistake]:
    """The wrong answers that the network is most sure of, the surest first; at most `count`.

    Parameters
    ----------
    found : Evaluation, on these images
    images : uint8 ndarray of shape (n, 28, 28), prepared as the training images were
    labels : uint8 ndarray of shape (n,)
    """
    surest = np.argsort(-found.sure, kind="stable")[:count]
    rows = zip(found.wrong[surest].tolist(), found.answers[surest], found.sure[surest], strict=True)
    return [Mistake(k, images[k], int(labels[k]), int(answer), float(sure)) for k, answer, sure in rows]


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.divide(parts, wholes, out=np.full(len(parts), np.nan), where=wholes > 0)
    return shares
