"""Where images come from: the cache, OpenML, the copy in this package, or a path.

Disk and network live here. What is read comes out as a `Dataset`, checked: whoever has one need not ask
again whether its labels are in range.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mnistgd.datasets import finding
from mnistgd.datasets.cache import Cache, default_folder
from mnistgd.datasets.dataset import IMAGE_SHAPE, SILENT, Dataset, Listener, Silent
from mnistgd.datasets.names import check_names, named, parse_names
from mnistgd.datasets.upkeep import CacheInfo, clear, fetch, info, verify
from mnistgd.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CacheInfo",
    "Dataset",
    "Listener",
    "Silent",
    "clear",
    "fetch",
    "info",
    "load",
    "parse_names",
    "verify",
]


def load(
    spec: str | Path = finding.MNIST,
    *,
    offline: bool = False,
    names: Sequence[str] | None = None,
    deskew: bool = False,
    listener: Listener = SILENT,
) -> Dataset:
    """Bring a data set: MNIST, or one from a path.

    MNIST comes from the cache, else from OpenML, else from the copy in this package; wherever it came from,
    it is cached, so that the network is asked once.

    Parameters
    ----------
    spec : str or Path
        The string ``mnist``, or a path as `local.read_path` takes it.
    offline : bool
        Whether OpenML is left out.
    names : sequence of str, optional
        What the classes are called; else they are called by their numbers.
    deskew : bool
        Whether the images are straightened (`mnistgd.preprocess.deskew`); the result is cached, too.
    listener : Listener
        Hears what takes a while, and what a person should know.

    Raises
    ------
    DataError
        If the data set is missing, damaged or not of a kind that works, or `names` does not fit it.
    UsageError
        If `names` could fit no data set.
    """
    if names is not None:
        check_names(names)
    cache = Cache(default_folder(), listener)
    if spec == finding.MNIST:
        dataset = finding.find(cache, offline, listener)
    else:
        from mnistgd.datasets import local

        if spec == "":
            raise DataError("no data set is named", local.HINT)
        dataset = local.read_path(Path(spec))
    if names is not None:
        dataset = named(dataset, names)
    _tell_of_gaps(dataset, listener)
    return _deskewed(dataset, cache, listener) if deskew else dataset


def _tell_of_gaps(dataset: Dataset, listener: Listener) -> None:
    counts = np.bincount(dataset.train_labels, minlength=len(dataset.names))
    missing = [name for name, count in zip(dataset.names, counts, strict=True) if not count]
    if missing:
        listener.notice(f"no train image shows {', '.join(missing)}: what that is cannot be learned")


def _deskewed(dataset: Dataset, cache: Cache, listener: Listener) -> Dataset:
    from mnistgd.preprocess import DESKEW_VERSION, deskew

    name = f"deskew{DESKEW_VERSION}-{dataset.sha256[:16]}"
    n_train, n_test = len(dataset.train_images), len(dataset.test_images)
    entry = cache.read(name, {"images": (n_train + n_test, *IMAGE_SHAPE)}, dataset.sha256)
    if entry is not None and entry.damage:
        listener.notice(f"the cache was damaged ({entry.damage}) and is built again")
    if entry is not None and not entry.damage:
        train_images, test_images = np.split(entry.arrays["images"], [n_train])
    else:
        listener.busy(f"straightening {n_train + n_test:,} images")
        train_images, test_images = deskew(dataset.train_images), deskew(dataset.test_images)
        cache.keep(name, {"images": (train_images, test_images)}, dataset.source, dataset.sha256)
    return replace(dataset, train_images=train_images, test_images=test_images)
