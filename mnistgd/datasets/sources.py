"""Where MNIST is found: the cache, else OpenML, else the copy in this package."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.cache import Cache, Entry
from mnistgd.datasets.dataset import DIGIT_NAMES, Dataset, Listener
from mnistgd.datasets.mnist import N_IMAGES, N_TRAIN, PIXELS_SHA256, is_mnist
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.errors import DataError, DownloadError

MNIST = "mnist"
Source = Literal["openml", "embedded"]


def find(cache: Cache, offline: bool, listener: Listener) -> Dataset:
    """Bring MNIST from the nearest place that has it, and cache it if it was not the cache.

    Raises
    ------
    DataError
        If no place has it: this installation is damaged.
    """
    entry = read(cache)
    if entry is not None and not entry.damage:
        return from_entry(entry)
    source: Source | None = "embedded" if offline else None
    if entry is not None:
        listener.notice(f"the cache was damaged ({entry.damage}) and is built again")
        # The network was asked before, and this is what came of it.
        if entry.source == "embedded":
            source = "embedded"
    dataset = bring(source, listener)
    cache.keep(MNIST, parts(dataset), dataset.source, dataset.sha256)
    return dataset


def bring(source: Source | None, listener: Listener) -> Dataset:
    """Bring MNIST from `source`; without one from OpenML or, if that does not deliver, from this package.

    Raises
    ------
    DownloadError
        If OpenML is asked for and does not deliver.
    DataError
        If the copy in this package is missing or damaged.
    """
    # The readers of files are imported where they are needed: mostly the cache has everything.
    from mnistgd.datasets import embedded

    if source != "embedded":
        try:
            return _download(listener)
        except DownloadError as error:
            if source == "openml":
                raise
            listener.notice(f"{error.message}; using the embedded copy")
    listener.busy("reading the embedded copy of MNIST")
    dataset = embedded.read()
    if not is_mnist(**parts(dataset)) or len(dataset.train_labels) != N_TRAIN:
        raise DataError("the embedded copy of MNIST is damaged", "install mnistgd again")
    return dataset


def read(cache: Cache) -> Entry | None:
    """What the cache has of MNIST."""
    entry = cache.read(MNIST, {"images": (N_IMAGES, *IMAGE_SHAPE), "labels": (N_IMAGES,)}, PIXELS_SHA256)
    if entry is not None and not entry.damage and entry.source not in get_args(Source):
        return replace(entry, damage=f"{MNIST}.json names an unknown source")
    return entry


def parts(dataset: Dataset) -> dict[str, tuple[NDArray[np.uint8], ...]]:
    """What of a data set goes into the cache."""
    return {
        "images": (dataset.train_images, dataset.test_images),
        "labels": (dataset.train_labels, dataset.test_labels),
    }


def from_entry(entry: Entry) -> Dataset:
    """MNIST, from what the cache has of it, which was written as just that and is undamaged."""
    return _split(entry.arrays["images"], entry.arrays["labels"], entry.source)


def _download(listener: Listener) -> Dataset:
    from mnistgd.datasets import openml

    return _split(*openml.fetch(listener), "openml")


def _split(images: NDArray[np.uint8], labels: NDArray[np.uint8], source: str) -> Dataset:
    """MNIST, from arrays that are known to be just that."""
    return Dataset(
        images[:N_TRAIN],
        labels[:N_TRAIN],
        images[N_TRAIN:],
        labels[N_TRAIN:],
        DIGIT_NAMES,
        source,
        PIXELS_SHA256,
    )
