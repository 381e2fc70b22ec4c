"""Write an ``.npz``, and read one that nobody vouches for.

numpy's own reader believes what a file says of itself: it allocates the shape in a member's header
before a byte of it has been read. Here every size is checked first, and nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import MnistgdError, lack_of_memory
from mnistgd.system.files import called, is_stream, read_stream, reason

HEADER_BYTES = 4096
"""More than any header of a plain array takes; what follows the header is the array's bytes alone."""

_CONTENTS_BYTES = 1 << 20
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1


class NotAnArrayError(Exception):
    """A member is not a plain array of the size it says."""


class PickledArrayError(NotAnArrayError):
    """A member is an array of Python objects."""


class BadRecordError(ValueError):
    """A part of a file that is not as it must be; the message names it."""


class Reader:
    """Reads the arrays of an open archive.

    Parameters
    ----------
    archive : ZipFile
    faults : callable; a context in which whatever is wrong with the archive is the right error

    Attributes
    ----------
    names : tuple of str, of all arrays, in their order
    """

    def __init__(self, archive: zipfile.ZipFile, faults: Callable[[], AbstractContextManager[None]]) -> None:
        self._archive, self._faults = archive, faults
        self.names = tuple(name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy"))

    def __call__(self, name: str, limit: int) -> NDArray[Any] | None:
        """The array of that name, of at most `limit` bytes; None if there is none."""
        if name not in self.names:
            return None
        with self._faults():
            return _read_array(self._archive, name, limit)


class Header(NamedTuple):
    """What a member says it holds."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]


@contextlib.contextmanager
def opened_npz(
    source: Path | bytes, error: type[MnistgdError], hint: str = "", place: str | None = None
) -> Iterator[Reader]:
    """Open an archive once, so that all that is read of it is of one file, even if another takes its name.

    Parameters
    ----------
    source : Path, or bytes
        A file, or what stdin held.
    error : type of MnistgdError
        What is raised, with `hint`, if the file is missing or is not such an archive, then or while it is
        read.
    place : str, optional
        What the file is called, where `source` is what it held.

    Yields
    ------
    Reader
        Arrays that it is not asked for are not opened.
    """
    faults = partial(_faults, place or called(source), error, hint)
    with contextlib.ExitStack() as stack:
        with faults():
            archive = stack.enter_context(_archive(stack.enter_context(_opened(source, error, hint))))
        yield Reader(archive, faults)


def npz_bytes(record: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """What is in an archive of these arrays whose ``record`` is that JSON object; see `json_in`."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays, record=np.array(json.dumps(record)))
    return buffer.getvalue()


def json_in(array: NDArray[Any] | None) -> dict[str, Any]:
    """The JSON object in the array ``record`` of a file.

    Parameters
    ----------
    array : ndarray or None; a 0-d array of text

    Raises
    ------
    BadRecordError
        If it is missing, or holds something else.
    """
    if array is None or array.shape != () or array.dtype.kind != "U":
        raise BadRecordError("it has no record")
    try:
        document = json.loads(str(array))
    except (ValueError, RecursionError) as problem:
        raise BadRecordError("its record is not JSON") from problem
    if not isinstance(document, dict):
        raise BadRecordError("its record is no JSON object")
    return document


def _opened(source: Path | bytes, error: type[MnistgdError], hint: str) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if is_stream(source):
        return io.BytesIO(read_stream(source))
    if not source.is_file():
        what = "a folder" if source.is_dir() else "not there"
        raise error(f"{source} is {what}, not an .npz file", hint)
    return source.open("rb")


@contextlib.contextmanager
def open_archive(
    file: IO[bytes], place: Path | str, error: type[MnistgdError], hint: str
) -> Iterator[zipfile.ZipFile]:
    """Open the archive in `file`; whatever is wrong with it, then or while it is read, is an `error`."""
    with _faults(place, error, hint), _archive(file) as archive:
        yield archive


@contextlib.contextmanager
def _archive(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    careful: Any = _Careful(file)
    with zipfile.ZipFile(careful) as archive:
        careful.opened = True
        yield archive


@contextlib.contextmanager
def _faults(place: Path | str, error: type[MnistgdError], hint: str) -> Iterator[None]:
    """Whatever is wrong with an archive is an `error`."""
    try:
        yield
    except MnistgdError:
        raise
    except OSError as problem:
        raise error(f"cannot read {place}: {reason(problem)}", hint) from problem
    except NotAnArrayError as problem:
        raise error(f"{place} is damaged: {problem}", hint) from problem
    except Exception as problem:
        if lack := lack_of_memory(problem):
            raise lack from None
        # For damaged files zipfile and zlib have a dozen kinds of error, few of which they document.
        raise error(f"{place} is not a whole .npz file", hint) from problem


@contextlib.contextmanager
def open_array(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[IO[bytes], Header]]:
    """Open an array of the archive: its bytes, as a stream, and what its header says of them.

    Raises
    ------
    NotAnArrayError
        If the array is packed as numpy packs none, its header cannot be read, or it holds Python objects.
    """
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in PACKINGS or info.flag_bits & ENCRYPTED:
        raise NotAnArrayError(f"its array {name!r} is packed in a way that numpy does not use")
    with archive.open(info) as stream:
        yield stream, read_header(stream, name)


def _read_array(archive: zipfile.ZipFile, name: str, limit: int) -> NDArray[Any]:
    size = archive.getinfo(f"{name}.npy").file_size
    if size > limit + HEADER_BYTES:
        raise NotAnArrayError(f"its array {name!r} takes {size:,} bytes, more than the {limit:,} that fit")
    with open_array(archive, name) as (stream, (shape, fortran_order, dtype)):
        content = stream.read(limit + HEADER_BYTES + 1)
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise NotAnArrayError(
            f"its array {name!r} has {len(content):,} bytes, not the {shape} of {dtype} it says"
        )
    array = np.frombuffer(content, dtype) if content else np.empty(0, dtype)
    return array.reshape(shape, order="F" if fortran_order else "C")


def read_header(stream: IO[bytes], name: str) -> Header:
    """What the beginning of an ``.npy`` file says of its array.

    Raises
    ------
    NotAnArrayError
        If it cannot be read, or the array holds Python objects.
    """
    try:
        header = _read_header(stream, name)
    except (NotAnArrayError, MemoryError):
        raise
    except Exception as problem:
        # Whatever numpy's parser, Python's tokenizer or a damaged member come to.
        raise NotAnArrayError(f"its array {name!r} has no header that can be read") from problem
    if header.dtype.hasobject:
        raise PickledArrayError(f"its array {name!r} holds Python objects, which are never loaded")
    return header


def _read_header(stream: IO[bytes], name: str) -> Header:
    # Version 1.0 has room for the header of any plain array; that of a later one may claim gigabytes.
    if np.lib.format.read_magic(stream) != (1, 0):
        raise NotAnArrayError(f"its array {name!r} is of a newer .npy version than can be read")
    with warnings.catch_warnings():
        # The header is a Python literal, and to parse a strange one warns.
        warnings.simplefilter("ignore")
        return Header(*np.lib.format.read_array_header_1_0(stream, max_header_size=HEADER_BYTES))


class _Careful:
    """A file that is never read whole while an archive is opened.

    The table of contents is as long as the archive says, and takes ten times its size once it is read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.opened = False
        self._file = file

    def __getattr__(self, name: str) -> Any:
        """All else is the file's own."""
        return getattr(self._file, name)

    def read(self, size: int = -1, /) -> bytes:
        if self.opened:
            return self._file.read(size)
        limit = _CONTENTS_BYTES + 1
        content = self._file.read(min(size, limit) if size >= 0 else limit)
        if len(content) == limit:
            raise zipfile.BadZipFile("the table of contents is too long")
        return content
