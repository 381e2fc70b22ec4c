"""What MNIST is, to the last pixel: the 70,000 images of OpenML's ``mnist_784`` version 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import sha256
from mnistgd.datasets.shape import IMAGE_SHAPE

N_TRAIN = 60_000
N_TEST = 10_000
N_IMAGES = N_TRAIN + N_TEST

# Of each digit; known before any image is read.
TRAIN_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)

# Of all 70,000 images, train then test: one byte per pixel, row by row; and of their labels, one byte each.
PIXELS_SHA256 = "5b92582eb909c82a9bfefcd44acbe9233be3eb5b419a44cf211022ad2bf4bf96"
LABELS_SHA256 = "671ff9d70b4811116d55c3dd479efa7a981e2e62753ef7a6d5c15fea81e63d27"


def is_mnist(images: Sequence[NDArray[np.uint8]], labels: Sequence[NDArray[np.uint8]]) -> bool:
    """Whether these are the images and labels of MNIST, in its order: train, then test.

    Every byte is looked at.

    Parameters
    ----------
    images : uint8 ndarrays of shape (n, 28, 28), together 70000
    labels : uint8 ndarrays of shape (n,), together 70000
    """
    for parts, shape, wanted in ((images, IMAGE_SHAPE, PIXELS_SHA256), (labels, (), LABELS_SHA256)):
        if any(part.dtype != np.uint8 or part.shape[1:] != shape for part in parts):
            return False
        if sum(map(len, parts)) != N_IMAGES or sha256(*parts) != wanted:
            return False
    return True
