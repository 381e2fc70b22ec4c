"""Images in a CSV file, gzipped or not: a row for each, of its 784 pixels, mostly after its label."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import MAX_CLASSES, SILENT, Listener, Progress
from mnistgd.datasets.parts import Part, is_emnist
from mnistgd.datasets.readers.csv_files.columns import HINT, Columns, columns_of
from mnistgd.datasets.readers.csv_files.rows import Rows, read_at_once, read_one_by_one, whole_lines
from mnistgd.datasets.shape import PIXELS
from mnistgd.datasets.stored import Known, Stored, is_large
from mnistgd.datasets.streams import MAX_BYTES, MAX_IMAGES, MAX_STORED, open_file, unpacked
from mnistgd.errors import DataError

_CORNER = 0.9
_MEND = "mend that line"
_FEWER = "name a file of fewer lines"


def read_csv(
    path: Path, *, skip_bad: bool | None = False, listener: Listener = SILENT
) -> tuple[Part, tuple[str, ...]]:
    """Read the images of a CSV file, and their labels if it has any.

    The cells are separated by commas, semicolons, tabs or single blanks. The labels are in the column that a
    header calls so, or else in the first of 785; numbers of rows, in a column that a header calls so, are
    passed over.

    Parameters
    ----------
    path : Path
    skip_bad : bool or None
        Whether rows that cannot be read are left out; None where none may be.
    listener : Listener

    Returns
    -------
    part : Part
        Images of shape (n, 784): uint8 if all are written as whole numbers, else float32; stored, if they
        are more than is held. Labels of shape (n,): whole numbers, floats or strings.
    notes : tuple of str
        What is odd about the names of the columns; how many rows were left out, if any were.

    Raises
    ------
    DataError
        If the file is no such table, or a row of it is not like the others, or has a pixel that is no number
        from 0 to 255; the row is named by its line.
    """
    table, held = _Table(path, skip_bad), []
    for images in table.images(listener):
        held.append(images)
        if is_large(table.shape, table.dtype):
            held.clear()
    labels, notes = table.labels(), table.notes()
    if held:
        return Part(_joined(held), labels, is_emnist(path.name)), notes
    known = table.known
    known.check()
    return stored_part(known, table.shape, table.dtype, table.limits, labels, skip_bad=skip_bad), notes


def stored_part(
    known: Known,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    limits: tuple[float, float],
    labels: NDArray[Any] | None,
    *,
    skip_bad: bool | None,
) -> Part:
    """The images of a CSV file that was read before, whose pixels are read again whenever they are needed.

    Parameters
    ----------
    known : Known, the file
    shape, dtype, limits : of its images
    labels, skip_bad : as `read_csv` has them
    """
    path = Path(known.path)

    @contextmanager
    def unpack() -> Iterator[_Pixels]:
        with closing(_Table(path, skip_bad).images()) as images:
            yield _Pixels(images, dtype)

    images = Stored(shape, dtype, str(path), known, unpack=unpack, limits=limits)
    return Part(images, labels, is_emnist(path.name))


class _Table:
    """What a CSV file holds, as its rows go by.

    Attributes
    ----------
    known : Known, the file as it was when its first row was read
    count : int, how many images were read so far
    dtype : dtype that all of them have in common
    limits : tuple of float, the lowest and the highest pixel of them
    """

    known: Known

    def __init__(self, path: Path, skip_bad: bool | None) -> None:
        self.count, self.dtype, self.limits = 0, np.dtype(np.uint8), (255.0, 0.0)
        self._path, self._skip_bad = path, skip_bad
        self._columns: Columns | None = None
        self._labels: list[NDArray[Any]] = []
        self._widest = 0
        # The last pixels, where they might be the labels.
        self._last: list[NDArray[Any]] = []
        self._bad, self._first_bad = 0, ""

    @property
    def shape(self) -> tuple[int, int]:
        return self.count, PIXELS

    def images(self, listener: Listener = SILENT) -> Generator[NDArray[Any], None, None]:
        """The images of some rows after those of others; errors as for `read_csv`."""
        path = self._path
        with open_file(path) as file:
            self.known = Known.of(path.absolute())
            went_on, place = Progress(listener, f"reading {path.name}", self.known.size), 0
            for number, piece in whole_lines(unpacked(file, str(path)), path):
                if self._columns is None:
                    line, _, rest = piece.partition(b"\n")
                    self._columns = columns_of(line, path)
                    if self._columns.header:
                        number, piece = number + 1, rest
                found = read_at_once(piece, self._columns) or read_one_by_one(piece, number, self._columns)
                yield self._taken(found, number)
                went_on(file.tell() - place)
                place = file.tell()
        if not self.count:
            bad = f": {self._first_bad}" if self._bad else ""
            raise DataError(f"{path} holds no images{bad}", HINT)

    def _taken(self, rows: Rows, number: int) -> NDArray[Any]:
        """The images of some rows, once all else is noted of them; `number` is that of their first line."""
        (images, labels, wrong), columns, path = rows, self._columns, self._path
        assert columns is not None
        if wrong and not self._skip_bad:
            # Without labels they are for predict alone.
            can_skip = self._skip_bad is not None and columns.label is not None
            more = "; --skip-bad leaves such lines out" if can_skip else ""
            raise DataError(f"{path}: {wrong[0]}", _MEND + more)
        # Whatever is kept of lines, and the time that they take, is bounded by the images that they bring.
        if number - self.count > MAX_IMAGES:
            raise DataError(f"{path} has more than {MAX_IMAGES:,} lines that are no images", HINT)
        self._bad += len(wrong)
        self._first_bad = self._first_bad or "".join(wrong[:1])
        self.count += len(images)
        if self.count > MAX_STORED:
            raise DataError(f"{path} has more than {MAX_STORED:,} images, which is the most", _FEWER)
        if len(images):
            self.dtype = np.result_type(self.dtype, images)
            least, most = self.limits
            self.limits = min(least, float(images.min())), max(most, float(images.max()))
        if columns.label is not None:
            self._widest = max(self._widest, labels.dtype.itemsize)
            if self._widest * self.count > MAX_BYTES:
                message = f"the labels of {path} take more than {MAX_BYTES:,} bytes, which is the most"
                raise DataError(message, "call the classes by numbers, or by shorter words")
            self._labels.append(labels)
            if not columns.header:
                self._last.append(images[:, -1].copy())
        return images

    def labels(self) -> NDArray[Any] | None:
        """The labels of all images, if there are any.

        Raises
        ------
        DataError
            If a corner of the images is taken for them, where no header says which is which: a corner is the
            same in nearly all images, and labels are not.
        """
        if not self._labels:
            return None
        labels = _as_labels(self._labels)
        if self._last:
            last = np.concatenate(self._last)
            whole = (last == np.rint(last)).all() and last.max() < MAX_CLASSES
            if whole and _share(labels) > _CORNER > _share(last):
                state = f"is nearly always the same in the first column, and not in the last of {PIXELS + 1}"
                raise DataError(
                    f"{self._path} has no header, and what should be the label {state}",
                    "give it a header, in which the column of labels is called label",
                )
        return labels

    def notes(self) -> tuple[str, ...]:
        """What is odd about the names of the columns; how many rows were left out, if any were."""
        notes = () if self._columns is None else self._columns.notes
        if self._bad:
            notes += (f"{self._path}: bad lines left out: {self._bad:,}; {self._first_bad}",)
        return notes


class _Pixels:
    """The pixels of images, as a stream of numbers of one type."""

    def __init__(self, images: Iterator[NDArray[Any]], dtype: np.dtype[Any]) -> None:
        self._images, self._dtype = images, dtype
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        while not self._rest and (images := next(self._images, None)) is not None:
            self._rest = images.astype(self._dtype).tobytes()
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


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
        for _, piece in whole_lines(unpacked(file, str(path)), path):
            return columns_of(piece.partition(b"\n")[0], path).label is not None
    raise DataError(f"{path} holds no images", HINT)


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
