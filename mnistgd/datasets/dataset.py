"""What a data set is, once it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMAGE_SHAPE = (28, 28)
PIXELS = 784
DIGIT_NAMES = tuple("0123456789")


@dataclass(frozen=True)
class Dataset:
    """Images and their labels, split into those that train and those that test.

    Attributes
    ----------
    train_images, test_images : uint8 ndarray of shape (n, 28, 28), 0 is background and 255 is ink
    train_labels, test_labels : uint8 ndarray of shape (n,), each in [0, len(names))
    names : tuple of str, one per class; ``("0", …, "9")`` for digits
    source : str
        Where the images first came from: ``openml``, ``embedded`` or a path.
    sha256 : str
        SHA-256, in hex, of the pixels of all images, train then test, as they were read.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    names: tuple[str, ...]
    source: str
    sha256: str


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
