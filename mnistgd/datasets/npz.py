"""A data set in one ``.npz`` file, by the names in use for its arrays; and one array of a pair of files."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets import labels, pixels
from mnistgd.datasets.idx_set import Holds, Role, Split
from mnistgd.datasets.parts import Part, Raw, is_emnist
from mnistgd.datasets.streams import check_end, check_ratio, check_size, fill, open_file, read_array
from mnistgd.errors import DataError
from mnistgd.system.npz import open_archive, open_array

ZIP_MAGIC = b"PK"

# train_images, X_train, trainX, training_images, test_imgs, images, …
_PART = "(?P<{}>train|training|test|testing|val|valid|validation)"
_HOLDS = "(?P<{}>images?|imgs|x|data|labels?|y|targets?)"
_NAME = re.compile(
    rf"{_PART.format('a')}_?{_HOLDS.format('b')}|{_HOLDS.format('c')}(_?{_PART.format('d')})?", re.IGNORECASE
)
_HINT = (
    "it takes train_images, train_labels, test_images, test_labels, "
    "or Keras's x_train, y_train, x_test, y_test"
)


def read_npz(path: Path) -> Raw:
    """Read the arrays of a data set.

    Raises
    ------
    DataError
        If the file is missing, damaged or not a ZIP file, an array is missing, or one is not of its kind.
    """
    with open_file(path) as file, open_archive(file, path, DataError, _HINT) as archive:
        names, notes = _roles(archive, path)

        def part(split: Split) -> Part | None:
            images, about = names.get((split, "images")), names.get((split, "labels"))
            if images is None and about is None:
                return None
            if images is None or about is None:
                missing, there = (f"{split}_images", about) if images is None else (f"{split}_labels", images)
                raise DataError(f"{path} has no array {missing}, to go with {there}", _HINT)
            pixels, labels = _read(archive, images, "images", path), _read(archive, about, "labels", path)
            return Part(pixels, labels, is_emnist(path.name))

        return Raw(part("train"), part("test"), "an .npz file", notes=notes)


def read_single(path: Path, holds: Holds) -> NDArray[Any]:
    """Read the one array of a file, as of Kuzushiji-MNIST's pairs.

    Raises
    ------
    DataError
        As `read_npz`, or if there is not one array.
    """
    with open_file(path) as file, open_archive(file, path, DataError, _HINT) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        if len(names) != 1:
            raise DataError(f"{path} has {len(names)} arrays, and not one, of {holds}", _HINT)
        return _read(archive, names[0], holds, path)


def has_images(archive: zipfile.ZipFile) -> bool:
    """Whether there is an array that is called as images are."""
    return any(role[1] == "images" for name in archive.namelist() if (role := _role(name)) is not None)


def _roles(archive: zipfile.ZipFile, path: Path) -> tuple[dict[Role, str], tuple[str, ...]]:
    """The names of the arrays by what they are, and what is to be said of others."""
    found: dict[Role, str] = {}
    aside = []
    for member in archive.namelist():
        name, role = member.removesuffix(".npy"), _role(member)
        if role is None:
            continue
        if role[0] == "val":
            aside.append(name)
        elif found.setdefault(role, name) != name:
            both = f"{found[role]} and {name}"
            raise DataError(
                f"{path} has two arrays of {role[0]} {role[1]}: {both}", "save it with one of them"
            )
    if not found:
        there = ", ".join(name.removesuffix(".npy") for name in archive.namelist()[:9]) or "nothing at all"
        raise DataError(f"{path} has no array that is called as images are: it has {there:.200}", _HINT)
    return found, (f"{' and '.join(aside)} are left aside",) if aside else ()


def _role(member: str) -> tuple[Any, Any] | None:
    if not member.endswith(".npy") or (match := _NAME.fullmatch(member.removesuffix(".npy"))) is None:
        return None
    split = (match["a"] or match["d"] or "train").lower()
    holds = (match["b"] or match["c"]).lower()
    kind = "labels" if holds.startswith(("l", "y", "t")) else "images"
    return "train" if split.startswith("train") else "test" if split.startswith("test") else "val", kind


def _read(archive: zipfile.ZipFile, name: str, holds: str, path: Path) -> NDArray[Any]:
    what = f"{name} in {path}"
    with open_array(archive, name) as (stream, (shape, fortran_order, dtype)):
        check_ratio(archive.getinfo(f"{name}.npy"), dtype.itemsize, what)
        (pixels.check_layout if holds == "images" else labels.check_kind)(shape, dtype, what)
        # Of a boolean's byte any value may be in a file.
        stored = np.dtype(np.uint8) if dtype.kind == "b" else dtype
        turned = fortran_order and len(shape) > 1
        array = (_read_columns if turned else read_array)(stream, shape, stored, what)
        return array != 0 if dtype.kind == "b" else array


def _read_columns(stream: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> NDArray[Any]:
    """Read an array that lies in Fortran order: a pixel of every image, then the next of every image."""
    check_size(shape, dtype, what)
    array = np.empty(shape, dtype)
    column = np.empty(shape[-2::-1], dtype)
    for last in range(shape[-1]):
        fill(column, stream, what)
        array[..., last] = column.T
    check_end(stream, what)
    return array
