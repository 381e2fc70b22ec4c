"""Workers, on this machine or on many: how they are reached, and how they come by the images.

The scheduler and the workers are Dask's; a connection is a `Cluster`, inside ``with connected(address)``.
"""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import SILENT, Listener, Progress
from mnistgd.errors import ClusterError, MissingExtraError, UsageError
from mnistgd.system.words import counted
from mnistgd.training.on_worker import DatasetKey, has, receive, received

if TYPE_CHECKING:
    from distributed import Client

SECONDS = 5
"""How long a scheduler may take to answer, and then workers to join it."""
PATIENCE = 1.0
"""After so many seconds without a result it is asked who is still there."""
LOCAL = "local:"
MAX_LOCAL = 256
SCHEMES = ("tcp", "tls")
HINT = "an address is tcp://HOST:8786, tls://HOST:8786, a scheduler file, or local:N"
_CRITICAL = 50
PIECE = 16_000_000
"""The bytes of images that are on their way to a worker at a time."""

_SAME = ("mnistgd",)
_TOLD = ("python", "numpy", "distributed")
_QUIET: dict[str, Any] = {
    # What is wrong is said once, by an error of ours.
    "logging": dict.fromkeys(("distributed", "distributed.client", "tornado.application"), "critical"),
}
_APART: dict[str, Any] = {
    # Of processes that belong to this one nobody else is told anything.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
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
        """Send arrays to a worker, a piece at a time; `on_worker.receive` holds them there, under `key`."""
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
    local = _local_count(address)
    place = "" if local else _scheduler_of(address)
    if local and workers and workers > local:
        raise UsageError(f"--workers {workers} is more than {address} starts", f"say {LOCAL}{workers}")
    with ExitStack() as stack:
        try:
            import dask

            stack.enter_context(dask.config.set(_QUIET))
            import distributed  # noqa: F401  (it reads then how loud it is)
        except ImportError as error:
            raise MissingExtraError("--cluster needs distributed", "cluster") from error
        if local:
            listener.busy(f"starting {counted(local, 'worker')}")
            client = _started(stack, local)
        else:
            listener.busy(f"asking the scheduler at {address}")
            client = _reached(place, address)
        stack.enter_context(client)
        yield Cluster(client, _workers_of(client, address, workers or local, listener), address)


def _local_count(address: str) -> int | None:
    """How many processes ``local:N`` asks for; None if the address is of another kind."""
    kind, _, count = address.partition(":")
    if f"{kind}:" != LOCAL:
        return None
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= MAX_LOCAL):
        raise UsageError(f"{address} asks for no number of workers from 1 to {MAX_LOCAL}", f"say {LOCAL}2")
    return int(count)


def _scheduler_of(address: str) -> str:
    """The address of the scheduler, which may be in a file."""
    if "://" in address:
        return _checked(address, address)
    if not address:  # as a variable of a script may be
        raise UsageError("--cluster names no scheduler", HINT)
    path = Path(address)
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(1_000_000))["address"]
    except FileNotFoundError:
        raise UsageError(f"there is no scheduler file {address}", HINT) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"{address} is not a scheduler file", HINT) from error
    return _checked(str(found), address)


def _checked(found: str, address: str) -> str:
    scheme, _, place = found.partition("://")
    host, _, port = place.rpartition(":")
    if scheme not in SCHEMES or not host or not (port.isascii() and port.isdigit() and int(port[:9]) < 65536):
        raise UsageError(f"{address} is not the address of a scheduler", HINT)
    return found


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


def _started(stack: ExitStack, count: int) -> Client:
    """A client of workers that are started here, and end with the stack."""
    import dask
    from distributed import Client, LocalCluster, Security

    try:
        security = Security.temporary()
    except ImportError as error:
        raise MissingExtraError(f"{LOCAL}{count} needs cryptography", "cluster") from error
    stack.enter_context(dask.config.set(_APART))
    cluster = _undisturbed(
        lambda: LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            security=security,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            # Images are mapped, and what is mapped is not in anybody's way.
            memory_limit=0,
            silence_logs=_CRITICAL,
        )
    )
    stack.enter_context(cluster)
    return Client(cluster, timeout=SECONDS)


def _undisturbed(start: Callable[[], Any]) -> Any:
    """What `start` returns, which starts processes; what a terminal sends reaches this process alone.

    Raises
    ------
    ClusterError
        If it cannot start them.
    """
    from multiprocessing import resource_tracker

    begun: list[Any] = []

    def block() -> None:
        if hasattr(signal, "pthread_sigmask"):  # Windows has none
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})

    def work() -> None:
        # Whatever is started by this thread, and by those that it starts, inherits that.
        block()
        # It lets them through again once it has started.
        resource_tracker.ensure_running()
        block()
        try:
            begun.append(start())
        except Exception as error:  # Dask fails by any where a signal ends what it starts
            begun.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        thread.join()
    except BaseException:
        # What is half started cannot be ended.
        thread.join()
        if begun and not isinstance(begun[0], Exception):
            begun[0].close()
        raise
    if not begun or isinstance(begun[0], Exception):
        raise ClusterError("no workers can be started here") from (begun[0] if begun else None)
    return begun[0]


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
    _compare(client, address, chosen, listener)
    return chosen


def _compare(client: Client, address: str, workers: Sequence[str], listener: Listener) -> None:
    """Tell of versions that differ from those here, before anything is computed.

    Raises
    ------
    ClusterError
        If they are such that results could be others.
    """
    versions = client.get_versions(packages=list(_SAME))
    here = versions["client"]["packages"]
    others = {f"the scheduler at {address}": versions["scheduler"]}
    # One that has left meanwhile has no versions, and is missed as soon as it is asked.
    others |= {f"the worker {each}": versions["workers"].get(each, versions["client"]) for each in workers}
    for who, found in others.items():
        for name in (*_SAME, *_TOLD):
            own, other = _version(here, name), _version(found["packages"], name)
            if own == other:
                continue
            if name in _SAME:
                what = f"has {name} {other}" if other else f"has no {name}"
                raise ClusterError(f"{who} {what}, and here is {own}", f"install mnistgd {own} there")
            listener.notice(f"{who} has {name} {other or 'unknown'}, and here is {own}: last bits may differ")


def _version(packages: Mapping[str, Any], name: str) -> str | None:
    """As people write it: Dask adds the level of a release to Python's."""
    version = packages.get(name)
    return version and ".".join(str(version).split(".")[:3])
