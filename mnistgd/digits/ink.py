"""Telling ink from paper, whatever the light.

Ink is what is thin: a stroke is narrower than the paper, the shadow or the table beside it. A closing with
a square wider than the stroke paints it over and leaves the edge of a shadow, however hard, where it is:
what the closing changes is ink. Everything happens in the logarithm of the brightness, where a shadow
takes as much from the ink as from the paper.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mnistgd.digits.morphology import closed

RGB: TypeAlias = NDArray[np.uint8]
Grey: TypeAlias = NDArray[np.float32]

FAINTEST = 0.03
"""The least difference between ink and paper, in the logarithm of the brightness, that is looked at."""

_WINDOWS = (3, 5, 9, 15, 27)
_NOISY = 3.0  # grey levels
_BLACK = 24.0  # added to every brightness, lest the darkest pixels' noise grow without end


class Light(NamedTuple):
    """How the paper is lit.

    Attributes
    ----------
    dark : bool; ink is darker than paper. The light of a light-inked picture is that of its negative
    terms : float32 ndarray of shape (6,): of 1, x, y, x², xy and y², each axis from -1 to 1
    """

    dark: bool
    terms: NDArray[np.float32]


class Pen(NamedTuple):
    """What a digit is written with.

    Attributes
    ----------
    light : Light that it is seen in
    width : float; about that of a stroke, never much less, as a fraction of the picture's longer side
    """

    light: Light
    width: float


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


def grey(rgb: RGB, mix: NDArray[np.float32]) -> Grey:
    """The picture in that grey, in [0, 255], a little smoothed if it is noisy."""
    plain: Grey = np.matmul(rgb, mix, dtype=np.float32)
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
    return quantile(np.abs(second), 0.5) / 0.6745 / 6


def flattened(plain: Grey, light: Light) -> Grey:
    """Depth of each pixel: how bright it is, less the broad course of the light.

    depth = log(brightness + 24) - light,  the brightness of the negative if ink is light
    """
    depth = _logarithm(plain, dark=light.dark)
    constant, in_x, in_y, in_xx, in_xy, in_yy = light.terms
    x, y = (np.linspace(-1, 1, n, dtype=np.float32) for n in plain.shape[::-1])
    depth -= constant + x * (in_x + in_xx * x)
    depth -= (y * (in_y + in_yy * y))[:, None]
    depth -= (in_xy * y)[:, None] * x
    return depth


def measure_light(plain: Grey, *, dark: bool) -> Light:
    """The light on the paper: a quadratic surface, by least squares in which what lies far off counts little.

    None at all where no such surface describes most of the picture.
    """
    depth = Image.fromarray(_logarithm(plain, dark=dark))
    level = np.asarray(depth.resize((_GRID, _GRID), Image.Resampling.BOX), np.float64).ravel()
    weight = np.ones_like(level)
    for _ in range(3):
        weighted = _QUADRATIC.T * weight
        # The small constant keeps a picture that is one colour from having no solution.
        terms = np.linalg.solve(weighted @ _QUADRATIC + _RIDGE, weighted @ level)
        off = np.abs(_QUADRATIC @ terms - level)
        weight = 1 / (1 + (off / max(1.5 * quantile(off, 0.5), 0.005)) ** 2) ** 2
    if np.count_nonzero(off < 2 * FAINTEST) < 0.6 * off.size:
        terms[:] = 0
    return Light(dark, terms.astype(np.float32))


def _logarithm(plain: Grey, *, dark: bool) -> Grey:
    depth: Grey = np.log((plain if dark else 255 - plain) + np.float32(_BLACK))
    return depth


def _quadratic(side: int) -> NDArray[np.float64]:
    y, x = (part.ravel() for part in np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j])
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


_GRID = 20
_QUADRATIC = _quadratic(_GRID)
_RIDGE = 1e-9 * np.eye(6)


def ink_contrast(depth: Grey, window: float) -> Grey:
    """How much darker than the paper around it each pixel is, as far as it belongs to something thin.

    contrast = closing(depth) - depth,  less what noise adds to that on bare paper

    Parameters
    ----------
    depth : float32 ndarray of shape (h, w), from `flattened`
    window : float, in pixels; what is wider is not ink
    """
    contrast = closed(depth, min(int(window), max(depth.shape)) | 1) - depth
    return contrast - np.float32(quantile(contrast, 0.3))


def measure_pen(plain: Grey) -> Pen:
    """Whether the ink is dark or light, and how wide its strokes are.

    Both are tried with squares of growing size. Of the two, that one is ink of which the smaller squares
    find the more: the holes in a digit and the paper between its strokes are wider than the strokes. What
    colour the border of the picture is nearer to counts as well.

    Parameters
    ----------
    plain : float32 ndarray of shape (h, w) in [0, 255], from `grey`; a thumbnail is enough
    """
    border = np.concatenate([plain[0], plain[-1], plain[:, 0], plain[:, -1]])
    lowest, highest, paper = quantile(plain, 0.005), quantile(plain, 0.995), quantile(border, 0.5)
    evidence = 2 * (2 * paper - lowest - highest) / max(1.0, highest - lowest)
    windows = np.array(_WINDOWS)
    lights, found = {}, {}
    for dark, sign in ((True, 1), (False, -1)):
        lights[dark] = measure_light(plain, dark=dark)
        depth = flattened(plain, lights[dark])
        found[dark] = np.array([_thin_ink(depth, window) for window in _WINDOWS])
        evidence += sign * float(np.log((found[dark] / windows**2).max() + 1e-3))
    dark = evidence > 0
    return Pen(lights[dark], float(windows[(found[dark] / windows).argmax()]) / max(plain.shape))


def _thin_ink(depth: Grey, window: int) -> float:
    """Sum of the contrast of all that is ink for this window; what lies on the border speaks against it."""
    contrast = ink_contrast(depth, window)
    limit = max(0.4 * _peak(contrast, 4), 6 * quantile(contrast, 0.5), FAINTEST / 2)
    contrast[contrast <= limit] = 0
    border = contrast[0].sum() + contrast[-1].sum() + contrast[:, 0].sum() + contrast[:, -1].sum()
    return max(0.0, float(contrast.sum() - 3 * border))


def threshold(contrast: Grey) -> float:
    """The contrast from which a pixel is ink: nearly half of what the ink has on average."""
    limit = 0.4 * _peak(contrast, max(8, contrast.size // 1500))
    for _ in range(4):
        ink = contrast[contrast > limit]
        if not ink.size:
            break
        limit = 0.45 * float(ink.mean())
    return limit


def _peak(values: Grey, count: int) -> float:
    """Mean of the `count` largest."""
    count = min(count, values.size)
    return float(np.partition(values, values.size - count, axis=None)[-count:].mean())


def quantile(values: Grey, q: float) -> float:
    """About the value that a fraction `q` lies below: of many values, some 2000 are looked at."""
    few = values.ravel()[:: max(1, values.size // 2000) | 1]
    at = min(int(q * few.size), few.size - 1)
    return float(np.partition(few, at)[at])
