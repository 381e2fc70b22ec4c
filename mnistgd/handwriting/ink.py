"""Telling ink from paper, whatever the light.

Ink is what is thin: a stroke is narrower than the paper, the shadow or the table beside it. A closing with
a square wider than the stroke paints it over and leaves the edge of a shadow, however hard, where it is:
what the closing changes is ink. Everything happens in the logarithm of the brightness, where a shadow
takes as much from the ink as from the paper.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mnistgd.handwriting.morphology import closed

RGB: TypeAlias = NDArray[np.uint8]
Grey: TypeAlias = NDArray[np.float32]
T = TypeVar("T", np.float32, np.float64)

FAINTEST = 0.03
"""The least difference between ink and paper, in the logarithm of the brightness, that is looked at."""

_WINDOWS = (3, 5, 9, 15, 27)
_NOISY = 3.0  # grey levels
_FEW = 5
_BLACK = np.float32(24)  # added to every brightness, lest the darkest pixels' noise grow without end


class Pen(NamedTuple):
    """What a digit is written with, and in what light it is seen.

    Attributes
    ----------
    dark : bool; ink is darker than paper. Else its negative is what all the rest is about
    light : float32 ndarray of shape (6,), from `measure_light`
    width : float; about that of a stroke, never much less, as a fraction of the picture's longer side
    """

    dark: bool
    light: NDArray[np.float32]
    width: float

    def positive(self, plain: Grey) -> Grey:
        """The picture, or its negative: that of the two in which ink is dark."""
        return plain if self.dark else 255 - plain


def channel_mix(rgb: RGB) -> NDArray[np.float32]:
    """How much of red, green and blue makes the grey in which ink and paper differ most.

    The first principal component of what each channel is beyond its own blur. Channels in which the ink is
    the lighter and those in which it is the darker would cancel each other, so the weaker lot is left out.

    Parameters
    ----------
    rgb : uint8 ndarray of shape (h, w, 3)

    Returns
    -------
    float32 ndarray of shape (3,), none negative, sum 1
    """
    red, green, blue = np.moveaxis(rgb, 2, 0)
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return np.array([1, 0, 0], np.float32)
    paper = Image.fromarray(rgb).filter(ImageFilter.BoxBlur(max(rgb.shape) / 8))
    detail = (rgb.astype(np.float64) - np.asarray(paper, np.float64)).reshape(-1, 3)
    first = np.linalg.eigh(detail.T @ detail)[1][:, -1]
    mix = max(np.maximum(first, 0), np.maximum(-first, 0), key=lambda part: float(part @ part))
    return np.asarray(mix / mix.sum(), np.float32)


def calmed(image: Image.Image) -> Grey:
    """A grey picture, in [0, 255], a little smoothed if it is noisy."""
    plain: Grey = np.asarray(image, np.float32)
    if min(plain.shape) < 3 or _noise(plain) <= _NOISY:
        return plain
    quarter, half = np.float32(0.25), np.float32(0.5)
    for _ in range(2):
        padded = np.pad(plain.T, ((1, 1), (0, 0)), mode="edge")
        plain = padded[:-2] * quarter + padded[1:-1] * half + padded[2:] * quarter
    return plain


def _noise(plain: Grey) -> float:
    """Standard deviation of the noise, in grey levels.

    Immerkær (1996), Fast Noise Variance Estimation, with a median in place of the mean.
    """
    rows = plain[:-2] - 2 * plain[1:-1] + plain[2:]
    second = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(quantile(np.abs(second).ravel(), 0.5)) / 0.6745 / 6


def flattened(plain: Grey, light: NDArray[np.float32] | None = None) -> Grey:
    """Depth of each pixel: how bright it is, less the broad course of the light.

    depth = log(brightness + 24) - light

    Parameters
    ----------
    plain : float32 ndarray of shape (..., h, w) in [0, 255]
    light : float32 ndarray of shape (..., 6), from `measure_light`; None where it is even
    """
    depth: Grey = np.log(plain + _BLACK)
    if light is not None and light.any():
        # The power of y picks the row, that of x the column.
        terms = np.zeros((*light.shape[:-1], 3, 3), np.float32)
        terms[..., [0, 0, 1, 0, 1, 2], [0, 1, 0, 2, 1, 0]] = light
        height, width = plain.shape[-2:]
        depth -= _powers(height) @ terms @ _powers(width).T
    return depth


@lru_cache
def _powers(side: int) -> NDArray[np.float32]:
    """1, x and x² along an axis from -1 to 1: shape (side, 3)."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    return np.stack([np.ones_like(axis), axis, axis * axis], axis=1)


def measure_light(plain: Grey) -> NDArray[np.float32]:
    """The light on the paper: a quadratic surface, by least squares in which what lies far off counts little.

    None at all where no such surface describes most of the picture.

    Parameters
    ----------
    plain : float32 ndarray of shape (..., h, w) in [0, 255]

    Returns
    -------
    float32 ndarray of shape (..., 6)
        How much of 1, x, y, x², xy and y² the logarithm of the brightness has, each axis from -1 to 1.
    """
    down, across = (_averages(side) for side in plain.shape[-2:])
    level = _flat(np.log(down @ plain @ across.T + _BLACK))[..., None]
    weight = np.ones_like(level)
    for _ in range(3):
        weighted = (weight * _QUADRATIC).swapaxes(-1, -2)
        # The small constant keeps a picture that is one colour from having no solution.
        terms = np.linalg.solve(weighted @ _QUADRATIC + _RIDGE, weighted @ level)
        off = np.abs(_QUADRATIC @ terms - level)
        middle = quantile(off[..., 0], 0.5)[..., None, None]
        weight = 1 / (1 + (off / np.maximum(1.5 * middle, 0.005)) ** 2) ** 2
    described = (off < 2 * FAINTEST).mean(axis=(-2, -1), keepdims=True)
    return np.where(described < 0.6, 0, terms)[..., 0].astype(np.float32)


@lru_cache
def _averages(side: int) -> NDArray[np.float64]:
    """What `side` values are multiplied by to average them in `_GRID` bins: shape (_GRID, side)."""
    ends = np.arange(_GRID + 1)[:, None] * (side / _GRID)
    within = np.minimum(ends[1:], np.arange(1, side + 1)) - np.maximum(ends[:-1], np.arange(side))
    share: NDArray[np.float64] = np.maximum(within, 0) * (_GRID / side)
    return share


def _quadratic(side: int) -> NDArray[np.float64]:
    y, x = (part.ravel() for part in np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j])
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


_GRID = 20
_QUADRATIC = _quadratic(_GRID)
_RIDGE = 1e-9 * np.eye(6)


def ink_contrast(depth: Grey, window: float) -> Grey:
    """The share of the light on the paper that each pixel takes, as far as it belongs to something thin.

    contrast = 1 - exp(-thin)

    Parameters
    ----------
    depth, window : as of `_thin`
    """
    contrast: Grey = -np.expm1(-_thin(depth, window))
    return contrast


def _thin(depth: Grey, window: float) -> Grey:
    """How much darker than the paper around it each pixel is, as far as it belongs to something thin.

    thin = closing(depth) - depth,  less what noise adds to that on bare paper

    Parameters
    ----------
    depth : float32 ndarray of shape (..., h, w), from `flattened`
    window : float, in pixels; what is wider is not ink
    """
    thin = closed(depth, min(int(window), max(depth.shape[-2:])) | 1) - depth
    thin -= quantile(_flat(thin), 0.3)[..., None, None]
    return thin


def measure_pen(plain: Grey) -> Pen:
    """Whether the ink is dark or light, and how wide its strokes are.

    Both are tried with squares of growing size. Of the two, that one is ink of which the smaller squares
    find the more: the holes in a digit and the paper between its strokes are wider than the strokes. What
    colour the border of the picture is nearer to counts as well.

    Parameters
    ----------
    plain : float32 ndarray of shape (h, w) in [0, 255], from `calmed`; a thumbnail is enough
    """
    border = np.concatenate([plain[0], plain[-1], plain[:, 0], plain[:, -1]])
    # All but a few pixels: of a small digit there are no more.
    values = np.sort(plain, axis=None)
    lowest, highest = values[:_FEW][-1], values[-_FEW:][0]
    paper = quantile(border, 0.5)
    evidence = 2 * (2 * paper - lowest - highest) / np.maximum(1, highest - lowest)
    both = np.stack([plain, 255 - plain])
    lights = measure_light(both)
    depth = flattened(both, lights)
    windows = np.array(_WINDOWS)
    found = np.stack([_thin_ink(depth, window) for window in _WINDOWS], axis=-1)
    dark_ink, light_ink = np.log((found / windows**2).max(axis=-1) + 1e-3)
    negative = 0 if evidence + dark_ink - light_ink > 0 else 1
    width = windows[(found[negative] / windows).argmax()] / max(plain.shape)
    return Pen(not negative, lights[negative], float(width))


def _thin_ink(depth: Grey, window: int) -> NDArray[np.float32]:
    """How dark all is together that is ink for this window; what lies on the border speaks against it."""
    ink = _thin(depth, window)
    values = np.sort(_flat(ink))
    peak, middle = values[..., -4:].mean(axis=-1), values[..., values.shape[-1] // 2]
    limit = np.maximum(np.maximum(0.4 * peak, 6 * middle), FAINTEST / 2)
    ink[ink <= limit[..., None, None]] = 0
    sides = np.sort(
        [ink[..., side, :].sum(axis=-1) for side in (0, -1)]
        + [ink[..., side].sum(axis=-1) for side in (0, -1)],
        axis=0,
    )
    # Along two sides there may be lines.
    found: NDArray[np.float32] = np.maximum(ink.sum(axis=(-2, -1)) - 6 * sides[:2].sum(axis=0), 0)
    return found


def threshold(contrast: Grey) -> float:
    """The contrast from which a pixel is ink: half of what the ink has on average."""
    values = np.sort(contrast, axis=None)
    limit = 0.4 * float(values[-max(8, values.size // 1500) :].mean())
    for _ in range(4):
        ink = values[values.searchsorted(limit, "right") :]
        if not ink.size:
            break
        limit = 0.5 * float(ink.mean())
    return limit


def quantile(values: NDArray[T], q: float) -> NDArray[T]:
    """About the value that a fraction `q` of the last axis lies below: of many, some 2000 are looked at.

    They are sorted, not partitioned: numpy is slow to partition the many equal values that clean paper has.
    """
    few = np.sort(values[..., :: max(1, values.shape[-1] // 2000) | 1])
    return few[..., min(int(q * few.shape[-1]), few.shape[-1] - 1)]


def _flat(pictures: NDArray[T]) -> NDArray[T]:
    return pictures.reshape(*pictures.shape[:-2], -1)
