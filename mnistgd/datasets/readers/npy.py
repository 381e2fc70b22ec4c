"""Arrays as numpy saves them, alone in an ``.npy`` file or packed in an ``.npz`` file."""

from __future__ import annotations

from io import BufferedReader
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.form import labels, pixels
from mnistgd.datasets.stored import Images, Packed, as_bytes, is_large, map_images, packed_images
from mnistgd.datasets.streams import check_end, check_size, fill, open_file, read_array
from mnistgd.errors import DataError
from mnistgd.system.npz import Header, NotAnArrayError, read_header


def read_npy(path: Path, holds: str) -> Images:
    """Read the array of a file; images that are large are mapped.

    Raises
    ------
    DataError
        If the file is missing or damaged, or its array is not of its kind.
    """
    with open_file(path) as file:
        try:
            header = read_header(file, path.stem)
        except NotAnArrayError as problem:
            raise DataError(f"{path} is damaged: {problem}", "save it again, with numpy.save") from problem
        return read_values(file, header, holds, str(path))


def read_values(
    stream: IO[bytes], header: Header, holds: str, what: str, packed: Packed | None = None
) -> Images:
    """Read what follows the header of an array, or see where it is.

    Parameters
    ----------
    stream : a file, or what unpacks
    header : Header
    holds : ``images`` or ``labels``
    what : str, what the array is called in an error
    packed : Packed, if it is no file of its own

    Raises
    ------
    DataError
        If it is not of its kind, or fewer or more bytes follow than it promises.
    """
    shape, fortran_order, dtype = header
    (pixels.check_layout if holds == "images" else labels.check_kind)(shape, dtype, what)
    stored = as_bytes(dtype)
    if fortran_order and len(shape) > 1:
        array = _read_columns(stream, shape, stored, what)
    elif holds == "images" and is_large(shape, dtype):
        if packed is None:
            return map_images(cast(BufferedReader, stream), shape, dtype, what)
        return packed_images(packed, shape, dtype, what)
    else:
        array = read_array(stream, shape, stored, what)
    # Of a boolean's byte any value may be in a file.
    return array != 0 if dtype.kind == "b" else array


def _read_columns(stream: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> NDArray[Any]:
    """Read an array that lies in Fortran order: a pixel of every image, then the next of every image."""
    check_size(shape, dtype, what, "save it in C order: numpy.ascontiguousarray(images)")
    array = np.empty(shape, dtype)
    column = np.empty(shape[-2::-1], dtype)
    for last in range(shape[-1]):
        fill(column, stream, what)
        array[..., last] = column.T
    check_end(stream, what)
    return array
