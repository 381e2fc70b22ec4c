"""Letters and digits as EMNIST has them, made by code: the signs of a font, turned, moved and thinned at random.

``SETS`` names three sets as large as those of EMNIST are; ``save`` writes one as a file that trains in a moment.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

DIGITS, CAPITALS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SETS = {
    26: CAPITALS,
    47: f"{DIGITS}{CAPITALS}abdefghnqrt",
    62: f"{DIGITS}{CAPITALS}{CAPITALS.lower()}",
}
"""How many classes a set has, and which: EMNIST's letters, its balanced set, and all by class."""


def glyph(sign: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A sign as somebody writes it, uint8 of shape (28, 28); another hand for every call."""
    font = ImageFont.load_default(int(rng.integers(17, 24)))
    picture = Image.new("L", (28, 28))
    x, y = 14 + rng.uniform(-1.5, 1.5, 2)
    stroke = int(rng.integers(0, 2))
    ImageDraw.Draw(picture).text((x, y), sign, fill=255, font=font, anchor="mm", stroke_width=stroke)
    return np.asarray(picture.rotate(rng.uniform(-15, 15), Image.Resampling.BILINEAR))


def save(path: Path, classes: int, each: int = 12, seed: int = 0) -> tuple[str, ...]:
    """Write a set of `classes` to `path`, an ``.npz``: of each class `each` images to train, and a third to test.

    Returns
    -------
    tuple of str, what the classes are called
    """
    rng, names = np.random.default_rng(seed), SETS[classes]
    arrays = {}
    for split, count in (("train", each), ("test", each // 3)):
        labels = rng.permutation(np.repeat(np.arange(classes, dtype=np.uint8), count))
        arrays[f"{split}_labels"] = labels
        arrays[f"{split}_images"] = np.stack([glyph(names[label], rng) for label in labels])
    np.savez(path, **arrays)
    return tuple(names)
