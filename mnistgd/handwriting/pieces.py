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


def label(mask: Mask) -> NDArray[np.intp]:
    """Number the pieces that hang together by sides or corners.

    Each pixel takes the lowest number among itself and its neighbours, and then the number of the pixel that
    this one names, which carries it across a piece in leaps.

    Parameters
    ----------
    mask : bool ndarray of shape (h, w)

    Returns
    -------
    intp ndarray of shape (h, w)
        The same number for every pixel of a piece, another for every piece; -1 where nothing is set.
    """
    padded = np.pad(mask, 1)
    pixels = np.flatnonzero(padded)
    none = len(pixels)
    number = np.full(padded.size, none)
    number[pixels] = np.arange(none)
    width = padded.shape[1]
    steps = np.array([down * width + right for down in (-1, 0, 1) for right in (-1, 0, 1)])
    around = number[pixels + steps[:, None]]
    names = np.arange(none + 1)
    while True:
        lowest = np.append(names[around].min(axis=0), none)
        lowest = lowest[lowest]
        lowest = lowest[lowest]
        if np.array_equal(lowest, names):
            break
        names = lowest
    numbers = np.full(mask.shape, -1)
    numbers[mask] = names[:-1]
    return numbers


def digit_pieces(ink: Mask, contrast: NDArray[np.float32]) -> Mask:
    """The piece that weighs most, and those so near and large that they belong to it.

    A piece that runs along the border of the picture is more likely the edge of the paper.

    Parameters
    ----------
    ink : bool ndarray of shape (h, w), something is set
    contrast : float32 ndarray of shape (h, w); the weight of each pixel
    """
    numbers = _label_loosely(ink)
    names, piece = np.unique(numbers[ink], return_inverse=True)
    if len(names) == 1:
        return ink
    rows, columns = np.nonzero(ink)
    area, weight = np.bincount(piece), np.bincount(piece, weights=contrast[ink])
    on_border = (rows == 0) | (columns == 0) | (rows == ink.shape[0] - 1) | (columns == ink.shape[1] - 1)
    contact = np.bincount(piece, weights=on_border)
    heaviest = [int(k) for k in np.argsort(-weight, kind="stable")[:_MOST] if area[k] >= 0.02 * area.max()]
    points = {k: np.stack([rows[piece == k], columns[piece == k]], axis=1) for k in heaviest}
    heaviest = [k for k in heaviest if not _is_frame(points[k], [points[j] for j in heaviest if j != k])]
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


def _is_frame(points: NDArray[np.intp], others: list[NDArray[np.intp]]) -> bool:
    """Whether the points lie along the sides of their box, all four, and something else lies within it."""
    first, last = points.min(axis=0), points.max(axis=0)
    margin = 0.1 * (last - first)
    near = np.concatenate([points - first <= margin, last - points <= margin], axis=1)
    if near.any(axis=1).mean() < 0.95 or near.mean(axis=0).min() < 0.15:
        return False
    return any(((other > first) & (other < last)).all(axis=1).mean() > 0.9 for other in others)


def _label_loosely(ink: Mask) -> NDArray[np.intp]:
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
