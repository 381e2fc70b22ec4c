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
from mnistgd.figures.montage import column, framed, on_page, row
from mnistgd.figures.palettes import DIVERGING, Palette, limit_of
from mnistgd.figures.text import label

SIZE = 112
GAP = 8
SIDE = 64  # of what the rows are called
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
) -> Image.Image:
    """A row for A, one for B and one for A − B, a column for each class, and one scale for all.

    More than sixteen classes are parted, and the parts stand below each other.

    Parameters
    ----------
    a, b : ndarrays of shape (784, n_classes), finite
    titles : one for each class
    names : what A and B are, written above
    palette : Palette

    Raises
    ------
    ShapeError
        If the weights are not of one shape, or there is not one title for each class.
    """
    if a.shape != b.shape or a.shape[1:] != (len(titles),):
        raise ShapeError(f"weights of shapes {a.shape} and {b.shape} for {len(titles)} classes")
    limit = comparison_limit(a, b)
    all_three = [("A", a), ("B", b), ("A − B", a - b)]
    abreast = math.ceil(len(titles) / math.ceil(len(titles) / ABREAST))
    parts = []
    for start in range(0, len(titles), abreast):
        some = slice(start, start + abreast)
        lines = [row([label("", 16, SIDE), *(label(title, 16, SIZE + 2) for title in titles[some])], GAP)]
        for name, weights in all_three:
            pictures = [framed(heatmap(values, limit, palette, SIZE)) for values in weights.T[some]]
            lines.append(row([label(name, 18, SIDE, height=SIZE + 2), *pictures], GAP))
        parts.append(column(lines, GAP, align="left"))
    body = column(parts, 3 * GAP, align="left")
    wide = max(body.width, 500)
    heads = [label(f"{letter}: {name}", 18, wide, "left") for letter, name in zip("AB", names, strict=True)]
    against, _, speaks_for = palette.words
    what = f"A − B: {speaks_for} where ink speaks more for it in A, {against} where more for it in B"
    key = column([legend(limit, palette, min(wide, 640)), label(what, 14, min(wide, 640))], 4)
    return on_page(column([column(heads, 2, "left"), body, key], 14))
