"""The streetlights, against what the notebook of the book prints, and its listings in plain numpy."""

import platform

import numpy as np
import pytest

from mnistgd.lessons import load

LESSON = load("streetlights")

ONE_LAYER = {
    1: (2.6561231104, "-0.19999999999999996 -0.19999999999999996 -0.5599999999999999 0.6160000000000001 0.17279999999999995 0.17552"),
    2: (0.9628701776715985, "0.14041599999999999 0.3066464 -0.34513824 1.006637344 0.4785034751999999 0.26700416768"),
    3: (0.5509165866836797, "0.213603334144 0.5347420299776 -0.26067345110016 1.1319428845096962 0.6274723921901568 0.25433999330650114"),
    40: (0.00053373677328488, "-0.0022410273814405524 0.9978745386023716 -0.016721264429884947 1.0151127459893812 0.9969492081270097 -0.0026256193329783125"),
}  # fmt: skip
"""Round → Error, and the Prediction of each light."""

DEEP = {
    10: 0.6342311598444467,
    20: 0.35838407676317513,
    30: 0.0830183113303298,
    40: 0.006467054957103705,
    50: 0.0003292669000750734,
    60: 1.5055622665134859e-05,
}

EXACT = platform.machine() in ("x86_64", "AMD64")
"""There the sums of three and four products come out as in the notebook, to the last digit; where a processor
rounds a product and a sum in one, the last digits may differ."""


def close(value):
    return value if EXACT else pytest.approx(value, rel=1e-11)


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def rows_of(outcome, network):
    rows = [row for row in outcome.rows if row["network"] == network]
    assert [row["round"] for row in rows] == list(range(1, len(rows) + 1))
    return rows


def test_the_published_errors_of_one_layer():
    rows = rows_of(run(), "one layer")
    assert len(rows) == 40
    for number, (error, _) in ONE_LAYER.items():
        assert rows[number - 1]["error"] == close(error)


def test_the_published_errors_of_3_4_1():
    rows = rows_of(run(), "3-4-1")
    assert len(rows) == 60
    assert {number: rows[number - 1]["error"] for number in DEEP} == {n: close(e) for n, e in DEEP.items()}


def test_a_person_sees_the_lines_of_the_listings():
    predictions, errors, _, deep = run().tables
    for column, number in enumerate((1, 2, 40), 2):
        assert predictions.headings[column] == f"round {number}"
        wanted = [close(float(value)) for value in ONE_LAYER[number][1].split()]
        assert [float(row[column]) for row in predictions.rows] == wanted
    assert len(errors.rows) == 40
    assert errors.rows[0][:2] == ["1", "2.6561231104"]
    assert {int(number): float(error) for number, error in deep.rows} == {
        n: close(e) for n, e in DEEP.items()
    }
    if EXACT:
        assert [error for _, error in deep.rows] == [str(error) for error in DEEP.values()]


LIGHTS = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 1], [0, 1, 1], [1, 0, 1]])
WALK = np.array([0, 1, 0, 1, 1, 0])
SECOND = np.array([1, 1, 0, 0])


def one_layer(walk, alpha, rounds, full):
    weights = np.array([0.5, 0.48, -0.7])
    for _ in range(rounds):
        error, moved = 0, np.zeros(3)
        for light, goal in zip(LIGHTS, walk, strict=False):
            delta = light @ weights - goal
            error += delta**2
            if full:
                moved += light * delta / len(walk)
            else:
                weights = weights - alpha * light * delta
        weights = weights - alpha * moved
        yield error, weights


@pytest.mark.parametrize("batch", ["one", "full"])
def test_every_round_of_one_layer(batch):
    outcome = run(batch=batch)
    for network, walk, rounds in (("one layer", WALK, 40), ("no hidden layer", SECOND, 60)):
        rows = rows_of(outcome, network)
        for row, (error, weights) in zip(rows, one_layer(walk, 0.1, rounds, batch == "full"), strict=True):
            assert row["error"] == pytest.approx(error, rel=1e-10)
            assert row["weights"] == pytest.approx(weights.tolist(), rel=1e-9, abs=1e-12)


def test_every_round_of_3_4_1_from_all_lights_at_once():
    generator = np.random.RandomState(1)
    first, last = 2 * generator.random_sample((3, 4)) - 1, 2 * generator.random_sample((4, 1)) - 1
    lights, walk = LIGHTS[:4].astype(float), SECOND[:, None]
    for row in rows_of(run(batch="full"), "3-4-1"):
        hidden = np.maximum(lights @ first, 0)
        delta = hidden @ last - walk
        back = (delta @ last.T) * (hidden > 0)
        last, first = last - 0.2 * hidden.T @ delta / 4, first - 0.2 * lights.T @ back / 4
        assert row["error"] == pytest.approx((delta**2).sum(), rel=1e-9)
        assert row["weights"][0] == [pytest.approx(line, rel=1e-9) for line in first.tolist()]
        assert row["weights"][1] == pytest.approx(last[:, 0].tolist(), rel=1e-9)


def test_what_no_light_says_ends_near_a_half():
    outcome = run()
    single = outcome.result["no_hidden_layer"]
    assert all(abs(value - 0.5) < 0.12 for value in single["predictions"])
    # The least squared error of any weights, and no round can be better.
    lights = LIGHTS[:4]
    best, residual, *_ = np.linalg.lstsq(lights, SECOND, rcond=None)
    assert lights @ best == pytest.approx([0.5] * 4)
    assert residual.item() == pytest.approx(1)
    assert single["error"] > 1 > outcome.result["3-4-1"]["error"]
    assert outcome.result["3-4-1"]["predictions"] == pytest.approx([1, 1, 0, 0], abs=0.01)


def test_the_middle_light_is_what_is_learned():
    left, middle, right = rows_of(run(), "one layer")[-1]["weights"]
    assert middle > 1
    assert max(abs(left), abs(right)) < 0.02


def test_a_rate_that_is_too_large_is_shown_diverging():
    outcome = run(learning_rate=3.0, rounds=300)
    assert outcome.result["one_layer"]["overflowed_at"] == len(rows_of(outcome, "one layer")) + 1 < 300
    assert outcome.result["one_layer"]["predictions"] is None
    assert outcome.result["3-4-1"]["overflowed_at"] is None
    assert "Diverging: one layer (rate 3, overflow in round " in outcome.notice
    assert "3-4-1" not in outcome.notice


def test_a_rate_beyond_all_numbers():
    outcome = run(learning_rate=1e308, hidden_learning_rate=1e308)
    assert all(np.isfinite(row["error"]) for row in outcome.rows)
    assert "Diverging" in outcome.notice


def test_hidden_units_that_are_all_off():
    outcome = run(hidden_learning_rate=9.0)
    assert outcome.result["3-4-1"]["error"] == pytest.approx(2)
    assert "found nothing better" in outcome.notice


@pytest.mark.parametrize("rounds", [1, 5, 700, 5000])
def test_as_many_rounds_as_one_likes(rounds):
    outcome = run(rounds=rounds)
    assert [len(rows_of(outcome, name)) for name in ("one layer", "no hidden layer", "3-4-1")] == 3 * [rounds]
    assert all(len(table.rows) <= 80 for table in outcome.tables)
