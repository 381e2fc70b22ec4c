"""What a target is, and the words of the formats that several have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class Target(NamedTuple):
    """Something that reads bytes.

    Attributes
    ----------
    run : function of the bytes, and of a folder in which it may write them
    seeds : function that gives inputs that are sound
    words : what the format is made of, so that a change is not refused at the first byte
    """

    run: Callable[[bytes, Path], None]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes] = ()


ZIP = [b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"record.npy", b"weights.npy"]
NPY = [
    b"\x93NUMPY\x01\0",
    b"'descr': ",
    b"'|O'",
    b"'<f4'",
    b"'fortran_order': True",
    b"(784, 2)",
    *(b"'<U1'", b"'|S9'", b"'|b1'", b"'<f2'", b"'>f8'", b"(2, 28, 28, 3)", b"(2, 1)"),
    b"(-1,)",
    b"1e9",
]
