"""The few types that every module of the engine speaks of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""An array of floats: float32 for MNIST, float64 in the lessons."""

Params: TypeAlias = dict[str, Array]
"""Name → array; ``{"weights": (n_inputs, n_outputs), "bias": (n_outputs,)}`` for a linear layer."""

Backward: TypeAlias = Callable[[Array], tuple[Array | None, Params]]
"""d_outputs → (d_inputs, grads). d_inputs is None where nothing below could use it."""

Loss: TypeAlias = Callable[[Array, Array], tuple[float, Array]]
"""(outputs, targets) → (value, d_outputs)."""

Schedule: TypeAlias = Callable[[int], float]
"""Step, counted from 0 → learning rate."""

Initializer: TypeAlias = Callable[[np.random.Generator, int, int], NDArray[np.float64]]
"""(rng, n_inputs, n_outputs) → weights of shape (n_inputs, n_outputs)."""


class Layer(Protocol):
    """Something with parameters that turns inputs into outputs, and knows its own derivative."""

    def init(self, rng: np.random.Generator) -> Params:
        """Fresh parameters."""

    def forward(self, params: Params, inputs: Array) -> tuple[Array, Backward]:
        """The outputs, and the function that takes the gradient back through them."""
