"""What goes to stdout and what goes to stderr.

stdout carries the result and nothing else. Everything said along the way goes to stderr, in plain lines; what
is drawn there, for a person at a terminal, is in `displays`.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import math
import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, TextIO

from mnistgd.errors import OutputError

LONGEST = 2000
"""Of a line on stderr, in characters: a name in a file may be as long as the file."""

PLAINLY = "mnistgd.plainly"
"""How stdout and stderr are encoded: signs that the encoding lacks become ASCII, and are never an error."""

_LIKENESSES = str.maketrans(
    {"→": "->", "×": "x", "−": "-", "–": "-", "…": "...", "·": ".", "²": "^2", "½": "1/2", "‖": "|"}
    | {"Δ": "delta", "α": "alpha", "β": "beta", "ε": "epsilon"}
)


def one_line(text: str) -> str:
    """`text` with every control character written out, so that a file's name cannot break a line.

    Examples
    --------
    >>> print(one_line("a\\nb"))
    a\\nb
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def print_lines(lines: Iterable[str]) -> None:
    """Write lines for people to stdout; what a file is called, or says, can break none and set no colour."""
    print_drawing(map(one_line, lines))


def print_drawing(lines: Iterable[str]) -> None:
    """Write lines to stdout, also with the codes that make them a picture on a terminal."""
    if text := "".join(f"{line}\n" for line in lines):
        write_stdout(text.encode(sys.stdout.encoding, PLAINLY))


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What stands for signs that an encoding lacks: what looks like them, or their numbers, as names need.

    Examples
    --------
    >>> print("784→10, 28×28, コート".encode("latin-1", PLAINLY).decode("latin-1"))
    784->10, 28×28, \\u30b3\\u30fc\\u30c8
    """
    assert isinstance(error, UnicodeEncodeError)
    signs = error.object[error.start : error.end].translate(_LIKENESSES)
    return signs.encode("ascii", "backslashreplace").decode(), error.end


codecs.register_error(PLAINLY, _plainly)


def open_streams() -> None:
    """Let stdout and stderr take any text, in whatever encoding, and say so if there is no stdout."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PLAINLY)
    if sys.stdout is None:
        sys.stdout = ClosedStdout()


def can_show(text: str, stream: TextIO) -> bool:
    """Whether the encoding of `stream` has all of these signs."""
    try:
        text.encode(stream.encoding)
    except UnicodeError:
        return False
    return True


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON document, in one line of ASCII, to stdout; numbers that are not finite are null."""
    write_stdout(json.dumps(_finite(document), allow_nan=False).encode("ascii") + b"\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def print_row(cells: Sequence[object]) -> None:
    """Write one row of a table to stdout, as CSV in UTF-8; on a terminal no name breaks its line."""
    from mnistgd.sharing.tables import csv_text

    if sys.stdout.isatty():
        cells = [one_line(cell) if isinstance(cell, str) else cell for cell in cells]
    # A name that is no text leaves as the bytes that it came as.
    write_stdout(csv_text([cells]).encode("utf-8", "surrogateescape"))


class ClosedStdout(io.TextIOBase):
    """What stands for a stdout that is closed, to which Python would write nothing and say nothing."""

    encoding = "utf-8"

    def write(self, _: str, /) -> int:
        raise OutputError("cannot write the result: stdout is closed", "send it somewhere, or to /dev/null")


def write_stdout(content: bytes) -> None:
    """Write the bytes of a result to stdout, past every layer that could change them.

    Whoever reads it may have seen enough and be gone: then the rest is for nobody, and is no error.

    Raises
    ------
    OutputError
        If stdout is closed or takes no more.
    """
    if isinstance(sys.stdout, ClosedStdout):
        sys.stdout.write("")
    try:
        sys.stdout.flush()
        _write_whole(sys.stdout.buffer, content)
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        from mnistgd.system.files import reason

        raise OutputError(
            f"cannot write the result to stdout: {reason(error)}", "send it elsewhere"
        ) from error


def _write_whole(stream: IO[bytes], content: bytes) -> None:
    """Write all of it, also where an unbuffered stream takes a part at a time, or a pipe does not wait."""
    left = memoryview(content)
    while left:
        try:
            count = stream.write(left)
        except BlockingIOError as full:
            count = full.characters_written
        left = left[count or 0 :]
        if left and not count:
            _wait_for(stream)
    while True:
        try:
            return stream.flush()
        except BlockingIOError:
            _wait_for(stream)


def _wait_for(stream: IO[bytes]) -> None:
    import select

    select.select([], [stream], [])


def silence(stream: TextIO) -> None:
    """Let what is still to come on `stream`, and what it holds back, go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def note(text: str) -> None:
    """Write one line to stderr; if it cannot be written there is nobody to tell."""
    if sys.stderr is None:
        return
    text = one_line(text)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 4 :]}"
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def report_error(message: str, hint: str) -> None:
    """One line that says what is wrong, and one that says what to do about it, on stderr."""
    if debugging() and sys.exc_info()[0] is not None:
        import traceback

        for line in traceback.format_exc().splitlines():
            note(line)
    note(f"error: {message}")
    if hint and len(one_line(hint)) < LONGEST:  # half a command is none to paste
        note(f"hint: {hint}")


def out_of_memory(error: MemoryError) -> str:
    """What to say when memory has run out: how much was wanted, where that is known.

    Examples
    --------
    >>> out_of_memory(MemoryError("Unable to allocate 2 GiB for an array"))
    'memory ran out: unable to allocate 2 GiB for an array'
    """
    text = str(error)
    return f"memory ran out: {text[:1].lower()}{text[1:]}" if text else "memory ran out"


def debugging() -> bool:
    """Whether ``--debug`` or MNISTGD_DEBUG asks where errors come from and where time goes."""
    return os.environ.get("MNISTGD_DEBUG", "0") not in {"", "0"}


def let_libraries_speak(aloud: bool) -> None:
    """Whether what libraries warn of and log reaches stderr."""
    if aloud:
        warnings.simplefilter("default")
        return
    import logging

    root = logging.getLogger()
    if not root.handlers:
        # Without any, Python prints what is logged.
        root.addHandler(logging.NullHandler())


@contextmanager
def stage(name: str) -> Iterator[None]:
    """A part of a command's work; with ``--debug`` it says how long it took."""
    begun = time.perf_counter()
    yield
    if debugging():
        note(f"debug: {name} took {time.perf_counter() - begun:.3f} s")


def is_terminal(stream: Any) -> bool:
    """Whether a person with a terminal that can be drawn on reads `stream`."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def in_notebook() -> bool:
    """Whether Jupyter shows what is written: it looks like a terminal, but its cursor leaves no line."""
    # So its kernel says to the programs that it starts.
    return os.environ.get("TERM") == "xterm-color" and os.environ.get("PAGER") == "cat"
