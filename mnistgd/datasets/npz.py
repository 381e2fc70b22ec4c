"""A data set in one ``.npz`` file: four arrays, by the names of this project or by those of Keras.

``numpy.load`` is not used: it allocates whatever a file promises, and knows how to unpickle.
"""

from __future__ import annotations

import contextlib
import io
import warnings
import zipfile
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from mnistgd.datasets.dataset import IMAGE_SHAPE
from mnistgd.datasets.streams import check_count, check_end, fill, open_file, read_array
from mnistgd.errors import DataError, MnistgdError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ZIP_MAGIC = b"PK"
NAMES = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
)

_HINT = f"it takes {', '.join(NAMES[0])}, or Keras's {', '.join(NAMES[1])}"
_MAX_CONTENTS = 1 << 20
# What numpy writes for these arrays takes 118 bytes.
_MAX_HEADER = 1024
_ENCRYPTED = 0x1
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Header(NamedTuple):
    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[np.generic]


def read_npz(
    path: Path,
) -> tuple[NDArray[np.uint8], NDArray[np.integer], NDArray[np.uint8], NDArray[np.integer]]:
    """Read the four arrays of a data set.

    Returns
    -------
    train_images, train_labels, test_images, test_labels
        Images are uint8 of shape (n, 28, 28), labels whole numbers of any type of shape (n,).

    Raises
    ------
    DataError
        If the file is missing, damaged or not a ZIP file, an array is missing, or one is not of its kind.
    """
    with open_file(path) as file:
        try:
            with zipfile.ZipFile(_SmallReads(file), "r") as archive:
                train_images, train_labels, test_images, test_labels = _names(archive, path)
                return (
                    _read_images(archive, train_images, path),
                    _read_labels(archive, train_labels, path),
                    _read_images(archive, test_images, path),
                    _read_labels(archive, test_labels, path),
                )
        except (MnistgdError, OSError):
            raise
        except Exception as error:
            # On damaged files zipfile, zlib and numpy raise a dozen kinds of error, few of them documented.
            raise DataError(f"{path} is damaged, or not an .npz file", _HINT) from error


class _SmallReads(io.BufferedIOBase):
    """A file that is never read whole: a ZIP file's table of contents is as long as the file says."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        limit = _MAX_CONTENTS + 1
        content = self._file.read(limit if size is None or size < 0 else min(size, limit))
        if len(content) > _MAX_CONTENTS:
            raise zipfile.BadZipFile("the table of contents is too long")
        return content


def _names(archive: zipfile.ZipFile, path: Path) -> tuple[str, ...]:
    present = set(archive.namelist())
    missing = [[name for name in names if f"{name}.npy" not in present] for names in NAMES]
    for names, absent in zip(NAMES, missing, strict=True):
        if not absent:
            return names
    raise DataError(f"{path} has no array {min(missing, key=len)[0]}", _HINT)


def _read_images(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[np.uint8]:
    what = f"{name} in {path}"
    with _open(archive, name, what) as (stream, header):
        if header.dtype != np.uint8:
            hint = "save them as whole numbers from 0 to 255, with .astype('uint8')"
            raise DataError(f"the pixels of {what} are {header.dtype}, not uint8", hint)
        if header.shape[1:] != IMAGE_SHAPE:
            raise DataError(f"{what} has shape {header.shape}, not (n, 28, 28)", "shrink or pad to 28×28")
        if not header.fortran_order:
            return read_array(stream, header.shape, header.dtype, what)
        return _read_columns(stream, header.shape[0], what)


def _read_columns(stream: IO[bytes], count: int, what: str) -> NDArray[np.uint8]:
    """Read images that lie in Fortran order: a pixel of every image, then the one below it of every image."""
    check_count(count, what)
    images = np.empty((count, *IMAGE_SHAPE), np.uint8)
    column = np.empty((IMAGE_SHAPE[0], count), np.uint8)
    for x in range(IMAGE_SHAPE[1]):
        fill(column, stream, what)
        images[:, :, x] = column.T
    check_end(stream, what)
    return images


def _read_labels(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[np.integer]:
    what = f"{name} in {path}"
    with _open(archive, name, what) as (stream, header):
        if header.dtype.kind not in "iu" or len(header.shape) != 1:
            kind = f"{header.dtype} of shape {header.shape}"
            raise DataError(f"{what} is {kind}, not one whole number for each image", _HINT)
        return read_array(stream, header.shape, header.dtype, what)


@contextlib.contextmanager
def _open(archive: zipfile.ZipFile, name: str, what: str) -> Iterator[tuple[IO[bytes], Header]]:
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type not in _PACKINGS or member.flag_bits & _ENCRYPTED:
        raise DataError(f"{what} is packed in a way that numpy does not use", "save it with numpy.savez")
    with archive.open(member) as stream:
        try:
            header = _read_header(stream)
        except Exception as error:
            # Whatever numpy's parser, Python's tokenizer or a damaged member come to.
            raise DataError(f"{what} is not an array that numpy wrote", "save it with numpy.savez") from error
        yield stream, header


def _read_header(stream: IO[bytes]) -> Header:
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("version 1.0 is enough for any array of plain numbers")
    with warnings.catch_warnings():
        # The header is a Python literal, and to parse a strange one warns.
        warnings.simplefilter("ignore")
        return Header(*np.lib.format.read_array_header_1_0(stream, max_header_size=_MAX_HEADER))
