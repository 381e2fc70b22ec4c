"""Layers with a memory: the rows of their inputs are the moments of one sequence, in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnistgd.engine.initializers import glorot_uniform
from mnistgd.engine.types import Array, Backward, Initializer, Params
from mnistgd.errors import ShapeError


@dataclass(frozen=True)
class FadingMemory:
    """A memory that takes in what it is shown, and fades when it is shown nothing.

    state[t] = events[t]                                         where events[t] is not 0
             = sign(state[t-1]) · max(|state[t-1]| - decay, 0)   where it is

    The state before the first event is 0. The inputs are the *decays*, so that a layer in front of this
    one can learn them; the events belong to the layer.

    d_decay  = sum over t of d_state[t] · slope[t]
    slope[t] = 0                                 at an event, and once nothing is left
             = slope[t-1] - sign(state[t-1])     while the memory fades

    Attributes
    ----------
    events : tuple of float
        What is shown at each moment; 0 is nothing.
    """

    events: tuple[float, ...]

    def init(self, rng: np.random.Generator) -> Params:  # noqa: ARG002
        """Nothing: there are no parameters."""
        return {}

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:  # noqa: ARG002
        """States of shape (n, n_events) for inputs of shape (n, 1): one decay, and one memory, a row.

        Raises
        ------
        ShapeError
            If `inputs` is not of that shape.
        """
        if inputs.ndim != 2 or inputs.shape[1] != 1:
            raise ShapeError(f"a fading memory wants one decay a row, not inputs of shape {inputs.shape}")
        decays = inputs[:, 0]
        states = np.zeros((len(decays), len(self.events)), decays.dtype)
        slopes = np.zeros_like(states)
        state = slope = np.zeros_like(decays)
        for moment, event in enumerate(self.events):
            if event != 0:
                state, slope = np.full_like(state, event), np.zeros_like(slope)
            else:
                left = np.maximum(np.abs(state) - decays, 0)
                slope = np.where(left > 0, slope - np.sign(state), 0)
                state = np.where(left > 0, np.sign(state) * left, 0)
            states[:, moment], slopes[:, moment] = state, slope
        return states, lambda d_states: ((d_states * slopes).sum(axis=1, keepdims=True), {})


@dataclass(frozen=True)
class Elman:
    """A layer that also hears its own last outputs: a simple recurrent network.

    outputs[t] = tanh(outputs[t-1] @ hidden_weights + inputs[t] @ input_weights),   outputs[-1] = 0

    One and the same `hidden_weights` serves every moment. Unrolled in time the layer is a chain with a
    *copy* of them at each moment, and the gradient goes back through that chain::

        d_total[t]       = (d_outputs[t] + hidden_weights @ d_total[t+1]) · (1 - outputs[t]²)
        d_hidden_weights = sum over t of outer(outputs[t-1], d_total[t])
        d_input_weights  = sum over t of outer(inputs[t], d_total[t])
        d_inputs[t]      = input_weights @ d_total[t]

    The copies can be given one by one: with `hidden_weights` of shape (n_moments, n_outputs, n_outputs)
    moment t uses ``hidden_weights[t]``, and the gradient, of that shape too, tells them apart. Where all
    copies are equal, its sum over the moments is the gradient of the shared one.

    Attributes
    ----------
    n_inputs, n_outputs : int
    initializer : Initializer
        Where both kinds of weights start. Zeros do only below a layer that starts elsewhere: below one whose
        weights are zeros, too, no weight has a gradient, and none ever leaves.

    References
    ----------
    Elman (1990), Finding structure in time. Werbos (1990), Backpropagation through time: what it does
    and how to do it.
    """

    n_inputs: int
    n_outputs: int
    initializer: Initializer = glorot_uniform

    def init(self, rng: np.random.Generator) -> Params:
        """Float64 ``input_weights`` (n_inputs, n_outputs) and ``hidden_weights`` (n_outputs, n_outputs)."""
        return {
            "input_weights": self.initializer(rng, self.n_inputs, self.n_outputs),
            "hidden_weights": self.initializer(rng, self.n_outputs, self.n_outputs),
        }

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """Outputs of shape (n_moments, n_outputs) for inputs of shape (n_moments, n_inputs).

        Raises
        ------
        ShapeError
            If `inputs` is not of that shape, or there is not one copy of the hidden weights a moment.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.n_inputs:
            raise ShapeError(f"a layer of {self.n_inputs} inputs was given inputs of shape {inputs.shape}")
        moments = len(inputs)
        input_weights, hidden_weights = params["input_weights"], params["hidden_weights"]
        shared = hidden_weights.ndim == 2
        if not shared and len(hidden_weights) != moments:
            raise ShapeError(
                f"{moments} moments want as many copies of the hidden weights, not {len(hidden_weights)}"
            )
        copies = np.broadcast_to(hidden_weights, (moments, self.n_outputs, self.n_outputs))

        totals = inputs @ input_weights
        states = np.zeros((moments + 1, self.n_outputs), totals.dtype)  # the first is before the sequence
        for t in range(moments):
            states[t + 1] = np.tanh(states[t] @ copies[t] + totals[t])
        before, outputs = states[:-1], states[1:]

        def backward(d_outputs: Array) -> tuple[Array | None, Params]:
            d_totals = np.empty_like(outputs)
            d_state = np.zeros_like(states[0])  # what the moments after t ask of the outputs at t
            for t in reversed(range(moments)):
                d_totals[t] = (d_outputs[t] + d_state) * (1 - outputs[t] ** 2)
                d_state = copies[t] @ d_totals[t]
            return d_totals @ input_weights.T, {
                "input_weights": inputs.T @ d_totals,
                "hidden_weights": before.T @ d_totals if shared else before[:, :, None] * d_totals[:, None],
            }

        return outputs, backward
