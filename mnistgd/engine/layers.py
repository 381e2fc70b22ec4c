"""Layers: what turns inputs into outputs.

A layer holds sizes, never values: its parameters are passed in. ``forward`` returns its own
``backward``, a closure over just what it needs, so that a chain of layers is a list walked in reverse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnistgd.engine.initializers import zeros
from mnistgd.engine.types import Array, Backward, Initializer, Layer, Params
from mnistgd.errors import ShapeError


@dataclass(frozen=True)
class Linear:
    """outputs = inputs @ weights + bias.

    d_inputs  = d_outputs @ weights.T
    d_weights = inputs.T @ d_outputs
    d_bias    = sum of d_outputs over the batch

    Attributes
    ----------
    n_inputs, n_outputs : int
    bias : bool
        False leaves the bias out.
    initializer : Initializer
        Where the weights start; the bias starts at zero.
    input_gradient : bool
        False spares the work for d_inputs (it is then None): right for the first layer of a network,
        whose inputs are data that nothing can change.
    """

    n_inputs: int
    n_outputs: int
    bias: bool = True
    initializer: Initializer = zeros
    input_gradient: bool = True

    def init(self, rng: np.random.Generator) -> Params:
        """Float64 ``weights`` (n_inputs, n_outputs) and, unless left out, ``bias`` (n_outputs,)."""
        params: Params = {"weights": self.initializer(rng, self.n_inputs, self.n_outputs)}
        if self.bias:
            params["bias"] = np.zeros(self.n_outputs)
        return params

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """Outputs of shape (batch, n_outputs) for inputs of shape (batch, n_inputs).

        Raises
        ------
        ShapeError
            If `inputs` is not of that shape.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.n_inputs:
            raise ShapeError(f"a layer of {self.n_inputs} inputs was given inputs of shape {inputs.shape}")
        weights = params["weights"]
        # Both products are taken transposed: the same numbers, but with the batch along the fast axis.
        # What follows, such as a softmax over ten classes, then runs over long columns, and the weights
        # keep the order in memory in which the products are quickest.
        outputs = (weights.T @ inputs.T).T
        if self.bias:
            outputs += params["bias"]

        def backward(d_outputs: Array) -> tuple[Array | None, Params]:
            grads: Params = {"weights": (d_outputs.T @ inputs).T}
            if self.bias:
                grads["bias"] = d_outputs.sum(axis=0)
            return d_outputs @ weights.T if self.input_gradient else None, grads

        return outputs, backward


@dataclass(frozen=True)
class FromBytes:
    """A network that takes its images as bytes: layer((images / 255 - mean) / deviation).

    It computes in the precision of its weights. Images stay uint8 until they are needed. At most `rows`
    of them are held as floats at a time: a larger batch, such as a whole training set, goes through in
    pieces, and ``backward`` computes each piece once more instead of keeping it.

    Attributes
    ----------
    layer : Layer
        Takes inputs of shape (batch, n_pixels), in [0, 1] unless a mean or deviation is given.
    rows : int
    mean, deviation : float
        Of pixels in [0, 1]; those of the training images standardise them.
    """

    layer: Layer
    rows: int = 4096
    mean: float = 0.0
    deviation: float = 1.0

    def init(self, rng: np.random.Generator) -> Params:
        """The parameters of the layer inside."""
        return self.layer.init(rng)

    def forward(self, params: Params, images: Array) -> tuple[Array, Backward]:
        """Outputs of the layer inside for uint8 images of shape (batch, n_pixels)."""
        dtype = next(iter(params.values())).dtype
        scale, offset = dtype.type(1 / (255 * self.deviation)), dtype.type(self.mean / self.deviation)
        pieces = [images[i : i + self.rows] for i in range(0, max(len(images), 1), self.rows)]

        def piece_forward(piece: Array) -> tuple[Array, Backward]:
            inputs = piece.astype(dtype)
            inputs *= scale
            if offset:
                inputs -= offset
            return self.layer.forward(params, inputs)

        if len(pieces) == 1:
            outputs, piece_backward = piece_forward(pieces[0])
            return outputs, lambda d_outputs: (None, piece_backward(d_outputs)[1])

        outputs = np.concatenate([piece_forward(piece)[0] for piece in pieces])

        def backward(d_outputs: Array) -> tuple[Array | None, Params]:
            total: Params = {}
            start = 0
            for piece in pieces:
                _, piece_backward = piece_forward(piece)
                _, grads = piece_backward(d_outputs[start : start + len(piece)])
                total = {name: total[name] + grad for name, grad in grads.items()} if total else grads
                start += len(piece)
            return None, total

        return outputs, backward
