"""A picture as the bytes of a PNG file, with a record of what it shows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, PngImagePlugin


def weights_sha256(weights: ArrayLike) -> str:
    """SHA-256, in hex, of a weight array: of its numbers as little-endian float32, row by row.

    It depends on nothing but the numbers, unlike the hash of a weights file, which holds a date.
    """
    return hashlib.sha256(np.asarray(weights).astype("<f4", order="C").tobytes("C")).hexdigest()


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


def text_chunks(texts: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    """The text chunks of a PNG; `png_bytes` says what a text may hold."""
    info = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text.replace("\0", "?").encode("utf-8", "replace").decode("utf-8"))
    return info
