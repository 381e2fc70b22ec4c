"""The lines of ruled and squared paper, where they are as dark as the ink."""

from __future__ import annotations

import numpy as np

from mnistgd.handwriting.morphology import extreme
from mnistgd.handwriting.pieces import Mask

# Paper is photographed at most so far from straight: 0.1 is 6 degrees.
_LEANS = np.linspace(-0.1, 0.1, 21)
_THICKEST = 4


def without_rules(ink: Mask) -> Mask:
    """Ink without lines that run across the whole picture, if there are three or more in a direction.

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
    level, upright = _level_rules(ink), _level_rules(ink.T).T
    if not (level.any() or upright.any()):
        return ink
    rest = ink & ~level & ~upright
    if not rest.any():
        return rest
    thick = (level & ~upright & _thicker(ink)) | (upright & ~level & _thicker(ink.T).T)
    rest |= thick
    return rest | (level & _goes_on(rest)) | (upright & _goes_on(rest.T).T)


def _level_rules(ink: Mask) -> Mask:
    """The pixels of ink that lie on lines from left to right."""
    rule = np.zeros_like(ink)
    if not (ink[:, :3].any() and ink[:, -3:].any()):
        return rule
    height, width = ink.shape
    rows, columns = np.nonzero(ink)
    reach = int(_LEANS[-1] * width) + 1
    fewest = 2
    for lean in _LEANS:
        line = np.rint(rows + lean * (columns - width / 2)).astype(np.intp) + reach
        filled = np.bincount(line, minlength=height + 2 * reach)
        # A thin line may lie between two rows, half on either.
        filled = filled[1:] + filled[:-1]
        lines = _thin_lines(filled > 0.8 * width)
        if len(lines) > fewest:
            fewest = len(lines)
            # Where so many run, what is full by half is one more that the digit hides.
            rule[rows, columns] = np.isin(line, np.concatenate(lines + _thin_lines(filled > 0.5 * width)))
    return rule


def _thin_lines(full: Mask) -> list[np.ndarray]:
    """The rows of each run of full rows that is no thicker than a rule, with one row more on each side."""
    padded = np.concatenate([[False], full, [False]])
    starts, ends = np.flatnonzero(~padded[:-1] & padded[1:]), np.flatnonzero(padded[:-1] & ~padded[1:])
    return [
        np.arange(start - 1, end + 2)
        for start, end in zip(starts, ends, strict=True)
        if end - start <= _THICKEST
    ]


def _thicker(ink: Mask) -> Mask:
    """Where ink is thicker than a line, measured from top to bottom."""
    return extreme(extreme(ink, 3, np.minimum), 3, np.maximum)


def _goes_on(ink: Mask) -> Mask:
    """Where ink is near both above and below: a stroke that crosses a level line."""
    reach = _THICKEST + 2
    near = np.pad(extreme(ink.T, 5, np.maximum).T, ((reach, reach), (0, 0)))
    above, below = np.zeros_like(ink), np.zeros_like(ink)
    for step in range(reach):
        above |= near[step : step + len(ink)]
        below |= near[reach + 1 + step : reach + 1 + step + len(ink)]
    return above & below
