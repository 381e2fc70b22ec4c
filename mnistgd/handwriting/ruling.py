"""Straight lines that are no strokes: of ruled paper, of frames and cells, a margin, an underline."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnistgd.handwriting.morphology import extreme
from mnistgd.handwriting.pieces import Mask, bounds, largest

# Paper is photographed at most so far from straight: 0.1 is 6 degrees.
_LEANS = np.linspace(-0.1, 0.1, 21)
_THICKEST = 6
# At most so many lines are looked at in either direction.
_MOST = 30
# Pixels that a line may lack before it is two.
_GAP = 4


class Line(NamedTuple):
    """A level line.

    Attributes
    ----------
    pixels : bool ndarray of shape (h, w), and one row more on each side than is full
    start, end : int, the columns where it begins, and one past where it ends
    thick : int, in rows
    filled : float, the part of the width that has ink
    """

    pixels: Mask
    start: int
    end: int
    thick: int
    filled: float

    @property
    def runs_out(self) -> bool:
        """Whether it ends at the border of the picture, at one end at least."""
        return self.start < 3 or self.end > self.pixels.shape[1] - 3


def without_rules(ink: Mask) -> Mask:
    """Ink without lines that are longer than what is written, to both sides.

    No stroke of a digit is: a stem may go on below all else, as that of a 9, or a bar to the right, but not
    beyond both ends. Three lines or more that run across the whole picture are of ruled paper, whatever is
    written on it.

    Parameters
    ----------
    ink : bool ndarray of shape (h, w)

    Returns
    -------
    bool ndarray of shape (h, w)
        A stroke that crosses a line stays whole.

    References
    ----------
    Hough (1962), Method and means for recognizing complex patterns, US patent 3069654; here for lines that
    are nearly level, and then for those that are nearly upright.
    """
    levels, uprights = _level_lines(ink), _level_lines(ink.T)
    out = [line for line in levels if line.runs_out], [line for line in uprights if line.runs_out]
    written = _without(ink, *out)
    levels = _ruled(levels) + [line for line in levels if _goes_beyond(line, _without(written, [line], []))]
    uprights = _ruled(uprights) + [
        line for line in uprights if _goes_beyond(line, _without(written, [], [line]).T)
    ]
    return _without(ink, levels, uprights)


def _without(ink: Mask, levels: list[Line], uprights: list[Line]) -> Mask:
    """Ink without these lines, but with all of the strokes that cross them or lie along them."""
    if not (levels or uprights):
        return ink
    level, upright = _pixels(levels, ink), _pixels(uprights, ink.T).T
    rest = ink & ~level & ~upright
    if not rest.any():
        return rest
    thick = _thicker(ink, levels) & ~upright | _thicker(ink.T, uprights).T & ~level
    rest |= thick
    crossing = np.zeros_like(ink)
    if levels:
        crossing |= level & _goes_on(rest)
    if uprights:
        crossing |= upright & _goes_on(rest.T).T
    return rest | crossing


def _pixels(lines: list[Line], ink: Mask) -> Mask:
    return np.any([line.pixels for line in lines], axis=0) if lines else np.zeros_like(ink)


def _ruled(lines: list[Line]) -> list[Line]:
    """Those of ruled paper."""
    across = [line.thick for line in lines if line.filled > 0.8]
    thickest = 2 * float(np.median(across)) if len(across) > 2 else 0
    return [line for line in lines if line.filled > 0.5 and line.thick <= thickest]


def _goes_beyond(line: Line, rest: Mask) -> bool:
    """Whether a line is longer than what else is written, and ends beyond it on either side."""
    if not rest.any():
        return False
    written = largest(rest)
    box, length = bounds(written), line.end - line.start
    touches = (written & extreme(line.pixels, 3, np.maximum)).any()
    least, beyond = (box.size, 0.25 * box.size) if touches else (box.right - box.left, 0.08 * box.size)
    if length < 1.2 * least or box.size < 0.15 * length or written.sum() < 0.25 * line.pixels.sum():
        return False
    ends = [box.left - line.start, line.end - box.right]
    # What runs out of the picture goes on there, unless what is written is cut off as well.
    if line.start < 3 <= box.left:
        ends[0] += box.size
    if line.end > written.shape[1] - 3 >= box.right:
        ends[1] += box.size
    return min(ends) > beyond


def _level_lines(ink: Mask) -> list[Line]:
    """The straight lines from left to right that are no shorter than a quarter of the picture."""
    height, width = ink.shape
    least = 0.25 * max(ink.shape)
    rows, columns = np.nonzero(ink)
    reach = int(_LEANS[-1] * width) + 2
    stride = height + 2 * reach
    # Where each pixel lies if the picture is sheared so that lines of some lean are level.
    at = rows + (np.rint(_LEANS[:, None] * (np.arange(width) - width / 2)).astype(np.intp) + reach)[:, columns]
    filled = np.bincount(
        (at + stride * np.arange(len(_LEANS))[:, None]).ravel(), minlength=stride * len(_LEANS)
    )
    filled = filled.reshape(len(_LEANS), stride)
    # A thin line may lie between two rows, half on either.
    pairs = filled[:, 1:] + filled[:, :-1]
    lines: list[Line] = []
    free = np.ones(len(rows), bool)
    for _ in range(_MOST):
        lean, row = divmod(int(pairs.argmax()), stride - 1)
        if pairs[lean, row] < least:
            break
        full = filled[lean] > 0.7 * filled[lean, row : row + 2].max()
        first = row + 1 - int(np.argmin(full[row::-1])) if full[row] else row + 1
        last = row + 1 + int(np.argmin(full[row + 1 :])) if full[row + 1] else row + 1
        for other, away in enumerate(np.abs(_LEANS - _LEANS[lean]) * width / 2):
            pairs[other, max(0, int(first - 2 - away)) : int(last + 2 + away)] = 0
        if last - first > _THICKEST:
            continue
        on = (at[lean] >= first - 1) & (at[lean] <= last)
        taken = np.bincount(columns[on & free], minlength=width) > 0
        if not taken.any():
            continue
        start, end = _longest_run(taken)
        broken = 2 * taken.sum() > width
        if end - start < least and not broken:
            continue
        pixels = np.zeros_like(ink)
        if not broken:
            on &= (columns >= start - 1) & (columns <= end)
        pixels[rows[on], columns[on]] = True
        free &= ~on
        lines.append(Line(pixels, start, end, last - first, float(taken.mean())))
    return lines


def _longest_run(taken: Mask) -> tuple[int, int]:
    """Start and end of the longest run, which a few gaps do not part."""
    places = np.flatnonzero(taken)
    parts = np.split(places, np.flatnonzero(np.diff(places) > _GAP) + 1)
    longest = max(parts, key=lambda part: int(part[-1] - part[0]))
    return int(longest[0]), int(longest[-1]) + 1


def _thicker(ink: Mask, lines: list[Line]) -> Mask:
    """Where ink is thicker than the line that it lies on, measured from top to bottom."""
    thicker = np.zeros_like(ink)
    for line in lines:
        window = (line.thick + 2) | 1
        thicker |= line.pixels & extreme(extreme(ink, window, np.minimum), window, np.maximum)
    return thicker


def _goes_on(ink: Mask) -> Mask:
    """Where ink is near both above and below: a stroke that crosses a level line."""
    reach = _THICKEST + 2
    near = np.pad(extreme(ink.T, 5, np.maximum).T, ((reach, reach), (0, 0)))
    runs = near
    for step in (1, 2, 4):  # of 2, 4 and then of all rows that it reaches
        runs = runs[step:] | runs[:-step]
    return runs[: len(ink)] & runs[reach + 1 :]
