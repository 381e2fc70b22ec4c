"""Write a file whole or not at all.

A reader sees the old file or the new one: the bytes go to a temporary file beside the target, reach
the disk, and take the target's name in one step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from mnistgd.errors import OutputError


def reason(error: OSError) -> str:
    """What went wrong, in the system's own words: ``no space left on device``."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def called(source: Path | bytes) -> str:
    """What a file, or what stdin held, is called in a message.

    Examples
    --------
    >>> called(Path("w.npz")), called(b"PK")
    ('w.npz', 'stdin')
    """
    return "stdin" if isinstance(source, bytes) else str(source)


def write_atomically(path: Path, *content: bytes | memoryview) -> None:
    """Write `content`, piece after piece, to `path` through a temporary file beside it.

    A link is followed, so that the file it points to is replaced and the link stays. What is not an
    ordinary file, such as ``/dev/null`` or a pipe, is written to directly: it cannot be replaced.

    Raises
    ------
    OutputError
        If it cannot be written. The old file is then as it was, and no temporary file is left.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as stream:
                stream.writelines(content)
            return
        _check_target(path)
        target = _resolved(path)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.writelines(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(_mode_for(target))
            Path(temporary).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise _cannot_write(path, error) from error


def append(path: Path, content: bytes) -> None:
    """Add `content` to the end of `path`, at once.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        with path.open("ab") as stream:
            stream.write(content)
    except OSError as error:
        raise _cannot_write(path, error) from error


def check_writable(path: Path) -> None:
    """Try whether `path` could be written, before work is spent on what goes there.

    Nothing is left behind, and a file that is there already stays as it is.

    Raises
    ------
    OutputError
        If the folder does not exist or does not take a file, or `path` is a folder.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return
        _check_target(path)
        handle, temporary = tempfile.mkstemp(prefix=".mnistgd-", suffix=".tmp", dir=_resolved(path).parent)
        os.close(handle)
        Path(temporary).unlink()
    except OSError as error:
        raise _cannot_write(path, error) from error


def _check_target(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder", "name a file")
    parent = _resolved(path).parent
    if not parent.exists():
        raise OutputError(f"cannot write {path}: the folder {parent} does not exist", f"mkdir -p {parent}")


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except RuntimeError as error:  # what older Pythons make of a loop of links
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write {path}: {reason(error)}", "name another place")


def _mode_for(target: Path) -> int:
    """The permissions an ordinary new file would get, or those of the file that is replaced."""
    try:
        return target.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
