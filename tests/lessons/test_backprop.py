"""The 2-2-2 network, against its published error and the chain rule written out in plain Python."""

from math import exp

import numpy as np
import pytest

from mnistgd.engine.gradient_check import numeric_gradient
from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import load

LESSON = load("backprop")
INPUTS, TARGETS = (0.05, 0.10), (0.01, 0.99)
WEIGHTS = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
BIASES = [0.35, 0.35, 0.60, 0.60]


def squash(x):
    return 1 / (1 + exp(-x))


def forward(w, b):
    h1 = squash(w[0] * INPUTS[0] + w[1] * INPUTS[1] + b[0])
    h2 = squash(w[2] * INPUTS[0] + w[3] * INPUTS[1] + b[1])
    return h1, h2, squash(w[4] * h1 + w[5] * h2 + b[2]), squash(w[6] * h1 + w[7] * h2 + b[3])


def error(w, b):
    *_, o1, o2 = forward(w, b)
    return ((TARGETS[0] - o1) ** 2 + (TARGETS[1] - o2) ** 2) / 2


def step(w, b, biases="frozen", *, mistaken=False):
    """One update by hand; the mistaken one updates w5 to w8 before it goes back through them."""
    h1, h2, o1, o2 = forward(w, b)
    n1, n2 = (o1 - TARGETS[0]) * o1 * (1 - o1), (o2 - TARGETS[1]) * o2 * (1 - o2)
    d_last = [n1 * h1, n1 * h2, n2 * h1, n2 * h2]
    last = [old - 0.5 * d for old, d in zip(w[4:], d_last, strict=True)]
    back = last if mistaken else w[4:]
    m1 = (n1 * back[0] + n2 * back[2]) * h1 * (1 - h1)
    m2 = (n1 * back[1] + n2 * back[3]) * h2 * (1 - h2)
    d_first = [m1 * INPUTS[0], m1 * INPUTS[1], m2 * INPUTS[0], m2 * INPUTS[1]]
    w = [old - 0.5 * d for old, d in zip(w[:4], d_first, strict=True)] + last
    slopes = {"frozen": [0] * 4, "separate": [m1, m2, n1, n2], "shared": [m1 + m2] * 2 + [n1 + n2] * 2}
    return w, [old - 0.5 * d for old, d in zip(b, slopes[biases], strict=True)]


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def test_the_first_error_is_the_published_one(outcome):
    assert f"{outcome.rows[0]['total_error']:.9f}" == "0.298371109"


def test_the_copied_error_is_what_the_mistake_gives():
    right, wrong = step(WEIGHTS, BIASES), step(WEIGHTS, BIASES, mistaken=True)
    assert f"{error(*wrong):.9f}" == "0.291027924"
    outcome = LESSON.run(LESSON.settings(steps=1))
    assert outcome.result["total_error"] == pytest.approx(error(*right), rel=1e-13)
    assert f"{error(*right):.9f}" in outcome.notice
    assert "0.291027924" in outcome.notice


@pytest.mark.parametrize("biases", ["frozen", "shared", "separate"])
def test_a_thousand_steps_by_hand(biases):
    outcome = LESSON.run(LESSON.settings(biases=biases, steps=1000))
    w, b, wanted = WEIGHTS, BIASES, {}
    for n in range(1001):
        if n in (0, 1, 2, 10, 100, 1000):
            wanted[n] = error(w, b), forward(w, b)[2:]
        if n < 1000:
            w, b = step(w, b, biases)
    assert [row["step"] for row in outcome.rows] == list(wanted)
    for row in outcome.rows:
        assert row["total_error"] == pytest.approx(wanted[row["step"]][0], rel=1e-10)
        assert row["outputs"] == pytest.approx(wanted[row["step"]][1], rel=1e-10)
    assert outcome.result["weights"] == pytest.approx(w, rel=1e-10)
    assert outcome.result["outputs"] == pytest.approx(forward(w, b)[2:], rel=1e-10)
    assert outcome.result["biases"] == pytest.approx(b if biases == "separate" else b[::2], rel=1e-10)


def test_the_rows_go_as_far_as_asked(outcome):
    assert [row["step"] for row in outcome.rows] == [0, 1, 2, 10, 100, 1000, 10_000]
    short = LESSON.run(LESSON.settings(steps=50))
    assert [row["step"] for row in short.rows] == [0, 1, 2, 10]
    assert [row[0] for row in short.tables[-1].rows] == ["0", "1", "2", "10", "50"]
    assert float(short.tables[-1].rows[-1][-1]) == pytest.approx(short.result["total_error"], abs=1e-9)


def test_the_first_pass(outcome):
    first = outcome.result["first_pass"]
    assert list(first["out"].values()) == pytest.approx(forward(WEIGHTS, BIASES), rel=1e-14)
    assert [squash(net) for net in first["net"].values()] == pytest.approx(
        forward(WEIGHTS, BIASES), rel=1e-14
    )
    w = np.array(WEIGHTS)
    slopes = numeric_gradient(lambda: error(w, BIASES), w)
    assert list(first["gradients"]) == [f"w{i}" for i in range(1, 9)]
    assert list(first["gradients"].values()) == pytest.approx(slopes, abs=1e-9)


def test_the_slopes_of_units_are_measured_ones(outcome):
    """dE/dnet of a unit is the slope along its bias; dE/dout is that divided by out · (1 - out)."""
    units = outcome.tables[0].rows
    b = np.array(BIASES)
    slopes = numeric_gradient(lambda: error(WEIGHTS, b), b)
    assert [float(row[5]) for row in units] == pytest.approx(slopes, abs=2e-9)
    for row, slope, out in zip(units, slopes, forward(WEIGHTS, BIASES), strict=True):
        assert float(row[4]) == pytest.approx(slope / (out * (1 - out)), abs=1e-8)


@pytest.mark.parametrize("biases", ["shared", "separate"])
def test_the_table_shows_biases_that_train(biases):
    settings = LESSON.settings(biases=biases, steps=1)
    rows = LESSON.run(settings).tables[1].rows
    w, b = step(WEIGHTS, BIASES, biases)
    assert [float(row[4]) for row in rows] == pytest.approx(
        w + (b if biases == "separate" else b[::2]), abs=1e-9
    )
    for row in rows:
        assert float(row[2]) - 0.5 * float(row[3]) == pytest.approx(float(row[4]), abs=2e-9)


@pytest.mark.parametrize("rate", [1e6, 1.7e308])
def test_a_rate_far_too_large(rate):
    settings = LESSON.settings(learning_rate=rate, steps=20)
    outcome = LESSON.run(settings)
    assert outcome.result["total_error"] > 0.1
    figure = new_figure()
    LESSON.plot(settings, outcome, figure)
    assert file_of(figure)
