"""How well a network answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.losses import check_labels
from mnistgd.engine.types import Array
from mnistgd.errors import ShapeError


def accuracy(outputs: Array, labels: Array) -> float:
    """The fraction of rows whose largest output is the label's, in [0, 1].

    Parameters
    ----------
    outputs : ndarray of shape (n, n_classes); logits or probabilities
    labels : integer ndarray of shape (n,)

    Raises
    ------
    ShapeError
        If there is not one label per row of `outputs`, or no row at all.
    """
    check_labels("outputs", outputs, labels)
    return float(answered_rightly(outputs, labels).mean())


def answered_rightly(outputs: Array, labels: Array) -> NDArray[np.bool_]:
    """Of which rows the largest output is the label's; of several that are as large, the first counts.

    Parameters
    ----------
    outputs : ndarray of shape (n, n_classes)
    labels : integer ndarray of shape (n,), each in [0, n_classes)

    Returns
    -------
    boolean ndarray of shape (n,): ``outputs.argmax(axis=1) == labels``
    """
    by_class = np.ascontiguousarray(outputs.T)
    largest = by_class.max(axis=0)
    rightly: NDArray[np.bool_] = by_class[labels, np.arange(len(labels))] == largest
    if np.count_nonzero(by_class == largest) != len(labels):
        # Only then is an argmax needed, which takes six times as long: at it a processor guesses wrongly.
        rightly = outputs.argmax(axis=1) == labels
    return rightly


def confusion_matrix(predicted: Array, labels: Array, n_classes: int) -> NDArray[np.int64]:
    """How often each class was taken for which.

    Parameters
    ----------
    predicted, labels : integer ndarray of shape (n,), each in [0, n_classes)

    Returns
    -------
    int64 ndarray of shape (n_classes, n_classes); row = true class, column = predicted class.

    Raises
    ------
    ShapeError
        If the two differ in shape, or one of them holds what is no class.
    """
    if predicted.ndim != 1 or predicted.shape != labels.shape:
        raise ShapeError(f"{predicted.shape} predicted classes and {labels.shape} labels do not pair")
    for classes in (predicted, labels):
        if classes.size and not 0 <= classes.min() <= classes.max() < n_classes:
            raise ShapeError(
                f"{n_classes} classes are 0 to {n_classes - 1}, not {classes.min()} to {classes.max()}"
            )
    pairs = labels.astype(np.int64) * n_classes + predicted
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
