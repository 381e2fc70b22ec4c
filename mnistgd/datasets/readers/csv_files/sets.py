"""Which CSV files make up a data set, by how they are called."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnistgd.datasets.form.labels import numbered
from mnistgd.datasets.parts import Part, Raw, Wanted
from mnistgd.datasets.readers import mapping
from mnistgd.datasets.readers.csv_files.memory import recalled, remember
from mnistgd.datasets.readers.csv_files.reader import has_labels, read_csv
from mnistgd.datasets.readers.request import WHOLE, Request
from mnistgd.errors import DataError
from mnistgd.system.files import quoted

KIND = "a CSV file"
_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
# mnist_train.csv, Training.csv, emnist-letters-train.csv.gz; a strain.csv trains no more than others.
_NAME = re.compile(
    r"(?P<set>(?:.*[^a-z])?)(?P<split>train|test)(?P<rest>(?:ing)?(?![a-z]).*)", re.IGNORECASE | re.DOTALL
)

_Read = tuple[Part, tuple[str, ...]]
"""What `read_csv` gives of a file."""


def is_csv(name: str) -> bool:
    """Whether a file of this name is read as a CSV file."""
    return name.lower().endswith(_SUFFIXES)


def read_set(path: Path, request: Request = WHOLE) -> Raw:
    """Read the data set of a CSV file; the file beside it that is called so has the images to test.

    Parameters
    ----------
    path : Path
        ``mnist_train.csv``, beside which there may be a ``mnist_test.csv``, or any other name.
    request : Request
        Its cache remembers what was found in files of more images than are held.

    Raises
    ------
    DataError
        As `read_csv`, or if there are no labels in it.
    """
    options, wanted, cache, listener = request
    fresh: list[_Read] = []

    def read(file: Path) -> _Read:
        known = cache and recalled(file, options.skip_bad, cache)
        if not known:
            fresh.append(read_csv(file, skip_bad=options.skip_bad, listener=listener))
        return known or fresh[-1]

    raw = _read_files(path, read, wanted)
    if cache is not None and raw.is_large and (raw.train is not None or wanted != "both"):
        if wanted == "both":
            # What is refused for its labels is not remembered.
            labels = {name: np.asarray(part.labels) for name, part in raw.parts.items()}
            numbered(labels, raw.class_names, str(path))
        for part, notes in fresh:
            remember(part, notes, options.skip_bad, cache)
    return raw


def _read_files(path: Path, read: Callable[[Path], _Read], wanted: Wanted) -> Raw:
    if not has_labels(path):
        hint = f"mnistgd predict {quoted(path)} --out answers.csv says what its images show"
        raise DataError(f"{path} has no labels", hint)
    match = _NAME.fullmatch(path.name)
    other = None if match is None else _beside(path, match)
    part, notes = read(path)
    if match is not None and match["split"].lower() == "test" and other is not None:
        return Raw(None, part, KIND, None, notes)
    test = None
    if wanted == "train":
        other = None
    if other is not None and not has_labels(other):
        notes += (f"{other} has no labels, and is not what tests: mnistgd predict takes it",)
    elif other is not None:
        test, more = read(other)
        notes += more
    class_names = None if match is None else mapping.beside(path, match["set"])
    return Raw(part, test, KIND, class_names, notes)


def _beside(path: Path, match: re.Match[str]) -> Path | None:
    """The file of the other part of the set, packed or not, if there is one."""
    split = match["split"]
    other = "train" if split.lower() == "test" else "test"
    other = other.upper() if split.isupper() else other.title() if split.istitle() else other
    rest = match["rest"]
    packed = rest[-3:].lower() == ".gz"
    found = (
        path.with_name(f"{match['set']}{other}{end}") for end in (rest, rest[:-3] if packed else f"{rest}.gz")
    )
    return next((each for each in found if each.is_file()), None)
