"""Why one image got its answer: image, weights, and their product, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.figures.heatmap import heatmap
from mnistgd.figures.legend import legend
from mnistgd.figures.montage import column, enlarged, framed, on_page, row
from mnistgd.figures.palettes import DIVERGING, Palette, limit_of
from mnistgd.figures.text import PAPER, label

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
    title : written above
    note : written below the title, if there is something to be said of the weights
    weights_name : what the middle column shows
    weight_limit : the weight shown in full colour
    palette : Palette
    """
    limit = evidence_limit(rows)
    seen = framed(enlarged(255 - image, SIZE // image.shape[1]))
    wide = seen.width
    heads = ("image", "", weights_name, "", f"image × {weights_name}")
    lines = [row([label(head, 18, wide if head else 2 * GAP) for head in heads])]
    for each in rows:
        pictures = [
            seen,
            label("×", 28, 2 * GAP, height=seen.height),
            framed(heatmap(each.weights, weight_limit, palette, SIZE)),
            label("=", 28, 2 * GAP, height=seen.height),
            framed(heatmap(each.products, limit, palette, SIZE)),
        ]
        lines.append(row([row(pictures), _sums(each, seen.height)], GAP))
    keys = [legend(weight_limit, palette, wide), legend(limit, palette, wide, meaning=SPOKE)]
    below = row([label("", 12, wide), *keys], 2 * GAP)
    page = column([*lines, below], 12, align="left")
    above = [label(title, 22, page.width), *([label(note, 16, page.width)] if note else [])]
    return on_page(column([*above, page], 14))


def _sums(each: Row, height: int) -> Image.Image:
    """The terms below one another, a line, and their total, in the middle of a row."""
    wide = 190
    rule = Image.new("RGB", (wide, 1), (120, 120, 120))
    terms = [_term(name, number, wide) for name, number in each.sums]
    lines = column([label(each.title, 20, wide, "left"), *terms[:-1], rule, terms[-1]], 6)
    page = Image.new("RGB", (wide, max(height, lines.height)), PAPER)
    page.paste(lines, (0, (page.height - lines.height) // 2))
    return page


def _term(name: str, number: float, wide: int) -> Image.Image:
    number_wide = 66
    shown = f"{number:+.2f}"
    if float(shown) == 0:
        shown = shown[1:]
    shown = shown.replace("-", "−")
    return row([label(name, 16, wide - number_wide, "left"), label(shown, 16, number_wide, "right")])
