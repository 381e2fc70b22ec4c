"""Which files make up a data set of IDX, ``.npy`` or ``.npz`` files, by how they are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple, TypeVar

from mnistgd.datasets.parts import Part, Wanted, is_emnist
from mnistgd.datasets.stored import Images, Stored
from mnistgd.errors import DataError

Split = Literal["train", "test"]
Holds = Literal["images", "labels"]
Role = tuple[Split, Holds]
ArrayPart = Literal["train", "test", "val"]
File = TypeVar("File")

# As MNIST, Fashion-MNIST and Kuzushiji-MNIST are published; with a dot before idx, as often unpacked;
# with the name of the set in front, as in EMNIST; labels as in QMNIST; Kuzushiji-MNIST's pairs of .npz files.
_NAME = re.compile(
    r"(?P<set>|.*[^a-z])(?P<split>train|t10k|test)[-_](?P<holds>images|imgs|labels)"
    r"(?:[-_.]idx[1234][-_.](?:ubyte|int)(?:\.gz)?|\.np[yz])",
    re.IGNORECASE | re.DOTALL,
)
# train_images, X_train, trainX, training_images, test_imgs, images, …
_PART = "(?P<{}>train|training|test|testing|val|valid|validation)"
_HOLDS = "(?P<{}>images?|imgs|x|data|labels?|y|targets?)"
_ARRAY = re.compile(
    rf"{_PART.format('a')}_?{_HOLDS.format('b')}|{_HOLDS.format('c')}(_?{_PART.format('d')})?", re.IGNORECASE
)
_USUAL: dict[Role, str] = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("test", "images"): "t10k-images-idx3-ubyte",
    ("test", "labels"): "t10k-labels-idx1-ubyte",
}


class Name(NamedTuple):
    """What the name of a file says.

    Attributes
    ----------
    set : str, what stands in front of the part; mostly empty
    role : which part the file is
    """

    set: str
    role: Role


def parse(name: str) -> Name | None:
    """What a file of this name is; None if it is no part of a set."""
    match = _NAME.fullmatch(name)
    if name.startswith("."):
        return None
    if match is not None:
        split: Split = "train" if match["split"].lower() == "train" else "test"
        holds: Holds = "labels" if match["holds"].lower() == "labels" else "images"
        return Name(match["set"], (split, holds))
    stem = name[:-4]
    role = array_role(stem) if name.lower().endswith(".npy") else None
    # An array that is called data or x alone may be anything.
    if role is None or role[0] == "val" or not re.search("train|test", stem, re.IGNORECASE):
        return None
    return Name("", (role[0], role[1]))


def array_role(name: str) -> tuple[ArrayPart, Holds] | None:
    """What an array of this name is, by the names in use; None if it is no part of a set."""
    match = _ARRAY.fullmatch(name)
    if match is None:
        return None
    part, holds = (match["a"] or match["d"] or "train").lower(), (match["b"] or match["c"]).lower()
    split: ArrayPart = "train" if part.startswith("train") else "test" if part.startswith("test") else "val"
    return split, "labels" if holds.startswith(("l", "y", "t")) else "images"


def sets_of(files: Iterable[tuple[str, File]]) -> dict[str, dict[Role, File]]:
    """The files that are parts of sets: by the name of the set, then by their role.

    Parameters
    ----------
    files : pairs of a name and a file; of several that have one role the first is taken
    """
    sets: dict[str, dict[Role, File]] = {}
    for text, file in files:
        if (name := parse(text)) is not None:
            sets.setdefault(name.set, {}).setdefault(name.role, file)
    return sets


def choose(sets: Mapping[str, dict[Role, File]], place: object, hint: str) -> tuple[str, dict[Role, File]]:
    """The one set there is, or the one that has no name.

    Raises
    ------
    DataError
        If there are several.
    """
    if "" in sets:
        return "", sets[""]
    if len(sets) > 1:
        names = ", ".join(sorted(name.rstrip("-_. ") for name in sets))
        raise DataError(f"{place} holds {len(sets)} data sets: {names:.200}", hint)
    return next(iter(sets.items()))


def chosen(files: Mapping[Role, File], wanted: Wanted) -> dict[Role, File]:
    """Those of the part that is wanted, or all if there are none of it.

    Examples
    --------
    >>> files = {("train", "images"): "a", ("test", "images"): "b"}
    >>> chosen(files, "train"), chosen(files, "both") == files
    ({('train', 'images'): 'a'}, True)
    """
    return {role: file for role, file in files.items() if role[0] == wanted} or dict(files)


def read_set(
    called: str,
    files: Mapping[Role, File],
    place: object,
    read: Callable[[File, Holds], Images],
    hint: str,
    wanted: Wanted = "both",
) -> tuple[Part | None, Part | None]:
    """The train part and the test part of a set, each None if there is nothing of it.

    Parameters
    ----------
    called : str, the name of the set
    files : mapping of roles to files
    place : what the set is called in an error
    read : function that reads a file
    hint : str
    wanted : {"both", "train", "test"}

    Raises
    ------
    DataError
        If only half of a part is there, or it cannot be read.
    """
    files = chosen(files, wanted)

    def part(split: Split) -> Part | None:
        roles: list[Role] = [(split, "images"), (split, "labels")]
        if not any(role in files for role in roles):
            return None
        for role in roles:
            if role not in files:
                raise DataError(f"{place} has no {split} {role[1]}: no {_USUAL[role]} is there", hint)
        images, labels = (read(files[role], role[1]) for role in roles)
        assert not isinstance(labels, Stored)
        return Part(images, labels, is_emnist(called))

    return part("train"), part("test")
