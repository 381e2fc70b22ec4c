"""A connection to workers: how they are reached and asked, and who of them is still there.

The scheduler and the workers are Dask's; a connection is a `Cluster`, inside ``with connected(address)``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import SILENT, Listener, Progress
from mnistgd.errors import ClusterError, MissingExtraError, UsageError
from mnistgd.system.words import counted
from mnistgd.training.cluster.address import LOCAL, local_count, scheduler_of
from mnistgd.training.cluster.images import DatasetKey, has, receive, received
from mnistgd.training.cluster.local import started
from mnistgd.training.cluster.versions import compare

if TYPE_CHECKING:
    from distributed import Client

SECONDS = 5
"""How long a scheduler may take to answer, and then workers to join it."""
PATIENCE = 1.0
"""After so many seconds without a result it is asked who is still there."""
PIECE = 16_000_000
"""The bytes of images that are on their way to a worker at a time."""

_QUIET: dict[str, Any] = {
    # What is wrong is said once, by an error of ours.
    "logging": dict.fromkeys(("distributed", "distributed.client", "tornado.application"), "critical"),
}


@dataclass(frozen=True, eq=False)
class Cluster:
    """A connection to workers.

    Attributes
    ----------
    client : distributed.Client
    workers : tuple of str, the addresses of those that are used, in a fixed order
    address : str, what it was reached by
    """

    client: Client
    workers: tuple[str, ...]
    address: str

    def without(self, wanted: DatasetKey) -> tuple[str, ...]:
        """The workers that cannot find a data set."""
        found = self.run(has, wanted)
        return tuple(worker for worker in self.workers if not found[worker])

    def send(
        self,
        worker: str,
        key: Hashable,
        arrays: Mapping[str, NDArray[np.uint8]],
        listener: Listener = SILENT,
    ) -> None:
        """Send arrays to a worker, a piece at a time; `images.receive` holds them there, under `key`."""
        total = sum(len(array) for array in arrays.values())
        went_on = Progress(listener, f"sending images to {worker}", total)
        for name, array in arrays.items():
            rows = max(1, PIECE // max(1, array[:1].nbytes))
            # One that is empty is sent as well.
            for start in range(0, max(1, len(array)), rows):
                piece = np.ascontiguousarray(array[start : start + rows])
                self.run(receive, key, name, array.shape, start, piece, workers=[worker])
                went_on(len(piece))
        self.run(received, key, workers=[worker])

    def run(
        self, function: Any, *args: Any, workers: Sequence[str] | None = None, **named: Any
    ) -> dict[str, Any]:
        """What a function of this package returns on each worker.

        Raises
        ------
        ClusterError
            If a worker was lost.
        """
        try:
            found: dict[str, Any] = self.client.run(
                function, *args, workers=list(workers or self.workers), **named
            )
        except OSError as error:
            raise self.failure() from error
        return found

    def lost(self) -> ClusterError | None:
        """What to say if somebody is not there any more; None if all are."""
        left = self.left()
        if left is None:
            return self.without_scheduler()
        gone = [worker for worker in self.workers if worker not in left]
        return ClusterError(f"the worker {gone[0]} was lost") if gone else None

    def failure(self) -> ClusterError:
        """What to say where a worker has failed to answer."""
        return self.lost() or ClusterError(f"a worker of {self.address} does not answer")

    def without_scheduler(self) -> ClusterError:
        """What to say where the scheduler is not there any more."""
        return ClusterError(f"the scheduler at {self.address} was lost")

    def left(self) -> list[str] | None:
        """The workers that are still there; None if the scheduler is not."""

        async def ask() -> list[str]:
            found = await asyncio.wait_for(self.client.scheduler.identity(n_workers=-1), SECONDS)
            return [worker for worker in self.workers if worker in found["workers"]]

        try:
            left: list[str] = self.client.sync(ask)
        except (OSError, RuntimeError, AttributeError):  # the last once the client has given up
            return None
        return left


@contextmanager
def connected(address: str, workers: int | None = None, listener: Listener = SILENT) -> Iterator[Cluster]:
    """Inside, a connection to the workers at an address.

    Parameters
    ----------
    address : str
        Of a scheduler, ``tcp://HOST:PORT`` or ``tls://HOST:PORT``; a scheduler file; or ``local:N``: then
        N processes are started here that listen on this machine alone, to whoever has a key that is made for
        them, and end with this one. For a TLS of one's own Dask's configuration says where the keys are.
    workers : int, optional
        How many of the workers are used; all that are there if not given.
    listener : Listener
        Hears of versions that differ.

    Raises
    ------
    UsageError
        If `address` is none.
    MissingExtraError
        If Dask is not installed.
    ClusterError
        If nobody answers there, there are too few workers, or one of them could compute something else.
    """
    local = local_count(address)
    place = "" if local else scheduler_of(address)
    if local and workers and workers > local:
        raise UsageError(f"--workers {workers} is more than {address} starts", f"say {LOCAL}{workers}")
    with ExitStack() as stack:
        try:
            import dask

            stack.enter_context(dask.config.set(_QUIET))
            import distributed  # it reads then how loud it is
        except ImportError as error:
            raise MissingExtraError("--cluster needs distributed", "cluster") from error
        if local:
            listener.busy(f"starting {counted(local, 'worker')}")
            client = distributed.Client(started(stack, local), timeout=SECONDS)
        else:
            listener.busy(f"asking the scheduler at {address}")
            client = _reached(place, address)
        stack.enter_context(client)
        yield Cluster(client, _workers_of(client, address, workers or local, listener), address)


def _reached(place: str, address: str) -> Client:
    """A client of the scheduler at a place."""
    from distributed import Client, Security
    from distributed.comm import connect

    async def answers() -> None:
        security = Security().get_connection_args("client")
        comm = await asyncio.wait_for(connect(place, timeout=SECONDS, **security), SECONDS)
        await comm.close()

    try:
        # What listens there but is no scheduler would be listened to for ever by a client.
        asyncio.run(answers())
        return Client(place, timeout=SECONDS)
    except TypeError as error:
        hint = "Dask's configuration names them: distributed.comm.tls.ca-file, client.cert and client.key"
        raise ClusterError(f"{address} wants certificates, and there are none", hint) from error
    except (OSError, ValueError, RuntimeError, MemoryError) as error:  # the last of a size that is text
        raise ClusterError(f"no scheduler answers at {address}", "start one: dask scheduler") from error


def _workers_of(client: Client, address: str, wanted: int | None, listener: Listener) -> tuple[str, ...]:
    """The workers to use, once they are there and known to compute the same."""
    listener.busy(f"waiting for the workers of {address}")
    try:
        client.wait_for_workers(wanted or 1, timeout=SECONDS)
    except (OSError, TimeoutError):
        count = len(client.scheduler_info(n_workers=-1)["workers"])
        raise ClusterError(
            f"{address} has {counted(count, 'worker')}, not {wanted or 1}", "start them: dask worker ADDRESS"
        ) from None
    present = sorted(client.scheduler_info(n_workers=-1)["workers"])
    chosen = tuple(present[:wanted])
    compare(client, address, chosen, listener)
    return chosen
