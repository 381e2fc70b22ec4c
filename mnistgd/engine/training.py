"""The training loop, and the batches it is fed.

``train`` is a generator: it does one step each time it is asked, and tells what happened. Progress
bars, logs, checkpoints and early stopping are all readers of it; it knows none of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from mnistgd.engine.optimizers import Optimizer, State
from mnistgd.engine.types import Array, Layer, Loss, Params, Schedule
from mnistgd.errors import DivergedError

DIVERGED = 1e6
"""A loss above this has left for good, though it may still be finite."""


class BatchGradient(NamedTuple):
    """What is found of one batch.

    Attributes
    ----------
    loss : float
    grads : Params, its gradient
    outputs : ndarray, what the network answered
    targets : ndarray, what it should have answered
    """

    loss: float
    grads: Params
    outputs: Array
    targets: Array


Gradient: TypeAlias = Callable[[int, Params, Any], BatchGradient]
"""(step, params, batch) → the gradient of the loss of that batch. What a batch is, it alone knows."""


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


def batch_order(rows: Array, batch_size: int, rng: np.random.Generator) -> Iterator[Array]:
    """One epoch: all `rows` in random order, in pieces of `batch_size` (the last may be smaller).

    Examples
    --------
    >>> [len(batch) for batch in batch_order(np.arange(10), 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    order = rng.permutation(rows)
    for start in range(0, len(rows), batch_size):
        yield order[start : start + batch_size]


def gradient_of(layer: Layer, loss: Loss) -> Gradient:
    """The gradient of a loss of a network, whose batches are (inputs, targets)."""

    def gradient(step: int, params: Params, batch: tuple[Array, Array]) -> BatchGradient:  # noqa: ARG001
        inputs, targets = batch
        outputs, backward = layer.forward(params, inputs)
        value, d_outputs = loss(outputs, targets)
        return BatchGradient(value, backward(d_outputs)[1], outputs, targets)

    return gradient


def train(
    gradient: Gradient,
    params: Params,
    batches: Iterable[Any],
    *,
    optimizer: Optimizer,
    schedule: Schedule,
    state: State | None = None,
    first_step: int = 0,
    bound: float = DIVERGED,
) -> Iterator[Step]:
    """Gradient descent: one step for each batch.

    params ← params + update(gradient of the loss at params)

    (Nesterov's optimizer takes the gradient elsewhere; see `Optimizer`.)

    Parameters
    ----------
    gradient : Gradient
        Where the gradient of a batch comes from: `gradient_of` a network, or of many machines.
    params : Params
        Where to start; they are not changed.
    batches : iterable of what `gradient` takes
    optimizer : Optimizer
    schedule : Schedule
    state : State, optional
        The optimizer's memory, to go on where an earlier run stopped.
    first_step : int
        What the first step is called, to go on where an earlier run stopped.
    bound : float
        A loss above it is divergence; ``math.inf`` to go on until it overflows.

    Yields
    ------
    Step

    Raises
    ------
    DivergedError
        As soon as the loss is not finite, or above `bound`.
    """
    if state is None:
        state = optimizer.init(params)

    def one_step(step: int, batch: Any, params: Params, state: State) -> Step:
        learning_rate = schedule(step)
        place = optimizer.probe(params, state, learning_rate)
        value, grads, outputs, targets = gradient(step, place, batch)
        if not (math.isfinite(value) and value <= bound):
            raise _diverged(step, value, learning_rate)
        updates, state = optimizer.update(grads, state, params, learning_rate)
        params = {name: array + updates[name] for name, array in params.items()}
        return Step(step, value, learning_rate, outputs, targets, grads, params, state)

    # Overflow is looked for in the loss; numpy's warning about it would only be noise. A context that has it
    # off is entered with each step in a tenth of the time of np.errstate, which makes one anew.
    quietly = copy_context()
    quietly.run(np.seterr, over="ignore", invalid="ignore")
    for step, batch in enumerate(batches, first_step):
        done = quietly.run(one_step, step, batch, params, state)
        params, state = done.params, done.state
        yield done


def _diverged(step: int, value: float, learning_rate: float) -> DivergedError:
    return DivergedError(
        f"training diverged at step {step}: at learning rate {learning_rate:.3g} the loss is {value:.3g}",
        "try a smaller learning rate",
        step=step,
    )
