"""Layers made of layers: one after the other, or side by side.

The parameters of the parts lie in one flat dict, each under its part's position, counted from 1, and
its own name: ``"1.weights"``, ``"3.bias"``. Parts without parameters count as well. In a part that has
parts itself the positions follow each other: ``"1.2.weights"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnistgd.engine.types import Array, Backward, Layer, Params
from mnistgd.errors import ShapeError


def join_params(parts: Sequence[Params]) -> Params:
    """One dict of the parameters (or gradients) of all parts.

    Examples
    --------
    >>> list(join_params([{"weights": np.ones(1), "bias": np.ones(1)}, {}, {"weights": np.ones(1)}]))
    ['1.weights', '1.bias', '3.weights']
    """
    return {f"{i}.{name}": array for i, part in enumerate(parts, 1) for name, array in part.items()}


def part_params(params: Params, position: int) -> Params:
    """The parameters of the part at `position`, counted from 1, under their own names.

    Examples
    --------
    >>> part_params({"1.weights": np.ones(1), "3.weights": np.zeros(1)}, 3)
    {'weights': array([0.])}
    """
    prefix = f"{position}."
    return {name.removeprefix(prefix): array for name, array in params.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class Sequential:
    """One layer after the other: outputs = layerₙ(… layer₂(layer₁(inputs))).

    Backwards the chain rule is the same list in reverse. The first layer may leave out the gradient of
    its inputs; the whole then has none either.

    Because names count from the front, the first layers of a network take the parameters of the whole:
    ``Sequential(network.layers[:2]).forward(params, inputs)`` is what leaves the second layer.

    Attributes
    ----------
    layers : tuple of Layer

    References
    ----------
    Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating errors.
    """

    layers: tuple[Layer, ...]

    def init(self, rng: np.random.Generator) -> Params:
        """The parameters of every layer, drawn in order."""
        return join_params([layer.init(rng) for layer in self.layers])

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """The outputs of the last layer."""
        outputs = inputs
        backwards: list[Backward] = []
        for position, layer in enumerate(self.layers, 1):
            outputs, layer_backward = layer.forward(part_params(params, position), outputs)
            backwards.append(layer_backward)

        def backward(d_outputs: Array) -> tuple[Array | None, Params]:
            gradient: Array | None = d_outputs
            grads: list[Params] = []
            for layer_backward in reversed(backwards):
                if gradient is None:
                    raise ShapeError("only the first layer may leave out the gradient of its inputs")
                gradient, layer_grads = layer_backward(gradient)
                grads.append(layer_grads)
            return gradient, join_params(grads[::-1])

        return outputs, backward


@dataclass(frozen=True)
class Parallel:
    """Layers side by side: each takes columns of the inputs of its own, and their outputs are joined.

    outputs = [layer₁(first widths₁ columns), layer₂(next widths₂ columns), …]

    Attributes
    ----------
    layers : tuple of Layer
    widths : tuple of int
        How many columns of the inputs each layer takes, from the left.
    """

    layers: tuple[Layer, ...]
    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.layers) != len(self.widths):
            raise ShapeError(f"{len(self.layers)} layers side by side want a width each, not {self.widths}")

    def init(self, rng: np.random.Generator) -> Params:
        """The parameters of every layer, drawn in order."""
        return join_params([layer.init(rng) for layer in self.layers])

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """Outputs of shape (batch, sum of the layers' outputs) for inputs of shape (batch, sum of widths).

        Raises
        ------
        ShapeError
            If `inputs` is not of that shape.
        """
        if inputs.ndim != 2 or inputs.shape[1] != sum(self.widths):
            raise ShapeError(f"layers of {self.widths} inputs were given inputs of shape {inputs.shape}")
        passes = [
            layer.forward(part_params(params, position), columns)
            for position, (layer, columns) in enumerate(
                zip(self.layers, _columns(inputs, self.widths), strict=True), 1
            )
        ]
        outputs = np.concatenate([part for part, _ in passes], axis=1)

        def backward(d_outputs: Array) -> tuple[Array | None, Params]:
            pieces = _columns(d_outputs, [part.shape[1] for part, _ in passes])
            results = [part_backward(piece) for (_, part_backward), piece in zip(passes, pieces, strict=True)]
            gradients = [gradient for gradient, _ in results if gradient is not None]
            whole = np.concatenate(gradients, axis=1) if len(gradients) == len(results) else None
            return whole, join_params([grads for _, grads in results])

        return outputs, backward


def _columns(array: Array, widths: Sequence[int]) -> list[Array]:
    return np.split(array, np.cumsum(widths)[:-1], axis=1)
