"""A set whose images are not held in memory: mapped where they lie, or brought into form once, in the cache.

What was found when every pixel was looked at is remembered beside it, for as long as nobody has written to
the files: it is a minute's work for ten million images, and a network's record asks for it each time.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets import streams
from mnistgd.datasets.cache import Cache, Entry
from mnistgd.datasets.cache_files import Pieces
from mnistgd.datasets.dataset import SILENT, About, Dataset, Listener, Progress
from mnistgd.datasets.form import pixels
from mnistgd.datasets.form.plan import Plan, brought, planned, settled, tell
from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.parts import Raw
from mnistgd.datasets.shape import IMAGE_SHAPE, PIXELS
from mnistgd.datasets.stored import Known, Stored, cut
from mnistgd.errors import DataError, OutputError

LARGE_VERSION = 1
"""Counts up with every change of what is made of files, so that nothing older is taken for it."""
PREFIX = "large"
SPLITS = ("train", "test")


def bring(raw: Raw, source: str, options: DataOptions, cache: Cache, listener: Listener = SILENT) -> Dataset:
    """Bring what a reader read into the form of a data set; parameters and errors as for `plan.brought`.

    Raises
    ------
    OutputError
        If its images must be brought into form, are more than can be held, and the cache cannot take them.
    """
    options = settled(raw, options)
    # One entry for what is read so from one place: what is made anew takes the place of what was.
    name, key = f"{PREFIX}{LARGE_VERSION}-{_digest([source, options.as_json()])[:16]}", _key(raw)
    entry = cache.read(name, None, key)
    if entry is not None and not entry.damage:
        try:
            return _dataset(raw, source, options, entry, listener)
        except (AttributeError, KeyError, TypeError, ValueError):
            listener.notice(f"what the cache remembers of {source} is damaged, and found out again")
    try:
        return _made(raw, source, options, (cache, name, key), listener)
    except OutputError as error:
        stored = [part.images for part in raw.parts.values() if isinstance(part.images, Stored)]
        if any(images.nbytes > streams.MAX_BYTES for images in stored):
            raise
        listener.notice(f"{error.message}; going on without a cache")
        return brought(raw.held(), source, options, listener)


def _key(raw: Raw) -> str:
    """What a set is known by: what its files of images are known by, and all else that was read of it."""
    parts: list[Any] = [raw.kind, raw.notes, sorted((raw.class_names or {}).items())]
    for name, (images, labels, sideways) in raw.parts.items():
        about = images.file if isinstance(images, Stored) else _bytes_of(images)
        parts.append([name, sideways, images.shape, str(images.dtype), about])
        parts.append([str(labels.dtype), labels.shape, _bytes_of(labels)] if labels is not None else None)
    return _digest(parts)


def _digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document).encode("utf-8", "surrogatepass")).hexdigest()


def _bytes_of(array: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).view(np.uint8).data).hexdigest()


def _made(
    raw: Raw, source: str, options: DataOptions, place: tuple[Cache, str, str], listener: Listener
) -> Dataset:
    """Look at a set, keep what does not lie as it is needed, and remember what was found."""
    cache, name, key = place
    count = sum(len(part.images) for part in raw.parts.values())
    plan = planned(raw, source, options, Progress(listener, f"looking at {count:,} images", count))
    files = _files_that_lie(plan)
    labels = dict(plan.labels)
    if plan.rows is not None:
        labels = {split: labels["train"][rows] for split, rows in plan.rows.items()}
    doing = "summing up" if len(files) == len(labels) else "bringing into form"
    seen = _Seen(Progress(listener, f"{doing} {count:,} images", count))

    def arrays() -> Iterator[tuple[str, Pieces]]:
        for split in SPLITS:
            pieces = seen.each(split, _pieces(plan, split))
            if split in files:
                deque(pieces, maxlen=0)
            else:
                yield f"{split}images", Pieces((len(labels[split]), *IMAGE_SHAPE), pieces)
        yield from ((f"{split}labels", Pieces(labels[split].shape, [labels[split]])) for split in SPLITS)

    def facts() -> dict[str, Any]:
        return {
            "class_names": plan.class_names,
            "sha256": seen.digest.hexdigest(),
            "about": asdict(replace(plan.about, held="mapped" if "train" in files else "cached")),
            "alike": {split: alike.words for split, alike in seen.alike.items()},
            "files": files,
        }

    if len(files) == len(labels):
        rest = list(arrays())
        cache.try_to(lambda: cache.write_pieces(name, rest, source, key, facts))
        known = Entry(arrays={f"{split}labels": labels[split] for split in SPLITS}, facts=facts())
        return _dataset(raw, source, options, known, listener)
    cache.check_room(sum(len(labels[split]) for split in SPLITS if split not in files) * PIXELS)
    cache.write_pieces(name, arrays(), source, key, facts)
    return _dataset(raw, source, options, cache.read_back(name, key), listener)


class _Seen:
    """What is found of all images of a set, as they go by: train, then test."""

    def __init__(self, went_on: Progress) -> None:
        self.digest = hashlib.sha256()
        self.alike: dict[str, pixels.Alike] = {}
        self._went_on = went_on

    def each(self, split: str, pieces: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        """The same pieces, once they were looked at."""
        self.alike[split] = pixels.Alike()
        for piece in pieces:
            self.digest.update(piece.data)
            self.alike[split].show(piece)
            self._went_on(len(piece))
            yield piece


def _pieces(plan: Plan, split: str) -> Iterator[NDArray[np.uint8]]:
    """The images of a split as bytes, some at a time."""
    name = split if plan.rows is None else "train"
    pieces = pixels.each_as_bytes(plan.parts[name].images, plan.scale, sideways=plan.turned[name])
    if plan.rows is None:
        yield from pieces
        return
    chosen, start = np.zeros(len(plan.parts[name].images), bool), 0
    chosen[plan.rows[split]] = True
    for piece in pieces:
        own = chosen[start : start + len(piece)]
        start += len(piece)
        if own.any():
            yield piece[own]


def _files_that_lie(plan: Plan) -> dict[str, Known]:
    """The files of those splits whose images are used where they lie."""
    return {
        name: images.file
        for name, (images, _, _) in plan.parts.items()
        if plan.rows is None
        and isinstance(images, Stored)
        and images.lies is not None
        and pixels.lie_as_bytes(images, plan.scale, sideways=plan.turned[name])
    }


def _dataset(raw: Raw, source: str, options: DataOptions, entry: Entry, listener: Listener) -> Dataset:
    """The set, of what the cache has of it and of what lies in files that are mapped.

    Of what the cache says nothing is sure but that somebody could write there: whatever is wrong with it is
    a KeyError, a TypeError or a ValueError.
    """
    facts, images = entry.facts, {}
    for split in SPLITS:
        if f"{split}images" in entry.arrays:
            images[split] = entry.arrays[f"{split}images"]
        elif isinstance(stored := raw.parts[split].images, Stored) and stored.lies is not None:
            images[split] = stored.lies.reshape(-1, *IMAGE_SHAPE)
    about = facts["about"] | {name: tuple(facts["about"][name]) for name in ("shape", "changes")}
    tell(about["changes"], facts["alike"], listener)
    return Dataset(
        images["train"],
        entry.arrays["trainlabels"],
        images["test"],
        entry.arrays["testlabels"],
        tuple(facts["class_names"]),
        source,
        facts["sha256"],
        options,
        About(**about),
        tuple(Known(*known) for known in facts["files"].values()),
    )


def verify(cache: Cache, name: str, listener: Listener = SILENT) -> str | None:
    """Read all of a set that is remembered, and check that it is what it was.

    Returns
    -------
    str, the source; None if its files were changed since, which the listener hears

    Raises
    ------
    DataError
        If it is not what it was, though nobody seems to have written to it.
    """
    entry = cache.read(name, None, None, every_byte=True)
    if entry is None:
        return None
    try:
        if entry.damage:
            raise ValueError(entry.damage)
        facts, arrays = entry.facts, entry.arrays
        files = {split: Known(*known) for split, known in facts["files"].items()}
        try:
            for known in files.values():
                known.check()
        except DataError:
            listener.notice(f"{entry.source} has changed, and is looked at anew when it is next used")
            return None
        images = {split: _mapped(files[split], len(arrays[f"{split}labels"])) for split in files}
        images |= {split: arrays[f"{split}images"] for split in SPLITS if split not in files}
        count, digest = sum(map(len, images.values())), hashlib.sha256()
        went_on = Progress(listener, f"reading {entry.source}", count)
        for split in SPLITS:
            for piece in cut(images[split]):
                digest.update(piece.data)
                went_on(len(piece))
        if digest.hexdigest() != facts["sha256"]:
            raise ValueError("its images are others, though no file was written to")
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as problem:
        hint = "mnistgd data clear, and look at it again with mnistgd data info"
        raise DataError(f"what the cache has of {entry.source} is damaged: {problem}", hint) from problem
    return entry.source


def _mapped(file: Known, count: int) -> NDArray[np.uint8]:
    """The images that end a file."""
    offset = file.size - count * PIXELS
    return np.asarray(np.memmap(file.path, np.uint8, "r", offset, (count, PIXELS)))
