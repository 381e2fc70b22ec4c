"""What the classes of a data set are called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mnistgd.datasets.dataset import MAX_CLASSES
from mnistgd.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnistgd.datasets.dataset import Dataset

# Longer ones do not fit under a picture.
MAX_NAME = 40


def parse_names(text: str) -> tuple[str, ...]:
    """Read the names of the classes from one line, separated by commas.

    Raises
    ------
    UsageError
        If a name is empty, repeated, too long or not printable, or there are not 2 to 10 of them.

    Examples
    --------
    >>> parse_names("T-shirt, Trouser, Pullover")
    ('T-shirt', 'Trouser', 'Pullover')
    """
    return check_names([name.strip() for name in text.split(",")])


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names as they came, if a picture and a table can show them apart.

    Raises
    ------
    UsageError
        As `parse_names`.
    """
    if not 2 <= len(names) <= MAX_CLASSES:
        raise UsageError(
            f"there can be 2 to {MAX_CLASSES} names of classes, not {len(names)}", "name every class once"
        )
    for place, name in enumerate(names):
        if not name:
            raise UsageError(f"the name of class {place} is empty", "separate the names by single commas")
        if len(name) > MAX_NAME or not name.isprintable():
            raise UsageError(
                f"class {place} needs a name of at most {MAX_NAME} printable characters", "call it otherwise"
            )
        if name in names[:place]:
            raise UsageError(f"two classes are called {name}", "give each class a name of its own")
    return tuple(names)


def named(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The same data set, its classes called by these names.

    Raises
    ------
    DataError
        If there is not one name for each class.
    """
    if len(names) != len(dataset.names):
        classes = f"{dataset.source} has {len(dataset.names)} classes"
        raise DataError(f"{classes}, and {len(names)} names are given for them", "name every class once")
    return replace(dataset, names=tuple(names))
