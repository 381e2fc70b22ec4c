"""Pictures put together: rows, columns and grids on white paper, and the sheet that shows a data set.

Every figure of this package is built from these few pieces, so that their margins and gaps agree.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mnistgd.errors import ShapeError, UsageError
from mnistgd.figures.text import PAPER, Align, common_size, label, line_height, room_for, text_width

Picture = TypeVar("Picture")

MARGIN = 24
EDGE = (176, 176, 176)  # the thin line around a picture, so that a white one still has an end
MOST_ROWS = 20  # with labels, below one another
MOST_PIXELS = 25_000_000  # of one picture: 75 MB in memory, more than any screen or page shows
STEP = 28  # from one size of a heatmap to the next


class TooLargeError(UsageError):
    """A picture that would not fit in a sensible memory."""


def check_area(width: int, height: int) -> None:
    """Refuse a picture that would not fit in a sensible memory.

    Raises
    ------
    TooLargeError
        If `width` × `height` is more than 25 million pixels.
    """
    if width * height > MOST_PIXELS:
        raise TooLargeError(
            f"a picture of {width}×{height} pixels is too large", "choose a smaller size, or fewer pictures"
        )


def at_size(draw: Callable[[int | None], Picture], size: int | None) -> Picture:
    """What `draw` makes of `size`; if that is too large, the hint names the largest that is not.

    Parameters
    ----------
    draw : function of the width of each heatmap or image, in pixels, or of None for the usual one
    size : int or None

    Raises
    ------
    UsageError
        If the picture would be too large.
    """
    try:
        return draw(size)
    except TooLargeError as error:
        sizes = range(STEP, size or 0, STEP)
        largest = bisect_left(sizes, True, key=lambda smaller: _is_too_large(draw, smaller)) * STEP
        if not largest:
            raise
        raise UsageError(error.message, f"the largest that works is --size {largest}") from error


def _is_too_large(draw: Callable[[int | None], object], size: int) -> bool:
    try:
        draw(size)
    except TooLargeError:
        return True
    return False


def scale_at(size: int, usual: int) -> float:
    """How much larger than usual the words and gaps beside a large picture are.

    Each length of a figure is multiplied by it, so that a figure looks alike at every size. It is never less
    than 1: words stay legible.
    """
    return max(1.0, size / usual)


def enlarged(pixels: NDArray[np.uint8], multiple: int) -> Image.Image:
    """Each pixel as a square of `multiple` × `multiple` equal pixels; nothing is blurred.

    Parameters
    ----------
    pixels : uint8 ndarray of shape (height, width) for gray or (height, width, 3) for RGB
    multiple : int, at least 1

    Returns
    -------
    RGB image of width × multiple by height × multiple pixels

    Raises
    ------
    TooLargeError
        If that is too large.
    """
    height, width = pixels.shape[:2]
    check_area(width * multiple, height * multiple)
    picture = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    return picture.resize((width * multiple, height * multiple), Image.Resampling.NEAREST)


def framed(picture: Image.Image) -> Image.Image:
    """`picture` with a thin line around it, one pixel outside."""
    return ImageOps.expand(picture, border=1, fill=EDGE)


def widened(picture: Image.Image, width: int, height: int = 0) -> Image.Image:
    """`picture` in the middle of white paper of at least `width` × `height` pixels, if it is not as large."""
    wide, high = max(picture.width, width), max(picture.height, height)
    if picture.size == (wide, high):
        return picture
    paper = Image.new("RGB", (wide, high), PAPER)
    paper.paste(picture, ((wide - picture.width) // 2, (high - picture.height) // 2))
    return paper


def on_page(picture: Image.Image, margin: int = MARGIN) -> Image.Image:
    """`picture` on white paper with an even margin."""
    return ImageOps.expand(picture, border=margin, fill=PAPER)


def column(pictures: Sequence[Image.Image], gap: int = 0, align: Align = "centre") -> Image.Image:
    """Pictures one below the other, `gap` pixels apart."""
    width = max(picture.width for picture in pictures)
    height = sum(picture.height for picture in pictures) + gap * (len(pictures) - 1)
    check_area(width, height)
    page = Image.new("RGB", (width, height), PAPER)
    top = 0
    for picture in pictures:
        spare = width - picture.width
        page.paste(picture, ({"left": 0, "centre": spare // 2, "right": spare}[align], top))
        top += picture.height + gap
    return page


def row(pictures: Sequence[Image.Image], gap: int = 0) -> Image.Image:
    """Pictures side by side, `gap` pixels apart, their tops level."""
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    height = max(picture.height for picture in pictures)
    check_area(width, height)
    page = Image.new("RGB", (width, height), PAPER)
    left = 0
    for picture in pictures:
        page.paste(picture, (left, 0))
        left += picture.width + gap
    return page


def grid(pictures: Sequence[Image.Image], columns: int, gap: int = 0) -> Image.Image:
    """Pictures in rows of `columns`, row by row, `gap` pixels apart both ways."""
    rows = [row(pictures[start : start + columns], gap) for start in range(0, len(pictures), columns)]
    return column(rows, gap, align="left")


def contact_sheet(
    images: NDArray[np.uint8],
    *,
    title: str = "",
    captions: Sequence[str] = (),
    row_labels: Sequence[str] = (),
    columns: int | None = None,
    size: int | None = None,
    scale: float = 1.0,
) -> Image.Image:
    """Many images on one page, dark ink on white paper, captions below them if there are any.

    Parameters
    ----------
    images : uint8 ndarray of shape (n, height, width), n at least 1; 0 is background and 255 is ink
    title : written above
    captions : one for each image, or none at all; of as many lines as they have
    row_labels : one for each row, written to its left, or none at all; more than twenty rows with labels
        are parted, and the parts stand beside each other
    columns : images in a row; about as many as there are rows if not given
    size : pixels; an image is enlarged by the largest whole number that keeps its width within it;
        if not given 84 with captions, else 56, or 28 for more than 400 images
    scale : how much larger than usual the words and gaps are

    Raises
    ------
    ShapeError
        If there is no image, or the captions or labels do not go with the images.
    UsageError
        If the page would be too large.
    """
    if images.ndim != 3 or images.dtype != np.uint8 or 0 in images.shape:
        raise ShapeError(f"no sheet can be made of {images.dtype} images of shape {images.shape}")
    count, height, width = images.shape
    columns = min(count, math.ceil(math.sqrt(count)) if columns is None else columns)
    if columns < 1:
        raise ShapeError(f"a sheet of {columns} columns has no room for images")
    rows = math.ceil(count / columns)
    if captions and len(captions) != count:
        raise ShapeError(f"{len(captions)} captions for {count} images")
    if row_labels and len(row_labels) != rows:
        raise ShapeError(f"{len(row_labels)} labels for {rows} rows")
    if size is None:
        size = 84 if captions else 56 if count <= 400 else 28
    multiple = max(1, size // width)
    gap, text_size = round(6 * scale), round(14 * scale)
    # The sheet may be large although each image is small: this is known before anything is drawn.
    lines = [caption.split("\n") for caption in captions]
    step = height * multiple + line_height(text_size) * max(map(len, lines), default=0) + gap
    check_area(columns * (width * multiple + gap), rows * step)
    tiles = [framed(enlarged(255 - image, multiple)) for image in images]
    if captions:
        every = [line for caption in lines for line in caption]
        room = room_for(every, tiles[0].width)
        shared = common_size(every, text_size, room)
        tiles = [
            column([tile, *(label(line, shared, room) for line in caption)])
            for tile, caption in zip(tiles, lines, strict=True)
        ]
    if row_labels:
        sides = _row_labels(row_labels, tiles[0].height)
        # Of many rows, a part is beside the next.
        most = math.ceil(rows / math.ceil(rows / MOST_ROWS))
        parts = [
            row(
                [
                    column(sides[top : top + most], gap),
                    grid(tiles[top * columns : (top + most) * columns], columns, gap),
                ],
                2 * gap,
            )
            for top in range(0, rows, most)
        ]
        sheet = row(parts, 4 * gap)
    else:
        sheet = grid(tiles, columns, gap)
    if title:
        wide = max(sheet.width, round(360 * scale))
        sheet = column([label(title, round(22 * scale), wide), sheet], round(12 * scale))
    return on_page(sheet, round(MARGIN * scale))


def _row_labels(names: Sequence[str], height: int) -> list[Image.Image]:
    """Row labels of one width, each in the middle of a row of `height` pixels."""
    size = 16
    width = min(140, 10 * math.ceil(max(text_width(name, size) for name in names) / 10))
    return [label(name, size, width, "right", height=height) for name in names]
