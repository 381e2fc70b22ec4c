"""Which pixels' weights are frozen: a 28×28 picture, black where they stay as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import IMAGE_SHAPE, PIXELS
from mnistgd.errors import ImageError
from mnistgd.handwriting.pictures import open_apart
from mnistgd.handwriting.read import greyed

HINT = "--freeze takes a 28×28 picture whose black pixels are frozen"
THRESHOLD = 128


def read_mask(path: Path) -> NDArray[np.bool_]:
    """True where the picture at `path` is black (its gray is below 128 of 255); what is transparent is not.

    Returns
    -------
    boolean ndarray of shape (784,)

    Raises
    ------
    ImageError
        If it cannot be read, or is not a picture of 28×28 pixels.
    """
    picture = open_apart(path)
    if picture.size != IMAGE_SHAPE:
        raise ImageError(f"{path} is {picture.size[0]}×{picture.size[1]}, not 28×28", HINT)
    return greyed(picture).reshape(-1) < THRESHOLD


def pack_mask(frozen: NDArray[np.bool_]) -> str:
    """784 yes-or-no answers as 196 hexadecimal digits, row by row."""
    return np.packbits(frozen.reshape(PIXELS)).tobytes().hex()


def unpack_mask(text: str) -> NDArray[np.bool_]:
    """What `pack_mask` packed: a boolean ndarray of shape (784,), True where a pixel's weights are frozen."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8)).astype(bool)
