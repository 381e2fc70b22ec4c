"""A confusion matrix as a picture: a count in every cell, and what the axes are beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistgd.errors import ShapeError
from mnistgd.figures.captions import class_name
from mnistgd.figures.montage import column, framed, on_page, row
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


def confusion_figure(counts: NDArray[np.int64], names: Sequence[str], title: str) -> Image.Image:
    """Counts in cells: a row for each true class, a column for each predicted one.

    A cell's colour is its count's share of its row: white is none, dark blue all. So the diagonal shows
    each class's recall, whatever the number of its images. More than twenty classes have small cells, names
    on all four sides, a line after every fifth cell, and nothing written where the count is 0.

    Parameters
    ----------
    counts : integer ndarray of shape (n_classes, n_classes); row = true class, column = predicted class
    names : the classes' names
    title : written above

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
    body, above, matrix, corner = (_few if n <= FEW else _many)(counts, shares, titles)
    across = row([corner, label("predicted", TEXT, matrix.width)])
    down = label("true", TEXT, matrix.height).rotate(90, expand=True)
    blank = label("", TEXT, down.width, height=above.height + across.height)
    page = row([column([blank, down]), column([across, body], 4, align="left")], 6)
    what = "the darker, the larger the count's share of its row; white: none"
    key = label(what, 15, page.width, ink=(88, 88, 88))
    return on_page(column([label(title, 22, page.width), page, key], 14))


class _Body(NamedTuple):
    """The matrix between the names of its rows and columns, and the parts by which more is put around it."""

    picture: Image.Image
    above: Image.Image
    matrix: Image.Image
    corner: Image.Image


def _few(counts: NDArray[np.int64], shares: NDArray[np.float64], titles: Sequence[str]) -> _Body:
    n = len(titles)
    heads = [_in_two(title) for title in titles]
    cell = min(WIDEST, max(CELL, *(text_width(line, TEXT) + 8 for head in heads for line in head)))
    cells = [row([_cell(counts[i, j], shares[i, j], (cell, CELL), TEXT) for j in range(n)]) for i in range(n)]
    matrix = framed(column(cells))
    wide = min(LONGEST, max(text_width(title, TEXT) for title in titles)) + 12
    left = column([label(title, TEXT, wide - 8, "right", height=CELL) for title in titles])
    above = row([_above(head, max(map(len, heads)), cell) for head in heads])
    corner = label("", TEXT, wide)
    body = column([row([corner, above]), row([left, matrix], 12)], 4, align="left")
    return _Body(body, above, matrix, corner)


def _many(counts: NDArray[np.int64], shares: NDArray[np.float64], titles: Sequence[str]) -> _Body:
    n = len(titles)
    cell = max(SMALL_CELL, text_width(f"{counts.max()}") + 6)
    paper = Image.new("RGB", (n * cell, n * SMALL_CELL), PAPER)
    draw = ImageDraw.Draw(paper)
    for i, j in np.argwhere(counts).tolist():
        drawn = _cell(counts[i, j], shares[i, j], (cell, SMALL_CELL), SMALLEST)
        paper.paste(drawn, (j * cell, i * SMALL_CELL))
    for k in range(GROUP, n, GROUP):
        draw.line((k * cell, 0, k * cell, paper.height), GUIDE)
        draw.line((0, k * SMALL_CELL, paper.width, k * SMALL_CELL), GUIDE)
    matrix = framed(paper)
    wide = min(LONGEST, max(map(text_width, titles))) + 12
    left, right = (
        column([label(title, SMALLEST, wide - 8, align, height=SMALL_CELL) for title in titles])
        for align in _SIDES
    )
    above, below = (_heads(titles, cell, wide - 12, align) for align in reversed(_SIDES))
    corner = label("", SMALLEST, wide)
    lines = [row([corner, above]), row([left, matrix, right], 12), row([corner, below])]
    return _Body(column(lines, 4, align="left"), above, matrix, corner)


_SIDES: tuple[Align, Align] = ("right", "left")


def _heads(titles: Sequence[str], cell: int, longest: int, align: Align) -> Image.Image:
    """Names beside each other; turned by a quarter, to be read from below, if one is wider than a cell."""
    if longest <= cell - 2:
        return row([label(title, SMALLEST, cell) for title in titles])
    turned = (label(title, SMALLEST, longest, align, height=cell) for title in titles)
    return row([line.rotate(90, expand=True) for line in turned])


def _in_two(name: str) -> list[str]:
    """A name that is too wide for a cell, broken behind a space or another sign that is no letter."""
    breaks = [k for k, sign in enumerate(name, 1) if not sign.isalnum() and k < len(name)]
    if text_width(name, TEXT) <= CELL - 6 or not breaks:
        return [name]
    halves = [[name[:k].strip(), name[k:].strip()] for k in breaks]
    return min(halves, key=lambda lines: max(text_width(line, TEXT) for line in lines))


def _cell(count: int, share: float, size: tuple[int, int], text: int) -> Image.Image:
    """Colour by the share, or more exactly by its square root: a few mistakes must not look like none."""
    width, height = size
    strength = float(np.sqrt(share))
    colour = tuple(round(255 + (dark - 255) * strength) for dark in DARK)
    cell = Image.new("RGB", size, colour)
    # Where black and white letters stand out equally; each does so by more than 4.5 : 1 on its side.
    ink = (255, 255, 255) if strength > 0.66 else (0, 0, 0) if count else (150, 150, 150)
    mask = fitted_mask(f"{count}", text, width - 6)
    cell.paste(ink, ((width - mask.width) // 2, (height - mask.height) // 2), mask)
    ImageDraw.Draw(cell).rectangle((0, 0, width - 1, height - 1), outline=(235, 235, 235))
    return cell


def _above(lines: Sequence[str], room: int, width: int) -> Image.Image:
    """One or more lines at the bottom of as many as there is room for."""
    head = Image.new("RGB", (width, room * line_height(TEXT)), PAPER)
    for up, line in enumerate(reversed(lines), 1):
        head.paste(label(line, TEXT, width - 6), (3, head.height - up * line_height(TEXT)))
    return head
