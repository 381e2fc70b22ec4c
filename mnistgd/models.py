"""A trained network, and the file it lives in.

The file is an ``.npz`` without pickle: ``weights`` (784, n_classes) float32, ``bias`` (n_classes,)
float32 and ``record``, a 0-d array of text that holds JSON: what the network is and how it came about.
That is format 1. A network with hidden layers has format 2: ``weights_1`` (784, units) and ``bias_1``,
``weights_2`` and ``bias_2`` and so on, the last for the classes.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnistgd import records
from mnistgd.datasets.dataset import PIXELS
from mnistgd.datasets.finding import MNIST, Source
from mnistgd.engine.arrays import Array, Params
from mnistgd.engine.losses import softmax
from mnistgd.errors import WeightsError
from mnistgd.files import called, write_atomically
from mnistgd.npz import read_npz
from mnistgd.settings import Settings

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
        """(784, n_classes); ``weights[:, 2].reshape(28, 28)`` is digit 2's picture.

        Raises
        ------
        WeightsError
            If the network has hidden layers: its digits have no picture then, its hidden units have.
        """
        if self.settings.hidden:
            hint = "show-weights --layer 1 shows its hidden units; train without --hidden for the digits"
            raise WeightsError(
                "in a network with hidden layers no single weight joins a pixel and a digit", hint
            )
        return self.params["weights"]

    def layer_weights(self, layer: int) -> Array:
        """The weights of layer `layer`, counted from 1, of shape (inputs, outputs).

        Raises
        ------
        WeightsError
            If there is no such layer.
        """
        layers = len(self.settings.hidden) + 1
        if not 1 <= layer <= layers:
            raise WeightsError(f"this network has no layer {layer}", f"its layers are 1 to {layers}")
        return self.params[f"{self.settings.layer_prefix(layer)}weights"]

    @property
    def data_source(self) -> str:
        """Where the training images came from: ``openml``, ``embedded`` or a path."""
        return str(self.record["data"]["source"])

    @property
    def data_spec(self) -> str:
        """What `datasets.load` brings those images with."""
        return MNIST if self.data_source in get_args(Source) else self.data_source

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
    layers = _arrays_of(model.settings, len(model.names))
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
        raise WeightsError(f"there is no weights file {place}", TRAIN_FIRST)
    found = read_npz(source, {"record": records.MAX_BYTES}, WeightsError, TRAIN_AGAIN)
    try:
        record = records.parse(found.get("record"))
        layers = _arrays_of(record.settings, len(record.names))
        limits = {name: 4 * math.prod(shape) for name, (_, shape) in layers.items()}
        arrays = read_npz(source, limits, WeightsError, TRAIN_AGAIN)
        params = {param: _checked(arrays.get(name), name, shape) for name, (param, shape) in layers.items()}
    except records.NewerFormatError as problem:
        raise WeightsError(f"{place} has {problem}", "pip install --upgrade mnistgd") from problem
    except records.BadRecordError as problem:
        raise WeightsError(f"{place} is not a weights file of mnistgd: {problem}", TRAIN_AGAIN) from problem
    return Model(params, record.settings, record.names, record.document)


def weights_sha256(weights: ArrayLike) -> str:
    """SHA-256, in hex, of a weight array: of its numbers as little-endian float32, row by row.

    It depends on nothing but the numbers, unlike the hash of a weights file, which holds a date.
    """
    return hashlib.sha256(np.asarray(weights).astype("<f4", order="C").tobytes("C")).hexdigest()


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
        raise records.BadRecordError(f"it has no {name}")
    if array.shape != shape or array.dtype != np.float32:
        raise records.BadRecordError(
            f"its {name} has shape {array.shape} of {array.dtype}, not {shape} of float32"
        )
    if not np.isfinite(array).all():
        raise records.BadRecordError(f"not all numbers in its {name} are finite")
    return array
