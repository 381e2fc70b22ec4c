"""Read an ``.npz`` that nobody vouches for.

numpy's own reader believes what a file says of itself: it allocates the shape in a member's header
before a byte of it has been read. Here every size is checked first, and nothing is ever unpickled.
"""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import MnistgdError
from mnistgd.files import reason

HEADER_BYTES = 4096
"""More than any header of a plain array takes; what follows the header is the array's bytes alone."""


class NotAnArrayError(Exception):
    """A member is not a plain array of the size it says."""


def read_npz(
    path: Path, limits: Mapping[str, int], error: type[MnistgdError], hint: str = ""
) -> dict[str, NDArray[Any]]:
    """The arrays of `path` whose names are in `limits`; members of other names are not opened.

    Parameters
    ----------
    path : Path
    limits : mapping of str to int
        The most bytes that each array may have.
    error : type of MnistgdError
        What is raised, with `hint`, if the file is missing or is not such an archive.

    Returns
    -------
    dict of str to ndarray; names that the file does not have are left out.
    """
    try:
        if not path.is_file():
            raise error(f"{path} is {'a folder' if path.is_dir() else 'not there'}, not an .npz file", hint)
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            return {
                name: _read_member(archive, members[f"{name}.npy"], limit)
                for name, limit in limits.items()
                if f"{name}.npy" in members
            }
    except OSError as problem:
        raise error(f"cannot read {path}: {reason(problem)}", hint) from problem
    except NotAnArrayError as problem:
        raise error(f"{path} is damaged: {problem}", hint) from problem
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as problem:
        raise error(f"{path} is not a whole .npz file", hint) from problem


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> NDArray[Any]:
    name = info.filename.removesuffix(".npy")
    if info.file_size > limit + HEADER_BYTES:
        raise NotAnArrayError(
            f"its array {name!r} takes {info.file_size:,} bytes, more than the {limit:,} that fit"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotAnArrayError(f"its array {name!r} is packed in a way that numpy does not use")
    with archive.open(info) as stream:
        shape, fortran_order, dtype = _read_header(stream, name)
        if dtype.hasobject:
            raise NotAnArrayError(f"its array {name!r} holds Python objects, which are never loaded")
        content = stream.read(limit + HEADER_BYTES + 1)
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise NotAnArrayError(
            f"its array {name!r} has {len(content):,} bytes, not the {shape} of {dtype} it says"
        )
    array = np.frombuffer(content, dtype) if content else np.empty(0, dtype)
    return array.reshape(shape, order="F" if fortran_order else "C")


def _read_header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = np.lib.format.read_magic(stream)
            if version == (1, 0):
                return np.lib.format.read_array_header_1_0(stream, max_header_size=HEADER_BYTES)
            if version == (2, 0):
                return np.lib.format.read_array_header_2_0(stream, max_header_size=HEADER_BYTES)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, OverflowError) as problem:
        raise NotAnArrayError(f"its array {name!r} has no header that can be read") from problem
    raise NotAnArrayError(f"its array {name!r} is of a newer .npy version than can be read")
