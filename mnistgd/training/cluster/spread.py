"""One run over several workers: synchronous data-parallel gradient descent.

Each worker holds a share of the images. For a step the weights go out, each worker answers with the gradient
of those images of the batch that it holds, and the optimizer makes the step here. The sum of these gradients,
each weighted by its number of images, is the gradient of the batch, whatever the number of workers is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import SILENT, Listener
from mnistgd.engine.losses import one_hot
from mnistgd.engine.training import BatchGradient
from mnistgd.engine.types import Params
from mnistgd.training.cluster.connection import PATIENCE, Cluster
from mnistgd.training.cluster.gradients import Gradients, Part
from mnistgd.training.cluster.images import DatasetKey
from mnistgd.training.run import Run

SECONDS_OF_ASKING = 0.0015
"""What it takes to ask one worker more on the same machine; see ``tests/bench/cluster.py``."""
SECONDS_OF_PRODUCT = 2e-10
"""What it takes to multiply by a weight, and to take the gradient of it, for one image."""


def spread(run: Run, cluster: Cluster, listener: Listener = SILENT) -> None:
    """Let the workers of a cluster compute the gradients of a run from now on.

    Raises
    ------
    ClusterError
        If a worker was lost.
    """
    run.compute_on(len(cluster.workers), _Spread(run, cluster, listener))


def pays(run: Run, workers: int) -> bool:
    """Whether so many workers are quicker than this process alone, as far as one can tell beforehand."""
    products = sum(inputs * outputs for inputs, outputs in run.settings.layer_sizes(run.n_classes))
    alone = run.batch_size * products * SECONDS_OF_PRODUCT
    return alone / workers + workers * SECONDS_OF_ASKING < alone


class _Spread:
    """A `Gradient` of batches of row numbers."""

    def __init__(self, run: Run, cluster: Cluster, listener: Listener) -> None:
        self._run, self._cluster = run, cluster
        count = len(cluster.workers)
        # As many images to train for each; those set aside lie among them.
        starts = [int(run.train_rows[len(run.train_rows) * k // count]) for k in range(1, count)]
        self._starts = np.array(starts, np.uint32)
        wanted = DatasetKey.of(run.dataset, deskew=run.settings.deskew)
        missing = cluster.without(wanted)
        actors = []
        for worker, first, last in zip(
            cluster.workers, [0, *starts], [*starts, int(run.train_rows[-1]) + 1], strict=True
        ):
            part = Part(wanted, first, last, cluster.client.id)
            if worker in missing:
                rows = slice(first, last)
                arrays = {"images": run.dataset.train_images[rows], "labels": run.labels[rows]}
                cluster.send(worker, part, arrays, listener)
            asked = run.settings, run.n_classes, run.mean, run.deviation, run.steps_per_epoch
            actors.append(
                cluster.client.submit(Gradients, part, *asked, actor=True, pure=False, workers=[worker])
            )
        self._workers = [self._result(actor) for actor in actors]

    def __call__(self, step: int, params: Params, rows: NDArray[np.uint32]) -> BatchGradient:
        owners = np.searchsorted(self._starts, rows, side="right")
        shares = [np.flatnonzero(owners == k) for k in range(len(self._workers))]
        try:
            asked = [
                (places, worker.gradient(step, params, rows[places], places))
                for places, worker in zip(shares, self._workers, strict=True)
                if len(places)
            ]
        except RuntimeError as error:  # Dask knows that the worker is gone
            raise self._cluster.failure() from error
        loss, answers = 0.0, []
        grads: Params = {}
        # In their order, whoever answers first: sums in another one round differently.
        for places, future in asked:
            part_loss, part_grads, part_answers = self._result(future)
            weight = len(places) / len(rows)
            loss += weight * part_loss
            for name, grad in part_grads.items():
                grads[name] = grads[name] + weight * grad if name in grads else weight * grad
            answers.append(part_answers)
        outputs = one_hot(np.concatenate(answers), self._run.n_classes, np.float32)
        targets = self._run.labels.take(rows[np.concatenate([places for places, _ in asked])])
        return BatchGradient(loss, grads, outputs, targets)

    def _result(self, future: Any) -> Any:
        """What a worker answers, however long it takes, as long as all are there."""
        while True:
            try:
                return future.result(timeout=PATIENCE)
            except TimeoutError as error:
                if lost := self._cluster.lost():
                    raise lost from error
            except (OSError, RuntimeError) as error:
                raise self._cluster.failure() from error
