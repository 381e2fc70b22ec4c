"""Train a network on a data set: the engine's loop, fed with shuffled batches of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.metrics import answered_rightly
from mnistgd.engine.optimizers import State
from mnistgd.engine.training import BatchGradient, Gradient, batch_order, gradient_of, train
from mnistgd.engine.types import Layer, Params
from mnistgd.errors import DataError, DivergedError
from mnistgd.model.network import loss_of, network_of, optimizer_of, schedule_of, shown
from mnistgd.model.settings import Settings
from mnistgd.system.words import counted
from mnistgd.training.totals import EpochTotals, Tally

# So many images that are set aside are gathered at a time.
_ROWS = 1 << 16


class Score(NamedTuple):
    """How well some images are answered."""

    loss: float
    accuracy: float


class Best(NamedTuple):
    """The epoch whose validation loss is the least so far, and the weights it ended with."""

    loss: float
    epoch: int
    params: Params


class TrainState(NamedTuple):
    """Where a run stands: all that it needs to go on as if it had never stopped.

    Attributes
    ----------
    run : Run
    step : int, steps done
    params : Params
    state : State of the optimizer
    tally : Tally of the epoch that the last step was of
    best : Best, if there are images set aside
    validation : Score of these, at the end of an epoch; None otherwise
    """

    run: Run
    step: int
    params: Params
    state: State
    tally: Tally
    best: Best | None = None
    validation: Score | None = None

    @property
    def epoch(self) -> int:
        """The epoch that the last step was of, counted from 1; 0 before the first."""
        return -(-self.step // self.run.steps_per_epoch)

    @property
    def epoch_ends(self) -> bool:
        """Whether the last step was the last of its epoch."""
        return self.step % self.run.steps_per_epoch == 0

    @property
    def totals(self) -> EpochTotals:
        """Sums over the batches of the epoch so far."""
        return self.tally.after(self.step)

    @property
    def loss(self) -> float:
        """Mean over these batches, each taken before its update."""
        return self.totals.loss / max(1, self.totals.seen)

    @property
    def accuracy(self) -> float:
        """Fraction of their images that were answered rightly, likewise."""
        return self.totals.right / max(1, self.totals.seen)

    @property
    def learning_rate(self) -> float:
        """Of the last step."""
        return self.run.schedule(self.step - 1)

    @property
    def stopped(self) -> str:
        """Why the run ends here although epochs are left; empty if it does not."""
        settings, score = self.run.settings, self.validation
        if score is None or self.best is None:
            return ""
        if settings.target_loss is not None and score.loss <= settings.target_loss:
            return f"validation loss {score.loss:.4f} reached {settings.target_loss:g}"
        if settings.target_accuracy is not None and score.accuracy >= settings.target_accuracy:
            return f"validation accuracy {score.accuracy:.2%} reached {settings.target_accuracy:.2%}"
        waited = self.epoch - self.best.epoch
        if settings.patience is not None and waited >= settings.patience:
            return f"no better validation loss in {counted(waited, 'epoch')}"
        return ""

    @property
    def ends(self) -> bool:
        """Whether this is where the run ends."""
        return self.step == self.run.steps or bool(self.stopped)

    @property
    def chosen(self) -> Best | None:
        """The earlier epoch whose weights the run ends with, as patience has it; None if it is the last."""
        return self.best if self.run.settings.patience else None

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


def initial_params(settings: Settings, n_classes: int) -> Params:
    """Where training starts: float32, decided by the settings and their seed alone."""
    params = network_of(settings, n_classes).init(np.random.default_rng([settings.seed, 0]))
    # In the order in memory that the layers keep, so that the first step is as quick as the others.
    return {name: np.asfortranarray(array, np.float32) for name, array in params.items()}


class Run:
    """One training run: what it trains on, and the network and recipe that the settings ask for.

    Parameters
    ----------
    dataset : Dataset
        Only its training images are used; the test images never choose anything.
    settings : Settings

    Raises
    ------
    DataError
        If there are fewer training images than the settings ask for.

    Attributes
    ----------
    dataset : Dataset
    settings : Settings
    steps, steps_per_epoch : int
    network : Layer
        uint8 images of shape (batch, 784) in; it standardises them if that is asked for. No unit is left out.
    workers : int, how many processes compute its gradients
    """

    def __init__(self, dataset: Dataset, settings: Settings) -> None:
        self.dataset, self.settings = dataset, settings
        self.images = dataset.train_images.reshape(-1, PIXELS)
        self.labels = dataset.train_labels
        self.n_classes = len(dataset.class_names)
        self.train_rows, self.validation_rows = _set_aside(len(self.images), self.settings)
        self.batch_size = min(self.settings.batch_size or len(self.train_rows), len(self.train_rows))
        self.steps_per_epoch = -(-len(self.train_rows) // self.batch_size)
        self.steps = self.steps_per_epoch * self.settings.epochs
        self.mean, self.deviation = (
            _moments(self.images, self.train_rows) if settings.standardise else (0.0, 1.0)
        )
        self.network: Layer = network_of(self.settings, self.n_classes, self.mean, self.deviation)
        self.loss = loss_of(self.settings)
        self.schedule = schedule_of(self.settings, self.steps)
        self.workers = 1
        self._elsewhere: Gradient | None = None

    def compute_on(self, workers: int, gradient: Gradient) -> None:
        """From now on let the gradients come from workers, as `gradient` has them from there."""
        self.workers, self._elsewhere = workers, gradient

    def start(self) -> TrainState:
        """Before the first step."""
        params = initial_params(self.settings, self.n_classes)
        return TrainState(self, 0, params, optimizer_of(self.settings).init(params), Tally(0))

    def reports(self, start: TrainState | None = None) -> Iterator[TrainState]:
        """Train, from `start` or from the beginning: where the run stands after each step.

        Raises
        ------
        DivergedError
            If training leaves the usable numbers.
        DataError
            If somebody has written to the files of the images since.
        """
        now = start or self.start()
        optimizer = optimizer_of(self.settings)
        for epoch in range(now.step // self.steps_per_epoch, self.settings.epochs):
            if now.stopped:
                return
            self.dataset.check_files()
            tally = Tally(now.step) if now.epoch_ends else now.tally
            for step in train(
                self._elsewhere or self.gradient,
                now.params,
                self.batches(epoch, now.step % self.steps_per_epoch),
                optimizer=optimizer,
                schedule=self.schedule,
                state=now.state,
                first_step=now.step,
            ):
                tally.add(step)
                now = TrainState(self, step.step + 1, step.params, step.state, tally, now.best)
                if now.epoch_ends:
                    now = self._validated(now)
                yield now

    def finish(
        self,
        *readers: Callable[[TrainState], None],
        start: TrainState | None = None,
        steps: int | None = None,
    ) -> TrainState:
        """Train to the end, or for `steps`, and show each of the `reports` to all readers; where that ends.

        Raises
        ------
        DivergedError
            If training leaves the usable numbers.
        """
        last = start or self.start()
        for last in self.reports(last):  # noqa: B020
            for read in readers:
                read(last)
            if last.step == steps:
                break
        return last

    def final_params(self, last: TrainState) -> Params:
        """The parameters that the run ends with, scaling folded in; with patience those of the best epoch."""
        return self.fold_scaling((last.chosen or last).params)

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

    def gradient(self, step: int, params: Params, rows: NDArray[np.uint32]) -> BatchGradient:
        """The gradient of the mean loss of the images of some rows, computed here."""
        network = self.network
        if self.settings.dropout:
            network = network_of(self.settings, self.n_classes, self.mean, self.deviation, step=step)
        images = shown(self.settings, self.images.take(rows, axis=0), rows, step // self.steps_per_epoch)
        batch = images, self.labels.take(rows)
        return gradient_of(network, self.loss)(step, params, batch)

    def batches(self, epoch: int, skipped: int = 0) -> Iterator[NDArray[np.uint32]]:
        """The rows of the batches of an epoch, counted from 0, but for the first `skipped`.

        Their order is a function of the seed and the epoch's number alone, so that a run can be taken up
        again at any step.
        """
        rng = np.random.default_rng([self.settings.seed, epoch + 1])
        return islice(batch_order(self.train_rows, self.batch_size, rng), skipped, None)

    def _validated(self, now: TrainState) -> TrainState:
        """The end of an epoch, with what the images set aside say of it."""
        now.check()
        self.dataset.check_files()
        if not len(self.validation_rows):
            return now
        score = self.score(now.params)
        better = now.best is None or score.loss < now.best.loss
        best = Best(score.loss, now.epoch, now.params) if better else now.best
        return now._replace(validation=score, best=best)

    def score(self, params: Params) -> Score:
        """What the images set aside say of parameters, before any scaling is folded in."""
        rows, loss, right = self.validation_rows, 0.0, 0
        for start in range(0, len(rows), _ROWS):
            chosen = rows[start : start + _ROWS]
            labels = self.labels.take(chosen)
            outputs, _ = self.network.forward(params, self.images.take(chosen, axis=0))
            loss += self.loss(outputs, labels)[0] * (len(chosen) / len(rows))
            right += int(np.count_nonzero(answered_rightly(outputs, labels)))
        return Score(loss, right / len(rows))


def _set_aside(n: int, settings: Settings) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Which images train and which validate: a random share, decided by the seed; at least one trains.

    Raises
    ------
    DataError
        If there are fewer images than the settings ask for.
    """
    if settings.first is not None:
        if settings.first > n:
            message = f"--first {settings.first} is more than the {counted(n, 'training image', ',')}"
            raise DataError(message, "leave --first out for all of them")
        n = settings.first
    # Of four bytes each, for there may be millions; they come in the same order as longer ones.
    rows = np.arange(n, dtype=np.uint32)
    if not settings.validation:
        return rows, rows[:0]
    count = min(n - 1, max(1, round(n * settings.validation)))
    order = np.random.default_rng([settings.seed, 0, 1]).permutation(rows)
    return np.sort(order[count:]), np.sort(order[:count])


def _moments(images: NDArray[np.uint8], rows: NDArray[np.uint32]) -> tuple[float, float]:
    """Mean and population deviation of all pixels, as numbers in [0, 1]; a deviation of 0 counts as 1."""
    counts = np.zeros(256)
    for start in range(0, len(rows), 4096):
        counts += np.bincount(images.take(rows[start : start + 4096], axis=0).ravel(), minlength=256)
    values, total = np.arange(256) / 255, counts.sum()
    mean = float(counts @ values / total)
    deviation = float(np.sqrt(counts @ (values - mean) ** 2 / total))
    return mean, deviation or 1.0
