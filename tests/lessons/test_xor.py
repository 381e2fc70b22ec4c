"""XOR, against back-propagation written out in plain Python and a search for what one layer can do."""

from math import exp, tanh

import numpy as np
import pytest
from scipy.optimize import minimize

from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import load

LESSON = load("xor")
PATTERNS = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]
# What the file says: weights from each input to each hidden unit, and from each of those to the output.
START = {
    "2-2-1": ([[0.8, 0.4], [0.6, 0.5]], [0.7, -0.6], 0.2),
    "2-4-1": ([[0.9, -0.6, 0.7, -0.3], [0.4, 0.5, -0.8, -0.7]], [0.5, -0.4, 0.3, 0.8], 1.0),
}


def sigmoid(x):
    return 1 / (1 + exp(-x))


SQUASH = {
    "2-2-1": (tanh, lambda output: 1 - output**2),
    "2-4-1": (sigmoid, lambda output: output * (1 - output)),
}


def by_hand(name, steps):
    """The mean squared error before each step."""
    to_hidden, to_output, rate = START[name]
    squash, slope = SQUASH[name]
    to_hidden, to_output = [list(line) for line in to_hidden], list(to_output)
    units = range(len(to_output))
    hidden_bias, output_bias = [0.0 for _ in units], 0.0
    for _ in range(steps):
        mse = 0.0
        d_hidden = [[0.0 for _ in units] for _ in range(2)]
        d_output, d_hidden_bias, d_output_bias = [0.0 for _ in units], [0.0 for _ in units], 0.0
        for x, target in PATTERNS:
            h = [tanh(x[0] * to_hidden[0][u] + x[1] * to_hidden[1][u] + hidden_bias[u]) for u in units]
            output = squash(sum(h[u] * to_output[u] for u in units) + output_bias)
            mse += (output - target) ** 2 / 4
            d_net = (output - target) * slope(output)
            d_output_bias += d_net
            for u in units:
                d_output[u] += d_net * h[u]
                d_unit = d_net * to_output[u] * (1 - h[u] ** 2)
                d_hidden_bias[u] += d_unit
                for i in range(2):
                    d_hidden[i][u] += d_unit * x[i]
        yield mse
        output_bias -= rate * d_output_bias
        for u in units:
            to_output[u] -= rate * d_output[u]
            hidden_bias[u] -= rate * d_hidden_bias[u]
            for i in range(2):
                to_hidden[i][u] -= rate * d_hidden[i][u]


@pytest.fixture(scope="module", params=START)
def outcome(request):
    return LESSON.run(LESSON.settings(network=request.param))


def test_every_step_by_hand(outcome):
    name = outcome.rows[0]["network"]
    mses = [row["mse"] for row in outcome.rows if row["network"] == name]
    assert mses == pytest.approx(list(by_hand(name, len(mses))), rel=1e-8)


def test_it_learns_in_less_than_2000_steps(outcome):
    name = outcome.rows[0]["network"]
    mses = [row["mse"] for row in outcome.rows if row["network"] == name]
    assert 0 < outcome.result["steps"] == len(mses) - 1 < 2000
    assert min(mses[:-1]) >= 1e-3 > mses[-1] == outcome.result["mse"]
    assert [round(output) for output in outcome.result["outputs"]] == [0, 1, 1, 0]
    wrong = [output - target for output, (_, target) in zip(outcome.result["outputs"], PATTERNS, strict=True)]
    assert sum(w**2 for w in wrong) / 4 == pytest.approx(outcome.result["mse"])


def test_one_layer_ends_at_a_quarter(outcome):
    mses = [row["mse"] for row in outcome.rows if row["network"] == "2-1"]
    assert outcome.rows[-1]["step"] == 2000
    assert min(mses) > 0.25 - 1e-12
    assert outcome.result["one_layer"]["mse"] == pytest.approx(0.25, abs=1e-6)
    assert outcome.result["one_layer"]["outputs"] == pytest.approx([0.5] * 4, abs=1e-3)


@pytest.mark.parametrize("squash", [np.tanh, lambda x: (1 + np.tanh(x / 2)) / 2], ids=["tanh", "sigmoid"])
def test_no_weights_of_one_layer_pass_a_quarter(squash):
    inputs = np.array([x for x, _ in PATTERNS], float)
    targets = np.array([target for _, target in PATTERNS], float)

    def mse(w):
        return float(np.mean((squash(inputs @ w[:2] + w[2]) - targets) ** 2))

    rng = np.random.default_rng(0)
    found = [minimize(mse, rng.normal(0, 3, 3), method="Nelder-Mead").fun for _ in range(40)]
    assert min(found) == pytest.approx(0.25, abs=1e-6)
    assert min(found) > 0.25 - 1e-12


def test_the_learning_rate_left_unset_is_the_networks():
    assert LESSON.settings().learning_rate == 0.2
    assert LESSON.settings(network="2-4-1").learning_rate == 1.0
    assert LESSON.settings(network="2-4-1", learning_rate=0.5).learning_rate == 0.5


@pytest.mark.parametrize("rate", [50.0, 1e308])
@pytest.mark.parametrize("network", START)
def test_a_rate_that_learns_nothing(network, rate):
    settings = LESSON.settings(network=network, learning_rate=rate, steps=50)
    outcome = LESSON.run(settings)
    assert outcome.result["steps"] is None
    assert "has not learned" in outcome.notice or "overflow" in outcome.notice
    figure = new_figure()
    LESSON.plot(settings, outcome, figure)
    assert file_of(figure)
