"""What is done to an image before the network sees it, in training and wherever a model is used later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import ShapeError

DESKEW_VERSION = 1
"""Counts up with every change of `deskew` that changes a pixel, so that no older result is taken for it."""

_SIZE = 28
CENTRE = (_SIZE - 1) / 2
# So few images at a time stay in the processor's cache, and their floats take no memory to speak of.
_CHUNK = 256

_Y, _X = (axis.ravel() for axis in np.mgrid[:_SIZE, :_SIZE].astype(np.float64))
MOMENTS = np.stack([np.ones_like(_X), _Y, _X, _X * _Y, _Y * _Y], axis=1)
"""(784, 5): times the pixels of an image, its mass and its first and second moments about the corner."""


def deskew(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Straighten each image by its second moments, and centre it by its first.

    With pixel intensities as mass, (cx, cy) the centre of mass and mu the central second moments,

        slope        = mu_xy / mu_yy                        (0 where all ink lies in one row)
        output(x, y) = input(x - c + cx + slope * (y - c),  y - c + cy),    c = 13.5

    between pixels by bilinear interpolation, and 0 outside the image. The result has its centre of mass in
    the middle of the image and mu_xy = 0: an upright principal axis. Ink that leaves the image is lost.

    Parameters
    ----------
    images : uint8 ndarray of shape (n, 28, 28), 0 is background and 255 is ink

    Returns
    -------
    uint8 ndarray of shape (n, 28, 28)
        A blank image stays blank. The same images give the same bytes on every machine: the moments are
        sums of whole numbers below 2**53, exact in whatever order they are added.

    Raises
    ------
    ShapeError
        If `images` is not a uint8 array of that shape.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-Based Learning Applied to Document Recognition,
    section III.A; it counts each foreground pixel as 1, where this weighs it by its intensity.
    """
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (_SIZE, _SIZE):
        raise ShapeError(f"deskew takes uint8 images of shape (n, 28, 28), not {images.dtype} {images.shape}")
    straight = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK]
        dy, dx, slope = _offsets(chunk)
        # The row that is read depends on the row that is written alone, so sliding every column by the same
        # dy, and then each row by its own amount, is bilinear interpolation.
        moved = _slide(chunk.transpose(0, 2, 1), dy[:, None]).transpose(0, 2, 1)
        sideways = dx[:, None] + slope[:, None] * (np.arange(_SIZE) - CENTRE)
        straight[start : start + _CHUNK] = np.rint(_slide(moved, sideways))
    return straight


def _offsets(images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
    """How far the centre of mass of each image lies below and right of the middle, and its slope."""
    mass, sum_y, sum_x, sum_xy, sum_yy = (images.reshape(len(images), -1).astype(np.float64) @ MOMENTS).T
    blank = mass == 0
    mass = np.where(blank, 1, mass)
    # mass² times mu_yy and mu_xy: whole numbers still, so that 0 is exactly 0.
    spread = mass * sum_yy - sum_y**2
    slope = np.divide(mass * sum_xy - sum_x * sum_y, spread, out=np.zeros_like(mass), where=spread > 0)
    dy, dx = (np.where(blank, 0, total / mass - CENTRE) for total in (sum_y, sum_x))
    return dy, dx, slope


def _slide(lines: NDArray[np.generic], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Slide each line: output[..., x] = lines[..., x + shift], linear in between and 0 beyond the ends.

    Parameters
    ----------
    lines : ndarray of shape (n, 28, 28); a line is what the last axis runs along
    shift : ndarray of shape (n, 28) or (n, 1), in pixels
    """
    margin = _SIZE + 1
    padded = np.zeros((*lines.shape[:2], _SIZE + 2 * margin), np.float32)
    padded[..., margin:-margin] = lines
    whole = np.floor(shift)
    fraction = (shift - whole).astype(np.float32)[..., None]
    first = np.clip(whole, -margin, _SIZE).astype(np.intp) + margin
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SIZE + 1, axis=-1)
    count, rows = lines.shape[:2]
    window = windows[np.arange(count)[:, None], np.arange(rows), first]
    left, right = window[..., :-1], window[..., 1:]
    moved: NDArray[np.float32] = left + fraction * (right - left)
    return moved
