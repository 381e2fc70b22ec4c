"""Which pixels' weights are frozen: a 28×28 picture, black where they stay as they are."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import IMAGE_SHAPE
from mnistgd.errors import ImageError

HINT = "--freeze takes a 28×28 picture whose black pixels are frozen"
THRESHOLD = 128


def read_mask(path: Path) -> NDArray[np.bool_]:
    """True where `path` is black (its gray is below 128 of 255).

    Returns
    -------
    boolean ndarray of shape (784,)

    Raises
    ------
    ImageError
        If it cannot be read, or is not a picture of 28×28 pixels.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                if picture.size != IMAGE_SHAPE:
                    raise ImageError(f"{path} is {picture.width}×{picture.height}, not 28×28", HINT)
                gray = np.asarray(picture.convert("L"))
    except ImageError:
        raise
    except Exception as error:
        # Pillow raises a dozen kinds of error for damaged files, few of them documented.
        raise ImageError(f"{path} cannot be read as a picture", HINT) from error
    return gray.reshape(-1) < THRESHOLD
