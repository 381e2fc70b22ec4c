"""A trained network, and the file it lives in.

The file is an ``.npz`` without pickle: ``weights`` (784, n_classes) float32, ``bias`` (n_classes,)
float32 and ``record``, a 0-d array of text that holds JSON: what the network is and how it came about.
That is format 1. A network with hidden layers has format 2: ``weights_1`` (784, units) and ``bias_1``,
``weights_2`` and ``bias_2`` and so on, the last for the classes. With more than ten classes it is format 3,
if another program trained it format 4, and if its outputs have an activation, or its weights began as
standard normal numbers, format 5, the arrays as in the first two.

A network sees pixels in [0, 1]: bytes divided by 255. The record says so as ``pixel_scale``; files that are
older than that key mean the same. README.md beside this module describes the file for other programs.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnistgd.datasets.class_names import class_names_in
from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.engine.types import Array
from mnistgd.errors import WeightsError
from mnistgd.model.environment import describe
from mnistgd.model.model import Model
from mnistgd.model.settings import WEIGHTS_FILE, Settings
from mnistgd.system.files import called, quoted, write_atomically
from mnistgd.system.npz import BadRecordError, json_in, opened_npz

TRAIN_FIRST = "train first: mnistgd train"
TRAIN_AGAIN = "make a new one: mnistgd train"


def save(model: Model, path: Path) -> None:
    """Write `model` to `path`, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write_atomically(path, file_bytes(model))


def file_bytes(model: Model) -> bytes:
    """What is in the file of `model`."""
    layers = _arrays_of(model.settings, len(model.class_names))
    arrays = {name: model.params[param] for name, (param, _) in layers.items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays, record=np.array(json.dumps(model.record)))
    return buffer.getvalue()


def load(source: Path | bytes) -> Model:
    """Read a weights file, believing nothing it says before it has been checked.

    Parameters
    ----------
    source : Path, or bytes
        A file, or what stdin held.

    Raises
    ------
    WeightsError
        If it is missing, damaged, of a newer format or not a weights file at all.
    """
    place = called(source)
    if isinstance(source, Path) and not source.exists():
        made_by = "" if source == WEIGHTS_FILE else f" --out {quoted(source)}"
        raise WeightsError(f"there is no weights file {place}", f"{TRAIN_FIRST}{made_by}")
    try:
        with opened_npz(source, WeightsError, TRAIN_AGAIN) as read:
            settings, class_names, record = parse_record(json_in(read("record", RECORD_BYTES)), source)
            params = {
                param: _checked(read(name, 4 * math.prod(shape)), name, shape)
                for name, (param, shape) in _arrays_of(settings, len(class_names)).items()
            }
    except BadRecordError as problem:
        raise WeightsError(f"{place} is not a weights file of mnistgd: {problem}", TRAIN_AGAIN) from problem
    return Model(params, settings, class_names, record)


def weights_sha256(weights: ArrayLike) -> str:
    """SHA-256, in hex, of a weight array: of its numbers as little-endian float32, row by row.

    It depends on nothing but the numbers, unlike the hash of a weights file, which holds a date.
    """
    return hashlib.sha256(np.asarray(weights).astype("<f4", order="C").tobytes("C")).hexdigest()


def network_sha256(model: Model) -> str:
    """What `weights_sha256` says of each layer, from the first on, with blanks between."""
    layers = range(1, len(model.settings.hidden) + 2)
    return " ".join(weights_sha256(model.layer_weights(layer)) for layer in layers)


def _arrays_of(settings: Settings, n_classes: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """For each array of the file, what the engine calls it, and its shape."""
    arrays: dict[str, tuple[str, tuple[int, ...]]] = {}
    for layer, (n_inputs, n_outputs) in enumerate(settings.layer_sizes(n_classes), 1):
        ending = f"_{layer}" if settings.hidden else ""
        prefix = settings.layer_prefix(layer)
        arrays[f"weights{ending}"] = (f"{prefix}weights", (n_inputs, n_outputs))
        arrays[f"bias{ending}"] = (f"{prefix}bias", (n_outputs,))
    return arrays


def _checked(array: NDArray[Any] | None, name: str, shape: tuple[int, ...]) -> Array:
    if array is None:
        raise BadRecordError(f"it has no {name}")
    if array.shape != shape or array.dtype != np.float32:
        raise BadRecordError(f"its {name} has shape {array.shape} of {array.dtype}, not {shape} of float32")
    if not np.isfinite(array).all():
        raise BadRecordError(f"not all numbers in its {name} are finite")
    return array


FOREIGN, NEWEST = 4, 5
"""Of the formats: 1 has one layer, 2 has hidden layers, 3 has more than ten classes, 4 was imported, and 5,
imported or not, has settings that readers of the others would take for damage, or not heed."""
_CLASSES_OF_OLD = 10

RECORD_BYTES = 1_000_000


def build_record(
    settings: Settings,
    class_names: tuple[str, ...],
    *,
    data: Mapping[str, Any],
    results: Mapping[str, Any],
    workers: int = 1,
) -> dict[str, Any]:
    """The record of a network that has just been trained.

    Parameters
    ----------
    settings : Settings
    class_names : tuple of str
    data : mapping with keys ``source``, ``sha256`` and ``labels_sha256``, of the images it was trained on,
        and the `DataOptions` that they were read with
    results : mapping of names to figures, such as ``test_accuracy``
    workers : int, how many processes computed the gradients
    """
    older = 3 if len(class_names) > _CLASSES_OF_OLD else 2 if settings.hidden else 1
    return _record(
        format=_format(settings, older),
        settings=settings.as_json(),
        seed=settings.seed,
        names=list(class_names),
        preprocessing=["deskew"] if settings.deskew else [],
        data=dict(data),
        results=dict(results),
        environment=describe(workers),
    )


def foreign_record(settings: Settings, known: Sequence[str], class_names: tuple[str, ...]) -> dict[str, Any]:
    """The record of a network that was trained by another program.

    Parameters
    ----------
    settings : Settings
    known : the names of those settings that are known; the others are null
    class_names : tuple of str
    """
    every = settings.as_json()
    return _record(
        format=_format(settings, FOREIGN),
        settings={name: every[name] if name in known else None for name in every},
        seed=None,
        names=list(class_names),
        preprocessing=[],
        data=None,
        results={},
        environment=None,
    )


def _format(settings: Settings, older: int) -> int:
    return older if settings.output == "none" and settings.init != "normal" else NEWEST


def _record(**parts: Any) -> dict[str, Any]:
    return {
        **parts,
        "image_shape": list(IMAGE_SHAPE),
        # For whoever reads the file without this package: the network sees pixel * pixel_scale, in [0, 1].
        "pixel_scale": 1 / 255,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def parse_record(
    document: dict[str, Any], source: Path | bytes
) -> tuple[Settings, tuple[str, ...], dict[str, Any]]:
    """Check a record: its settings, its classes' names, and all of it as JSON has it.

    Parameters
    ----------
    document : dict, what the file's array ``record`` holds as JSON
    source : Path, or bytes, as for `load`

    Raises
    ------
    BadRecordError
        If it is missing, or is not a record.
    WeightsError
        If it names a format that is not known yet, or is that of snapshots.
    """
    place = called(source)
    if "steps" in document:  # as in the record of snapshots, which lie beside a weights file
        file = quoted(source) if isinstance(source, Path) else "-"
        hint = f"name the weights beside them, or draw one: mnistgd show-weights --step last --weights {file}"
        raise WeightsError(f"{place} holds snapshots, not a network", hint)
    if type(document.get("format")) is not int or document["format"] < 1:
        raise BadRecordError("its record names no format")
    if document["format"] > NEWEST:
        message = f"{place} has format {document['format']}, newer than the {NEWEST} that this mnistgd reads"
        raise WeightsError(message, "pip install --upgrade mnistgd")
    settings = document.get("settings")
    if document["format"] >= FOREIGN and document.get("data") is None:
        settings = isinstance(settings, dict) and {k: v for k, v in settings.items() if v is not None}
    else:
        _check_data(document.get("data"))
    if document.get("image_shape") != list(IMAGE_SHAPE):
        raise BadRecordError(f"its images are not {IMAGE_SHAPE[0]}×{IMAGE_SHAPE[1]}")
    return _settings(settings), class_names_in(document.get("names")), document


def _check_data(data: object) -> None:
    if not isinstance(data, dict) or not all(isinstance(data.get(key), str) for key in ("source", "sha256")):
        raise BadRecordError("its record does not say what it was trained on")
    if not isinstance(data.get("labels_sha256"), str | None):
        raise BadRecordError("its record does not say which labels it was trained on")
    try:
        DataOptions.from_json(data)
    except ValueError as problem:
        raise BadRecordError(f"its record says not how its images are read: {problem}") from problem


def _settings(value: object) -> Settings:
    try:
        return Settings.from_json(value)
    except (TypeError, ValueError) as problem:
        raise BadRecordError(f"its settings are damaged ({problem})") from problem
