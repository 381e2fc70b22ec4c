"""Optimizers: from gradients to updates.

An optimizer is three functions, none of which changes what it is given::

    init(params) -> state
    update(grads, state, params, learning_rate) -> (updates, state)     updates are added to params
    probe(params, state, learning_rate) -> params                       where the gradient is taken

What changes how another optimizer works (weight decay; frozen weights, see `wrappers`) is an optimizer
around it.

In the equations g is the gradient, α the learning rate and t the step, counted from 1; memories start at
zero, and every number has its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from mnistgd.engine.types import Array, Params

State: TypeAlias = dict[str, Params]
"""What an optimizer remembers from step to step: name → one array per parameter, under its name.

The array has the parameter's shape and dtype, but for ``steps``, a count: an int64 without dimensions.
"""


def _at_params(params: Params, state: State, learning_rate: float) -> Params:  # noqa: ARG001
    return params


@dataclass(frozen=True)
class Optimizer:
    """The three functions of an optimizer; see the module."""

    init: Callable[[Params], State]
    update: Callable[[Params, State, Params, float], tuple[Params, State]]
    probe: Callable[[Params, State, float], Params] = _at_params


def sgd() -> Optimizer:
    """Plain gradient descent.

    update = -α · g

    References
    ----------
    Robbins, Monro (1951), A stochastic approximation method. Cauchy (1847) for the full batch.
    """

    def update(grads: Params, state: State, params: Params, learning_rate: float) -> tuple[Params, State]:  # noqa: ARG001
        return {name: -learning_rate * grad for name, grad in grads.items()}, state

    return Optimizer(init=lambda params: {}, update=update)  # noqa: ARG005


def from_rule(rule: Callable[..., tuple[Array, ...]], *memories: str) -> Optimizer:
    """An optimizer that treats every parameter alike, and each by itself.

    Parameters
    ----------
    rule : callable
        ``rule(learning_rate, grad, *memories) -> (update, *memories)``, on the arrays of one parameter.
    memories : str
        What the rule remembers, by its name in the state: arrays of zeros at first, and ``steps`` a zero.
    """

    def init(params: Params) -> State:
        return {
            memory: {
                name: np.zeros((), np.int64) if memory == "steps" else np.zeros_like(array)
                for name, array in params.items()
            }
            for memory in memories
        }

    def update(grads: Params, state: State, params: Params, learning_rate: float) -> tuple[Params, State]:  # noqa: ARG001
        updates: Params = {}
        after: State = {memory: {} for memory in memories}
        for name, grad in grads.items():
            updates[name], *remembered = rule(
                learning_rate, grad, *(state[memory][name] for memory in memories)
            )
            for memory, array in zip(memories, remembered, strict=True):
                after[memory][name] = array
        return updates, after

    return Optimizer(init, update)


def momentum(beta: float = 0.9) -> Optimizer:
    """Gradient descent along the moving average of the gradients.

    V ← β · V + (1 - β) · g
    update = -α · V

    The steps are about as long as those of `sgd` at the same rate. What most libraries call momentum is
    `heavy_ball`: this one at rate α takes the very steps of that one at rate α · (1 - β).

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods. Qian (1999), On the
    momentum term in gradient descent learning algorithms.
    """

    def rule(learning_rate: float, grad: Array, velocity: Array) -> tuple[Array, ...]:
        velocity = beta * velocity + (1 - beta) * grad
        return -learning_rate * velocity, velocity

    return from_rule(rule, "velocity")


def heavy_ball(beta: float = 0.9) -> Optimizer:
    """Gradient descent with a velocity that friction alone slows down.

    V ← β · V + g
    update = -α · V

    Along a constant slope it gets up to 1 / (1 - β) times as fast as `sgd`; see `momentum`.

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    """

    def rule(learning_rate: float, grad: Array, velocity: Array) -> tuple[Array, ...]:
        velocity = beta * velocity + grad
        return -learning_rate * velocity, velocity

    return from_rule(rule, "velocity")


def nesterov(beta: float = 0.9) -> Optimizer:
    """`momentum` that looks ahead: the gradient is taken where the last velocity would lead.

    g at params - α · V   (the probe, with the V of the step before)
    V ← β · V + (1 - β) · g
    update = -α · V

    References
    ----------
    Nesterov (1983), A method of solving a convex programming problem with convergence rate O(1/k²).
    Sutskever, Martens, Dahl, Hinton (2013), On the importance of initialization and momentum in deep
    learning, equations 3 and 4; theirs looks ahead by β times the last step.
    """

    def probe(params: Params, state: State, learning_rate: float) -> Params:
        return {name: array - learning_rate * state["velocity"][name] for name, array in params.items()}

    return replace(momentum(beta), probe=probe)


def adagrad(epsilon: float = 1e-10) -> Optimizer:
    """A rate for each number, that falls with all the gradients it has seen.

    S ← S + g²
    update = -α · g / (√S + ε)

    References
    ----------
    Duchi, Hazan, Singer (2011), Adaptive subgradient methods for online learning and stochastic
    optimization.
    """

    def rule(learning_rate: float, grad: Array, squares: Array) -> tuple[Array, ...]:
        squares = squares + grad**2
        return -learning_rate * grad / (np.sqrt(squares) + epsilon), squares

    return from_rule(rule, "squares")


def rmsprop(rho: float = 0.9, epsilon: float = 1e-8) -> Optimizer:
    """`adagrad` that forgets: the moving average of the squares instead of their sum.

    S ← ρ · S + (1 - ρ) · g²
    update = -α · g / (√S + ε)

    References
    ----------
    Tieleman, Hinton (2012), Neural networks for machine learning, lecture 6.5.
    """

    def rule(learning_rate: float, grad: Array, squares: Array) -> tuple[Array, ...]:
        squares = rho * squares + (1 - rho) * grad**2
        return -learning_rate * grad / (np.sqrt(squares) + epsilon), squares

    return from_rule(rule, "squares")


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """Momentum and a rate for each number; both averages are corrected for having started at zero.

    V ← β₁ · V + (1 - β₁) · g
    S ← β₂ · S + (1 - β₂) · g²
    update = -α · V/(1 - β₁ᵗ) / (√(S/(1 - β₂ᵗ)) + ε)

    References
    ----------
    Kingma, Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
    """

    def rule(
        learning_rate: float, grad: Array, velocity: Array, squares: Array, steps: Array
    ) -> tuple[Array, ...]:
        t = int(steps) + 1
        velocity = beta1 * velocity + (1 - beta1) * grad
        squares = beta2 * squares + (1 - beta2) * grad**2
        size = np.sqrt(squares / (1 - beta2**t)) + epsilon
        update = -learning_rate / (1 - beta1**t) * velocity / size
        return update, velocity, squares, np.array(t)

    return from_rule(rule, "velocity", "squares", "steps")


def amsgrad(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """`adam` whose average of squares never falls, so that a rare large gradient is not forgotten.

    V ← β₁ · V + (1 - β₁) · g
    S ← β₂ · S + (1 - β₂) · g²
    M ← max(M, S)
    update = -α · V/(1 - β₁ᵗ) / (√(M/(1 - β₂ᵗ)) + ε)

    References
    ----------
    Reddi, Kale, Kumar (2018), On the convergence of Adam and beyond, algorithm 2; the corrections for
    the start at zero are those of Adam, applied after the maximum.
    """

    def rule(
        learning_rate: float, grad: Array, velocity: Array, squares: Array, largest: Array, steps: Array
    ) -> tuple[Array, ...]:
        t = int(steps) + 1
        velocity = beta1 * velocity + (1 - beta1) * grad
        squares = beta2 * squares + (1 - beta2) * grad**2
        largest = np.maximum(largest, squares)
        size = np.sqrt(largest / (1 - beta2**t)) + epsilon
        update = -learning_rate / (1 - beta1**t) * velocity / size
        return update, velocity, squares, largest, np.array(t)

    return from_rule(rule, "velocity", "squares", "largest", "steps")


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": sgd,
    "momentum": momentum,
    "heavy_ball": heavy_ball,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "amsgrad": amsgrad,
}
"""Name → what makes the optimizer; without arguments, with its defaults."""

ADAPTIVE = ("adagrad", "rmsprop", "adam", "amsgrad")
"""Those that give each number a rate of its own."""
