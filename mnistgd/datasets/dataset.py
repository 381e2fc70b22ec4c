"""What a data set is, once it has been read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mnistgd.errors import DataError
from mnistgd.system.words import counted

DIGIT_NAMES = tuple("0123456789")
MAX_CLASSES = 10


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
        Where the images first came from: ``openml``, ``embedded`` or a path.
    sha256 : str
        SHA-256, in hex, of the pixels of all images, train then test, as they were read.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    class_names: tuple[str, ...]
    source: str
    sha256: str

    def __post_init__(self) -> None:
        for name in ("train_images", "train_labels", "test_images", "test_labels"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def split(self, name: Literal["train", "test"]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The images and the labels of one split."""
        if name == "train":
            return self.train_images, self.train_labels
        return self.test_images, self.test_labels


class Listener(Protocol):
    """Hears what is going on while a data set is brought; the command line shows it to a person."""

    def busy(self, what: str) -> None:
        """Something that takes a while begins: ``downloading MNIST from OpenML``."""

    def notice(self, what: str) -> None:
        """Something a person should know happened: ``OpenML answered 504; using the embedded copy``."""


class Silent:
    """A listener that says nothing."""

    def busy(self, what: str) -> None:
        """Say nothing."""

    def notice(self, what: str) -> None:
        """Say nothing."""


SILENT = Silent()


def checked(
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.integer],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.integer],
    source: str,
) -> Dataset:
    """A data set of these arrays, its classes named by their numbers.

    Parameters
    ----------
    train_images, test_images : uint8 ndarray of shape (n, 28, 28), n at least 1
    train_labels, test_labels : ndarray of shape (n,), of any type of whole numbers
    source : str

    Raises
    ------
    DataError
        If images and labels differ in number, a label is outside 0 to 9, or there is only one class.
    """
    for split, images, labels in (
        ("train", train_images, train_labels),
        ("test", test_images, test_labels),
    ):
        if len(images) != len(labels):
            found = counted(len(images), f"{split} image", ",")
            found += f" and {counted(len(labels), f'{split} label', ',')}"
            raise DataError(f"{source} has {found}", "take images and labels from the same place")
        wrong = np.flatnonzero((labels < 0) | (labels >= MAX_CLASSES))
        if len(wrong):
            found = f"{split} label {labels[wrong[0]]} (of image {wrong[0]})"
            raise DataError(
                f"{source} has a label that is not in 0 to 9: {found}", "number the classes from 0"
            )
    n_classes = int(max(train_labels.max(), test_labels.max())) + 1
    if n_classes < 2:
        raise DataError(f"every label in {source} is 0", "there must be at least two classes to tell apart")
    train_images, test_images = np.ascontiguousarray(train_images), np.ascontiguousarray(test_images)
    return Dataset(
        train_images,
        train_labels.astype(np.uint8),
        test_images,
        test_labels.astype(np.uint8),
        DIGIT_NAMES[:n_classes],
        source,
        sha256(train_images, test_images),
    )


def sha256(*arrays: NDArray[np.uint8]) -> str:
    """SHA-256, in hex, of the bytes of C-ordered arrays, one after the other."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.data)
    return digest.hexdigest()
