"""What the classes of a data set are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mnistgd.datasets.dataset import MAX_CLASSES, Dataset
from mnistgd.errors import DataError, UsageError
from mnistgd.system.npz import BadRecordError

# Longer ones do not fit under a picture.
MAX_NAME = 40

MANY = 20
"""Names, beyond which a line has no room for all."""


def parse_class_names(text: str) -> tuple[str, ...]:
    """Read the names of the classes from one line, separated by commas.

    Raises
    ------
    UsageError
        If a name is empty, repeated, too long or not printable, or there are not 2 to 100 of them.

    Examples
    --------
    >>> parse_class_names("T-shirt, Trouser, Pullover")
    ('T-shirt', 'Trouser', 'Pullover')
    """
    return check_class_names([name.strip() for name in text.split(",")])


def check_class_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names as they came, if a picture and a table can show them apart.

    Raises
    ------
    UsageError
        As `parse_class_names`.
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


def find_class(names: Sequence[str], word: str) -> int | None:
    """The class that `word`, its name or else its number, stands for; None if there is none.

    Examples
    --------
    >>> find_class(("3", "A"), "A"), find_class(("3", "A"), "3"), find_class(("3", "A"), "1")
    (1, 0, 1)
    """
    if word in names:
        return names.index(word)
    if word.isascii() and word.isdigit():
        # Of thousands of figures Python makes no number.
        number = int(word.lstrip("0")[:9] or 0)
        return number if number < len(names) else None
    return None


def listed(names: Sequence[str]) -> str:
    """The names with commas; of more than twenty the first and the last, and how many there are.

    Examples
    --------
    >>> listed(("cat", "dog")), listed([f"{k}" for k in range(62)])
    ('cat, dog', '0, 1, 2, 3, 4, 5, 6, 7, 8, …, 61: 62 in all')
    """
    if len(names) <= MANY:
        return ", ".join(names)
    return f"{', '.join(names[:9])}, …, {names[-1]}: {len(names)} in all"


def with_class_names(dataset: Dataset, class_names: Sequence[str]) -> Dataset:
    """The same data set, its classes called by these names.

    Raises
    ------
    DataError
        If there is not one name for each class.
    """
    if len(class_names) != len(dataset.class_names):
        found = f"{dataset.source} has {len(dataset.class_names)} classes"
        raise DataError(f"{found}, and {len(class_names)} names are given for them", "name every class once")
    return replace(dataset, class_names=tuple(class_names))


def class_names_in(value: object) -> tuple[str, ...]:
    """The names of the classes, as JSON has them.

    Raises
    ------
    BadRecordError
        If they could not have been given to a data set.
    """
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise BadRecordError("its record names no classes")
    if not 2 <= len(value) <= MAX_CLASSES:
        raise BadRecordError(f"it has {len(value)} classes, not 2 to {MAX_CLASSES}")
    try:
        return check_class_names(value)
    except UsageError as problem:
        raise BadRecordError(f"its record names classes that cannot be: {problem.message}") from problem
