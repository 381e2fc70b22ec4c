"""Images in a CSV file, gzipped or not: a row for each, of its 784 pixels, mostly after its label.

Digits alone are worked out by numpy, many rows at once; rows that have more in them (quotes, blanks, decimal
points, words) go through Python's own reader one by one, which also says what is wrong with one.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.class_names import MAX_NAME
from mnistgd.datasets.dataset import MAX_CLASSES
from mnistgd.datasets.parts import Part, is_emnist
from mnistgd.datasets.shape import PIXELS
from mnistgd.datasets.streams import (
    MAX_IMAGES,
    MAX_STORED,
    Gunzip,
    Readable,
    check_shrunk,
    open_file,
    unpacked,
)
from mnistgd.errors import DataError

_SEPARATORS = ";\t, "
_LABELS = {"label", "labels", "class", "target", "digit", "letter", "y"}
_NUMBERED = re.compile("([^0-9]*)([0-9]{1,4})")
_ROW_NUMBERS = {"", "id", "index", "imageid", "image_id", "unnamed: 0"}
# A quarter of a megabyte of digits at a time: what is worked out from them stays in the processor's cache.
_PIECE = 1 << 18
# What numpy writes of a pixel, `%.18e`, and a comma, are 25 bytes.
_LONGEST = 32 * (PIXELS + 2)
# Of a pixel: black and white ones shrink to 1 of 215 where numpy writes them, with 25.
_CELL = 3
_CORNER = 0.9
_HINT = f"a row is the {PIXELS} pixels of an image of 28×28, after its label or without one"
_UNPACK = "if you know who made it, unpack it and name the file that it holds"
_NAMES = "call it label; or, if these are no names, write them as numbers with a decimal point"
_ARRAYS = f"an .npz file may have {MAX_STORED:,} images: numpy.loadtxt reads lines, numpy.savez writes one"
_MEND = "mend that line"


class _Columns(NamedTuple):
    """What the columns of a file are.

    Attributes
    ----------
    separator : str; what stands between two of them
    width : int; how many there are
    label : int, or None; which of them has the labels
    pixels : tuple of int; which of them are the pixels, row by row of the image
    header : bool; whether the first line names them
    notes : tuple of str; what a person should know of these names
    """

    separator: str
    width: int
    label: int | None
    pixels: tuple[int, ...]
    header: bool
    notes: tuple[str, ...] = ()


class _BadRowError(Exception):
    """What is wrong with a row."""


def read_csv(path: Path, *, skip_bad: bool | None = False) -> tuple[Part, tuple[str, ...]]:
    """Read the images of a CSV file, and their labels if it has any.

    The cells are separated by commas, semicolons, tabs or single blanks. The labels are in the column that a
    header calls so, or else in the first of 785; numbers of rows, in a column that a header calls so, are
    passed over.

    Parameters
    ----------
    path : Path
    skip_bad : bool or None
        Whether rows that cannot be read are left out; None where none may be.

    Returns
    -------
    part : Part
        Images of shape (n, 784): uint8 if all are written as whole numbers, else float32. Labels of shape
        (n,): whole numbers, floats or strings.
    notes : tuple of str
        What is odd about the names of the columns; how many rows were left out, if any were.

    Raises
    ------
    DataError
        If the file is no such table, or a row of it is not like the others, or has a pixel that is no number
        from 0 to 255; the row is named by its line.
    """
    images: list[NDArray[Any]] = []
    labels: list[NDArray[Any]] = []
    bad: list[str] = []
    columns = None
    with open_file(path) as file:
        for number, piece in _pieces(unpacked(file, str(path)), path):
            if columns is None:
                line, _, rest = piece.partition(b"\n")
                columns = _columns_of(line, path)
                if columns.header:
                    number, piece = number + 1, rest
            rows, names, wrong = _read_at_once(piece, columns) or _read_one_by_one(piece, number, columns)
            if wrong and not skip_bad:
                # Without labels they are for predict alone.
                can_skip = skip_bad is not None and columns.label is not None
                more = "; --skip-bad leaves such lines out" if can_skip else ""
                raise DataError(f"{path}: {wrong[0]}", _MEND + more)
            bad += wrong
            images.append(rows)
            labels.append(names)
    if columns is None or not any(map(len, images)):
        raise DataError(f"{path} holds no images" + (f": {bad[0]}" if bad else ""), _HINT)
    if columns.label is not None and not columns.header:
        _check_not_last(labels, images, path)
    notes = columns.notes
    if bad:
        notes += (f"{path}: bad lines left out: {len(bad):,}; {bad[0]}",)
    found = None if columns.label is None else _as_labels(labels)
    return Part(_joined(images), found, is_emnist(path.name)), notes


def _check_not_last(labels: Sequence[NDArray[Any]], images: Sequence[NDArray[Any]], path: Path) -> None:
    """Check that no corner of the images is taken for their labels, where no header says which is which.

    A corner is the same in nearly all images, and labels are not.
    """
    last = np.concatenate([each[:, -1] for each in images])
    whole = (last == np.rint(last)).all() and last.max() < MAX_CLASSES
    if whole and _share(np.concatenate([each.astype(np.str_) for each in labels])) > _CORNER > _share(last):
        state = f"is nearly always the same in the first column, and not in the last of {PIXELS + 1}"
        raise DataError(
            f"{path} has no header, and what should be the label {state}",
            "give it a header, in which the column of labels is called label",
        )


def _share(values: NDArray[Any]) -> float:
    """How many of the values are the one that is there most often."""
    return float(np.unique(values, return_counts=True)[1].max() / len(values))


def has_labels(path: Path) -> bool:
    """Whether a CSV file has a column of labels, by its first line.

    Raises
    ------
    DataError
        If it is no such table.
    """
    with open_file(path) as file:
        for _, piece in _pieces(unpacked(file, str(path)), path):
            return _columns_of(piece.partition(b"\n")[0], path).label is not None
    raise DataError(f"{path} holds no images", _HINT)


def _pieces(stream: Readable, path: Path) -> Iterator[tuple[int, bytes]]:
    """Whole lines, many at a time, each ended by a line feed, and the number of the first of them.

    Raises
    ------
    DataError
        If a line is longer than a row can be, there are more of them than images can be, or they are packed
        to fill memories.
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
        if len(rest) > _LONGEST:
            raise DataError(f"{path}: line {number} is longer than any row of {PIXELS} pixels", _HINT)
        if number > MAX_IMAGES + 2:
            raise DataError(f"{path} has more than {MAX_IMAGES:,} lines, which is the most", _ARRAYS)
    if rest.strip():
        yield number, rest.rstrip(b"\r") + b"\n"


def _check_encoding(start: bytes, path: Path) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path} is text of 16-bit characters", "save it as UTF-8")
    if b"\0" in start[:1024]:
        raise DataError(f"{path} is no text", _HINT)


def _columns_of(line: bytes, path: Path) -> _Columns:
    """What the columns of a file are, by its first line."""
    text = line.decode("utf-8", "replace").lstrip("# ")
    known = [each for each in _SEPARATORS if PIXELS <= text.count(each) + 1 <= PIXELS + 2]
    separator = (known or [max(_SEPARATORS, key=text.count)])[0]
    try:
        cells = _cells(text, separator)
    except _BadRowError as error:
        raise DataError(f"{path}: line 1 {error}", _HINT) from None
    inner = [_number(cell) for cell in cells[1:-1]]
    # Where columns have no names, they may be called by their numbers.
    counted = len(inner) > 1 and inner == [(inner[0] or 0) + place for place in range(len(inner))]
    named = 2 * sum(number is None for number in inner) > len(inner)
    lost = not named and _are_made_unique(cells)
    header = named or counted or lost
    if not header:
        names = [""] * len(cells)
        rest, labels = list(range(len(cells))), [0] if len(cells) == PIXELS + 1 else []
    else:
        names = [cell.strip().lower() for cell in cells]
        rest = [place for place, name in enumerate(names) if name not in _ROW_NUMBERS]
        labels = [place for place in rest if names[place] in _LABELS]
        if not labels and len(rest) == PIXELS + 1:
            # Pixels are called by their numbers or places, whatever letters go with these.
            without = [place for place in rest if not any(map(str.isdigit, names[place]))]
            labels = rest[:1] if not named and not without else without
            if len(labels) != 1:
                start = ", ".join(repr(cell[:20]) for cell in cells[:2])
                raise DataError(f"{path} begins with {start}, … and names no column of labels", _NAMES)
    if len(labels) > 1 or len(rest) - len(labels) != PIXELS:
        raise DataError(f"{path}: line 1 has {len(cells):,} columns, not those of an image", _HINT)
    label = labels[0] if labels else None
    pixels = tuple(place for place in rest if place != label)
    notes: tuple[str, ...] = ()
    if lost:
        notes = (f"{path}: line 1 is taken for names: pandas makes such of a row, whose image is lost",)
    ordered = tuple(_by_number(pixels, names))
    if ordered != pixels:
        notes += (f"{path}: the pixels are taken in the order of their numbers, not of their columns",)
    return _Columns(separator, len(cells), label, ordered, header, notes)


def _by_number(places: Sequence[int], names: Sequence[str]) -> Sequence[int]:
    """Columns in the order of their numbers, if each has its own: as text, pixel10 is before pixel2."""
    found = {place: match for place in places if (match := _NUMBERED.fullmatch(names[place]))}
    if len({match[1] for match in found.values()}) != 1 or len(found) < len(places):
        return places
    numbers = {place: int(match[2]) for place, match in found.items()}
    return sorted(places, key=numbers.__getitem__) if len({*numbers.values()}) == len(places) else places


def _are_made_unique(cells: Sequence[str]) -> bool:
    """Whether pandas took a row for names: of equal ones it calls the second `0.1`."""
    seen: Counter[str] = Counter()
    for cell in cells:
        name = cell.partition(".")[0]
        if cell != (f"{name}.{seen[name]}" if seen[name] else name):
            return False
        seen[name] += 1
    return len(seen) < len(cells)


_Rows = tuple[NDArray[Any], NDArray[Any], list[str]]
"""The pixels of some rows, their labels, and what is wrong with those that are left out."""


def _read_at_once(piece: bytes, columns: _Columns) -> _Rows | None:
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


def _read_one_by_one(piece: bytes, number: int, columns: _Columns) -> _Rows:
    """The rows in a piece whose first line has this number, whatever is in them."""
    rows: list[NDArray[np.float32]] = []
    labels: list[str] = []
    wrong: list[str] = []
    for place, line in enumerate(piece.split(b"\n"), number):
        if not line.strip():
            continue
        try:
            label, pixels = _row(line, columns)
        except _BadRowError as error:
            wrong.append(f"line {place} {error}")
            continue
        labels.append(label)
        rows.append(pixels)
    images: NDArray[Any] = np.array(rows, np.float32).reshape(-1, PIXELS)
    # A file of floats may have rows of nothing but 0.0 and 1.0, which are no bytes.
    if b"." not in piece and (images == np.rint(images)).all():
        images = images.astype(np.uint8)
    return images, np.array(labels, np.str_), wrong


def _row(line: bytes, columns: _Columns) -> tuple[str, NDArray[np.float32]]:
    """The label, empty if there is no column for it, and the pixels.

    Raises
    ------
    _BadRowError
        If the row is not as the columns are, or a pixel is no number from 0 to 255.
    """
    try:
        cells = _cells(line.decode(), columns.separator)
    except UnicodeDecodeError:
        raise _BadRowError("is no text of UTF-8") from None
    if len(cells) != columns.width:
        raise _BadRowError(f"has {len(cells):,} columns, not {columns.width}")
    label = ""
    if columns.label is not None:
        label = cells[columns.label].strip()
        if not 1 <= len(label) <= MAX_NAME:
            raise _BadRowError("has no label" if not label else f"has a label of {len(label):,} characters")
    try:
        pixels = np.array([float(cells[place]) for place in columns.pixels], np.float32)
        wrong = np.flatnonzero(~((pixels >= 0) & (pixels <= 255)))
    except ValueError:
        wrong = np.array([[_number(cells[place]) for place in columns.pixels].index(None)])
    if len(wrong):
        place = columns.pixels[wrong[0]]
        raise _BadRowError(f"has {cells[place][:20]!r} in column {place + 1}, where a pixel is 0 to 255")
    return label, pixels


def _cells(text: str, separator: str) -> list[str]:
    if len(text) > _LONGEST:
        raise _BadRowError(f"is longer than any row of {PIXELS} pixels")
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        raise _BadRowError("has a quote that does not close, or closes within a cell") from None


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _joined(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    """The pieces one after the other, each given up as soon as it is copied."""
    joined = np.empty((sum(map(len, pieces)), PIXELS), np.result_type(*pieces))
    end = len(joined)
    while pieces:
        piece = pieces.pop()
        joined[end - len(piece) : end] = piece
        end -= len(piece)
    return joined


def _as_labels(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    """Labels as whole numbers if all are, else as floats if all are numbers, else as strings."""
    if all(piece.dtype.kind == "u" for piece in pieces):
        return np.concatenate(pieces)
    texts = np.concatenate([piece.astype(np.str_) for piece in pieces])
    for kind in (np.int64, np.float64):
        try:
            return texts.astype(kind)
        except (ValueError, OverflowError):
            continue
    return texts
