"""A data set in one ``.npz`` file: four arrays, by the names of this project or by those of Keras."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.datasets.streams import check_count, check_end, fill, open_file, read_array
from mnistgd.errors import DataError
from mnistgd.system.npz import open_archive, open_array

ZIP_MAGIC = b"PK"
NAMES = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
)

_HINT = f"it takes {', '.join(NAMES[0])}, or Keras's {', '.join(NAMES[1])}"


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
    with open_file(path) as file, open_archive(file, path, DataError, _HINT) as archive:
        train_images, train_labels, test_images, test_labels = _names(archive, path)
        return (
            _read_images(archive, train_images, path),
            _read_labels(archive, train_labels, path),
            _read_images(archive, test_images, path),
            _read_labels(archive, test_labels, path),
        )


def _names(archive: zipfile.ZipFile, path: Path) -> tuple[str, ...]:
    present = set(archive.namelist())
    missing = [[name for name in names if f"{name}.npy" not in present] for names in NAMES]
    for names, absent in zip(NAMES, missing, strict=True):
        if not absent:
            return names
    raise DataError(f"{path} has no array {min(missing, key=len)[0]}", _HINT)


def _read_images(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[np.uint8]:
    what = f"{name} in {path}"
    with open_array(archive, name) as (stream, header):
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
    with open_array(archive, name) as (stream, header):
        if header.dtype.kind not in "iu" or len(header.shape) != 1:
            kind = f"{header.dtype} of shape {header.shape}"
            raise DataError(f"{what} is {kind}, not one whole number for each image", _HINT)
        return read_array(stream, header.shape, header.dtype, what)
