"""Weights that are frozen, shared or drawn towards zero, whatever optimizer trains them.

Each is an optimizer around an optimizer; the layers and the training loop know nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnistgd.engine.optimizers import Optimizer, State
from mnistgd.engine.types import Array, Params
from mnistgd.errors import ShapeError


def masked(optimizer: Optimizer, frozen: Mapping[str, NDArray[np.bool_]]) -> Optimizer:
    """Train all but some weights; those stay as they are, to the bit.

    grad   ← 0 where frozen    (so that what the optimizer remembers of them stays 0)
    update ← 0 where frozen    (whatever it makes of that)
    probe  ← params where frozen

    Around `with_weight_decay` or inside it, no decay reaches them either; inside it, the optimizer's
    memory of them stays 0, too.

    Parameters
    ----------
    optimizer : Optimizer
    frozen : mapping of a parameter's name to a boolean ndarray
        True where the parameter stays as it is. Of the parameter's shape, or one that NumPy broadcasts
        to it. A parameter that is not named trains.

    Raises
    ------
    ShapeError
        On use, if a mask does not fit its parameter, or names one that does not exist.
    """

    def keep(kept: Mapping[str, Array | float], values: Params) -> Params:
        result = dict(values)
        for name, mask in frozen.items():
            if name not in values:
                raise ShapeError(f"a mask for {name}, but the parameters are {', '.join(values)}")
            result[name] = np.where(_fitted(mask, name, values[name]), kept[name], values[name])
        return result

    zero, nothing = dict.fromkeys(frozen, 0.0), dict.fromkeys(frozen, -0.0)

    def update(grads: Params, state: State, params: Params, learning_rate: float) -> tuple[Params, State]:
        updates, state = optimizer.update(keep(zero, grads), state, params, learning_rate)
        # Minus zero is what leaves every number as it is when added: -0.0 + 0.0 would be 0.0.
        return keep(nothing, updates), state

    def probe(params: Params, state: State, learning_rate: float) -> Params:
        return keep(params, optimizer.probe(params, state, learning_rate))

    return Optimizer(optimizer.init, update, probe)


def tied(optimizer: Optimizer, names: Collection[str]) -> Optimizer:
    """Make each of the named parameters one single weight, that many connections share.

    grad ← sum(grad), for every entry: the chain rule, where one weight acts in many places.

    Entries that start equal stay equal.

    Parameters
    ----------
    optimizer : Optimizer
    names : str, the parameters whose entries are all the same weight

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 5.5.6.
    """

    def update(grads: Params, state: State, params: Params, learning_rate: float) -> tuple[Params, State]:
        total = {
            name: np.full_like(grad, grad.sum()) if name in names else grad for name, grad in grads.items()
        }
        return optimizer.update(total, state, params, learning_rate)

    return replace(optimizer, update=update)


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


def _fitted(mask: NDArray[np.bool_], name: str, array: Array) -> NDArray[np.bool_]:
    try:
        return np.broadcast_to(mask, array.shape)
    except ValueError:
        raise ShapeError(f"a mask of shape {mask.shape} for {name} of shape {array.shape}") from None
