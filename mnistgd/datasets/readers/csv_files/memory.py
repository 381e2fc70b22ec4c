"""What was found when a CSV file of more images than are held was read, so that no start reads it again.

That is all but the pixels, and holds for as long as nobody has written to the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import numpy as np

from mnistgd.datasets.cache import Cache
from mnistgd.datasets.cache_files import Pieces
from mnistgd.datasets.parts import Part
from mnistgd.datasets.readers.csv_files.reader import stored_part
from mnistgd.datasets.stored import Known, Stored
from mnistgd.errors import OutputError

TABLE_VERSION = 1
"""Counts up with every change of what is read from files, so that nothing older is taken for it."""


def recalled(path: Path, skip_bad: bool, cache: Cache) -> tuple[Part, tuple[str, ...]] | None:
    """What `read_csv` gives of a file, if that is known and the file is what it was."""
    try:
        known = Known.of(path.absolute())
        entry = cache.read(_name(known, skip_bad), None, _key(known))
        if entry is None or entry.damage:
            return None
        facts = entry.facts
        labels = entry.arrays["labels"].view(np.dtype(facts["labels"])).reshape(-1)
        least, most = map(float, facts["limits"])
        shape, dtype = (len(labels), *map(int, facts["shape"])), np.dtype(facts["dtype"])
        part = stored_part(known, shape, dtype, (least, most), labels, skip_bad=skip_bad)
        return part, tuple(map(str, facts["notes"]))
    except (KeyError, TypeError, ValueError, OSError):
        return None


def remember(part: Part, notes: tuple[str, ...], skip_bad: bool, cache: Cache) -> None:
    """Keep what `read_csv` gave of a file with labels, unless it is held."""
    images, labels = part.images, part.labels
    if not isinstance(images, Stored) or labels is None:
        return
    facts = {
        "shape": images.shape[1:],
        "dtype": images.dtype.str,
        "limits": images.limits,
        "labels": labels.dtype.str,
        "notes": notes,
    }
    content = labels.view(np.uint8).reshape(len(labels), -1)
    pieces = [("labels", Pieces(content.shape, [content]))]
    # That the cache cannot be written is said where the images are to go into it.
    with contextlib.suppress(OutputError):
        name, key = _name(images.file, skip_bad), _key(images.file)
        cache.write_pieces(name, pieces, images.file.path, key, lambda: facts)


def _name(known: Known, skip_bad: bool) -> str:
    place = hashlib.sha256(os.fsencode(f"{skip_bad} {known.path}")).hexdigest()
    return f"table{TABLE_VERSION}-{place[:16]}"


def _key(known: Known) -> str:
    return hashlib.sha256(repr(known).encode()).hexdigest()
