"""Train a network on a data set: the engine's loop, fed with shuffled batches of images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mnistgd.datasets.dataset import PIXELS, Dataset
from mnistgd.engine.arrays import Array, Params
from mnistgd.engine.optimizers import State
from mnistgd.engine.training import batch_order, train
from mnistgd.errors import DivergedError
from mnistgd.settings import Settings


class Progress(NamedTuple):
    """How a run stands after a step.

    Attributes
    ----------
    step, steps : int; steps done, counted from 1, and steps of the whole run
    epoch, epochs : int; the epoch it is in, counted from 1, and epochs of the whole run
    epoch_ends : bool; this was the epoch's last step
    loss, accuracy : float; means over the epoch's batches so far, each taken before its update
    learning_rate : float of this step
    params : Params, after the step
    state : State of the optimizer, after the step
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    epoch_ends: bool
    loss: float
    accuracy: float
    learning_rate: float
    params: Params
    state: State


def initial_params(settings: Settings, n_classes: int) -> Params:
    """Where training starts: float32, decided by the settings and their seed alone."""
    params = settings.network(n_classes).init(np.random.default_rng([settings.seed, 0]))
    return {name: array.astype(np.float32) for name, array in params.items()}


def fit(dataset: Dataset, settings: Settings) -> Iterator[Progress]:
    """Train on the training images, one step for each report.

    The order of an epoch is a function of the seed and the epoch's number alone, so that a run can be
    taken up again at any step.

    Raises
    ------
    DivergedError
        If training leaves the usable numbers.
    """
    images = dataset.train_images.reshape(-1, PIXELS)
    labels = dataset.train_labels
    n, n_classes = len(images), len(dataset.names)
    batch_size = min(settings.batch_size or n, n)
    steps_per_epoch = -(-n // batch_size)
    steps = steps_per_epoch * settings.epochs

    def batches() -> Iterator[tuple[Array, Array]]:
        for epoch in range(1, settings.epochs + 1):
            for batch in batch_order(n, batch_size, np.random.default_rng([settings.seed, epoch])):
                yield images[batch], labels[batch]

    run = train(
        settings.network(n_classes),
        settings.loss_function(),
        initial_params(settings, n_classes),
        batches(),
        optimizer=settings.optimizer(),
        schedule=settings.schedule_function(steps),
    )
    loss_sum, right, seen = 0.0, 0, 0
    params: Params = {}
    for done in run:
        loss_sum += done.loss * len(done.targets)
        right += int(np.count_nonzero(done.outputs.argmax(axis=1) == done.targets))
        seen += len(done.targets)
        epoch_ends = (done.step + 1) % steps_per_epoch == 0
        params = done.params
        yield Progress(
            step=done.step + 1,
            steps=steps,
            epoch=done.step // steps_per_epoch + 1,
            epochs=settings.epochs,
            epoch_ends=epoch_ends,
            loss=loss_sum / seen,
            accuracy=right / seen,
            learning_rate=done.learning_rate,
            params=params,
            state=done.state,
        )
        if epoch_ends:
            loss_sum, right, seen = 0.0, 0, 0
    if not all(np.isfinite(array).all() for array in params.values()):
        # The loss is taken before the update, so the last update has not been looked at yet.
        raise DivergedError(
            f"training diverged at step {steps - 1}: its update is not finite",
            "try a smaller learning rate",
            step=steps - 1,
        )
