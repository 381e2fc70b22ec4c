"""Where a data set that has a name is found: the cache, else OpenML, else the copy in this package."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.cache import Cache, Entry
from mnistgd.datasets.dataset import Dataset, Listener, sha256
from mnistgd.datasets.named import EMBEDDED, NamedSet
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.errors import DataError, DownloadError

Source = Literal["openml", "embedded"]


def find(named: NamedSet, cache: Cache, offline: bool, listener: Listener) -> Dataset:
    """Bring a data set from the nearest place that has it, and cache it if it was not the cache.

    Raises
    ------
    DataError
        If no place has it. With MNIST, this installation is damaged.
    """
    entry = read(named, cache)
    if entry is not None and not entry.damage:
        # Written as just that, and undamaged.
        return _split(named, entry.arrays["images"], entry.arrays["labels"], entry.source, entry.sha256)
    source: Source | None = "embedded" if offline else None
    if entry is not None:
        listener.notice(f"the cache was damaged ({entry.damage}) and is built again")
        # The network was asked before, and this is what came of it.
        if entry.source == EMBEDDED:
            source = "embedded"
    try:
        dataset = bring(named, source, listener)
    except DataError as error:
        hint = error.hint
        if os.path.lexists(named.name):
            hint = f"--data ./{named.name} reads what lies here under that name"
        raise type(error)(f"{named.title} is not in the cache, and {error.message}", hint) from error
    cache.keep(named.name, parts(dataset), dataset.source, dataset.sha256)
    return dataset


def bring(named: NamedSet, source: Source | None, listener: Listener) -> Dataset:
    """Bring a data set from `source`; without one from OpenML, else from the copy in this package.

    Raises
    ------
    DownloadError
        If OpenML does not deliver, and is asked for or the only place.
    DataError
        If the copy in this package is missing or damaged, or there never was one.
    """
    if source != "embedded":
        try:
            return _download(named, listener)
        except DownloadError as error:
            if source == "openml" or not named.embedded:
                raise
            listener.notice(f"{error.message}; using the embedded copy")
    if not named.embedded:
        raise DataError(f"mnistgd has no copy of {named.title}", named.hint)
    # The readers of files are imported where they are needed: mostly the cache has everything.
    from mnistgd.datasets import embedded

    listener.busy(f"reading the embedded copy of {named.title}")
    dataset = embedded.read()
    if not named.is_of(**parts(dataset)) or len(dataset.train_labels) != named.n_train:
        raise DataError(f"the embedded copy of {named.title} is damaged", "install mnistgd again")
    return dataset


def read(named: NamedSet, cache: Cache) -> Entry | None:
    """What the cache has of a data set."""
    shapes = {"images": (named.n_images, *IMAGE_SHAPE), "labels": (named.n_images,)}
    entry = cache.read(named.name, shapes, named.pixels_sha256)
    if entry is not None and not entry.damage and entry.source not in named.sources:
        return replace(entry, sha256="", damage=f"{named.name}.json names an unknown source")
    return entry


def parts(dataset: Dataset) -> dict[str, tuple[NDArray[np.uint8], ...]]:
    """What of a data set goes into the cache."""
    return {
        "images": (dataset.train_images, dataset.test_images),
        "labels": (dataset.train_labels, dataset.test_labels),
    }


def _download(named: NamedSet, listener: Listener) -> Dataset:
    from mnistgd.datasets.openml import download

    images, labels = download.fetch(named, listener)
    return _split(named, images, labels, named.sources[0], named.pixels_sha256 or sha256(images))


def _split(
    named: NamedSet, images: NDArray[np.uint8], labels: NDArray[np.uint8], source: str, digest: str
) -> Dataset:
    """The data set, from arrays that are known to be just that."""
    n_train = named.n_train
    return Dataset(
        images[:n_train],
        labels[:n_train],
        images[n_train:],
        labels[n_train:],
        named.class_names,
        source,
        digest,
    )
