"""The saturated neuron, against the figures of the book and a recursion by hand."""

from math import exp, log

import numpy as np
import pytest

from mnistgd.lessons import load
from mnistgd.lessons.saturation import binary_cross_entropy

LESSON = load("saturation")
NEAR, FAR = "w 0.6, b 0.9", "w 2, b 2"


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def two(value):
    return f"{value:.2f}"


def test_the_published_outputs():
    ends = run().result["runs"]
    assert list(ends) == [
        f"{cost}, {start}" for cost in ("quadratic", "cross-entropy") for start in (NEAR, FAR)
    ]
    for cost in ("quadratic", "cross-entropy"):
        assert [two(ends[f"{cost}, {start}"]["output_first"]) for start in (NEAR, FAR)] == ["0.82", "0.98"]
    assert [two(ends[f"quadratic, {start}"]["output"]) for start in (NEAR, FAR)] == ["0.09", "0.20"]


def test_with_the_cross_entropy_the_worse_start_has_the_larger_gradient():
    ends = run().result["runs"]
    near, far = (ends[f"cross-entropy, {start}"] for start in (NEAR, FAR))
    assert [two(end["gradient_first"]) for end in (near, far)] == ["0.82", "0.98"]
    assert [f"{end['cost_fall_first']:.4f}" for end in (near, far)] == ["0.0067", "0.0096"]
    near, far = (ends[f"quadratic, {start}"] for start in (NEAR, FAR))
    assert far["cost_fall_first"] < near["cost_fall_first"] / 40


@pytest.mark.parametrize(
    ("cost", "rate", "cost_of", "slope"),
    [
        ("quadratic", 0.15, lambda a: a**2 / 2, lambda a: a * a * (1 - a)),
        ("cross-entropy", 0.005, lambda a: -log(1 - a), lambda a: a),
    ],
)
@pytest.mark.parametrize(("weight", "bias"), [(0.6, 0.9), (2.0, 2.0)])
def test_every_epoch_by_hand(cost, rate, cost_of, slope, weight, bias):
    rows = [row for row in run().rows if row["run"] == f"{cost}, w {weight:g}, b {bias:g}"]
    assert [row["epoch"] for row in rows] == list(range(301))
    for row in rows:
        output = 1 / (1 + exp(-weight - bias))
        assert row["output"] == pytest.approx(output, rel=1e-9)
        assert row["cost"] == pytest.approx(cost_of(output), rel=1e-9)
        weight, bias = weight - rate * slope(output), bias - rate * slope(output)


def test_the_gradient_of_the_binary_cross_entropy():
    outputs, targets = np.array([[0.2], [0.7], [0.99]]), np.array([[0.0], [1.0], [0.0]])
    value, gradient = binary_cross_entropy(outputs, targets)
    assert value == pytest.approx(-(log(0.8) + log(0.7) + log(0.01)) / 3)
    numeric = [
        (binary_cross_entropy(outputs + h, targets)[0] - binary_cross_entropy(outputs - h, targets)[0]) / 2e-6
        for h in np.eye(3)[:, :, None] * 1e-6
    ]
    assert gradient[:, 0] == pytest.approx(numeric, rel=1e-6)


def test_rates_of_ones_own():
    outcome = run(quadratic_learning_rate=1e6, cross_entropy_learning_rate=1e6, epochs=3)
    assert all(row["output"] <= 1 for row in outcome.rows)
    assert len(outcome.rows) == 4 * 4
