"""The sheet that a digit is written on, where the table around it is in the picture, too."""

from __future__ import annotations

import numpy as np

from mnistgd.handwriting.ink import Grey, quantile
from mnistgd.handwriting.morphology import spread
from mnistgd.handwriting.pieces import Mask, label

# Of the picture, what a sheet covers, and at most where all around is of one colour, as on a screen.
_LEAST, _MOST, _SCREEN = 0.15, 0.85, 0.98
# In so many grey levels.
_ONE_COLOUR = 6.0
# Of the sheet, what is written on; of its rectangle, what it fills.
_WRITTEN = 0.2
_FILLS = 0.85
# Of the difference between sheet and table, what lies within two pixels of its edge.
_STEP = 0.3
_ANGLES = np.deg2rad(np.arange(0, 90, 6))


def find_sheet(plain: Grey) -> Mask | None:
    """Where a sheet lies whose colour is another than that of most of the picture's border.

    Parameters
    ----------
    plain : float32 ndarray of shape (h, w) in [0, 255]; a thumbnail is enough

    Returns
    -------
    bool ndarray of shape (h, w)
        True on the sheet, without its very edge. None if there is no sheet, or nothing is written on it.
    """
    border = np.concatenate([plain[0], plain[-1], plain[:, 0], plain[:, -1]])
    table = quantile(border, 0.5)
    other = np.abs(plain - table)
    most = _SCREEN if quantile(np.abs(border - table), 0.9) < _ONE_COLOUR else _MOST
    light = other > 0.3 * quantile(other.ravel(), 0.95)
    if not _LEAST < light.mean() < most:
        return None
    sheet = _filled(light)
    written = 1 - float(light[sheet].mean())
    if not (sheet.mean() < most and written < _WRITTEN and _fills_a_rectangle(sheet)):
        return None
    inner = spread(sheet, 5, np.minimum)
    outer = spread(sheet, 5, np.maximum)
    if not inner.any() or not (outer & ~sheet).any():
        return None
    # A sheet ends at once, the light on it slowly.
    step = np.median(other[sheet & ~inner]) - np.median(other[outer & ~sheet])
    return inner if step > _STEP * np.median(other[inner]) else None


def _filled(piece: Mask) -> Mask:
    """The piece and its holes: all that is not joined to what lies around the picture."""
    around = label(np.pad(~piece, 1, constant_values=True))
    inside: Mask = (around != around[0, 0])[1:-1, 1:-1]
    return inside


def _fills_a_rectangle(piece: Mask) -> bool:
    """Whether some rectangle, turned as it may be, is hardly larger than the piece."""
    rows, columns = np.nonzero(piece)
    sides = [
        np.ptp(rows * np.cos(angle) + columns * np.sin(angle)) + 1
        for angle in (*_ANGLES, *(_ANGLES + np.pi / 2))
    ]
    least = min(a * b for a, b in zip(sides[: len(_ANGLES)], sides[len(_ANGLES) :], strict=True))
    return len(rows) > _FILLS * float(least)
