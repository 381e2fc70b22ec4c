"""Weights forming: a picture for each snapshot, all on one scale, and the file that shows them in turn."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from mnistgd.errors import ImageError, ShapeError, UsageError
from mnistgd.images.heatmap import heatmap, sheet_columns
from mnistgd.images.legend import LEGEND_WIDTH, legend
from mnistgd.images.montage import column, framed, grid, on_page, row
from mnistgd.images.palettes import GROKKING, Palette
from mnistgd.images.png import text_chunks
from mnistgd.images.text import label

Kind = Literal["GIF", "PNG", "WEBP"]
KINDS: dict[str, Kind] = {".gif": "GIF", ".png": "PNG", ".apng": "PNG", ".webp": "WEBP"}

SIZE = 336  # of one heatmap by default, in pixels
SHEET_SIZE = 112  # of each heatmap of a sheet
MOST_PIXELS = 100_000_000  # of all pictures together: they are in memory at once
LEAST_MILLISECONDS = 20  # a picture that is shown for less, browsers show for a tenth of a second

_RAMP, _GRAYS = 223, 32  # colours of a GIF; the one that is left of its 256 stands for "as before"


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
    single = len(titles) == 1
    size = size or (SIZE if single else SHEET_SIZE)
    scale = max(1.0, size / (SIZE if single else 196))
    heads = [label(title, round((24 if single else 18) * scale), size // 28 * 28 + 2) for title in titles]
    key: Image.Image | None = None
    pictures: list[Image.Image] = []
    for snapshot, (left, right) in zip(snapshots, captions, strict=True):
        tiles = [
            column([head, framed(heatmap(values, limit, palette, size))], round(6 * scale))
            for head, values in zip(heads, snapshot.T, strict=True)
        ]
        sheet = grid(tiles, sheet_columns(len(tiles)), round(16 * scale))
        width = max(sheet.width, LEGEND_WIDTH)
        if key is None:
            key = legend(limit, palette, width, scale)
        page = column([sheet, _caption(left, right, width, scale), key], round(12 * scale))
        pictures.append(on_page(page, round(20 * scale)))
        if len(captions) * pictures[0].width * pictures[0].height > MOST_PIXELS:
            raise UsageError(
                f"{len(captions)} pictures of {pictures[0].width}×{pictures[0].height} pixels are too large",
                "choose a smaller --size",
            )
    return pictures


def _caption(left: str, right: str, width: int, scale: float) -> Image.Image:
    """Both in one line, each in its own corner so that neither moves; below each other where it is narrow."""
    size = round(16 * scale)
    if width < 420 * scale:
        return column([label(text, size, width, "left") for text in (left, right)])
    return row([label(left, size, width // 2, "left"), label(right, size, width - width // 2, "right")])


def animation_bytes(
    pictures: Sequence[Image.Image],
    kind: Kind,
    milliseconds: Sequence[int],
    texts: Mapping[str, str],
    palette: Palette = GROKKING,
) -> bytes:
    """The file that shows `pictures` in turn, over and over.

    PNG and WebP keep every pixel as it is. A GIF has no more than 256 colours: each pixel gets the nearest
    of 223 along the palette and 32 grays, without dithering.

    Parameters
    ----------
    pictures : RGB images of one size
    kind : Kind
    milliseconds : how long each is shown
    texts : mapping from keyword to text; what the file says of itself, where its kind has a place for it
    palette : Palette, that of the pictures

    Raises
    ------
    ImageError
        If this Pillow cannot write WebP.
    """
    stream = io.BytesIO()
    if kind == "GIF":
        comment = "; ".join(f"{key}: {text}" for key, text in texts.items()).encode("utf-8", "replace")
        # Optimised, it says only what has changed since the picture before.
        _save(
            stream, _with_palette(pictures, palette), kind, milliseconds, optimize=True, comment=comment[:255]
        )
    elif kind == "PNG":
        _save(stream, pictures, kind, milliseconds, pnginfo=text_chunks(texts))
    else:
        if not features.check("webp"):
            raise ImageError("this Pillow cannot write WebP", "name a .gif or .apng file with --out")
        _save(stream, pictures, kind, milliseconds, lossless=True)
    return stream.getvalue()


def _save(
    stream: io.BytesIO,
    pictures: Iterable[Image.Image],
    kind: Kind,
    milliseconds: Sequence[int],
    **more: object,
) -> None:
    first, *rest = pictures
    first.save(stream, kind, save_all=True, append_images=rest, duration=list(milliseconds), loop=0, **more)


def _with_palette(pictures: Sequence[Image.Image], palette: Palette) -> list[Image.Image]:
    """The same pictures, in one table of 255 colours."""
    ramp = palette.colours(np.linspace(-1.0, 1.0, _RAMP)).astype(np.int64)
    grays = np.rint(np.linspace(0, 255, _GRAYS)).astype(np.int64)[:, None].repeat(3, axis=1)
    table = np.concatenate([ramp, grays])
    # For each of the 16 million colours its place in the table, found when the colour is first met.
    places = np.full(1 << 24, 255, np.uint8)
    found = []
    for picture in pictures:
        rgb = np.asarray(picture).astype(np.int64)
        numbers = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
        new = np.unique(numbers[places[numbers] == 255])
        colours = np.stack([new >> 16, new >> 8 & 255, new & 255], axis=1)
        places[new] = ((colours[:, None] - table) ** 2).sum(axis=2).argmin(axis=1)
        image = Image.fromarray(places[numbers])
        image.putpalette(table.astype(np.uint8).tobytes())
        found.append(image)
    return found
