"""Images in a folder of pictures: a folder for each class, perhaps below one to train and one to test."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import Listener
from mnistgd.datasets.form.labels import numbered
from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.parts import Part, Raw, only_tests
from mnistgd.datasets.readers.picture_files import (
    LAYOUT,
    PictureFile,
    check_classes,
    find_splits,
    is_number,
    list_pictures,
)
from mnistgd.datasets.readers.request import WHOLE, Request
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.errors import DataError, ImageError
from mnistgd.handwriting.version import READ_VERSION
from mnistgd.system.files import reason
from mnistgd.system.words import counted

if TYPE_CHECKING:
    from mnistgd.handwriting.pictures import Picture
    from mnistgd.handwriting.read import Reading

KIND = "a folder of pictures"
# So many of 28×28 take a process some ten milliseconds.
_TOGETHER = 64
_SECONDS_BETWEEN = 0.2
# Of those that are left out.
_NAMED = 10
_UNREAD = 255
_BORDER = np.ones(IMAGE_SHAPE, bool)
_BORDER[1:-1, 1:-1] = False


class _Seen(NamedTuple):
    """What is seen on pictures.

    Attributes
    ----------
    images : uint8 ndarray of shape (n, 28, 28)
    found : uint8 ndarray of shape (n,)
        How many things on each could be a digit: 1 as a rule, and where nobody looked; `_UNREAD` where it
        could not be read, and is blank.
    """

    images: NDArray[np.uint8]
    found: NDArray[np.uint8]

    @property
    def read(self) -> NDArray[np.bool_]:
        """Which could be read: bool ndarray of shape (n,)."""
        read: NDArray[np.bool_] = self.found != _UNREAD
        return read


def read_folder(folder: Path, request: Request = WHOLE) -> Raw:
    """Read a folder of pictures: ``train/CLASS/*`` and ``test/CLASS/*``, or ``CLASS/*`` alone.

    Parameters
    ----------
    folder : Path
        The one that holds both parts, or that of the part to train, which stands for both; that of the part
        to test stands for itself, where others are to train.
    request : Request
        Its cache keeps the images, so that the pictures are read once.

    Raises
    ------
    DataError
        If no classes are there, or one, two of them may be one (`check_classes`), or a picture cannot be read
        or is of another size; it is named. If it is a part to test, and another is wanted.
    """
    wanted, notes = request.wanted, list[str]()
    try:
        splits = find_splits(folder)
        if folder == splits.test and wanted != "test":
            raise only_tests(folder)
        found = {"train": splits.train} if wanted != "test" or splits.test is None else {}
        found |= {"test": splits.test} if wanted != "train" and splits.test is not None else {}
        listed = {}
        for split, place in found.items():
            listed[split], others = list_pictures(place)
            if others:
                more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
                notes.append(f"passed over, as of no class or no pictures by name: {others[0]}{more}")
    except OSError as error:
        raise DataError(f"cannot read {error.filename or folder}: {reason(error)}", LAYOUT) from error
    together = [file for files in listed.values() for file in files]
    check_classes({file.class_name for file in together}, folder)
    ends = np.cumsum([len(files) for files in listed.values()])
    labels = dict(zip(listed, np.split(_labels(together), ends[:-1]), strict=True))
    if wanted == "both":
        # What no pictures can mend is said before they are read and kept.
        numbered(labels, None, str(folder))
    seen = _seen_on(together, folder, request)
    images, read = seen.images, seen.read
    if not read.all():
        notes.append(f"pictures left out that cannot be read: {np.sum(~read):,} of {len(read):,}")
    doubtful = np.flatnonzero(read & (seen.found != 1))
    if doubtful.size:
        count, first = f"{len(doubtful):,} of {len(read):,}", together[doubtful[0]].path
        notes.append(f"pictures that show something else than one digit: {count}, such as {first}")
    if not request.options.handwriting:
        images, note = _light_on_dark(images, read)
        notes += note
    start, parts = 0, {}
    for split, files in listed.items():
        own = slice(start, start + len(files))
        start, chosen = own.stop, read[own]
        if not chosen.any():
            raise DataError(f"none of the pictures in {found[split]} can be read", LAYOUT)
        parts[split] = Part(images[own] if chosen.all() else images[own][chosen], labels[split][chosen])
    return Raw(parts.get("train"), parts.get("test"), KIND, None, tuple(notes))


def _labels(files: Sequence[PictureFile]) -> NDArray[Any]:
    """The class of each file: a whole number, if all are called by one, else a string."""
    names = [file.class_name for file in files]
    return np.array([int(name) for name in names] if all(map(is_number, set(names))) else names)


def _seen_on(files: Sequence[PictureFile], folder: Path, request: Request) -> _Seen:
    """What is seen on pictures; from the cache, if none has another name, size or time than it had."""
    options, cache = request.options, request.cache
    lines = [f"{file.path}\0{file.size} {file.changed}" for file in files]
    key = hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest()
    place = hashlib.sha256(os.fsencode(f"{options.handwriting} {folder}")).hexdigest()
    name = f"pictures{READ_VERSION}-{place[:16]}"
    entry = cache and cache.read(name, {"images": (len(files), *IMAGE_SHAPE), "found": (len(files),)}, key)
    if entry and not entry.damage:
        seen = _Seen(entry.arrays["images"], entry.arrays["found"])
        if options.skip_bad or seen.read.all():
            return seen
    seen = _read(files, options, request.listener)
    if cache is not None and seen.read.any():
        cache.keep(name, {"images": [seen.images], "found": [seen.found]}, str(folder), key)
    return seen


def _read(files: Sequence[PictureFile], options: DataOptions, listener: Listener) -> _Seen:
    from mnistgd.handwriting.read import each_seen, read

    images, found = np.zeros((len(files), *IMAGE_SHAPE), np.uint8), np.full(len(files), _UNREAD, np.uint8)
    what, told = f"reading {counted(len(files), 'picture', ',')}", 0.0
    paths = [Path(file.path) for file in files]
    see = read if options.handwriting else _plain
    # Whatever ends the reading of them ends the processes that read.
    with closing(each_seen(paths, see, together=_TOGETHER)) as pictures:
        for place, seen in enumerate(pictures):
            if not isinstance(seen, ImageError):
                images[place], found[place] = seen.pixels, 1 if seen.found is None else seen.found
            elif options.skip_bad:
                if np.sum(found[: place + 1] == _UNREAD) <= _NAMED:
                    listener.notice(f"left out: {seen.message}")
            else:
                raise DataError(seen.message, seen.hint)
            if time.monotonic() > told + _SECONDS_BETWEEN:
                told = time.monotonic()
                listener.busy(what, place / len(files))
    return _Seen(images, found)


def _plain(picture: Picture) -> Reading:
    """A picture of 28×28 without its colours.

    Raises
    ------
    ImageError
        If it is of another size.
    """
    from mnistgd.handwriting.read import Reading, greyed

    if picture.size != IMAGE_SHAPE:
        raise ImageError(
            f"{picture.name} is {picture.size[0]} × {picture.size[1]} pixels, not 28 × 28",
            "--handwriting finds the digit on each picture, of any size, and brings it to 28×28",
        )
    return Reading(greyed(picture))


def _light_on_dark(
    images: NDArray[np.uint8], read: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """The images as MNIST has them, light on dark: all are turned, or none, as most of their borders say."""
    light = images[read][:, _BORDER].mean(axis=1) > 127.5
    count = int(light.sum())
    if not count:
        return images, ()
    state = f"{count:,} of {len(light):,} pictures have a light border: all are"
    if 2 * count > len(light):
        return 255 - images, (f"{state} taken for dark on light, and turned to light on dark",)
    return images, (f"{state} taken as they are, for light on dark",)
