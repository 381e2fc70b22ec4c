"""Finding the digit in a picture: roughly where it is first, then its strokes from a closer look."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from PIL import Image

from mnistgd.handwriting.ink import (
    FAINTEST,
    RGB,
    Grey,
    Pen,
    calmed,
    channel_mix,
    flattened,
    ink_contrast,
    measure_pen,
    quantile,
    threshold,
)
from mnistgd.handwriting.morphology import spread
from mnistgd.handwriting.pieces import Mask, border, bounds, outline, parts, things
from mnistgd.handwriting.ruling import without_rules
from mnistgd.handwriting.sheet import find_sheet

# The longer side of the digit, in pixels, in what `find_digit` returns of ink that is not clean.
_CLOSE = 100
# The longer side of the picture, in pixels, while the pen is measured, while the digit is looked for, and
# while one shorter than `_SMALL` is looked for again.
_THUMBNAIL = 72
_ROUGH = 112
_SMALL, _FINER = 36, 192
# What is smaller than this part of the digit is no other digit.
_OTHER = 0.5
# What is wider than so many strokes is no ink.
_ROOM = 3.0
# The contrast of the palest digit that is taken for one: 95 % of the paper's brightness.
_WEAKEST = 0.05
# From this contrast it is no noise, even if hardly any paper is around to tell by.
_DEEP = 0.3
# Of clean ink, the pixels at its edges for each of those within.
_EDGES = 0.35


class Found(NamedTuple):
    """What a picture shows.

    Attributes
    ----------
    strokes : bool ndarray of shape (h, w)
        True is ink of the digit, and some is. The digit is about `_CLOSE` pixels long and has a little paper
        around it; one in clean ink is as it was, on all of the picture.
    things : int, how many there are on the picture that could be a digit; of them this is the likeliest
    """

    strokes: Mask
    things: int


Instead: TypeAlias = Literal["paper", "lines", "shadow", "things"]
"""What a picture shows that has no digit on it; things are several, none of which could be one."""


def find_digit(picture: RGB) -> Found | Instead:
    """The digit that a picture shows, or what it shows instead.

    Parameters
    ----------
    picture : uint8 ndarray of shape (h, w, 3)
    """
    image = Image.fromarray(picture)
    mix = channel_mix(np.asarray(image.reduce(max(1, max(image.size) // _THUMBNAIL))))
    image = image.convert("L", (*mix.tolist(), 0))
    plain = calmed(_scaled(image, _THUMBNAIL))
    sheet = find_sheet(plain)
    if sheet is not None:
        # What is not on the sheet becomes paper.
        paper = Image.new("L", image.size, round(float(np.median(plain[sheet]))))
        paper.paste(image, mask=Image.fromarray(sheet.astype(np.uint8) * 255).resize(image.size))
        strokes = _strokes(paper, calmed(_scaled(paper, _THUMBNAIL)))
        if isinstance(strokes, Found):
            return strokes
    return _strokes(image, plain)


def _strokes(image: Image.Image, plain: Grey) -> Found | Instead:
    """The same of a grey picture and its thumbnail."""
    # A picture of few pixels is soft when it is enlarged.
    detail = min(1.0, max(image.size) / _ROUGH)
    pen = measure_pen(plain)
    place = _where(calmed(_scaled(image, _ROUGH)), pen, detail)
    if not isinstance(place, _Place) or bounds(place.digit).size < _SMALL:
        finer = _where(calmed(_scaled(image, _FINER)), pen, detail)
        place = finer if isinstance(finer, _Place) else place
    return Found(_closer(image, place, pen), place.things) if isinstance(place, _Place) else place


class _Place(NamedTuple):
    """Where the digit is.

    Attributes
    ----------
    digit : bool ndarray of shape (h, w)
    other : bool ndarray of shape (h, w); ink that is neither the digit nor near it, lines and frames
    things : int; how many there are that could be digits
    """

    digit: Mask
    other: Mask
    things: int


def _where(plain: Grey, pen: Pen, detail: float) -> _Place | Instead:
    """The pixels of the picture that are the digit, or what there is instead."""
    contrast = ink_contrast(flattened(pen.positive(plain), pen.light), _ROOM * pen.width * max(plain.shape))
    marks = contrast > max(threshold(contrast), FAINTEST / 2)
    ink = without_rules(marks)
    if not ink.any():
        return "lines" if marks.any() else "paper"
    lines = marks & ~ink
    found, ink = things(ink, contrast)
    least = 0.05 * np.count_nonzero(lines)
    found = [one for one in found if np.count_nonzero(one) > least and _is_large(one, contrast)]
    bare = contrast[~marks]
    digits = [one for one in found if _is_plausible(one, ink, contrast, bare, detail)]
    if not digits:
        if 2 * np.count_nonzero(lines) > np.count_nonzero(marks):
            return "lines"
        return "paper" if not found else "shadow" if len(found) == 1 else "things"
    digit, *others = digits
    others = [one for one in others if bounds(one).size > _OTHER * bounds(digit).size]
    count = 1 + len(others)
    # What touches a line stands on it, or is what is left of a frame.
    rests = [one for one in others if (one & spread(lines, 5, np.maximum)).any()]
    if rests and bounds(np.any([lines, *rests], axis=0)).surrounds(bounds(digit)):
        count -= len(rests)
    return _Place(digit, marks & ~ink & ~digit, count)


def _is_large(one: Mask, contrast: Grey) -> bool:
    """Whether this is no speck: of pale ink, these are larger."""
    share = 1 / 30 if contrast[one].mean() > _DEEP else 1 / 18
    return bool(bounds(one).size > share * max(one.shape))


def _is_plausible(digit: Mask, ink: Mask, contrast: Grey, bare: Grey, detail: float) -> bool:
    """Whether this could be a digit, and not noise, a corner or the edge of a shadow on an empty sheet.

    A vignette is a solid blot, and a shadow runs along the border, but neither ends as sharply as ink. All
    limits lie between what 5,000 pictures of digits and 400 of nothing had.
    """
    box = bounds(digit)
    size = box.size
    strength = float(contrast[digit].mean())
    fill = float(digit.sum()) / size**2
    sharpness = _sharpness(digit, contrast)
    contact = border(digit) / size
    noise = float(quantile(np.abs(bare), 0.7)) if bare.size else 0.0
    return bool(
        strength > min(max(_WEAKEST, 3 * noise), _DEEP)
        and contrast[digit].sum() > 0.15 * contrast[ink].sum()
        and contact < min(1.3, 0.6 + 4 * fill)
        and box.width < 2.5 * box.height
        and fill < 0.66
        and outline(digit) < (24 if sharpness > 0.3 * strength else 12) * size
        and sharpness > (0.2 * fill + 0.08 * contact) * detail * strength
    )


def _sharpness(digit: Mask, contrast: Grey) -> float:
    """By how much the contrast falls from a pixel of the digit to the next that is none, on average."""
    steps = [np.abs(np.diff(contrast, axis=axis))[np.diff(digit, axis=axis)] for axis in (0, 1)]
    fall = np.concatenate(steps)
    return float(fall.mean()) if fall.size else 0.0


def _closer(image: Image.Image, place: _Place, pen: Pen) -> Mask:
    """The same digit from the picture's own pixels, `_CLOSE` of them long where the ink is not clean."""
    digit = place.digit
    clean = _clean_ink(image, _around(digit, place), pen)
    if clean is not None:
        return clean
    down, right = image.height / digit.shape[0], image.width / digit.shape[1]
    box = bounds(digit)
    margin = 0.2 * box.size + 2
    left, top = max(0.0, box.left - margin), max(0.0, box.top - margin)
    end, bottom = min(digit.shape[1], box.right + margin), min(digit.shape[0], box.bottom + margin)
    scale = _CLOSE / box.size
    size = max(1, round((end - left) * scale)), max(1, round((bottom - top) * scale))
    region = (left * right, top * down, end * right, bottom * down)
    close = calmed(_resized(image, size, region))
    contrast = ink_contrast(flattened(pen.positive(close)), _ROOM * pen.width * max(digit.shape) * scale)
    ink, whole = np.zeros(contrast.shape, bool), np.zeros(contrast.shape, bool)
    for piece in parts(digit):
        near = _around(piece, place)
        around = np.asarray(near.resize(size, Image.Resampling.BILINEAR, (left, top, end, bottom))) > 80
        whole |= around
        inked = contrast[around & (contrast > 0)]
        if inked.size:
            # However soft, a stroke ends where half is left of what it has in its middle.
            middle = quantile(inked[inked > threshold(inked)], 0.9)
            ink |= (contrast > 0.5 * middle) & around
    return ink if ink.any() else whole


def _around(piece: Mask, place: _Place) -> Image.Image:
    """A piece of the digit in white, with a margin: ink may go on there, but other things may lie near."""
    return Image.fromarray((spread(piece, 5, np.maximum) & ~place.other).astype(np.uint8) * 255)


def _clean_ink(image: Image.Image, near: Image.Image, pen: Pen) -> Mask | None:
    """What is nearer to ink than to paper, where a program drew the picture; None where none did.

    All paper is of one brightness then, and only a thin edge lies between it and the ink.
    """
    grey = np.asarray(image)
    paper = float(grey[0, 0])
    if np.count_nonzero(grey == paper) < 0.5 * grey.size:
        return None
    around = np.asarray(near.resize(image.size)) > 80
    if not around.any():
        return None
    ink = float(grey[around].min() if pen.dark else grey[around].max())
    depth = (grey.astype(np.float32) - paper) / (ink - paper or 1)
    within, beyond = (np.count_nonzero(depth[around] > part) for part in (0.75, 0.25))
    return (depth > 0.5) & around if within > 0 and beyond - within <= _EDGES * within else None


def _scaled(image: Image.Image, longest: int) -> Image.Image:
    """The picture with its longer side so many pixels long."""
    scale = longest / max(image.size)
    return _resized(image, (max(1, round(image.width * scale)), max(1, round(image.height * scale))))


def _resized(
    image: Image.Image, size: tuple[int, int], region: tuple[float, float, float, float] | None = None
) -> Image.Image:
    """Width and height `size` of a region (left, top, right, bottom), or of the whole picture."""
    return image.resize(size, Image.Resampling.BILINEAR, region, reducing_gap=3.0)
