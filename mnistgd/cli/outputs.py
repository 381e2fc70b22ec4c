"""Where a result that is a file goes: to a path, or to stdout."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from mnistgd.cli import console
from mnistgd.errors import GateError, OutputError, UsageError

STDOUT = "-"


# What looks for one of these finds no PNG.
_OTHER_ENDINGS = (".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".pdf", ".svg", ".eps", ".ps")


def check_png(out: str, *, as_json: bool, option: str = "--out") -> None:
    """The same as `check`, and that `out` does not end as if it were no PNG.

    Raises
    ------
    UsageError
        If it does.
    """
    check(out, as_json=as_json, option=option)
    ending = Path(out).suffix
    if ending.lower() in _OTHER_ENDINGS:
        raise UsageError(f"{option} writes a PNG, not {ending}", f"{option} {Path(out).with_suffix('.png')}")


def check(out: str, *, as_json: bool, option: str = "--out") -> None:
    """Refuse what could not work, before any work is done; `option` is what `out` was given with.

    Raises
    ------
    UsageError
        If stdout is to hold a file and JSON at once, or the file would go to a terminal.
    OutputError
        If the file cannot be written.
    """
    if out != STDOUT:
        from mnistgd.system.files import check_writable

        check_writable(Path(out))
    elif as_json:
        raise UsageError(f"{option} - and --json both want stdout", "write the file to a path")
    elif sys.stdout is not None and sys.stdout.isatty():
        raise UsageError(
            f"{option} - would write bytes to a terminal", f"redirect it: mnistgd … {option} - > FILE"
        )


def check_files(places: Mapping[str, Path | None]) -> None:
    """Refuse stdout for what grows, or is replaced, while a command runs.

    Parameters
    ----------
    places : mapping of options to what they name; None for one that is not given

    Raises
    ------
    UsageError
        If one names stdout.
    """
    for option, place in places.items():
        if place is not None and str(place) == STDOUT:
            raise UsageError(f"{option} takes a file, not stdout", "name a file")


def check_apart(written: Mapping[str, str | Path | None], *read: str | Path | None) -> None:
    """Refuse to write two things to one file, or to stdout, and to write over what is read.

    Parameters
    ----------
    written : mapping of options to what they name; None for one that is not given
    read : paths, each of which may be there twice; ``-`` is stdin, and None is one that is not given

    Raises
    ------
    UsageError
        If two are the same file, whatever they are called.
    """
    seen: dict[object, str] = {}
    for option, place in written.items():
        if place is None:
            continue
        other = seen.setdefault(_identity(place), option)
        if other != option and str(place) == STDOUT:
            raise UsageError(f"{other} - and {option} - both want stdout", "write one of them to a file")
        if other != option:
            raise UsageError(f"{other} and {option} name the same file", "give each a file of its own")
    for place in read:
        if place is not None and str(place) != STDOUT and _identity(place) in seen:
            option = seen[_identity(place)]
            raise UsageError(
                f"{option} would write over {place}, which is read", "name another file to write"
            )


def _identity(place: str | Path) -> object:
    """The same for all names of one file, also through links, or in capitals where they do not count."""
    if str(place) == STDOUT:
        return STDOUT
    try:
        found = Path(place).stat()
    except OSError:  # nothing is there yet
        return os.path.realpath(place)
    except ValueError:  # no file can be called so, as whoever opens it will say
        return str(place)
    return found.st_dev, found.st_ino


def deliver(content: bytes, out: str) -> None:
    """Write `content` to the path `out`, whole or not at all, or to stdout."""
    if out == STDOUT:
        console.write_stdout(content)
        return
    from mnistgd.system.files import write_atomically

    with console.stage(f"writing {out}"):
        write_atomically(Path(out), content)


def several(out: str | None, names: list[str], *, option: str = "--out") -> list[str]:
    """Where files called `names` go: into the folder `out`, or for a single one to the file `out`.

    Raises
    ------
    UsageError
        If several are to share one stream.
    OutputError
        If `out` is not a folder, and there are several or it is called as folders are.
    """
    if out is None:
        return names
    if Path(out).is_dir():
        return [str(Path(out) / name) for name in names]
    if len(names) == 1 and not out.endswith(("/", os.sep)):
        return [out]
    if out == STDOUT:
        raise UsageError(f"{option} - takes one picture, not several", "name a folder")
    pictures = "a picture" if len(names) == 1 else "several pictures"
    raise OutputError(f"cannot write {pictures} to {out}: it is not a folder", f"mkdir -p {shlex.quote(out)}")


def check_gate(accuracy: float, least: float | None) -> None:
    """Hold a result that has been printed against the gate that was asked for.

    Raises
    ------
    GateError
        If it is missed.
    """
    if least is not None and accuracy < least:
        raise GateError(f"the accuracy, {accuracy:.4f}, is below {least:g}")
