"""Lines of text, drawn with the font that Pillow carries, so that they look the same everywhere."""

from __future__ import annotations

import math
from bisect import bisect
from functools import lru_cache
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from mnistgd.figures.letters import ACCENTS, BELOW, SIGNS, Strokes, accent_base, drawable_signs

Align = Literal["left", "centre", "right"]

INK = (34, 34, 34)
PAPER = (255, 255, 255)
SMALLEST = 12  # the smallest font size, in pixels, that is read without effort

_FINE = 4  # text is drawn this many times larger, then averaged


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # what it returns whenever a size is given
    return font


def line_height(size: int) -> int:
    """Height in pixels of a line of text at font size `size`; it depends on nothing else."""
    return round(1.3 * size)


def text_width(text: str, size: int = SMALLEST) -> int:
    """How many pixels wide `text` is at font size `size`, or where it is made as small as it may be."""
    return _Line(drawable_signs(text)[0], size).width


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
    text: str, size: int, width: int | None = None, align: Align = "centre", ink: tuple[int, int, int] = INK
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

    Returns
    -------
    RGB image, `width` wide and `line_height` high
    """
    mask = text_mask(text, size) if width is None else fitted_mask(text, size, width)
    paper = Image.new("RGB", (mask.width if width is None else width, mask.height), PAPER)
    spare = paper.width - mask.width
    paper.paste(ink, ({"left": 0, "centre": spare // 2, "right": spare}[align], 0), mask)
    return paper


def _cut(signs: str, kept: int) -> str:
    return signs[:kept].rstrip() + "…"


class _Line:
    """Where each part of a line of text goes, found before anything is drawn.

    It is laid out and drawn several times larger, then averaged: letters keep their true widths, and look
    alike whatever version of the font engine draws them; at their final size its hinting would move them
    by whole pixels.
    """

    def __init__(self, signs: str, size: int) -> None:
        self.size, self.em = size, size * _FINE
        self.runs: list[tuple[float, str]] = []  # texts in the font, and where they begin
        self.strokes: list[tuple[float, float, Strokes]] = []  # and where their x and y count from
        self.dots: list[
            tuple[float, float]
        ] = []  # from where to where the dot of an i gives way to an accent
        font, em = _font(self.em), self.em
        begin, run = 0.0, ""
        for sign in signs:
            if sign in SIGNS:
                self.runs.append((begin, run))
                begin, run = begin + font.getlength(run), ""
                advance, lines = SIGNS[sign]
                self.strokes.append((begin, em, lines))
                begin += advance * em
            elif sign in ACCENTS:
                end, letter = begin + font.getlength(run), run[-1:]
                start = end - font.getlength(letter)
                base = em if sign in BELOW else em - accent_base(letter) * em
                self.strokes.append(((start + end) / 2, base, ACCENTS[sign]))
                if letter in ("i", "j") and sign not in BELOW:
                    self.dots.append((start, end))
            else:
                run += sign
        self.runs.append((begin, run))
        # Some letters lean over their own width, and an accent over that of a narrow letter.
        edges = [0.0, begin + font.getlength(run)]
        for begin, run in self.runs:
            left, _, right, _ = font.getbbox(run, anchor="ls")
            edges += [begin + left, begin + right]
        for left, _, lines in self.strokes:
            edges += [left + (x + side) * em for points in lines for x, _ in points for side in (-0.04, 0.04)]
        self.left = min(edges)
        self.width = max(1, math.ceil((max(edges) - self.left) / _FINE))

    def mask(self) -> Image.Image:
        """The line drawn: 255 where it is inked, 0 where not."""
        em, height = self.em, line_height(self.size)
        fine = Image.new("L", (self.width * _FINE, height * _FINE))
        draw = ImageDraw.Draw(fine)
        for begin, run in self.runs:
            draw.text((begin - self.left, em), run, fill=255, font=_font(em), anchor="ls")
        for left, right in self.dots:
            draw.rectangle((left - self.left, 0, right - self.left - 1, em - 0.575 * em), fill=0)
        for left, base, lines in self.strokes:
            for points in lines:
                at = [(left - self.left + x * em, base - y * em) for x, y in points]
                draw.line(at, fill=255, width=round(0.075 * em), joint="curve")
        return fine.resize((self.width, height), Image.Resampling.BOX)
