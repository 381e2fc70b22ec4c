"""Run the command line: inside this process where that is enough, as a real one where it is not."""

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mnistgd.cli import signals

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run ``mnistgd ARGS`` in this process, with the streams that it has now; the exit code."""

    def run(*args: object) -> int:
        from mnistgd.cli.app import run

        monkeypatch.setattr(sys, "argv", ["mnistgd", *map(str, args)])
        # A process that ends lets no signal stop it; this one goes on, and so would what it starts.
        handlers = {number: signal.getsignal(number) for number in signals.NUMBERS}
        try:
            with pytest.raises(SystemExit) as ended:
                run()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return int(ended.value.code or 0)

    return run


@pytest.fixture
def mnistgd(capsys: pytest.CaptureFixture[str], in_process: Callable[..., int]) -> Callable[..., Result]:
    """Run ``mnistgd ARGS`` in this process: quick, and counted by coverage."""

    def run(*args: object) -> Result:
        capsys.readouterr()
        code = in_process(*args)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., Result]:
    """Run ``mnistgd ARGS`` as a process of its own, with its standard streams as a shell gives them."""

    def run(
        *args: object, env: dict[str, str] | None = None, stdin: str | None = None, cwd: Path = tmp_path
    ) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "mnistgd", *map(str, args)],
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            input=None if stdin is None else stdin.encode(),
            stdin=subprocess.DEVNULL if stdin is None else None,
            timeout=120,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def run_anew(helper: Callable[[str], Any]) -> Run:
    """Run ``mnistgd WORDS`` as a process of its own, whose streams are what they are given as."""
    return helper("nursery").run_anew


@pytest.fixture(scope="session")
def run_forked(
    helper: Callable[[str], Any], run_anew: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """The same, in a third of the time, where Python's own beginning is not what is tested."""
    if sys.platform != "linux":
        yield run_anew
        return
    nursery = helper("nursery").Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery.run
    nursery.close()


@pytest.fixture(scope="session")
def in_terminal(run_forked: Run) -> Callable[..., Result]:
    """Run ``mnistgd ARGS`` as a process whose stdout, or stderr, or both, are a terminal.

    What a terminal shows ends its lines with CR LF; they are given here as LF.
    """
    fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))

    def read(master: int) -> bytes:
        shown = b""
        with contextlib.suppress(OSError):  # how Linux tells that nobody has the terminal open any more
            while piece := os.read(master, 1 << 16):
                shown += piece
        return shown

    def run(
        *args: object,
        cwd: Path,
        terminals: tuple[str, ...] = ("stdout", "stderr"),
        columns: int = 80,
        lines: int = 24,
        env: dict[str, str] | None = None,
    ) -> Result:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        plain = {key: value for key, value in os.environ.items() if key not in ("COLORTERM", "TERM", "LINES")}
        with ThreadPoolExecutor(1) as reader:
            reading = reader.submit(read, master)
            try:
                done = run_forked(
                    [*map(str, args)],
                    {**plain, "TERM": "xterm-256color", **(env or {})},
                    cwd,
                    **dict.fromkeys(terminals, slave),
                )
            finally:
                os.close(slave)
        os.close(master)
        shown = dict.fromkeys(terminals, reading.result().replace(b"\r\n", b"\n"))
        texts = {"stdout": done.stdout, "stderr": done.stderr} | shown
        return Result(done.returncode, texts["stdout"].decode(), texts["stderr"].decode())

    return run


@pytest.fixture
def on_terminal(in_terminal: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    """The same, in a folder of this test."""
    return lambda *args, **how: in_terminal(*args, **{"cwd": tmp_path} | how)
