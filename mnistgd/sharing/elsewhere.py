"""Weights that another program trained, as PyTorch names and lays them out, become a network of this one."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.class_names import check_class_names
from mnistgd.datasets.dataset import MAX_CLASSES
from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.types import Params
from mnistgd.errors import MissingExtraError, UsageError, WeightsError
from mnistgd.model.model import Model
from mnistgd.model.settings import MAX_LAYERS, MAX_UNITS, Settings
from mnistgd.model.weights_file import foreign_record, parse_record
from mnistgd.system.files import called, read_stream, reason
from mnistgd.system.npz import BadRecordError, opened_npz

MAX_BYTES = 50_000_000
"""Of an array: ten times what the largest layer takes."""

_MAX_TENSORS = 2 * (MAX_LAYERS + 1)
_ZIP_MAGIC = b"PK"
HINT = (
    "import takes safetensors, or an .npz, named and laid out as PyTorch does: weight (10, 784), bias (10,)"
)


class Tensors(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    arrays : dict of str to ndarray
    record : dict or None; of a network that `mnistgd export` wrote, all that its weights file says
    """

    arrays: dict[str, NDArray[Any]]
    record: dict[str, Any] | None = None


class Normalisation(NamedTuple):
    """What the inputs were: (pixel / 255 - mean) / std."""

    mean: float
    std: float


def read_tensors(source: Path | bytes) -> Tensors:
    """The arrays in a safetensors or an ``.npz`` file.

    Parameters
    ----------
    source : Path, or bytes that stdin held

    Raises
    ------
    WeightsError
        If it is missing, too large, damaged or of another kind.
    MissingExtraError
        If it is a safetensors file, and ``safetensors`` is not installed.
    """
    try:
        content = source if isinstance(source, bytes) else read_stream(source)
    except OSError as error:
        raise WeightsError(f"cannot read {called(source)}: {reason(error)}", HINT) from error
    if content.startswith(_ZIP_MAGIC):
        with opened_npz(content, WeightsError, HINT, called(source)) as read:
            if "record" in read.names:
                hint = "show-weights, evaluate and the others read it as it is"
                raise WeightsError(f"{called(source)} is no file of another program", hint)
            if len(read.names) > _MAX_TENSORS:
                raise WeightsError(f"{called(source)} holds {len(read.names)} arrays", HINT)
            arrays = {name: read(name, MAX_BYTES) for name in read.names}
        return Tensors({name: array for name, array in arrays.items() if array is not None})
    return _safetensors(content, called(source))


def _safetensors(content: bytes, place: str) -> Tensors:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load
    except ImportError as error:
        raise MissingExtraError("what is no .npz file needs safetensors", "safetensors") from error

    # Eight bytes say how long the JSON is that follows.
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or not content[8:].startswith(b"{") or length > len(content):
        raise WeightsError(f"{place} is neither safetensors nor an .npz file", HINT)
    try:
        arrays = load(content)
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{place} is damaged, or has numbers of a kind that numpy lacks", HINT) from error
    try:
        record = json.loads(metadata["mnistgd"]) if "mnistgd" in metadata else None
    except (ValueError, TypeError, RecursionError):
        record = None
    return Tensors(arrays, record if isinstance(record, dict) else None)


def imported(
    tensors: Tensors,
    place: str,
    normalisation: Normalisation | None = None,
    activation: str | None = None,
    class_names: Sequence[str] | None = None,
    output: str | None = None,
) -> Model:
    """The network that the arrays are the layers of, for pixels in [0, 1].

    With w and b as they are, and inputs (x - mean) / std, the first layer is the same as one that has
    weights w / std and bias b - mean / std · (sum of w over the pixels).

    Parameters
    ----------
    tensors : Tensors
    place : str, what the file is called
    normalisation, activation, class_names, output
        What the file does not say; a network that `mnistgd export` wrote says all of it.

    Raises
    ------
    UsageError
        If one is missing that cannot be known, or is given although it is known.
    WeightsError
        If the arrays are not fully connected layers from 784 pixels to 2 to 100 classes.
    """
    layers = _layers(tensors.arrays, place)
    hidden = tuple(len(bias) for _, bias in layers[:-1])
    n_classes = len(layers[-1][1])
    if tensors.record is not None:
        if (normalisation, activation, class_names, output) != (None, None, None, None):
            hint = "leave out --mean, --std, --activation, --output and --class-names"
            raise UsageError(f"{place} says itself what its inputs and classes are", hint)
        try:
            settings, names, record = parse_record(tensors.record, Path(place))
        except BadRecordError as problem:
            raise WeightsError(f"{place} is no export of mnistgd: {problem}", HINT) from problem
        if (settings.hidden, len(names)) != (hidden, n_classes):
            raise WeightsError(f"{place} is no export of mnistgd: its record is of another network", HINT)
        return Model(_params(layers, settings), settings, names, record)
    if normalisation is None:
        hint = "--mean 0.1307 --std 0.3081 for the usual recipe, --mean 0 --std 1 for pixels in [0, 1]"
        raise UsageError(f"{place} does not say how its inputs were normalised", hint)
    if hidden and activation is None:
        raise UsageError(f"{place} does not say what its hidden units do", "name it: --activation relu")
    loss = "squared-error" if output else "cross-entropy"
    settings = Settings(hidden=hidden, activation=activation or "relu", loss=loss, output=output or "none")
    names = tuple(class_names or map(str, range(n_classes)))
    check_class_names(names)
    if len(names) != n_classes:
        raise WeightsError(f"{place} has {n_classes} classes, not {len(names)}", "name every class once")
    known = ["hidden", "loss", "output", "deskew", *(["activation"] if hidden else [])]
    first, bias = layers[0]
    mean, std = normalisation
    layers[0] = (first / std, bias - mean / std * first.sum(axis=0))
    return Model(_params(layers, settings), settings, names, foreign_record(settings, known, names))


def _layers(arrays: dict[str, NDArray[Any]], place: str) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Weights (inputs, outputs) and bias (outputs,) of each layer in float64, in the order of their names."""
    prefixes = sorted({name.removesuffix("weight").removesuffix("bias") for name in arrays}, key=_naturally)
    layers = []
    for prefix in prefixes:
        weight = arrays.get(f"{prefix}weight")
        if weight is None or weight.ndim != 2 or 0 in weight.shape:
            name = (
                f"{prefix}weight" if weight is not None else next(n for n in arrays if n.startswith(prefix))
            )
            message = f"{place} has {name} of shape {arrays[name].shape}, which is no fully connected layer"
            raise WeightsError(message, HINT)
        bias = arrays.get(f"{prefix}bias", np.zeros(len(weight), np.float32))
        for name, array in ((f"{prefix}weight", weight), (f"{prefix}bias", bias)):
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise WeightsError(f"{place} has {name} with what is no finite number", HINT)
        if bias.shape != weight.shape[:1]:
            shapes = f"{prefix}weight of shape {weight.shape} and {prefix}bias of shape {bias.shape}"
            raise WeightsError(f"{place} has {shapes}, which do not go together", HINT)
        layers.append((weight.T.astype(np.float64), bias.astype(np.float64)))
    sizes = [len(weight) for weight, _ in layers] + [len(bias) for _, bias in layers[-1:]]
    chained = all(len(bias) == len(weight) for (_, bias), (weight, _) in itertools.pairwise(layers))
    if not layers or not chained or sizes[0] != PIXELS or not 2 <= sizes[-1] <= MAX_CLASSES:
        found = ", ".join(f"({len(bias)}, {len(weight)})" for weight, bias in layers) or "nothing"
        classes = f"{PIXELS} pixels to 2 to {MAX_CLASSES} classes"
        raise WeightsError(f"the layers in {place} do not lead from {classes}: {found}", HINT)
    if len(layers) - 1 > MAX_LAYERS or max(sizes[1:-1], default=0) > MAX_UNITS:
        limit = f"{MAX_LAYERS} hidden layers of {MAX_UNITS:,} units"
        raise WeightsError(f"{place} holds a larger network than {limit}", HINT)
    return layers


def _naturally(name: str) -> list[tuple[bool, int, str]]:
    """What sorts fc2 before fc10."""
    parts = re.findall(r"\d{1,18}|\D+|\d+", name)
    return [(part.isdecimal(), int(part[:18]) if part.isdecimal() else 0, part) for part in parts]


def _params(layers: list[tuple[NDArray[Any], NDArray[Any]]], settings: Settings) -> Params:
    """What the engine calls them, in the precision of a weights file.

    Raises
    ------
    WeightsError
        If a number is too large for that.
    """
    params: Params = {}
    for layer, (weights, bias) in enumerate(layers, 1):
        prefix = settings.layer_prefix(layer)
        with np.errstate(over="ignore"):
            params |= {
                f"{prefix}weights": weights.astype(np.float32),
                f"{prefix}bias": bias.astype(np.float32),
            }
    if not all(np.isfinite(array).all() for array in params.values()):
        raise WeightsError("the weights are too large for float32", "train again with smaller ones")
    return params
