"""Losses against closed forms and scikit-learn's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, mean_squared_error

from mnistgd.engine import losses
from mnistgd.engine.activations import Softmax
from mnistgd.errors import ShapeError


@given(st.integers(1, 8), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_cross_entropy_is_scikit_learns_log_loss(batch, n_classes, seed):
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(batch, n_classes))
    labels = rng.integers(0, n_classes, batch)
    expected = log_loss(labels, losses.softmax(logits), labels=range(n_classes))
    assert losses.softmax_cross_entropy(logits, labels)[0] == pytest.approx(expected)
    assert losses.cross_entropy(losses.softmax(logits), labels)[0] == pytest.approx(expected)


@given(st.integers(1, 8), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_softmax_then_cross_entropy_is_both_at_once(batch, n_classes, seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(batch, n_classes)), rng.integers(0, n_classes, batch)
    probabilities, backward = Softmax().forward({}, logits)
    _, d_probabilities = losses.cross_entropy(probabilities, labels)
    assert np.allclose(backward(d_probabilities)[0], losses.softmax_cross_entropy(logits, labels)[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_impossible_class_costs_much_but_stays_finite(dtype):
    """As scikit-learn has it: a probability of 0 counts as the precision of its dtype."""
    probabilities = np.array([[1, 0]], dtype)
    loss, d_probabilities = losses.cross_entropy(probabilities, np.array([1]))
    assert loss == pytest.approx(log_loss([1], probabilities, labels=[0, 1]))
    assert loss == pytest.approx(-np.log(np.finfo(dtype).eps))
    assert d_probabilities.tolist() == [[0, -1 / np.finfo(dtype).eps]]
    assert d_probabilities.dtype == dtype


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_summed_loss_is_the_sum_over_the_rows(batch, seed):
    outputs, targets = np.random.default_rng(seed).normal(size=(2, batch, 3))
    loss, d_outputs = losses.summed(losses.half_squared_error)(outputs, targets)
    assert loss == pytest.approx(((outputs - targets) ** 2).sum() / 2)
    assert np.allclose(d_outputs, outputs - targets)


@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_half_squared_error_is_half_of_scikit_learns(batch, n, seed):
    rng = np.random.default_rng(seed)
    outputs, targets = rng.normal(size=(2, batch, n))
    expected = mean_squared_error(targets, outputs) * n / 2
    assert losses.half_squared_error(outputs, targets)[0] == pytest.approx(expected)


def test_a_uniform_guess_costs_log_n():
    assert losses.softmax_cross_entropy(np.zeros((3, 10)), np.array([0, 5, 9]))[0] == pytest.approx(
        np.log(10)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_stay_finite(dtype):
    logits = np.array([[1e4, -1e4, 0.0]], dtype)
    right, d_right = losses.softmax_cross_entropy(logits, np.array([0]))
    wrong, d_wrong = losses.softmax_cross_entropy(logits, np.array([1]))
    assert right == 0
    assert wrong == pytest.approx(2e4)
    assert d_right == pytest.approx(0)
    assert d_wrong.tolist() == [[1, -1, 0]]
    assert d_wrong.dtype == dtype


@given(st.floats(-50, 50), st.integers(0, 2**32 - 1))
def test_softmax_ignores_what_all_logits_share(shift, seed):
    logits = np.random.default_rng(seed).normal(size=(4, 3))
    assert np.allclose(losses.softmax(logits), losses.softmax(logits + shift))
    assert np.allclose(losses.softmax(logits).sum(axis=1), 1)


def hot(outputs, labels):
    return losses.one_hot(labels, outputs.shape[1])


@pytest.mark.parametrize("loss", [losses.softmax_cross_entropy, losses.cross_entropy, hot])
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.array([0, -1, 2]), "integers from 0 to 3, not -1 to 2"),
        (np.array([-128, 0, 0], np.int8), "not -128 to 0"),
        (np.array([0, 4, 1]), "not 0 to 4"),
        (np.array([255, 0, 1], np.uint8), "not 0 to 255"),
        (np.array([0.0, 1.0, 2.0]), "not float64"),
        (np.array([True, False, True]), "not bool"),
    ],
)
def test_a_label_of_no_class_is_refused(loss, labels, words):
    with pytest.raises(ShapeError, match=words):
        loss(np.full((3, 4), 0.25), labels)


@pytest.mark.parametrize(
    "loss", [losses.softmax_cross_entropy, losses.cross_entropy, losses.half_squared_error]
)
@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0, 0)])
def test_there_is_no_mean_over_nothing(loss, shape):
    targets = np.empty(shape) if loss is losses.half_squared_error else np.zeros(shape[0], np.uint8)
    for of in (loss, losses.summed(loss)):
        with pytest.raises(ShapeError, match="want rows"):
            of(np.empty(shape), targets)
