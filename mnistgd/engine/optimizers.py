"""Optimizers: from gradients to updates.

An optimizer is three functions, none of which changes what it is given::

    init(params) -> state
    update(grads, state, params, learning_rate) -> (updates, state)     updates are added to params
    probe(params, state, learning_rate) -> params                       where the gradient is taken

What changes how another optimizer works (weight decay, frozen weights) is an optimizer around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from mnistgd.engine.arrays import Params

State: TypeAlias = dict[str, Params]
"""What an optimizer remembers from step to step: name → one array per parameter."""


def _at_params(params: Params, state: State, learning_rate: float) -> Params:  # noqa: ARG001
    return params


@dataclass(frozen=True)
class Optimizer:
    """The three functions of an optimizer; see the module."""

    init: Callable[[Params], State]
    update: Callable[[Params, State, Params, float], tuple[Params, State]]
    probe: Callable[[Params, State, float], Params] = _at_params


def sgd() -> Optimizer:
    """Plain gradient descent: update = -learning_rate · grad.

    References
    ----------
    Robbins, Monro (1951), A stochastic approximation method. Cauchy (1847) for the full batch.
    """

    def update(grads: Params, state: State, params: Params, learning_rate: float) -> tuple[Params, State]:  # noqa: ARG001
        return {name: -learning_rate * grad for name, grad in grads.items()}, state

    return Optimizer(init=lambda params: {}, update=update)  # noqa: ARG005


def with_weight_decay(optimizer: Optimizer, rate: float) -> Optimizer:
    """Add ``rate · weights`` to the gradient of all weights; biases are left alone.

    It is the gradient of ½ · rate · Σ weights², also called an L2 penalty.

    References
    ----------
    Krogh, Hertz (1991), A simple weight decay can improve generalization.
    """

    def update(grads: Params, state: State, params: Params, learning_rate: float) -> tuple[Params, State]:
        decayed = {
            name: grad if name.endswith("bias") else grad + rate * params[name]
            for name, grad in grads.items()
        }
        return optimizer.update(decayed, state, params, learning_rate)

    return replace(optimizer, update=update)
