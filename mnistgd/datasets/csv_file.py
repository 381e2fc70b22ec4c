"""Images in a CSV file, gzipped or not: a row for each, of its 784 pixels, mostly after its label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.csv_columns import HINT, LONGEST, columns_of
from mnistgd.datasets.csv_rows import read_at_once, read_one_by_one
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

# A quarter of a megabyte of digits at a time: what is worked out from them stays in the processor's cache.
_PIECE = 1 << 18
# Of a pixel: black and white ones shrink to 1 of 215 where numpy writes them, with 25.
_CELL = 3
_CORNER = 0.9
_UNPACK = "if you know who made it, unpack it and name the file that it holds"
_ARRAYS = f"an .npz file may have {MAX_STORED:,} images: numpy.loadtxt reads lines, numpy.savez writes one"
_MEND = "mend that line"


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
                columns = columns_of(line, path)
                if columns.header:
                    number, piece = number + 1, rest
            rows, names, wrong = read_at_once(piece, columns) or read_one_by_one(piece, number, columns)
            if wrong and not skip_bad:
                # Without labels they are for predict alone.
                can_skip = skip_bad is not None and columns.label is not None
                more = "; --skip-bad leaves such lines out" if can_skip else ""
                raise DataError(f"{path}: {wrong[0]}", _MEND + more)
            bad += wrong
            images.append(rows)
            labels.append(names)
    if columns is None or not any(map(len, images)):
        raise DataError(f"{path} holds no images" + (f": {bad[0]}" if bad else ""), HINT)
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
            return columns_of(piece.partition(b"\n")[0], path).label is not None
    raise DataError(f"{path} holds no images", HINT)


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
        if len(rest) > LONGEST:
            raise DataError(f"{path}: line {number} is longer than any row of {PIXELS} pixels", HINT)
        if number > MAX_IMAGES + 2:
            raise DataError(f"{path} has more than {MAX_IMAGES:,} lines, which is the most", _ARRAYS)
    if rest.strip():
        yield number, rest.rstrip(b"\r") + b"\n"


def _check_encoding(start: bytes, path: Path) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path} is text of 16-bit characters", "save it as UTF-8")
    if b"\0" in start[:1024]:
        raise DataError(f"{path} is no text", HINT)


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
