"""Run the process that downloads and parses, hear what it does, and end it when it takes too long."""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mnistgd.datasets.dataset import Listener
from mnistgd.datasets.named import NamedSet
from mnistgd.errors import DownloadError

PARSING = "parsing the download, about 15 s"

_CHILD = Path(__file__).with_name("child.py")
_SHOW_EVERY = 0.5


@dataclass(frozen=True)
class Limits:
    """How long each part may take, in seconds.

    Attributes
    ----------
    silence : float
        Without a byte from the network while one is waited for; looking up the name and connecting count.
    download : float
        On the network in all.
    parse : float
        Without the network: starting Python and reading what has arrived.
    kill : float
        From asking the process to end until it is killed.
    """

    silence: float = 15.0
    download: float = 120.0
    parse: float = 180.0
    kill: float = 2.0


DEFAULT_LIMITS = Limits()


def run(named: NamedSet, data_home: Path, folder: Path, listener: Listener, limits: Limits) -> int:
    """Fetch a data set through the scikit-learn cache in `data_home`, and leave its arrays in `folder`.

    The process inherits the environment, so proxies, certificates and the like hold for it too. It does
    not outlive this call, whatever ends the call; and what it writes to stderr is not shown to anyone.

    Returns
    -------
    int
        How many bytes came over the network; 0 if everything was in `data_home`.

    Raises
    ------
    DownloadError
        If OpenML does not deliver, in time or at all, or what it delivers cannot be parsed.
    """
    complaints = folder / "stderr.txt"
    with complaints.open("wb") as stderr:
        # -P keeps Python from importing what lies in the working folder or beside the script. A session
        # of its own keeps Ctrl-C in the terminal from reaching the process before it reaches us.
        child = subprocess.Popen(
            [sys.executable or "python3", "-P", "-W", "ignore", _CHILD, named.openml, data_home, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    try:
        return _follow(child, named, Watch(limits, time.monotonic()), listener, complaints)
    finally:
        _end(child, limits.kill)


class Watch:
    """Knows what the process is doing, and whether it has been at it for too long.

    It keeps two accounts, one for the time on the network and one for the time without it, and
    looks at no clock: every method is told the time.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self.asking = False
        self.parsing = False
        self.received = 0
        self._spent = {True: 0.0, False: 0.0}
        self._since = self._heard = now

    def hear(self, report: dict[str, Any], now: float) -> None:
        """Take note of one report of the process."""
        event = report["event"]
        if event == "bytes":
            self.received = report["count"]
            self._heard = now
        elif event == "asking":
            self._turn(True, now)
        elif event == "reading":
            self._turn(False, now)
            self.parsing = "arff" in report["file"]

    def _turn(self, asking: bool, now: float) -> None:
        if asking == self.asking:
            return
        self._spent[self.asking] += now - self._since
        self._since = self._heard = now
        self.asking = asking
        self.parsing = False

    def deadlines(self) -> dict[float, str]:
        """When it will have taken too long, as things are, and what to say then."""
        limits = self.limits
        start = self._since - self._spent[self.asking]
        if not self.asking:
            doing = "parsing the download" if self.parsing else "starting scikit-learn"
            return {start + limits.parse: f"{doing} took longer than {limits.parse:g} s"}
        arrived = f"{self.received / 1e6:.1f} MB arrived"
        return {
            start + limits.download: f"the download took longer than {limits.download:g} s ({arrived})",
            self._heard + limits.silence: f"OpenML sent nothing for {limits.silence:g} s",
        }


def _follow(
    child: subprocess.Popen[bytes], named: NamedSet, watch: Watch, listener: Listener, complaints: Path
) -> int:
    """Follow the process until it is done; raise DownloadError if it fails or takes too long."""
    assert child.stdout is not None
    reports: queue.Queue[dict[str, Any] | None] = queue.Queue()
    try:
        threading.Thread(target=_read, args=(child.stdout, reports), daemon=True).start()
    except RuntimeError as error:
        raise DownloadError("no thread can be started to follow the download", named.hint) from error
    shown, shown_at = describe(named), time.monotonic()
    listener.busy(shown)
    while True:
        now = time.monotonic()
        deadline, verdict = min(watch.deadlines().items())
        if now >= deadline and reports.empty():
            raise DownloadError(verdict, named.hint)
        try:
            report = reports.get(timeout=max(deadline - now, 0.0))
        except queue.Empty:
            continue
        if report is None:
            raise DownloadError(_explain_end(child.wait(), named, watch, complaints), named.hint)
        if report["event"] == "failed":
            raise DownloadError(report["why"], named.hint)
        if report["event"] == "done":
            return watch.received
        watch.hear(report, time.monotonic())
        text = describe(named, watch.received, parsing=watch.parsing)
        if text != shown and (watch.parsing or time.monotonic() - shown_at > _SHOW_EVERY):
            shown, shown_at = text, time.monotonic()
            listener.busy(shown)


def _read(stdout: IO[bytes], reports: queue.Queue[dict[str, Any] | None]) -> None:
    """Pass on the reports, and None at their end; whatever else is printed there is no report."""
    # The pipe may be closed under our hands when the process is ended.
    with contextlib.suppress(OSError, ValueError):
        for line in stdout:
            with contextlib.suppress(ValueError):
                report = json.loads(line)
                if isinstance(report, dict) and "event" in report:
                    reports.put(report)
    reports.put(None)


def describe(named: NamedSet, received: int = 0, *, parsing: bool = False) -> str:
    """What is being done, when so many bytes have arrived."""
    if parsing and received:
        return PARSING
    skip = " (--offline skips this)" if named.embedded else ""
    if parsing:
        return f"parsing {named.title} from scikit-learn's cache, about 15 s{skip}"
    megabytes = f"{received / 1e6:.1f}"
    so_far = "" if megabytes == "0.0" else f", {megabytes} MB so far"
    return f"downloading {named.title} from OpenML{skip}{so_far}"


def _explain_end(code: int, named: NamedSet, watch: Watch, complaints: Path) -> str:
    """Say why a process ended that said nothing itself."""
    doing = "parses the download" if watch.parsing else f"downloads {named.title}"
    if code == -getattr(signal, "SIGKILL", 9):
        return f"the system killed the process that {doing}, most likely for want of memory"
    last = complaints.read_text("utf-8", "replace").strip().rpartition("\n")[2]
    return f"the process that {doing} ended with status {code}" + (f": {last[:120]}" if last else "")


def _end(child: subprocess.Popen[bytes], patience: float) -> None:
    """Terminate the process and, if that does not help, kill it; even if interrupted while waiting."""
    try:
        child.terminate()
        child.wait(patience)
    except subprocess.TimeoutExpired:
        pass
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
