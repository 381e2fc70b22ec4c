"""Schedules against values known by hand, and what all of them promise."""

from itertools import accumulate, repeat
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.engine import schedules

HALF_ROOT_3 = sqrt(3) / 2  # the cosine of 30°

TABLE = {
    "constant": (schedules.constant(0.3), [0.3] * 12),
    "linear": (schedules.linear(2.0, 5), [2.0, 1.6, 1.2, 0.8, 0.4, 0, 0, 0]),
    # six steps of 30° each
    "cosine": (schedules.cosine(2.0, 6), [2, 1 + HALF_ROOT_3, 1.5, 1, 0.5, 1 - HALF_ROOT_3, 0, 0, 0]),
    # each rate is 0.9 times the one before
    "exponential": (
        schedules.exponential(0.03, 0.9),
        list(accumulate(repeat(0.9, 10), float.__mul__, initial=0.03)),
    ),
    "exponential, every 2": (schedules.exponential(1.0, 0.25, every=2), [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]),
    "step": (schedules.staircase(0.8, 0.5, every=3), [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1]),
    "inverse_time": (schedules.inverse_time(6.0, 0.5), [6, 4, 3, 2.4, 2]),
    "inverse_time, every 5": (
        schedules.inverse_time(6.0, 0.5, every=5),
        [6, 6 / 1.1, 5, 6 / 1.3, 6 / 1.4, 4],
    ),
}


@pytest.mark.parametrize(("schedule", "rates"), TABLE.values(), ids=TABLE)
def test_rates_by_hand(schedule, rates):
    assert [schedule(step) for step in range(len(rates))] == pytest.approx(rates, abs=1e-15)


@pytest.mark.parametrize("name", schedules.SCHEDULES)
@given(rate=st.floats(1e-6, 1e3), steps=st.integers(1, 10_000), data=st.data())
def test_every_name_starts_at_the_rate_and_never_rises(name, rate, steps, data):
    schedule = schedules.SCHEDULES[name](rate, steps)
    step = data.draw(st.integers(0, 2 * steps))
    assert schedule(0) == rate
    assert rate >= schedule(step) >= schedule(step + 1) >= 0
    assert type(schedule(step)) is float  # a NumPy number would turn float32 weights into float64


ENDS = {
    "constant": 1,
    "linear": 0,
    "cosine": 0,
    "exponential": 0.9**10,
    "step": 0.5**3,
    "inverse_time": 1 / 6,
}
"""Name → what is left of the rate at the end of a run."""


@pytest.mark.parametrize(("name", "end"), ENDS.items())
def test_where_a_run_of_any_length_ends(name, end):
    for steps in (10, 600, 12_345):
        assert schedules.SCHEDULES[name](0.5, steps)(steps) == pytest.approx(0.5 * end, abs=1e-15)


def test_every_schedule_is_in_both_tables():
    assert set(schedules.SCHEDULES) == set(ENDS) == {name.partition(",")[0] for name in TABLE}
