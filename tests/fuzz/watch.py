"""The watch over a reader: a file opened elsewhere, and code that is run, are findings."""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from mnistgd.model import weights_file


class Breach(BaseException):
    """Something was done that a reader of files never does."""


_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "subprocess.Popen",
    "pickle.",
    "marshal.",
    "socket.",
)
_READABLE = tuple(
    str(Path(place).resolve())
    for place in {
        *sysconfig.get_paths().values(),
        sys.prefix,
        sys.base_prefix,
        Path(weights_file.__file__).parent,
    }
)
_guard: list[tuple[str, list[str]]] = []
"""The folder that is watched, and what was done that must not be; empty while nobody watches."""


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Raise Breach if meanwhile code is run from outside, or a file opened but in `folder`, to import code or for nothing."""
    breaches: list[str] = []
    _guard.append((str(folder.resolve()), breaches))
    try:
        yield
    finally:
        _guard.clear()
    if breaches:
        raise Breach("; ".join(breaches))


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _guard:
        return
    folder, breaches = _guard[0]
    if event.startswith(_FORBIDDEN) and not _importing():
        breaches.append(event)
    if event == "open" and isinstance(arguments[0], str | bytes):
        path = str(
            Path(arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]).absolute()
        )
        reads = arguments[1] in (None, "r", "rb")
        # Python looks for the source of a literal that it cannot parse.
        harmless = path.startswith(folder) or path == os.devnull or arguments[0] == "<string>"
        if not harmless and not (reads and path.startswith(_READABLE)):
            breaches.append(f"open {path}")


def _importing() -> bool:
    """Whether a module is being imported: its compiled code is marshalled."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


sys.addaudithook(_watch)
