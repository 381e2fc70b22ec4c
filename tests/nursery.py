"""Real processes that begin with the libraries loaded.

Of the quarter of a second that a short command takes, nearly all is Python reading numpy, Pillow and rich. A nursery
is a process that has read them, and nothing of mnistgd; each command is a fork of it. It has a process id, streams,
folder, environment and end of its own, and reads mnistgd itself as any does. What a fork does not show is how Python
begins: the encoding and the warnings that the environment asks for are those of the nursery.

Linux alone: elsewhere the libraries of the system do not bear to be forked.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

LIBRARIES = (
    "typer",
    "rich.progress",
    "numpy.random",
    "PIL.ImageDraw",
    "PIL.ImageFont",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
)
STREAMS = ("stdin", "stdout", "stderr")
TIMEOUT = 60
"""Seconds after which a command that hangs is ended."""
MOST_BYTES = 1 << 17
"""How long the words and the environment of one command may be."""


def run_anew(
    words: list[str], env: dict[str, str], cwd: Path, **streams: int | None
) -> subprocess.CompletedProcess[bytes]:
    """Run ``mnistgd WORDS`` as a shell does, until it ends.

    A stream is an open file; None is one that is closed. Without a word stdin is empty, and the others are pipes that
    are read here.
    """
    closed = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-"}
    without = " ".join(closed[name] for name, stream in streams.items() if stream is None)
    shell = ["sh", "-c", f'exec "$@" {without}', "sh"] if without else []
    pipes: dict[str, int | None] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    return subprocess.run(
        [*shell, sys.executable, "-m", "mnistgd", *words],
        env=env,
        cwd=cwd,
        timeout=TIMEOUT,
        **pipes | {name: stream for name, stream in streams.items() if stream is not None},  # type: ignore[call-overload]
    )


class Nursery:
    """The side of who asks for commands, and hears how they ended."""

    def __init__(self, home: Path) -> None:
        self._asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = os.environ | {"HOME": str(home), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], env=environment
        )
        theirs.close()

    def close(self) -> None:
        """End it."""
        self._asking.close()
        self._process.wait(TIMEOUT)

    def run(
        self, words: list[str], env: dict[str, str], cwd: Path, **streams: int | None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``mnistgd WORDS`` until it ends; the rest is as of `run_anew`."""
        with contextlib.ExitStack() as readers, contextlib.ExitStack() as stack:
            shown = {}
            for name in STREAMS[1:]:
                if name not in streams:
                    reader, streams[name] = os.pipe()
                    stack.callback(os.close, streams[name])
                    shown[name] = readers.enter_context(open(reader, "rb"))  # noqa: PTH123
            if "stdin" not in streams:
                streams["stdin"] = stack.enter_context(open(os.devnull, "rb")).fileno()  # noqa: PTH123
            opened = {name: stream for name, stream in streams.items() if stream is not None}
            hearing, telling = (readers.enter_context(end) for end in socket.socketpair())
            asked = json.dumps({"words": words, "env": env, "cwd": str(cwd), "streams": list(opened)})
            socket.send_fds(self._asking, [asked.encode()], [telling.fileno(), *opened.values()])
            telling.close()
            stack.close()  # so that what is read ends when the command does
            with ThreadPoolExecutor(2) as pool:
                found = dict(zip(shown, pool.map(lambda file: file.read(), shown.values()), strict=True))
            code = int(hearing.recv(16))
        return subprocess.CompletedProcess(words, code, found.get("stdout"), found.get("stderr"))


def _serve(asked: socket.socket) -> dict[str, Any] | None:
    """Fork once for each command that is asked for, and tell how each ended; a fork returns what it is to do."""
    waking, woken = socket.socketpair()
    for end in (waking, woken):
        end.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listening: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([asked, waking], [], [])
        if waking in ready:
            waking.recv(1 << 12)
            _tell_who_ended(listening)
        if asked not in ready:
            continue
        message, files, _, _ = socket.recv_fds(asked, MOST_BYTES, 4)
        if not message:
            os._exit(0)
        answer, *streams = files
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (asked, waking, woken, *listening.values()):
                end.close()
            os.close(answer)
            signal.alarm(TIMEOUT)
            command: dict[str, Any] = json.loads(message)
            command["streams"] = dict(zip(command["streams"], streams, strict=True))
            return command
        for stream in streams:
            os.close(stream)
        listening[pid] = socket.socket(fileno=answer)


def _tell_who_ended(listening: dict[int, socket.socket]) -> None:
    while listening:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with listening.pop(pid) as answer, contextlib.suppress(OSError):
            answer.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(command: dict[str, Any]) -> None:
    """Take the streams, the folder and the environment of the command, as Python finds them when it begins."""
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    for number, name in enumerate(STREAMS):
        stream = command["streams"].get(name)
        if stream is None:
            os.close(number)
            setattr(sys, name, None)
        else:
            os.dup2(stream, number)
            os.close(stream)
            setattr(sys, name, _text_stream(number))
        setattr(sys, f"__{name}__", getattr(sys, name))
    sys.argv = ["mnistgd", *command["words"]]


def _text_stream(number: int) -> io.TextIOWrapper:
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    if number == 0:
        return open(0, encoding=encoding, closefd=False)
    raw = open(number, "wb", closefd=False, buffering=-1)  # noqa: SIM115
    lines = number == 2 or os.isatty(number)
    errors = "backslashreplace" if number == 2 else "strict"
    return io.TextIOWrapper(raw, encoding=encoding, errors=errors, line_buffering=lines)


if __name__ == "__main__":
    control = socket.socket(fileno=int(sys.argv[1]))
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.collect()
    gc.freeze()
    _become(_serve(control) or {})
    # `python -m` has the folder where it is called as the first of its path; this has its own.
    sys.path[0] = str(Path.cwd())
    runpy.run_module("mnistgd", run_name="__main__")
