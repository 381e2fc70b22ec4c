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
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def size(self) -> int:
        """The longer side, in pixels."""
        return max(self.height, self.width)

    def surrounds(self, other: Box) -> bool:
        """Whether it goes beyond the other to all sides."""
        above, below = other.top - self.top, self.bottom - other.bottom
        beside = other.left - self.left, self.right - other.right
        return min(above, below, *beside) > 0.08 * self.size

    def apart(self, other: Box) -> tuple[int, int]:
        """How many columns lie between the two, and how many rows; less than none where they overlap."""
        across = max(self.left - other.right, other.left - self.right)
        return across, max(self.top - other.bottom, other.top - self.bottom)


def bounds(mask: Mask) -> Box:
    """The box around all that is set; something must be."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def outline(mask: Mask) -> int:
    """How many sides of pixels part what is set from what is not."""
    level, upright = mask[1:] ^ mask[:-1], mask[:, 1:] ^ mask[:, :-1]
    return int(np.count_nonzero(level)) + int(np.count_nonzero(upright)) + border(mask)


def border(mask: Mask) -> int:
    """How many sides of pixels that are set lie on the border of the picture."""
    return sum(int(np.count_nonzero(side)) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def label(mask: Mask) -> NDArray[np.intp]:
    """Number the pieces that hang together by sides or corners.

    Runs of pixels side by side are numbered, and named by that. Where two touch, in a row and the next, the
    runs that they are named by take the lower of both names, and then each that of the run it is named by,
    which carries it across a piece in leaps.

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
    # Run k touches the runs first[k] to last[k] of the row below; upper and lower are all such pairs.
    first, last = np.searchsorted(ends, starts + row), np.searchsorted(starts, ends + row, "right")
    count = last - first
    upper = np.repeat(np.arange(len(starts)), count)
    lower = np.arange(len(upper)) + np.repeat(first - np.cumsum(count) + count, count)
    names = np.arange(len(starts))
    while True:
        lowest = names.copy()
        np.minimum.at(lowest, names[upper], names[lower])
        np.minimum.at(lowest, names[lower], names[upper])
        lowest = lowest[lowest]
        if np.array_equal(lowest, names):
            break
        names = lowest
    numbers = np.full(mask.shape, -1)
    numbers[mask] = np.repeat(names, ends - starts)
    return numbers


def largest(mask: Mask) -> Mask:
    """The piece of most pixels, if any are set. A gap of one pixel, or two, does not part it."""
    number = _loose_numbers(mask)
    return _some(mask, number == np.bincount(number, minlength=1).argmax())


class _Piece(NamedTuple):
    """Ink that hangs together.

    Attributes
    ----------
    number : int
    points : intp ndarray of shape (n, 2); row and column of each pixel
    box : Box, around them
    contact : float; of its length, how much lies on the border of the picture
    """

    number: int
    points: NDArray[np.intp]
    box: Box
    contact: float

    def surrounds(self, other: _Piece) -> bool:
        """Whether it goes around the other, which is not tiny, and has no ink in its box: it is a frame."""
        top, bottom, left, right = other.box
        if other.box.size <= 0.18 * self.box.size or not self.box.surrounds(other.box):
            return False
        within = (self.points >= (top, left)) & (self.points < (bottom, right))
        return not within.all(axis=1).any()

    def stands_beside(self, other: _Piece) -> bool:
        """Whether it is about as high as the other, and beside, above or below it: a digit of its own.

        Above or below it only where both are higher than wide, which halves of a digit seldom are.
        """
        box, near = self.box, 0.05 * other.box.size
        low, high = sorted((box.height, other.box.height))
        upright = box.height > box.width and other.box.height > other.box.width
        beside, above = box.apart(other.box)
        return low > 0.6 * high and (beside > -near or (above > -near and upright))

    def is_line_by(self, other: _Piece) -> bool:
        """Whether it is a line, or nearly, that goes on beyond both ends of the other: no stroke of that."""
        box, inner = self.box, other.box
        beyond = 0.04 * inner.size
        level, upright = box.width > 4 * box.height, box.height > 4 * box.width
        left_right = min(inner.left - box.left, box.right - inner.right)
        up_down = min(inner.top - box.top, box.bottom - inner.bottom)
        return (level and left_right > beyond) or (upright and up_down > beyond)


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
        The ink, without frames and without what lies along the border; of one piece, all of it.
    """
    number = _loose_numbers(ink)
    weight = np.bincount(number, weights=contrast[ink])
    heaviest = np.argsort(-weight, kind="stable")[: min(_MOST, np.count_nonzero(weight))]
    if len(heaviest) == 1:
        return [ink], ink
    every = np.argwhere(ink)
    pieces = [_piece(int(k), every[number == k], ink) for k in heaviest]
    frames = [one for one in pieces if any(one.surrounds(other) for other in pieces)]

    def mask(some: list[_Piece]) -> Mask:
        chosen = np.zeros(len(weight), bool)
        chosen[[one.number for one in some]] = True
        return _some(ink, chosen[number])

    left = [one for one in pieces if one not in frames]
    left.sort(key=lambda one: -weight[one.number] * max(0.05, 1 - one.contact))
    left[1:] = [one for one in left[1:] if one.contact < 0.5]
    found: list[Mask] = []
    while left:
        kept: list[_Piece] = left[:1]
        for one in left[1:]:
            if _belongs(one, kept):
                kept.append(one)
        found.append(mask(kept))
        left = [one for one in left if one not in kept]
    return found, ink & ~mask([*frames, *(one for one in pieces if one.contact > 0.5)])


def _piece(number: int, points: NDArray[np.intp], ink: Mask) -> _Piece:
    (top, left), (bottom, right) = points.min(axis=0), points.max(axis=0) + 1
    box = Box(int(top), int(bottom), int(left), int(right))
    on_border = ((points == 0) | (points == np.array(ink.shape) - 1)).any(axis=1)
    return _Piece(number, points, box, np.count_nonzero(on_border) / box.size)


def _belongs(one: _Piece, kept: list[_Piece]) -> bool:
    """Whether a piece is of the same thing as others, of which the first is the heaviest."""
    main = kept[0]
    if one.stands_beside(main) or one.is_line_by(main):
        return False
    reach = 0.12 if one.box.size < 0.2 * main.box.size else 0.3
    return min(_distance(one.points, other.points) for other in kept) <= reach * main.box.size


def parts(mask: Mask, least: float = 0) -> list[Mask]:
    """Its pieces of more than `least` pixels, each by itself."""
    number = _loose_numbers(mask)
    return [_some(mask, number == one) for one in np.flatnonzero(np.bincount(number) > least)]


def _loose_numbers(ink: Mask) -> NDArray[np.intp]:
    """For each pixel of ink, row by row, the number of its piece; a gap of one pixel, or two, parts none."""
    height, width = ink.shape
    padded = np.zeros((height + height % 2, width + width % 2), bool)
    padded[:height, :width] = ink
    half = label(padded[::2, ::2] | padded[1::2, ::2] | padded[::2, 1::2] | padded[1::2, 1::2])
    rows, columns = np.nonzero(ink)
    return half[rows // 2, columns // 2]


def _some(ink: Mask, which: Mask) -> Mask:
    """Those pixels of ink, of which `which` has one value each, row by row."""
    some = np.zeros_like(ink)
    some[ink] = which
    return some


def _distance(some: NDArray[np.intp], others: NDArray[np.intp]) -> float:
    """About the smallest distance between two sets of points, of which at most 128 each are looked at."""
    some, others = some[:: len(some) // 128 + 1], others[:: len(others) // 128 + 1]
    return float(np.hypot(*(some[:, None] - others).T).min())
