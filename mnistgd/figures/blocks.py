"""Pictures in a terminal: numbers in [−1, 1] become lines of text.

A character is about twice as high as it is wide, so it holds two pixels: the upper half block ``▀`` in the
colour of the upper one, on a background in the colour of the lower one. 28×28 pixels come out exact, as 28
columns in 14 lines. Where there are no colours, a character stands for the mean of its two pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import ShapeError
from mnistgd.figures.columns import fitted, text_columns
from mnistgd.figures.legend import MEANING, plain, signed
from mnistgd.figures.palettes import GRAY, Palette

Depth = Literal["24-bit", "256", "16", "none"]
SHRINKS = (1, 2, 4)  # how many pixels, across and down, may become one
GAP = 2  # columns between drawings
RESET = "\x1b[0m"
_ASCII = str.maketrans({"−": "-", "×": "x", "→": ">", "…": "~"})  # each a column wide, as what it stands for


class Screen(NamedTuple):
    """What can be drawn on: how many columns there are, how many colours, and how many lines.

    Where nothing is said of the lines there are as many as are needed.
    """

    columns: int
    depth: Depth
    lines: int = 1_000_000


class Steps(NamedTuple):
    """What stands for numbers where there are few colours or none: ``names[k]`` from ``edges[k - 1]`` up."""

    edges: tuple[float, ...]
    names: Sequence[int] | str


def _nearest(named: Mapping[float, int]) -> Steps:
    """Each number gets the name that is nearest to it, of those that are named, which ascend."""
    return Steps(tuple((one + other) / 2 for one, other in pairwise(named)), tuple(named.values()))


def _even(names: str) -> Steps:
    """The same, the names being spread evenly from −1 to 1."""
    n = len(names)
    return Steps(tuple((2 * k + 1) / (n - 1) - 1 for k in range(n - 1)), names)


# Most weights are far smaller than the largest: few even steps would leave most of a drawing blank.
_BY_FIVE = (-0.4, -0.07, 0.07, 0.4)
SIGNED = Steps((-0.75, -0.4, -0.15, -0.02, 0.02, 0.15, 0.4, 0.75), "@%=- +*#M")
INK = _even("@%#*+=-:. ")

# Colours by their numbers, from −1 to 1, chosen by eye along each palette: the colour nearest in RGB is
# often of quite another hue. Of 256 there is no red between the brightest, 196, and salmon, 203; so grokking
# has as its middle the next darker one, and the two sides of zero differ by as much.
_FEW: dict[tuple[str, Depth], Steps] = {
    ("grokking", "256"): _nearest(
        {-1: 16, -0.72: 52, -0.48: 88, -0.24: 124, 0: 160, 0.2: 196, 0.4: 203, 0.55: 210, 0.7: 217}
        | {0.85: 224, 1: 231}
    ),
    ("diverging", "256"): _nearest(
        {-1: 52, -0.8: 88, -0.62: 124, -0.47: 167, -0.36: 174, -0.27: 217, -0.14: 224, 0: 231}
        | {0.05: 255, 0.25: 153, 0.36: 110, 0.56: 67, 0.8: 24}
    ),
    ("gray", "256"): _nearest({-1: 16} | {(8 + 10 * k) / 127.5 - 1: 232 + k for k in range(24)} | {1: 231}),
    ("grokking", "16"): Steps(_BY_FIVE, (0, 1, 9, 7, 15)),
    ("diverging", "16"): Steps(_BY_FIVE, (1, 9, 15, 12, 4)),
    ("gray", "16"): Steps((-0.4, 0.07, 0.4), (0, 8, 7, 15)),
}


@dataclass(frozen=True, eq=False)
class Drawing:
    """One picture and its title.

    Attributes
    ----------
    title : str
    values : ndarray of shape (height, width), in [−1, 1]
    palette : Palette
    characters : Steps, named by characters, for where there are no colours
    """

    title: str
    values: NDArray[np.floating]
    palette: Palette
    characters: Steps = SIGNED


def image_drawing(title: str, image: NDArray[np.uint8]) -> Drawing:
    """An image, uint8 of shape (height, width): its ink black, its paper white."""
    return Drawing(title, 1 - image / 127.5, GRAY, INK)


def weights_drawing(title: str, values: NDArray[np.floating], limit: float, palette: Palette) -> Drawing:
    """Weights, or other numbers with a sign, of shape (n,) or (side, side), from −limit to limit."""
    side = math.isqrt(values.size)
    v = np.asarray(values, dtype=np.float64).reshape(side, side)
    return Drawing(title, np.clip(v / limit, -1, 1) if limit else v, palette)


def weights_drawings(
    titles: Sequence[str], weights: NDArray[np.floating], limits: float | Sequence[float], palette: Palette
) -> list[Drawing]:
    """A drawing of each column of a weight matrix: on one scale, or each, as its title then says, on its own.

    Parameters
    ----------
    titles : one for each
    weights : ndarray of shape (784, n)
    limits : float or sequence of float; one limit that all share, or one for each
    palette : Palette
    """
    each = np.broadcast_to(limits, len(titles)).tolist()
    if np.ndim(limits):
        titles = [f"{title}, limit {plain(limit)}" for title, limit in zip(titles, each, strict=True)]
    columns = zip(titles, weights.T, each, strict=True)
    return [weights_drawing(title, values, limit, palette) for title, values, limit in columns]


def abreast(width: int, screen: Screen) -> int:
    """How many drawings of `width` pixels fit beside each other; at least one."""
    return max(1, (screen.columns + GAP) // (width + GAP))


def most_that_fit(drawing: Drawing, screen: Screen, shrink: int) -> int:
    """How many drawings as large as this one fit, if `shrink` pixels, across and down, become one."""
    height, width = (side // shrink for side in drawing.values.shape)
    # A line holds two pixels; each row has titles above, and a blank line between.
    rows = (screen.lines + 1) // (1 + -(-height // 2) + 1)
    return max(0, rows) * abreast(width, screen) if width <= screen.columns else 0


def shrink_to_fit(drawings: Sequence[Drawing], screen: Screen) -> int | None:
    """How many pixels, across and down, must become one for all drawings to fit; None if none would do.

    Parameters
    ----------
    drawings : of one size
    screen : Screen
    """
    return next((n for n in SHRINKS if most_that_fit(drawings[0], screen, n) >= len(drawings)), None)


def sheet(drawings: Sequence[Drawing], screen: Screen, shrink: int = 1) -> list[str]:
    """Drawings below their titles, as many beside each other as fit; lines of text.

    They move apart for titles that are wider than they are, as far as there is room; the rest is cut.

    Parameters
    ----------
    drawings : of one size
    screen : Screen; at least as wide as one of them
    shrink : how many pixels, across and down, become one: their mean

    Raises
    ------
    ShapeError
        If they are not of one size, or a value lies outside [−1, 1].
    """
    if len({drawing.values.shape for drawing in drawings}) != 1:
        raise ShapeError("drawings of several sizes do not make a sheet")
    width = drawings[0].values.shape[1] // shrink
    rows = -(-len(drawings) // abreast(width, screen))
    columns = -(-len(drawings) // rows)  # in rows equally long
    room = (screen.columns + GAP) // columns - GAP
    wide = max(width, min(room, max(text_columns(drawing.title) for drawing in drawings)))
    blocks = [_block(drawing, screen.depth, shrink, wide) for drawing in drawings]
    lines: list[str] = []
    for start in range(0, len(blocks), columns):
        if start:
            lines.append("")
        texts = zip(*blocks[start : start + columns], strict=True)
        lines += [(" " * GAP).join(parts).rstrip(" ") for parts in texts]
    return lines


def legend(
    limit: float | None, palette: Palette, screen: Screen, meaning: tuple[str, str, str] = MEANING
) -> list[str]:
    """What the colours, or the characters, of drawings of weights mean; lines of text.

    Parameters
    ----------
    limit : float or None
        The number that is drawn as 1; None if each drawing has its own.
    palette, screen : as for `sheet`
    meaning : what −limit, 0 and +limit say
    """
    names = ("−limit", "0", "+limit") if limit is None else (signed(-limit), "0", signed(limit))
    columns = min(28, screen.columns - len(names[0] + names[2]) - 2)
    lines = []
    if columns > 2 and limit != 0:
        scale = np.linspace(-1, 1, columns)[None]
        if screen.depth == "none":
            bar = _plain_lines(scale, SIGNED)[0]
        else:
            # In both halves, so that the bar is as high as a line.
            bar = _coloured_lines(np.repeat(scale, 2, axis=0), palette, screen.depth)[0]
        lines.append(f"{names[0]} {bar} {names[2]}")
    words = palette.words if screen.depth != "none" else ("@ % = -", "blank", "+ * # M")
    if limit == 0:
        return [fitted(f"{words[1]}: {meaning[1]}", screen.columns)]
    texts = [f"{word}: {what}" for word, what in zip(words, meaning, strict=True)]
    one = ", ".join(texts)
    lines += [one] if text_columns(one) <= screen.columns else [fitted(t, screen.columns) for t in texts]
    return [line.translate(_ASCII) for line in lines] if screen.depth == "none" else lines


def ink_legend(screen: Screen) -> list[str]:
    """What the characters of an image mean, in one line; none where ink is black."""
    if screen.depth != "none":
        return []
    return [fitted(f"image: ink {str(INK.names).rstrip()} paper", screen.columns)]


def _block(drawing: Drawing, depth: Depth, shrink: int, wide: int) -> list[str]:
    """A drawing's title, in its middle or from its left edge on, and its lines, all `wide` columns."""
    values = _shrunk(np.asarray(drawing.values, dtype=np.float64), shrink)
    if not (np.abs(values) <= 1).all():
        raise ShapeError("a drawing holds numbers from -1 to 1")
    width = values.shape[1]
    title = fitted(drawing.title, wide)
    title = " " * ((width - text_columns(title)) // 2) + title
    title += " " * (wide - text_columns(title))
    if depth == "none":
        title, lines = title.translate(_ASCII), _plain_lines(values, drawing.characters)
    else:
        lines = _coloured_lines(values, drawing.palette, depth)
    return [title, *(line + " " * (wide - width) for line in lines)]


def _shrunk(values: NDArray[np.float64], shrink: int) -> NDArray[np.float64]:
    height, width = (side // shrink for side in values.shape)
    kept = values[: height * shrink, : width * shrink].reshape(height, shrink, width, shrink)
    mean: NDArray[np.float64] = kept.mean(axis=(1, 3))
    return mean


def _plain_lines(values: NDArray[np.float64], characters: Steps) -> list[str]:
    upper, lower = values[::2], values[1::2]
    # Below an odd last row there is nothing: it stands alone.
    lower = np.concatenate([lower, upper[len(lower) :]])
    indices = np.digitize((upper + lower) / 2, characters.edges)
    return ["".join(str(characters.names[k]) for k in line) for line in indices.tolist()]


def _coloured_lines(values: NDArray[np.float64], palette: Palette, depth: Depth) -> list[str]:
    rows = _colour_numbers(values, palette, depth).tolist()
    lines = []
    for index in range(0, len(rows), 2):
        lower = rows[index + 1] if index + 1 < len(rows) else [None] * len(rows[index])
        parts, above, below = [], -1, -1
        for one, other in zip(rows[index], lower, strict=True):
            codes = []
            # A colour that stays is not said again.
            if one != above:
                codes.append(_code(38, one, depth))
            if other != below:
                codes.append("49" if other is None else _code(48, other, depth))
            above, below = one, other
            parts.append(f"\x1b[{';'.join(codes)}m▀" if codes else "▀")
        lines.append("".join(parts) + RESET)
    return lines


def _colour_numbers(values: NDArray[np.float64], palette: Palette, depth: Depth) -> NDArray[np.int64]:
    if depth == "24-bit":
        rgb = palette.colours(values).astype(np.int64)
        numbers: NDArray[np.int64] = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    else:
        steps = _FEW[palette.name, depth]
        numbers = np.array(steps.names)[np.digitize(values, steps.edges)]
    return numbers


def _code(plane: int, colour: int, depth: Depth) -> str:
    """The code that chooses a colour for the ink (plane 38) or the background (48).

    ECMA-48, section 8.3.117, with the extensions of xterm: 256 colours, 24 bits, and 8 bright colours.
    """
    if depth == "24-bit":
        return f"{plane};2;{colour >> 16};{colour >> 8 & 255};{colour & 255}"
    if depth == "256":
        return f"{plane};5;{colour}"
    return str(plane - 8 + colour if colour < 8 else plane + 52 + colour - 8)
