"""Weights forming: a picture for each snapshot, all on one scale, and the file that shows them in turn."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, features

from mnistgd.errors import ImageError, ShapeError, UsageError
from mnistgd.figures.heatmap import caption_line, heatmap, sheet_columns
from mnistgd.figures.legend import LEGEND_WIDTH, legend
from mnistgd.figures.montage import TooLargeError, at_size, column, framed, grid, on_page, scale_at
from mnistgd.figures.palettes import GROKKING, Palette
from mnistgd.figures.png import text_chunks
from mnistgd.figures.text import label, room_for

Kind = Literal["GIF", "PNG", "WEBP"]
KINDS: dict[str, Kind] = {".gif": "GIF", ".png": "PNG", ".apng": "PNG", ".webp": "WEBP"}

SIZE = 336  # of one heatmap by default, in pixels
SHEET_SIZE = 112  # of each heatmap of a sheet
SMALLER = (1.0, 0.75, 0.5, 0.25)  # of those sizes, for as many snapshots as make a large file
MOST_BYTES = 2_000_000  # of a file whose size nobody chose: what a page can carry
MOST_PIXELS = 100_000_000  # of all pictures together: they are in memory at once
HOLD_MILLISECONDS = 2000  # the last picture is shown, before it begins again
LEAST_MILLISECONDS = 20  # a picture that is shown for less, browsers show for a tenth of a second

_RAMP, _GRAYS = 223, 32  # colours of a GIF
_AS_BEFORE = 255  # the number of the one that is left of its 256


def frame_times(count: int, seconds: float) -> list[int]:
    """How many milliseconds each of `count` pictures is shown; a GIF counts hundredths of a second.

    Parameters
    ----------
    count : int
    seconds : float, from the first picture to the last

    Raises
    ------
    UsageError
        If that is less than is shown.

    Examples
    --------
    >>> frame_times(4, 0.5)
    [170, 160, 170, 2000]
    """
    ends = [10 * round(100 * seconds * k / max(1, count - 1)) for k in range(count)]
    shown = [after - before for before, after in pairwise(ends)]
    if shown and min(shown) < LEAST_MILLISECONDS:
        raise UsageError(
            f"{count} pictures in {seconds:g} seconds are more than 50 a second",
            f"choose at least --seconds {count * LEAST_MILLISECONDS / 1000:g}",
        )
    return [*shown, HOLD_MILLISECONDS]


def animation_pictures(
    snapshots: NDArray[np.floating],
    titles: Sequence[str],
    captions: Sequence[tuple[str, str]],
    limit: float,
    palette: Palette = GROKKING,
    size: int | None = None,
) -> list[Image.Image]:
    """A picture for each snapshot, alike in everything but the weights and the caption.

    Parameters
    ----------
    snapshots : ndarray of shape (n, 784, classes), finite
    titles : one for each class
    captions : one for each snapshot: what is written below, at the left and at the right
    limit : float, the weight shown in full colour, in every picture
    palette : Palette
    size : pixels, the width of a heatmap; a multiple of 28 at most this

    Raises
    ------
    ShapeError
        If there is not one title for each class, or one caption for each snapshot.
    UsageError
        If the pictures would be too large together.
    """
    if snapshots.shape != (len(captions), 784, len(titles)):
        raise ShapeError(
            f"snapshots of shape {snapshots.shape} for {len(captions)} captions and {len(titles)} titles"
        )
    if len(captions) > 1:

        def first_alone(size: int | None) -> None:
            (picture,) = animation_pictures(snapshots[:1], titles, captions[:1], limit, palette, size)
            if len(captions) * picture.width * picture.height > MOST_PIXELS:
                what = f"{len(captions)} pictures of {picture.width}×{picture.height} pixels"
                hint = "choose a smaller size, or keep fewer snapshots: mnistgd train --frames 60"
                raise TooLargeError(f"{what} are too large", hint)

        at_size(first_alone, size)
    single = len(titles) == 1
    size = size or (SIZE if single else SHEET_SIZE)
    scale = scale_at(size, SIZE if single else 196)
    room = room_for(titles, size // 28 * 28 + 2)
    heads = [label(title, round((24 if single else 18) * scale), room) for title in titles]
    key: Image.Image | None = None
    pictures: list[Image.Image] = []
    for snapshot, caption in zip(snapshots, captions, strict=True):
        tiles = [
            column([head, framed(heatmap(values, limit, palette, size))], round(6 * scale))
            for head, values in zip(heads, snapshot.T, strict=True)
        ]
        sheet = grid(tiles, sheet_columns(len(tiles)), round(16 * scale))
        width = max(sheet.width, LEGEND_WIDTH)
        if key is None:
            key = legend(limit, palette, width, scale)
        page = column([sheet, caption_line(caption, width, scale), key], round(12 * scale))
        pictures.append(on_page(page, round(20 * scale)))
    return pictures


def animation_bytes(
    pictures: Sequence[Image.Image],
    kind: Kind,
    milliseconds: Sequence[int],
    texts: Mapping[str, str],
    palette: Palette = GROKKING,
    few_colours: bool = False,
) -> bytes:
    """The file that shows `pictures` in turn, over and over.

    PNG and WebP keep every pixel as it is, unless they are to have few colours as well. A GIF has no more
    than 256: each pixel gets the nearest of 223 along the palette and 32 grays, without dithering.

    Parameters
    ----------
    pictures : RGB images of one size
    kind : Kind
    milliseconds : how long each is shown
    texts : mapping from keyword to text; what the file says of itself, where its kind has a place for it
    palette : Palette, that of the pictures
    few_colours : whether PNG and WebP have no more colours than a GIF; a PNG then takes a third

    Raises
    ------
    ImageError
        If this Pillow cannot write WebP.
    """
    stream = io.BytesIO()
    options: dict[str, Any]
    if kind == "GIF" or few_colours:
        pictures = _with_palette(pictures, palette)
    if kind == "GIF":
        comment = "; ".join(f"{key}: {text}" for key, text in texts.items()).encode("utf-8", "replace")
        # Optimised, it says only what has changed since the picture before.
        options = {"optimize": True, "comment": comment[:255]}
    elif kind == "PNG":
        options = {"pnginfo": text_chunks(texts)}
        if few_colours:
            pictures = _changes(pictures)
            options |= {"blend": PngImagePlugin.Blend.OP_OVER, "transparency": _AS_BEFORE}
    else:
        if not features.check("webp"):
            raise ImageError("this Pillow cannot write WebP", "name a .gif or .apng file with --out")
        # Method 0, which Pillow takes unless told, makes files that are more than twice as large.
        options = {"lossless": True, "method": 4}
    first, *rest = pictures
    options |= {"save_all": True, "append_images": rest, "duration": list(milliseconds), "loop": 0}
    first.save(stream, kind, **options)
    return stream.getvalue()


def animation_file(
    snapshots: NDArray[np.floating],
    titles: Sequence[str],
    captions: Sequence[tuple[str, str]],
    limit: float,
    kind: Kind,
    milliseconds: Sequence[int],
    texts: Mapping[str, str],
    palette: Palette = GROKKING,
    size: int | None = None,
) -> bytes:
    """The file of `animation_bytes`: of heatmaps of that `size`, or as large as leaves it below 2 MB.

    Where there are too many pictures for that, PNG and WebP get as few colours as a GIF has, which is hardly
    seen; if that is not enough, the heatmaps get smaller. The parameters, and the errors, are those of
    `animation_pictures` and `animation_bytes`.
    """
    if size is not None:
        pictures = animation_pictures(snapshots, titles, captions, limit, palette, size)
        return animation_bytes(pictures, kind, milliseconds, texts, palette)
    usual = SIZE if len(titles) == 1 else SHEET_SIZE
    for share in SMALLER:
        try:
            pictures = animation_pictures(snapshots, titles, captions, limit, palette, round(share * usual))
        except UsageError:
            if share == SMALLER[-1]:
                raise
            continue
        for few_colours in (False, True) if share == 1 and kind != "GIF" else (True,):
            content = animation_bytes(pictures, kind, milliseconds, texts, palette, few_colours)
            if len(content) < MOST_BYTES:
                return content
    return content


def _with_palette(pictures: Sequence[Image.Image], palette: Palette) -> list[Image.Image]:
    """The same pictures, in one table of 255 colours."""
    ramp = palette.colours(np.linspace(-1.0, 1.0, _RAMP)).astype(np.int64)
    grays = np.rint(np.linspace(0, 255, _GRAYS)).astype(np.int64)[:, None].repeat(3, axis=1)
    table = np.concatenate([ramp, grays])
    # For each of the 16 million colours its place in the table, found when the colour is first met.
    places = np.full(1 << 24, _AS_BEFORE, np.uint8)
    found = []
    for picture in pictures:
        rgb = np.asarray(picture).astype(np.int64)
        numbers = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
        new = np.unique(numbers[places[numbers] == _AS_BEFORE])
        colours = np.stack([new >> 16, new >> 8 & 255, new & 255], axis=1)
        places[new] = ((colours[:, None] - table) ** 2).sum(axis=2).argmin(axis=1)
        image = Image.fromarray(places[numbers])
        image.putpalette(table.astype(np.uint8).tobytes())
        found.append(image)
    return found


def _changes(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """The same pictures of one palette, each pixel that is as in the picture before in a colour of its own.

    It is transparent, and makes long runs that pack well; a GIF's writer does this by itself.
    """
    numbers = [np.asarray(picture) for picture in pictures]
    found = [pictures[0]]
    for before, now in pairwise(numbers):
        found.append(Image.fromarray(np.where(now == before, np.uint8(_AS_BEFORE), now)))
    colours = (pictures[0].getpalette() or [])[: 3 * _AS_BEFORE]
    for image in found:
        image.putpalette([*colours, 0, 0, 0])
    return found
