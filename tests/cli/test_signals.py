"""A signal at any moment: what is drawn ends, the cursor comes back, and nobody sees a traceback."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from mnistgd.cli import signals
from mnistgd.training import checkpoint

# A line before each that is run sends a signal to the process that is in it, as if it had come just then.
AT_EACH_LINE = """
import os, signal, sys
number, function, module, left = {number}, {function!r}, {module!r}, [{line}]
def trace(frame, event, argument):
    if event == "call":
        inside = frame.f_code.co_name == function and frame.f_globals.get("__name__") == module
        return trace if inside else None
    if event == "line":
        left[0] -= 1
        if left[0] == 0:
            sys.settrace(None)
            os.kill(os.getpid(), number)
    return trace
sys.settrace(trace)
sys.argv = ["mnistgd", *{args!r}]
from mnistgd.cli import main
main()
"""


@pytest.fixture
def struck(tmp_path):
    """Run a command that gets a signal at a line of a function; its exit code and what a terminal shows."""
    pty = pytest.importorskip("pty")

    def run(args, module, function, line, number):
        words = {"args": args, "module": module, "function": function, "line": line, "number": int(number)}
        master, slave = pty.openpty()
        command = [sys.executable, "-c", AT_EACH_LINE.format(**words)]
        with os.fdopen(master, "rb", buffering=0) as shown:
            done = subprocess.run(command, stdin=slave, stdout=slave, stderr=slave, cwd=tmp_path, timeout=60)
            os.close(slave)
            text = b""
            with contextlib.suppress(OSError):  # how Linux tells that nobody has the terminal open any more
                while piece := shown.read(1 << 16):
                    text += piece
        return done.returncode, text.decode()

    return run


@pytest.mark.parametrize("line", [1, 4, 6, 9, 12])
@pytest.mark.parametrize("function", ["start", "stop"])
@pytest.mark.parametrize("number", signals.NUMBERS)
def test_the_cursor_comes_back(struck, few, function, line, number):
    args = ["train", "--data", str(few), "--epochs", "1"]
    ended, shown = struck(args, "rich.live", function, line, number)
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")
    assert "Traceback" not in shown
    assert "bug" not in shown
    assert ended == 128 + number or function == "stop"  # after which there may be nothing left to end


@pytest.mark.parametrize("line", [1, 3, 6, 10, 13])
def test_a_spinner_is_no_bug(struck, line):
    ended, shown = struck(["data", "fetch", "--offline"], "rich.live", "start", line, signal.SIGINT)
    assert ended == 130
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")
    assert "error: interrupted" in shown


@pytest.mark.parametrize(
    ("module", "line"), [("mnistgd.cli.signals", line) for line in (1, 5, 9)] + [("mnistgd.cli.app", 4)]
)
def test_ctrl_c_while_it_is_imported(struck, module, line):
    ended, shown = struck(["--version"], module, "<module>", line, signal.SIGINT)
    assert (ended, shown) == (130, "error: interrupted\r\n")


def test_what_is_held_comes_later():
    before = signal.getsignal(signal.SIGINT)
    done = []
    with pytest.raises(KeyboardInterrupt), signals.held():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        done.append("all of it")
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has none")
def test_what_nohup_starts_goes_on():
    program = (
        "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from mnistgd.cli import signals\nsignals.watch()\nsignal.raise_signal(signal.SIGHUP)\nprint('on')"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60).stdout == b"on\n"


def test_what_has_begun_to_end_is_not_stopped_again():
    program = (
        "import signal\nfrom mnistgd import cli\nfrom mnistgd.cli import signals\n"
        "watch, leave = signals.watch, cli._leave\n"
        "signals.watch = lambda: (watch(), signal.raise_signal(signal.SIGTERM))\n"
        "cli._leave = lambda *how: (signal.raise_signal(signal.SIGINT), leave(*how))\n"
        "cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (143, b"error: terminated\n")


@pytest.mark.skipif(len(signals.NUMBERS) < 3, reason="the system, or nohup, lets nothing hang up")
@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminal_that_is_closed(few, tmp_path, ignored):
    """The run keeps its place; one that was told not to hear of it goes on, and draws for nobody."""
    fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))
    master, slave = pty.openpty()

    def begin():
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)

    args = ["train", "--data", few, "--epochs", "150" if ignored else "100000", "--checkpoint", "run.npz"]
    streams = dict.fromkeys(("stdin", "stderr"), slave)
    with subprocess.Popen(
        [sys.executable, "-m", "mnistgd", *args],
        cwd=tmp_path,
        preexec_fn=begin,
        start_new_session=True,
        stdout=subprocess.PIPE,
        **streams,
    ) as process:
        os.close(slave)
        while b"epoch" not in os.read(master, 1 << 16):
            pass
        os.close(master)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == (0 if ignored else 129)
    assert said.startswith(b"test accuracy" if ignored else b"")
    assert checkpoint.load(tmp_path / "run.npz").step
