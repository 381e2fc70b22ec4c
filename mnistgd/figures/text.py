"""Lines of text, drawn with the font of `letters`: unless another is named, they look the same everywhere."""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect
from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageDraw

from mnistgd.figures.letters import SIGNS, drawable_signs, font, has, sound_font

Align = Literal["left", "centre", "right"]

INK = (34, 34, 34)
PAPER = (255, 255, 255)
SMALLEST = 12  # the smallest font size, in pixels, that is read without effort
ROOM = 84  # pixels that the words above or below a smaller picture may take

_FINE = 4  # text is drawn this many times larger, then averaged


def line_height(size: int) -> int:
    """Height in pixels of a line of text at font size `size`; it depends on nothing else."""
    return round(1.3 * size)


def text_width(text: str, size: int = SMALLEST) -> int:
    """How many pixels wide `text` is at font size `size`, or where it is made as small as it may be."""
    return _Line(drawable_signs(text)[0], size).width


def room_for(texts: Sequence[str], width: int) -> int:
    """How wide the words above or below a small picture are: as wide as it is, or wider if they need that.

    Parameters
    ----------
    texts : str, the words of each of several pictures
    width : int, pixels that each picture is wide

    Returns
    -------
    int, pixels; more than `width` only where the smallest letters take more, and then at most `ROOM`
    """
    return max(width, min(ROOM, max(map(text_width, texts))))


def common_size(texts: Sequence[str], size: int, width: int) -> int:
    """The font size, at most `size`, at which all of several texts fit `width` pixels, if any does."""
    sizes = range(size, SMALLEST, -1)
    return next((each for each in sizes if max(text_width(text, each) for text in texts) <= width), SMALLEST)


def text_mask(text: str, size: int) -> Image.Image:
    """One line of text as a mask: 255 where it is inked, 0 where not.

    Control characters and symbols that cannot be drawn are left out; a letter that cannot is a ``?``.

    Parameters
    ----------
    text : str
    size : int, font size in pixels

    Returns
    -------
    image in mode L, as wide as the text and `line_height` high
    """
    return _Line(drawable_signs(text)[0], size).mask()


def fitted_mask(text: str, size: int, width: int) -> Image.Image:
    """`text_mask`, at most `width` pixels wide: in a smaller font if need be, then cut short with ``…``.

    The height stays that of font size `size`, so that lines beside each other keep one baseline.
    """
    signs = drawable_signs(text)[0]
    smaller = size
    while smaller > SMALLEST and _Line(signs, smaller).width > width:
        smaller -= 1
    if _Line(signs, smaller).width > width:
        kept = bisect(range(len(signs)), width, key=lambda kept: _Line(_cut(signs, kept), smaller).width) - 1
        signs = _cut(signs, max(0, kept))
    mask = _Line(signs, smaller).mask()
    line = Image.new("L", (min(width, mask.width), line_height(size)))
    line.paste(mask, (0, size - smaller))
    return line


def label(
    text: str,
    size: int,
    width: int | None = None,
    align: Align = "centre",
    ink: tuple[int, int, int] = INK,
    height: int | None = None,
) -> Image.Image:
    """One line of text on white paper.

    Parameters
    ----------
    text : str
    size : int, font size in pixels
    width : int, optional
        How wide the paper is, in pixels; the text is made to fit. As wide as the text if not given.
    align : where on its paper the text lies
    ink : its colour
    height : int, optional
        How high the paper is, in pixels; the line lies in its middle. `line_height` if not given.

    Returns
    -------
    RGB image, `width` wide and `height` high
    """
    mask = text_mask(text, size) if width is None else fitted_mask(text, size, width)
    wide, high = (mask.width if width is None else width), (mask.height if height is None else height)
    paper = Image.new("RGB", (wide, high), PAPER)
    spare = wide - mask.width
    left = {"left": 0, "centre": spare // 2, "right": spare}[align]
    paper.paste(ink, (left, max(0, high - mask.height) // 2), mask)
    return paper


def _cut(signs: str, kept: int) -> str:
    return signs[:kept].rstrip() + drawable_signs("…")[0]


def _runs(signs: str) -> list[str]:
    """The parts of a line, from left to right: each sign that may be strokes, and what is between them.

    Words that are read from right to left are a part of their own, so that of two names with an arrow
    between them the first is on the left in every script.
    """
    runs = [""]
    for sign in signs:
        last = runs[-1]
        alike = unicodedata.combining(sign) or _from_right(sign) == _from_right(last)
        if _from_right(sign) and not last.strip() and _from_right("".join(runs[-2:-1])):
            runs[-2:] = [runs[-2] + last + sign]
        elif alike and sign not in SIGNS and last not in SIGNS:
            runs[-1] += sign
        else:
            runs.append(sign)
    return runs


def _from_right(signs: str) -> bool:
    return unicodedata.bidirectional(signs[:1] or " ") in ("R", "AL")


def _is_stroked(run: str) -> bool:
    return run in SIGNS and not has(run)


class _Line:
    """Where each part of a line of text goes, found before anything is drawn.

    It is laid out and drawn several times larger, then averaged: letters keep their true widths, and look
    alike whatever version of the font engine draws them; at their final size its hinting would move them
    by whole pixels.
    """

    @sound_font()
    def __init__(self, signs: str, size: int) -> None:
        self.size, self.base = size, size * _FINE
        _, top, _, bottom = font(self.base).getbbox(signs, anchor="ls")
        # Letters of other scripts may be higher, or hang lower, than a line has room for.
        up, down = self.base - _FINE, 0.3 * self.base - _FINE
        self.em = em = math.floor(self.base * min(1, up / max(1, -top), down / max(1, bottom)))
        self.runs: list[tuple[float, str]] = []  # and where they begin
        begin, edges = 0.0, [0.0]
        for run in _runs(signs):
            self.runs.append((begin, run))
            if _is_stroked(run):
                begin += SIGNS[run][0] * em
            else:
                # Some letters lean over their own width.
                left, _, right, _ = font(em).getbbox(run, anchor="ls")
                edges += [begin + left, begin + right]
                begin += font(em).getlength(run)
        self.left = min(edges)
        self.width = max(1, math.ceil((max(*edges, begin) - self.left) / _FINE))

    @sound_font()
    def mask(self) -> Image.Image:
        """The line drawn: 255 where it is inked, 0 where not."""
        base, em, height = self.base, self.em, line_height(self.size)
        fine = Image.new("L", (self.width * _FINE, height * _FINE))
        draw = ImageDraw.Draw(fine)
        for begin, run in self.runs:
            left = begin - self.left
            if not _is_stroked(run):
                draw.text((left, base), run, fill=255, font=font(em), anchor="ls")
                continue
            for points in SIGNS[run][1]:
                at = [(left + x * em, base - y * em) for x, y in points]
                draw.line(at, fill=255, width=round(0.075 * em), joint="curve")
        return fine.resize((self.width, height), Image.Resampling.BOX)
