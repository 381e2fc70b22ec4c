"""Layers: what turns inputs into outputs.

A layer holds sizes, never values: its parameters are passed in. ``forward`` returns its own
``backward``, a closure over just what it needs, so that a chain of layers is a list walked in reverse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    initializer, bias_initializer : Initializer
        Where the weights start, and where the bias does, which is one row of weights.
    input_gradient : bool
        False spares the work for d_inputs (it is then None): right for the first layer of a network,
        whose inputs are data that nothing can change.
    """

    n_inputs: int
    n_outputs: int
    bias: bool = True
    initializer: Initializer = zeros
    bias_initializer: Initializer = zeros
    input_gradient: bool = True

    def init(self, rng: np.random.Generator) -> Params:
        """Float64 ``weights`` (n_inputs, n_outputs) and, unless left out, ``bias`` (n_outputs,)."""
        params: Params = {"weights": self.initializer(rng, self.n_inputs, self.n_outputs)}
        if self.bias:
            params["bias"] = self.bias_initializer(rng, 1, self.n_outputs)[0]
        return params

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """Outputs of shape (batch, n_outputs) for inputs of shape (batch, n_inputs).

        Raises
        ------
        ShapeError
            If `inputs` is not of that shape.
        """
        self._check(inputs)
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

    def _check(self, inputs: Array) -> None:
        if inputs.ndim != 2 or inputs.shape[1] != self.n_inputs:
            raise ShapeError(f"a layer of {self.n_inputs} inputs was given inputs of shape {inputs.shape}")


@dataclass(frozen=True)
class FromBytes(Linear):
    """The first layer of a network whose images are bytes: `Linear`, of (images / 255 - mean) / deviation.

    A batch of 100 images has 78,400 pixels, and a thousand outputs: it is these that are scaled. With
    scale = 1 / (255 · deviation) and offset = mean / deviation

        outputs   = scale · (images @ weights) + bias - offset · (sum of weights over the pixels)
        d_weights = images.T @ (scale · d_outputs) - offset · d_bias

    Images are uint8 until they are needed, and data that nothing can change: d_inputs is None. It computes in
    the precision of its weights.

    Attributes
    ----------
    mean, deviation : float
        Of pixels in [0, 1]; those of the training images standardise them.
    """

    input_gradient: bool = False
    mean: float = 0.0
    deviation: float = 1.0

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """Outputs of shape (batch, n_outputs) for uint8 images of shape (batch, n_inputs).

        Raises
        ------
        ShapeError
            If `inputs` is not of that shape.
        """
        self._check(inputs)
        weights, bias = params["weights"], params["bias"]
        scale, offset = 1 / (255 * self.deviation), self.mean / self.deviation
        images = inputs.astype(weights.dtype)
        outputs = (weights.T @ images.T).T
        outputs *= scale
        outputs += bias - offset * weights.sum(axis=0) if offset else bias

        def backward(d_outputs: Array) -> tuple[Array | None, Params]:
            grads = {"weights": ((d_outputs * scale).T @ images).T, "bias": d_outputs.sum(axis=0)}
            if offset:
                grads["weights"] -= offset * grads["bias"]
            return None, grads

        return outputs, backward


EVERY = range(1 << 62)
"""The places of the rows of a batch that passes as a whole."""


@dataclass(frozen=True)
class Dropout:
    """Leaves out a share of its inputs, another one for each row: what makes up for the loss is left larger.

    outputs  = inputs · mask / (1 - rate),   mask = 1 with probability 1 - rate, else 0
    d_inputs = d_outputs · mask / (1 - rate)

    On average the outputs are the inputs, so that a network needs no other weights once it has trained; it
    then goes without this layer. The mask is a function of `seed` and of a row's number alone: the same
    rows have the same mask however often they pass, and whatever other rows pass with them.

    Attributes
    ----------
    rate : float, in [0, 1)
    seed : tuple of int
    places : integers, in rising order
        The numbers that the rows that pass have in their batch: all of a batch as a rule. There may be more
        of them than rows.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout: a simple way to prevent neural
    networks from overfitting, section 10, for the division in training.
    """

    rate: float
    seed: tuple[int, ...]
    places: Sequence[int] | NDArray[np.integer] = EVERY

    def init(self, rng: np.random.Generator) -> Params:  # noqa: ARG002
        """Nothing: there are no parameters."""
        return {}

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:  # noqa: ARG002
        """Outputs of the shape, (batch, units), and the precision of the inputs."""
        rows, units = inputs.shape
        places = np.asarray(self.places[:rows])
        first, last = (int(places[0]), int(places[-1]) + 1) if rows else (0, 0)
        bits = np.random.PCG64(self.seed)
        # One draw for each number of the rows before: with them drawn as well these would be the same.
        bits.advance(first * units)
        kept = np.random.Generator(bits).random((last - first, units)) >= self.rate
        if last - first > rows:
            kept = kept[places - first]
        # In the order in memory that the layers keep, which is turned quickest while they are bytes.
        mask = np.ascontiguousarray(kept.T).astype(inputs.dtype).T
        mask /= 1 - self.rate
        return inputs * mask, lambda d_outputs: (d_outputs * mask, {})


@dataclass(frozen=True)
class InPieces:
    """A network that takes a large batch, such as a whole training set, `rows` images at a time.

    So no more than that many are ever held as floats: ``backward`` computes each piece once more instead of
    keeping it.

    Attributes
    ----------
    layer_from : callable, int → Layer
        The layer for those rows that come from this one on, counted from 0: the same for all but where their
        numbers matter, as to `Dropout`. Outputs for one row do not depend on the other rows.
    rows : int
    """

    layer_from: Callable[[int], Layer]
    rows: int = 4096

    def init(self, rng: np.random.Generator) -> Params:
        """The parameters of the layer inside."""
        return self.layer_from(0).init(rng)

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """The outputs of the layer inside; it gives no gradient of its inputs."""
        if len(inputs) <= self.rows:
            return self.layer_from(0).forward(params, inputs)
        starts = range(0, len(inputs), self.rows)

        def passed(start: int) -> tuple[Array, Backward]:
            return self.layer_from(start).forward(params, inputs[start : start + self.rows])

        outputs = np.concatenate([passed(start)[0] for start in starts])

        def backward(d_outputs: Array) -> tuple[Array | None, Params]:
            total: Params = {}
            for start in starts:
                _, piece_backward = passed(start)
                _, grads = piece_backward(d_outputs[start : start + self.rows])
                total = {name: total[name] + grad for name, grad in grads.items()} if total else grads
            return None, total

        return outputs, backward
