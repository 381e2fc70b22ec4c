"""How the plots of the lessons look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE, GREY = COLOURS = (
    "#000000",
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#999999",
)
"""Colours that people with any colour vision tell apart.

They are those of Okabe and Ito (2008), Color universal design, with a grey in place of their yellow,
which is too pale for a line on white.
"""

SIGNED = "RdBu"
"""Colour map for numbers of either sign: red below zero, white at zero, blue above."""


def drawable(values: Sequence[float]) -> list[float]:
    """The same, with NaN, which leaves a gap, for what is too far out for the arithmetic of an axis."""
    return [value if abs(value) < 1e200 else math.nan for value in values]


def size(figure: Figure, width: float, height: float) -> None:
    """Make `figure` that many inches wide and high, and let it place its parts without overlaps."""
    figure.set_size_inches(width, height)
    figure.set_layout_engine("constrained")


def open_frame(axes: Axes) -> None:
    """Leave out the frame above and on the right, where it measures nothing."""
    axes.spines[["top", "right"]].set_visible(False)
