"""The book's network of three inputs, against its own numbers and its listing in plain Python."""

import sys
from fractions import Fraction
from math import ceil, inf, isfinite, log

import pytest

from mnistgd.lessons import load

LESSON = load("toes")
TOES = [Fraction("8.5"), Fraction("0.65"), Fraction("1.2")]


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def test_the_first_numbers_are_the_published_ones():
    first = run().rows[0]
    assert round(first["pred"], 15) == 0.86
    assert round(first["delta"], 15) == -0.14
    assert first["weights"] == [0.1, 0.2, -0.1]


@pytest.mark.parametrize("freeze", [(), ("toes",), ("wlrec", "nfans"), ("toes", "wlrec", "nfans")])
@pytest.mark.parametrize("rate", ["0.01", "0.3"])
def test_the_listing_in_exact_fractions(freeze, rate):
    outcome = run(learning_rate=float(rate), iterations=8, freeze=freeze)
    weights = [Fraction("0.1"), Fraction("0.2"), Fraction("-0.1")]
    frozen = [name in freeze for name in ("toes", "wlrec", "nfans")]
    for iteration, row in enumerate(outcome.rows, 1):
        pred = sum(w * x for w, x in zip(weights, TOES, strict=True))
        delta = pred - 1
        deltas = [0 if stays else delta * x for stays, x in zip(frozen, TOES, strict=True)]
        assert row["iteration"] == iteration
        assert row["pred"] == pytest.approx(float(pred), rel=1e-12)
        assert row["delta"] == pytest.approx(float(delta), rel=1e-9)
        assert row["error"] == pytest.approx(float(delta**2), rel=1e-9)
        assert row["weights"] == pytest.approx([float(w) for w in weights], rel=1e-12)
        assert row["weight_deltas"] == pytest.approx([float(d) for d in deltas], rel=1e-9)
        weights = [w - Fraction(rate) * d for w, d in zip(weights, deltas, strict=True)]
    pred = float(sum(w * x for w, x in zip(weights, TOES, strict=True)))
    assert len(outcome.rows) == 8
    assert outcome.result["weights"] == pytest.approx([float(w) for w in weights], rel=1e-12)
    assert outcome.result["pred"] == pytest.approx(pred, rel=1e-12)
    assert outcome.result["error"] == pytest.approx((pred - 1) ** 2, rel=1e-9)


@pytest.mark.parametrize(
    ("freeze", "length"),
    [((), 8.5**2 + 0.65**2 + 1.2**2), (("toes",), 0.65**2 + 1.2**2), (("toes", "nfans"), 0.65**2)],
)
def test_the_stable_learning_rate_is_the_border(freeze, length):
    stable = run(freeze=freeze).result["stable_learning_rate"]
    assert stable == pytest.approx(2 / length)
    below = run(learning_rate=0.99 * stable, iterations=500, freeze=freeze)
    above = run(learning_rate=1.01 * stable, iterations=500, freeze=freeze)
    assert below.result["error"] < below.rows[0]["error"] / 1e4
    assert above.result["error"] > above.rows[0]["error"] * 1e4
    assert "diverging" in above.notice
    assert "diverging" not in below.notice


def test_frozen_weights_do_not_move():
    rows = run(freeze=("toes",), learning_rate=0.3, iterations=20).rows
    assert {row["weights"][0] for row in rows} == {0.1}
    assert {row["weight_deltas"][0] for row in rows} == {0.0}
    frozen = run(freeze=("toes", "wlrec", "nfans"))
    assert frozen.result["stable_learning_rate"] == inf
    assert frozen.result["error"] == frozen.rows[0]["error"]
    assert "frozen" in frozen.notice


def test_divergence_is_followed_until_it_overflows():
    outcome = run(learning_rate=1.0, iterations=100_000)
    errors = [row["error"] for row in outcome.rows]
    assert all(map(isfinite, errors))
    assert errors == sorted(errors)
    # Each update multiplies delta by 1 - ‖x‖²; its square is too large from the n-th on.
    n = ceil((log(sys.float_info.max) / 2 - log(0.14)) / log(8.5**2 + 0.65**2 + 1.2**2 - 1))
    assert len(errors) == n
    assert not isfinite(outcome.result["error"])
    assert f"After {n} updates the numbers overflowed" in outcome.notice


def test_a_rate_that_is_too_large_for_any_number():
    outcome = run(learning_rate=1e308, iterations=5)
    assert len(outcome.rows) < 5
    assert not isfinite(outcome.result["error"])
    assert "overflowed" in outcome.notice
