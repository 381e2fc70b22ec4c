"""Activations: layers without parameters, which bend what passes through them.

All but the softmax act on each number alone. None of them has sizes: they take any shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mnistgd.engine.losses import softmax
from mnistgd.engine.types import Array, Backward, Layer, Params


@dataclass(frozen=True)
class _Activation:
    def init(self, rng: np.random.Generator) -> Params:  # noqa: ARG002
        """Nothing: there are no parameters."""
        return {}


@dataclass(frozen=True)
class Tanh(_Activation):
    """outputs = tanh(inputs), in (-1, 1).

    d_inputs = d_outputs · (1 - outputs²)

    References
    ----------
    LeCun, Bottou, Orr, Müller (1998), Efficient BackProp, section 4.4.
    """

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:  # noqa: ARG002
        """Outputs of the shape and precision of the inputs."""
        outputs: Array = np.tanh(inputs)
        return outputs, lambda d_outputs: (d_outputs * (1 - outputs**2), {})


@dataclass(frozen=True)
class Sigmoid(_Activation):
    """outputs = 1 / (1 + exp(-inputs)), in (0, 1).

    d_inputs = d_outputs · outputs · (1 - outputs)

    References
    ----------
    Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating errors,
    equation 2.
    """

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:  # noqa: ARG002
        """Outputs of the shape and precision of the inputs."""
        # exp only of what is not positive: it cannot overflow, and small outputs keep all their digits.
        exponentials = np.exp(-np.abs(inputs))
        outputs: Array = np.where(inputs < 0, exponentials, 1) / (1 + exponentials)
        return outputs, lambda d_outputs: (d_outputs * outputs * (1 - outputs), {})


@dataclass(frozen=True)
class ReLU(_Activation):
    """outputs = max(inputs, 0).

    d_inputs = d_outputs where inputs > 0, else 0 (at 0 itself, where there is no slope, as well)

    References
    ----------
    Nair, Hinton (2010), Rectified linear units improve restricted Boltzmann machines.
    """

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:  # noqa: ARG002
        """Outputs of the shape and precision of the inputs."""
        outputs: Array = np.maximum(inputs, 0)
        return outputs, lambda d_outputs: (d_outputs * (outputs > 0), {})


@dataclass(frozen=True)
class Softmax(_Activation):
    """outputs = exp(inputs) / sum(exp(inputs)) along the last axis: the probabilities of classes.

    d_inputs = outputs · (d_outputs - sum(d_outputs · outputs))

    Before `cross_entropy` only: `softmax_cross_entropy` has its own, and is the more exact of the two.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equations 4.104 and 4.106.
    """

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:  # noqa: ARG002
        """Outputs of the shape and precision of the inputs; each row sums to 1."""
        outputs = softmax(inputs)

        def backward(d_outputs: Array) -> tuple[Array, Params]:
            return outputs * (d_outputs - (d_outputs * outputs).sum(axis=-1, keepdims=True)), {}

        return outputs, backward


ACTIVATIONS: dict[str, Callable[[], Layer]] = {"tanh": Tanh, "sigmoid": Sigmoid, "relu": ReLU}
"""Name → what makes the activation of a hidden layer."""
