"""Images set aside to test, where a data set has none that are meant for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import DataError

TEST_SHARE = 1 / 7
"""As of MNIST: 10,000 of 70,000."""


def set_aside(count: int, share: float, source: str) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Which of `count` images train and which test: a random share, the same every time.

    Returns
    -------
    train, test : ascending; at least one each

    Raises
    ------
    DataError
        If there is only one image.
    """
    if count < 2:
        raise DataError(f"{source} has a single image, and none to test", "name others with --test-data PATH")
    tests = min(count - 1, max(1, round(count * share)))
    # Of four bytes each, for there may be millions; the order is the same as of longer ones.
    order = np.random.default_rng(0).permutation(np.arange(count, dtype=np.uint32))
    return np.sort(order[tests:]), np.sort(order[:tests])
