"""Weights as pictures: one heatmap, a figure with its legend, and a sheet of all classes.

The weights of one class are as many as an image has pixels, one for each; shown where its pixel is, each
weight tells whether ink there speaks for the class or against it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from mnistgd.errors import ShapeError
from mnistgd.figures.legend import LEGEND_WIDTH, legend, plain
from mnistgd.figures.montage import check_area, column, enlarged, framed, grid, on_page, row, scale_at
from mnistgd.figures.palettes import GROKKING, Palette, colours
from mnistgd.figures.text import label, room_for

Caption = tuple[str, str]
"""What is written below heatmaps, at the left and at the right."""

SIZE = 560  # of one heatmap by default, in pixels
SHEET_SIZE = 196  # of each heatmap of a sheet
SMALL_SIZE = 84  # of each heatmap of a sheet of many
MANY = 20  # heatmaps, beyond which a sheet has small ones


def heatmap(values: ArrayLike, limit: float, palette: Palette = GROKKING, size: int = SIZE) -> Image.Image:
    """Numbers as coloured squares, and nothing else.

    Parameters
    ----------
    values : array of shape (height, width), or (n,) with n a square number, such as 784
    limit : the absolute value shown in full colour
    palette : Palette
    size : pixels; a number becomes a square of the largest whole side that keeps the width within it,
        at least one pixel

    Returns
    -------
    RGB image; square (r, c) has the colour of ``values[r, c]`` exactly

    Raises
    ------
    ShapeError
        If the values have no such shape or are not finite, or the limit is not one.
    UsageError
        If the picture would be too large.
    """
    array = np.asarray(values)
    if array.ndim == 1:
        side = math.isqrt(array.size)
        if side * side != array.size:
            raise ShapeError(f"{array.size} values do not make a square picture")
        array = array.reshape(side, side)
    if array.ndim != 2 or array.size == 0:
        raise ShapeError(f"values of shape {array.shape} do not make a picture")
    return enlarged(colours(array, limit, palette), max(1, size // array.shape[1]))


def heatmap_figure(
    values: ArrayLike,
    title: str,
    limit: float,
    palette: Palette = GROKKING,
    size: int = SIZE,
    caption: Caption | None = None,
) -> Image.Image:
    """One heatmap with its title above and its legend below.

    Parameters and errors are those of `heatmap`; `title` is what is written above, `caption` what is written
    between the heatmap and its legend.
    """
    picture = framed(heatmap(values, limit, palette, size))
    scale = scale_at(picture.width - 2, SIZE)
    width = max(picture.width, LEGEND_WIDTH)
    said = [] if caption is None else [caption_line(caption, width, scale)]
    parts = [label(title, round(28 * scale), width), picture, *said, legend(limit, palette, width, scale)]
    return on_page(column(parts, round(14 * scale)), round(24 * scale))


def heatmap_sheet(
    values: Sequence[ArrayLike] | NDArray[Any],
    titles: Sequence[str],
    limits: float | Sequence[float],
    palette: Palette = GROKKING,
    size: int = SHEET_SIZE,
    caption: Caption | None = None,
) -> Image.Image:
    """Several heatmaps of equal shape, each with its title, and one legend for all.

    Parameters
    ----------
    values : for each heatmap what `heatmap` takes; the columns of a weight matrix are ``weights.T``
    titles : one for each
    limits : float or sequence of float
        One limit that all share, or one for each: then each tells its own, and the legend points there.
    palette, size : as for `heatmap`
    caption : what is written between the heatmaps and their legend

    Raises
    ------
    ShapeError, UsageError
        As `heatmap` does, or if there is not one title, or one limit, for each.
    """
    pictures, each = _heatmaps(values, limits, palette, size)
    if len(titles) != len(pictures):
        raise ShapeError(f"{len(titles)} titles for {len(pictures)} heatmaps")
    shared = np.ndim(limits) == 0
    scale = scale_at(pictures[0].width, SHEET_SIZE)
    below = [] if shared else [f"limit {plain(limit)}" for limit in each]
    room = room_for([*titles, *below], pictures[0].width + 2)
    tiles = []
    for k, picture in enumerate(map(framed, pictures)):
        words = [label(text, round(14 * scale), room) for text in below[k : k + 1]]
        tiles.append(column([label(titles[k], round(18 * scale), room), picture, *words], round(4 * scale)))
    sheet = grid(tiles, sheet_columns(len(tiles)), round(16 * scale))
    width = max(min(sheet.width, round(640 * scale)), LEGEND_WIDTH)
    said = [] if caption is None else [caption_line(caption, width, scale)]
    key = legend(each[0] if shared else None, palette, width, scale)
    return on_page(column([sheet, *said, key], round(20 * scale)), round(24 * scale))


def caption_line(caption: Caption, width: int, scale: float) -> Image.Image:
    """Both halves in one line, each in its own corner; below each other where it is narrow."""
    size = round(16 * scale)
    left, right = caption
    if width < 420 * scale:
        return column([label(text, size, width, "left") for text in caption])
    return row([label(left, size, width // 2, "left"), label(right, size, width - width // 2, "right")])


def weights_picture(
    weights: NDArray[np.floating],
    titles: Sequence[str],
    limits: float | Sequence[float],
    palette: Palette,
    size: int | None,
    *,
    caption: Caption | None = None,
    bare: bool = False,
) -> Image.Image:
    """The columns of a weight matrix: one as `heatmap_figure`, several as `heatmap_sheet`.

    Parameters
    ----------
    weights : ndarray of shape (784, n)
    titles : one for each
    limits : float or sequence of float, as for `heatmap_sheet`
    palette : Palette
    size : pixels, as for `heatmap`; as large as suits so many heatmaps if not given
    caption : as for `heatmap_sheet`
    bare : bool; without titles, caption, legend and margin
    """
    if len(titles) > 1:
        size = size or (SHEET_SIZE if len(titles) <= MANY else SMALL_SIZE)
        if bare:
            return bare_sheet(weights.T, limits, palette, size)
        return heatmap_sheet(weights.T, titles, limits, palette, size, caption)
    (values,), (title,), limit, size = weights.T, titles, float(np.max(limits)), size or SIZE
    if bare:
        return heatmap(values, limit, palette, size)
    return heatmap_figure(values, title, limit, palette, size, caption)


def bare_sheet(
    values: Sequence[ArrayLike] | NDArray[Any],
    limits: float | Sequence[float],
    palette: Palette = GROKKING,
    size: int = SHEET_SIZE,
) -> Image.Image:
    """The heatmaps of `heatmap_sheet` in the same order, two of their squares apart, and nothing else."""
    pictures, _ = _heatmaps(values, limits, palette, size)
    return grid(list(map(framed, pictures)), sheet_columns(len(pictures)), 2 * max(1, size // 28))


def sheet_columns(count: int) -> int:
    """Heatmaps in a row of a sheet: up to five in one row, up to ten in two, then half as high as wide."""
    if count <= 5:
        return count
    return math.ceil(count / 2) if count <= 10 else math.ceil(math.sqrt(2 * count))


def _heatmaps(
    values: Sequence[ArrayLike] | NDArray[Any], limits: float | Sequence[float], palette: Palette, size: int
) -> tuple[list[Image.Image], list[float]]:
    """Each heatmap of a sheet, and its limit."""
    given = np.asarray(limits, dtype=np.float64)
    each = np.full(len(values), given).tolist() if given.ndim == 0 else given.tolist()
    if len(each) != len(values) or not each:
        raise ShapeError(f"{len(each)} limits for {len(values)} heatmaps")
    columns = sheet_columns(len(each))
    check_area(columns * size, math.ceil(len(each) / columns) * size)
    pairs = zip(values, each, strict=True)
    return [heatmap(array, limit, palette, size) for array, limit in pairs], each
