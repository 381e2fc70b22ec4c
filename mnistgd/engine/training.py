"""The training loop, and the batches it is fed.

``train`` is a generator: it does one step each time it is asked, and tells what happened. Progress
bars, logs, checkpoints and early stopping are all readers of it; it knows none of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from mnistgd.engine.optimizers import Optimizer, State
from mnistgd.engine.types import Array, Layer, Loss, Params, Schedule
from mnistgd.errors import DivergedError

DIVERGED = 1e6
"""A loss that is this many times the first one has left for good, though it may still be finite."""


class Step(NamedTuple):
    """One update.

    Attributes
    ----------
    step : int, counted from 0
    loss : float, of this step's batch before the update
    learning_rate : float
    outputs : ndarray, what the network answered for this batch before the update
    targets : ndarray, what it should have answered
    grads : Params, the gradient of the loss, before the optimizer made an update of it
    params : Params, after the update
    state : State of the optimizer, after the update
    """

    step: int
    loss: float
    learning_rate: float
    outputs: Array
    targets: Array
    grads: Params
    params: Params
    state: State


def batch_order(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[Array]:
    """One epoch: all of range(n) in random order, in pieces of `batch_size` (the last may be smaller).

    Examples
    --------
    >>> [len(batch) for batch in batch_order(10, 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    order = rng.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def train(
    layer: Layer,
    loss: Loss,
    params: Params,
    batches: Iterable[tuple[Array, Array]],
    *,
    optimizer: Optimizer,
    schedule: Schedule,
    state: State | None = None,
    first_step: int = 0,
    first_loss: float = 0.0,
    divergence: float = DIVERGED,
) -> Iterator[Step]:
    """Gradient descent: one step for each batch.

    params ← params + update(gradient of the loss at params)

    (Nesterov's optimizer takes the gradient elsewhere; see `Optimizer`.)

    Parameters
    ----------
    layer : Layer
        The network.
    loss : Loss
    params : Params
        Where to start; they are not changed.
    batches : iterable of (inputs, targets)
    optimizer : Optimizer
    schedule : Schedule
    state : State, optional
        The optimizer's memory, to go on where an earlier run stopped.
    first_step : int
        What the first step is called, to go on where an earlier run stopped.
    first_loss : float
        The loss that an earlier run began with; 0 if there was none.
    divergence : float
        How many times the first loss a later one may be; ``math.inf`` to go on until it overflows.

    Yields
    ------
    Step

    Raises
    ------
    DivergedError
        As soon as the loss is not finite, or `divergence` times the first.
    """
    if state is None:
        state = optimizer.init(params)
    limit = first_loss * divergence if first_loss > 0 else math.inf
    for step, (inputs, targets) in enumerate(batches, first_step):
        learning_rate = schedule(step)
        # Overflow is looked for below, in the loss; numpy's warning about it would only be noise.
        with np.errstate(over="ignore", invalid="ignore"):
            outputs, backward = layer.forward(optimizer.probe(params, state, learning_rate), inputs)
            value, d_outputs = loss(outputs, targets)
            if not value < limit:
                raise _diverged(step, value, learning_rate)
            _, grads = backward(d_outputs)
            updates, state = optimizer.update(grads, state, params, learning_rate)
            params = {name: array + updates[name] for name, array in params.items()}
        if limit == math.inf and value > 0:
            limit = value * divergence
        yield Step(step, value, learning_rate, outputs, targets, grads, params, state)


def _diverged(step: int, value: float, learning_rate: float) -> DivergedError:
    return DivergedError(
        f"training diverged at step {step}: at learning rate {learning_rate:.3g} the loss is {value:.3g}",
        "try a smaller learning rate",
        step=step,
    )
