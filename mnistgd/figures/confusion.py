"""A confusion matrix as a picture: a count in every cell, and what the axes are beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistgd.errors import ShapeError
from mnistgd.figures.captions import class_name
from mnistgd.figures.montage import MARGIN, check_area, column, framed, on_page, row, scale_at
from mnistgd.figures.palettes import Colour
from mnistgd.figures.text import PAPER, SMALLEST, Align, fitted_mask, label, line_height, text_width

CELL = 64  # the height of a cell, and the least that it is wide
WIDEST = 100  # a cell, for the sake of a name above it
TEXT = 18
FEW = 20  # classes, beyond which cells and words are small
SMALL_CELL = 24
GROUP = 5  # small cells, after which a line leads the eye
GUIDE = (160, 160, 160)
LONGEST = 140  # a name beside its row
DARK = (8, 48, 107)  # of the largest share; a single hue that only gets darker is read without colours too


def confusion_figure(
    counts: NDArray[np.int64], names: Sequence[str], title: str, size: int | None = None
) -> Image.Image:
    """Counts in cells: a row for each true class, a column for each predicted one.

    A cell's colour is its count's share of its row: white is none, dark blue all. So the diagonal shows
    each class's recall, whatever the number of its images. More than twenty classes have small cells, names
    on all four sides, a line after every fifth cell, and nothing written where the count is 0.

    Parameters
    ----------
    counts : integer ndarray of shape (n_classes, n_classes); row = true class, column = predicted class
    names : the classes' names
    title : written above
    size : pixels; the height of a cell, and the least that it is wide. A count needs 64 to be read, or 24 in
        small letters, for many classes: cells are never smaller

    Raises
    ------
    ShapeError
        If the counts are not a square of that size.
    """
    n = len(names)
    if counts.shape != (n, n):
        raise ShapeError(f"counts of shape {counts.shape} for {n} classes")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    titles = [class_name(names, i) for i in range(n)]
    draw, usual = (_few, CELL) if n <= FEW else (_many, SMALL_CELL)
    scale = scale_at(size or usual, usual)
    body, above, matrix, corner = draw(counts, shares, titles, scale)
    text = round(TEXT * scale)
    across = row([corner, label("predicted", text, matrix.width)])
    down = label("true", text, matrix.height).rotate(90, expand=True)
    blank = label("", text, down.width, height=above.height + across.height)
    parts = [column([blank, down]), column([across, body], round(4 * scale), align="left")]
    page = row(parts, round(6 * scale))
    what = "the darker, the larger the count's share of its row; white: none"
    key = label(what, round(15 * scale), page.width, ink=(88, 88, 88))
    heading = label(title, round(22 * scale), page.width)
    return on_page(column([heading, page, key], round(14 * scale)), round(MARGIN * scale))


class _Body(NamedTuple):
    """The matrix between the names of its rows and columns, and the parts by which more is put around it."""

    picture: Image.Image
    above: Image.Image
    matrix: Image.Image
    corner: Image.Image


def _few(
    counts: NDArray[np.int64], shares: NDArray[np.float64], titles: Sequence[str], scale: float
) -> _Body:
    n = len(titles)
    heads = [_in_two(title) for title in titles]
    widest = max(text_width(line, TEXT) for head in heads for line in head) + 8
    text, high, cell = round(TEXT * scale), round(CELL * scale), round(scale * min(WIDEST, max(CELL, widest)))
    check_area(n * cell, n * high)
    size = (cell, high)
    cells = [row([_cell(counts[i, j], shares[i, j], size, text, scale) for j in range(n)]) for i in range(n)]
    matrix = framed(column(cells))
    wide = round(scale * (min(LONGEST, max(text_width(title, TEXT) for title in titles)) + 12))
    left = column([label(title, text, wide - round(8 * scale), "right", height=high) for title in titles])
    above = row([_above(head, max(map(len, heads)), cell, scale) for head in heads])
    corner = label("", text, wide)
    lines = [row([corner, above]), row([left, matrix], round(12 * scale))]
    return _Body(column(lines, round(4 * scale), align="left"), above, matrix, corner)


def _many(
    counts: NDArray[np.int64], shares: NDArray[np.float64], titles: Sequence[str], scale: float
) -> _Body:
    n = len(titles)
    text, high = round(SMALLEST * scale), round(SMALL_CELL * scale)
    cell = round(scale * max(SMALL_CELL, text_width(f"{counts.max()}") + 6))
    check_area(n * cell, n * high)
    paper = Image.new("RGB", (n * cell, n * high), PAPER)
    draw = ImageDraw.Draw(paper)
    for i, j in np.argwhere(counts).tolist():
        paper.paste(_cell(counts[i, j], shares[i, j], (cell, high), text, scale), (j * cell, i * high))
    for k in range(GROUP, n, GROUP):
        draw.line((k * cell, 0, k * cell, paper.height), GUIDE)
        draw.line((0, k * high, paper.width, k * high), GUIDE)
    matrix = framed(paper)
    longest = min(LONGEST, max(map(text_width, titles)))
    wide, gap = round(scale * (longest + 12)), round(8 * scale)
    left, right = (
        column([label(title, text, wide - gap, align, height=high) for title in titles]) for align in _SIDES
    )
    turned = longest > SMALL_CELL - 2
    above, below = (
        _heads(titles, text, cell, round(longest * scale) if turned else None, align)
        for align in reversed(_SIDES)
    )
    corner = label("", text, wide)
    lines = [
        row([corner, above]),
        row([left, matrix, right], round(12 * scale)),
        row([corner, below]),
    ]
    return _Body(column(lines, round(4 * scale), align="left"), above, matrix, corner)


_SIDES: tuple[Align, Align] = ("right", "left")


def _heads(titles: Sequence[str], text: int, cell: int, long: int | None, align: Align) -> Image.Image:
    """Names beside each other; where they are `long`, turned by a quarter, to be read from below."""
    if long is None:
        return row([label(title, text, cell) for title in titles])
    turned = (label(title, text, long, align, height=cell) for title in titles)
    return row([line.rotate(90, expand=True) for line in turned])


def _in_two(name: str) -> list[str]:
    """A name that is too wide for a cell, broken behind a space or another sign that is no letter."""
    breaks = [k for k, sign in enumerate(name, 1) if not sign.isalnum() and k < len(name)]
    if text_width(name, TEXT) <= CELL - 6 or not breaks:
        return [name]
    halves = [[name[:k].strip(), name[k:].strip()] for k in breaks]
    return min(halves, key=lambda lines: max(text_width(line, TEXT) for line in lines))


def _cell(count: int, share: float, size: tuple[int, int], text: int, scale: float) -> Image.Image:
    colour, ink = cell_colours(share)
    width, height = size
    cell = Image.new("RGB", size, colour)
    ink = ink if count else (150, 150, 150)
    mask = fitted_mask(f"{count}", text, width - round(6 * scale))
    cell.paste(ink, ((width - mask.width) // 2, (height - mask.height) // 2), mask)
    ImageDraw.Draw(cell).rectangle((0, 0, width - 1, height - 1), outline=(235, 235, 235))
    return cell


def cell_colours(share: float) -> tuple[Colour, Colour]:
    """That of a cell, and of the letters in it.

    It is by the share's square root: a few mistakes must not look like none.
    """
    strength = math.sqrt(share)
    red, green, blue = (round(255 + (dark - 255) * strength) for dark in DARK)
    # Where black and white letters stand out equally; each does so by more than 4.5 : 1 on its side.
    ink = (255, 255, 255) if strength > 0.66 else (0, 0, 0)
    return (red, green, blue), ink


def _above(lines: Sequence[str], room: int, width: int, scale: float) -> Image.Image:
    """One or more lines at the bottom of as many as there is room for."""
    text, side = round(TEXT * scale), round(3 * scale)
    head = Image.new("RGB", (width, room * line_height(text)), PAPER)
    for up, line in enumerate(reversed(lines), 1):
        head.paste(label(line, text, width - 2 * side), (side, head.height - up * line_height(text)))
    return head
