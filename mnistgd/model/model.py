"""A trained network, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.named import MNIST, spec_of
from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.activations import ACTIVATIONS
from mnistgd.engine.losses import softmax
from mnistgd.engine.types import Array, Params
from mnistgd.errors import WeightsError
from mnistgd.model.settings import Settings, in_words

TOO_LARGE = (
    "the weights are so large that their answers are no numbers",
    "train again with a smaller --learning-rate",
)

INTERRUPTED = "interrupted"
"""Why a run stopped that neither its settings nor its images ended."""


@dataclass(frozen=True)
class Model:
    """A trained network.

    Attributes
    ----------
    params : Params, float32
    settings : Settings that it was trained with
    class_names : tuple of str, one per class
    record : mapping
        What the file says of the network besides its arrays, as JSON has it.
    """

    params: Params
    settings: Settings
    class_names: tuple[str, ...]
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
    def layers(self) -> list[tuple[Array, Array]]:
        """Weights of shape (inputs, outputs) and bias of shape (outputs,) of each layer, first to last."""
        prefixes = map(self.settings.layer_prefix, range(1, len(self.settings.hidden) + 2))
        return [(self.params[f"{prefix}weights"], self.params[f"{prefix}bias"]) for prefix in prefixes]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many pixels, units of each hidden layer, and classes there are."""
        return PIXELS, *self.settings.hidden, len(self.class_names)

    @property
    def is_foreign(self) -> bool:
        """Whether another program trained it, so that nobody knows on what."""
        return self.record.get("data", {}) is None

    @property
    def results(self) -> dict[str, Any]:
        """What the record says of how training ended; nothing where it is no such record."""
        found = self.record.get("results")
        return found if isinstance(found, dict) else {}

    @property
    def known_settings(self) -> dict[str, Any]:
        """The settings as JSON has them, but None for those that nobody knows."""
        known = self.settings.as_json()
        return {name: self.record["settings"].get(name) for name in known} if self.is_foreign else known

    def setting_in_words(self, name: str) -> str:
        """A setting as people read it; ``unknown`` where another program decided it."""
        value = self.known_settings[name]
        return "unknown" if value is None and self.is_foreign else in_words(name, value)

    @property
    def data_source(self) -> str:
        """Where the training images came from, see `Dataset`; ``unknown`` if nobody knows."""
        return "unknown" if self.is_foreign else str(self.record["data"]["source"])

    @property
    def data_spec(self) -> str:
        """What `load_dataset` brings those images with; MNIST if nobody knows."""
        return MNIST.name if self.is_foreign else spec_of(self.data_source)

    @property
    def reading(self) -> DataOptions:
        """How those images are read."""
        return DataOptions.from_json(self.record["data"] or {})

    def reading_of(self, data: str | None, asked: DataOptions) -> DataOptions:
        """How the images `data` are read; None is those of the record, which are read as they were."""
        return asked if data else asked.over(self.reading)

    @property
    def data_sha256(self) -> str:
        """SHA-256, in hex, of the pixels it was trained and tested on; ``unknown`` if nobody knows."""
        return "unknown" if self.is_foreign else str(self.record["data"]["sha256"])

    @property
    def labels_sha256(self) -> str | None:
        """SHA-256, in hex, of their labels, one byte each; None in older records, and if nobody knows."""
        return None if self.is_foreign else self.record["data"].get("labels_sha256")

    def trained_on(self, dataset: Dataset) -> bool:
        """Whether these are the images, and the labels, that it was trained and tested on."""
        return dataset.is_of(self.data_sha256, self.labels_sha256)

    def outputs(self, images: NDArray[np.uint8]) -> Array:
        """What the last layer gives: logits, or for a squared-error network its predictions.

        Where the outputs have an activation, its predictions are what that makes of them.

        Parameters
        ----------
        images : uint8 ndarray of shape (n, 28, 28), prepared as the training images were

        Returns
        -------
        float32 ndarray of shape (n, n_classes)

        Raises
        ------
        WeightsError
            If the weights are so large that an answer is no number.
        """
        from mnistgd.model.network import network_of  # what only looks at weights needs no layers

        network = network_of(self.settings, len(self.class_names))
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = network.forward(self.params, images.reshape(len(images), PIXELS))[0]
        if not np.isfinite(outputs).all():
            raise WeightsError(*TOO_LARGE)
        return outputs

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """What `probabilities_of` says of the `outputs` for images."""
        return self.probabilities_of(self.outputs(images))

    def probabilities_of(self, outputs: Array) -> NDArray[np.float64]:
        """How probable each class is, of outputs of shape (n, n_classes); each row sums to 1.

        softmax(outputs) for cross-entropy. A squared-error network has no softmax: its predictions estimate
        the probabilities themselves, but may leave [0, 1] and need not sum to 1. They are clipped there
        and divided by their sum.
        """
        return probabilities_of(outputs.astype(np.float64), self.settings)


def probabilities_of(outputs: NDArray[np.floating], settings: Settings) -> NDArray[Any]:
    """What outputs of a network say of the probabilities: see `Model.probabilities_of`.

    Parameters
    ----------
    outputs : ndarray of shape (n, n_classes)
    settings : Settings that the network was trained with
    """
    if settings.loss == "cross-entropy":
        return softmax(outputs)
    if settings.output != "none":
        outputs, _ = ACTIVATIONS[settings.output]().forward({}, outputs)
    # Nothing above zero at all says nothing about the class: a uniform guess.
    clipped = np.clip(outputs, 0, 1)
    clipped[clipped.sum(axis=1) == 0] = 1
    shares: NDArray[Any] = clipped / clipped.sum(axis=1, keepdims=True)
    return shares


def ranked(outputs: NDArray[np.floating]) -> list[int]:
    """The classes, that of the largest output first; where two are equal, the lower number first.

    Parameters
    ----------
    outputs : ndarray of shape (n_classes,)

    Examples
    --------
    >>> ranked(np.array([0.2, 0.6, 0.2]))
    [1, 0, 2]
    """
    return [int(digit) for digit in np.argsort(-outputs, kind="stable")]
