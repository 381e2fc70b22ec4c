"""The record of a weights file: what the network is and how it came about, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from numpy.typing import NDArray

from mnistgd.datasets.dataset import IMAGE_SHAPE, MAX_CLASSES
from mnistgd.datasets.names import check_names
from mnistgd.environment import describe
from mnistgd.errors import UsageError
from mnistgd.settings import Settings

FORMATS = (1, 2)
"""1 has one layer of weights, 2 has hidden layers."""

MAX_BYTES = 1_000_000


class BadRecordError(ValueError):
    """A part of a file that is not as it must be; the message names it."""


class NewerFormatError(Exception):
    """The file is of a format that is not known yet."""


@dataclass(frozen=True)
class Record:
    """A record that has been checked.

    Attributes
    ----------
    settings : Settings
    names : tuple of str, one per class
    document : mapping, all of it as JSON has it
    """

    settings: Settings
    names: tuple[str, ...]
    document: Mapping[str, Any]


def build(
    settings: Settings, names: tuple[str, ...], *, data: Mapping[str, str], results: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of a network that has just been trained.

    Parameters
    ----------
    settings : Settings
    names : tuple of str
    data : mapping with keys ``source`` and ``sha256``, of the images it was trained on
    results : mapping of names to figures, such as ``test_accuracy``
    """
    settings = settings.resolved()
    return {
        "format": 2 if settings.hidden else 1,
        "settings": settings.as_json(),
        "seed": settings.seed,
        "names": list(names),
        "image_shape": list(IMAGE_SHAPE),
        "preprocessing": ["deskew"] if settings.deskew else [],
        "data": dict(data),
        "results": dict(results),
        "environment": describe(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def parse(array: NDArray[Any] | None) -> Record:
    """Check the record of a file.

    Parameters
    ----------
    array : ndarray or None; the file's array ``record``, a 0-d array of text

    Raises
    ------
    BadRecordError
        If it is missing, or is not a record.
    NewerFormatError
        If it names a format that is not known yet.
    """
    document = json_in(array)
    if type(document.get("format")) is not int or document["format"] < 1:
        raise BadRecordError("its record names no format")
    if document["format"] > FORMATS[-1]:
        raise NewerFormatError(
            f"format {document['format']}, newer than the {FORMATS[-1]} that this mnistgd reads"
        )
    _check_data(document.get("data"))
    if document.get("image_shape") != list(IMAGE_SHAPE):
        raise BadRecordError(f"its images are not {IMAGE_SHAPE[0]}×{IMAGE_SHAPE[1]}")
    return Record(_settings(document.get("settings")), names_in(document.get("names")), document)


def json_in(array: NDArray[Any] | None) -> dict[str, Any]:
    """The JSON object in the array ``record`` of a file.

    Parameters
    ----------
    array : ndarray or None; a 0-d array of text

    Raises
    ------
    BadRecordError
        If it is missing, or holds something else.
    """
    if array is None or array.shape != () or array.dtype.kind != "U":
        raise BadRecordError("it has no record")
    try:
        document = json.loads(str(array))
    except (ValueError, RecursionError) as problem:
        raise BadRecordError("its record is not JSON") from problem
    if not isinstance(document, dict):
        raise BadRecordError("its record is no JSON object")
    return document


def names_in(value: object) -> tuple[str, ...]:
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
        return check_names(value)
    except UsageError as problem:
        raise BadRecordError(f"its record names classes that cannot be: {problem.message}") from problem


def _check_data(data: object) -> None:
    if not isinstance(data, dict) or not all(isinstance(data.get(key), str) for key in ("source", "sha256")):
        raise BadRecordError("its record does not say what it was trained on")


def _settings(value: object) -> Settings:
    try:
        return Settings.from_json(value)
    except (TypeError, ValueError) as problem:
        raise BadRecordError(f"its settings are damaged ({problem})") from problem
