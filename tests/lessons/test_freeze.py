"""A frozen weight, against closed forms: delta shrinks by the same factor with every update."""

from math import ceil, log

import pytest

from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import load

LESSON = load("freeze")
TOES, WLREC, NFANS = 8.5, 0.65, 1.2
OTHERS = WLREC**2 + NFANS**2
FIRST_DELTA = -0.14


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def test_phase_one_in_closed_form(outcome):
    factor = 1 - 0.3 * OTHERS
    updates = ceil(log(1e-6 / 0.14) / log(factor))
    assert outcome.result["updates_frozen"] == updates
    # Each update moves a weight by -rate · delta · input: a geometric series.
    pushed = -0.3 * FIRST_DELTA * (1 - factor**updates) / (1 - factor)
    wanted = [0.1, 0.2 + pushed * WLREC, -0.1 + pushed * NFANS]
    assert outcome.result["weights_after_frozen"] == pytest.approx(wanted, rel=1e-12)
    rows = [row for row in outcome.rows if row["phase"] == "toes frozen"]
    assert [row["updates"] for row in rows] == list(range(updates + 1))
    assert [row["error"] for row in rows] == pytest.approx(
        [(FIRST_DELTA * factor**n) ** 2 for n in range(updates + 1)], rel=1e-6
    )
    assert {row["weights"][0] for row in rows} == {0.1}


def test_what_is_left_for_toes(outcome):
    """In the end delta is 0, and the weights have moved along the inputs by delta / ‖x‖² in all."""
    length = TOES**2 + OTHERS
    left = FIRST_DELTA * (1 - 0.3 * OTHERS) ** outcome.result["updates_frozen"]
    assert outcome.result["moved_if_free"] == pytest.approx(0.14 * TOES / length, rel=1e-9)
    assert outcome.result["moved"] == pytest.approx(abs(left) * TOES / length, rel=1e-6)
    assert outcome.result["moved"] < outcome.result["moved_if_free"] / 100_000


def test_the_curve_slides_left_and_the_dot_does_not(outcome):
    factor = 1 - 0.3 * OTHERS
    wanted = [0.1 - FIRST_DELTA * factor**n / TOES for n in range(3)]
    assert outcome.result["curve_bottom"] == pytest.approx(wanted, rel=1e-12)
    assert wanted == sorted(wanted, reverse=True)


def test_the_curve_bottom_is_where_the_error_is_lowest(outcome):
    for row in outcome.rows[:3]:
        w = row["weights"]

        def error(toes, w=w):
            return (toes * TOES + w[1] * WLREC + w[2] * NFANS - 1) ** 2

        bottom = row["curve_bottom"]
        assert error(bottom) < 1e-24
        assert error(bottom) < min(error(bottom - 1e-6), error(bottom + 1e-6))


@pytest.mark.parametrize(
    "settings",
    [{"frozen_learning_rate": 1.2}, {"frozen_learning_rate": 1e308}, {"frozen_learning_rate": 1e-9}],
)
def test_a_first_phase_that_does_not_learn(settings):
    outcome = LESSON.run(LESSON.settings(**settings))
    assert outcome.result["updates_frozen"] is None
    assert "stays open" in outcome.notice
    figure = new_figure()
    LESSON.plot(LESSON.settings(**settings), outcome, figure)
    assert file_of(figure)


def test_a_control_that_diverges():
    settings = LESSON.settings(learning_rate=1.0)
    outcome = LESSON.run(settings)
    assert outcome.result["moved_if_free"] > 1e100
    assert "diverge" in outcome.notice
    figure = new_figure()
    LESSON.plot(settings, outcome, figure)
    assert file_of(figure)
