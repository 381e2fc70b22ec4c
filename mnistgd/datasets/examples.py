"""Choose the images that show what a data set looks like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import DataError


def of_class(labels: NDArray[np.uint8], digit: int, count: int) -> NDArray[np.intp]:
    """Where the first `count` images of class `digit` are; fewer if there are fewer.

    Raises
    ------
    DataError
        If there is none.
    """
    found = np.flatnonzero(labels == digit)[:count]
    if not len(found):
        raise DataError(f"no image here shows class {digit}", "choose another one with --digit")
    return found


def of_each_class(labels: NDArray[np.uint8], count: int) -> NDArray[np.intp]:
    """Where the first images of each class that has any are, equally many of each, about `count` in all.

    Returns
    -------
    ndarray of shape (classes, images of each)
    """
    present = np.unique(labels)
    each = max(1, min(count // len(present), int(np.bincount(labels)[present].min())))
    return np.stack([of_class(labels, int(digit), each) for digit in present])
