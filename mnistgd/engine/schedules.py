"""Schedules: the learning rate at each step, by the clock alone.

Each makes a function ``step -> learning rate``; steps count from 0.
"""

from __future__ import annotations

from mnistgd.engine.arrays import Schedule


def constant(rate: float) -> Schedule:
    """The same rate at every step.

    Examples
    --------
    >>> constant(0.5)(1000)
    0.5
    """
    return lambda step: rate  # noqa: ARG005


def linear(rate: float, steps: int) -> Schedule:
    """rate · (1 - step / steps): from `rate` at step 0 to zero at `steps`, and zero after.

    Examples
    --------
    >>> [linear(1.0, 4)(step) for step in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    return lambda step: rate * max(0.0, 1 - step / steps)
