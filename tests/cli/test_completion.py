"""Completion, as a person has it: installed from a shell, and asked for with the tab key in a new one."""

import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

PROMPT = "ready> "
START = {"bash": ["bash", "-i"], "zsh": ["zsh", "-i"]}


class Shell:
    """A shell that is typed into."""

    def __init__(self, name, home):
        rc = {"bash": ".bashrc", "zsh": ".zshrc"}[name]
        if not (home / rc).exists():
            (home / rc).write_text(f"PS1='{PROMPT}'\n")
        env = {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TERM": "dumb",
            "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
        }
        self.master, slave = pty.openpty()
        streams = {"stdin": slave, "stdout": slave, "stderr": slave}
        self.process = subprocess.Popen(START[name], env=env, cwd=home, start_new_session=True, **streams)
        os.close(slave)
        self.read_until(re.escape(PROMPT))

    def type(self, text):
        os.write(self.master, text.encode())

    def read_until(self, pattern, seconds=20.0):
        """What is shown up to `pattern`, or all that is shown in that time."""
        shown, end = "", time.monotonic() + seconds
        while not re.search(pattern, shown) and (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                shown += os.read(self.master, 4096).decode(errors="replace").replace("\a", "")
        return shown

    def complete(self, text, wanted):
        """What becomes of `text` with the tab key pressed twice, up to `wanted` if that is shown."""
        self.type(f"{text}\t\t")
        shown = self.read_until(wanted)
        self.type("\x15")  # empties the line
        self.type("echo over\n")
        self.read_until(rf"over\r?\n[^\n]*{re.escape(PROMPT)}")
        return shown

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture(scope="module", params=START)
def shell(request, tmp_path_factory):
    """A shell in which completion was installed by the command that it is for."""
    if not shutil.which(request.param):
        pytest.skip(f"there is no {request.param}")
    home = tmp_path_factory.mktemp(request.param)
    first = Shell(request.param, home)
    first.type("mnistgd --install-completion\n")
    assert f"{request.param} completion installed in" in first.read_until("restart the terminal")
    first.close()
    again = Shell(request.param, home)
    yield again
    again.close()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mnistgd eva", "evaluate"),
        ("mnistgd lesson thr", "threshold"),
        ("mnistgd lesson --book gro", "grokking"),
        ("mnistgd lesson ", "(?s)constant-inputs.*toes|toes.*constant-inputs"),
        ("mnistgd train --learn", "--learning-rate"),
        ("mnistgd train --optimizer ", "(?s)amsgrad.*nesterov|nesterov.*amsgrad"),
        ("mnistgd lesson toes --freeze wl", "wlrec"),
        ("mnistgd show-weights ", "(?s)0.*9.*all|all.*0.*9"),
        ("mnistgd data ver", "verify"),
        ("mnistgd train --data fash", "fashion-mnist"),
        ("mnistgd data show kuz", "kuzushiji-mnist"),
        ("mnistgd data fetch fash", "fashion-mnist"),
    ],
)
def test_the_tab_key(shell, text, wanted):
    shown = shell.complete(text, wanted)
    assert re.search(wanted, shown.partition(text)[2] if text.endswith(" ") else shown), shown


@pytest.mark.parametrize("name", START)
def test_the_script_can_be_shown(name, tmp_path):
    """Asked for in each shell, it is on stdout, for a file of one's own, and the shell can read it."""
    if not shutil.which(name):
        pytest.skip(f"there is no {name}")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    script = tmp_path / "completion"
    command = [name, "-c", f"mnistgd --show-completion > {script}; true"]
    done = subprocess.run(command, env=env, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert "_MNISTGD_COMPLETE" in script.read_text()
    assert subprocess.run([name, "-n", script], capture_output=True, check=True).stderr == b""


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_a_shell_that_is_not_known(mnistgd, monkeypatch, option):
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("tcsh", "/bin/tcsh"))
    result = mnistgd(option)
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error == "error: completion is not known for this shell"
    assert hint == "hint: it is for bash, zsh and fish"
