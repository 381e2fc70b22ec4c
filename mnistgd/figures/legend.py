"""The legend of a heatmap: its colours, its numbers, and what they mean in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from mnistgd.figures.montage import EDGE, column, framed, row
from mnistgd.figures.palettes import Palette
from mnistgd.figures.text import PAPER, Align, label

LEGEND_WIDTH = 240  # the least that a legend needs to be read, in pixels
WIDE = 550  # from this width on, all three words fit on one line in one size
MEANING = ("ink here speaks against it", "no influence", "ink here speaks for it")


def signed(value: float) -> str:
    """A number of a scale in three significant digits, with its sign.

    Examples
    --------
    >>> signed(-1.5132), signed(0.0), signed(0.25)
    ('−1.51', '0', '+0.250')
    """
    return ("" if value == 0 else "−" if value < 0 else "+") + plain(abs(value))


def plain(value: float) -> str:
    """A number of at least 0 in three significant digits.

    Examples
    --------
    >>> plain(0.6804), plain(0.0), plain(123.4), plain(1e-7)
    ('0.680', '0', '123', '1.00e-07')
    """
    return "0" if value == 0 else f"{value:#.3g}".rstrip(".")


def colour_bar(palette: Palette, width: int, height: int) -> Image.Image:
    """All colours of `palette`, from −1 in the leftmost pixels to 1 in the rightmost."""
    strip = palette.colours(np.linspace(-1.0, 1.0, width))
    return Image.fromarray(np.broadcast_to(strip, (height, width, 3)).copy())


def legend(
    limit: float | None,
    palette: Palette,
    width: int,
    scale: float = 1.0,
    meaning: tuple[str, str, str] = MEANING,
) -> Image.Image:
    """A colour bar with −limit, 0 and +limit, and in words what its colours mean.

    Parameters
    ----------
    limit : float or None
        None where each heatmap of a sheet has a limit of its own: the ends are then called −limit and
        +limit. Where it is 0 every number shown is 0, and so is the whole bar.
    palette : Palette
    width : pixels, the frame of the bar included
    scale : how much larger than usual the text is
    meaning : what the colours at −limit, 0 and +limit say
    """
    size = round(15 * scale)
    bar = colour_bar(palette, width - 2, size)
    if limit == 0:
        bar = Image.new("RGB", bar.size, tuple(palette.colours(0.0).tolist()))
        what = label(f"{palette.words[1]}: {meaning[1]}", round(14 * scale), width)
        return column([framed(bar), _ticks((width // 2,), width, scale), label("0", size), what])
    numbers = ("−limit", "0", "+limit") if limit is None else (signed(-limit), "0", signed(limit))
    ticks = _ticks((0, width // 2, width - 1), width, scale)
    parts = [framed(bar), ticks, _spread(numbers, size, width)]
    words = [f"{colour}: {what}" for colour, what in zip(palette.words, meaning, strict=True)]
    small = round(14 * scale)
    if width >= WIDE * scale:
        parts.append(_spread(words, small, width))
    else:
        parts += [label(line, small, width, "left") for line in words]
    return column(parts)


def _ticks(places: Sequence[int], width: int, scale: float) -> Image.Image:
    """A short line below each of the places on the bar."""
    ticks = Image.new("RGB", (width, round(5 * scale)), PAPER)
    draw = ImageDraw.Draw(ticks)
    for x in places:
        draw.line((x, 0, x, ticks.height), fill=EDGE)
    return ticks


def _spread(texts: Sequence[str], size: int, width: int) -> Image.Image:
    """Three texts in one line: at its left end, in its middle and at its right end."""
    sides = round(0.39 * width)
    middle = width - 2 * sides
    places: list[tuple[int, Align]] = [(sides, "left"), (middle, "centre"), (sides, "right")]
    return row([label(text, size, room, align) for text, (room, align) in zip(texts, places, strict=True)])
