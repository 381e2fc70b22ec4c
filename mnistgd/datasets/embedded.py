"""The copy of MNIST that this package carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.readers import paths
from mnistgd.errors import DataError

_PACKAGE = Path(__file__).resolve().parents[1]
# In an installed package the files lie inside it; in a checkout, also installed as editable, beside it.
_FOLDERS = (_PACKAGE / "data", _PACKAGE.parent / "data")
_MARK = "train-images-idx3-ubyte.gz"


def find(folders: Sequence[Path] = _FOLDERS) -> Path:
    """The folder of the four IDX files.

    Raises
    ------
    DataError
        If this installation has none.
    """
    for folder in folders:
        if (folder / _MARK).is_file():
            return folder
    raise DataError("this installation has no embedded copy of MNIST", "install mnistgd again")


def read(folders: Sequence[Path] = _FOLDERS) -> Dataset:
    """Read the embedded copy; its source is ``embedded``.

    Raises
    ------
    DataError
        If it is missing or damaged.
    """
    return replace(paths.read_path(find(folders)), source="embedded", about=None)
