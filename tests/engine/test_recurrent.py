"""Back-propagation through time, against measured slopes and recursions worked out by hand."""

from math import tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.engine.composition import Sequential
from mnistgd.engine.gradient_check import check_layer
from mnistgd.engine.initializers import glorot_uniform, zeros
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import softmax_cross_entropy
from mnistgd.engine.optimizers import sgd
from mnistgd.engine.recurrent import Elman, FadingMemory
from mnistgd.engine.schedules import constant
from mnistgd.engine.training import gradient_of, train
from mnistgd.errors import ShapeError

EXACT = 1e-6


def sequence(moments: int, n_inputs: int, n_outputs: int, seed: int):
    rng = np.random.default_rng(seed)
    params = {name: 2 * array for name, array in Elman(n_inputs, n_outputs).init(rng).items()}
    return params, rng.normal(size=(moments, n_inputs)), rng.normal(size=(moments, n_outputs))


def test_three_moments_unrolled_by_hand():
    """One input, one output: the chain rule written out, term by term.

    a = tanh(u·x₁), b = tanh(w·a + u·x₂), c = tanh(w·b + u·x₃), total = d₁·a + d₂·b + d₃·c.
    """
    u, w, (x1, x2, x3), (d1, d2, d3) = 0.7, -1.3, (0.5, -1.0, 2.0), (1.0, 0.25, -3.0)
    a = tanh(u * x1)
    b = tanh(w * a + u * x2)
    c = tanh(w * b + u * x3)
    at_c = d3 * (1 - c**2)
    at_b = (d2 + at_c * w) * (1 - b**2)
    at_a = (d1 + at_b * w) * (1 - a**2)

    params = {"input_weights": np.array([[u]]), "hidden_weights": np.array([[w]])}
    inputs, d_outputs = np.array([[x1], [x2], [x3]]), np.array([[d1], [d2], [d3]])
    outputs, backward = Elman(1, 1).forward(params, inputs)
    assert outputs.ravel() == pytest.approx([a, b, c])
    d_inputs, grads = backward(d_outputs)
    assert d_inputs.ravel() == pytest.approx([u * at_a, u * at_b, u * at_c])
    assert grads["input_weights"].item() == pytest.approx(at_a * x1 + at_b * x2 + at_c * x3)
    assert grads["hidden_weights"].item() == pytest.approx(at_b * a + at_c * b)

    params["hidden_weights"] = np.full((3, 1, 1), w)
    _, grads = Elman(1, 1).forward(params, inputs)[1](d_outputs)
    assert grads["hidden_weights"].ravel() == pytest.approx([0, at_b * a, at_c * b])


@given(st.integers(1, 7), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_every_unrolled_copy_has_its_own_gradient(moments, n_inputs, n_outputs, seed):
    """Copies that all differ are checked one by one; of equal copies the sum is the shared gradient."""
    layer = Elman(n_inputs, n_outputs)
    params, inputs, d_outputs = sequence(moments, n_inputs, n_outputs, seed)
    copies = np.random.default_rng(seed).normal(size=(moments, n_outputs, n_outputs))
    errors = check_layer(layer, {**params, "hidden_weights": copies}, inputs, d_outputs)
    assert set(errors) == {"inputs", "input_weights", "hidden_weights"}
    assert max(errors.values()) < EXACT, errors

    equal = {**params, "hidden_weights": np.stack([params["hidden_weights"]] * moments)}
    outputs, backward = layer.forward(params, inputs)
    equal_outputs, equal_backward = layer.forward(equal, inputs)
    assert np.allclose(outputs, equal_outputs)
    shared, apart = backward(d_outputs)[1], equal_backward(d_outputs)[1]
    assert apart["hidden_weights"].shape == (moments, n_outputs, n_outputs)
    assert np.allclose(apart["hidden_weights"].sum(axis=0), shared["hidden_weights"])
    assert np.allclose(apart["input_weights"], shared["input_weights"])


def test_without_memory_it_is_a_tanh_of_a_linear_layer():
    params, inputs, d_outputs = sequence(5, 3, 4, 0)
    params["hidden_weights"][:] = 0
    outputs, backward = Elman(3, 4).forward(params, inputs)
    totals, linear_backward = Linear(3, 4, bias=False).forward({"weights": params["input_weights"]}, inputs)
    assert np.allclose(outputs, np.tanh(totals))
    d_inputs, grads = backward(d_outputs)
    expected, linear_grads = linear_backward(d_outputs * (1 - np.tanh(totals) ** 2))
    assert np.allclose(d_inputs, expected)
    assert np.allclose(grads["input_weights"], linear_grads["weights"])


def test_a_moment_hears_the_past_and_never_the_future():
    params, inputs, _ = sequence(6, 3, 4, 0)
    before, _ = Elman(3, 4).forward(params, inputs)
    inputs[3] += 1
    after, _ = Elman(3, 4).forward(params, inputs)
    assert (after == before).all(axis=1).tolist() == [True] * 3 + [False] * 3


def test_precision_is_kept_and_nothing_is_changed():
    params, inputs, d_outputs = sequence(4, 3, 2, 0)
    params = {name: array.astype(np.float32) for name, array in params.items()}
    inputs, d_outputs = inputs.astype(np.float32), d_outputs.astype(np.float32)
    for array in (*params.values(), inputs, d_outputs):
        array.flags.writeable = False
    outputs, backward = Elman(3, 2).forward(params, inputs)
    d_inputs, grads = backward(d_outputs)
    assert {array.dtype for array in (outputs, d_inputs, *grads.values())} == {np.dtype(np.float32)}


def test_as_many_copies_as_moments():
    params, inputs, _ = sequence(4, 3, 2, 0)
    for n in (1, 3, 5):
        with pytest.raises(ShapeError, match="4 moments want as many copies"):
            Elman(3, 2).forward({**params, "hidden_weights": np.ones((n, 2, 2))}, inputs)


def test_a_memory_fades_as_published():
    """Inputs 1, 0, 0, -1, 0 with a decay of 0.2 leave 1, 0.8, 0.6, -1, -0.8."""
    states, _ = FadingMemory((1, 0, 0, -1, 0)).forward({}, np.array([[0.2], [0.7]]))
    assert states[0] == pytest.approx([1, 0.8, 0.6, -1, -0.8])
    assert states[1] == pytest.approx([1, 0.3, 0, -1, -0.3])  # it fades to nothing, not through it
    states, _ = FadingMemory((-1, 0)).forward({}, np.array([[2.0]]))
    assert str(states) == "[[-1.  0.]]"  # nothing has no sign


@pytest.mark.parametrize(
    "events", [(1, 0, 0, -1, 0), (0, 0, 1, 0, 0, 0), (0.5, 0, -2, 0, 0, 3), (1,), (0,)], ids=str
)
def test_the_slope_of_a_fading_memory(events):
    decays = np.array([[0.23], [0.31], [0.7], [1.4], [-0.1]])  # no multiple of any is the size of an event
    d_states = np.random.default_rng(0).normal(size=(5, len(events)))
    errors = check_layer(FadingMemory(events), {}, decays, d_states)
    assert list(errors) == ["inputs"]
    assert errors["inputs"] < EXACT


@pytest.mark.parametrize("readout", [zeros, glorot_uniform])
def test_zeros_are_left_only_below_a_layer_that_starts_elsewhere(readout):
    network = Sequential((Elman(3, 4, zeros), Linear(4, 2, initializer=readout)))
    params = network.init(np.random.default_rng(0))
    batches = [(np.random.default_rng(1).normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]))] * 10
    gradient = gradient_of(network, softmax_cross_entropy)
    *_, last = train(gradient, params, batches, optimizer=sgd(), schedule=constant(0.5))
    moved = {name for name, array in last.params.items() if np.any(array != params[name])}
    assert moved == (set(params) if readout is glorot_uniform else {"2.bias"})
