"""The terms of a sum: exact for a program, and for people rounded so that what they see adds up."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.model.explanation import Evidence, explain
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings

BEND = {"relu": lambda z: z * (z > 0), "tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}


def evidence_of(products, bias, bend=0.0):
    return Evidence(np.ones(len(products)), np.array(products, dtype=np.float64), bias, bend)


numbers = st.floats(-1e6, 1e6) | st.floats(-50, 50) | st.floats(-0.01, 0.01)


@given(st.lists(numbers, max_size=5), numbers, st.just(0.0) | numbers, st.integers(0, 4))
def test_what_is_shown_adds_up_and_each_term_is_rounded_as_ever(products, bias, bend, places):
    evidence = evidence_of(products, bias, bend)
    *terms, total = (Decimal(f"{number:.{places}f}") for number in evidence.rounded(places))
    assert sum(terms) == total
    for term, shown in zip((evidence.speaks_for, evidence.speaks_against, bias, bend), terms, strict=True):
        assert shown == Decimal(f"{term:.{places}f}")
    assert abs(float(total) - evidence.logit) <= 2.01 * 10**-places


def test_the_sum_shown_is_that_of_what_is_shown():
    evidence = evidence_of([10.1751, -1.0840], -0.1640)
    assert f"{evidence.logit:.2f}" == "8.93"
    assert evidence.rounded(2) == (10.18, -1.08, -0.16, 0.0, 8.94)


@pytest.mark.parametrize("bias", [0.0, -0.0, -0.004, 0.004])
def test_nothing_is_minus_zero(bias):
    shown = evidence_of([0.0] * 4, bias).rounded(2)
    assert not any(f"{number:.2f}".startswith("-") for number in shown)


def network(seed=0, **settings):
    """Random weights, large enough that the units do bend, and biases that are not zero."""
    model = Settings(init="glorot_uniform", **settings)
    rng, params = np.random.default_rng(seed), {}
    for layer, (n_inputs, n_outputs) in enumerate(model.layer_sizes(10), 1):
        prefix = model.layer_prefix(layer)
        scale = 0.1 if layer == 1 else 2 / np.sqrt(n_inputs)
        params[f"{prefix}weights"] = rng.normal(0, scale, (n_inputs, n_outputs)).astype(np.float32)
        params[f"{prefix}bias"] = rng.normal(0, 0.5, n_outputs).astype(np.float32)
    return Model(params, model, tuple("0123456789"))


def logits(model, pixels):
    """The network as numpy alone computes it, of float64 pixels in [0, 1]."""
    outputs = pixels
    for layer in range(1, len(model.settings.hidden) + 2):
        prefix = model.settings.layer_prefix(layer)
        if layer > 1:
            outputs = BEND[model.settings.activation](outputs)
        weights, bias = (model.params[f"{prefix}{name}"].astype(float) for name in ("weights", "bias"))
        outputs = outputs @ weights + bias
    return outputs


HIDDEN = [(), (12,), (8, 6), (8, 7, 6, 5, 4)]
IMAGE = np.random.default_rng(1).integers(0, 256, (28, 28), dtype=np.uint8)
PIXELS = IMAGE.reshape(784) / 255


@pytest.mark.parametrize(
    "end",
    [
        {"loss": "cross-entropy"},
        {"loss": "squared-error"},
        {"loss": "squared-error", "output": "sigmoid"},
        {"loss": "squared-error", "output": "tanh"},
    ],
    ids=str,
)
@pytest.mark.parametrize("activation", BEND)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_terms_add_up_to_what_the_network_answers(hidden, activation, end):
    """To the totals of the outputs, whatever these make of them: of one layer nothing bends."""
    model = network(hidden=hidden, activation=activation, **end)
    found = explain(model, IMAGE)
    answers = [each.logit for each in found.evidence]
    assert found.bends == (bool(hidden) and activation != "relu")
    assert answers == pytest.approx(model.outputs(IMAGE[None])[0].tolist(), abs=1e-4)
    assert answers == pytest.approx(logits(model, PIXELS).tolist(), abs=1e-9)


@pytest.mark.parametrize("activation", BEND)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_weights_are_the_slopes_along_the_pixels(hidden, activation):
    """Against numeric differentiation, pixel by pixel."""
    model, step = network(hidden=hidden, activation=activation), 1e-6
    nudged = PIXELS + step * np.concatenate([np.eye(784), -np.eye(784)])
    up, down = np.split(logits(model, nudged), 2)
    slopes = ((up - down) / (2 * step)).T.reshape(10, 28, 28)
    found = explain(model, IMAGE)
    np.testing.assert_allclose(found.weights, slopes, atol=1e-7)
    for each in found.evidence:
        np.testing.assert_allclose(each.products, PIXELS.reshape(28, 28) * each.weights)


@pytest.mark.parametrize("activation", BEND)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_bias_is_the_sum_of_all_biases_times_the_slopes_along_them(hidden, activation):
    model, step = network(hidden=hidden, activation=activation), 1e-3
    total = np.zeros(10)
    for name, array in model.params.items():
        if not name.endswith("bias"):
            continue
        for unit in range(len(array)):
            ends = []
            for way in (step, -step):
                nudged = array.astype(float)
                nudged[unit] += way
                ends.append(
                    logits(Model(model.params | {name: nudged}, model.settings, model.class_names), PIXELS)
                )
            total += array[unit] * (ends[0] - ends[1]) / (2 * step)
    biases = [each.bias for each in explain(model, IMAGE).evidence]
    assert biases == pytest.approx(total.tolist(), abs=1e-3)


def test_two_layers_by_hand():
    """Of three units two are active; what the third would add counts for nothing, its bias neither."""
    settings = Settings(hidden=(3,), init="glorot_uniform")
    first, second = np.zeros((784, 3), np.float32), np.zeros((3, 10), np.float32)
    first[5], first[6] = (2, 0, -8), (0, 1, 1)
    second[:, 0] = 3, 1, 100
    bias = np.zeros(10, np.float32)
    bias[0] = 0.125
    params = {"1.weights": first, "1.bias": np.array([0.25, -0.5, 1], np.float32)}
    model = Model(params | {"3.weights": second, "3.bias": bias}, settings, tuple("0123456789"))
    image = np.zeros((28, 28), np.uint8)
    image[0, 5:7] = 127, 255
    half = 127 / 255
    digit = explain(model, image).evidence[0]
    assert digit.weights[0, 5:7].tolist() == [3 * 2, 1]
    assert digit.products[0, 5:7].tolist() == [half * 6, 1]
    assert digit.bias == 3 * 0.25 + 1 * -0.5 + 0.125
    assert digit.bend == 0
    assert digit.logit == pytest.approx(3 * (half * 2 + 0.25) + (1 - 0.5) + 0.125)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_relu_and_one_layer_do_not_bend_at_all(hidden):
    found = explain(network(hidden=hidden), IMAGE)
    assert [each.bend for each in found.evidence] == [0] * 10
    assert not found.bends


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_the_bend_is_what_each_curve_adds_to_its_tangent(activation):
    """For one hidden layer in closed form: the sum of (f(z) - f'(z) · z) · weight."""
    model = network(hidden=(12,), activation=activation)
    z = PIXELS @ model.params["1.weights"].astype(float) + model.params["1.bias"]
    h = BEND[activation](z)
    slope = 1 - h**2 if activation == "tanh" else h * (1 - h)
    bends = (h - slope * z) @ model.params["3.weights"].astype(float)
    found = explain(model, IMAGE)
    assert [each.bend for each in found.evidence] == pytest.approx(bends.tolist())
    assert found.bends


def test_a_difference_has_the_differences_of_all_terms():
    one, other = explain(network(hidden=(12,), activation="tanh"), IMAGE).evidence[:2]
    found = one.minus(other)
    assert found.logit == pytest.approx(one.logit - other.logit)
    assert (found.bias, found.bend) == (one.bias - other.bias, one.bend - other.bend)
