"""The one door to images: a data set by its name, or a data set from a path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mnistgd.datasets import sources, streams
from mnistgd.datasets.cache import Cache, default_folder
from mnistgd.datasets.cache_files import Pieces
from mnistgd.datasets.class_names import check_class_names, with_class_names
from mnistgd.datasets.dataset import SILENT, Dataset, Listener, Progress
from mnistgd.datasets.named import MNIST, NAMED
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.datasets.stored import cut, is_large
from mnistgd.errors import DataError, OutputError, UsageError
from mnistgd.system.words import counted


def load_dataset(
    spec: str | Path = MNIST.name,
    *,
    offline: bool = False,
    class_names: Sequence[str] | None = None,
    deskew: bool = False,
    options: DataOptions = PLAINLY,
    listener: Listener = SILENT,
) -> Dataset:
    """Bring a data set: one that has a name, or one from a path.

    What has a name comes from the cache, else from OpenML, else, MNIST alone, from the copy in this package;
    wherever it came from, it is cached, so that the network is asked once.

    Parameters
    ----------
    spec : str or Path
        The name of one of `named.NAMED`, as a string, or a path as `paths.read_path` takes it.
    offline : bool
        Whether OpenML is left out.
    class_names : sequence of str, optional
        What the classes are called, in place of what they are called anyway.
    deskew : bool
        Whether the images are straightened (`mnistgd.datasets.deskew.deskew`); the result is cached, too.
    options : DataOptions
        How the files at a path are to be read; a name takes none.
    listener : Listener
        Hears what takes a while, and what a person should know.

    Raises
    ------
    DataError
        If the data set is missing, damaged or not of a kind that works, or `class_names` does not fit it.
    UsageError
        If `class_names` could fit no data set.
    """
    if class_names is not None:
        check_class_names(class_names)
    cache = Cache(default_folder(), listener)
    named = NAMED.get(spec) if isinstance(spec, str) else None
    if named is not None:
        if options != PLAINLY:
            hint = "leave it out, or name other images with --data"
            raise UsageError(f"{options.words()} means nothing for {named.title}", hint)
        dataset = sources.find(named, cache, offline, listener)
    else:
        from mnistgd.datasets.readers import paths

        if spec == "":
            raise DataError("no data set is named", paths.HINT)
        dataset = paths.read_path(Path(spec), options, cache=cache, listener=listener)
    if class_names is not None:
        dataset = with_class_names(dataset, class_names)
    _tell_of_gaps(dataset, listener)
    return deskewed(dataset, listener, cache) if deskew else dataset


def _tell_of_gaps(dataset: Dataset, listener: Listener) -> None:
    pairs = zip(dataset.class_names, dataset.counts("train"), strict=True)
    missing = [name for name, count in pairs if not count]
    if missing:
        listener.notice(f"no train image shows {', '.join(missing)}: what that is cannot be learned")


def deskewed(dataset: Dataset, listener: Listener = SILENT, cache: Cache | None = None) -> Dataset:
    """The same data set, each image straightened (`mnistgd.datasets.deskew.deskew`); the result is cached."""
    from mnistgd.datasets.deskew import DESKEW_VERSION, deskew

    cache = cache or Cache(default_folder(), listener)
    name = f"deskew{DESKEW_VERSION}-{dataset.sha256[:16]}"
    splits = dataset.train_images, dataset.test_images
    shape = (sum(map(len, splits)), *IMAGE_SHAPE)
    entry = cache.read(name, {"images": shape}, dataset.sha256)
    if entry is not None and entry.damage:
        listener.notice(f"the cache was damaged ({entry.damage}) and is built again")
        entry = None
    what = f"straightening {counted(shape[0], 'image', ',')}"
    if entry is None and is_large(shape, np.dtype(np.uint8)):
        went_on = Progress(listener, what, shape[0])
        pieces = (deskew(went_on.past(piece)) for images in splits for piece in cut(images))
        try:
            cache.check_room(math.prod(shape))
            cache.write_pieces(name, [("images", Pieces(shape, pieces))], dataset.source, dataset.sha256)
            entry = cache.read_back(name, dataset.sha256)
        except OutputError:
            if math.prod(shape) > streams.MAX_BYTES:
                raise
    if entry is not None:
        train_images, test_images = np.split(entry.arrays["images"], [len(splits[0])])
    else:
        listener.busy(what)
        train_images, test_images = map(deskew, splits)
        cache.keep(name, {"images": (train_images, test_images)}, dataset.source, dataset.sha256)
    # What is straight lies in the cache, or in memory, whoever writes to the files it was made of.
    return replace(dataset, train_images=train_images, test_images=test_images, files=())
