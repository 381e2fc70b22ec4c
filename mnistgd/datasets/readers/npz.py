"""A data set in one ``.npz`` file, by the names in use for its arrays; and one array of a pair of files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from mnistgd.datasets.parts import Part, Raw, Wanted, is_emnist
from mnistgd.datasets.readers.idx_set import Holds, Role, Split, array_role, chosen
from mnistgd.datasets.readers.npy import read_values
from mnistgd.datasets.stored import Images, Packed, Stored
from mnistgd.datasets.streams import check_ratio, open_file
from mnistgd.errors import DataError
from mnistgd.system.npz import PickledArrayError, open_archive, open_array

ZIP_MAGIC = b"PK"

_HINT = (
    "it takes train_images, train_labels, test_images, test_labels, "
    "or Keras's x_train, y_train, x_test, y_test"
)


def read_npz(path: Path, wanted: Wanted = "both") -> Raw:
    """Read the arrays of a data set, or those of the part that is wanted.

    Raises
    ------
    DataError
        If the file is missing, damaged or not a ZIP file, an array is missing, or one is not of its kind.
    """
    with open_file(path) as file, open_archive(file, path, DataError, _HINT) as archive:
        names, notes = _roles(archive, path)
        names = chosen(names, wanted)

        def part(split: Split) -> Part | None:
            images, about = names.get((split, "images")), names.get((split, "labels"))
            if images is None and about is None:
                return None
            if images is None or about is None:
                missing, there = (f"{split}_images", about) if images is None else (f"{split}_labels", images)
                raise DataError(f"{path} has no array {missing}, to go with {there}", _HINT)
            pixels, labels = _read(archive, images, "images", path), _read(archive, about, "labels", path)
            assert not isinstance(labels, Stored)
            return Part(pixels, labels, is_emnist(path.name))

        return Raw(part("train"), part("test"), "an .npz file", notes=notes)


def read_single(path: Path, holds: Holds) -> Images:
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


def _role(member: str) -> tuple[Any, Holds] | None:
    return array_role(member.removesuffix(".npy")) if member.endswith(".npy") else None


def _read(archive: zipfile.ZipFile, name: str, holds: str, path: Path) -> Images:
    what = f"{name} in {path}"
    try:
        with open_array(archive, name) as (stream, header):
            member = archive.getinfo(f"{name}.npy")
            check_ratio(member, header.dtype.itemsize, what)
            packed = Packed(path, member.compress_size, partial(_opened, path, name))
            return read_values(stream, header, holds, what, packed)
    except PickledArrayError as problem:
        hint = f"save {name} as an array of numbers or of text: numpy.array({name}.tolist())"
        raise DataError(f"{path}: {problem}", hint) from problem


@contextmanager
def _opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    with (
        open_file(path) as file,
        open_archive(file, path, DataError, _HINT) as archive,
        open_array(archive, name) as (stream, _),
    ):
        yield stream
