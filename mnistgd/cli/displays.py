"""What is drawn on stderr while something goes on: a bar or a spinner, or a plain line where it cannot be."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

from mnistgd.cli import signals
from mnistgd.cli.console import can_show, is_terminal, note, one_line, silence

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress
    from rich.status import Status


def stderr_console() -> Console:
    """A rich console on stderr that takes text as it is: no markup, no emoji, no highlighting."""
    from rich.console import Console

    screen = cast(TextIO, _Screen(sys.stderr))
    return Console(file=screen, markup=False, emoji=False, highlight=False)


class _Screen:
    """A stream that is drawn on: where its terminal has been closed, nobody sees it, and that is no error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            silence(self._stream)


_shown: list[Progress | Status] = []


def start(display: Progress | Status) -> None:
    """Draw a bar or a spinner from now on; it takes the cursor, which `stop_all` gives back."""
    with signals.held():
        _shown.append(display)
        display.start()


def stop_all() -> None:
    """End whatever is drawn, however far it had come."""
    with signals.held():
        while _shown:
            _shown.pop().stop()


def _stage(what: str, share: float | None) -> RenderableType:
    """What is going on, beside a spinner: words, and a bar if it is known how far it is."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    words = Text(one_line(what))
    if share is None:
        return words
    line = Table.grid(padding=(0, 1))
    line.add_row(words, ProgressBar(1, share, width=24), f"{share:.0%}")
    return line


class Reporter(contextlib.AbstractContextManager["Reporter"]):
    """Says on stderr what is going on; it is the listener that reading a data set asks for.

    Used as a context manager, so that a spinner never outlives what it stands for.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.drawing = not quiet and is_terminal(sys.stderr)
        self._status: Status | None = None
        self._noted = ""

    def __exit__(self, *_: object) -> None:
        self.idle()

    def busy(self, what: str, share: float | None = None) -> None:
        """Something that takes a while begins: a spinner, or a plain line where none can be drawn.

        Where the share of it that is done is told as well there is a bar beside the spinner.
        """
        if self.quiet:
            return
        if not self.drawing:
            # What goes on from where it was ("…, 3.1 MB so far") is worth no line of its own.
            if not (self._noted and what.startswith(self._noted)):
                self._noted = what
                note(f"{what} …")
        elif self._status is None:
            spinner = "dots" if can_show("⠋", sys.stderr) else "line"
            self._status = stderr_console().status(_stage(what, share), spinner=spinner)
            try:
                start(self._status)
            except RuntimeError:  # there can be no thread, which would turn the spinner
                self.drawing = False
                self.idle()
                self.busy(what)
        else:
            self._status.update(_stage(what, share))

    def notice(self, what: str) -> None:
        """Something a person should know: one line that stays."""
        self.idle()
        if not self.quiet:
            note(what)

    def idle(self) -> None:
        """What was going on has ended."""
        if self._status is not None:
            stop_all()
            self._status = None
