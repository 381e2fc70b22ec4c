"""Any mode of picture to opaque RGB, whatever its depth, palette or transparency."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# What `Image.reduce` can average. A palette must be looked up first; 16 bits are averaged here.
_REDUCIBLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV")
# The light that ink of one colour may differ in, from its darkest to its lightest part (standard deviation).
_ONE_COLOUR = 20.0


def on_paper(image: Image.Image, factor: int) -> NDArray[np.uint8]:
    """A loaded picture as opaque RGB, each `factor`×`factor` pixels of it averaged to one.

    Parameters
    ----------
    image : PIL image in any mode
    factor : int, at least 1

    Returns
    -------
    uint8 ndarray of shape (h, w, 3)
    """
    if image.mode[0] in "IF":
        if image.mode in ("I", "F"):
            values = np.asarray(image.reduce(factor))
        else:
            values = _reduced(np.asarray(image), factor)
        ranges = (1.0, 255.0) if image.mode == "F" else (255.0, 4095.0, 65535.0)
        grey = _eight_bits(values, ranges)
        return np.repeat(grey[:, :, None], 3, axis=2)
    transparent = image.has_transparency_data
    if image.mode not in _REDUCIBLE or (transparent and image.mode in ("L", "RGB")):
        image = image.convert("RGBA" if transparent else "RGB")
    if factor > 1:
        image = image.reduce(factor)
    if transparent:
        return _composed(np.asarray(image.convert("RGBA")))
    opaque: NDArray[np.uint8] = np.array(image.convert("RGB"))
    return opaque


def _reduced(values: NDArray[Any], factor: int) -> NDArray[np.float32]:
    down, across = (min(factor, side) for side in values.shape)
    height, width = values.shape[0] // down, values.shape[1] // across
    blocks = values[: height * down, : width * across].reshape(height, down, width, across)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def _eight_bits(values: NDArray[np.number[Any]], ranges: tuple[float, ...]) -> NDArray[np.uint8]:
    """To [0, 255] from the first of the `ranges`, each from 0, that holds all; else from least to most."""
    finite = np.isfinite(values)
    exact = np.where(finite, values, values[finite].min() if finite.any() else 0).astype(np.float64)
    low, high = float(exact.min()), float(exact.max())
    if low >= 0:
        low, high = 0.0, next((full for full in ranges if high <= full), high)
    return np.rint((exact - low) * (255 / max(high - low, 1e-300))).astype(np.uint8)


def _composed(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paper where a picture is transparent.

    Ink of one colour, on nothing, gets paper that it stands out from. Where the picture brings paper of its
    own, as a photograph with round corners does, that goes on.
    """
    colour, alpha = rgba[:, :, :3].astype(np.float32), rgba[:, :, 3].astype(np.float32) / 255
    total = float(alpha.sum(dtype=np.float64))
    if total == 0:
        return np.full(colour.shape, 255, np.uint8)
    light = colour @ np.array([0.299, 0.587, 0.114], np.float32)
    mean = float((light * alpha).sum(dtype=np.float64)) / total
    spread = (float((((light - mean) ** 2) * alpha).sum(dtype=np.float64)) / total) ** 0.5
    paper = np.full(3, 255 if mean < 128 else 0, np.float32)
    if spread > _ONE_COLOUR and total > 0.5 * alpha.size:
        paper = np.median(colour[alpha > 0.5], axis=0)
    opaque: NDArray[np.uint8] = np.rint(paper + (colour - paper) * alpha[:, :, None]).astype(np.uint8)
    return opaque
