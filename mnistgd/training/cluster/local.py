"""Workers that are started here, each a process on this machine, and end with the command."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from mnistgd.errors import ClusterError, MissingExtraError
from mnistgd.training.cluster.address import LOCAL

if TYPE_CHECKING:
    from distributed import LocalCluster

_CRITICAL = 50
_APART: dict[str, Any] = {
    # Of processes that belong to this one nobody else is told anything.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


def started(stack: ExitStack, count: int) -> LocalCluster:
    """So many workers and their scheduler, which end with the stack."""
    import dask
    from distributed import LocalCluster, Security

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
    return stack.enter_context(cluster)


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
