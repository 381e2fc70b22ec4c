"""What a reader of files hands on: arrays as the files hold them, before anything is made of them.

A reader brings each kind of file to this, in bounded memory and time, and decides nothing: `pixels` brings
images to bytes, `labels` numbers the classes, and `split` sets images aside where none are there to test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from numpy.typing import NDArray

from mnistgd.datasets.stored import Images, Stored
from mnistgd.errors import DataError

EMNIST = "emnist-"
"""What the files begin with in which the images lie on their side: rows and columns are exchanged."""

Wanted = Literal["both", "train", "test"]
"""What is to be read: both parts, as far as they are there; that to train; that to test, else all."""


class Part(NamedTuple):
    """Images that train, or that test.

    Attributes
    ----------
    images : ndarray, the images along its first axis, of a shape and type that `pixels.check_layout` knows;
        or, if that is large, where it is stored
    labels : ndarray or None, as `labels.numbered` takes it; None if the file has none
    sideways : bool, whether the images are known to lie on their side
    """

    images: Images
    labels: NDArray[Any] | None
    sideways: bool = False


@dataclass(frozen=True)
class Raw:
    """A data set as its files hold it.

    Attributes
    ----------
    train : Part or None; None if the files hold nothing but a test part
    test : Part or None; None if they hold nothing but a train part
    kind : str, what was read: ``IDX files``
    class_names : mapping of labels, as the files have them, to what they are called; None if nothing says so
    notes : tuple of str, what a person should know of how it was read
    """

    train: Part | None
    test: Part | None
    kind: str
    class_names: Mapping[int, str] | None = None
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, Part]:
        """Those that are there, by name."""
        return {name: part for name in ("train", "test") if (part := getattr(self, name)) is not None}

    @property
    def is_large(self) -> bool:
        """Whether it has images that are not held in memory."""
        return any(isinstance(part.images, Stored) for part in self.parts.values())

    def held(self) -> Raw:
        """The same set, all of it in memory."""

        def held(part: Part | None) -> Part | None:
            if part is None or not isinstance(part.images, Stored):
                return part
            return part._replace(images=part.images.hold())

        return replace(self, train=held(self.train), test=held(self.test))

    def tested_with(self, other: Raw) -> Raw:
        """The same set, but tested with the images of another: its test part, or all that it has.

        Raises
        ------
        DataError
            If a label means one class here and another there.
        """
        here, there = self.class_names or {}, other.class_names or {}
        for label in sorted(here.keys() & there.keys()):
            if here[label] != there[label]:
                raise DataError(
                    f"label {label} is {here[label]} in the set, and {there[label]} in the images to test",
                    "test with images whose labels mean the same",
                )
        test = other.train if other.test is None else other.test
        return replace(self, test=test, notes=self.notes + other.notes)


def only_tests(source: object) -> DataError:
    """What to raise of what holds nothing but images to test, where a set is asked for."""
    hint = "name the whole set with --data, and this with --test-data"
    return DataError(f"{source} holds nothing but images to test", hint)


def is_emnist(name: str) -> bool:
    """Whether a file of this name holds images as EMNIST has them, on their side.

    Examples
    --------
    >>> is_emnist("emnist-letters-train-images-idx3-ubyte.gz"), is_emnist("train-images-idx3-ubyte")
    (True, False)
    """
    return name.lower().startswith(EMNIST)
