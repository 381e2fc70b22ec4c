"""Check a gradient against the slope that can be measured.

Nothing that trains calls this: it is the tool with which the tests check every layer and every loss of the
engine, and with which a new one is to be checked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mnistgd.engine.types import Array, Layer, Loss, Params


def numeric_gradient(function: Callable[[], float], array: Array, step: float = 1e-6) -> Array:
    """Central differences: (f(x + step) - f(x - step)) / (2 · step), one entry of `array` at a time.

    Parameters
    ----------
    function : callable without arguments
        Reads `array`, which is changed in place and put back.
    array : float64 ndarray

    Returns
    -------
    ndarray of the shape of `array`, with two errors that a step trades against each other: the difference
    misses about step² · |f'''| / 6, and rounding adds up to about 1e-16 · |f| / step. At the default step the
    second is the larger one by far.
    """
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        below = function()
        array[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


def gradient_error(analytic: Array, numeric: Array) -> float:
    """The largest difference, relative to the largest entry of either (at least 1e-3).

    About 1e-9 for a right gradient in float64 and of order 1 for a wrong one.
    """
    size = max(float(np.abs(analytic).max(initial=0)), float(np.abs(numeric).max(initial=0)), 1e-3)
    return float(np.abs(analytic - numeric).max(initial=0)) / size


def check_loss(loss: Loss, outputs: Array, targets: Array) -> float:
    """`gradient_error` of a loss's d_outputs."""
    _, d_outputs = loss(outputs, targets)
    return gradient_error(d_outputs, numeric_gradient(lambda: loss(outputs, targets)[0], outputs))


def check_layer(layer: Layer, params: Params, inputs: Array, d_outputs: Array) -> dict[str, float]:
    """`gradient_error` of a layer's d_inputs (if it gives one) and of the gradient of each parameter.

    The function that is differentiated is sum(outputs · d_outputs), whose gradient with respect to the
    outputs is `d_outputs`; a random one leaves no part of the layer unchecked.

    Returns
    -------
    dict with a key ``inputs`` and one for each parameter.
    """

    def total() -> float:
        return float((layer.forward(params, inputs)[0] * d_outputs).sum())

    _, backward = layer.forward(params, inputs)
    d_inputs, grads = backward(d_outputs)
    errors = {name: gradient_error(grads[name], numeric_gradient(total, params[name])) for name in params}
    if d_inputs is not None:
        errors["inputs"] = gradient_error(d_inputs, numeric_gradient(total, inputs))
    return errors
