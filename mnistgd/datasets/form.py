"""What was read from files, brought into the form of a data set; whatever had to be done for that is said."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets import labels, pixels, split
from mnistgd.datasets.dataset import SILENT, About, Dataset, Listener, sha256
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.parts import Part, Raw
from mnistgd.errors import DataError

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
    if all(turned):
        options = options._replace(transpose=True)
    least, most = min(each.least for each in found.values()), max(each.most for each in found.values())
    changes = list(raw.notes)
    if scale != "as they are":
        changes.append(f"pixels from {least:g} to {most:g} are taken {scale}")
    elif most < _DIM:
        changes.append(f"no pixel is above {most:g}, where 255 is ink")
    if any(len(each.shape) > 3 and 3 in (each.shape[1], each.shape[-1]) for each in found.values()):
        changes.append("their three channels are equal, and taken for grey")
    if any(turned):
        changes.append("images that lay on their side are turned upright (else --no-transpose)")
    if raw.test is None:
        share = split.TEST_SHARE if options.test_share is None else options.test_share
        options = options._replace(test_share=share)
        rows = split.set_aside(len(images[0]), share, source)
        images = [images[0][chosen] for chosen in rows]
        classes = classes._replace(numbers=[classes.numbers[0][chosen] for chosen in rows])
        changes.append(f"{len(images[1]):,} of {sum(map(len, images)):,} images are set aside to test")
    elif options.test_share is not None:
        raise DataError(f"{source} has images to test of its own", "leave out --test-share")
    for change in changes:
        listener.notice(change)
    for name, each in zip(("train", "test"), images, strict=True):
        if what := pixels.alike(each):
            listener.notice(f"all {name} images are {what}: there is nothing to learn from")
    first = found["train"]
    return Dataset(
        images[0],
        classes.numbers[0],
        images[1],
        classes.numbers[1],
        classes.names,
        source,
        sha256(*images),
        options.absolute(),
        About(raw.kind, first.shape, first.dtype, least, most, tuple(changes)),
    )


def _labels_of(part: Part, name: str, source: str) -> NDArray[Any]:
    if part.labels is None:
        raise DataError(f"the {name} images of {source} have no labels", "name a file that has them")
    if len(part.images) != len(part.labels):
        counts = f"{len(part.images):,} {name} images and {len(part.labels):,} {name} labels"
        raise DataError(f"{source} has {counts}", "take images and labels from the same place")
    return np.asarray(part.labels)
