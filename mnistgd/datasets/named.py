"""The data sets that have a name: what OpenML calls them, and how to tell that what arrives is they."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Name = Literal["mnist", "fashion-mnist", "kuzushiji-mnist"]
EMBEDDED = "embedded"


@dataclass(frozen=True)
class NamedSet:
    """70,000 images of ten classes at OpenML, those to train before those to test.

    Attributes
    ----------
    name : str, what ``--data`` takes
    title : str, what people call it
    openml : str, the name of which OpenML's version 1 is meant
    class_names : tuple of str; ASCII, so that every picture shows them
    train_counts, test_counts : tuple of int, the images of each class, known before any is read
    pixels_sha256 : str or None
        Of all images, train then test: one byte per pixel, row by row. None where nobody has published it.
    labels_sha256 : str or None, of their labels, one byte each
    sources : tuple of str
        Where it may come from, as records say it: OpenML first, then ``embedded`` if this package has a copy.
    """

    name: Name
    title: str
    openml: str
    class_names: tuple[str, ...]
    train_counts: tuple[int, ...] = (6000,) * 10
    test_counts: tuple[int, ...] = (1000,) * 10
    pixels_sha256: str | None = None
    labels_sha256: str | None = None
    sources: tuple[str, ...] = ()

    @property
    def n_train(self) -> int:
        """How many images train."""
        return sum(self.train_counts)

    @property
    def n_images(self) -> int:
        """How many images there are."""
        return self.n_train + sum(self.test_counts)

    @property
    def embedded(self) -> bool:
        """Whether this package has a copy."""
        return EMBEDDED in self.sources

    @property
    def otherwise(self) -> str:
        """How to have it without OpenML."""
        if self.embedded:
            return "--offline uses the copy that comes with mnistgd"
        parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
        files = ", ".join(f"{part}-ubyte.gz" for part in parts)
        return f"or put its files into a folder ({files}) and say --data FOLDER"

    @property
    def hint(self) -> str:
        """What helps where OpenML does not deliver."""
        return f"`mnistgd data fetch {self.name}` asks OpenML; {self.otherwise}"

    def is_of(self, images: Sequence[NDArray[np.uint8]], labels: Sequence[NDArray[np.uint8]]) -> bool:
        """Whether these are its images and labels, in its order: train, then test.

        Every byte is looked at. Where no SHA-256 is known, the number of images of each class decides.

        Parameters
        ----------
        images : uint8 ndarrays of shape (n, 28, 28), together all
        labels : uint8 ndarrays of shape (n,), together all
        """
        import numpy as np

        from mnistgd.datasets.dataset import sha256
        from mnistgd.datasets.shape import IMAGE_SHAPE

        wanted = ((images, IMAGE_SHAPE, self.pixels_sha256), (labels, (), self.labels_sha256))
        for parts, shape, digest in wanted:
            if any(part.dtype != np.uint8 or part.shape[1:] != shape for part in parts):
                return False
            if sum(map(len, parts)) != self.n_images or digest not in (None, sha256(*parts)):
                return False
        split = np.split(np.concatenate(labels), [self.n_train])
        counts = [tuple(np.bincount(part, minlength=len(self.class_names)).tolist()) for part in split]
        return counts == [self.train_counts, self.test_counts]


MNIST = NamedSet(
    name="mnist",
    title="MNIST",
    openml="mnist_784",
    class_names=tuple("0123456789"),
    train_counts=(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    test_counts=(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    pixels_sha256="5b92582eb909c82a9bfefcd44acbe9233be3eb5b419a44cf211022ad2bf4bf96",
    labels_sha256="671ff9d70b4811116d55c3dd479efa7a981e2e62753ef7a6d5c15fea81e63d27",
    sources=("openml", EMBEDDED),
)
FASHION_MNIST = NamedSet(
    name="fashion-mnist",
    title="Fashion-MNIST",
    openml="Fashion-MNIST",
    class_names=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    pixels_sha256="0fbbfcb392782b3b702472ead3688778e1509e8cf40f5c24d9d3303618b193ab",
    labels_sha256="8ab940a680640f36c0bf1d2549cb2f3b3d4068c12547116cc7b1161b1d26663d",
    sources=("fashion-mnist",),
)
KUZUSHIJI_MNIST = NamedSet(
    name="kuzushiji-mnist",
    title="Kuzushiji-MNIST",
    openml="Kuzushiji-MNIST",
    class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    sources=("kuzushiji-mnist",),
)

NAMED: dict[str, NamedSet] = {named.name: named for named in (MNIST, FASHION_MNIST, KUZUSHIJI_MNIST)}
"""All of them, by name."""


def spec_of(source: str) -> str:
    """What ``--data`` calls the images that came from `source`: the name of a set, or their path."""
    return next((named.name for named in NAMED.values() if source in named.sources), source)
