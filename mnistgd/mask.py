"""Which pixels' weights are frozen: a 28×28 picture, black where they stay as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistgd import digits
from mnistgd.datasets.dataset import IMAGE_SHAPE
from mnistgd.errors import ImageError

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
    picture = digits.read(path)
    if picture.size != IMAGE_SHAPE:
        raise ImageError(f"{path} is {picture.size[0]}×{picture.size[1]}, not 28×28", HINT)
    return digits.greyed(picture).reshape(-1) < THRESHOLD
