"""Connected pieces of ink, and which of them are the digit."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]

# At most so many pieces are looked at, the heaviest first: noise has thousands.
_MOST = 24


class Box(NamedTuple):
    """Rows top to bottom, columns left to right; the ends are one past the last."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def size(self) -> int:
        """The longer side, in pixels."""
        return max(self.bottom - self.top, self.right - self.left)


def bounds(mask: Mask) -> Box:
    """The box around all that is set; something must be."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def outline(mask: Mask) -> int:
    """How many sides of pixels part what is set from what is not."""
    padded = np.pad(mask, 1)
    level, upright = padded[1:] ^ padded[:-1], padded[:, 1:] ^ padded[:, :-1]
    return int(np.count_nonzero(level)) + int(np.count_nonzero(upright))


def label(mask: Mask) -> NDArray[np.int32]:
    """Number the pieces that hang together by sides or corners.

    Each pixel takes the lowest number around it, and then the number of the pixel that this one names,
    which carries it across a piece in leaps.

    Parameters
    ----------
    mask : bool ndarray of shape (h, w)

    Returns
    -------
    int32 ndarray of shape (h, w)
        The same number for every pixel of a piece, another for every piece; -1 where nothing is set.
    """
    height, width = mask.shape
    none = (height + 2) * (width + 2)
    numbers = np.full((height + 2, width + 2), none, np.int32)
    inside = numbers[1:-1, 1:-1]
    inside[mask] = np.arange(none, dtype=np.int32).reshape(numbers.shape)[1:-1, 1:-1][mask]
    named = np.empty(none + 1, np.int32)
    named[none] = none
    while True:
        rows = np.minimum(np.minimum(numbers[:-2], numbers[1:-1]), numbers[2:])
        lowest = np.minimum(np.minimum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
        lowest[~mask] = none
        if np.array_equal(lowest, inside):
            return np.where(mask, inside, np.int32(-1))
        inside[...] = lowest
        for _ in range(2):
            named[:-1] = numbers.ravel()
            inside[...] = named[inside]


def digit_pieces(ink: Mask, contrast: NDArray[np.float32]) -> Mask:
    """The piece that weighs most, and those so near and large that they belong to it.

    A piece that runs along the border of the picture is more likely the edge of the paper.

    Parameters
    ----------
    ink : bool ndarray of shape (h, w), something is set
    contrast : float32 ndarray of shape (h, w); the weight of each pixel
    """
    numbers = _label_loosely(ink)
    rows, columns = np.nonzero(ink)
    names, piece = np.unique(numbers[ink], return_inverse=True)
    area, weight = np.bincount(piece), np.bincount(piece, weights=contrast[ink])
    on_border = (rows == 0) | (columns == 0) | (rows == ink.shape[0] - 1) | (columns == ink.shape[1] - 1)
    contact = np.bincount(piece, weights=on_border)
    heaviest = [int(k) for k in np.argsort(-weight, kind="stable")[:_MOST] if area[k] >= 0.02 * area.max()]
    points = {k: np.stack([rows[piece == k], columns[piece == k]], axis=1) for k in heaviest}
    size = {k: int(np.ptp(points[k], axis=0).max()) + 1 for k in heaviest}
    main = max(heaviest, key=lambda k: float(weight[k]) * max(0.05, 1 - float(contact[k]) / size[k]))
    kept = [main]
    for _ in range(2):
        for k in heaviest:
            if k in kept:
                continue
            reach = 0.05 if contact[k] > 0.5 * size[k] else 0.12 if area[k] < 0.1 * area[main] else 0.3
            if min(_distance(points[k], points[other]) for other in kept) <= reach * size[main]:
                kept.append(k)
    return np.isin(numbers, names[kept]) & ink


def _label_loosely(ink: Mask) -> NDArray[np.int32]:
    """Number the pieces; a gap of one pixel, or two, does not part them."""
    height, width = ink.shape
    padded = np.zeros((height + height % 2, width + width % 2), bool)
    padded[:height, :width] = ink
    half = label(padded[::2, ::2] | padded[1::2, ::2] | padded[::2, 1::2] | padded[1::2, 1::2])
    return half.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]


def _distance(some: NDArray[np.intp], others: NDArray[np.intp]) -> float:
    """About the smallest distance between two sets of points, of which at most 128 each are looked at."""
    some, others = some[:: len(some) // 128 + 1], others[:: len(others) // 128 + 1]
    return float(np.hypot(*(some[:, None] - others).T).min())
