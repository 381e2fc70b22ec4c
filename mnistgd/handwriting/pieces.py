"""Connected pieces of ink, and which of them are the digit."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]

# At most so many pieces are looked at, the heaviest first: noise has thousands.
_MOST = 24
# And so many things, the likeliest first.
_THINGS = 6


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

    Runs of pixels side by side are numbered, and each takes the lowest number among itself and the runs that
    it touches in the rows above and below, and then the number of the run that this one names, which carries
    it across a piece in leaps.

    Parameters
    ----------
    mask : bool ndarray of shape (h, w)

    Returns
    -------
    intp ndarray of shape (h, w)
        The same number for every pixel of a piece, another for every piece; -1 where nothing is set.
    """
    height, width = mask.shape
    # A pixel of nothing to the right of each row parts it from the next.
    row = width + 1
    padded = np.zeros(height * row + 1, np.int8)
    padded[1:].reshape(height, row)[:, :width] = mask
    steps = np.diff(padded)
    starts, ends = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
    first, last = np.searchsorted(ends, starts + row), np.searchsorted(starts, ends + row, "right")
    count = last - first
    upper = np.repeat(np.arange(len(starts)), count)
    lower = np.arange(len(upper)) + np.repeat(first - np.cumsum(count) + count, count)
    names = np.arange(len(starts))
    while True:
        lowest = names.copy()
        np.minimum.at(lowest, upper, names[lower])
        np.minimum.at(lowest, lower, lowest[upper])
        lowest = lowest[lowest]
        if np.array_equal(lowest, names):
            break
        names = lowest
    numbers = np.full(mask.shape, -1)
    numbers[mask] = np.repeat(names, ends - starts)
    return numbers


def largest(mask: Mask) -> Mask:
    """The piece of most pixels; something must be set. A gap of one pixel, or two, does not part it."""
    numbers = _label_loosely(mask)
    names, counts = np.unique(numbers[mask], return_counts=True)
    largest: Mask = numbers == names[counts.argmax()]
    return largest


def surrounds(frame: Mask, digit: Mask) -> bool:
    """Whether a frame, be it in pieces, goes beyond the digit to all sides, and has no ink within its box."""
    points, inner = np.argwhere(frame), np.argwhere(digit)
    return _lies_around(points, points.min(axis=0), points.max(axis=0), inner.min(axis=0), inner.max(axis=0))


def _lies_around(
    points: NDArray[np.intp],
    low: NDArray[np.intp],
    high: NDArray[np.intp],
    other_low: NDArray[np.intp],
    other_high: NDArray[np.intp],
) -> bool:
    """The same of points that end at `low` and `high`, and of the ends of what is within."""
    margin = 0.08 * ((high - low).max() + 1)
    return bool(
        (other_low - low > margin).all()
        and (high - other_high > margin).all()
        and not ((points >= other_low) & (points <= other_high)).all(axis=1).any()
    )


class _Piece(NamedTuple):
    """Ink that hangs together.

    Attributes
    ----------
    name : int; its number
    points : intp ndarray of shape (n, 2); row and column of each pixel
    low, high : intp ndarrays of shape (2,); its first row and column, and its last
    weight : float, of all its pixels
    contact : float; of its length, how much lies on the border of the picture
    """

    name: int
    points: NDArray[np.intp]
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    weight: float
    contact: float

    @property
    def size(self) -> int:
        """The longer side of its box, in pixels."""
        return int((self.high - self.low).max()) + 1

    def surrounds(self, other: _Piece) -> bool:
        """Whether the other lies within its box, where it has no ink itself: it is a frame, closed or not."""
        return other.size > 0.18 * self.size and _lies_around(
            self.points, self.low, self.high, other.low, other.high
        )

    def stands_beside(self, other: _Piece) -> bool:
        """Whether it is about as high as the other, and beside, above or below it: a digit of its own."""
        apart = np.maximum(self.low - other.high, other.low - self.high)
        low, high = sorted(int(one.high[0] - one.low[0]) + 1 for one in (self, other))
        return bool(apart.max() > -0.05 * other.size and low > 0.6 * high)

    def is_line_by(self, other: _Piece) -> bool:
        """Whether it is a line, or nearly, that goes on beyond both ends of the other: no stroke of that."""
        for along, across in ((0, 1), (1, 0)):
            low, high = other.low[along] - self.low[along], self.high[along] - other.high[along]
            sides = self.high - self.low + 1
            if sides[along] > 4 * sides[across] and min(low, high) > 0.04 * other.size:
                return True
        return False


def things(ink: Mask, contrast: NDArray[np.float32]) -> tuple[list[Mask], Mask]:
    """What is written, thing by thing: a heavy piece, and those so near and large that they belong to it.

    A piece that runs along the border of the picture is more likely the edge of the paper.

    Parameters
    ----------
    ink : bool ndarray of shape (h, w), something is set
    contrast : float32 ndarray of shape (h, w); the weight of each pixel

    Returns
    -------
    list of bool ndarrays of shape (h, w)
        The likeliest first.
    bool ndarray of shape (h, w)
        The ink without frames, and what lies along the border.
    """
    numbers = _label_loosely(ink)
    names, piece = np.unique(numbers[ink], return_inverse=True)
    if len(names) == 1:
        return [ink], ink
    every = np.argwhere(ink)
    area, weight = np.bincount(piece), np.bincount(piece, weights=contrast[ink])
    on_border = ((every == 0) | (every == np.array(ink.shape) - 1)).any(axis=1)
    contact = np.bincount(piece, weights=on_border)
    inner = area[contact < 0.5 * np.sqrt(area)]
    least = 0.02 * (inner if inner.size else area).max()
    pieces = []
    for k in np.argsort(-weight, kind="stable")[:_MOST]:
        if area[k] >= least:
            points = every[piece == k]
            low, high = points.min(axis=0), points.max(axis=0)
            pieces.append(
                _Piece(
                    int(names[k]),
                    points,
                    low,
                    high,
                    float(weight[k]),
                    float(contact[k] / ((high - low).max() + 1)),
                )
            )
    frames = [one for one in pieces if any(one.surrounds(other) for other in pieces)]
    pieces = [one for one in pieces if one not in frames]
    pieces = [one for one in pieces if one.contact < 0.5 or one is pieces[0]]
    pieces.sort(key=lambda one: -one.weight * max(0.05, 1 - one.contact))
    found: list[Mask] = []
    left = pieces
    while left and len(found) < _THINGS:
        main, *left = left
        kept = [main]
        for _ in range(2):
            for one in left:
                if one not in kept and _belongs(one, kept):
                    kept.append(one)
        left = [one for one in left if one not in kept]
        found.append(np.isin(numbers, [one.name for one in kept]) & ink)
    beside = [one.name for one in [*frames, *(one for one in pieces if one.contact > 0.5)]]
    return found, ink & ~np.isin(numbers, beside)


def _belongs(one: _Piece, kept: list[_Piece]) -> bool:
    """Whether a piece is of the same thing as others, of which the first is the heaviest."""
    main = kept[0]
    if one.stands_beside(main) or one.is_line_by(main):
        return False
    reach = 0.05 if one.contact > 0.5 else 0.12 if one.size < 0.2 * main.size else 0.3
    return min(_distance(one.points, other.points) for other in kept) <= reach * main.size


def parts(mask: Mask) -> list[Mask]:
    """Its pieces, each by itself."""
    numbers = _label_loosely(mask)
    return [numbers == name for name in np.unique(numbers[mask])]


def _label_loosely(ink: Mask) -> NDArray[np.intp]:
    """Number the pieces; a gap of one pixel, or two, does not part them."""
    height, width = ink.shape
    padded = np.zeros((height + height % 2, width + width % 2), bool)
    padded[:height, :width] = ink
    half = label(padded[::2, ::2] | padded[1::2, ::2] | padded[::2, 1::2] | padded[1::2, 1::2])
    return np.where(ink, half.repeat(2, axis=0).repeat(2, axis=1)[:height, :width], -1)


def _distance(some: NDArray[np.intp], others: NDArray[np.intp]) -> float:
    """About the smallest distance between two sets of points, of which at most 128 each are looked at."""
    some, others = some[:: len(some) // 128 + 1], others[:: len(others) // 128 + 1]
    return float(np.hypot(*(some[:, None] - others).T).min())
