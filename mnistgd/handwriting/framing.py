"""The frame that MNIST puts its digits in: a box of 20×20, its ink centred in 28×28."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.handwriting.morphology import extreme, spread
from mnistgd.handwriting.pieces import Mask, bounds, label, outline, parts

SIZE = 28
BOX = 20
# Three in four strokes of MNIST are wider than 1.9 pixels, half are wider than 2.2.
_THINNEST = 2.1
# The longer side of a digit that is thickened, in pixels, is less than twice this.
_ENOUGH = 400
# Of a digit's ink.
_SPECK = 0.1
# The mean width of strokes, and the radius of the largest disc in them times width / height of the digit.
_WIDEST = 6.0
_WIDEST_PLACE = 4.25
# Between what the zeros of MNIST have and what a rectangle has.
_ROUNDEST = 0.48


def framed(strokes: Mask) -> NDArray[np.uint8]:
    """A digit as MNIST would show it.

    Strokes thinner than MNIST's are thickened, each piece by what it lacks; then the digit is fitted into
    20×20 pixels, its shape kept and its edges smooth, and put into 28×28 with its centre of mass in the
    middle.

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
    # Of clean ink there may be more pixels by far than are of use.
    grey = Image.fromarray(digit.astype(np.uint8) * 255)
    digit = np.asarray(grey.reduce(max(1, max(digit.shape) // _ENOUGH))) > 0
    digit = _cropped(_thickened(digit, _THINNEST / BOX * max(digit.shape)))
    height, width = digit.shape
    scale = BOX / max(height, width)
    fitted = Image.fromarray(digit.astype(np.uint8) * 255).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX
    )
    return centred(np.asarray(fitted))


def looks_written(image: NDArray[np.uint8]) -> bool:
    """Whether an image from `framed` looks like a digit: no blot, print, scrawl, drawing or empty frame.

    Of MNIST's images, fewer than one in a hundred does not. Shoes are wider than high, and digits seldom, so
    the widest place counts by that. A hole that is large beside the ink is that of a 0, which is round.
    """
    image = np.pad(image, 1)
    ink = image > 127
    area, height, width = (np.count_nonzero(part) for part in (ink, ink.any(axis=1), ink.any(axis=0)))
    inner, outer = np.argwhere(ink), np.argwhere(spread(ink, 3, np.maximum) & ~ink)
    radius = np.sqrt(((inner[:, None] - outer) ** 2).sum(axis=2).min(axis=1).max())
    pieces = label(~ink)
    holes = np.bincount(pieces[pieces > 0], minlength=1)
    hole = spread(pieces == holes.argmax(), 3, np.maximum)
    return bool(
        stroke_width(ink) <= _WIDEST
        and radius * width <= _WIDEST_PLACE * height
        # Two edges are one stroke.
        and np.count_nonzero(np.diff(ink, axis=1)) <= 4.2 * height
        # Much ink goes with few holes, as in a bold 8.
        and area + 40 * np.count_nonzero(holes) <= 290
        and (holes.max() <= 0.45 * area or _corners(np.where(hole, 255 - image, 0)) <= _ROUNDEST)
    )


def _corners(shape: NDArray[np.uint8]) -> float:
    """How far a shape is from an ellipse, which has 0; a rectangle has 0.6, a triangle 0.8, however they lie.

    Stretched until it is as wide in all directions, an ellipse is a disc, and the averages of z³ and z⁴ over
    its pixels, as complex numbers, are 0. Three corners make that of z³ large, and four that of z⁴.
    """
    points, weights = np.argwhere(shape), shape[shape > 0]
    variances, axes = np.linalg.eigh(np.cov(points.T, aweights=weights, ddof=0))
    away = points - np.average(points, axis=0, weights=weights)
    z = away @ axes @ (np.array([1, 1j]) / np.sqrt(2 * variances))
    return max(abs(complex(np.average(z**power, weights=weights))) for power in (3, 4))


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


def _thickened(digit: Mask, least: float) -> Mask:
    """With strokes of at least this width on average, in the whole and in each piece that is no speck."""
    large = parts(digit, _SPECK * np.count_nonzero(digit))
    missing = [(ink, max(0, round((least - stroke_width(ink)) / 2))) for ink in (digit, *large)]
    most = max(by for _, by in missing)
    thick: Mask = np.any([_grown(np.pad(ink, most - by), by) for ink, by in missing], axis=0)
    return thick


def _grown(strokes: Mask, by: int) -> Mask:
    """With `by` pixels more on each side; a diamond and a square in turn, which together are nearly round."""
    grown = np.pad(strokes, by)
    for turn in range(by):
        rows = extreme(grown, 3, np.maximum)
        # A square is what spreads along columns after it spread along rows.
        columns = extreme((rows if turn % 2 else grown).T, 3, np.maximum).T
        grown = rows | columns
    return grown
