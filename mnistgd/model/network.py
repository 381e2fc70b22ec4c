"""The network that follows from settings, and the recipe that it is trained by."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.activations import ACTIVATIONS
from mnistgd.engine.composition import Sequential
from mnistgd.engine.initializers import BIAS_INITIALIZERS, INITIALIZERS, zeros
from mnistgd.engine.layers import EVERY, Dropout, FromBytes, InPieces, Linear
from mnistgd.engine.losses import activated, half_squared_error, one_hot, softmax_cross_entropy
from mnistgd.engine.optimizers import OPTIMIZERS, Optimizer
from mnistgd.engine.schedules import SCHEDULES
from mnistgd.engine.types import Layer, Loss, Schedule
from mnistgd.engine.wrappers import masked, with_weight_decay
from mnistgd.model.settings import WITH_MOMENTUM, Settings

_DROPOUT, _AUGMENT = 2, 3
"""Among the seeds of a run, after its own and 0, what those of the masks and of changed images have; 1 is of
what is set aside."""


def network_of(
    settings: Settings,
    n_classes: int,
    mean: float = 0.0,
    deviation: float = 1.0,
    *,
    step: int | None = None,
    places: Sequence[int] | NDArray[np.integer] | None = None,
) -> Layer:
    """The network: uint8 images of shape (batch, 784) in, (batch, n_classes) out.

    Parameters
    ----------
    settings : Settings
    n_classes : int
    mean, deviation : float
        Of the pixels in [0, 1], where the network is to see them standardised.
    step, places
        As `layers_of` has them.
    """
    first = partial(FromBytes, mean=mean, deviation=deviation)
    return layers_of(settings, PIXELS, n_classes, first, step=step, places=places)


def layers_of(
    settings: Settings,
    n_inputs: int,
    n_classes: int,
    first: Callable[..., Layer],
    *,
    step: int | None = None,
    places: Sequence[int] | NDArray[np.integer] | None = None,
) -> Layer:
    """The layers that are asked for, of which `first` makes the first: (batch, n_inputs) in.

    Parameters
    ----------
    settings : Settings
    n_inputs, n_classes : int
    first : `Linear`, or what takes the same
    step : int or None
        That they train, which decides the units that dropout leaves out; None where all are to answer.
    places : integers, in rising order, or None
        The numbers that the rows have in their batch, of which they are a part: the same units are left
        out as in the whole.
    """
    start: dict[str, Any] = {
        "initializer": INITIALIZERS[settings.init],
        "bias_initializer": BIAS_INITIALIZERS.get(settings.init, zeros) if settings.bias else zeros,
    }
    sizes, *others = itertools.pairwise([n_inputs, *settings.hidden, n_classes])
    linear = [first(*sizes, **start), *(Linear(*sizes, **start) for sizes in others)]

    every = EVERY if places is None else places

    def layers_from(piece: int) -> Layer:
        layers = linear[:1]
        for number, layer in enumerate(linear[1:], 1):
            between = ACTIVATIONS[settings.activation]()
            if settings.dropout and step is not None:
                seed = (settings.seed, 0, _DROPOUT, step, number)
                left_out = Dropout(settings.dropout, seed, every[piece:])
                between = Sequential((between, left_out))
            layers += [between, layer]
        return Sequential(tuple(layers)) if others else linear[0]

    return InPieces(layers_from)


def loss_of(settings: Settings) -> Loss:
    """The loss of integer labels, whichever it is; the activation of the outputs is a part of it."""
    if settings.loss == "cross-entropy":
        return softmax_cross_entropy
    loss: Loss = half_squared_error
    if settings.output != "none":
        loss = activated(loss, ACTIVATIONS[settings.output]())
    return lambda outputs, labels: loss(outputs, one_hot(labels, outputs.shape[1], outputs.dtype.type))


def schedule_of(settings: Settings, steps: int) -> Schedule:
    """The learning rate at each of `steps` steps."""
    return SCHEDULES[settings.schedule](settings.learning_rate, steps)


def optimizer_of(settings: Settings) -> Optimizer:
    """The optimizer, with weight decay and frozen weights around it where they are asked for."""
    make = OPTIMIZERS[settings.optimizer]
    optimizer = make(beta=settings.momentum) if settings.optimizer in WITH_MOMENTUM else make()
    frozen = {}
    if settings.freeze is not None:
        from mnistgd.model.freeze import unpack_mask  # it reads pictures as well

        frozen[f"{settings.layer_prefix(1)}weights"] = unpack_mask(settings.freeze)[:, None]
    if not settings.bias:
        # It starts at zero, and to stay there is to have none.
        frozen |= {
            f"{settings.layer_prefix(layer)}bias": np.ones(1, bool)
            for layer in range(1, len(settings.hidden) + 2)
        }
    if frozen:
        optimizer = masked(optimizer, frozen)
    return with_weight_decay(optimizer, settings.weight_decay) if settings.weight_decay else optimizer


def shown(
    settings: Settings, images: NDArray[np.uint8], rows: NDArray[np.integer], epoch: int
) -> NDArray[np.uint8]:
    """What an epoch, counted from 0, trains on: images, as `augment` takes them, or changed ones.

    `rows` are their numbers among all images that there are to train: an image is changed by its own.
    """
    if not settings.augment:
        return images
    from mnistgd.datasets.augment import augment

    return augment(images, rows, (settings.seed, 0, _AUGMENT, epoch))
