"""The trials of a sweep on workers, each a future of Dask."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mnistgd.datasets.dataset import SILENT, Dataset, Listener
from mnistgd.errors import ClusterError
from mnistgd.model.environment import one_blas_thread
from mnistgd.model.settings import Settings
from mnistgd.training.cluster.connection import PATIENCE, Cluster
from mnistgd.training.cluster.images import ARRAYS, DatasetKey, find
from mnistgd.training.sweep.plan import Plan
from mnistgd.training.sweep.trial import DIED, Trial, run_trial

if TYPE_CHECKING:
    from distributed import Future

AHEAD = 2
"""Trials that a thread of a worker has before it, so that it need not wait for the next."""


def bring(cluster: Cluster, datasets: Mapping[bool, Dataset], listener: Listener = SILENT) -> None:
    """Let each worker hold the data sets: it finds them by their name or path, else they are sent once.

    On a worker `cluster.images.find` has them from then on.

    Parameters
    ----------
    cluster : Cluster
    datasets : mapping from whether the images are deskewed to them
    listener : Listener, hears of what is sent

    Raises
    ------
    ClusterError
        If a worker was lost.
    """
    for deskew, dataset in datasets.items():
        wanted = DatasetKey.of(dataset, deskew=deskew)
        arrays = {name: getattr(dataset, name) for name in ARRAYS}
        for worker in cluster.without(wanted):
            cluster.send(worker, wanted, arrays, listener)
        # What was sent is held from here on, before several trials ask for it at once.
        if missing := cluster.without(wanted):
            raise ClusterError(f"the worker {missing[0]} cannot hold the images")


def on_workers(
    plan: Plan, numbers: Sequence[int], datasets: Mapping[bool, Dataset], cluster: Cluster
) -> Generator[tuple[Trial, bytes]]:
    """Trials of `plan` as they end; see `run_trial`.

    Where a worker dies, another one runs its trial again; one of which several have died has failed.

    Parameters
    ----------
    plan : Plan
    numbers : sequence of int, of the trials that are to be run
    datasets : mapping from whether the images are deskewed to them, which the workers hold; see `bring`
    cluster : Cluster

    Raises
    ------
    ClusterError
        If the scheduler, or the last worker, was lost.
    """
    from distributed import CancelledError, wait

    wanted = {deskew: DatasetKey.of(dataset, deskew=deskew) for deskew, dataset in datasets.items()}
    waiting = iter(numbers)
    threads = cluster.client.nthreads(list(cluster.workers))
    most = max(1, AHEAD * sum(threads.values()))  # also where all have just been lost
    pending: dict[Future, int] = {}
    try:
        while True:
            while len(pending) < most and (number := next(waiting, None)) is not None:
                settings = plan.settings(number)
                words = Trial.of(plan, number), settings, wanted[settings.deskew]
                future = cluster.client.submit(_trial_here, *words, pure=False, workers=list(cluster.workers))
                pending[future] = number
            if not pending:
                return
            try:
                done = wait(list(pending), timeout=PATIENCE, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                _check(cluster)
                continue
            except CancelledError as error:
                raise cluster.without_scheduler() from error
            for future in done:
                yield _outcome(future, Trial.of(plan, pending.pop(future)), cluster)
    finally:
        for future in pending:
            future.release()


def _trial_here(trial: Trial, settings: Settings, wanted: DatasetKey) -> tuple[Trial, bytes]:
    """What a worker does of a sweep: one trial."""
    _one_blas_thread_for_good()
    with np.errstate(all="ignore"):  # as in the command
        return run_trial(trial, settings, find(wanted))


@cache
def _one_blas_thread_for_good() -> None:
    """Let no trial of one thread of a worker end what holds for that of another."""
    one_blas_thread().__enter__()


def _outcome(future: Future, trial: Trial, cluster: Cluster) -> tuple[Trial, bytes]:
    from distributed import CancelledError, KilledWorker

    patience = PATIENCE
    while True:
        try:
            outcome: tuple[Trial, bytes] = future.result(timeout=patience)
        except TimeoutError:  # its worker may have died after it was done, as the last one
            _check(cluster)
            patience *= 2
        except KilledWorker:
            return replace(trial, error=DIED), b""
        except (OSError, CancelledError) as error:
            raise cluster.without_scheduler() from error
        else:
            return outcome


def _check(cluster: Cluster) -> None:
    """Check that there is still somebody to work.

    Raises
    ------
    ClusterError
        If there is not.
    """
    left = cluster.left()
    if left is None:
        raise cluster.without_scheduler()
    if not left:
        raise ClusterError(f"every worker of {cluster.address} was lost")
