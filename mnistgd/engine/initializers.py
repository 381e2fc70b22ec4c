"""Where weights start.

Each is a function ``(rng, n_inputs, n_outputs) -> float64 ndarray of shape (n_inputs, n_outputs)``.
A bias is one row of weights, of an input that is always 1; it starts at zero unless a layer says otherwise.
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


def normal(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> NDArray[np.float64]:
    """Standard normal: mean 0 and deviation 1, however many inputs there are.

    With many of them the totals are large, and a sigmoid of a large total hardly has a slope: the books that
    begin so go on to dividing by √n_inputs.

    References
    ----------
    Nielsen (2015), Neural Networks and Deep Learning, chapter 1, and of what is wrong with it chapter 3.
    """
    return rng.normal(size=(n_inputs, n_outputs))


def uniform_between(low: float, high: float, legacy: np.random.RandomState | None = None) -> Initializer:
    """The initializer that is uniform on [low, high), low + (high - low) · random.

    Parameters
    ----------
    low, high : float
    legacy : RandomState, optional
        NumPy's older generator, to draw from in place of `rng`: its stream is frozen by promise, and so the
        weights are the very numbers of a book whose listing seeds it. It moves on with each draw.

    Examples
    --------
    >>> book = uniform_between(-1, 1, np.random.RandomState(1))
    >>> book(np.random.default_rng(), 3, 4)[0].round(4).tolist()  # Trask (2019), chapter 6: streetlights
    [-0.166, 0.4406, -0.9998, -0.3953]
    """

    def initializer(rng: np.random.Generator, n_inputs: int, n_outputs: int) -> NDArray[np.float64]:
        return (legacy or rng).uniform(low, high, (n_inputs, n_outputs))

    return initializer


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "uniform": uniform,
    "glorot_uniform": glorot_uniform,
    "normal": normal,
}

BIAS_INITIALIZERS: dict[str, Initializer] = {"normal": normal}
"""Of the biases that go with weights of these names; others start at zero."""
