"""The paths against their closed form: each step multiplies a weight by 1 - rate · curvature."""

import json
import sys
from math import ceil, cos, log, pi, prod

import pytest
from matplotlib.figure import Figure

from mnistgd.lessons import load

LESSON = load("schedules")
RATES = {
    "constant": lambda t: 0.03,
    "exponential": lambda t: 0.03 * 0.9**t,
    "step": lambda t: [0.03, 0.015, 0.0075, 0.00375][t // 3],
    "inverse_time": lambda t: 0.03 / (1 + 0.5 * t),
    "cosine": lambda t: 0.015 * (1 + cos(pi * t / 10)),
    "linear": lambda t: 0.03 * (10 - t) / 10,
}


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def path(outcome, name):
    return [row for row in outcome.rows if row["schedule"] == name]


@pytest.mark.parametrize("name", RATES)
def test_rates_and_weights(outcome, name):
    rows = path(outcome, name)
    assert [row["step"] for row in rows] == list(range(11))
    for step, row in enumerate(rows):
        assert row["learning_rate"] == pytest.approx(RATES[name](step), abs=1e-15)
        expected = [prod(1 - RATES[name](t) * curvature for t in range(step)) for curvature in (1, 25)]
        assert row["w"] == pytest.approx(expected, rel=1e-9)
    assert outcome.result[name]["w"] == rows[-1]["w"]
    w1, w2 = rows[-1]["w"]
    assert outcome.result[name]["f"] == pytest.approx((w1**2 + 25 * w2**2) / 2)


def test_there_are_no_others(outcome):
    assert list(outcome.result) == list(RATES)
    assert outcome.tables[0].headings == ["step", *RATES]
    for table in outcome.tables:
        assert {len(row) for row in table.rows} == {len(table.headings)}


def test_options_reach_their_schedules():
    settings = LESSON.settings(
        learning_rate=0.01,
        steps=6,
        exponential_factor=0.5,
        step_factor=0.1,
        step_every=2,
        inverse_time_decay=1,
    )
    outcome = LESSON.run(settings)
    last = {name: path(outcome, name)[5]["learning_rate"] for name in RATES}
    assert last == pytest.approx(
        {
            "constant": 0.01,
            "exponential": 0.01 / 32,
            "step": 0.01 / 100,
            "inverse_time": 0.01 / 6,
            "cosine": 0.01 * (1 - cos(pi / 6)) / 2,
            "linear": 0.01 / 6,
        }
    )


def test_a_rate_that_falls_comes_back_from_where_the_constant_one_does_not():
    """From 0.09, above the stable 2 / 25, only the constant rate never gets below it."""
    outcome = LESSON.run(LESSON.settings(learning_rate=0.09, steps=40))
    for name, result in outcome.result.items():
        assert (result["f"] > 1e8) == (name == "constant")
    assert "Diverging: constant." in outcome.notice


def test_a_divergence_is_shown_until_it_overflows():
    """From 0.2 each step multiplies w2 by -4; 25 w2², twice f, then passes 1.8e308."""
    outcome = LESSON.run(LESSON.settings(learning_rate=0.2, steps=600))
    overflow = ceil(log(sys.float_info.max / 25) / log(16))
    assert outcome.result["constant"]["overflowed_at"] == overflow
    assert path(outcome, "constant")[-1]["w"][1] == pytest.approx((-4.0) ** (overflow - 1))
    assert f"constant (overflow at step {overflow})" in outcome.notice
    assert outcome.tables[0].rows[-1][:2] == ["600", "overflow"]
    json.dumps([outcome.rows, outcome.result], allow_nan=False)


@pytest.mark.parametrize("rate", [0.03, 0.2])
def test_the_plot_draws_every_row(rate):
    settings = LESSON.settings(learning_rate=rate, steps=20)
    outcome, figure = LESSON.run(settings), Figure()
    LESSON.plot(settings, outcome, figure)
    rates, heights = figure.axes
    for name, rate_line, height_line in zip(RATES, rates.lines, heights.lines, strict=True):
        rows = path(outcome, name)
        assert rate_line.get_ydata().tolist() == [row["learning_rate"] for row in rows]
        assert height_line.get_ydata().tolist() == [row["f"] for row in rows]
    figure.draw_without_rendering()


@pytest.mark.parametrize("settings", [{"learning_rate": 1e308}, {"learning_rate": 1, "steps": 200}])
def test_the_plot_bears_what_overflows(settings):
    settings = LESSON.settings(**settings)
    outcome, figure = LESSON.run(settings), Figure()
    LESSON.plot(settings, outcome, figure)
    figure.draw_without_rendering()
