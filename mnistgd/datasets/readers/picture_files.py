"""Which pictures lie in a folder of them, and what their folders say: their class, and whether they test."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mnistgd.datasets.readers.litter import is_litter
from mnistgd.datasets.streams import MAX_IMAGES
from mnistgd.errors import DataError

LAYOUT = "pictures lie in a folder for each class: CLASS/*, or train/CLASS/* and test/CLASS/*"

# The last two cannot be read, which is better said than passed over.
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic", ".heif")
# What the folders of the two parts are called; those of a test in order of preference.
_MORE = r"(ing)?([-_ ]?(set|images|data))?"
_TRAIN = re.compile(f"train{_MORE}", re.IGNORECASE)
_TESTS = [re.compile(f"{word}{_MORE}", re.IGNORECASE) for word in ("test", "val(id(ation)?)?")]
_MAX_FOLDERS = 10_000
_MAX_DEPTH = 16


class PictureFile(NamedTuple):
    """A file that is a picture by its name.

    Attributes
    ----------
    path : str; a Path for each would take longer than to find the files
    class_name : str; what the folder of its class is called
    size : int; in bytes
    changed : int; when that was, in nanoseconds
    """

    path: str
    class_name: str
    size: int
    changed: int


class Splits(NamedTuple):
    """The folders of the two parts.

    Attributes
    ----------
    train : Path
    test : Path, or None where there is none
    """

    train: Path
    test: Path | None


def find_splits(folder: Path) -> Splits:
    """The folders of the two parts of a data set, by their names.

    Parameters
    ----------
    folder : Path
        One that holds both, or one of the two itself, or the folders of the classes.

    Raises
    ------
    OSError
        If `folder` cannot be read.
    """
    splits = _splits_in(folder.parent)
    if splits is not None and splits.test is not None and folder in splits:
        return splits
    for _ in range(_MAX_DEPTH):
        splits = _splits_in(folder)
        if splits is not None:
            return splits
        # Archives unpack to a folder in a folder.
        found = [entry for entry in _entries(folder) if _is_dir(entry) or _is_picture(entry.name)]
        if len(found) != 1 or not _folders(Path(found[0].path)):
            break
        folder = Path(found[0].path)
    return Splits(folder, None)


def _splits_in(folder: Path) -> Splits | None:
    names = [path.name for path in _folders(folder)]
    tests = [[name for name in names if pattern.fullmatch(name)] for pattern in _TESTS]
    test = next((found[0] for found in tests if found), None)
    train = next((name for name in names if _TRAIN.fullmatch(name)), None)
    if train is None:
        return None
    return Splits(folder / train, None if test is None else folder / test)


def list_pictures(folder: Path) -> tuple[list[PictureFile], list[str]]:
    """The pictures of each class in a folder, in the order of their names, and the files passed over.

    Raises
    ------
    DataError
        If there are none, a class has none, links lead round in a circle, or there are too many.
    OSError
        If a folder cannot be read.
    """
    walk = _Walk()
    found: list[PictureFile] = []
    for place in _folders(folder):
        pictures = [*walk.pictures(place, unicodedata.normalize("NFC", place.name), ())]
        if not pictures:
            hint = "put those of its class there, or remove the folder"
            raise DataError(f"{place} holds no pictures", hint)
        found += pictures
    loose = [entry for entry in _entries(folder) if not _is_dir(entry)]
    if not found:
        state = "holds no folders of pictures, nor IDX files"
        if any(_is_picture(entry.name) for entry in loose):
            state = "holds pictures, and no folders of classes"
        raise DataError(f"{folder} {state}", LAYOUT)
    return found, [entry.path for entry in loose] + walk.others


class _Walk:
    """A walk through folders, which finds only so much in all.

    Attributes
    ----------
    others : list of str, the files on the way that are no pictures
    """

    def __init__(self) -> None:
        self.others: list[str] = []
        self._folders = self._pictures = 0

    def pictures(
        self, folder: Path, class_name: str, above: tuple[tuple[int, int], ...]
    ) -> Iterator[PictureFile]:
        """The pictures in a folder and below it.

        Raises
        ------
        DataError
            If one of its folders is one of those `above` it, or there are too many.
        """
        self._folders += 1
        status = folder.stat()
        here = (status.st_dev, status.st_ino)
        if here in above:
            raise DataError(f"{folder} leads back to a folder that it lies in", "remove that link")
        if self._folders > _MAX_FOLDERS or len(above) > _MAX_DEPTH:
            raise DataError(f"{folder} is one of too many folders", LAYOUT)
        for entry in _entries(folder):
            if _is_dir(entry):
                yield from self.pictures(Path(entry.path), class_name, (*above, here))
            elif _is_picture(entry.name) and (about := _about(entry)) is not None:
                self._pictures += 1
                if self._pictures > MAX_IMAGES:
                    raise DataError(f"there are more than {MAX_IMAGES:,} pictures", "take fewer of them")
                yield PictureFile(entry.path, class_name, about.st_size, about.st_mtime_ns)
            else:
                self.others.append(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, in the order of names, without what systems leave there."""
    with os.scandir(folder) as entries:
        return sorted((each for each in entries if not is_litter(each.name)), key=lambda each: each.name)


def _about(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Size and time of a file, or of a link that leads nowhere or to itself: a picture that cannot be read.

    None for a pipe or a device, which may never end.
    """
    try:
        about = entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)
    return about if stat.S_ISREG(about.st_mode) else None


def _is_dir(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder; a link to itself is none, where it is called as a picture."""
    try:
        return entry.is_dir()
    except OSError:
        if _is_picture(entry.name):
            return False
        raise


def _folders(folder: Path) -> list[Path]:
    return [Path(entry.path) for entry in _entries(folder) if _is_dir(entry)]


def _is_picture(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)


def check_classes(names: Iterable[str], folder: Path) -> None:
    """Check that no two classes would be taken for one: ``a`` and ``A``, or ``1`` and ``01``.

    Raises
    ------
    DataError
        If two would be.
    """
    known: dict[str | int, str] = {}
    for name in sorted(names):
        other = known.setdefault(int(name) if is_number(name) else name.casefold(), name)
        if other != name:
            found = f"{folder} has two folders for what may be one class, {other} and {name}"
            raise DataError(found, "move the pictures of both into one, or call them otherwise")


def is_number(name: str) -> bool:
    """Whether a class is called by a whole number."""
    return name.isascii() and name.isdigit() and len(name) < 10
