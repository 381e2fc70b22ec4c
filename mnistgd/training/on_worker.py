"""What runs on a worker: it finds images, or receives them, and holds them from then on."""

from __future__ import annotations

import hashlib
import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.named import spec_of
from mnistgd.datasets.options import DataOptions
from mnistgd.errors import DataError, MnistgdError

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
"""Those of a data set, in the order in which they are sent."""


class Wanted(NamedTuple):
    """A data set, as one process says to another which it means.

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
    def of(cls, dataset: Dataset, *, deskew: bool = False) -> Wanted:
        """What to ask for, to have this data set elsewhere."""
        return cls(
            spec_of(dataset.source),
            dataset.options.absolute(),
            deskew,
            dataset.class_names,
            dataset.sha256,
            _labels_sha256(dataset),
        )


_held: dict[Wanted, Dataset] = {}
_arriving: dict[Wanted, dict[str, NDArray[np.uint8]]] = {}


def find(wanted: Wanted) -> Dataset:
    """The data set: held already, or found by its name or path, and known by its SHA-256.

    Raises
    ------
    DataError
        If it is not to be had here, and must be sent.
    """
    if wanted not in _held:
        _held[wanted] = _loaded(wanted)
    return _held[wanted]


def has(wanted: Wanted) -> bool:
    """Whether `find` finds it."""
    try:
        find(wanted)
    except MnistgdError:
        return False
    return True


def receive(wanted: Wanted, name: str, shape: tuple[int, ...], start: int, piece: NDArray[np.uint8]) -> None:
    """Take rows of an array of a data set, from row `start` on; with the last of all it is held."""
    arrays = _arriving.setdefault(wanted, {})
    if start == 0:
        arrays[name] = np.empty(shape, np.uint8)
    arrays[name][start : start + len(piece)] = piece
    if name == ARRAYS[-1] and start + len(piece) == shape[0]:
        del _arriving[wanted]
        train_images, train_labels, test_images, test_labels = (arrays[each] for each in ARRAYS)
        _held[wanted] = Dataset(
            train_images,
            train_labels,
            test_images,
            test_labels,
            wanted.class_names,
            wanted.spec,
            wanted.sha256,
            wanted.options,
        )


def _loaded(wanted: Wanted) -> Dataset:
    # What is in the cache of another user, or in none, is sent rather than asked of OpenML by each worker.
    dataset = load_dataset(
        wanted.spec,
        offline=True,
        class_names=wanted.class_names,
        deskew=wanted.deskew,
        options=wanted.options,
    )
    if (dataset.sha256, _labels_sha256(dataset)) != (wanted.sha256, wanted.labels_sha256):
        raise DataError(f"{wanted.spec} is another data set here")
    return dataset


def _labels_sha256(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    for labels in (dataset.train_labels, dataset.test_labels):
        digest.update(np.ascontiguousarray(labels).data)
    return digest.hexdigest()


def dask_setup(worker: Any) -> None:  # noqa: ARG001
    """Called by Dask in a worker that is started here: what a terminal tells the command is not for it."""
    os.setpgrp()
