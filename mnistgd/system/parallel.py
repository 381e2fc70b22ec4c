"""The same work on many things, on all processors."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

S = TypeVar("S")
T = TypeVar("T")

# Fewer are done sooner than processes are started: on some systems each imports everything anew.
_FEW = 64
# So many at a time are handed to a process: an interrupt waits for no more.
_CHUNK = 4
# Windows waits for no more processes than this at a time.
_MOST = 61


def each(work: Callable[[S], T], things: Sequence[S]) -> Iterator[T]:
    """``work(thing)`` of each of the `things`, in their order, as soon as those before it are done.

    Many are worked on by as many processes as there are processors. Where none can be started, or one dies,
    this process goes on alone.

    Parameters
    ----------
    work : callable that, like all that it takes and returns, can be pickled
    things : sequence
    """
    done = 0
    processors = _processors()
    if len(things) >= _FEW and processors > 1:
        from concurrent.futures import ProcessPoolExecutor
        from concurrent.futures.process import BrokenProcessPool

        try:
            pool = ProcessPoolExecutor(min(processors, _MOST), initializer=_serve)
            try:
                for result in pool.map(work, things, chunksize=_CHUNK):
                    done += 1
                    yield result
            finally:
                # Nobody may want the rest; but what is being worked on is waited for, so that no thread of
                # the pool is left when Python ends.
                pool.shutdown(cancel_futures=True)
        except (BrokenProcessPool, OSError, ImportError):
            pass
    for thing in things[done:]:
        yield work(thing)


def _processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _serve() -> None:
    """Leave signals to whoever waits for the results, and end when that process ends, however it does.

    What a terminal sends to a whole group of processes is not for this one; what is sent to it alone ends it.
    """
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
