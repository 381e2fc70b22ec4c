"""What ``mnistgd data`` does with the cache: fill it anew, look at it, check it, empty it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mnistgd.datasets import sources
from mnistgd.datasets.cache import Cache, default_folder
from mnistgd.datasets.dataset import SILENT, Dataset, Listener
from mnistgd.datasets.mnist import is_mnist
from mnistgd.errors import DataError

_FETCH = "mnistgd data fetch"


@dataclass(frozen=True)
class CacheInfo:
    """What is cached.

    Attributes
    ----------
    folder : Path
        Where the cache is, or will be.
    source : str or None
        Where the cached MNIST first came from; None if there is none that is sound.
    damage : str
        What is wrong with the cached MNIST; empty if nothing is.
    deskewed : int
        The number of data sets whose straightened images are cached.
    size : int
        Bytes, all together.
    """

    folder: Path
    source: str | None
    damage: str
    deskewed: int
    size: int


def info() -> CacheInfo:
    """What is cached, and whether it is sound; the cache may be empty, or not exist."""
    cache = Cache(default_folder())
    entry = sources.read(cache)
    return CacheInfo(
        folder=cache.folder,
        source=entry.source if entry and not entry.damage else None,
        damage=entry.damage if entry else "",
        deskewed=sum(name.startswith("deskew") for name in cache.names()),
        size=cache.size(),
    )


def fetch(source: sources.Source | None = None, *, listener: Listener = SILENT) -> Dataset:
    """Bring MNIST anew, and replace what is cached of it.

    Parameters
    ----------
    source : {"openml", "embedded"}, optional
        Where from; else from OpenML, or from the copy in this package if OpenML does not deliver.
    listener : Listener

    Raises
    ------
    DownloadError
        If OpenML is asked for and does not deliver. The cache stays as it was.
    OutputError
        If the cache cannot be written.
    """
    cache = Cache(default_folder())
    dataset = sources.bring(source, listener)
    cache.write(sources.MNIST, sources.parts(dataset), dataset.source, dataset.sha256)
    return dataset


def verify() -> CacheInfo:
    """Check that the cached MNIST is MNIST, by the SHA-256 of its pixels and labels.

    Raises
    ------
    DataError
        If it is not, or nothing is cached.
    """
    folder = default_folder()
    entry = sources.read(Cache(folder))
    if entry is None:
        raise DataError(f"MNIST is not cached in {folder}", _FETCH)
    if entry.damage:
        raise DataError(f"the cached MNIST is damaged: {entry.damage}", _FETCH)
    if not is_mnist([entry.arrays["images"]], [entry.arrays["labels"]]):
        raise DataError(f"what is cached in {folder} is not MNIST", _FETCH)
    return info()


def clear() -> int:
    """Remove the files of the cache, and nothing else; return the number of bytes that were freed."""
    return Cache(default_folder()).clear()
