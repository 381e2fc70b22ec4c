"""Raw and standardised inputs, against loops in plain Python and the singular values of the inputs."""

from math import inf
from statistics import fmean, pstdev

import numpy as np
import pytest

from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import load

LESSON = load("normalise")
GAMES = [[8.5, 0.65, 1.2], [9.5, 0.8, 1.3], [9.9, 0.8, 0.5], [9.0, 0.9, 1.0]]
TRUE = [1, 1, 0, 1]
COLUMNS = list(zip(*GAMES, strict=True))
STANDARDISED = [
    [(x - fmean(column)) / pstdev(column) for x, column in zip(game, COLUMNS, strict=True)] for game in GAMES
]


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def by_hand(games, weights, rate, updates):
    """The error after each number of updates."""
    errors = []
    for _ in range(updates + 1):
        preds = [sum(w * x for w, x in zip(weights, game, strict=True)) for game in games]
        deltas = [pred - true for pred, true in zip(preds, TRUE, strict=True)]
        errors.append(sum(delta**2 for delta in deltas) / 4)
        weight_deltas = [
            sum(delta * game[k] for delta, game in zip(deltas, games, strict=True)) / 4
            for k in range(len(weights))
        ]
        weights = [w - rate * d for w, d in zip(weights, weight_deltas, strict=True)]
    return errors


def test_the_errors_by_hand(outcome):
    raw = by_hand(GAMES, [0.1, 0.2, -0.1], 0.01, 100)
    with_bias = [[*game, 1.0] for game in STANDARDISED]
    standardised = by_hand(with_bias, [0.1, 0.2, -0.1, 0.0], 0.1, 100)
    for name, wanted in (("raw", raw), ("standardised", standardised)):
        rows = [row for row in outcome.rows if row["inputs"] == name]
        assert [row["updates"] for row in rows] == list(range(101))
        assert [row["error"] for row in rows] == pytest.approx(wanted, rel=1e-9)
        assert outcome.result[f"error_{name}"] == rows[-1]["error"]


def test_the_stable_rates_are_those_of_the_largest_singular_value(outcome):
    raw = np.linalg.norm(GAMES, 2)
    standardised = np.linalg.norm([[*game, 1.0] for game in STANDARDISED], 2)
    assert outcome.result["stable_raw"] == pytest.approx(2 * 4 / raw**2)
    assert outcome.result["stable_standardised"] == pytest.approx(2 * 4 / standardised**2)


@pytest.mark.parametrize("name", ["raw", "standardised"])
def test_the_stable_rates_are_the_border(outcome, name):
    def error(factor):
        rate = {f"{name}_learning_rate": factor * outcome.result[f"stable_{name}"]}
        return LESSON.run(LESSON.settings(updates=3000, **rate)).result[f"error_{name}"]

    assert error(0.99) < 1
    assert error(1.01) > 1e3


def test_standardised_wins(outcome):
    assert outcome.result["error_standardised"] < outcome.result["error_raw"] / 1e4


def test_a_rate_too_large_for_one_of_them():
    settings = LESSON.settings(raw_learning_rate=0.1, updates=1000)
    outcome = LESSON.run(settings)
    assert outcome.result["error_raw"] == inf
    assert outcome.result["error_standardised"] < 1e-9
    overflow = sum(row["inputs"] == "raw" for row in outcome.rows) - 1
    assert f"At 0.1 the raw inputs diverge, and overflow after {overflow} updates." in outcome.notice
    figure = new_figure()
    LESSON.plot(settings, outcome, figure)
    assert file_of(figure)
    assert "diverge." in LESSON.run(LESSON.settings(raw_learning_rate=0.03)).notice
