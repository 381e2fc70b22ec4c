"""What a data set is, once it has been read."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.stored import Known

MAX_CLASSES = 100
_CHUNK = 1 << 16
_SECONDS_BETWEEN = 0.2


@dataclass(frozen=True)
class About:
    """What files held, and what was made of it.

    Attributes
    ----------
    kind : str, what was read: ``IDX files``
    shape, dtype : of the train images, as numpy has them
    least, most : float, the lowest and the highest pixel of all images
    changes : tuple of str, what was done to images and labels
    held : str, where the images to train are: in ``memory``, ``mapped`` where they lie, or ``cached`` in form
    """

    kind: str
    shape: tuple[int, ...]
    dtype: str
    least: float
    most: float
    changes: tuple[str, ...]
    held: str = "memory"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and their labels, split into those that train and those that test.

    The arrays cannot be written to; they may lie in a file that is mapped into memory.

    Attributes
    ----------
    train_images, test_images : uint8 ndarray of shape (n, 28, 28), 0 is background and 255 is ink
    train_labels, test_labels : uint8 ndarray of shape (n,), each in [0, len(class_names))
    class_names : tuple of str, one per class; ``("0", …, "9")`` for digits
    source : str
        Where the images first came from: ``openml`` or ``embedded`` for MNIST, the name of another set that
        has one, or a path.
    sha256 : str
        SHA-256, in hex, of the pixels of all images, train then test, as they were read.
    options : DataOptions
        Those that bring the same images from `source` again.
    about : About or None; None for sets that have a name
    files : tuple of Known, the files that are mapped where they lie
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    class_names: tuple[str, ...]
    source: str
    sha256: str
    options: DataOptions = PLAINLY
    about: About | None = None
    files: tuple[Known, ...] = ()

    def __post_init__(self) -> None:
        for name in ("train_images", "train_labels", "test_images", "test_labels"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @cached_property
    def labels_sha256(self) -> str:
        """SHA-256, in hex, of all labels, train then test, one byte each."""
        return sha256(*map(np.ascontiguousarray, (self.train_labels, self.test_labels)))

    def is_of(self, pixels_sha256: str, labels_sha256: str | None) -> bool:
        """Whether these are images and labels of such SHA-256; None where no record has that of labels."""
        return self.sha256 == pixels_sha256 and labels_sha256 in (None, self.labels_sha256)

    def check_files(self) -> None:
        """Check that nobody has written to the files that are mapped: images would be others without a word.

        Raises
        ------
        DataError
            If somebody has.
        """
        for file in self.files:
            file.check()

    def split(self, name: Literal["train", "test"]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The images and the labels of one split."""
        if name == "train":
            return self.train_images, self.train_labels
        return self.test_images, self.test_labels

    def counts(self, name: Literal["train", "test"]) -> list[int]:
        """How many images of one split each class has."""
        labels, counts = self.split(name)[1], np.zeros(len(self.class_names), np.int64)
        # In pieces, for numpy makes eight bytes of each label.
        for start in range(0, len(labels), _CHUNK):
            counts += np.bincount(labels[start : start + _CHUNK], minlength=len(counts))
        return [int(count) for count in counts]


class Listener(Protocol):
    """Hears what is going on while a data set is brought; the command line shows it to a person."""

    def busy(self, what: str, share: float | None = None) -> None:
        """Something that takes a while begins: ``downloading MNIST from OpenML``.

        What is told again and again with the `share` of it that is done, from 0 to 1, may be shown as a bar.
        """

    def notice(self, what: str) -> None:
        """Something a person should know happened: ``OpenML answered 504; using the embedded copy``."""


class Silent:
    """A listener that says nothing."""

    def busy(self, what: str, share: float | None = None) -> None:
        """Say nothing."""

    def notice(self, what: str) -> None:
        """Say nothing."""


SILENT = Silent()


class Progress:
    """Tells a listener how far something is, not too often.

    Parameters
    ----------
    listener : Listener
    what : str
    total : int
    """

    def __init__(self, listener: Listener, what: str, total: int) -> None:
        self._listener, self._what, self._total = listener, what, total
        self._done, self._told = 0, -math.inf

    def __call__(self, count: int) -> None:
        """So much more is done."""
        self._done += count
        if time.monotonic() > self._told + _SECONDS_BETWEEN:
            self._told = time.monotonic()
            self._listener.busy(self._what, self._done / self._total)

    def past(self, piece: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same piece, of which so many rows more are done."""
        self(len(piece))
        return piece


def sha256(*arrays: NDArray[np.uint8]) -> str:
    """SHA-256, in hex, of the bytes of C-ordered arrays, one after the other."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.data)
    return digest.hexdigest()
