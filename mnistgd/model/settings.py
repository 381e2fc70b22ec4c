"""What a training run is asked to do, and the network and recipe that follow from it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from mnistgd.datasets.shape import PIXELS
from mnistgd.errors import UsageError

if TYPE_CHECKING:
    from mnistgd.engine.optimizers import Optimizer
    from mnistgd.engine.types import Layer, Loss, Schedule

# The names are written down here so that the command line need not load the engine to know them.
LOSSES = ("cross-entropy", "squared-error")
SCHEDULES = ("linear", "constant", "step", "exponential", "inverse_time", "cosine")
INITS = ("zeros", "uniform", "glorot_uniform")
OPTIMIZERS = ("sgd", "momentum", "heavy_ball", "nesterov", "adagrad", "rmsprop", "adam", "amsgrad")
WITH_MOMENTUM = ("momentum", "heavy_ball", "nesterov")
ACTIVATIONS = ("relu", "tanh", "sigmoid")

MAX_LAYERS, MAX_UNITS = 5, 1024
"""Of the hidden layers: more would be another kind of tool, and a weights file must have a largest size."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run computes, except the images themselves.

    Attributes
    ----------
    epochs : int, at least 1
    batch_size : int, at least 1; None for the whole training set
    learning_rate : float, above 0; None for what suits the model
    schedule : str, one of SCHEDULES
    loss : str, one of LOSSES; ``squared-error`` has no softmax: delta = pred - true
    optimizer : str, one of OPTIMIZERS
    momentum : float in [0, 1), for WITH_MOMENTUM; None for 0.9 there, and for nothing elsewhere
    weight_decay : float, at least 0; added to the gradient as weight_decay · weights, bias excluded
    init : str, one of INITS; None for what suits the model
    hidden : tuple of int; the units of each hidden layer, none for the 784→10 network
    activation : str, one of ACTIVATIONS; that of the hidden units
    freeze : str or None; which of the 784 pixels' weights stay as they start, as `pack_mask` writes it
    standardise : bool; train on pixels of mean 0 and deviation 1
    seed : int, at least 0
    deskew : bool; straighten the images first
    validation : float in [0, 0.9]; the share of the training images that is set aside to decide when to stop
    target_loss, target_accuracy : float or None; stop when the validation images are answered this well
    patience : int or None; stop after so many epochs without a better validation loss, and keep the best
    """

    epochs: int = 10
    batch_size: int | None = 100
    learning_rate: float | None = None
    schedule: str = "linear"
    loss: str = "cross-entropy"
    optimizer: str = "sgd"
    momentum: float | None = None
    weight_decay: float = 0.0
    init: str | None = None
    hidden: tuple[int, ...] = ()
    activation: str = "relu"
    freeze: str | None = None
    standardise: bool = False
    seed: int = 0
    deskew: bool = False
    validation: float = 0.0
    target_loss: float | None = None
    target_accuracy: float | None = None
    patience: int | None = None

    def resolved(self) -> Settings:
        """The same, with what was left open decided.

        Raises
        ------
        UsageError
            If some of it makes no sense together.
        """
        if self.momentum is not None and self.optimizer not in WITH_MOMENTUM:
            raise UsageError(f"--momentum means nothing to {self.optimizer}", "add --optimizer momentum")
        if self.validation == 0 and (self.target_loss, self.target_accuracy, self.patience) != (
            None,
            None,
            None,
        ):
            raise UsageError("nothing is set aside to decide when to stop", "add --validation 0.1")
        if self.hidden and self.init == "zeros":
            raise UsageError(
                "hidden units that all start at zero would all stay the same", "add --init glorot_uniform"
            )
        momentum = 0.9 if self.optimizer in WITH_MOMENTUM and self.momentum is None else self.momentum
        init = self.init or ("glorot_uniform" if self.hidden else "zeros")
        decided = replace(self, momentum=momentum, init=init)
        return decided if self.learning_rate else replace(decided, learning_rate=_suitable_rate(decided))

    def as_json(self) -> dict[str, Any]:
        """What the weights file and ``--json`` say of the settings; a full batch is ``"full"``."""
        return asdict(self) | {"batch_size": self.batch_size or "full", "hidden": list(self.hidden)}

    @classmethod
    def from_json(cls, value: object) -> Settings:
        """Settings from what `as_json` made of them.

        Raises
        ------
        ValueError
            If a field is missing, or they are not what a run could have had.
        """
        if not isinstance(value, dict):
            raise ValueError("there are none")
        for field in fields(cls):
            if field.name not in value:
                raise ValueError(f"{field.name} is missing")
            if not _VALID[field.name](value[field.name]):
                raise ValueError(f"{field.name} cannot be {value[field.name]!r:.40}")
        known = {field.name: value[field.name] for field in fields(cls)}
        known["batch_size"] = None if known["batch_size"] == "full" else known["batch_size"]
        try:
            return cls(**known | {"hidden": tuple(known["hidden"])}).resolved()
        except UsageError as problem:
            raise ValueError("they contradict each other") from problem

    def layer_sizes(self, n_classes: int) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer that has weights, first to last."""
        sizes = [PIXELS, *self.hidden, n_classes]
        return list(itertools.pairwise(sizes))

    def layer_prefix(self, layer: int) -> str:
        """What the engine puts before ``weights`` and ``bias`` of layer `layer`, counted from 1."""
        return f"{2 * layer - 1}." if self.hidden else ""

    def network(self, n_classes: int, mean: float = 0.0, deviation: float = 1.0) -> Layer:
        """The network: uint8 images of shape (batch, 784) in, (batch, n_classes) out.

        Parameters
        ----------
        n_classes : int
        mean, deviation : float
            Of the pixels in [0, 1], where the network is to see them standardised.
        """
        from mnistgd.engine.activations import ACTIVATIONS as activations
        from mnistgd.engine.composition import Sequential
        from mnistgd.engine.initializers import INITIALIZERS
        from mnistgd.engine.layers import FromBytes, InPieces, Linear

        initializer = INITIALIZERS[self.resolved().init or "zeros"]
        first, *others = self.layer_sizes(n_classes)
        layers: list[Layer] = [FromBytes(*first, initializer=initializer, mean=mean, deviation=deviation)]
        for sizes in others:
            layers += [activations[self.activation](), Linear(*sizes, initializer=initializer)]
        return InPieces(Sequential(tuple(layers)) if others else layers[0])

    def loss_function(self) -> Loss:
        """The loss of integer labels, whichever it is."""
        from mnistgd.engine.losses import half_squared_error, one_hot, softmax_cross_entropy

        if self.loss == "cross-entropy":
            return softmax_cross_entropy
        return lambda outputs, labels: half_squared_error(
            outputs, one_hot(labels, outputs.shape[1], outputs.dtype.type)
        )

    def schedule_function(self, steps: int) -> Schedule:
        """The learning rate at each of `steps` steps."""
        from mnistgd.engine.schedules import SCHEDULES as schedules

        return schedules[self.schedule](self.resolved().learning_rate or 0.0, steps)

    def build_optimizer(self) -> Optimizer:
        """The optimizer, with weight decay and frozen weights around it where they are asked for."""
        from mnistgd.engine.optimizers import OPTIMIZERS as optimizers
        from mnistgd.engine.wrappers import masked, with_weight_decay
        from mnistgd.model.freeze import unpack_mask

        make = optimizers[self.optimizer]
        optimizer = make(beta=self.resolved().momentum) if self.optimizer in WITH_MOMENTUM else make()
        if self.freeze is not None:
            optimizer = masked(
                optimizer, {f"{self.layer_prefix(1)}weights": unpack_mask(self.freeze)[:, None]}
            )
        return with_weight_decay(optimizer, self.weight_decay) if self.weight_decay else optimizer


def _suitable_rate(settings: Settings) -> float:
    """The learning rate that suits a model where none is asked for."""
    from mnistgd.engine.optimizers import ADAPTIVE

    if settings.optimizer in ADAPTIVE:
        return 0.001
    rate = {  # (hidden layers?, loss) → the rate on plain pixels, found by trying
        (False, "cross-entropy"): 1.0,
        (False, "squared-error"): 0.02,
        (True, "cross-entropy"): 0.5,
        (True, "squared-error"): 0.1,
    }[bool(settings.hidden), settings.loss]
    if settings.standardise:
        # The inputs' mean square is about ten times larger, and with it the curvature of the loss.
        rate /= 2.5 if settings.hidden else 10
    # The heavy ball sums its gradients where the others average them.
    return rate * (1 - (settings.momentum or 0.0)) if settings.optimizer == "heavy_ball" else rate


def _whole(least: int, most: int = 10**12) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _number(value: Any) -> bool:
    # Not by math.isfinite: a whole number may be too large for a float.
    return type(value) in (int, float) and 0 <= value <= sys.float_info.max


def _none_or(valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or valid(value)


def _one_of(names: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in names


def _hidden(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and len(value) <= MAX_LAYERS and all(map(_whole(1, MAX_UNITS), value))
    )


def _mask(value: Any) -> bool:
    return isinstance(value, str) and len(value) == PIXELS // 4 and not set(value) - set("0123456789abcdef")


_VALID: dict[str, Callable[[Any], bool]] = {
    "epochs": _whole(1),
    "batch_size": lambda value: value == "full" or _whole(1)(value),
    "learning_rate": lambda value: _number(value) and value > 0,
    "schedule": _one_of(SCHEDULES),
    "loss": _one_of(LOSSES),
    "optimizer": _one_of(OPTIMIZERS),
    "momentum": _none_or(lambda value: _number(value) and value < 1),
    "weight_decay": _number,
    "init": _one_of(INITS),
    "hidden": _hidden,
    "activation": _one_of(ACTIVATIONS),
    "freeze": _none_or(_mask),
    "standardise": lambda value: type(value) is bool,
    "seed": _whole(0),
    "deskew": lambda value: type(value) is bool,
    "validation": lambda value: _number(value) and value <= 0.9,
    "target_loss": _none_or(_number),
    "target_accuracy": _none_or(lambda value: _number(value) and value <= 1),
    "patience": _none_or(_whole(1)),
}
"""What each field may be in a file; the command line checks its own options."""
