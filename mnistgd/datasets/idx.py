"""The IDX files that MNIST is published in, gzipped or not.

An IDX file begins with two zero bytes, one for the type (8: unsigned bytes), one for the number of
dimensions, then each dimension as a 32-bit number, the highest byte first; the values follow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.datasets.streams import FETCH_AGAIN, Gunzip, Readable, open_file, read_array
from mnistgd.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
_KINDS = {3: "images", 1: "labels"}


def read_images(path: Path) -> NDArray[np.uint8]:
    """Read the images of an IDX file.

    Returns
    -------
    uint8 ndarray of shape (n, 28, 28)

    Raises
    ------
    DataError
        If the file is missing, not such a file, or holds fewer or more bytes than it promises.
    """
    return _read(path, 3)


def read_labels(path: Path) -> NDArray[np.uint8]:
    """Read the labels of an IDX file.

    Returns
    -------
    uint8 ndarray of shape (n,)

    Raises
    ------
    DataError
        If the file is missing, not such a file, or holds fewer or more bytes than it promises.
    """
    return _read(path, 1)


def _read(path: Path, dimensions: int) -> NDArray[np.uint8]:
    with open_file(path) as file:
        gzipped = file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
        stream = Gunzip(file, str(path)) if gzipped else file
        shape = _read_shape(stream, dimensions, path)
        if shape[1:] != IMAGE_SHAPE[: dimensions - 1]:
            size = "×".join(str(side) for side in shape[1:])
            raise DataError(
                f"the images in {path} are {size} pixels, not 28×28", "shrink or pad them to 28×28"
            )
        return read_array(stream, shape, np.dtype(np.uint8), str(path))


def _read_shape(stream: Readable, dimensions: int, path: Path) -> tuple[int, ...]:
    magic = _read_exactly(stream, 4, path)
    if magic != bytes([0, 0, 8, dimensions]):
        found = f"it begins with 0x{magic.hex()}, not 0x0000080{dimensions}"
        if magic[:3] == b"\0\0\x08" and magic[3] in _KINDS:
            found = f"it holds {_KINDS[magic[3]]}"
        raise DataError(f"{path} is not an IDX file of {_KINDS[dimensions]}: {found}", FETCH_AGAIN)
    sides = _read_exactly(stream, 4 * dimensions, path)
    return tuple(int.from_bytes(sides[at : at + 4], "big") for at in range(0, len(sides), 4))


def _read_exactly(stream: Readable, size: int, path: Path) -> bytes:
    content = b""
    while len(content) < size:
        piece = stream.read(size - len(content))
        if not piece:
            state = "is truncated: it ends within its header" if content else "is empty"
            raise DataError(f"{path} {state}", FETCH_AGAIN)
        content += piece
    return content
