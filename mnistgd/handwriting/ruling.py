"""Straight lines that are no strokes: of ruled paper, of frames and cells, a margin, an underline."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnistgd.handwriting.morphology import extreme
from mnistgd.handwriting.pieces import Mask, bounds, largest

# Paper is photographed at most so far from straight: 0.1 is 6 degrees.
_LEANS = np.linspace(-0.1, 0.1, 21)
# Beside a line of this, `_crossings` looks two rows further.
_THICKEST = 6
# At most so many lines are looked at in either direction.
_MOST = 30
# Pixels that a line may lack before it is two.
_GAP = 4


class Line(NamedTuple):
    """A level line.

    Attributes
    ----------
    pixels : bool ndarray of shape (h, w), with one row more above and below than it fills
    start, end : int; of its longest run, the column where it begins, and one past where it ends
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
    if not (levels or uprights):
        return ink
    rest = _without(
        ink, [line for line in levels if line.runs_out], [line for line in uprights if line.runs_out]
    )
    written = largest(rest)
    return _without(ink, _rules(levels, rest, written), _rules(uprights, rest.T, written.T))


def _rules(lines: list[Line], rest: Mask, written: Mask) -> list[Line]:
    """Those of the level lines that are no strokes; what is written is the largest piece of the rest."""
    across = [line.thick for line in lines if line.filled > 0.8]
    thickest = 2 * float(np.median(across)) if len(across) > 2 else 0
    return [
        line
        for line in lines
        if (line.filled > 0.5 and line.thick <= thickest)
        or _goes_beyond(line, written if line.runs_out else largest(_without(rest, [line], [])))
    ]


def _goes_beyond(line: Line, written: Mask) -> bool:
    """Whether a level line ends beyond what else is written, on either side; far, if it touches that.

    Where hardly anything else is written, the line is itself the digit, as a 1 is.
    """
    if np.count_nonzero(written) <= 0.25 * np.count_nonzero(line.pixels):
        return False
    box, length = bounds(written), line.end - line.start
    beyond = min(box.left - line.start, line.end - box.right)
    if (written & extreme(line.pixels, 3, np.maximum)).any():
        return beyond > 0.25 * box.size and length > 1.2 * box.size
    return beyond > 0.08 * box.size and box.size > 0.15 * length


def _without(ink: Mask, levels: list[Line], uprights: list[Line]) -> Mask:
    """Ink without these lines, but with all of the strokes that cross them or lie along them."""
    level, upright = _pixels(levels, ink), _pixels(uprights, ink.T).T
    rest = ink & ~level & ~upright
    rest |= _thicker(ink, levels) & ~upright | _thicker(ink.T, uprights).T & ~level
    return rest | _crossings(level, rest) | _crossings(upright.T, rest.T).T


def _pixels(lines: list[Line], ink: Mask) -> Mask:
    return np.any([line.pixels for line in lines], axis=0) if lines else np.zeros_like(ink)


def _level_lines(ink: Mask) -> list[Line]:
    """The straight lines from left to right that are no shorter than a quarter of the picture."""
    height, width = ink.shape
    least = 0.25 * max(ink.shape)
    rows, columns = np.nonzero(ink)
    reach = int(_LEANS[-1] * width) + 2
    stride = height + 2 * reach
    # For each lean the picture is sheared so that a line that leans so is level; one lies below the other.
    shear = np.rint(_LEANS[:, None] * (np.arange(width) - width / 2)).astype(np.intp) + reach
    shear += stride * np.arange(len(_LEANS))[:, None]
    at = rows + shear[:, columns]
    filled = np.bincount(at.ravel(), minlength=stride * len(_LEANS)).reshape(len(_LEANS), stride)
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
        level = at[lean] - lean * stride
        on = (level >= first - 1) & (level <= last)
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
    """Where ink is thicker than the level line that it lies on."""
    thicker = np.zeros_like(ink)
    for line in lines:
        window = (line.thick + 2) | 1
        thicker |= line.pixels & extreme(extreme(ink, window, np.minimum), window, np.maximum)
    return thicker


def _crossings(level: Mask, rest: Mask) -> Mask:
    """What of level lines has other ink near both above and below: a stroke that crosses them."""
    if not level.any():
        return level
    reach = _THICKEST + 2
    runs = np.pad(extreme(rest.T, 5, np.maximum).T, ((reach, reach), (0, 0)))
    for step in (1, 2, 4):  # of 2, of 4 and then of all 8 rows that it reaches
        runs = runs[step:] | runs[:-step]
    return level & runs[: len(rest)] & runs[reach + 1 :]
