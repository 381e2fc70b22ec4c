"""The IDX files that MNIST is published in, gzipped or not.

An IDX file begins with two zero bytes, one for the type of its values, one for the number of dimensions,
then each dimension as a 32-bit number; the values follow. All of it has the highest byte first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.form import labels, pixels
from mnistgd.datasets.readers import foreign
from mnistgd.datasets.stored import Images, Packed, is_large, map_images, packed_images
from mnistgd.datasets.streams import FETCH_AGAIN, Peekable, Readable, open_file, read_array, unpacked
from mnistgd.errors import DataError

_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_DIMENSIONS = {"images": (3, 2, 4), "labels": (1, 2)}
"""Of each kind how many there may be, the usual number first."""
_HOLDS = {1: "labels", 3: "images", 4: "images"}
"""What a number of dimensions says of a file; of two it says nothing."""
_QMNIST = 8
"""QMNIST has eight numbers for each image: its class, who wrote it, and where it is in NIST's files."""


def read_images(path: Path) -> Images:
    """Read the images of an IDX file.

    Returns
    -------
    ndarray of a shape that `pixels.check_layout` knows; where that is large they are not read, but `Stored`

    Raises
    ------
    DataError
        If the file is missing, not such a file, or holds fewer or more bytes than it promises.
    """
    with open_file(path) as file:
        return read(file, str(path), Packed(path, path.stat().st_size, partial(open_file, path)))


def read_labels(path: Path) -> NDArray[Any]:
    """Read the labels of an IDX file.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    DataError
        If the file is missing, not such a file, or holds fewer or more bytes than it promises.
    """
    with open_file(path) as file:
        return labels_in(file, str(path))


def read(file: Peekable, what: str, packed: Packed) -> Images:
    """Read the images that an open IDX file holds, or see where they are.

    Parameters
    ----------
    file : the file, open
    what : str, what it is called in an error
    packed : Packed, how it is opened again

    Raises
    ------
    DataError
        If it holds something else, or fewer or more bytes than it promises.
    """
    stream = unpacked(file, what)
    dtype, shape = _read_header(stream, "images", what)
    if not is_large(shape, dtype):
        return read_array(stream, shape, dtype, what)
    if isinstance(stream, BufferedReader):
        return map_images(stream, shape, dtype, what)

    @contextmanager
    def unpack() -> Iterator[Readable]:
        with packed.unpack() as again:
            stream = unpacked(cast(Peekable, again), what)
            _read_header(stream, "images", what)
            yield stream

    return packed_images(packed._replace(unpack=unpack), shape, dtype, what)


def labels_in(file: Peekable, what: str) -> NDArray[Any]:
    """Read the labels that an open IDX file holds; errors as for `read`."""
    stream = unpacked(file, what)
    dtype, shape = _read_header(stream, "labels", what)
    array = read_array(stream, shape, dtype, what)
    return array[:, 0] if shape[1:] == (_QMNIST,) and dtype.kind == "i" else array


def _read_header(stream: Readable, holds: str, what: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = _read_exactly(stream, 4, what)
    known = magic[:2] == b"\0\0" and magic[2] in _TYPES
    if not known or magic[3] not in _DIMENSIONS[holds]:
        found = f"it begins with 0x{magic.hex()}, not 0x0000080{_DIMENSIONS[holds][0]}"
        if known and magic[3] in _HOLDS:
            found = f"it holds {_HOLDS[magic[3]]}"
        elif refusal := foreign.refusal(magic + stream.read(foreign.HEAD), what):
            raise refusal
        raise DataError(f"{what} is not an IDX file of {holds}: {found}", FETCH_AGAIN)
    sides = _read_exactly(stream, 4 * magic[3], what)
    shape = tuple(int.from_bytes(sides[at : at + 4], "big") for at in range(0, len(sides), 4))
    dtype = np.dtype(_TYPES[magic[2]])
    if holds == "images":
        pixels.check_layout(shape, dtype, what)
    elif shape[1:] != (_QMNIST,):
        labels.check_kind(shape, dtype, what)
    return dtype, shape


def _read_exactly(stream: Readable, size: int, what: str) -> bytes:
    content = b""
    while len(content) < size:
        piece = stream.read(size - len(content))
        if not piece:
            state = "is truncated: it ends within its header" if content else "is empty"
            raise DataError(f"{what} {state}", FETCH_AGAIN)
        content += piece
    return content
