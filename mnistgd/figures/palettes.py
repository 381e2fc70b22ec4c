"""Colour tables: from a number in [−1, 1] to a colour.

A palette is a few anchor colours, evenly spread, with straight lines between them. It also knows what its
two ends and its middle are called, so that every legend can say in words what its colours mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnistgd.errors import ShapeError

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """A colour for every number in [−1, 1].

    Attributes
    ----------
    name : str
    anchors : tuple of (red, green, blue)
        Evenly spread from −1 to 1; colours in between lie on a straight line in RGB.
    words : tuple of three str
        What the colours at −1, 0 and 1 are called.
    """

    name: str
    anchors: tuple[Colour, ...]
    words: tuple[str, str, str]

    def colours(self, values: ArrayLike) -> NDArray[np.uint8]:
        """RGB of each of `values`, rounded to the nearest whole number.

        Parameters
        ----------
        values : array of any shape, finite; what lies outside [−1, 1] gets the colour of the nearer end

        Returns
        -------
        uint8 ndarray of shape ``values.shape + (3,)``
        """
        v = np.asarray(values, dtype=np.float64)
        positions = np.linspace(-1.0, 1.0, len(self.anchors))
        channels = np.array(self.anchors, dtype=np.float64).T
        rgb = np.stack([np.interp(v, positions, channel) for channel in channels], axis=-1)
        rounded: NDArray[np.uint8] = np.rint(rgb).astype(np.uint8)
        return rounded


# The rule of Trask (2019), Grokking Deep Learning, chapter 5: with v in [−1, 1],
# v >= 0 → (255, 255v, 255v) and v < 0 → (255(1 + v), 0, 0).
GROKKING = Palette("grokking", ((0, 0, 0), (255, 0, 0), (255, 255, 255)), ("black", "red", "white"))

# Five anchors after the scheme RdBu of Brewer's ColorBrewer 2.0 (2013), which readers who do not tell red
# from green can read; its middle is made pure white, so that a weight of zero is the colour of the paper.
DIVERGING = Palette(
    "diverging",
    ((103, 0, 31), (214, 96, 77), (255, 255, 255), (67, 147, 195), (5, 48, 97)),
    ("red", "white", "blue"),
)

GRAY = Palette("gray", ((0, 0, 0), (255, 255, 255)), ("black", "gray", "white"))

PALETTES = {palette.name: palette for palette in (GROKKING, DIVERGING, GRAY)}


def limit_of(weights: ArrayLike) -> float:
    """The largest absolute weight: the one that is shown in full colour.

    ``limit = max |weights|``. Of all columns of a weight matrix it is the limit the classes share; of one
    column it is that class's own.

    Parameters
    ----------
    weights : array of any shape

    Returns
    -------
    float, 0 if every weight is 0 or there are none

    Raises
    ------
    ShapeError
        If a weight is not finite.
    """
    values = _finite(weights)
    return float(np.abs(values).max(initial=0.0))


def colours(values: ArrayLike, limit: float, palette: Palette) -> NDArray[np.uint8]:
    """The colour of each of `values` on a scale from −limit to limit.

    ``colour = palette(value / limit)``; a value beyond the limit gets the colour of the limit. At a limit
    of 0 every value is 0 and gets the middle colour.

    Parameters
    ----------
    values : array of any shape, finite
    limit : float, finite, at least 0

    Returns
    -------
    uint8 ndarray of shape ``values.shape + (3,)``

    Raises
    ------
    ShapeError
        If a value or the limit is not finite, or the limit is negative, or 0 although a value is not.
    """
    v = _finite(values)
    if not np.isfinite(limit) or limit < 0:
        raise ShapeError(f"{limit} is no limit for a colour scale", "a limit is a finite number, at least 0")
    if limit == 0:
        if np.any(v):
            raise ShapeError(
                "a limit of 0 cannot show weights other than 0", "take max |weight| as the limit"
            )
        return palette.colours(v)
    with np.errstate(over="ignore"):  # a tiny limit: infinite, and cut to ±1 as any value beyond the limit
        return palette.colours(np.clip(v / limit, -1.0, 1.0))


def _finite(values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ShapeError("weights that are not finite cannot be shown", "train again with a smaller rate")
    return array
