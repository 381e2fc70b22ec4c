"""What was read from files, brought into the form of a data set; whatever had to be done for that is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets import labels, pixels, split
from mnistgd.datasets.dataset import SILENT, About, Dataset, Listener, sha256
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.parts import Part, Raw
from mnistgd.errors import DataError
from mnistgd.system.words import counted

_DIM = 128


def brought(raw: Raw, source: str, options: DataOptions = PLAINLY, listener: Listener = SILENT) -> Dataset:
    """Bring what a reader read into the form of a data set.

    Parameters
    ----------
    raw : Raw
    source : str, what the set is recorded as, and called in an error
    options : DataOptions; `raw` has the test part that these name already
    listener : Listener
        Hears what was turned, scaled or set aside, and what no network can learn from.

    Raises
    ------
    DataError
        If it is not plain what its images or labels are, or they do not fit together.
    """
    if raw.train is None:
        hint = "name the whole set with --data, and this file with --test-data"
        raise DataError(f"{source} holds nothing but images to test", hint)
    parts = {"train": raw.train} | ({"test": raw.test} if raw.test is not None else {})
    for name, part in parts.items():
        if not len(part.images):
            raise DataError(f"{source} has no {name} images", "name files that have some")
    found = {name: pixels.look(part.images, f"{name} images of {source}") for name, part in parts.items()}
    classes = labels.numbered(
        {name: _labels_of(part, name, source) for name, part in parts.items()}, raw.class_names, source
    )
    scale = pixels.scale_of(list(found.values()), source)
    turned = [part.sideways if options.transpose is None else options.transpose for part in parts.values()]
    images = [
        pixels.as_bytes(part.images, scale, sideways=sideways)
        for part, sideways in zip(parts.values(), turned, strict=True)
    ]
    numbers = classes.numbers
    if all(turned):
        options = options._replace(transpose=True)
    changes = [*raw.notes, *_changes(list(found.values()), scale, turned=any(turned))]
    if raw.test is None:
        share = split.TEST_SHARE if options.test_share is None else options.test_share
        options = options._replace(test_share=share)
        rows = split.set_aside(len(images[0]), share, source)
        images, numbers = ([array[0][chosen] for chosen in rows] for array in (images, numbers))
        changes.append(
            f"{len(images[1]):,} of {counted(sum(map(len, images)), 'image', ',')} set aside to test"
        )
    elif options.test_share is not None:
        raise DataError(f"{source} has images to test of its own", "leave out --test-share")
    _tell(changes, images, listener)
    (least, most), first = _limits(found.values()), found["train"]
    about = About(raw.kind, first.shape, first.dtype, least, most, tuple(changes))
    arrays = images[0], numbers[0], images[1], numbers[1]
    return Dataset(*arrays, classes.names, source, sha256(*images), options.absolute(), about)


def _changes(found: Sequence[pixels.Found], scale: pixels.Scale, *, turned: bool) -> Iterator[str]:
    """What is done to images, in words."""
    least, most = _limits(found)
    if scale != "as they are":
        yield f"pixels from {least:g} to {most:g} are taken {scale}"
    elif most < _DIM:
        yield f"no pixel is above {most:g}, where 255 is ink"
    if any(each.coloured for each in found):
        yield "the three channels are equal, and taken for grey"
    if turned:
        yield "images that lay on their side are turned upright (else --no-transpose)"


def _limits(found: Collection[pixels.Found]) -> tuple[float, float]:
    return min(each.least for each in found), max(each.most for each in found)


def _tell(changes: Sequence[str], images: Sequence[NDArray[np.uint8]], listener: Listener) -> None:
    for change in changes:
        listener.notice(change)
    for name, each in zip(("train", "test"), images, strict=True):
        if what := pixels.alike(each):
            listener.notice(f"all {name} images are {what}: there is nothing to learn from")


def unlabelled(part: Part, source: str, options: DataOptions = PLAINLY) -> NDArray[np.uint8]:
    """Images alone, whose labels nobody knows, brought into form.

    Raises
    ------
    DataError
        If it is not plain what the images are.
    """
    scale = pixels.scale_of([pixels.look(part.images, f"images of {source}")], source)
    sideways = part.sideways if options.transpose is None else options.transpose
    return pixels.as_bytes(part.images, scale, sideways=sideways)


def _labels_of(part: Part, name: str, source: str) -> NDArray[Any]:
    if part.labels is None:
        raise DataError(f"the {name} images of {source} have no labels", "name a file that has them")
    if len(part.images) != len(part.labels):
        found = counted(len(part.images), f"{name} image", ",")
        found += f" and {counted(len(part.labels), f'{name} label', ',')}"
        raise DataError(f"{source} has {found}", "take images and labels from the same place")
    return np.asarray(part.labels)
