"""What goes to stdout: the whole of a result, and nothing that breaks a line."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mnistgd.cli import console
from mnistgd.cli.console import print_json, print_lines


def test_numbers_that_are_not_finite_are_null(capfd: pytest.CaptureFixture[str]) -> None:
    print_json({"a": float("nan"), "b": [float("inf"), 1.5, {"c": float("-inf")}], "d": (0.0,)})
    assert capfd.readouterr().out == '{"a": null, "b": [null, 1.5, {"c": null}], "d": [0.0]}\n'


def test_a_result_can_set_no_colour_and_break_no_line(capfd: pytest.CaptureFixture[str]) -> None:
    print_lines(["one \x1b[31m\rred", "two\x07", "a\nb"])
    assert capfd.readouterr().out == "one \\x1b[31m\\rred\ntwo\\x07\na\\nb\n"


class Trickle(io.RawIOBase):
    """A stream that takes a few bytes at a time, and now and then none, as one does that is not buffered."""

    def __init__(self) -> None:
        self.taken, self.turn = b"", 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int | None:
        self.turn += 1
        if self.turn % 3 == 0:
            return None
        self.taken += bytes(content[:7])
        return min(7, len(content))


def test_a_stream_that_takes_a_part_gets_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, waits = Trickle(), []
    monkeypatch.setattr(console, "_wait_for", waits.append)
    console._write_whole(stream, bytes(range(256)))
    assert stream.taken == bytes(range(256))
    assert waits


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_does_not_wait_gets_the_whole(few: Path, tmp_path: Path, unbuffered: str) -> None:
    """More than a pipe holds, to a reader who is late, on a descriptor that says "not now" instead of waiting."""
    program = "import sys; from mnistgd.cli import console; console.write_stdout(bytes(1_000_000))"
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen([sys.executable, "-c", program], stdout=theirs, env=env) as process:
        os.close(theirs)
        time.sleep(0.3)
        with os.fdopen(ours, "rb") as reader:
            assert len(reader.read()) == 1_000_000
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_is_not_written_whole_is_an_error(unbuffered: str) -> None:
    program = "from mnistgd.cli import console; console.write_stdout(bytes(100_000))"
    with Path("/dev/full").open("wb") as full:
        env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True, env=env
        )
    assert "OutputError" in done.stderr
    assert done.returncode == 1
