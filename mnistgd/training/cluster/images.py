"""The images that a worker holds: it finds them by their name or path, or is sent them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.named import spec_of
from mnistgd.datasets.options import DataOptions
from mnistgd.errors import DataError, MnistgdError

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
"""Those of a data set, in the order in which they are sent."""


class DatasetKey(NamedTuple):
    """Which data set is meant, as one process tells another.

    Attributes
    ----------
    spec, options, deskew : as `load_dataset` takes them
    class_names : tuple of str
    sha256 : str, of its pixels
    labels_sha256 : str, of its labels
    """

    spec: str
    options: DataOptions
    deskew: bool
    class_names: tuple[str, ...]
    sha256: str
    labels_sha256: str

    @classmethod
    def of(cls, dataset: Dataset, *, deskew: bool = False) -> DatasetKey:
        """What to ask for, to have this data set elsewhere."""
        return cls(
            spec_of(dataset.source),
            dataset.options.absolute(),
            deskew,
            dataset.class_names,
            dataset.sha256,
            dataset.labels_sha256,
        )


_held: dict[DatasetKey, Dataset] = {}
_arriving: dict[Hashable, dict[str, NDArray[np.uint8]]] = {}
_received: dict[Hashable, dict[str, NDArray[np.uint8]]] = {}
"""What was sent and is whole."""


def find(wanted: DatasetKey) -> Dataset:
    """The data set: held already, or sent, or found by its name or path and known by its SHA-256.

    Raises
    ------
    DataError
        If it is not to be had here, and must be sent.
    """
    if wanted in _held:
        try:
            _held[wanted].check_files()
        except DataError:  # whoever wrote to them since then: what they hold now may be anything
            del _held[wanted]
    if wanted not in _held:
        sent = handed_over(wanted)
        _held[wanted] = _loaded(wanted) if sent is None else _made(wanted, sent)
    return _held[wanted]


def has(wanted: DatasetKey) -> bool:
    """Whether `find` finds it."""
    try:
        find(wanted)
    except MnistgdError:
        return False
    return True


def receive(key: Hashable, name: str, shape: tuple[int, ...], start: int, piece: NDArray[np.uint8]) -> None:
    """Take rows of one of the arrays that are sent under a key, from row `start` on.

    Several commands may send the same at once, or one go on where another was killed.
    """
    if key in _held or key in _received:
        return
    arrays = _arriving.setdefault(key, {})
    if name not in arrays:
        arrays[name] = np.empty(shape, np.uint8)
    arrays[name][start : start + len(piece)] = piece


def received(key: Hashable) -> None:
    """Let the arrays that were sent under a key count: a command has sent all of them."""
    if key in _arriving:
        _received[key] = _arriving.pop(key)


def handed_over(key: Hashable) -> dict[str, NDArray[np.uint8]] | None:
    """The arrays that were sent under a key, which are the caller's alone from now on; None if none were."""
    return _received.pop(key, None)


def _loaded(wanted: DatasetKey) -> Dataset:
    # What is in the cache of another user, or in none, is sent rather than asked of OpenML by each worker.
    dataset = load_dataset(
        wanted.spec,
        offline=True,
        class_names=wanted.class_names,
        deskew=wanted.deskew,
        options=wanted.options,
    )
    if not dataset.is_of(wanted.sha256, wanted.labels_sha256):
        raise DataError(f"{wanted.spec} is another data set here")
    return dataset


def _made(wanted: DatasetKey, arrays: Mapping[str, NDArray[np.uint8]]) -> Dataset:
    train_images, train_labels, test_images, test_labels = (arrays[name] for name in ARRAYS)
    return Dataset(
        train_images,
        train_labels,
        test_images,
        test_labels,
        wanted.class_names,
        wanted.spec,
        wanted.sha256,
        wanted.options,
    )
