"""A ZIP of IDX files, as EMNIST is published; nothing of it is unpacked to disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import cast

from mnistgd.datasets.parts import Raw, Wanted
from mnistgd.datasets.readers import foreign, idx, idx_set, mapping, npz
from mnistgd.datasets.stored import Images, Packed
from mnistgd.datasets.streams import FETCH_AGAIN, Peekable, check_ratio, open_file
from mnistgd.errors import DataError
from mnistgd.system.npz import ENCRYPTED, PACKINGS, open_archive

_HINT = "--data takes a ZIP of the four IDX files of a set, or an .npz file"
_UNPACK = "unpack it, and name the file in it that has the images, or the folder of pictures"
_SEVERAL = "unpack it, and name the train images file of one of them"


def read_zip(path: Path, wanted: Wanted = "both") -> Raw:
    """Read a ZIP file: an ``.npz``, whatever it is called, or the IDX files of one data set.

    Both parts, or the one that is wanted.

    Raises
    ------
    DataError
        If it is neither, holds several sets, names places outside of itself, or a part of it is damaged.
    """
    with open_file(path) as file, open_archive(file, path, DataError, _HINT) as archive:
        members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        found = [(PurePosixPath(name).name, name) for name in sorted(members) if "__MACOSX" not in name]
        sets = idx_set.sets_of(each for each in found if not each[0].endswith((".npz", ".npy")))
        for name in members:
            _check_name(name, path)
        if sets and not npz.has_images(archive):
            called, files = idx_set.choose(sets, path, _SEVERAL)

            def read(name: str, holds: idx_set.Holds) -> Images:
                _check_member(members[name], path)
                with archive.open(name) as stream:
                    file, what = cast(Peekable, stream), f"{name} in {path}"
                    if holds == "labels":
                        return idx.labels_in(file, what)
                    packed = Packed(path, members[name].file_size, partial(_opened, path, name))
                    return idx.read(file, what, packed)

            parts = idx_set.read_set(called, files, path, read, _HINT, wanted)
            names = next((name for base, name in found if called and base == f"{called}{mapping.NAME}"), None)
            if names is None:
                return Raw(*parts, "a ZIP of IDX files")
            _check_member(members[names], path)
            with archive.open(names) as stream:
                return Raw(*parts, "a ZIP of IDX files", mapping.read(stream, f"{names} in {path}"))
        if any(name.endswith("/data.pkl") for name in members):
            raise foreign.torch_refusal(str(path))
        if members and not any(name.endswith(".npy") for name in members):
            there = ", ".join(islice(members, 9))
            raise DataError(f"{path} holds neither IDX files nor arrays, but {there:.200}", _UNPACK)
    return npz.read_npz(path, wanted)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Peekable]:
    with (
        open_file(path) as file,
        open_archive(file, path, DataError, _HINT) as archive,
        archive.open(name) as stream,
    ):
        yield cast(Peekable, stream)


def _check_name(name: str, path: Path) -> None:
    if ".." in PurePosixPath(name.replace("\\", "/")).parts or name.startswith(("/", "\\")):
        raise DataError(f"{path} names a place outside of itself: {name!r:.200}", FETCH_AGAIN)


def _check_member(info: zipfile.ZipInfo, path: Path) -> None:
    if info.compress_type not in PACKINGS or info.flag_bits & ENCRYPTED:
        raise DataError(f"{info.filename} in {path} is packed in a way that is not read here", "unpack it")
    check_ratio(info, 1, f"{info.filename} in {path}")
