"""The other use of a network: not to name a picture but to give back another, here a cleaner one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.metrics import accuracy
from mnistgd.engine.training import batch_order
from mnistgd.engine.types import Array
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.small_digits import N_TRAIN, PIXELS, SHAPE, small_digits
from mnistgd.lessons.trace import descend, number, shown_steps, until_overflow
from mnistgd.model.fields import setting

BATCH_SIZE = 10


@dataclass(frozen=True)
class Settings:
    """How dirty the pictures are, and how the network is trained."""

    noise: float = setting(0.2, "The share of pixels that are noise.", minimum=0, maximum=1)
    learning_rate: float = setting(0.02, "How far a step goes along the gradient.", above=0)
    epochs: int = setting(20, "Passes over the training pictures.", minimum=1, maximum=500)
    seed: int = setting(0, "Decides the noise and the order of the pictures.", minimum=0)


class Cleaning(NamedTuple):
    """What training did, and pictures that were not trained on, before and after.

    Attributes
    ----------
    errors : list of float
        Mean squared error of a training pixel, in ink², for each epoch: before the updates, on the way.
    overflowed : bool, whether the numbers overflowed before the last epoch was over
    true, dirty, cleaned : float64 ndarrays of shape (450, 64); 0 is background and 1 is full ink
    """

    errors: list[float]
    overflowed: bool
    true: Array
    dirty: Array
    cleaned: Array


def clean(images: Array, settings: Settings) -> Cleaning:
    """Train on the first `N_TRAIN` pictures, dirtied anew for each epoch, and clean the others."""
    network = Linear(PIXELS, PIXELS)
    params = network.init(np.random.default_rng(settings.seed))
    batches = _batches(images[:N_TRAIN], settings)
    squares = []
    for step in until_overflow(descend(network, half_squared_error, params, batches, settings.learning_rate)):
        params = step.params
        squares.append(2 * step.loss * len(step.targets) / PIXELS)
    per_epoch = math.ceil(N_TRAIN / BATCH_SIZE)
    errors = [
        sum(squares[start : start + per_epoch]) / N_TRAIN
        for start in range(0, len(squares) - per_epoch + 1, per_epoch)
    ]
    true = images[N_TRAIN:]
    dirty = _dirtied(true, settings.noise, np.random.default_rng([settings.seed, 0]))
    with np.errstate(over="ignore", invalid="ignore"):
        cleaned, _ = network.forward(params, dirty)
    return Cleaning(errors, len(errors) < settings.epochs, true, dirty, cleaned)


def _batches(images: Array, settings: Settings) -> Iterator[tuple[Array, Array]]:
    for epoch in range(1, settings.epochs + 1):
        rng = np.random.default_rng([settings.seed, epoch])
        dirty = _dirtied(images, settings.noise, rng)
        for batch in batch_order(np.arange(len(images)), BATCH_SIZE, rng):
            yield dirty[batch], images[batch]


def _dirtied(images: Array, noise: float, rng: np.random.Generator) -> Array:
    """`images` with each pixel replaced, with probability `noise`, by any shade from 0 to 1."""
    return np.where(rng.random(images.shape) < noise, rng.random(images.shape), images)


def run(settings: Settings) -> Outcome:
    """Train on noisy pictures, clean others, and see what a simple reader makes of them."""
    images, labels = small_digits()
    cleaning = clean(images, settings)
    rows = [{"epoch": epoch, "mse": error} for epoch, error in enumerate(cleaning.errors, 1)]

    means = np.stack([images[:N_TRAIN][labels[:N_TRAIN] == digit].mean(axis=0) for digit in range(10)])
    pictures = {"true": cleaning.true, "dirty": cleaning.dirty, "cleaned": cleaning.cleaned}
    result: dict[str, Any] = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for name, array in pictures.items():
            if name != "true":
                result[f"mse_{name}"] = float(((array - cleaning.true) ** 2).mean())
            result[f"accuracy_{name}"] = accuracy(_nearness(array, means), labels[N_TRAIN:])
    result["overflowed_in_epoch"] = len(rows) + 1 if cleaning.overflowed else None
    return Outcome(rows, result, _tables(rows, result), _notice(settings, rows, result))


def _nearness(images: Array, means: Array) -> Array:
    """How near each picture is to each mean: minus the squared distance; shape (n, n_means)."""
    distances: Array = ((images[:, None] - means) ** 2).sum(axis=2)
    return -distances


def _tables(rows: list[dict[str, Any]], result: dict[str, Any]) -> list[Table]:
    trace = [[str(rows[i]["epoch"]), number(rows[i]["mse"], 5)] for i in shown_steps(len(rows) - 1)]
    end = [
        [name, number(result.get(f"mse_{name}", 0.0), 5), f"{result[f'accuracy_{name}']:.1%}"]
        for name in ("true", "dirty", "cleaned")
    ]
    return [
        Table(["epoch", "mse (ink²)"], trace, "training: mean squared error of a pixel"),
        Table(["pictures", "mse (ink²)", "read correctly"], end, "450 pictures that were not trained on"),
    ]


def _notice(settings: Settings, rows: list[dict[str, Any]], result: dict[str, Any]) -> str:
    diverging = f"It diverges: the learning rate {settings.learning_rate:g} is too large"
    if result["overflowed_in_epoch"] is not None:
        return f"{diverging}, and the numbers overflow in epoch {result['overflowed_in_epoch']}."
    if rows[-1]["mse"] > rows[0]["mse"]:
        return f"{diverging}."
    dirty, cleaned = result["mse_dirty"], result["mse_cleaned"]
    error = (
        f"Cleaned, {1 - cleaned / dirty:.0%} of the squared error is gone"
        if cleaned < dirty
        else "There was so little to clean that cleaning made it worse"
    )
    true, before, after = (f"{result[f'accuracy_{name}']:.1%}" for name in ("true", "dirty", "cleaned"))
    return (
        f"{error}: each pixel is made anew from all {PIXELS}, by weights that know what digits look like. "
        "Cleaner to look at is not easier to read: who takes a picture for the digit whose mean is nearest "
        f"gets {before} of the dirty ones right and {after} of the cleaned ({true} of the true). Noise adds "
        "about the same to the distance from every mean."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The first picture of each digit that was not trained on: dirty, cleaned and as it was."""
    images, labels = small_digits()
    cleaning = clean(images, settings)
    firsts = [int(np.argmax(labels[N_TRAIN:] == digit)) for digit in range(10)]
    plots.size(figure, 11, 3.3)
    result = outcome.result
    titles = {
        "dirty": f"dirty\nmse {result['mse_dirty']:.4f}",
        "cleaned": f"cleaned\nmse {result['mse_cleaned']:.4f}",
        "true": "true",
    }
    height, width = SHAPE
    lines = figure.subplots(len(titles), 1)
    for axes, (name, title) in zip(lines, titles.items(), strict=True):
        strip = _side_by_side(getattr(cleaning, name)[firsts])
        shown = axes.imshow(strip, cmap="gray_r", vmin=0, vmax=1)
        for left in range(0, strip.shape[1], width + 1):
            x, y = [left - 0.5, left + width - 0.5], [-0.5, height - 0.5]
            axes.plot([x[0], x[1], x[1], x[0], x[0]], [y[0], y[0], y[1], y[1], y[0]], color="black", lw=0.8)
        axes.set(xticks=[], yticks=[], xlim=(-0.6, strip.shape[1] - 0.4), ylim=(height - 0.4, -0.6))
        axes.set_ylabel(title, rotation=0, ha="right", va="center")
        axes.spines[:].set_visible(False)
    figure.colorbar(shown, ax=lines, label="ink (1 is full)")


def _side_by_side(pictures: Array) -> Array:
    """One picture of all, with gaps that are not a number; what is beyond white or black is cut off."""
    gap = np.full((SHAPE[0], 1), np.nan)
    pieces = [piece for picture in pictures for piece in (np.clip(picture, 0, 1).reshape(SHAPE), gap)]
    return np.hstack(pieces[:-1])


LESSON = Lesson(Settings, run, _plot)
