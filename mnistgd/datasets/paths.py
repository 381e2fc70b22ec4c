"""A data set of the user's own: a folder of IDX files, or one ``.npz`` file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from mnistgd.datasets import idx, npz
from mnistgd.datasets.dataset import Dataset, checked
from mnistgd.datasets.streams import open_file
from mnistgd.errors import DataError
from mnistgd.system.files import reason

HINT = "--data takes mnist, a folder of IDX files named as those of MNIST, its train images, or an .npz file"

# As MNIST, Fashion-MNIST and Kuzushiji-MNIST are published; with a dot before idx, as often unpacked;
# with the name of the set in front, as in EMNIST.
_NAME = re.compile(
    r"(?P<set>|.*[^a-z])(?P<split>train|t10k|test)[-_](?P<kind>images|labels)[-_.]idx[13][-_.]ubyte(?P<gz>\.gz)?",
    re.IGNORECASE | re.DOTALL,
)
_ROLES = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("test", "images"): "t10k-images-idx3-ubyte",
    ("test", "labels"): "t10k-labels-idx1-ubyte",
}
_Role = tuple[str, str]


class _Name(NamedTuple):
    set: str
    role: _Role
    gzipped: bool


def read_path(path: Path) -> Dataset:
    """Read the data set at `path`.

    Parameters
    ----------
    path : Path
        A folder that holds the four IDX files of one set, the train images or train labels file of such a
        set, or an ``.npz`` file.

    Raises
    ------
    DataError
        If there is none, a part of it is missing or damaged, or its parts do not fit together.
    """
    path = path.absolute()
    try:
        if path.is_dir():
            return _read_idx(_choose(_sets(path), path), path)
        name = _parse(path)
        if name is not None and name.role[0] == "train" and path.exists():
            return _read_idx(_sets(path.parent)[name.set] | {name.role: path}, path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {reason(error)}", HINT) from error
    if not path.exists():
        raise DataError(f"there is no {path}", HINT)
    if path.suffix.lower() != ".npz" and not _is_zip(path):
        raise DataError(f"{path} is neither an .npz file nor called like a train file of MNIST", HINT)
    return checked(*npz.read_npz(path), source=str(path))


def _read_idx(files: dict[_Role, Path], path: Path) -> Dataset:
    for role, usual in _ROLES.items():
        if role not in files:
            raise DataError(f"{path} has no {role[0]} {role[1]}: no {usual} is there", HINT)
    return checked(
        idx.read_images(files["train", "images"]),
        idx.read_labels(files["train", "labels"]),
        idx.read_images(files["test", "images"]),
        idx.read_labels(files["test", "labels"]),
        source=str(path),
    )


def _sets(folder: Path) -> dict[str, dict[_Role, Path]]:
    """The IDX files of a folder: by the name of the set in front of theirs, then by what they hold."""
    sets: dict[str, dict[_Role, Path]] = {}
    found = [(name, path) for path in folder.iterdir() if (name := _parse(path)) is not None]
    # Where a file is there twice, it is read from where that is quickest; some archives unpack to a folder
    # that has the name of the file inside.
    for name, path in sorted(found, key=lambda item: (item[1].is_dir(), item[0].gzipped, item[1].name)):
        sets.setdefault(name.set, {}).setdefault(name.role, path)
    return sets


def _choose(sets: dict[str, dict[_Role, Path]], folder: Path) -> dict[_Role, Path]:
    if not sets:
        raise DataError(f"there are no IDX files in {folder}", HINT)
    if "" in sets:
        return sets[""]
    if len(sets) > 1:
        raise DataError(f"{folder} holds {len(sets)} data sets", "name the train images file of one of them")
    return next(iter(sets.values()))


def _parse(path: Path) -> _Name | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    split = "train" if match["split"].lower() == "train" else "test"
    return _Name(match["set"], (split, match["kind"].lower()), match["gz"] is not None)


def _is_zip(path: Path) -> bool:
    with open_file(path) as file:
        return file.read(len(npz.ZIP_MAGIC)) == npz.ZIP_MAGIC
