"""The files of an entry of the cache: arrays that open by memory map, and the record of them."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets import streams
from mnistgd.system.files import write_pieces

FORMAT = 1
MAX_RECORD = 1 << 16


class Pieces(NamedTuple):
    """An array that is made while it is written.

    Attributes
    ----------
    shape : tuple of int, of all of it
    pieces : iterable of C-ordered uint8 ndarray, which follow each other along its first axis
    """

    shape: tuple[int, ...]
    pieces: Iterable[NDArray[np.uint8]]


class DamageError(Exception):
    """Not what was written."""


def parse_record(content: bytes) -> dict[str, Any]:
    """The record of an entry; a DamageError if it is none."""
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        raise DamageError("is not a record") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise DamageError(f"is not a record of format {FORMAT}")
    kinds = {"source": str, "sha256": str, "arrays": dict}
    if not all(isinstance(record.get(key), kind) for key, kind in kinds.items()):
        raise DamageError("is not a whole record")
    return record


def shape_in(about: object) -> tuple[int, ...]:
    """The shape of an array, as its record has it; a DamageError if it has none."""
    shape = about.get("shape") if isinstance(about, dict) else None
    if (
        not isinstance(shape, list)
        or not 0 < len(shape) <= 3
        or not all(type(n) is int and n >= 0 for n in shape)
    ):
        raise DamageError("is not a whole record")
    return tuple(shape)


def write_array(file: Path, shape: tuple[int, ...], pieces: Iterable[NDArray[np.uint8]]) -> dict[str, Any]:
    """Write an array; what its record says of it."""
    header, checksum = _header(shape), 0

    def content() -> Iterator[bytes | memoryview]:
        nonlocal checksum
        yield header
        for piece in pieces:
            checksum = zlib.crc32(piece.data, checksum)
            yield piece.data

    write_pieces(file, content())
    about = {"bytes": len(header) + math.prod(shape), "crc32": checksum, "shape": list(shape)}
    return about | (_unwritten(file) if math.prod(shape) > streams.LARGE else {})


def _unwritten(file: Path) -> dict[str, int]:
    """What would be otherwise if somebody had written to a file, or put another in its place."""
    now = file.stat()
    return {"changed": now.st_mtime_ns, "inode": now.st_ino}


def open_array(file: Path, shape: tuple[int, ...], expected: object, every_byte: bool) -> NDArray[np.uint8]:
    """Map an array of this shape, once it is held against what its record says of it.

    Parameters
    ----------
    file : Path
    shape : tuple of int
    expected : what `write_array` gave, as the record has it
    every_byte : bool, whether a large one is read whole, though nobody seems to have written to it

    Raises
    ------
    DamageError
        If it is another.
    OSError
        If it cannot be read.
    """
    header = _header(shape)
    size = len(header) + math.prod(shape)
    if not file.is_file():
        raise DamageError("is missing")
    if file.stat().st_size != size:
        raise DamageError("has another size")
    try:
        # The base class, since every slice of a memmap costs more.
        content = np.asarray(np.memmap(file, np.uint8, mode="r"))
    except ValueError:
        raise DamageError("has another size") from None
    array = content[len(header) :].reshape(shape)
    if content[: len(header)].tobytes() != header:
        raise DamageError("has another header")
    about = expected if isinstance(expected, dict) else {}
    if about.get("bytes") != size:
        raise DamageError("has another size")
    known = not every_byte and array.nbytes > streams.LARGE and _unwritten(file).items() <= about.items()
    if not known and zlib.crc32(array.data) != about.get("crc32"):
        raise DamageError("has another CRC-32")
    return array


def _header(shape: tuple[int, ...]) -> bytes:
    """The first 128 bytes of an ``.npy`` file of uint8; numpy's own writer pads them as its version likes."""
    text = repr({"descr": "|u1", "fortran_order": False, "shape": shape})
    return b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + text.ljust(117).encode() + b"\n"
