"""What was read from files, brought into the form of a data set; whatever had to be done for that is said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import SILENT, About, Dataset, Listener, sha256
from mnistgd.datasets.form import labels, pixels, split
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.parts import Part, Raw, only_tests
from mnistgd.errors import DataError
from mnistgd.system.words import counted

_DIM = 128


class Plan(NamedTuple):
    """What is to be made of a set that was read.

    Attributes
    ----------
    parts : mapping of ``train``, and ``test`` unless it is set aside, to what was read
    labels : mapping of the same to class numbers, uint8 of shape (n,)
    class_names : tuple of str
    scale : what brings its pixels to bytes
    turned : mapping of the same to whether the images are turned upright
    rows : mapping of ``train`` and ``test`` to rows of what was read, if images are set aside; else None
    options : DataOptions that bring the same again
    about : About
    """

    parts: Mapping[str, Part]
    labels: Mapping[str, NDArray[np.uint8]]
    class_names: tuple[str, ...]
    scale: pixels.Scale
    turned: Mapping[str, bool]
    rows: Mapping[str, NDArray[np.uint32]] | None
    options: DataOptions
    about: About


def brought(raw: Raw, source: str, options: DataOptions = PLAINLY, listener: Listener = SILENT) -> Dataset:
    """Bring what a reader read into the form of a data set.

    Parameters
    ----------
    raw : Raw, held in memory
    source : str, what the set is recorded as, and called in an error
    options : DataOptions; `raw` has the test part that these name already
    listener : Listener
        Hears what was turned, scaled or set aside, and what no network can learn from.

    Raises
    ------
    DataError
        If it is not plain what its images or labels are, or they do not fit together.
    """
    plan = planned(raw, source, options)
    images = {
        name: pixels.as_bytes(np.asarray(part.images), plan.scale, sideways=plan.turned[name])
        for name, part in plan.parts.items()
    }
    numbers = dict(plan.labels)
    if plan.rows is not None:
        images, numbers = (
            {name: of["train"][rows] for name, rows in plan.rows.items()} for of in (images, numbers)
        )
    tell(plan.about.changes, {name: pixels.alike(each) for name, each in images.items()}, listener)
    arrays = images["train"], numbers["train"], images["test"], numbers["test"]
    digest = sha256(images["train"], images["test"])
    return Dataset(*arrays, plan.class_names, source, digest, plan.options, plan.about)


def planned(
    raw: Raw, source: str, options: DataOptions, went_on: Callable[[int], None] | None = None
) -> Plan:
    """What is to be made of a set that was read, once every pixel was looked at.

    Parameters
    ----------
    raw, source, options : as for `brought`, but images may be stored
    went_on : function that hears, again and again, how many images more were looked at

    Raises
    ------
    DataError
        As `brought`.
    """
    if raw.train is None:
        raise only_tests(source)
    parts = raw.parts
    for name, part in parts.items():
        if not len(part.images):
            raise DataError(f"{source} has no {name} images", "name files that have some")
    if raw.test is not None and options.test_share is not None:
        raise DataError(f"{source} has images to test of its own", "leave out --test-share")
    classes = labels.numbered(
        {name: _labels_of(part, name, source) for name, part in parts.items()}, raw.class_names, source
    )
    found = {
        name: pixels.look(part.images, f"{name} images of {source}", went_on) for name, part in parts.items()
    }
    scale = pixels.scale_of(list(found.values()), source)
    options, turned = settled(raw, options), _turned(raw, options)
    changes = [*raw.notes, *_changes(list(found.values()), scale, turned=any(turned.values()))]
    rows = None
    if options.test_share is not None:
        count = len(raw.train.images)
        rows = dict(zip(("train", "test"), split.set_aside(count, options.test_share, source), strict=True))
        changes.append(f"{len(rows['test']):,} of {counted(count, 'image', ',')} set aside to test")
    (least, most), first = _limits(found.values()), found["train"]
    about = About(raw.kind, first.shape, first.dtype, least, most, tuple(changes))
    numbers = dict(zip(parts, classes.numbers, strict=True))
    return Plan(parts, numbers, classes.names, scale, turned, rows, options, about)


def settled(raw: Raw, options: DataOptions) -> DataOptions:
    """Those options, and what follows from the files: all that brings the same images again."""
    if raw.test is None and options.test_share is None:
        options = options._replace(test_share=split.TEST_SHARE)
    if all(_turned(raw, options).values()):
        options = options._replace(transpose=True)
    return options.absolute()


def _turned(raw: Raw, options: DataOptions) -> dict[str, bool]:
    return {
        name: part.sideways if options.transpose is None else options.transpose
        for name, part in raw.parts.items()
    }


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


def tell(changes: Sequence[str], alike: Mapping[str, str], listener: Listener) -> None:
    """Say what was done, and of which parts all images are ``alike`` or ``blank``."""
    for change in changes:
        listener.notice(change)
    for name, what in alike.items():
        if what:
            listener.notice(f"all {name} images are {what}: there is nothing to learn from")


def unlabelled(
    part: Part, source: str, options: DataOptions = PLAINLY, listener: Listener = SILENT
) -> Iterator[NDArray[np.uint8]]:
    """Images alone, whose labels nobody knows, brought into form; the listener hears what that took.

    Yields
    ------
    uint8 ndarray of shape (n, 28, 28), some images at a time

    Raises
    ------
    DataError
        If it is not plain what the images are.
    """
    found = [pixels.look(part.images, f"images of {source}")]
    scale = pixels.scale_of(found, source)
    sideways = part.sideways if options.transpose is None else options.transpose
    for change in _changes(found, scale, turned=sideways):
        listener.notice(change)
    yield from pixels.each_as_bytes(part.images, scale, sideways=sideways)


def _labels_of(part: Part, name: str, source: str) -> NDArray[Any]:
    if part.labels is None:
        raise DataError(f"the {name} images of {source} have no labels", "name a file that has them")
    if len(part.images) != len(part.labels):
        found = counted(len(part.images), f"{name} image", ",")
        found += f" and {counted(len(part.labels), f'{name} label', ',')}"
        raise DataError(f"{source} has {found}", "take images and labels from the same place")
    return np.asarray(part.labels)
