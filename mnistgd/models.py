"""A trained network, and the file it lives in.

The file is an ``.npz`` without pickle: ``weights`` (784, n_classes) float32, ``bias`` (n_classes,)
float32 and ``record``, a 0-d array of text that holds JSON: what the network is and how it came about.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import IMAGE_SHAPE, PIXELS
from mnistgd.engine.arrays import Array, Params
from mnistgd.engine.losses import softmax
from mnistgd.environment import describe
from mnistgd.errors import WeightsError
from mnistgd.files import write_atomically
from mnistgd.npz import read_npz
from mnistgd.settings import Settings

FORMAT = 1
MAX_CLASSES = 10
RECORD_BYTES = 1_000_000
TRAIN_FIRST = "train first: mnistgd train"
TRAIN_AGAIN = "make a new one: mnistgd train"


@dataclass(frozen=True)
class Model:
    """A trained network.

    Attributes
    ----------
    params : Params, float32
    settings : Settings that it was trained with
    names : tuple of str, one per class
    record : mapping
        What the file says of the network besides its arrays, as JSON has it.
    """

    params: Params
    settings: Settings
    names: tuple[str, ...]
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> Array:
        """(784, n_classes); ``weights[:, 2].reshape(28, 28)`` is digit 2's picture."""
        return self.params["weights"]

    @property
    def data_source(self) -> str:
        """Where the training images came from: ``openml``, ``embedded`` or a path."""
        return str(self.record["data"]["source"])

    @property
    def data_sha256(self) -> str:
        """SHA-256, in hex, of the pixels it was trained and tested on."""
        return str(self.record["data"]["sha256"])

    def outputs(self, images: NDArray[np.uint8]) -> Array:
        """What the network answers: logits, or for a squared-error network its predictions.

        Parameters
        ----------
        images : uint8 ndarray of shape (n, 28, 28), prepared as the training images were

        Returns
        -------
        float32 ndarray of shape (n, n_classes)
        """
        network = self.settings.network(len(self.names))
        return network.forward(self.params, images.reshape(len(images), PIXELS))[0]

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """How probable each class is; shape (n, n_classes), each row sums to 1.

        softmax(outputs) for cross-entropy. A squared-error network has no softmax: its outputs estimate
        the probabilities themselves, but may leave [0, 1] and need not sum to 1. They are clipped there
        and divided by their sum.
        """
        outputs = self.outputs(images).astype(np.float64)
        if self.settings.loss == "cross-entropy":
            return softmax(outputs)
        # Nothing above zero at all says nothing about the class: a uniform guess.
        clipped = np.clip(outputs, 0, 1)
        clipped[clipped.sum(axis=1) == 0] = 1
        probabilities: NDArray[np.float64] = clipped / clipped.sum(axis=1, keepdims=True)
        return probabilities


def with_record(model: Model, *, data: Mapping[str, str], results: Mapping[str, float]) -> Model:
    """`model` with the record that its file will carry: what it is, and how it came about.

    Parameters
    ----------
    model : Model
    data : mapping with keys ``source`` and ``sha256``, of the images it was trained on
    results : mapping of names to figures, such as ``test_accuracy``
    """
    settings = model.settings.resolved()
    record = {
        "format": FORMAT,
        "settings": settings.as_json(),
        "seed": settings.seed,
        "names": list(model.names),
        "image_shape": list(IMAGE_SHAPE),
        "preprocessing": ["deskew"] if settings.deskew else [],
        "data": dict(data),
        "results": dict(results),
        "environment": describe(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return replace(model, record=record)


def save(model: Model, path: Path) -> None:
    """Write `model` to `path`, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **model.params, record=np.array(json.dumps(model.record)))
    write_atomically(path, buffer.getvalue())


def load(path: Path) -> Model:
    """Read a weights file, believing nothing it says before it has been checked.

    Raises
    ------
    WeightsError
        If it is missing, damaged, of a newer format or not a weights file at all.
    """
    if not path.exists():
        raise WeightsError(f"there is no weights file {path}", TRAIN_FIRST)
    limits = {"weights": PIXELS * MAX_CLASSES * 4, "bias": MAX_CLASSES * 4, "record": RECORD_BYTES}
    arrays = read_npz(path, limits, WeightsError, TRAIN_AGAIN)
    try:
        record = _read_record(arrays.get("record"))
        if record["format"] != FORMAT:
            raise WeightsError(
                f"{path} has format {record['format']}, newer than the {FORMAT} that this mnistgd reads",
                "upgrade mnistgd: pip install --upgrade mnistgd",
            )
        names = _read_names(record)
        _check_data(record)
        settings = _read_settings(record)
        params = _read_params(arrays, len(names))
    except _BadRecordError as problem:
        raise WeightsError(f"{path} is not a weights file of mnistgd: {problem}", TRAIN_AGAIN) from problem
    return Model(params, settings, names, record)


class _BadRecordError(Exception):
    """A part of the file that is not as it must be; the message names it."""


def _read_record(array: NDArray[Any] | None) -> dict[str, Any]:
    if array is None or array.shape != () or array.dtype.kind != "U":
        raise _BadRecordError("it has no record")
    try:
        record = json.loads(str(array))
    except (ValueError, RecursionError) as problem:
        raise _BadRecordError("its record is not JSON") from problem
    if not isinstance(record, dict) or type(record.get("format")) is not int or record["format"] < 1:
        raise _BadRecordError("its record names no format")
    return record


def _check_data(record: dict[str, Any]) -> None:
    data = record.get("data")
    if not isinstance(data, dict) or not all(isinstance(data.get(key), str) for key in ("source", "sha256")):
        raise _BadRecordError("its record does not say what it was trained on")


def _read_names(record: dict[str, Any]) -> tuple[str, ...]:
    names = record.get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise _BadRecordError("its record names no classes")
    if not 2 <= len(names) <= MAX_CLASSES:
        raise _BadRecordError(f"it has {len(names)} classes, not 2 to {MAX_CLASSES}")
    if record.get("image_shape") != list(IMAGE_SHAPE):
        raise _BadRecordError(f"its images are not {IMAGE_SHAPE[0]}×{IMAGE_SHAPE[1]}")
    return tuple(names)


def _read_settings(record: dict[str, Any]) -> Settings:
    try:
        return Settings.from_json(record.get("settings"))
    except (TypeError, ValueError) as problem:
        raise _BadRecordError(f"its settings are damaged ({problem})") from problem


def _read_params(arrays: dict[str, NDArray[Any]], n_classes: int) -> Params:
    params: Params = {}
    for name, shape in (("weights", (PIXELS, n_classes)), ("bias", (n_classes,))):
        array = arrays.get(name)
        if array is None:
            raise _BadRecordError(f"it has no {name}")
        if array.shape != shape or array.dtype != np.float32:
            raise _BadRecordError(
                f"its {name} has shape {array.shape} of {array.dtype}, not {shape} of float32"
            )
        if not np.isfinite(array).all():
            raise _BadRecordError(f"not all numbers in its {name} are finite")
        params[name] = array
    return params
