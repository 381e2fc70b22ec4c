"""The frame that MNIST puts its digits in: a box of 20×20, its ink centred in 28×28."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.handwriting.morphology import extreme
from mnistgd.handwriting.pieces import Mask, bounds, label, outline

SIZE = 28
BOX = 20
# Three in four strokes of MNIST are wider than 1.9 pixels, half are wider than 2.2.
_THINNEST = 2.1
# Of the test images none is wider.
_WIDEST = 6.0


def framed(strokes: Mask) -> NDArray[np.uint8]:
    """A digit as MNIST would show it.

    Strokes thinner than MNIST's are thickened; then the digit is fitted into 20×20 pixels, its shape kept
    and its edges smooth, and put into 28×28 with its centre of mass in the middle.

    Parameters
    ----------
    strokes : bool ndarray of shape (h, w); True is ink, and some is

    Returns
    -------
    uint8 ndarray of shape (28, 28); 0 is background and 255 is ink

    References
    ----------
    LeCun, Cortes and Burges, The MNIST Database of Handwritten Digits: "size-normalized to fit in a 20x20
    pixel box while preserving their aspect ratio … centered in a 28x28 image by computing the center of
    mass of the pixels".
    """
    digit = _cropped(strokes)
    pixel = max(digit.shape) / BOX
    missing = round((_THINNEST * pixel - stroke_width(digit)) / 2)
    if missing > 0:
        digit = _cropped(_thickened(digit, missing))
    height, width = digit.shape
    scale = BOX / max(height, width)
    fitted = Image.fromarray(digit.astype(np.uint8) * 255).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX
    )
    return centred(np.asarray(fitted))


def looks_written(image: NDArray[np.uint8]) -> bool:
    """Whether an image from `framed` looks like a digit: no blot, print, scrawl, drawing or empty frame.

    Of 4,000 test images, one in two hundred has as wide strokes, as many of them side by side, or as much ink
    and as many closed outlines.
    """
    ink = image > 127
    around = np.pad(~ink, 1, constant_values=True)
    closed = len(np.unique(label(around)[around])) - 1
    edges = np.count_nonzero(np.diff(ink, axis=1, prepend=False, append=False))
    # Two edges are one stroke.
    crowded = edges > 4.2 * np.count_nonzero(ink.any(axis=1))
    digit = _cropped(ink)
    sides = np.concatenate([digit[0], digit[-1], digit[:, 0], digit[:, -1]])
    # A digit touches its box here and there; a thin 1 fills it.
    is_frame = min(digit.shape) > _WIDEST and sides.mean() > 0.8
    return bool(
        np.count_nonzero(ink) + 40 * closed <= 270
        and not crowded
        and not is_frame
        and stroke_width(ink) <= _WIDEST
    )


def stroke_width(strokes: Mask) -> float:
    """Mean width of the strokes, in pixels: 2 · area / perimeter, which is exact for a long thin rectangle.

    A line of length 1 in a random direction crosses 4/π pixel sides, by which the count of sides is divided.
    """
    return float(2 * np.count_nonzero(strokes) / (outline(strokes) * np.pi / 4))


def centred(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Set into 28×28, the centre of mass as near pixel (14, 14) as whole pixels and the border allow.

    That is half a pixel below and right of the middle, where MNIST has it: in its test images it lies
    between 13.5 and 14.5 along either axis, counted from the middle of the first pixel.
    """
    places = []
    for axis in (0, 1):
        mass = ink.sum(axis=1 - axis, dtype=np.int64)
        centre = float(mass @ np.arange(len(mass))) / max(1, int(mass.sum()))
        places.append(int(np.clip(round(SIZE / 2 - centre), 0, SIZE - len(mass))))
    image = np.zeros((SIZE, SIZE), np.uint8)
    image[places[0] : places[0] + ink.shape[0], places[1] : places[1] + ink.shape[1]] = ink
    return image


def _cropped(strokes: Mask) -> Mask:
    box = bounds(strokes)
    return strokes[box.top : box.bottom, box.left : box.right]


def _thickened(strokes: Mask, by: int) -> Mask:
    """With `by` pixels more on each side; a diamond and a square in turn, which together are nearly round."""
    grown = np.pad(strokes, by)
    for turn in range(by):
        rows = extreme(grown, 3, np.maximum)
        # A square is what spreads along columns after it spread along rows.
        columns = extreme((rows if turn % 2 else grown).T, 3, np.maximum).T
        grown = rows | columns
    return grown
