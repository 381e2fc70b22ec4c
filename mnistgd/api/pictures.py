"""Pictures of handwriting for the Python interface."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import ImageError
from mnistgd.handwriting.read import read_each


def read_picture(path: str | Path, *, as_is: bool = False) -> NDArray[np.uint8]:
    """The digit in a picture, brought to an image like MNIST's.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG or another common format: a drawing, a scan or a photograph of one digit.
    as_is : bool
        Whether it is 28×28 and white on black already.

    Returns
    -------
    uint8 ndarray of shape (28, 28)

    Warns
    -----
    UserWarning
        If several things on it could be digits, of which the likeliest is taken, or the ink looks like none.

    Raises
    ------
    ImageError
        If it cannot be read, or shows nothing.

    Examples
    --------
    >>> import mnistgd
    >>> from PIL import Image, ImageDraw
    >>> picture = Image.new("L", (200, 200), "white")
    >>> ImageDraw.Draw(picture).line([(100, 40), (100, 160)], "black", 16)
    >>> picture.save("one.png")
    >>> mnistgd.read_picture("one.png").shape
    (28, 28)
    """
    (found,) = read_each([Path(path)], as_is=as_is)
    if isinstance(found, ImageError):
        raise found
    if found.doubt:
        warnings.warn(f"{path}: {found.doubt}", stacklevel=2)
    return found.pixels
