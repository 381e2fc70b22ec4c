"""The book's team: its toes, its record and its fans, and the one network that foretells its games.

References
----------
Trask (2019), Grokking Deep Learning, chapter 5.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from itertools import repeat
from typing import NamedTuple

import numpy as np

from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.optimizers import sgd
from mnistgd.engine.types import Array, Params
from mnistgd.engine.wrappers import masked
from mnistgd.lessons.trace import descend

NAMES = ("toes", "wlrec", "nfans")
UNITS = ("win per toe", "win per win ratio", "win per million fans")

GAMES = np.array([[8.5, 0.65, 1.2], [9.5, 0.8, 1.3], [9.9, 0.8, 0.5], [9.0, 0.9, 1.0]])
"""A row for each game: toes per player, share of games won so far, millions of fans."""

WIN_OR_LOSE = np.array([[1.0], [1.0], [0.0], [1.0]])

START = (0.1, 0.2, -0.1)
"""The weights that training starts from, one for each of `NAMES`."""

DRAWABLE = 1e6
"""A larger error is left out of plots: whoever diverges leaves the page."""

NETWORK = Linear(3, 1, bias=False, input_gradient=False)
FIRST_GAME = GAMES[:1], WIN_OR_LOSE[:1]


class Moment(NamedTuple):
    """How the network does on the first game with certain weights.

    Attributes
    ----------
    pred : float, inputs · weights
    error : float, (pred - true)²
    delta : float, pred - true
    weights : list of three floats
    weight_deltas : list of three floats
        delta · inputs, 0 for a frozen weight: half the gradient of the error, as the book has it.
    """

    pred: float
    error: float
    delta: float
    weights: list[float]
    weight_deltas: list[float]


def moments(
    learning_rate: float,
    updates: int,
    *,
    start: Collection[float] = START,
    frozen: Collection[str] = (),
) -> Iterator[Moment]:
    """The network before each update, and after the last.

    Where the numbers overflow there are fewer updates, and the last moment is not finite.

    Parameters
    ----------
    learning_rate : float
    updates : int
    start : three floats
    frozen : names of the weights that do not train
    """
    mask = _mask(frozen)
    params: Params = {"weights": np.array(start, np.float64)[:, None]}
    batches, optimizer = repeat(FIRST_GAME, updates), masked(sgd(), {"weights": mask})
    yield _moment(params, mask)
    for step in descend(NETWORK, half_squared_error, params, batches, learning_rate, optimizer):
        yield _moment(step.params, mask)


def stable_learning_rate(frozen: Collection[str] = ()) -> float:
    """The largest rate that still converges on the first game; infinite if nothing trains.

    An update multiplies delta by 1 - learning_rate · ‖x‖², where x are the inputs whose weights train;
    that is less than 1 in size below 2 / ‖x‖².
    """
    length = float((FIRST_GAME[0][0, ~_mask(frozen)[:, 0]] ** 2).sum())
    return 2 / length if length else math.inf


def _mask(frozen: Collection[str]) -> Array:
    return np.array([[name in frozen] for name in NAMES])


def _moment(params: Params, mask: Array) -> Moment:
    inputs, true = FIRST_GAME
    with np.errstate(over="ignore", invalid="ignore"):
        outputs, backward = NETWORK.forward(params, inputs)
        half_error, deltas = half_squared_error(outputs, true)
        _, grads = backward(deltas)
        weight_deltas = np.where(mask, 0.0, grads["weights"])
    return Moment(
        outputs.item(),
        2 * half_error,
        deltas.item(),
        params["weights"][:, 0].tolist(),
        weight_deltas[:, 0].tolist(),
    )
