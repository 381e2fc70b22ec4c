"""Runs that go on until their numbers end, against the closed form of a parabola."""

import sys
from itertools import repeat
from math import floor, log

import numpy as np
import pytest

from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.optimizers import heavy_ball
from mnistgd.engine.schedules import linear
from mnistgd.lessons.trace import descend, until_overflow

BATCH = (np.ones((1, 1)), np.zeros((1, 1)))


def weights(steps):
    return [step.params["weights"].item() for step in steps]


def down(learning_rate, updates, optimizer=None):
    """Down ½ · w² from 1."""
    start = {"weights": np.ones((1, 1))}
    return descend(
        Linear(1, 1, bias=False), half_squared_error, start, repeat(BATCH, updates), learning_rate, optimizer
    )


def test_a_number_is_a_rate_that_stays():
    assert weights(down(0.25, 6)) == [0.75**n for n in range(1, 7)]


def test_a_schedule_is_a_rate_that_does_not():
    assert weights(down(linear(1.0, 4), 3)) == [0, 0, 0]
    assert weights(down(linear(0.5, 2), 3)) == [0.5, 0.375, 0.375]


def test_another_optimizer_than_plain_descent():
    # V: 1; ½ · 1 + ½ = 1
    assert weights(down(0.5, 2, heavy_ball(0.5))) == [0.5, 0.0]


@pytest.mark.parametrize("growth", [2, 8])
def test_a_run_leads_away_until_its_loss_is_no_number(growth):
    """Each step multiplies w by -growth; a loss is ½ · w², and 2^1024 is no number."""
    steps = list(down(1 + growth, 10_000))
    assert len(steps) == floor(511 / log(growth, 2)) + 1
    assert steps[-1].loss == growth ** (2 * len(steps) - 2) / 2 < sys.float_info.max


def test_an_update_that_overflows_is_not_told():
    """From a rate of 1e308 the first weight is a number still, and its loss is not; or not even the weight."""
    start = {"weights": np.array([[10.0]])}
    network = Linear(1, 1, bias=False)
    steps = list(descend(network, half_squared_error, start, repeat(BATCH, 5), 1e308))
    assert weights(steps) == [-np.inf]
    assert list(until_overflow(steps)) == []
    assert weights(until_overflow(down(1e308, 5))) == [-1e308]
    assert weights(until_overflow(down(0.5, 2))) == [0.5, 0.25]
