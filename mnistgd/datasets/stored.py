"""Images that are too many to hold: mapped where they lie, or unpacked whenever they are needed."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets import streams
from mnistgd.datasets.streams import FETCH_AGAIN, Readable, check_count, check_end, check_shrunk, fill
from mnistgd.errors import DataError
from mnistgd.system.files import reason

# So many images at a time take little memory as floats.
CHUNK = 4096


class Known(NamedTuple):
    """What a file is known by: who writes to it, or puts another in its place, changes one of these.

    Attributes
    ----------
    path : str
    size : int, in bytes
    changed : int, when, in nanoseconds
    inode : int
    """

    path: str
    size: int
    changed: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Known:
        """The file as it is now; an OSError if there is none."""
        now = path.stat()
        return cls(str(path), now.st_size, now.st_mtime_ns, now.st_ino)

    def check(self) -> None:
        """Check that the file is what it was.

        Raises
        ------
        DataError
            If somebody has changed it.
        """
        try:
            same = Known.of(Path(self.path)) == self
        except OSError as error:
            raise DataError(f"cannot read {self.path} any more: {reason(error)}", FETCH_AGAIN) from error
        if not same:
            raise DataError(
                f"{self.path} was changed while it was read", "begin again when nobody writes to it"
            )


class Packed(NamedTuple):
    """Something that is packed, and how it is unpacked.

    Attributes
    ----------
    path : Path, the file it is in
    size : int, how many bytes it takes there
    unpack : function that opens a stream of it
    """

    path: Path
    size: int
    unpack: Callable[[], AbstractContextManager[Readable]]


@dataclass(frozen=True, eq=False)
class Stored:
    """An array of images in a file.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    what : str, what it is called in an error
    file : Known, the file it lies in
    lies : ndarray or None, mapped and read-only, booleans as bytes; None if it is packed
    unpack : function that opens a stream of its bytes, in C order; None if it is mapped
    limits : tuple of float, or None; the lowest and the highest pixel, where these are known already
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    what: str
    file: Known
    lies: NDArray[Any] | None = None
    unpack: Callable[[], AbstractContextManager[Readable]] | None = None
    limits: tuple[float, float] | None = None

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """What it takes, as numpy has it."""
        return math.prod(self.shape) * self.dtype.itemsize

    def hold(self) -> NDArray[Any]:
        """All of it, in memory; errors as for `pieces`."""
        array, start = np.empty(self.shape, self.dtype), 0
        for piece in self.pieces():
            array[start : start + len(piece)] = piece
            start += len(piece)
        return array

    def pieces(self) -> Iterator[NDArray[Any]]:
        """The images, `CHUNK` at a time.

        Raises
        ------
        DataError
            If they are damaged, or the file was changed meanwhile.
        """
        for piece in self._unpacked() if self.lies is None else cut(self.lies):
            # Of a boolean's byte any value may be in a file.
            yield piece != 0 if self.dtype.kind == "b" else piece
        self.file.check()

    def _unpacked(self) -> Iterator[NDArray[Any]]:
        assert self.unpack is not None
        with self.unpack() as stream:
            for start in range(0, len(self), CHUNK):
                piece = np.empty((min(CHUNK, len(self) - start), *self.shape[1:]), as_bytes(self.dtype))
                fill(piece, stream, self.what)
                yield piece
            check_end(stream, self.what)


Images = NDArray[Any] | Stored
"""Images in memory, or in a file."""


def cut(images: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The rows of an array, `CHUNK` at a time."""
    return (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))


def pieces_of(images: Images) -> Iterator[NDArray[Any]]:
    """Images, `CHUNK` at a time, wherever they are."""
    return images.pieces() if isinstance(images, Stored) else cut(images)


def is_large(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array of images takes more than is held in memory."""
    return math.prod(shape) * dtype.itemsize > streams.LARGE


def as_bytes(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The same, but bytes for booleans."""
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype


def map_images(file: BufferedReader, shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> Stored:
    """Map what follows in an open file, which must be just this array.

    Raises
    ------
    DataError
        If the file is shorter, or longer, or an array of that shape is more than any set has.
    """
    check_count(shape[0], what)
    now, offset = os.fstat(file.fileno()), file.tell()
    end = offset + math.prod(shape) * dtype.itemsize
    if now.st_size < end:
        raise DataError(f"{what} is truncated: it holds less than it promises", FETCH_AGAIN)
    if now.st_size > end:
        raise DataError(f"{what} holds more bytes than it promises", FETCH_AGAIN)
    # The base class, since every slice of a memmap costs more.
    lies = np.asarray(np.memmap(file, as_bytes(dtype), "r", offset, shape))
    known = Known(os.path.abspath(file.name), now.st_size, now.st_mtime_ns, now.st_ino)  # noqa: PTH100
    return Stored(shape, dtype, what, known, lies)


def packed_images(packed: Packed, shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> Stored:
    """Images that are unpacked whenever they are needed.

    Raises
    ------
    DataError
        If there are more than any set has, or they are packed to fill disks.
    """
    check_count(shape[0], what)
    check_shrunk(math.prod(shape) * dtype.itemsize, packed.size, dtype.itemsize, what)
    return Stored(shape, dtype, what, Known.of(packed.path.absolute()), unpack=packed.unpack)
