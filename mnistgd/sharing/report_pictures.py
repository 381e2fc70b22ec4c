"""The pictures of a report: each with what it shows, in words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.types import Array
from mnistgd.figures.heatmap import heatmap
from mnistgd.figures.legend import colour_bar, signed
from mnistgd.figures.montage import enlarged
from mnistgd.figures.palettes import Palette
from mnistgd.figures.png import png_bytes


class Picture(NamedTuple):
    """A picture, and what is to be read of it.

    Attributes
    ----------
    content : bytes, a PNG or an SVG
    shows : str, for who cannot see it
    title, note : str, what is written below it, in two lines
    """

    content: bytes
    shows: str
    title: str = ""
    note: str = ""


class Legend(NamedTuple):
    """A colour bar; of its two ends, and its middle between them: a number, a colour and what that means."""

    bar: Picture
    ends: list[tuple[str, str, str]]


def heatmap_of(
    values: Array, limit: float, palette: Palette, size: int, shows: str, title: str = "", note: str = ""
) -> Picture:
    """Weights or evidence."""
    return Picture(png_bytes(heatmap(values, limit, palette, size)), shows, title, note)


def image_of(image: NDArray[np.uint8], size: int, shows: str) -> Picture:
    """An image, dark on white."""
    return Picture(png_bytes(enlarged(255 - image, size // 28)), shows)


def legend_of(limit: float, palette: Palette, meaning: tuple[str, str, str]) -> Legend:
    """What `mnistgd.figures.legend.legend` says, for a page that writes the words itself."""
    numbers = (signed(-limit), "0", signed(limit))
    bar = Picture(png_bytes(colour_bar(palette, 256, 8)), f"from {numbers[0]} to {numbers[2]}")
    return Legend(bar, list(zip(numbers, palette.words, meaning, strict=True)))
