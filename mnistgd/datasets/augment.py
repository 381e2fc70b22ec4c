"""What is done to an image each time that training shows it: it changes by a little, as handwriting does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.deskew import CENTRE
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.errors import ShapeError
from mnistgd.handwriting.morphology import spread

# Chosen by images that were set aside, for 128 hidden units, which twice as much is too much for.
SHIFT = 1.0
"""How far an image moves at most, in pixels, along each axis."""
HALF_TURN = 0.0875
"""The tangent of half of the largest angle, 10 degrees."""
SIZE = 0.1
"""By what share an image grows or shrinks at most."""
SLANT = 0.15
"""How far a line leans at most, in columns a row."""
STROKE = 0.35
"""How much of the way to the largest, or smallest, of the pixels around it a pixel goes at most."""

_SIZE = IMAGE_SHAPE[0]
# An image with a border that is blank, as wide as what is read beyond it, in lines of a round length.
_LINES, _WIDTH = _SIZE + 3, 32
# So few images at a time that their arrays, of 100 KB at most, are kept by the allocator, not asked for anew.
_CHUNK = 16


def augment(
    images: NDArray[np.uint8], numbers: NDArray[np.integer], seed: Sequence[int]
) -> NDArray[np.uint8]:
    """Move, turn, slant and resize each image, and make its strokes thicker or thinner, by a little.

    With p a place in the image, c its middle and r a share that is drawn for each change,

        pen(q)    = (1 - |r|) · input(q) + |r| · (largest, or for r < 0 smallest, of the 3×3 pixels around q)
        output(p) = pen(c + [[cos, -sin], [sin, cos]] · [[1, slant], [0, 1]] · (p - c) / size + shift)

    between pixels by bilinear interpolation, and 0 outside the image. Ink that leaves the image is lost.

    Parameters
    ----------
    images : uint8 ndarray of shape (n, 28, 28) or (n, 784), 0 is background and 255 is ink
    numbers : integer ndarray of shape (n,), each 0 or more
        What is done to an image is a function of its number and of `seed` alone, whatever images are passed
        with it.
    seed : sequence of int

    Returns
    -------
    uint8 ndarray of the same shape
        The same images, numbers and seed give the same bytes on every machine: nothing but sums, products
        and quotients, each rounded as IEEE 754 has it.

    Raises
    ------
    ShapeError
        If `images` is not a uint8 array of such a shape.

    References
    ----------
    Simard, Steinkraus and Platt (2003), Best Practices for Convolutional Neural Networks Applied to Visual
    Document Analysis, section 2.
    """
    if images.dtype != np.uint8 or images.shape[1:] not in (IMAGE_SHAPE, (_SIZE * _SIZE,)):
        shapes = "(n, 28, 28) or (n, 784)"
        raise ShapeError(f"augment takes uint8 images of shape {shapes}, not {images.dtype} {images.shape}")
    changed = np.empty((len(images), *IMAGE_SHAPE), np.uint8)
    key = np.random.SeedSequence(seed).generate_state(1, np.uint64)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        right, down, turn, size, slant, pen = _draws(numbers[chunk], key)
        drawn = _redrawn(images[chunk].reshape(-1, *IMAGE_SHAPE), STROKE * pen)
        half, slant, scale = HALF_TURN * turn, SLANT * slant, 1 / (1 + SIZE * size)
        cos, sin = scale * (1 - half**2) / (1 + half**2), scale * 2 * half / (1 + half**2)
        columns = _places(cos, cos * slant - sin, SHIFT * right)
        lines = _places(sin, sin * slant + cos, SHIFT * down)
        changed[chunk] = np.rint(_read(drawn, lines, columns))
    return changed.reshape(images.shape)


def _draws(numbers: NDArray[np.integer], key: NDArray[np.unsignedinteger]) -> NDArray[np.float64]:
    """Six draws in [-1, 1) for each number: (6, n), a function of the number and the key.

    They are those of SplitMix64 (Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators),
    which can be asked for any of them without those before.
    """
    which = numbers.astype(np.uint64) * np.uint64(6) + np.arange(1, 7, dtype=np.uint64)[:, None]
    state = key + which * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    draws: NDArray[np.float64] = ((state ^ (state >> np.uint64(31))) >> np.uint64(11)) * 2.0**-52 - 1
    return draws


def _redrawn(images: NDArray[np.uint8], share: NDArray[np.float64]) -> NDArray[np.float32]:
    """The images, strokes thicker where `share`, of shape (n,), is above 0, and thinner where it is below."""
    pens = (spread(images, 3, pick) for pick in (np.maximum, np.minimum))
    other = np.where(share[:, None, None] > 0, *pens).astype(np.float32)
    other -= images
    other *= np.abs(share[:, None, None])
    return np.add(other, images, out=other)


def _places(
    by_column: NDArray[np.float64], by_line: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Where each pixel is read, along one axis: (n, 28, 28), of numbers of shape (n,); within the border."""
    from_middle = np.arange(_SIZE) - CENTRE
    of_column = by_column[:, None] * from_middle + shift[:, None] + CENTRE
    of_line = by_line[:, None] * from_middle
    places = of_line.astype(np.float32)[:, :, None] + of_column.astype(np.float32)[:, None, :]
    return np.clip(places, -1, _SIZE, out=places)


def _read(
    images: NDArray[np.float32], lines: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Each image at places within its border, linear in between: all of shape (n, 28, 28)."""
    count = len(images)
    bordered = np.zeros((count, _LINES, _WIDTH), np.float32)
    bordered[:, 1 : _SIZE + 1, 1 : _SIZE + 1] = images
    flat = bordered.ravel()
    line, column = np.floor(lines), np.floor(columns)
    down, right = lines - line, columns - column
    first = (line * _WIDTH + column).astype(np.int32)
    first += np.arange(count, dtype=np.int32)[:, None, None] * (_LINES * _WIDTH) + _WIDTH + 1

    def between(offset: int) -> NDArray[np.float32]:
        left, beside = flat[offset:].take(first), flat[offset + 1 :].take(first)
        beside -= left
        beside *= right
        return np.add(left, beside, out=left)

    above, below = between(0), between(_WIDTH)
    below -= above
    below *= down
    return np.add(above, below, out=above)
