"""What a training run is asked to do."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mnistgd.datasets.shape import PIXELS
from mnistgd.errors import UsageError
from mnistgd.model.fields import as_json, setting, setting_fields
from mnistgd.system.words import counted

# The names are written down here so that the command line need not load the engine to know them.
LOSSES = ("cross-entropy", "squared-error")
SCHEDULES = ("linear", "constant", "step", "exponential", "inverse_time", "cosine")
INITS = ("zeros", "uniform", "glorot_uniform", "normal")
OPTIMIZERS = ("sgd", "momentum", "heavy_ball", "nesterov", "adagrad", "rmsprop", "adam", "amsgrad")
WITH_MOMENTUM = ("momentum", "heavy_ball", "nesterov")
ACTIVATIONS = ("relu", "tanh", "sigmoid")
OUTPUTS = ("none", "sigmoid", "tanh")

MAX_LAYERS, MAX_UNITS = 5, 1024
"""Of the hidden layers: more would be another kind of tool, and a weights file must have a largest size."""

OPEN_ENDED = ("constant",)
"""Schedules whose rate at a step is the same however many follow: a run of one can be given more epochs."""

WEIGHTS_FILE = Path("weights.npz")
"""Where the weights go, and are read from, unless another place is named."""

MOMENTUM = 0.9
ADAPTIVE_RATE = 0.001
RATES = {
    ("cross-entropy", False): 1.0,
    ("cross-entropy", True): 0.5,
    ("squared-error", False): 0.02,
    ("squared-error", True): 0.1,
}
"""(loss, hidden layers?) → the learning rate that suits plain pixels, found by trying."""
OUTPUT_RATES = {"sigmoid": 1.0, "tanh": 0.2}
"""Activation of the outputs → that rate, whatever the layers: its slope makes the gradient smaller."""

_data, _network, _descent, _stopping = (
    partial(setting, group=group) for group in ("Data", "Network", "Descent", "Stopping")
)


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run computes, except the images themselves.

    What is left open is decided when they are made, by the rest of them. Of other settings make new ones:
    `dataclasses.replace` would keep what was decided for the old.

    Raises
    ------
    UsageError
        If some of it makes no sense together.
    """

    epochs: int = _descent(10, "Passes over the training images.", minimum=1, maximum=10**12)
    batch_size: int | None = _descent(100, "Images for each step.", minimum=1, none="full", metavar="N|full")
    learning_rate: float = _descent(
        None,
        "How far a step goes along the gradient.",
        above=0,
        default=f"{RATES['cross-entropy', False]}; hidden layers {RATES['cross-entropy', True]}; "
        f"squared-error {RATES['squared-error', False]}, with hidden layers {RATES['squared-error', True]}, "
        f"with --output sigmoid {OUTPUT_RATES['sigmoid']} and tanh {OUTPUT_RATES['tanh']}; "
        f"adaptive optimizers {ADAPTIVE_RATE}",
    )
    schedule: str = _descent(
        "linear", "The rate over the run; linear falls to zero.", choices=SCHEDULES, metavar="NAME"
    )
    loss: str = _descent(
        "cross-entropy",
        "What falls; squared-error is Trask's network: no softmax, delta = pred - true.",
        choices=LOSSES,
        metavar="NAME",
    )
    optimizer: str = _descent(
        "sgd",
        "How gradients become steps; sgd is plain gradient descent.",
        choices=OPTIMIZERS,
        metavar="NAME",
    )
    momentum: float | None = _descent(
        None,
        "How much of its last step momentum, heavy_ball and nesterov keep.",
        minimum=0,
        below=1,
        default=str(MOMENTUM),
    )
    weight_decay: float = _descent(
        0.0, "This times the weights, not the bias, is added to their gradient.", minimum=0
    )
    dropout: float = _descent(
        0.0,
        "Leave out this share of the hidden units, at random, while it trains; tests use all of them.",
        minimum=0,
        below=1,
    )
    init: str = _network(
        None,
        "Where the weights start.",
        choices=INITS,
        metavar="NAME",
        default="zeros; hidden layers glorot_uniform",
    )
    hidden: tuple[int, ...] = _network(
        (),
        "Units of each hidden layer.",
        minimum=1,
        maximum=MAX_UNITS,
        commas=True,
        metavar="N[,N…]",
        default="none",
    )
    activation: str = _network(
        "relu", "What hidden units do with their total.", choices=ACTIVATIONS, metavar="NAME"
    )
    output: str = _network(
        "none", "What the outputs do with theirs, before squared error.", choices=OUTPUTS, metavar="NAME"
    )
    bias: bool = _network(True, "Add a bias to the totals, one for each unit and output.")
    # In a file it is what `pack_mask` makes of the picture.
    freeze: str | None = _network(
        None, "A 28×28 picture: the weights of its black pixels stay as they are.", metavar="MASK.png"
    )
    first: int | None = _data(
        None, "Train on the first N training images alone.", minimum=1, none="all", metavar="N", default="all"
    )
    standardise: bool = _data(False, "Train on pixels of mean 0 and deviation 1.")
    seed: int = _descent(
        0, "Decides the order of the images and random weights.", minimum=0, maximum=2**64 - 1
    )
    deskew: bool = _data(False, "Straighten and centre each image first, then and later.")
    augment: bool = _data(
        False, "Move, turn, slant, resize, thicken or thin each image a little, anew in each epoch."
    )
    validation: float = _stopping(
        0.0,
        "Set this share of the training images aside, to decide when to stop.",
        minimum=0,
        maximum=0.9,
        metavar="SHARE",
    )
    target_loss: float | None = _stopping(None, "Stop at this validation loss.", minimum=0)
    target_accuracy: float | None = _stopping(None, "Stop at this validation accuracy.", minimum=0, maximum=1)
    patience: int | None = _stopping(
        None, "Stop after N epochs without a better validation loss; keep the best.", minimum=1
    )

    def __post_init__(self) -> None:
        self._check()
        if self.momentum is None and self.optimizer in WITH_MOMENTUM:
            object.__setattr__(self, "momentum", MOMENTUM)
        if self.init is None:
            object.__setattr__(self, "init", "glorot_uniform" if self.hidden else "zeros")
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", _suitable_rate(self))

    def _check(self) -> None:
        if self.momentum is not None and self.optimizer not in WITH_MOMENTUM:
            raise UsageError(f"--momentum means nothing to {self.optimizer}", "add --optimizer momentum")
        to_stop = (self.target_loss, self.target_accuracy, self.patience)
        if self.validation == 0 and to_stop != (None, None, None):
            raise UsageError("nothing is set aside to decide when to stop", "add --validation 0.1")
        if len(self.hidden) > MAX_LAYERS:
            raise UsageError(f"{len(self.hidden)} hidden layers are more than {MAX_LAYERS}", "leave some out")
        if self.hidden and self.init == "zeros":
            raise UsageError(
                "hidden units that all start at zero would all stay the same", "add --init glorot_uniform"
            )
        if self.dropout and not self.hidden:
            raise UsageError("--dropout leaves out hidden units, and there are none", "add --hidden 100")
        if self.output != "none" and self.loss != "squared-error":
            raise UsageError(
                f"--output {self.output} means nothing to {self.loss}, which has a softmax of its own",
                "add --loss squared-error",
            )
        if self.freeze is not None and not _is_mask(self.freeze):
            raise UsageError("what is to freeze is not written as a mask is", "name a picture: --freeze FILE")

    @classmethod
    def from_values(cls, **values: Any) -> Settings:
        """Settings from values that a program gives: numpy's numbers, and lists or one number for tuples.

        Raises
        ------
        UsageError
            If one is not what it may be, or they make no sense together.
        """
        known = {each.name: each for each in setting_fields(cls)}
        return cls(**{name: known[name].from_value(value) for name, value in values.items()})

    def as_json(self) -> dict[str, Any]:
        """What the weights file and ``--json`` say of the settings; a full batch is ``"full"``."""
        return as_json(self)

    @classmethod
    def from_json(cls, value: object) -> Settings:
        """Settings from what `as_json` made of them; what is missing has its default.

        Raises
        ------
        ValueError
            If they are not what a run could have had.
        """
        if not isinstance(value, dict):
            raise ValueError("there are none")
        known = {
            each.name: each.from_json(value[each.name]) for each in setting_fields(cls) if each.name in value
        }
        try:
            return cls(**known)
        except UsageError as problem:
            raise ValueError(f"they contradict each other: {problem.message}") from problem

    def words(self) -> str:
        """As a command line says them: what is not the default, nor decided by the rest.

        The mask of ``--freeze`` is a picture, for which ``MASK.png`` stands.

        Examples
        --------
        >>> Settings(epochs=5, optimizer="momentum", hidden=(32, 16), bias=False, deskew=True).words()
        '--epochs 5 --optimizer momentum --hidden 32,16 --no-bias --deskew'
        """
        every = setting_fields(type(self))
        values = {each.name: getattr(self, each.name) for each in every}
        values = {each.name: values[each.name] for each in every if values[each.name] != each.default}
        for name in ("momentum", "init", "learning_rate"):
            fewer = {other: value for other, value in values.items() if other != name}
            if Settings(**fewer) == self:
                values = fewer
        return " ".join(_option(name, value) for name, value in values.items())

    def layer_sizes(self, n_classes: int) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer that has weights, first to last."""
        sizes = [PIXELS, *self.hidden, n_classes]
        return list(itertools.pairwise(sizes))

    def layer_prefix(self, layer: int) -> str:
        """What the engine puts before ``weights`` and ``bias`` of layer `layer`, counted from 1."""
        return f"{2 * layer - 1}." if self.hidden else ""


def in_words(name: str, value: Any) -> str:
    """What `Settings.as_json` has for a setting, in words for people.

    Examples
    --------
    >>> in_words("hidden", [32, 16]), in_words("deskew", True), in_words("momentum", None)
    ('32,16', 'yes', 'none')
    """
    if name == "freeze" and value is not None:
        return counted(int(value, 16).bit_count(), "pixel")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _option(name: str, value: Any) -> str:
    name = name.replace("_", "-")
    option = f"--{name}"
    if isinstance(value, bool):
        return option if value else f"--no-{name}"
    if name == "freeze":
        return f"{option} MASK.png"
    text = ",".join(map(str, value)) if isinstance(value, tuple) else value
    return f"{option} {'full' if text is None else text}"


def _suitable_rate(settings: Settings) -> float:
    """The learning rate that suits a model where none is asked for."""
    from mnistgd.engine.optimizers import ADAPTIVE

    if settings.optimizer in ADAPTIVE:
        return ADAPTIVE_RATE
    rate = OUTPUT_RATES.get(settings.output, RATES[settings.loss, bool(settings.hidden)])
    if settings.standardise:
        # The inputs' mean square is about ten times larger, and with it the curvature of the loss.
        rate /= 2.5 if settings.hidden else 10
    # The heavy ball sums its gradients where the others average them.
    return rate * (1 - (settings.momentum or 0.0)) if settings.optimizer == "heavy_ball" else rate


def _is_mask(text: str) -> bool:
    return len(text) == PIXELS // 4 and not set(text) - set("0123456789abcdef")
