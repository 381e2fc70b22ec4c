"""A network as PyTorch keeps one: the ``state_dict`` of ``nn.Linear`` or ``nn.Sequential``, in safetensors.

PyTorch's own ``.pt`` is a pickle, which runs what it holds when it is read; a safetensors file is numbers.
"""

from __future__ import annotations

import json

import numpy as np

from mnistgd.engine.types import Array
from mnistgd.errors import MissingExtraError
from mnistgd.model.model import Model


def safetensors_bytes(model: Model) -> bytes:
    """A file that ``load_state_dict`` takes.

    Parameters
    ----------
    model : Model

    Returns
    -------
    bytes
        ``weight`` (n_classes, 784) and ``bias`` (n_classes,) float32, for ``nn.Linear(784, n_classes)``; with
        hidden layers ``0.weight`` and ``0.bias``, ``2.weight`` and ``2.bias`` and so on, for an
        ``nn.Sequential`` whose every second module is the activation. They see pixels in [0, 1]. What a
        module without parameters does is in the metadata: ``mnistgd`` is the record, as JSON.

    Raises
    ------
    MissingExtraError
        If ``safetensors`` is not installed.
    """
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise MissingExtraError("a safetensors file needs safetensors", "safetensors") from error

    arrays: dict[str, Array] = {}
    for place, (weights, bias) in enumerate(model.layers):
        prefix = f"{2 * place}." if len(model.layers) > 1 else ""
        arrays |= {f"{prefix}weight": np.ascontiguousarray(weights.T), f"{prefix}bias": bias}
    return save(arrays, {"mnistgd": json.dumps(model.record)})
