"""Schedulers and workers of Dask on loopback, as people start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("distributed")

PATIENCE = 60
"""How long a process may take until it does what it is waited for."""


@dataclass
class Site:
    """A scheduler and its workers, each a process."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """The scheduler file."""
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        """That of the scheduler."""
        import json

        return str(json.loads(self.file.read_text())["address"])

    def scheduler(self) -> subprocess.Popen[bytes]:
        """Start the scheduler."""
        words = ("--port", "0", "--scheduler-file", str(self.file), "--no-show", "--no-dashboard")
        process = self._started("scheduler", *words, "--dashboard-address", "127.0.0.1:0")
        _wait_for(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        return process

    def workers(self, count: int, **env: str) -> list[subprocess.Popen[bytes]]:
        """Start workers, and wait until they have joined."""
        started = [self._worker(**env) for _ in range(count)]
        _wait_for(lambda: sum(b"Registered to" in path.read_bytes() for path in self._logs) >= self._count)
        return started

    def _worker(self, **env: str) -> subprocess.Popen[bytes]:
        words = ("--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny", "--no-dashboard")
        return self._started("worker", *words, **env)

    @property
    def _logs(self) -> list[Path]:
        return list(self.folder.glob("worker*.log"))

    @property
    def _count(self) -> int:
        return len(self.processes) - 1

    def _started(self, what: str, *words: str, **env: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", what, "--host", "127.0.0.1", *words]
        cache = {"MNISTGD_CACHE": str(self.folder / f"cache{len(self.processes)}")}
        environment = os.environ | cache | self.env | env
        log = (self.folder / f"{what}{len(self.processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=self.folder)
        self.processes.append(process)
        return process

    def end(self) -> None:
        """End all that is still there."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


def _wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.05)


@contextmanager
def _site(folder: Path, **env: str) -> Iterator[Site]:
    """A scheduler and two workers."""
    site = Site(folder, env)
    try:
        site.scheduler()
        site.workers(2)
        yield site
    finally:
        site.end()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A scheduler and two workers that outlast the test: nobody may end them."""
    with _site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def secured_site(tmp_path: Path) -> Iterator[Site]:
    """A scheduler and two workers that want certificates, named as Dask's configuration names them."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    folder = tmp_path / "site"
    folder.mkdir()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    pair = authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem
    pair.write_to_path(str(folder / "pair.pem"))
    prefix = "DASK_DISTRIBUTED__COMM"
    tls = {f"{prefix}__TLS__CA_FILE": str(folder / "ca.pem"), f"{prefix}__DEFAULT_SCHEME": "tls"}
    for side in ("SCHEDULER", "WORKER", "CLIENT"):
        tls[f"{prefix}__TLS__{side}__CERT"] = str(folder / "pair.pem")
    with _site(folder, **tls) as site:
        yield site


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """A scheduler and two workers of this test's own."""
    folder = tmp_path / "site"
    folder.mkdir()
    with _site(folder) as site:
        yield site


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is true."""
    return _wait_for


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begin ``mnistgd ARGS`` as a process in a session of its own, as a terminal has it."""
    begun: list[subprocess.Popen[str]] = []

    def run(*args: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mnistgd", *map(str, args)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            start_new_session=True,
        )
        begun.append(process)
        return process

    yield run
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
