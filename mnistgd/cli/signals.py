"""What Ctrl-C, SIGTERM and a terminal that is closed do: end at once, or a run after the step it is in."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
HUNG_UP = 128 + 1  # SIGHUP, which Windows has not

WORDS = {INTERRUPTED: "interrupted", TERMINATED: "terminated", HUNG_UP: "hung up"}
"""What happened to a process that ends with this code."""

NUMBERS = [signal.SIGINT, signal.SIGTERM]
# Windows has no SIGHUP, and nohup begins a process that is to ignore it.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
    NUMBERS.append(signal.SIGHUP)


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived: end as an interrupt does, tidying up on the way."""


_received: list[int] = []
"""The exit codes asked for so far. An exception that a signal raises can get lost, for example where a
library imports itself or Python tidies up; this remembers that it was meant."""


_complain = sys.unraisablehook


def watch() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt, and the others `Terminated`, where they arrive."""
    _received.clear()
    for number in NUMBERS:
        signal.signal(number, _end)
    global _complain
    if sys.unraisablehook is not _complain_of_others:
        _complain, sys.unraisablehook = sys.unraisablehook, _complain_of_others


def ignore() -> None:
    """From now on nothing stops the process from ending the way it has begun to."""
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def noted() -> Iterator[list[int]]:
    """Inside, a first signal is only written down, as the exit code that it asks for.

    What arrived before and got lost is on the list already. A second one acts at once.
    """
    before = {number: signal.getsignal(number) for number in NUMBERS}
    for number in NUMBERS:
        signal.signal(number, _note)
    try:
        yield _received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Inside, a signal waits until the end: what is begun there, or ended, is not left half done."""
    arrived: list[int] = []
    before = {each: signal.signal(each, lambda number, _: arrived.append(number)) for each in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for one in arrived:
            signal.raise_signal(one)


def asked_to_end() -> int:
    """The exit code that the first signal asked for; 0 if none has arrived."""
    return _received[0] if _received else 0


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    _received.append(128 + number)
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated


def _complain_of_others(lost: sys.UnraisableHookArgs) -> None:
    """Where the exception of a signal gets lost, Python would print a traceback of it."""
    if not issubclass(lost.exc_type, KeyboardInterrupt | Terminated):
        _complain(lost)


def _note(number: int, frame: FrameType | None) -> None:
    if _received:
        _end(number, frame)
    _received.append(128 + number)
