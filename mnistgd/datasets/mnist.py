"""What MNIST is, to the last pixel: the 70,000 images of OpenML's ``mnist_784`` version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnistgd.datasets.dataset import IMAGE_SHAPE, sha256

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_TRAIN = 60_000
N_TEST = 10_000
N_IMAGES = N_TRAIN + N_TEST

# Of all 70,000 images, train then test: one byte per pixel, row by row; and of their labels, one byte each.
PIXELS_SHA256 = "5b92582eb909c82a9bfefcd44acbe9233be3eb5b419a44cf211022ad2bf4bf96"
LABELS_SHA256 = "671ff9d70b4811116d55c3dd479efa7a981e2e62753ef7a6d5c15fea81e63d27"


def is_mnist(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bool:
    """Whether these are the images and labels of MNIST, in its order: train, then test.

    Parameters
    ----------
    images : uint8 ndarray of shape (70000, 28, 28)
    labels : uint8 ndarray of shape (70000,)
    """
    if images.dtype != np.uint8 or images.shape != (N_IMAGES, *IMAGE_SHAPE):
        return False
    if labels.dtype != np.uint8 or labels.shape != (N_IMAGES,):
        return False
    return sha256(images) == PIXELS_SHA256 and sha256(labels) == LABELS_SHA256
