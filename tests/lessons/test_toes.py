"""The book's network of three inputs, against its own numbers and its listing in plain Python."""

import platform
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


PRINTED = {
    (): """
    0.8600000000000001 0.01959999999999997 -0.1399999999999999
    0.1 0.2 -0.1  -1.189999999999999 -0.09099999999999994 -0.16799999999999987
    0.9637574999999999 0.0013135188062500048 -0.036242500000000066
    0.1119 0.20091 -0.09832  -0.30806125000000056 -0.023557625000000044 -0.04349100000000008
    0.9906177228125002 8.802712522307997e-05 -0.009382277187499843
    0.11498061250000001 0.20114557625 -0.09788509000000001
    -0.07974935609374867 -0.006098480171874899 -0.011258732624999811""",
    ("toes",): """
    0.8600000000000001 0.01959999999999997 -0.1399999999999999
    0.1 0.2 -0.1  0.0 -0.09099999999999994 -0.16799999999999987
    0.9382250000000001 0.003816150624999989 -0.06177499999999991
    0.1 0.2273 -0.04960000000000005  0.0 -0.040153749999999946 -0.07412999999999989
    0.97274178125 0.000743010489422852 -0.027258218750000007
    0.1 0.239346125 -0.02736100000000008  0.0 -0.017717842187500006 -0.032709862500000006""",
}
"""What the notebook prints of both listings: pred, error, delta, weights and weight_deltas."""


@pytest.mark.parametrize(("freeze", "rate"), [((), 0.01), (("toes",), 0.3)])
def test_every_line_of_the_listings(freeze, rate):
    """To the last digit, but for what a processor changes that rounds a product and a sum in one."""
    outcome = run(freeze=freeze, learning_rate=rate)
    shown = [
        float(cell)
        for rows in zip(*(table.rows for table in outcome.tables), strict=True)
        for _, *cells in rows
        for cell in cells
    ]
    printed = [float(word) for word in PRINTED[freeze].split()]
    exact = platform.machine() in ("x86_64", "AMD64")
    assert shown == (printed if exact else pytest.approx(printed, rel=1e-10))


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
