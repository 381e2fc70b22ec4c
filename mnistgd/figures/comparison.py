"""Two sets of weights, and their difference, on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.errors import ShapeError
from mnistgd.figures.heatmap import heatmap
from mnistgd.figures.legend import legend
from mnistgd.figures.montage import MARGIN, check_area, column, framed, on_page, row, scale_at, widened
from mnistgd.figures.palettes import DIVERGING, Palette, limit_of
from mnistgd.figures.text import label, room_for

SIZE = 112
GAP = 8
SIDE = 64  # of what the rows are called
DIFFERS = ("ink speaks more for it in B", "no difference", "ink speaks more for it in A")
ABREAST = 16  # classes; the others stand below them


def comparison_limit(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """The one limit at which both, and their difference, are shown."""
    return max(limit_of(a), limit_of(b), limit_of(a - b))


def comparison_sheet(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    titles: Sequence[str],
    names: tuple[str, str],
    palette: Palette = DIVERGING,
    size: int | None = None,
) -> Image.Image:
    """A row for A, one for B and one for A − B, a column for each class, and one scale for all.

    More than sixteen classes are parted, and the parts stand below each other.

    Parameters
    ----------
    a, b : ndarrays of shape (784, n_classes), finite
    titles : one for each class
    names : what A and B are, written above
    palette : Palette
    size : pixels, as for `heatmap`

    Raises
    ------
    ShapeError
        If the weights are not of one shape, or there is not one title for each class.
    """
    if a.shape != b.shape or a.shape[1:] != (len(titles),):
        raise ShapeError(f"weights of shapes {a.shape} and {b.shape} for {len(titles)} classes")
    limit = comparison_limit(a, b)
    size = size or SIZE
    check_area(len(titles) * size, 3 * size)
    scale = scale_at(size, SIZE)
    side, gap, text = round(SIDE * scale), round(GAP * scale), round(18 * scale)
    room = room_for(titles, size // 28 * 28)
    all_three = (("A", a), ("B", b), ("A − B", a - b))
    abreast = math.ceil(len(titles) / math.ceil(len(titles) / ABREAST))
    parts = []
    for start in range(0, len(titles), abreast):
        some = slice(start, start + abreast)
        lines = []
        for name, weights in all_three:
            maps = [heatmap(values, limit, palette, size) for values in weights.T[some]]
            pictures = [widened(framed(each), room) for each in maps]
            lines.append(row([label(name, text, side, height=pictures[0].height), *pictures], gap))
        above = [label(title, round(16 * scale), pictures[0].width) for title in titles[some]]
        heading = row([label("", round(16 * scale), side), *above], gap)
        parts.append(column([heading, *lines], gap, align="left"))
    body = column(parts, 3 * gap, align="left")
    wide = max(body.width, round(500 * scale))
    heads = [label(f"{letter}: {name}", text, wide, "left") for letter, name in zip("AB", names, strict=True)]
    against, _, speaks_for = palette.words
    what = f"A − B: {speaks_for} where ink speaks more for it in A, {against} where more for it in B"
    wide = min(wide, round(640 * scale))
    key = [legend(limit, palette, wide, scale), label(what, round(14 * scale), wide)]
    parts = [column(heads, round(2 * scale), "left"), body, column(key, round(4 * scale))]
    return on_page(column(parts, round(14 * scale)), round(MARGIN * scale))
