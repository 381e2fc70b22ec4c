"""What ``mnistgd data`` does with the cache: fill it anew, look at it, check it, empty it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mnistgd.datasets import sources
from mnistgd.datasets.cache import Cache, Entry, default_folder
from mnistgd.datasets.dataset import SILENT, Dataset, Listener, sha256
from mnistgd.datasets.form import large
from mnistgd.datasets.form.large import PREFIX
from mnistgd.datasets.named import MNIST, NAMED, NamedSet
from mnistgd.errors import DataError


@dataclass(frozen=True)
class CacheInfo:
    """What is cached, above all of one data set.

    Attributes
    ----------
    folder : Path
        Where the cache is, or will be.
    source : str or None
        Where the cached one first came from; None if there is none that is sound.
    sha256 : str or None
        Of its pixels, published or cached; None if it is neither.
    damage : str
        What is wrong with the cached one; empty if nothing is.
    deskewed : int
        The number of data sets whose straightened images are cached.
    large : int
        The number of large data sets of which is remembered what they are.
    size : int
        Bytes, all together.
    """

    folder: Path
    source: str | None
    sha256: str | None
    damage: str
    deskewed: int
    large: int
    size: int


def info(named: NamedSet = MNIST) -> CacheInfo:
    """What is cached, and whether it is sound; the cache may be empty, or not exist."""
    cache = Cache(default_folder())
    entry = sources.read(named, cache) or Entry()
    return CacheInfo(
        folder=cache.folder,
        source=(not entry.damage and entry.source) or None,
        sha256=named.pixels_sha256 or entry.sha256 or None,
        damage=entry.damage,
        deskewed=sum(name.startswith("deskew") for name in cache.names()),
        large=sum(name.startswith(PREFIX) for name in cache.names()),
        size=cache.size(),
    )


def fetch(
    named: NamedSet = MNIST, source: sources.Source | None = None, *, listener: Listener = SILENT
) -> Dataset:
    """Bring a data set anew, and replace what is cached of it.

    Parameters
    ----------
    named : NamedSet
    source : {"openml", "embedded"}, optional
        Where from; else from OpenML, or from the copy in this package if there is one and OpenML does not
        deliver.
    listener : Listener

    Raises
    ------
    DownloadError
        If OpenML does not deliver, and is asked for or the only place. The cache stays as it was.
    DataError
        If the copy is asked for, and there is none.
    OutputError
        If the cache cannot be written.
    """
    cache = Cache(default_folder())
    dataset = sources.bring(named, source, listener)
    cache.write(named.name, sources.parts(dataset), dataset.source, dataset.sha256)
    return dataset


def verify(named: NamedSet | None = None, *, listener: Listener = SILENT) -> list[str]:
    """Check that the cached data sets are what they are called, by the SHA-256 of their pixels and labels.

    Where no SHA-256 is published, that of the pixels has to be the one they were cached with, and each
    class has to have as many images as it should. Large sets that were read before are held to their own,
    and whatever else is cached to its CRC-32.

    Parameters
    ----------
    named : NamedSet, optional
        The one that must be cached; else those that are.
    listener : Listener
        Hears if MNIST is not cached, and of large sets whose files have changed since.

    Returns
    -------
    list of str, the sources of the large sets that are what they were

    Raises
    ------
    DataError
        If one is not what it was, or the one that must be there is not, or nothing is.
    """
    cache = Cache(default_folder())
    names = cache.names()
    if named is not None or not names:
        _check(named or MNIST, cache)
    else:
        for each in NAMED.values():
            if each.name in names:
                _check(each, cache)
        if MNIST.name not in names:
            listener.notice(f"{MNIST.title} is not cached in {cache.folder}")
    whole = []
    for name in names:
        if name.startswith(PREFIX):
            source = large.verify(cache, name, listener)
            whole += [source] if source is not None else []
        elif name not in NAMED:
            entry = cache.read(name, None, None, every_byte=True)
            if entry is not None and entry.damage:
                what = f"what the cache has of {entry.source or name} is damaged: {entry.damage}"
                raise DataError(what, "mnistgd data clear; it is made again when it is next used")
    return whole


def _check(named: NamedSet, cache: Cache) -> None:
    """Check that a data set is cached, and what it is called; errors as for `verify`."""
    fetch = f"mnistgd data fetch {named.name}"
    entry = sources.read(named, cache)
    if entry is None:
        raise DataError(f"{named.title} is not cached in {cache.folder}", fetch)
    if entry.damage:
        raise DataError(f"the cached {named.title} is damaged: {entry.damage}", fetch)
    images, labels = entry.arrays["images"], entry.arrays["labels"]
    if not named.is_of([images], [labels]) or sha256(images) != entry.sha256:
        raise DataError(f"what is cached in {cache.folder} is not {named.title}", fetch)


def clear(named: NamedSet | None = None) -> int:
    """Remove files of the cache, and nothing else; return the number of bytes that were freed.

    Parameters
    ----------
    named : NamedSet, optional
        Only what is kept of this one, straightened images among it.
    """
    cache = Cache(default_folder())
    if named is None:
        return cache.clear()
    digest = info(named).sha256
    straightened = [name for name in cache.names() if digest and name.endswith(f"-{digest[:16]}")]
    return cache.clear([named.name, *straightened])
