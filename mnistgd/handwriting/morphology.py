"""Running extremes: what the largest or smallest value in the neighbourhood of each pixel is."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", np.float32, np.bool_, np.uint8)


def extreme(values: NDArray[T], window: int, pick: np.ufunc) -> NDArray[T]:
    """Largest (`pick` is np.maximum) or smallest (np.minimum) value of `window` rows around each row.

    Parameters
    ----------
    values : ndarray of shape (..., h, w); one picture, or several of one size
    window : int, odd; it is cut off at the border

    Returns
    -------
    ndarray of the same shape

    Notes
    -----
    The extreme of 2n rows is that of two runs of n, so log2(window) passes are enough.
    """
    reach = window // 2
    *several, height, width = values.shape
    padded = np.empty((*several, height + 2 * reach, width), values.dtype)
    padded[..., reach : reach + height, :] = values
    # The border row lies in every window that reaches beyond it: repeating it changes no extreme.
    padded[..., :reach, :], padded[..., reach + height :, :] = values[..., :1, :], values[..., -1:, :]
    done = 1
    while 2 * done <= window:
        padded = pick(padded[..., :-done, :], padded[..., done:, :])
        done *= 2
    if done < window:
        padded = pick(padded[..., : done - window, :], padded[..., window - done :, :])
    return padded


def spread(values: NDArray[T], window: int, pick: np.ufunc) -> NDArray[T]:
    """The same over a square of `window` (odd) pixels."""
    return extreme(extreme(values, window, pick).swapaxes(-1, -2), window, pick).swapaxes(-1, -2)


def closed(values: NDArray[T], window: int) -> NDArray[T]:
    """Closing: dark details narrower than the square disappear, larger ones stay as they are.

    closed = minimum over the square of (maximum over the square of values)

    References
    ----------
    Serra (1982), Image Analysis and Mathematical Morphology, chapter II.
    """
    return spread(spread(values, window, np.maximum), window, np.minimum)
