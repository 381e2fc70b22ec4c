"""Schedules: the learning rate at each step, by the clock alone.

Each makes a function ``step -> learning rate``; steps count from 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from mnistgd.engine.types import Schedule


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

    References
    ----------
    Goodfellow, Bengio, Courville (2016), Deep Learning, equation 8.14.

    Examples
    --------
    >>> [linear(1.0, 4)(step) for step in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    return lambda step: rate * max(0.0, 1 - step / steps)


def cosine(rate: float, steps: int) -> Schedule:
    """rate · ½ · (1 + cos(π · step / steps)): half a cosine down to zero at `steps`, and zero after.

    References
    ----------
    Loshchilov, Hutter (2017), SGDR: stochastic gradient descent with warm restarts, equation 5.

    Examples
    --------
    >>> [round(cosine(1.0, 4)(step), 4) for step in range(6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    return lambda step: rate * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def exponential(rate: float, factor: float, every: float = 1) -> Schedule:
    """rate · factor^(step / every): smoothly `factor` times smaller with each `every` steps.

    References
    ----------
    Senior, Heigold, Ranzato, Yang (2013), An empirical study of learning rates in deep neural
    networks for speech recognition.

    Examples
    --------
    >>> [exponential(1.0, 0.25, every=2)(step) for step in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """
    return lambda step: rate * factor ** (step / every)


def staircase(rate: float, factor: float, every: int) -> Schedule:
    """rate · factor^⌊step / every⌋: the staircase of `exponential`, one stair every `every` steps.

    Its name in `SCHEDULES` is ``step``.

    References
    ----------
    Senior, Heigold, Ranzato, Yang (2013), as for `exponential`.

    Examples
    --------
    >>> [staircase(1.0, 0.5, every=3)(step) for step in range(7)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
    """
    return lambda step: rate * factor ** (step // every)


def inverse_time(rate: float, decay: float, every: float = 1) -> Schedule:
    """rate / (1 + decay · step / every): falls fast at first, then ever more slowly, like 1 / step.

    References
    ----------
    Darken, Moody (1991), Note on learning rate schedules for stochastic optimization.

    Examples
    --------
    >>> [inverse_time(1.0, 0.5)(step) for step in (0, 2, 6)]
    [1.0, 0.5, 0.25]
    """
    return lambda step: rate / (1 + decay * step / every)


SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "constant": lambda rate, steps: constant(rate),  # noqa: ARG005
    "linear": linear,
    "cosine": cosine,
    "exponential": lambda rate, steps: exponential(rate, 0.9, steps / 10),
    "step": lambda rate, steps: staircase(rate, 0.5, math.ceil(3 * steps / 10)),
    "inverse_time": lambda rate, steps: inverse_time(rate, 0.5, steps / 10),
}
"""Name → (rate, steps of the whole run) → schedule, for any length of run.

A tenth of the run (an epoch of ten) is what decays go by: the exponential falls by a tenth with each, the
step halves every three, and inverse time divides by 1.5 after the first and by 6 at the end.
"""
