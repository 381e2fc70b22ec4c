"""The rows of a CSV file, some whole lines at a time.

Digits alone are worked out by numpy, many rows at once; rows that have more in them (quotes, blanks, decimal
points, words) go through Python's own reader one by one, which also says what is wrong with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.class_names import MAX_NAME
from mnistgd.datasets.readers.csv_files.columns import (
    HINT,
    LONGEST,
    BadRowError,
    Columns,
    cells_of,
    number_in,
)
from mnistgd.datasets.shape import PIXELS
from mnistgd.datasets.streams import Gunzip, Readable, check_shrunk
from mnistgd.errors import DataError

# A quarter of a megabyte of digits at a time: what is worked out from them stays in the processor's cache.
_PIECE = 1 << 18
# Of a pixel: black and white ones shrink to 1 of 215 where numpy writes them, with 25.
_CELL = 3
_UNPACK = "if you know who made it, unpack it and name the file that it holds"


def whole_lines(stream: Readable, path: Path) -> Iterator[tuple[int, bytes]]:
    """Whole lines, many at a time, each ended by a line feed, and the number of the first of them.

    Raises
    ------
    DataError
        If a line is longer than a row can be, or they are packed to fill memories.
    """
    number, rest, size = 1, b"", 0
    while more := stream.read(_PIECE):
        size += len(more)
        if isinstance(stream, Gunzip):
            check_shrunk(size, stream.used, _CELL, str(path), _UNPACK)
        if number == 1 and not rest:
            _check_encoding(more, path)
            more = more.removeprefix(b"\xef\xbb\xbf")
        rest += more
        # A carriage return at the very end may have its line feed still to come.
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)) + 1
        if end:
            piece = rest[:end].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            yield number, piece
            number += piece.count(b"\n")
            rest = rest[end:]
        if len(rest) > LONGEST:
            raise DataError(f"{path}: line {number} is longer than any row of {PIXELS} pixels", HINT)
    if rest.strip():
        yield number, rest.rstrip(b"\r") + b"\n"


def _check_encoding(start: bytes, path: Path) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path} is text of 16-bit characters", "save it as UTF-8")
    if b"\0" in start[:1024]:
        raise DataError(f"{path} is no text", HINT)


Rows = tuple[NDArray[Any], NDArray[Any], list[str]]
"""The pixels of some rows, their labels, and what is wrong with those that are left out."""


def read_at_once(piece: bytes, columns: Columns) -> Rows | None:
    """The rows in a piece, if there is nothing in them but digits, separators and numbers of one byte."""
    content = np.frombuffer(piece, np.uint8)
    digits = content - np.uint8(ord("0"))
    is_digit = digits < 10
    ends = np.flatnonzero(~is_digit)
    rows, beyond = divmod(len(ends), columns.width)
    if beyond or not rows:
        return None
    table = content[ends].reshape(rows, columns.width)
    if (table[:, :-1] != ord(columns.separator)).any() or (table[:, -1] != ord("\n")).any():
        return None
    # The numbers of rows may have any number of digits.
    used = [*columns.pixels, *([] if columns.label is None else [columns.label])]
    lengths = (np.diff(ends, prepend=-1) - 1).reshape(rows, columns.width)[:, used]
    if lengths.min() < 1 or lengths.max() > 3:
        return None
    # At each digit, the number that ends there: the digit, and ten times what ends one place before.
    digits *= is_digit
    numbers = digits.astype(np.uint16)
    numbers[1:] += np.uint16(10) * digits[:-1]
    numbers[2:] += np.uint16(100) * (digits[:-2] * is_digit[1:-1])
    found = numbers[ends - 1].reshape(rows, columns.width)[:, used]
    # The labels as a copy: a view of them would keep all numbers of two bytes.
    pixels, labels = found[:, :PIXELS], found[:, PIXELS:].flatten()
    return None if pixels.max() > 255 else (pixels.astype(np.uint8), labels, [])


def read_one_by_one(piece: bytes, number: int, columns: Columns) -> Rows:
    """The rows in a piece whose first line has this number, whatever is in them."""
    rows: list[NDArray[np.float32]] = []
    labels: list[str] = []
    wrong: list[str] = []
    for place, line in enumerate(piece.split(b"\n"), number):
        if not line.strip():
            continue
        try:
            label, pixels = _row(line, columns)
        except BadRowError as error:
            wrong.append(f"line {place} {error}")
            continue
        labels.append(label)
        rows.append(pixels)
    images: NDArray[Any] = np.array(rows, np.float32).reshape(-1, PIXELS)
    # A file of floats may have rows of nothing but 0.0 and 1.0, which are no bytes.
    if b"." not in piece and (images == np.rint(images)).all():
        images = images.astype(np.uint8)
    return images, np.array(labels, np.str_), wrong


def _row(line: bytes, columns: Columns) -> tuple[str, NDArray[np.float32]]:
    """The label, empty if there is no column for it, and the pixels.

    Raises
    ------
    BadRowError
        If the row is not as the columns are, or a pixel is no number from 0 to 255.
    """
    try:
        cells = cells_of(line.decode(), columns.separator)
    except UnicodeDecodeError:
        raise BadRowError("is no text of UTF-8") from None
    if len(cells) != columns.width:
        raise BadRowError(f"has {len(cells):,} columns, not {columns.width}")
    label = ""
    if columns.label is not None:
        label = cells[columns.label].strip()
        if not 1 <= len(label) <= MAX_NAME:
            raise BadRowError("has no label" if not label else f"has a label of {len(label):,} characters")
    try:
        # As they were read: the largest are too large for the numbers that are kept.
        pixels = np.array([float(cells[place]) for place in columns.pixels])
        wrong = np.flatnonzero(~((pixels >= 0) & (pixels <= 255)))
    except ValueError:
        wrong = np.array([[number_in(cells[place]) for place in columns.pixels].index(None)])
    if len(wrong):
        place = columns.pixels[wrong[0]]
        raise BadRowError(f"has {cells[place][:20]!r} in column {place + 1}, where a pixel is 0 to 255")
    return label, pixels.astype(np.float32)
