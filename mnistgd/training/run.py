"""Train a network on a data set: the engine's loop, fed with shuffled batches of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.metrics import accuracy
from mnistgd.engine.optimizers import State
from mnistgd.engine.training import Step, batch_order, train
from mnistgd.engine.types import Array, Layer, Params
from mnistgd.errors import DivergedError
from mnistgd.model.settings import Settings


class Score(NamedTuple):
    """How well some images are answered."""

    loss: float
    accuracy: float


class EpochTotals(NamedTuple):
    """Sums over the batches of an epoch so far."""

    loss: float = 0.0
    right: int = 0
    seen: int = 0


NO_TOTALS = EpochTotals()


class Best(NamedTuple):
    """The epoch whose validation loss is the least so far, and the weights it ended with."""

    loss: float
    epoch: int
    params: Params


@dataclass(frozen=True)
class TrainState:
    """All that a run needs to go on as if it had never stopped.

    Attributes
    ----------
    step : int, steps done
    params : Params
    state : State of the optimizer
    tally : EpochTotals of the epoch it is in
    best : Best, if validation loss decides what is kept
    first_loss : float, of the first batch, which a loss that diverges is held against; 0 before it
    """

    step: int
    params: Params
    state: State
    tally: EpochTotals = NO_TOTALS
    best: Best | None = None
    first_loss: float = 0.0

    def check(self) -> None:
        """Hold the last update, which no loss has seen yet, to be finite.

        Raises
        ------
        DivergedError
            If it is not.
        """
        if not all(np.isfinite(array).all() for array in self.params.values()):
            message = f"training diverged at step {self.step - 1}: its update is not finite"
            raise DivergedError(message, "try a smaller learning rate", step=self.step - 1)


class Progress(NamedTuple):
    """How a run stands after a step.

    Attributes
    ----------
    step, steps : int; steps done, counted from 1, and steps of the whole run
    epoch, epochs : int; the epoch it is in, counted from 1, and epochs of the whole run
    epoch_ends : bool; this was the epoch's last step
    loss, accuracy : float; means over the epoch's batches so far, each taken before its update
    learning_rate : float of this step
    validation : Score of the images set aside, at the end of an epoch; None otherwise
    stopped : str, why the run ends here although epochs are left; empty if it does not
    checkpoint : TrainState, to go on from here
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    epoch_ends: bool
    loss: float
    accuracy: float
    learning_rate: float
    validation: Score | None
    stopped: str
    checkpoint: TrainState


def initial_params(settings: Settings, n_classes: int) -> Params:
    """Where training starts: float32, decided by the settings and their seed alone."""
    params = settings.network(n_classes).init(np.random.default_rng([settings.seed, 0]))
    # In the order in memory that the layers keep, so that the first step is as quick as the others.
    return {name: np.asfortranarray(array, np.float32) for name, array in params.items()}


class Run:
    """One training run: what it trains on, and the network and recipe that the settings ask for.

    Parameters
    ----------
    dataset : Dataset
        Only its training images are used; the test images never choose anything.
    settings : Settings

    Attributes
    ----------
    steps, steps_per_epoch : int
    network : Layer
        uint8 images of shape (batch, 784) in; it standardises them if that is asked for.
    """

    def __init__(self, dataset: Dataset, settings: Settings) -> None:
        self.settings = settings.resolved()
        self.images = dataset.train_images.reshape(-1, PIXELS)
        self.labels = dataset.train_labels
        self.n_classes = len(dataset.class_names)
        self.train_rows, self.validation_rows = _set_aside(len(self.images), self.settings)
        self.batch_size = min(self.settings.batch_size or len(self.train_rows), len(self.train_rows))
        self.steps_per_epoch = -(-len(self.train_rows) // self.batch_size)
        self.steps = self.steps_per_epoch * self.settings.epochs
        self.mean, self.deviation = (
            _moments(self.images[self.train_rows]) if settings.standardise else (0.0, 1.0)
        )
        self.network: Layer = self.settings.network(self.n_classes, self.mean, self.deviation)
        self.loss = self.settings.loss_function()
        self.schedule = self.settings.schedule_function(self.steps)

    def start(self) -> TrainState:
        """Before the first step."""
        params = initial_params(self.settings, self.n_classes)
        return TrainState(0, params, self.settings.build_optimizer().init(params))

    def reports(self, start: TrainState | None = None) -> Iterator[Progress]:
        """Train, one step for each report, from `start` or from the beginning.

        Raises
        ------
        DivergedError
            If training leaves the usable numbers.
        """
        here = start or self.start()
        if here.step and self.progress_at(here).stopped:
            return
        if here.step % self.steps_per_epoch == 0:
            here = replace(here, tally=NO_TOTALS)
        steps = train(
            self.network,
            self.loss,
            here.params,
            self._batches(here.step),
            optimizer=self.settings.build_optimizer(),
            schedule=self.schedule,
            state=here.state,
            first_step=here.step,
            first_loss=here.first_loss,
        )
        for done in steps:
            progress = self._progress(done, here)
            here = progress.checkpoint
            if progress.epoch_ends:
                here.check()
            yield progress
            if progress.stopped:
                break
            if progress.epoch_ends:
                here = replace(here, tally=NO_TOTALS)

    def progress_at(self, checkpoint: TrainState) -> Progress:
        """How the run stood when `checkpoint`, which is not of its very start, was taken."""
        step, tally = checkpoint.step, checkpoint.tally
        epoch, epoch_ends = (step - 1) // self.steps_per_epoch + 1, step % self.steps_per_epoch == 0
        validation = self._validate(checkpoint.params) if epoch_ends and len(self.validation_rows) else None
        waited = epoch - checkpoint.best.epoch if checkpoint.best else 0
        return Progress(
            step=step,
            steps=self.steps,
            epoch=epoch,
            epochs=self.settings.epochs,
            epoch_ends=epoch_ends,
            loss=tally.loss / max(1, tally.seen),
            accuracy=tally.right / max(1, tally.seen),
            learning_rate=self.schedule(step - 1),
            validation=validation,
            stopped=self._reason_to_stop(validation, waited) if validation else "",
            checkpoint=checkpoint,
        )

    def final_params(self, checkpoint: TrainState) -> Params:
        """The parameters that the run ends with, scaling folded in; with patience those of the best epoch."""
        best = checkpoint.best
        return self.fold_scaling(
            best.params if best is not None and self.settings.patience else checkpoint.params
        )

    def fold_scaling(self, params: Params) -> Params:
        """The run's parameters for images whose pixels are in [0, 1].

        Where training saw standardised pixels, the first layer takes that over: weights / deviation, and
        bias - mean / deviation · (sum of its weights).
        """
        params = dict(params)
        if self.settings.standardise:
            prefix = self.settings.layer_prefix(1)
            weights = params[f"{prefix}weights"].astype(np.float64)
            bias = params[f"{prefix}bias"] - self.mean / self.deviation * weights.sum(axis=0)
            params[f"{prefix}weights"] = (weights / self.deviation).astype(np.float32)
            params[f"{prefix}bias"] = bias.astype(np.float32)
        return params

    def _batches(self, first_step: int) -> Iterator[tuple[Array, Array]]:
        """The batches from `first_step` on.

        The order of an epoch is a function of the seed and the epoch's number alone, so that a run can
        be taken up again at any step.
        """
        first_epoch, skipped = divmod(first_step, self.steps_per_epoch)
        for epoch in range(first_epoch, self.settings.epochs):
            rng = np.random.default_rng([self.settings.seed, epoch + 1])
            for number, batch in enumerate(batch_order(len(self.train_rows), self.batch_size, rng)):
                if epoch > first_epoch or number >= skipped:
                    rows = self.train_rows[batch]
                    yield self.images[rows], self.labels[rows]

    def _progress(self, done: Step, before: TrainState) -> Progress:
        tally = EpochTotals(
            before.tally.loss + done.loss * len(done.targets),
            before.tally.right + int(np.count_nonzero(done.outputs.argmax(axis=1) == done.targets)),
            before.tally.seen + len(done.targets),
        )
        step = done.step + 1
        first_loss = before.first_loss or done.loss
        progress = self.progress_at(TrainState(step, done.params, done.state, tally, before.best, first_loss))
        score, best = progress.validation, before.best
        if score is None or (best is not None and score.loss >= best.loss):
            return progress
        best = Best(score.loss, progress.epoch, done.params)
        return progress._replace(
            stopped=self._reason_to_stop(score, 0), checkpoint=replace(progress.checkpoint, best=best)
        )

    def _validate(self, params: Params) -> Score:
        images, labels = self.images[self.validation_rows], self.labels[self.validation_rows]
        outputs, _ = self.network.forward(params, images)
        return Score(self.loss(outputs, labels)[0], accuracy(outputs, labels))

    def _reason_to_stop(self, validation: Score, waited: int) -> str:
        settings = self.settings
        if settings.target_loss is not None and validation.loss <= settings.target_loss:
            return f"validation loss {validation.loss:.4f} reached {settings.target_loss:g}"
        if settings.target_accuracy is not None and validation.accuracy >= settings.target_accuracy:
            return f"validation accuracy {validation.accuracy:.2%} reached {settings.target_accuracy:.2%}"
        if settings.patience is not None and waited >= settings.patience:
            return f"no better validation loss in {waited} epochs"
        return ""


def _set_aside(n: int, settings: Settings) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which images train and which validate: a random share, decided by the seed; at least one trains."""
    count = min(n - 1, max(1, round(n * settings.validation))) if settings.validation else 0
    order = np.random.default_rng([settings.seed, 0, 1]).permutation(n)
    return np.sort(order[count:]), np.sort(order[:count])


def _moments(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and population deviation of all pixels, as numbers in [0, 1]; a deviation of 0 counts as 1."""
    counts = np.zeros(256)
    for start in range(0, len(images), 4096):
        counts += np.bincount(images[start : start + 4096].ravel(), minlength=256)
    values, total = np.arange(256) / 255, counts.sum()
    mean = float(counts @ values / total)
    deviation = float(np.sqrt(counts @ (values - mean) ** 2 / total))
    return mean, deviation or 1.0
