"""The five predictions, against those of the book and its listings in exact fractions."""

from fractions import Fraction

import pytest

from mnistgd.lessons import load

LESSON = load("forward")

PUBLISHED = {
    "1→1": ["0.85"],
    "3→1": ["0.98"],
    "1→3": ["0.195", "0.13", "0.585"],
    "3→3": ["0.555", "0.98", "0.965"],
    "3→3→3": ["0.2135", "0.145", "0.5065"],
}


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def test_the_published_predictions():
    outcome = run()
    assert {
        row["network"]: [f"{value:.12g}" for value in row["outputs"]] for row in outcome.rows
    } == PUBLISHED
    for table, (name, values) in zip(outcome.tables, PUBLISHED.items(), strict=True):
        assert table.title == name
        assert [value for kind, _, value in table.rows if kind == "prediction"] == values


def dot(weights, values):
    return sum(Fraction(w) * v for w, v in zip(weights.split(), values, strict=True))


@pytest.mark.parametrize("inputs", [(8.5, 0.65, 1.2), (1.0, -2.0, 0.25), (0.0, 0.0, 0.0)])
def test_the_listings_in_exact_fractions(inputs):
    toes, wlrec, _ = game = [Fraction(str(value)) for value in inputs]
    hidden = [dot(row, game) for row in ("0.1 0.2 -0.1", "-0.1 0.1 0.9", "0.1 0.4 0.1")]
    wanted = [
        [dot("0.1", [toes])],
        [dot("0.1 0.2 0", game)],
        [dot(weight, [wlrec]) for weight in ("0.3", "0.2", "0.9")],
        [dot(row, game) for row in ("0.1 0.1 -0.3", "0.1 0.2 0", "0 1.3 0.1")],
        [dot(row, hidden) for row in ("0.3 1.1 -0.3", "0.1 0.2 0", "0 1.3 0.1")],
    ]
    outcome = run(inputs=inputs)
    for row, outputs in zip(outcome.rows, wanted, strict=True):
        assert row["outputs"] == pytest.approx([float(value) for value in outputs], rel=1e-12, abs=1e-15)
    assert [row["hidden"] for row in outcome.rows[:4]] == 4 * [None]
    assert outcome.rows[4]["hidden"] == pytest.approx([float(value) for value in hidden], abs=1e-15)
    assert [len(row["inputs"]) for row in outcome.rows] == [1, 3, 1, 3, 3]
    # Without an activation the last network is the product of its two matrices.
    assert outcome.result["outputs"] == pytest.approx([float(value) for value in wanted[4]], abs=1e-14)
    assert outcome.result["max_difference"] < 1e-14


def test_the_one_matrix():
    # Worked by hand: hp · ih, where hp has a row for each prediction.
    assert run().result["one_matrix"] == [
        pytest.approx([-0.11, 0.05, 0.93]),
        pytest.approx([-0.01, 0.04, 0.17]),
        pytest.approx([-0.12, 0.17, 1.18]),
    ]
