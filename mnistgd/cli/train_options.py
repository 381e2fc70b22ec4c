"""The options of ``mnistgd train``: what each may be, and what it says of itself."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from mnistgd.cli.options import between


def _batch_size(value: str | int) -> int:
    """0 for the whole training set; typer hands the default through here as well."""
    text = str(value)
    if text == "full":
        return 0
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise typer.BadParameter(f"{text!r} is neither a number from 1 up nor 'full'")
    return int(text)


def _hidden(value: str) -> str:
    from mnistgd.model.settings import MAX_LAYERS, MAX_UNITS

    sizes = value.split(",")
    if not all(size.isascii() and size.isdigit() and 1 <= int(size) <= MAX_UNITS for size in sizes):
        raise typer.BadParameter(
            f"{value!r} is not a list of whole numbers from 1 to {MAX_UNITS}, such as 64 or 64,32"
        )
    if len(sizes) > MAX_LAYERS:
        raise typer.BadParameter(f"{len(sizes)} hidden layers are more than {MAX_LAYERS}")
    return value


def _positive(value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise typer.BadParameter(f"{value} is not a finite number above 0")
    return value


_not_negative = between(0, math.inf, "a finite number from 0 up")
_share = between(0, 1, "a fraction from 0 to 1")

Epochs = Annotated[int, typer.Option(min=1, metavar="N", help="Passes over the training images.")]
BatchSize = Annotated[int, typer.Option(parser=_batch_size, metavar="N|full", help="Images for each step.")]
LearningRate = Annotated[
    float | None,
    typer.Option(
        callback=_positive,
        metavar="X",
        show_default="1.0; squared-error 0.02; hidden layers 0.5; adaptive optimizers 0.001",
        help="How far a step goes along the gradient.",
    ),
]
Schedule = Annotated[
    Literal["linear", "constant", "step", "exponential", "inverse_time", "cosine"],
    typer.Option(help="The rate over the run; linear falls to zero."),
]
LossName = Annotated[
    Literal["cross-entropy", "squared-error"],
    typer.Option(help="squared-error is the book's network: no softmax, delta = pred - true."),
]
OptimizerName = Annotated[
    Literal["sgd", "momentum", "heavy_ball", "nesterov", "adagrad", "rmsprop", "adam", "amsgrad"],
    typer.Option(help="How gradients become steps; sgd is plain gradient descent."),
]
Momentum = Annotated[
    float | None,
    typer.Option(
        callback=between(0, 1, "a number from 0 to below 1", open_end=True),
        metavar="X",
        show_default="0.9",
        help="How much of its last step momentum, heavy_ball and nesterov keep.",
    ),
]
WeightDecay = Annotated[
    float,
    typer.Option(
        callback=_not_negative, metavar="X", help="This times the weights is added to their gradient."
    ),
]
Init = Annotated[
    Literal["zeros", "uniform", "glorot_uniform"] | None,
    typer.Option(show_default="zeros; hidden layers glorot_uniform", help="Where the weights start."),
]
Hidden = Annotated[
    str | None,
    typer.Option(parser=_hidden, metavar="N[,N…]", show_default="none", help="Units of each hidden layer."),
]
Activation = Annotated[
    Literal["relu", "tanh", "sigmoid"], typer.Option(help="What hidden units do with their total.")
]
Freeze = Annotated[
    Path | None,
    typer.Option(
        metavar="MASK.png", help="A 28×28 picture: the weights of its black pixels stay as they are."
    ),
]
Standardise = Annotated[
    bool, typer.Option("--standardise", help="Train on pixels of mean 0 and deviation 1.")
]
Seed = Annotated[
    int, typer.Option(min=0, metavar="N", help="Decides the order of the images and random weights.")
]
Deskew = Annotated[
    bool, typer.Option("--deskew", help="Straighten and centre each image first, then and later.")
]
Validation = Annotated[
    float,
    typer.Option(
        callback=between(0, 0.9, "a fraction from 0 to 0.9"),
        metavar="SHARE",
        help="Set this share of the training images aside, to decide when to stop.",
    ),
]
TargetLoss = Annotated[
    float | None, typer.Option(callback=_not_negative, metavar="X", help="Stop at this validation loss.")
]
TargetAccuracy = Annotated[
    float | None, typer.Option(callback=_share, metavar="X", help="Stop at this validation accuracy.")
]
Patience = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Stop after N epochs without a better validation loss; keep the best."
    ),
]
Out = Annotated[
    str,
    typer.Option(
        "--out", "-o", envvar="MNISTGD_WEIGHTS", metavar="FILE|-", help="The weights file to write."
    ),
]
Frames = Annotated[
    int | None,
    typer.Option(
        min=2, max=200, metavar="N", help="Keep N snapshots beside the weights file, for mnistgd animate."
    ),
]
Live = Annotated[
    bool, typer.Option("--live", help="Watch the pictures form in the terminal while it trains.")
]
Log = Annotated[
    Path | None, typer.Option(metavar="FILE.jsonl", help="Write how each epoch went, a JSON object a line.")
]
Checkpoint = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Keep a place to go on from in this file.")
]
Every = Annotated[int, typer.Option(min=1, metavar="N", help="Epochs from one checkpoint to the next.")]
Resume = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Go on from a checkpoint; all settings come from it."),
]
