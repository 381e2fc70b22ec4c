"""Bytes from a file that nobody vouches for: read in small pieces, and never more than was asked for."""

from __future__ import annotations

import contextlib
import math
import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import DataError
from mnistgd.system.files import reason

_NAME_A_FILE = "name an ordinary file that is there, and that you may read"
GZIP_MAGIC = b"\x1f\x8b"
FETCH_AGAIN = "fetch the file again from where it came"

# The limits of all data sets, each of one part. Infinite MNIST has 8.1 million images.
MAX_STORED = 10_000_000
# In pictures, which are held in memory; and of lines in a CSV file that are no images.
MAX_IMAGES = 250_000
# Bytes of one array that is held, such as labels; the 70,000 images of MNIST take 439 MB as doubles.
MAX_BYTES = 500_000_000
# Images of more bytes are not held, but mapped, or unpacked into the cache.
LARGE = 100_000_000
_PIECE = 1 << 18
# Bytes of handwriting shrink to a tenth, and those of its pixels as floats with them.
_MOST_SHRUNK = 100
_SMALL = 1 << 20
_MAX_MEMBERS = 10_000
# What is stored in blocks, as on tapes, is filled up to a whole one.
_MAX_PADDING = 1 << 20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Peekable(Readable, Protocol):
    def peek(self, size: int = 0, /) -> bytes: ...


@contextlib.contextmanager
def open_file(path: Path) -> Iterator[BufferedReader]:
    """Open an ordinary file to read; whatever the system refuses, then or later, is a DataError."""
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder, where a file belongs", _NAME_A_FILE)
        if not path.exists():
            raise DataError(f"there is no file {path}", _NAME_A_FILE)
        if not path.is_file():
            # A pipe or a device may never end.
            raise DataError(f"{path} is not an ordinary file", _NAME_A_FILE)
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise DataError(f"cannot read {path}: {reason(error)}", _NAME_A_FILE) from error


def read_array(
    stream: Readable, shape: tuple[int, ...], dtype: np.dtype[np.generic], what: str
) -> NDArray[Any]:
    """Read an array of exactly this shape, in C order, after which the stream must end.

    Raises
    ------
    DataError
        If the stream ends too early or too late, or `shape` is of none or of more than any set has.
    """
    check_size(shape, dtype, what)
    array = np.empty(shape, dtype)
    fill(array, stream, what)
    check_end(stream, what)
    return array


def check_size(
    shape: tuple[int, ...], dtype: np.dtype[Any], what: str, hint: str = "save it as whole bytes"
) -> None:
    """Check that a data set can have an array of this size, before memory is taken for it."""
    check_count(shape[0], what)
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_BYTES:
        raise DataError(f"{what} promises {size:,} bytes; {MAX_BYTES:,} can be held", hint)


def check_count(count: int, what: str) -> None:
    """Check that a part of a data set can have so many images or labels."""
    if not 1 <= count <= MAX_STORED:
        raise DataError(f"{what} promises {count:,} entries; 1 to {MAX_STORED:,} can be read", FETCH_AGAIN)


def check_ratio(member: zipfile.ZipInfo, itemsize: int, what: str) -> None:
    """Check that a part of a ZIP is not made to fill memories: it says how far it shrank."""
    check_shrunk(member.file_size, member.compress_size, itemsize, what)


def check_shrunk(size: int, packed: int, itemsize: int, what: str, hint: str = FETCH_AGAIN) -> None:
    """Check that numbers of `itemsize` bytes each are not packed to fill memories or disks."""
    if size > max(_SMALL, _MOST_SHRUNK * itemsize * packed):
        raise DataError(f"{what} unpacks to {size // max(1, packed):,} times its size", hint)


def fill(array: NDArray[np.generic], stream: Readable, what: str) -> None:
    """Fill a contiguous array. Its memory is taken as the bytes arrive: a promise not kept costs nothing."""
    wanted = array.reshape(-1).view(np.uint8).data
    filled = 0
    while filled < len(wanted):
        piece = stream.read(min(_PIECE, len(wanted) - filled))
        if not piece:
            raise DataError(f"{what} is truncated: it holds less than it promises", FETCH_AGAIN)
        wanted[filled : filled + len(piece)] = piece
        filled += len(piece)


def check_end(stream: Readable, what: str) -> None:
    """Check that nothing follows."""
    if stream.read(1):
        raise DataError(f"{what} holds more bytes than it promises", FETCH_AGAIN)


def unpacked(file: Peekable, what: str) -> Readable:
    """What a file holds: unpacked, if it begins as gzip files do."""
    return Gunzip(file, what) if file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC) else file


class Gunzip:
    """What a gzip file unpacks to, piece by piece.

    Unlike ``gzip.GzipFile`` it does not follow a file through millions of members that hold nothing. Zeros
    after a member are no damage, as for gzip itself.
    """

    def __init__(self, packed: Readable, what: str) -> None:
        self._packed = packed
        self._what = what
        self._members = 1
        self._received = 0
        self._rest = b""
        self._unpack = zlib.decompressobj(wbits=31)

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end.

        Raises
        ------
        DataError
            If the file is damaged, or ends too early.
        """
        while True:
            if self._unpack.eof:
                self._skip_padding()
                if not self._rest:
                    return b""
                self._next_member()
            packed = self._rest or self._receive()
            try:
                piece = self._unpack.decompress(packed, size)
            except zlib.error as error:
                raise DataError(f"{self._what} is damaged: it does not unpack", FETCH_AGAIN) from error
            self._rest = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail
            if piece:
                return piece
            if not packed and not self._unpack.eof:
                raise DataError(f"{self._what} is truncated: it unpacks only in part", FETCH_AGAIN)

    @property
    def used(self) -> int:
        """How many bytes of the file were unpacked so far."""
        return self._received - len(self._rest)

    def _receive(self) -> bytes:
        packed = self._packed.read(_PIECE)
        self._received += len(packed)
        return packed

    def _skip_padding(self) -> None:
        skipped = 0
        while True:
            self._rest = self._rest or self._receive()
            following = self._rest.lstrip(b"\0")
            skipped += len(self._rest) - len(following)
            if following or not self._rest:
                self._rest = following
                return
            if skipped > _MAX_PADDING:
                raise DataError(f"{self._what} is damaged: zeros follow without end", FETCH_AGAIN)
            self._rest = b""

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise DataError(f"{self._what} is damaged: it is cut into too many pieces", FETCH_AGAIN)
        self._unpack = zlib.decompressobj(wbits=31)
