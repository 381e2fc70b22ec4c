"""The font, which letters can be drawn with it, and what is drawn instead of those that it lacks.

It is the one that Pillow carries, which has little more than ASCII, unless `use_font` names another. The
signs that figures need (−, ×, →) are strokes, given here, where the font has none.
"""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from mnistgd.errors import FontError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Strokes = tuple[tuple[tuple[float, float], ...], ...]

# Strokes are lines through points, in units of the font size: x from where the sign begins, y upwards
# from the baseline.
SIGNS: dict[str, tuple[float, Strokes]] = {
    "−": (0.58, (((0.06, 0.275), (0.52, 0.275)),)),
    "–": (0.52, (((0.0, 0.275), (0.52, 0.275)),)),
    "—": (0.96, (((0.0, 0.275), (0.96, 0.275)),)),
    "×": (0.58, (((0.12, 0.105), (0.46, 0.445)), ((0.12, 0.445), (0.46, 0.105)))),
    "→": (0.92, (((0.04, 0.275), (0.86, 0.275)), ((0.64, 0.475), (0.86, 0.275), (0.64, 0.075)))),
}
_SPELLED = dict(zip(map(ord, "øØłŁđĐðÐı„‐‑"), "oOlLdDdDi“--", strict=True))
_SPELLED |= str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"})

lacking: dict[str, None] = {}
"""The signs, in their order, that were to be drawn since `use_font` and that the font lacks."""

_named: tuple[str, Callable[[], bytes]] | None = None


def use_font(place: str | None = None, read: Callable[[], bytes] = bytes) -> None:
    """From now on, draw with another font.

    That is for all of this process: who runs a command wants every word in one font, and it would be passed
    to nearly every function of this room.

    Parameters
    ----------
    place : str or None; the path of the font's file, None for the font that Pillow carries
    read : function that gives the bytes of that file; it is called where words are drawn, and only there
    """
    global _named
    _named = None if place is None else (place, read)
    lacking.clear()
    for kept in (checked_font, font, has):
        kept.cache_clear()


def named_font() -> str | None:
    """The path that `use_font` was given."""
    return None if _named is None else _named[0]


@cache
def checked_font() -> str | None:
    """The same, once that font is known to have what every picture needs.

    Raises
    ------
    FontError
        If it cannot be used.
    """
    if _named is not None and not all(has(chr(code)) for code in range(0x21, 0x7F)):
        raise FontError(
            f"the font {_named[0]} lacks digits, letters or signs of ASCII", "name one that has those as well"
        )
    return named_font()


@contextmanager
def sound_font() -> Iterator[None]:
    """Whatever comes of a named font that is none, or damaged, becomes one `FontError`."""
    from PIL import Image

    with warnings.catch_warnings():
        # Letters as large as some damaged ones would fill the memory.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except Exception as error:
            if _named is None or isinstance(error, FontError | MemoryError):
                raise
            message = f"{_named[0]} is not a font that can be used, or is damaged"
            raise FontError(message, "name a TrueType or OpenType font") from error


@lru_cache(maxsize=4)  # each holds a copy of the file
def font(size: int, *, plain: bool = False) -> FreeTypeFont:
    """The font, its letters `size` pixels large; a named one that is `plain` draws sign by sign."""
    from PIL import ImageFont

    if _named is None:
        found = ImageFont.load_default(size)
        assert isinstance(found, ImageFont.FreeTypeFont)  # what it returns whenever a size is given
        return found
    with sound_font():
        engine = ImageFont.Layout.BASIC if plain else None
        return ImageFont.truetype(io.BytesIO(_named[1]()), size, layout_engine=engine)


@cache
def has(sign: str) -> bool:
    """Whether the font has `sign`: it does not look like U+FFFF, which is no sign and in no font."""
    return _look(sign) != _look("\uffff")


def _look(sign: str) -> tuple[float, tuple[int, int], bytes]:
    with sound_font():
        mask = font(40, plain=True).getmask(sign)
        return font(40, plain=True).getlength(sign), mask.size, bytes(mask)


def drawable_signs(text: str) -> tuple[str, bool]:
    """`text` in signs that can be drawn, letters without accents if need be; and whether all letters can."""
    checked_font()
    signs: list[str] = []
    whole = True
    for sign in unicodedata.normalize("NFC", text[:400]):
        kind = unicodedata.category(sign)[0]
        if kind == "Z" or sign in "\t\n\r\v\f":
            signs.append(" ")
        elif sign in SIGNS or (kind != "C" and has(sign)):
            signs.append(sign)
        elif kind != "C":
            lacking[sign] = None
            parts = unicodedata.normalize("NFKD", sign).translate(_SPELLED)
            plain = [part for part in parts if not unicodedata.combining(part)]
            if all(map(has, plain)):
                signs += plain
            elif kind in "LN":
                signs.append("?")
                whole = False
    return " ".join("".join(signs).split()), whole


def can_draw(text: str) -> bool:
    """Whether every letter and figure of `text` can be drawn, and there is at least one sign to draw."""
    drawable, whole = drawable_signs(text)
    return bool(drawable) and whole
