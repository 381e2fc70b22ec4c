"""What a training run is asked to do, and the network and recipe that follow from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnistgd.engine.arrays import Layer, Loss, Schedule
    from mnistgd.engine.optimizers import Optimizer

LOSSES = ("cross-entropy", "squared-error")
SCHEDULES = ("linear", "constant")
INITS = ("zeros", "uniform", "glorot_uniform")

DEFAULT_RATES = {"cross-entropy": 1.0, "squared-error": 0.02}
"""The learning rate that suits each loss where none is asked for."""


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
    weight_decay : float, at least 0; added to the gradient as weight_decay · weights, bias excluded
    init : str, one of INITS; None for what suits the model
    seed : int, at least 0
    deskew : bool; straighten the images first
    """

    epochs: int = 10
    batch_size: int | None = 100
    learning_rate: float | None = None
    schedule: str = "linear"
    loss: str = "cross-entropy"
    weight_decay: float = 0.0
    init: str | None = None
    seed: int = 0
    deskew: bool = False

    def resolved(self) -> Settings:
        """The same, with what was left open decided."""
        return replace(
            self,
            learning_rate=DEFAULT_RATES[self.loss] if self.learning_rate is None else self.learning_rate,
            init=self.init or "zeros",
        )

    def as_json(self) -> dict[str, Any]:
        """What the weights file and ``--json`` say of the settings; a full batch is ``"full"``."""
        return asdict(self) | {"batch_size": self.batch_size or "full"}

    @classmethod
    def from_json(cls, value: object) -> Settings:
        """Settings from what `as_json` made of them.

        Raises
        ------
        ValueError
            If a field is missing, unknown, or not a value that the run could have had.
        """
        if not isinstance(value, dict):
            raise ValueError("there are none")
        for field in fields(cls):
            if field.name not in value:
                raise ValueError(f"{field.name} is missing")
            if not _VALID[field.name](value[field.name]):
                raise ValueError(f"{field.name} cannot be {value[field.name]!r:.40}")
        known = {field.name: value[field.name] for field in fields(cls)}
        return cls(**known | {"batch_size": None if value["batch_size"] == "full" else value["batch_size"]})

    def network(self, n_classes: int) -> Layer:
        """The network: uint8 images of shape (batch, 784) in, (batch, n_classes) out."""
        from mnistgd.engine.initializers import INITIALIZERS
        from mnistgd.engine.layers import Linear, Pixels

        initializer = INITIALIZERS[self.resolved().init or "zeros"]
        return Pixels(Linear(784, n_classes, initializer=initializer, input_gradient=False))

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
        from mnistgd.engine import schedules

        rate = self.resolved().learning_rate or 0.0
        return schedules.linear(rate, steps) if self.schedule == "linear" else schedules.constant(rate)

    def optimizer(self) -> Optimizer:
        """Gradient descent, with weight decay if it is asked for."""
        from mnistgd.engine.optimizers import sgd, with_weight_decay

        return with_weight_decay(sgd(), self.weight_decay) if self.weight_decay else sgd()


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and value >= least


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


_VALID: dict[str, Callable[[Any], bool]] = {
    "epochs": _whole(1),
    "batch_size": lambda value: value == "full" or _whole(1)(value),
    "learning_rate": lambda value: _number(value) and value > 0,
    "schedule": lambda value: value in SCHEDULES,
    "loss": lambda value: value in LOSSES,
    "weight_decay": _number,
    "init": lambda value: value in INITS,
    "seed": _whole(0),
    "deskew": lambda value: type(value) is bool,
}
"""What each field may be in a file; the command line checks its own options."""
