"""Why one image got its answer: image, weights, and their product, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.figures.heatmap import heatmap
from mnistgd.figures.legend import legend
from mnistgd.figures.montage import (
    MARGIN,
    check_area,
    column,
    enlarged,
    framed,
    on_page,
    row,
    scale_at,
    widened,
)
from mnistgd.figures.palettes import DIVERGING, Palette, limit_of
from mnistgd.figures.text import label

SIZE = 224
GAP = 20
SPOKE = ("spoke against it", "no ink, or no influence", "spoke for it")


class Row(NamedTuple):
    """One line of the figure.

    Attributes
    ----------
    title : what it explains: ``digit 2, 97%``
    weights : ndarray of shape (28, 28)
    products : ndarray of shape (28, 28), image in [0, 1] times weights
    sums : the terms and their total, as (name, number); the last is the total. They are shown with two
        decimals: rounded to those, they should still add up
    """

    title: str
    weights: NDArray[np.floating]
    products: NDArray[np.floating]
    sums: Sequence[tuple[str, float]]


def evidence_limit(rows: Sequence[Row]) -> float:
    """The one limit at which the evidence of all rows is shown."""
    return max(limit_of(each.products) for each in rows)


def evidence_figure(
    image: NDArray[np.uint8],
    rows: Sequence[Row],
    size: int | None = None,
    *,
    title: str,
    note: str = "",
    weights_name: str = "weights",
    weight_limit: float,
    palette: Palette = DIVERGING,
) -> Image.Image:
    """The sum behind each answer as pictures: image × weights = evidence, and the terms in numbers.

    Parameters
    ----------
    image : uint8 ndarray of shape (28, 28)
    rows : one for each answer; their evidence shares one scale
    size : pixels; each picture is that wide, or the next smaller multiple of the image's width
    title : written above
    note : written below the title, if there is something to be said of the weights
    weights_name : what the middle column shows
    weight_limit : the weight shown in full colour
    palette : Palette
    """
    size = size or SIZE
    check_area(3 * size, len(rows) * size)
    scale = scale_at(size, SIZE)
    gap, sign = round(GAP * scale), round(28 * scale)
    limit = evidence_limit(rows)
    # Narrower columns would have no room for their words.
    seen = widened(framed(enlarged(255 - image, max(1, size // image.shape[1]))), SIZE + 2)
    wide = seen.width
    heads = ("image", "", weights_name, "", f"image × {weights_name}")
    lines = [row([label(head, round(18 * scale), wide if head else 2 * gap) for head in heads])]
    for each in rows:
        terms = _sums(each, scale)
        # Beside small pictures the terms of one row still stay apart from those of the next.
        high = max(seen.height, terms.height + gap)
        pictures = [
            widened(seen, 0, high),
            label("×", sign, 2 * gap, height=high),
            widened(framed(heatmap(each.weights, weight_limit, palette, size)), SIZE + 2, high),
            label("=", sign, 2 * gap, height=high),
            widened(framed(heatmap(each.products, limit, palette, size)), SIZE + 2, high),
        ]
        lines.append(row([row(pictures), widened(terms, 0, high)], gap))
    keys = [legend(weight_limit, palette, wide, scale), legend(limit, palette, wide, scale, SPOKE)]
    below = row([label("", 12, wide), *keys], 2 * gap)
    page = column([*lines, below], round(12 * scale), align="left")
    above = [label(title, round(22 * scale), page.width)]
    if note:
        above.append(label(note, round(16 * scale), page.width))
    return on_page(column([*above, page], round(14 * scale)), round(MARGIN * scale))


def _sums(each: Row, scale: float) -> Image.Image:
    """The terms below one another, a line, and their total."""
    wide = round(190 * scale)
    rule = Image.new("RGB", (wide, round(scale)), (120, 120, 120))
    terms = [_term(name, number, wide, scale) for name, number in each.sums]
    return column(
        [label(each.title, round(20 * scale), wide, "left"), *terms[:-1], rule, terms[-1]], round(6 * scale)
    )


def _term(name: str, number: float, wide: int, scale: float) -> Image.Image:
    size, number_wide = round(16 * scale), round(66 * scale)
    sides = label(name, size, wide - number_wide, "left"), label(term(number), size, number_wide, "right")
    return row(sides)


def term(number: float) -> str:
    """A term of a sum as it is written.

    Examples
    --------
    >>> term(1.2), term(-0.304), term(-0.001)
    ('+1.20', '−0.30', '0.00')
    """
    shown = f"{number:+.2f}"
    return shown[1:] if float(shown) == 0 else shown.replace("-", "−")
