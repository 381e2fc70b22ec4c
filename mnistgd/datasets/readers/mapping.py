"""EMNIST's files that say which characters its labels stand for: ``emnist-letters-mapping.txt``."""

from __future__ import annotations

from pathlib import Path

from mnistgd.datasets.dataset import MAX_CLASSES
from mnistgd.datasets.streams import Readable, open_file
from mnistgd.errors import DataError

NAME = "mapping.txt"
"""What such a file is called, behind the name of the set."""
_HINT = "each line has a label and the codes of its characters: 10 65"
_MAX_BYTES = 1 << 16


def beside(file: Path, called: str) -> dict[int, str] | None:
    """What the mapping beside a file of the set that is `called` so says; None if there is none.

    Raises
    ------
    DataError
        As `read`, or if it cannot be read.
    """
    path = file.with_name(f"{called}{NAME}")
    if not called or not path.is_file():
        return None
    with open_file(path) as stream:
        return read(stream, str(path))


def read(stream: Readable, what: str) -> dict[int, str]:
    """Read which characters the labels stand for.

    Parameters
    ----------
    stream : where the bytes come from
    what : str, what the file is called in an error

    Returns
    -------
    dict of int to str: ``10 65`` is ``A``, and ``1 65 97``, of letters large and small, is ``Aa``

    Raises
    ------
    DataError
        If a line says something else, or two lines name one label or one character.
    """
    content = b""
    while len(content) <= _MAX_BYTES and (piece := stream.read(_MAX_BYTES)):
        content += piece
    names: dict[int, str] = {}
    for number, line in enumerate(content.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        try:
            label, *codes = map(int, words)
            name = "".join(map(chr, codes))
        except (ValueError, OverflowError):
            label, name = -1, ""
        if not (0 <= label <= MAX_CLASSES and name.isprintable() and name) or label in names:
            raise DataError(f"line {number} of {what} names no class", _HINT)
        names[label] = name
    return names
