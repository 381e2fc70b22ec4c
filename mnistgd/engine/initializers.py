"""Where weights start.

Each is a function ``(rng, n_inputs, n_outputs) -> float64 ndarray of shape (n_inputs, n_outputs)``.
Biases start at zero, always.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.types import Initializer


def zeros(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> NDArray[np.float64]:  # noqa: ARG001
    """All zero. Right for one layer, whose loss is convex; hidden units would all stay the same."""
    return np.zeros((n_inputs, n_outputs))


def uniform(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> NDArray[np.float64]:
    """Uniform on [-1/√n_inputs, 1/√n_inputs), so that totals do not grow with the number of inputs.

    The weights' deviation is 1/√(3 · n_inputs): a total of unrelated inputs is about 0.58 times the size
    of one of them.

    References
    ----------
    Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural networks,
    equation 1, where it is the commonly used heuristic.
    """
    bound = 1 / np.sqrt(n_inputs)
    return rng.uniform(-bound, bound, (n_inputs, n_outputs))


def glorot_uniform(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> NDArray[np.float64]:
    """Uniform on [-b, b) with b = √(6 / (n_inputs + n_outputs)).

    Activations going forward and gradients going back then keep about the same variance.

    References
    ----------
    Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward neural
    networks, equation 16.
    """
    bound = np.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-bound, bound, (n_inputs, n_outputs))


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "uniform": uniform,
    "glorot_uniform": glorot_uniform,
}
