"""A picture as the bytes of a PNG file, with a record of what it shows."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from PIL import Image, PngImagePlugin

from mnistgd.figures.montage import at_size


def png_bytes(picture: Image.Image, texts: Mapping[str, str] | None = None) -> bytes:
    """The PNG file of `picture`; the same picture and texts give the same bytes.

    Parameters
    ----------
    picture : image
    texts : mapping from keyword to text, written as text chunks
        A keyword has 1 to 79 characters of Latin-1. A text may hold any character: it is written as
        ``tEXt`` if Latin-1 has it all, as ``iTXt`` in UTF-8 otherwise. What no PNG can hold, NUL and lone
        surrogates, becomes ``?``.
    """
    stream = io.BytesIO()
    picture.save(stream, format="PNG", pnginfo=text_chunks(texts or {}))
    return stream.getvalue()


def sized_png(draw: Callable[[int | None], Image.Image], size: int | None, texts: Mapping[str, str]) -> bytes:
    """The PNG file of what `draw` makes of `size`; see `at_size` and `png_bytes`."""
    return png_bytes(at_size(draw, size), texts)


def text_chunks(texts: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    """The text chunks of a PNG; `png_bytes` says what a text may hold."""
    info = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text.replace("\0", "?").encode("utf-8", "replace").decode("utf-8"))
    return info
