"""The labels of a data set, of whatever kind, as class numbers and class names."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.class_names import MAX_NAME, check_class_names
from mnistgd.datasets.dataset import MAX_CLASSES
from mnistgd.errors import DataError, UsageError

KINDS = "labels are whole numbers, words, or one-hot rows, one for each image"
_MAX_TEXT = 1024
_CHUNK = 1 << 16
_NUMBER = re.compile("[0-9]{1,18}")


class Classes(NamedTuple):
    """What the labels of a set are.

    Attributes
    ----------
    numbers : list of uint8 ndarray of shape (n,), one for each part, of numbers in [0, len(names))
    names : tuple of str
    """

    numbers: list[NDArray[np.uint8]]
    names: tuple[str, ...]


class _Flat(NamedTuple):
    """Labels of one part, (n,) whole numbers or texts; of one-hot rows also how many classes these have."""

    values: NDArray[Any]
    classes: int = 0


def check_kind(shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> None:
    """Check that an array can hold labels, before memory is taken for it.

    Raises
    ------
    DataError
        If it cannot.
    """
    tail = [side for side in shape[1:] if side != 1]
    text = dtype.kind in "US"
    if not shape or dtype.kind not in "buifUS" or len(tail) > 1 or (text and tail):
        raise DataError(f"{what} is {dtype} of shape {shape}, not one label for each image", KINDS)
    if text and not 0 < dtype.itemsize <= _MAX_TEXT:
        raise DataError(f"{what} is text of {dtype.itemsize:,} bytes for each image", KINDS)
    if tail and not 2 <= tail[0] <= MAX_CLASSES:
        raise DataError(
            f"{what} has {tail[0]} columns; one-hot rows have one for each of 2 to {MAX_CLASSES} classes",
            KINDS,
        )


def numbered(parts: Mapping[str, NDArray[Any]], given: Mapping[int, str] | None, source: str) -> Classes:
    """Number the classes of a set from 0.

    Whole numbers of which one is 0 stay what they are. Others, and words, are sorted and numbered from 0;
    what they were is then what the class is called.

    Parameters
    ----------
    parts : mapping of what a part is called to its labels, of shape (n,), (n, 1) or, one-hot, (n, classes)
    given : mapping of labels to what they are called, if a file says so
    source : str, what the set is called in an error

    Raises
    ------
    DataError
        If it is not plain which class a label means, or there are not 2 to 100 classes.
    """
    flat = [_flat(labels, f"{name} labels of {source}") for name, labels in parts.items()]
    kinds = {each.values.dtype.kind in "iu" for each in flat}
    if len(kinds) > 1:
        raise DataError(f"some labels of {source} are numbers and some are words", KINDS)
    if kinds == {False}:
        return _sorted(flat, {}, source)
    least = min(int(each.values.min()) for each in flat)
    for name, each in zip(parts, flat, strict=True):
        _check_range(each.values, least, name, source)
    stay = least == 0 or any(each.classes for each in flat)
    return (_kept if stay else _sorted)(flat, given or {}, source)


def _kept(flat: Sequence[_Flat], given: Mapping[int, str], source: str) -> Classes:
    """Numbers that stay what they are."""
    count = max(1 + max(int(each.values.max()), each.classes - 1) for each in flat)
    count = max([count, *(label + 1 for label in given)])
    _check_count(count, "0", source)
    names = [given.get(label, str(label)) for label in range(count)]
    numbers = [each.values.astype(np.uint8, copy=False) for each in flat]
    return Classes(numbers, _checked_names(names, source))


def _sorted(flat: Sequence[_Flat], given: Mapping[int, str], source: str) -> Classes:
    """Numbers and words that become the names of classes."""
    found = [np.unique(each.values) for each in flat]
    known = sorted({*given, *(value for values in found for value in values.tolist())})
    _check_count(len(known), str(known[0]), source)
    numbers = [
        _places(each.values, values, [known.index(value) for value in values.tolist()])
        for each, values in zip(flat, found, strict=True)
    ]
    return Classes(numbers, _checked_names([given.get(value, str(value)) for value in known], source))


def _places(labels: NDArray[Any], values: NDArray[Any], places: Sequence[int]) -> NDArray[np.uint8]:
    """For each label the place of its value; in pieces, for numpy finds them in eight bytes each."""
    numbers, own = np.empty(len(labels), np.uint8), np.array(places, np.uint8)
    for start in range(0, len(labels), _CHUNK):
        numbers[start : start + _CHUNK] = own[np.searchsorted(values, labels[start : start + _CHUNK])]
    return numbers


def _check_count(count: int, only: str, source: str) -> None:
    if count < 2:
        raise DataError(
            f"every label in {source} is {only}", "there must be at least two classes to tell apart"
        )
    if count > MAX_CLASSES:
        raise DataError(f"{source} has {count:,} classes; there can be 2 to {MAX_CLASSES}", KINDS)


def _checked_names(names: Sequence[str], source: str) -> tuple[str, ...]:
    try:
        return check_class_names(names)
    except UsageError as problem:
        raise DataError(
            f"the classes of {source} cannot be called so: {problem.message}",
            f"a class is called by 1 to {MAX_NAME} printable characters, and otherwise than any other",
        ) from problem


def _check_range(values: NDArray[np.integer], least: int, name: str, source: str) -> None:
    wrong = np.flatnonzero((values < 0) | (values >= MAX_CLASSES) if least <= 0 else ())
    if len(wrong):
        found = f"{name} label {values[wrong[0]]} (of image {wrong[0]})"
        raise DataError(
            f"{source} has a label that is not in 0 to {MAX_CLASSES - 1}: {found}",
            "number the classes from 0",
        )


def _flat(labels: NDArray[Any], what: str) -> _Flat:
    check_kind(labels.shape, labels.dtype, what)
    count = len(labels)
    labels = labels.reshape(count, -1)
    if labels.dtype.kind == "f":
        labels = _whole(labels.astype(np.float64), what)
    if labels.dtype.kind == "b":
        labels = labels.astype(np.uint8)
    if labels.shape[1] > 1:
        wrong = np.flatnonzero(((labels != 0) & (labels != 1)).any(axis=1) | (labels.sum(axis=1) != 1))
        if len(wrong):
            raise DataError(
                f"row {wrong[0]} of the {what} is not one-hot: it is no single 1 among zeros", KINDS
            )
        return _Flat(labels.argmax(axis=1), labels.shape[1])
    return _Flat(_texts(labels[:, 0], what) if labels.dtype.kind in "US" else labels[:, 0])


def _whole(labels: NDArray[np.floating], what: str) -> NDArray[np.int64]:
    wrong = np.argwhere(~(np.abs(labels) < 2**53) | (labels != np.floor(labels)))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"the {what} are floats, and {labels[row, column]} (of image {row}) is not whole", KINDS
        )
    return labels.astype(np.int64)


def _texts(labels: NDArray[Any], what: str) -> NDArray[Any]:
    """Labels that are text: numbers, if all are written so."""
    found, inverse = np.unique(labels, return_inverse=True)
    try:
        if labels.dtype.kind == "U" and (found.view(f"{labels.dtype.str[0]}u4") > sys.maxunicode).any():
            raise ValueError("there are no such characters")
        words = [word.decode() if isinstance(word, bytes) else word for word in found.tolist()]
    except ValueError as problem:
        raise DataError(f"the {what} are no text", KINDS) from problem
    numbers = all(map(_NUMBER.fullmatch, words))
    values = np.array([int(word) for word in words], np.int64) if numbers else np.array(words)
    return values[inverse]
