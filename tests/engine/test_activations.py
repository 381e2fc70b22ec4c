"""Activations against SciPy and closed forms; their gradients are in the table of test_gradients.py."""

import numpy as np
import pytest
from scipy.special import expit

from mnistgd.engine.activations import ACTIVATIONS, ReLU, Sigmoid, Softmax

EVERY = [*ACTIVATIONS.values(), Softmax]


def answer(layer, inputs):
    return layer.forward({}, inputs)[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_is_scipys_from_end_to_end(dtype):
    inputs = np.linspace(-85, 85, 4001, dtype=dtype)
    outputs = answer(Sigmoid(), inputs)
    precision = 4 * float(np.finfo(dtype).eps)
    # Relative: the smallest outputs, far below the precision of 1, have all their digits.
    assert outputs == pytest.approx(expit(inputs.astype(np.float64)), rel=precision, abs=0)
    assert np.allclose(outputs + outputs[::-1], 1, rtol=precision)


BY_HAND = {
    "relu": [0, 0, 3],
    "tanh": [(1 - np.e**4) / (1 + np.e**4), 0, (np.e**6 - 1) / (np.e**6 + 1)],
    "sigmoid": [1 / (1 + np.e**2), 1 / 2, np.e**3 / (np.e**3 + 1)],
}
"""Name → what it makes of -2, 0 and 3."""


@pytest.mark.parametrize(("name", "outputs"), BY_HAND.items())
def test_values_known_by_hand(name, outputs):
    assert answer(ACTIVATIONS[name](), np.array([[-2.0, 0.0, 3.0]]))[0] == pytest.approx(outputs)


def test_every_activation_is_worked_by_hand():
    assert set(BY_HAND) == set(ACTIVATIONS)


def test_a_softmax_known_by_hand():
    assert answer(Softmax(), np.log([[1.0, 2.0, 5.0]])) == pytest.approx(np.array([[1, 2, 5]]) / 8)


def test_a_relu_has_no_slope_at_zero():
    _, backward = ReLU().forward({}, np.array([[-1.0, 0.0, 1.0]]))
    assert backward(np.ones((1, 3)))[0].tolist() == [[0, 0, 1]]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept_and_nothing_overflows(kind, dtype):
    outputs, backward = kind().forward({}, np.array([[-1e30, -50, 0, 50, 1e30]], dtype))
    gradient, grads = backward(np.ones_like(outputs))
    assert outputs.dtype == gradient.dtype == dtype
    assert np.isfinite(outputs).all()
    assert np.isfinite(gradient).all()
    assert grads == {}


@pytest.mark.parametrize("kind", EVERY)
def test_what_is_passed_in_is_not_changed(kind):
    inputs, d_outputs = np.random.default_rng(0).normal(size=(2, 3, 4))
    inputs.flags.writeable = d_outputs.flags.writeable = False
    assert kind().init(np.random.default_rng(0)) == {}
    kind().forward({}, inputs)[1](d_outputs)
