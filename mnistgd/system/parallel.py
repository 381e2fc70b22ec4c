"""The same work on many things, in processes that may take so much and no more, on all processors.

Each thing is worked on in a process that is a copy of this one: what is hostile in it can take the time and
the memory of that process, never of this one. A pool of the standard library would not do: it has threads of
its own, and where one of them, a process or a file cannot be had, it waits for ever.
"""

from __future__ import annotations

import errno
import os
import pickle
import select
import signal
from collections import deque
from contextlib import closing, suppress
from math import ceil
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

with suppress(ImportError):  # Windows has none
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

S = TypeVar("S")
T = TypeVar("T")

SECONDS = 20
"""The time of a processor that one thing may take; by the clock it can be more, where others use it too."""
CLOCK = 120
"""The seconds after which processes that are all silent are given up: they wait for what never comes."""
MEMORY = 800_000_000
"""The bytes that a process may take in addition to what this one has."""
# So many files this process can still open when all others are started.
_SPARE_FILES = 8
_INDEX_BYTES = 8


class _Worker(NamedTuple):
    """A process that works on one thing after another.

    Attributes
    ----------
    number : int; that of the process
    tasks : int; the pipe to it, of indices
    results : file; the pipe from it, of what came out
    """

    number: int
    tasks: int
    results: IO[bytes]

    def begin(self, index: int) -> None:
        """Let it work on a thing; of one that has died, `answer` tells."""
        with suppress(BrokenPipeError):
            os.write(self.tasks, index.to_bytes(_INDEX_BYTES, "little"))

    def answer(self) -> tuple[bool, Any] | None:
        """Whether the work was done, and what came out or was raised; None if the process has died of it."""
        try:
            answer: tuple[bool, Any] = pickle.load(self.results)
        except (EOFError, pickle.UnpicklingError):
            return None
        return answer

    def kill(self) -> None:
        """Let it do no more, whatever it does."""
        with suppress(ProcessLookupError):
            os.kill(self.number, signal.SIGKILL)

    def end(self) -> None:
        """Kill it, and let nothing of it be left."""
        self.kill()
        self.close()
        with suppress(ChildProcessError):
            os.waitpid(self.number, 0)

    def close(self) -> None:
        """Close this end of its pipes."""
        os.close(self.tasks)
        self.results.close()


class _Terms(NamedTuple):
    """How processes work.

    Attributes
    ----------
    jobs : int; how many there are at most
    limited : bool; whether a thing may take `SECONDS`, `MEMORY` and `CLOCK` and no more
    withheld : tuple of int; open files that they are not to hold open
    """

    jobs: int
    limited: bool
    withheld: tuple[int, ...] = ()


def each(work: Callable[[S], T], things: Sequence[S], lost: Callable[[S], T]) -> Iterator[T]:
    """``work(thing)`` of each of the `things`, in their order, as soon as those before it are done.

    As many processes work on them as there are processors; where not all can be started, fewer, and where
    none can, or the system knows no copies of a process (Windows), this one.

    Parameters
    ----------
    work : callable that returns, or raises, what can be pickled
    things : sequence
    lost : callable
        What stands for the result of a thing whose process died, of `SECONDS` or `MEMORY` or otherwise.
    """
    done: dict[int, tuple[bool, Any]] = {}
    with closing(_answers(work, things, _Terms(processors(), limited=True))) as answers:
        for index in range(len(things)):
            while index not in done:
                which, answer = next(answers)
                done[which] = answer or (True, lost(things[which]))
            well, outcome = done.pop(index)
            if not well:
                raise outcome
            yield outcome


def as_ended(
    work: Callable[[S], T],
    things: Sequence[S],
    lost: Callable[[S], T],
    *,
    jobs: int,
    withheld: Sequence[int] = (),
) -> Iterator[T]:
    """As `each`, but in the order in which they end, by so many processes, and each as long as it takes.

    Only for things that are ours: none of the limits holds.

    Parameters
    ----------
    jobs : int; how many processes there are at most
    withheld : sequence of int
        Open files that they do not hold open: a lock on one of them ends with this process.
    """
    with closing(_answers(work, things, _Terms(jobs, False, tuple(withheld)))) as answers:
        for which, answer in answers:
            outcome: Any
            well, outcome = answer or (True, lost(things[which]))
            if not well:
                raise outcome
            yield outcome


def _answers(
    work: Callable[[S], T], things: Sequence[S], terms: _Terms
) -> Generator[tuple[int, tuple[bool, Any] | None]]:
    """The index of each thing that ends, and what `_Worker.answer` says of it."""
    waiting = deque(range(len(things)))
    staff: dict[_Worker, int | None] = {}  # and what each is busy with
    try:
        while waiting or any(index is not None for index in staff.values()):
            while waiting and (worker := _idle(staff) or _hired(work, things, staff, terms)):
                staff[worker] = waiting[0]
                worker.begin(waiting.popleft())
            if not staff:
                index = waiting.popleft()
                yield index, (True, work(things[index]))
            for worker, which in _ready(staff, limited=terms.limited):
                staff[worker] = None
                answer = worker.answer()
                if answer is None:
                    del staff[worker]
                    worker.end()
                yield which, answer
    finally:
        for worker in staff:  # all, before a second Ctrl-C can come while one of them is waited for
            worker.kill()
        for worker in staff:
            worker.end()


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _idle(staff: dict[_Worker, int | None]) -> _Worker | None:
    return next((worker for worker, index in staff.items() if index is None), None)


def _ready(staff: dict[_Worker, int | None], *, limited: bool) -> list[tuple[_Worker, int]]:
    """Those that are done or dead, and with what; waits until one is."""
    busy = {worker.results.fileno(): (worker, index) for worker, index in staff.items() if index is not None}
    if not busy:
        return []
    poll = select.poll()
    for file in busy:
        poll.register(file, select.POLLIN)
    if not poll.poll(1000 * CLOCK if limited else None):
        for worker, _ in busy.values():
            worker.kill()
    return [busy[file] for file, _ in poll.poll()]


def _hired(
    work: Callable[[S], T], things: Sequence[S], staff: dict[_Worker, int | None], terms: _Terms
) -> _Worker | None:
    """Another process, if there may be one more, and nothing that it takes is short."""
    if len(staff) >= terms.jobs or not hasattr(os, "fork"):
        return None
    # No signal finds a process that nobody has noted, or one that takes itself for this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        worker = _started(work, things, staff, terms)
        staff[worker] = None
    except (OSError, MemoryError):
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return worker


def _started(
    work: Callable[[S], T], things: Sequence[S], present: Iterable[_Worker], terms: _Terms
) -> _Worker:
    """A new process.

    Raises
    ------
    OSError
        If there is none, or no pipe, to be had.
    """
    pipes: list[int] = []
    try:
        for _ in range(2):
            pipes += os.pipe()
        _check_spare(max(pipes))
        tasks, to_tasks, results, to_results = pipes
        parent = os.getpid()
        number = os.fork()
    except BaseException:
        for pipe in pipes:
            os.close(pipe)
        raise
    if number == 0:
        try:
            os.close(to_tasks)
            os.close(results)
            for other in present:
                other.close()
            for file in terms.withheld:
                os.close(file)
            _end_with(parent)
            _serve(work, things, tasks, to_results, limited=terms.limited)
        finally:
            os._exit(1)
    os.close(tasks)
    os.close(to_results)
    return _Worker(number, to_tasks, os.fdopen(results, "rb"))


def _check_spare(file: int) -> None:
    """Leave this process files enough.

    Raises
    ------
    OSError
        If the one that was opened last is among the last that can be.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if file + _SPARE_FILES >= most != resource.RLIM_INFINITY:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def _end_with(parent: int) -> None:
    """Let this process not outlive the one that it works for, in the middle of a thing either.

    A pipe tells only who reads it: once a second this one looks whose child it is.
    """

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)


def _serve(
    work: Callable[[S], T], things: Sequence[S], tasks: int, results: int, *, limited: bool
) -> NoReturn:
    """Work on what is asked for, until nobody is there to ask.

    What a terminal sends to a whole group of processes is not for this one; what is sent to it alone ends it.
    """
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    _limit(resource.RLIMIT_CORE, 0)
    if limited:
        with suppress(OSError):  # other systems than Linux do not tell
            pages = int(Path("/proc/self/statm").read_bytes().split()[0])
            _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY)
    while index := os.read(tasks, _INDEX_BYTES):
        if limited:
            _limit(resource.RLIMIT_CPU, ceil(sum(os.times()[:2])) + SECONDS)
        answer: tuple[bool, Any]
        try:
            answer = True, work(things[int.from_bytes(index, "little")])
        except MemoryError:
            break
        except Exception as error:
            answer = False, error
        with suppress(BrokenPipeError), open(results, "wb", closefd=False) as file:
            pickle.dump(answer, file)
    os._exit(0)


def _limit(kind: int, value: int) -> None:
    """Let this process have no more than `value` of something, nor than it may have."""
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))
