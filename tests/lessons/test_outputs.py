"""Several outputs, against the sums worked out in exact fractions and the slope that can be measured."""

from fractions import Fraction

import numpy as np
import pytest

from mnistgd.engine.gradient_check import numeric_gradient
from mnistgd.lessons import load

LESSON = load("outputs")
TRUE = ["0.1", "1", "0.1"]
NETWORKS = {
    "1→3": (["0.65"], [["0.3"], ["0.2"], ["0.9"]], "0.1"),
    "3→3": (
        ["8.5", "0.65", "1.2"],
        [["0.1", "0.1", "-0.3"], ["0.1", "0.2", "0.0"], ["0.0", "1.3", "0.1"]],
        "0.01",
    ),
}


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def test_one_row_a_network(outcome):
    assert [row["name"] for row in outcome.rows] == list(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_update_in_exact_fractions(outcome, name):
    row = next(row for row in outcome.rows if row["name"] == name)
    inputs, weights, rate = NETWORKS[name]
    x = [Fraction(value) for value in inputs]
    deltas, wanted = [], []
    for k, (line, true) in enumerate(zip(weights, TRUE, strict=True)):
        w = [Fraction(value) for value in line]
        pred = sum(a * b for a, b in zip(w, x, strict=True))
        delta = pred - Fraction(true)
        assert row["pred"][k] == pytest.approx(float(pred), rel=1e-14)
        assert row["delta"][k] == pytest.approx(float(delta), rel=1e-12)
        assert row["error"][k] == pytest.approx(float(delta**2), rel=1e-12)
        deltas.append([float(delta * value) for value in x])
        wanted.append([float(a - Fraction(rate) * delta * b) for a, b in zip(w, x, strict=True)])
    assert (
        np.shape(row["weight_deltas"]) == np.shape(row["weights_after"]) == ((3,) if len(x) == 1 else (3, 3))
    )
    np.testing.assert_allclose(np.reshape(row["weight_deltas"], (3, -1)), deltas, rtol=1e-12)
    np.testing.assert_allclose(np.reshape(row["weights_after"], (3, -1)), wanted, rtol=1e-12)


def test_weight_deltas_are_half_the_measured_slope_and_not_transposed(outcome):
    inputs, weights, _ = NETWORKS["3→3"]
    x, w, true = (np.array(values, float) for values in (inputs, weights, TRUE))
    slope = numeric_gradient(lambda: float(((w @ x - true) ** 2).sum()), w)
    np.testing.assert_allclose(outcome.rows[1]["weight_deltas"], slope / 2, atol=1e-8)
    assert np.abs(np.transpose(outcome.rows[1]["weight_deltas"]) - slope / 2).max() > 1


def test_three_outputs_are_three_networks(outcome):
    assert 0 <= outcome.result["max_difference_from_separate_networks"] < 1e-15


def test_the_learning_rates_are_each_networks_own():
    changed = LESSON.run(LESSON.settings(one_input_learning_rate=0.2)).rows
    rows = LESSON.run(LESSON.settings()).rows
    moved, moved_twice = (np.subtract(row["weights_after"], [0.3, 0.2, 0.9]) for row in (rows[0], changed[0]))
    np.testing.assert_allclose(moved_twice, 2 * moved)
    assert changed[1] == rows[1]


def test_an_update_that_overflows_says_so():
    outcome = LESSON.run(LESSON.settings(three_inputs_learning_rate=1e308))
    assert not np.isfinite(outcome.result["max_difference_from_separate_networks"])
    assert "overflow" in outcome.notice
