"""The process that downloads: how it starts, what it survives, and that it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

import pytest

from mnistgd.datasets.named import MNIST
from mnistgd.datasets.openml import download
from mnistgd.datasets.openml.process import Limits, Watch
from mnistgd.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.openml_standin import StandIn

SOON = Limits(silence=0.7)
posix = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")


def wait_until(happened: Callable[[], object]) -> None:
    limit = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < limit, "it never happened"
        time.sleep(0.02)


def test_the_network_has_two_limits_and_parsing_its_own() -> None:
    watch = Watch(Limits(), now=0.0)
    assert watch.deadlines() == {180.0: "starting scikit-learn took longer than 180 s"}
    watch.hear({"event": "asking"}, 2.0)
    assert sorted(watch.deadlines()) == [17.0, 122.0]
    watch.hear({"event": "bytes", "count": 3_400_000}, 16.0)
    watch.hear({"event": "asking"}, 20.0)  # a second attempt is no byte
    assert watch.deadlines() == {
        31.0: "OpenML sent nothing for 15 s",
        122.0: "the download took longer than 120 s (3.4 MB arrived)",
    }
    watch.hear({"event": "reading", "file": "mnist_784.arff.gz"}, 30.0)
    assert watch.deadlines() == {208.0: "parsing the download took longer than 180 s"}
    # A damaged download is downloaded again: 28 s on the network and 12 s without are spent by then.
    watch.hear({"event": "asking"}, 40.0)
    assert sorted(watch.deadlines()) == [55.0, 132.0]
    watch.hear({"event": "reading", "file": "mnist_784.arff.gz"}, 50.0)
    assert sorted(watch.deadlines()) == [218.0]


def test_no_thread_to_follow_it_with(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    with pytest.raises(DownloadError, match="no thread can be started"):
        download.fetch(MNIST)


def test_a_process_that_is_too_slow_to_start_ends() -> None:
    with pytest.raises(DownloadError, match=r"^starting scikit-learn took longer than 0\.01 s$"):
        download.fetch(MNIST, limits=Limits(parse=0.01))


def test_a_process_that_is_killed(standin: StandIn, children: list[subprocess.Popen[Any]]) -> None:
    standin.fail(standin.ARFF, lambda *_: os.kill(children[0].pid, signal.SIGKILL))
    with pytest.raises(
        DownloadError, match="the system killed the process that downloads MNIST, most likely"
    ):
        download.fetch(MNIST)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (
            "raise ImportError('No module named scipy')",
            "scikit-learn cannot be loaded: no module named scipy",
        ),
        (
            "import os, sys; print('a', 'last word', sep='\\n', file=sys.stderr, flush=True); os._exit(7)",
            "the process that downloads MNIST ended with status 7: last word",
        ),
    ],
)
def test_a_broken_scikit_learn(
    module: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn/__init__.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(DownloadError) as caught:
        download.fetch(MNIST)
    assert caught.value.message == said
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("standin")
def test_odd_files_and_settings_around_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "json", "sklearn", "openml"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with pytest.raises(DownloadError, match="but 3 other images"):
        download.fetch(MNIST)


@pytest.mark.parametrize("place", ["TMPDIR", "the working folder"])
def test_no_place_to_work(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if place == "TMPDIR":
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    else:
        monkeypatch.setenv("SCIKIT_LEARN_DATA", "relative")
        (tmp_path / "gone").mkdir()
        monkeypatch.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()
    with pytest.raises(DownloadError, match=r"^MNIST cannot be downloaded: no such file or directory$"):
        download.fetch(MNIST)


@posix
def test_a_process_that_does_not_listen_is_killed(
    standin: StandIn, children: list[subprocess.Popen[Any]]
) -> None:
    standin.fail(standin.SEARCH, standin.silence)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which a new process inherits
    try:
        with pytest.raises(DownloadError, match="sent nothing"):
            download.fetch(MNIST, limits=Limits(silence=0.7, kill=0.5))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert children[0].returncode == -signal.SIGKILL


@posix
def test_a_process_that_listens_is_not_killed(
    standin: StandIn, children: list[subprocess.Popen[Any]]
) -> None:
    standin.fail(standin.SEARCH, standin.silence)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whatever the tests themselves inherited
    try:
        with pytest.raises(DownloadError, match="sent nothing"):
            download.fetch(MNIST, limits=Limits(silence=0.7, kill=10))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert children[0].returncode == -signal.SIGTERM


FETCH = """
import signal, sys
from mnistgd.datasets.openml import download
from mnistgd.datasets.named import MNIST
def terminated(*_): sys.exit(143)
signal.signal(signal.SIGTERM, terminated)
# Who starts the tests in the background has Ctrl-C ignored, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    download.fetch(MNIST)
except KeyboardInterrupt:
    sys.exit(130)
"""


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_the_process_ends_with_its_parent(name: str, standin: StandIn, temporary: Path) -> None:
    """Ctrl-C reaches every process of the terminal's group; SIGKILL leaves no time for anything."""
    hung_up: list[bytes] = []

    def listen(request: Any, _: bytes) -> None:
        hung_up.append(request.rfile.read(1))  # waits until the other side closes

    standin.fail(standin.SEARCH, listen)
    parent = subprocess.Popen(
        [sys.executable, "-c", FETCH], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    wait_until(lambda: standin.asked)
    assert hung_up == []
    os.killpg(parent.pid, signal.Signals[name])
    output = parent.communicate(timeout=20)

    wait_until(lambda: hung_up)
    wait_until(lambda: not any(temporary.iterdir()))
    assert output == (b"", b"")
    assert parent.returncode == {"SIGINT": 130, "SIGTERM": 143, "SIGKILL": -signal.SIGKILL}[name]
