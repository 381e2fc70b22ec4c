"""Every optimizer against a recursion in plain Python, which shares nothing with the engine."""

import json
import sys
from math import ceil, log, sqrt

import pytest
from matplotlib.figure import Figure

from mnistgd.lessons import load

LESSON = load("optimizers")
STREAM = [1, 10, 0.1, -0.5, 3, 0, 0, 0, -2, 0.01, 5, -5]


def sgd(w, rate, gradient, n):
    for t in range(n):
        w = w - rate * gradient(w, t)
        yield w


def momentum(w, rate, gradient, n):
    v = 0.0
    for t in range(n):
        v = 0.9 * v + 0.1 * gradient(w, t)
        w = w - rate * v
        yield w


def heavy_ball(w, rate, gradient, n):
    v = 0.0
    for t in range(n):
        v = 0.9 * v + gradient(w, t)
        w = w - rate * v
        yield w


def nesterov(w, rate, gradient, n):
    v = 0.0
    for t in range(n):
        v = 0.9 * v + 0.1 * gradient(w - rate * v, t)
        w = w - rate * v
        yield w


def adagrad(w, rate, gradient, n):
    total = 0.0
    for t in range(n):
        g = gradient(w, t)
        total += g * g
        w = w - rate * g / (sqrt(total) + 1e-10)
        yield w


def rmsprop(w, rate, gradient, n):
    average = 0.0
    for t in range(n):
        g = gradient(w, t)
        average = 0.9 * average + 0.1 * g * g
        w = w - rate * g / (sqrt(average) + 1e-8)
        yield w


def adam(w, rate, gradient, n):
    m = v = 0.0
    for t in range(n):
        g = gradient(w, t)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w = w - rate * (m / (1 - 0.9 ** (t + 1))) / (sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
        yield w


def amsgrad(w, rate, gradient, n):
    m = v = largest = 0.0
    for t in range(n):
        g = gradient(w, t)
        m = 0.9 * m + 0.1 * g
        v = 0.5 * v + 0.5 * g * g
        largest = max(largest, v)
        w = w - rate * (m / (1 - 0.9 ** (t + 1))) / (sqrt(largest / (1 - 0.5 ** (t + 1))) + 1e-8)
        yield w


RULES = {
    sgd: 0.03,
    momentum: 0.1,
    heavy_ball: 0.1,
    nesterov: 0.1,
    adagrad: 0.5,
    rmsprop: 0.1,
    adam: 0.1,
    amsgrad: 0.1,
}


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings(heavy_ball=True))


def path(outcome, name):
    return [row for row in outcome.rows if row["optimizer"] == name]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_bowl(outcome, rule):
    """The two directions know nothing of each other, so each is a recursion of its own."""
    w1 = [1.0, *rule(1.0, RULES[rule], lambda w, t: w, 10)]
    w2 = [1.0, *rule(1.0, RULES[rule], lambda w, t: 25 * w, 10)]
    rows = path(outcome, rule.__name__)
    assert [row["step"] for row in rows] == list(range(11))
    for row, a, b in zip(rows, w1, w2, strict=True):
        assert row["w"] == pytest.approx([a, b], rel=1e-9, abs=1e-12)
        assert row["f"] == pytest.approx((a * a + 25 * b * b) / 2, rel=1e-9)
    result = outcome.result[rule.__name__]
    assert result["w"] == rows[-1]["w"]
    assert result["f"] == rows[-1]["f"]
    assert result["overflowed_at"] is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_stream(outcome, rule):
    expected = list(rule(0.0, RULES[rule], lambda w, t: STREAM[t], len(STREAM)))
    assert outcome.result[rule.__name__]["stream"] == pytest.approx(expected, rel=1e-12)


def test_the_moving_average_is_a_heavy_ball_at_a_tenth_of_the_rate(outcome):
    slow = LESSON.run(LESSON.settings(heavy_ball=True, momentum=0.1 * (1 - 0.9)))
    for ball, average in zip(path(slow, "heavy_ball"), path(outcome, "momentum"), strict=True):
        assert ball["w"] == pytest.approx(average["w"], rel=1e-12)


def test_the_heavy_ball_is_shown_on_request_only():
    assert "heavy_ball" not in LESSON.run(LESSON.settings()).result


def test_a_rate_beyond_the_stable_one_diverges_until_it_overflows():
    """Along w2 sgd multiplies by 1 - 25 · rate: by -1.5 with 0.1. 25 w2², twice f, then passes 1.8e308."""
    overflow = ceil(log(sys.float_info.max / 25) / log(1.5**2))
    outcome = LESSON.run(LESSON.settings(sgd=0.1, steps=1000))
    result = outcome.result["sgd"]
    assert result["overflowed_at"] == overflow
    assert len(path(outcome, "sgd")) == overflow
    assert path(outcome, "sgd")[100]["w"][1] == pytest.approx(1.5**100)
    assert f"Diverging: sgd (overflow at step {overflow})" in outcome.notice
    assert "overflow" in outcome.tables[0].rows[-1]
    json.dumps([outcome.rows, outcome.result], allow_nan=False)

    below = LESSON.run(LESSON.settings(sgd=0.079, steps=1000))
    assert below.result["sgd"]["f"] == pytest.approx(12.5 * 0.975**2000)
    assert "Diverging" not in below.notice


def test_a_rate_beyond_all_bounds():
    outcome = LESSON.run(LESSON.settings(**dict.fromkeys(["sgd", "adagrad", "adam"], 1e308)))
    assert outcome.result["sgd"] == {"w": [1.0, 1.0], "f": 13.0, "overflowed_at": 1, "stream": [-1e308]}
    json.dumps([outcome.rows, outcome.result], allow_nan=False)


ADAPTIVE = [adagrad, rmsprop, adam, amsgrad]


@pytest.mark.parametrize("settings", [{}, {"curvature": 1e6, "steps": 1000}, {"curvature": 0.01}])
def test_what_divides_by_the_gradients_takes_both_directions_alike(settings):
    outcome = LESSON.run(LESSON.settings(**settings))
    assert "at the same pace: w1 = w2 at every step." in outcome.notice
    for rule in ADAPTIVE:
        for row in path(outcome, rule.__name__):
            assert row["w"][0] == pytest.approx(row["w"][1], abs=5e-5)


def test_gradients_as_small_as_epsilon_part_the_directions():
    """Then nothing moves along w2, or little; ε is 1e-10 in adagrad and 1e-8 in the others."""
    outcome = LESSON.run(LESSON.settings(curvature=1e-12))
    assert "w1 = w2" not in outcome.notice
    for rule in ADAPTIVE:
        w1 = [1.0, *rule(1.0, RULES[rule], lambda w, t: w, 10)]
        w2 = [1.0, *rule(1.0, RULES[rule], lambda w, t: 1e-12 * w, 10)]
        gap = max(abs(a - b) for a, b in zip(w1, w2, strict=True))
        assert gap > 0.8
        assert f"{gap:.4f} with {rule.__name__}" in outcome.notice


def test_only_what_parts_is_named():
    """Squares of gradients beyond 1e308 hold one direction; the other optimizers are as they are."""
    outcome = LESSON.run(LESSON.settings(rmsprop=1e150, steps=60))
    assert "by up to 1.37e+150 with rmsprop. Diverging: rmsprop." in outcome.notice


@pytest.mark.parametrize("settings", [{}, {"heavy_ball": True}, {"sgd": 1e308}, {"sgd": 1.0, "steps": 300}])
def test_the_plot_has_a_panel_for_each(settings):
    settings = LESSON.settings(**settings)
    outcome, figure = LESSON.run(settings), Figure()
    LESSON.plot(settings, outcome, figure)
    panels = {axes.get_title(): axes for axes in figure.axes}
    assert len(panels) == len(outcome.result) + 1
    for name, axes in panels.items():
        if name != "height at each step":
            drawn = axes.lines[-1].get_xydata().tolist()
            assert drawn == [row["w"] for row in path(outcome, name.split(",")[0])]
    figure.draw_without_rendering()


def test_tables_have_a_cell_for_every_heading(outcome):
    for table in outcome.tables:
        assert {len(row) for row in table.rows} == {len(table.headings)}
