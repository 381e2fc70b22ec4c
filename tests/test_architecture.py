"""Every file lies in a room, and a room imports only what its row below says."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

import mnistgd

PACKAGE = Path(mnistgd.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LOOSE = {"__init__.py", "__main__.py", "errors.py", "py.typed"}

FLOORS = [
    {"cli", "api"},
    {"lessons", "sharing"},
    {"training/sweep"},
    {"training/cluster"},
    {"training"},
    {"model"},
    {"datasets"},
    {"datasets/readers"},
    {"datasets/form", "datasets/openml"},
    {"handwriting"},
    {"engine", "figures", "system"},
    {"errors"},
]
"""From the top down. A room imports from floors below its own; those of one floor do not know each other.

A folder within a room, where it is named here, is a room of its own. It may know what lies beside it in that room, as
long as no import goes in a circle.
"""

PLAIN = "__future__ collections contextlib contextvars dataclasses functools itertools math typing"
"""Of the standard library, what any room may use: it computes, and reaches nothing outside."""

FILES_AND_TEXT = f"{PLAIN} io json pathlib sys"


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True)
class Room:
    """What the modules of a room may import, besides from their own room.

    Attributes
    ----------
    rooms : those below that it knows, and ``version`` for ``mnistgd.__version__``
    top : packages that are loaded as soon as a module of the room is
    inside : packages that are loaded only by the functions that need them
    standard : modules of the standard library
    """

    rooms: frozenset[str] = field(default_factory=frozenset)
    top: frozenset[str] = field(default_factory=frozenset)
    inside: frozenset[str] = field(default_factory=frozenset)
    standard: frozenset[str] = field(default_factory=frozenset)


ROOMS = {
    "cli": Room(
        words(
            "lessons sharing training/sweep training/cluster training model datasets datasets/readers"
            " handwriting engine figures system errors version"
        ),
        words("typer"),
        words("numpy PIL rich"),
        words(
            f"{FILES_AND_TEXT} codecs inspect logging os re select shlex signal textwrap time traceback types"
            " warnings webbrowser"
        ),
    ),
    "api": Room(
        words("training model datasets handwriting engine figures errors"),
        words("numpy PIL sklearn"),
        words("rich"),
        words(f"{PLAIN} importlib inspect pathlib signal sys threading time warnings"),
    ),
    "lessons": Room(
        words("training model datasets engine figures system errors"),
        words("numpy"),
        words("matplotlib sklearn threadpoolctl"),
        words(f"{PLAIN} difflib importlib pathlib re warnings"),
    ),
    "sharing": Room(
        words("model datasets engine figures system errors version"),
        words("numpy PIL"),
        words("jinja2 markupsafe onnx safetensors"),
        words(f"{PLAIN} base64 csv hashlib io json pathlib re string"),
    ),
    "training/sweep": Room(
        words("training/cluster training model datasets system errors"),
        words("numpy"),
        words("distributed"),
        words(f"{FILES_AND_TEXT} statistics time"),
    ),
    "training/cluster": Room(
        words("training model datasets engine system errors"),
        words("numpy"),
        words("dask distributed"),
        words(f"{FILES_AND_TEXT} asyncio multiprocessing signal threading"),
    ),
    "training": Room(
        words("model datasets engine system errors"),
        words("numpy"),
        words(""),
        words(f"{FILES_AND_TEXT} time"),
    ),
    "model": Room(
        words("datasets datasets/readers datasets/form handwriting engine system errors version"),
        words("numpy"),
        words("threadpoolctl"),
        words(f"{FILES_AND_TEXT} datetime hashlib platform"),
    ),
    "datasets": Room(
        words("datasets/readers datasets/form datasets/openml handwriting system errors"),
        words("numpy"),
        words(""),
        words(f"{FILES_AND_TEXT} hashlib os re shutil time zipfile zlib"),
    ),
    "datasets/readers": Room(
        words("datasets datasets/form handwriting system errors"),
        words("numpy"),
        words(""),
        words(f"{FILES_AND_TEXT} csv hashlib os re stat time unicodedata zipfile"),
    ),
    "datasets/form": Room(
        words("datasets system errors"),
        words("numpy"),
        words(""),
        words(f"{FILES_AND_TEXT} hashlib re"),
    ),
    "datasets/openml": Room(
        words("datasets system errors"),
        words("numpy"),
        words("sklearn"),
        words(
            f"{FILES_AND_TEXT} gzip http os queue shutil signal socket ssl subprocess tempfile threading time"
            " urllib zlib"
        ),
    ),
    "handwriting": Room(
        words("system errors"),
        words("numpy PIL"),
        words(""),
        words(f"{PLAIN} errno io logging os pathlib sys warnings"),
    ),
    "engine": Room(words("errors"), words("numpy"), words(""), words(PLAIN)),
    "figures": Room(
        words("errors"),
        words("numpy PIL"),
        words("matplotlib"),
        words(f"{PLAIN} bisect importlib io unicodedata warnings"),
    ),
    "system": Room(
        words("errors"),
        words("numpy"),
        words(""),
        words(
            f"{FILES_AND_TEXT} errno fcntl os pickle resource select shlex signal tempfile warnings zipfile"
        ),
    ),
    "errors": Room(standard=words("__future__")),
    # The face of the package, and ``python -m mnistgd``.
    "__init__": Room(rooms=words("api errors"), standard=words("__future__ importlib")),
    "__main__": Room(rooms=words("cli")),
}


class Import(NamedTuple):
    """One imported name.

    Attributes
    ----------
    kind : where it comes from; a room of this package, a package, or the standard library
    name : str, that room, package or module
    place : ``top`` of a module, ``inside`` of a function, or for the ``types`` alone
    """

    kind: Literal["room", "package", "standard"]
    name: str
    place: Literal["top", "inside", "types"]


def room_of(path: Path) -> str:
    """The room of a file, named by its path within the package."""
    return _room(path.with_suffix("").parts)


def _room(parts: Sequence[str]) -> str:
    """Of a module, or of a name in it."""
    folder = "/".join(parts[:2])
    return folder if folder in ROOMS else parts[0]


def imports_of(source: str) -> Iterator[Import]:
    """All imports of a module, wherever in it they stand."""
    return (_import(name, place) for name, place in names_in(source))


def names_in(source: str) -> Iterator[tuple[str, Literal["top", "inside", "types"]]]:
    """All that a module imports, by its whole name, and where in the module that is."""
    pending: list[tuple[ast.AST, Literal["top", "inside", "types"]]] = [(ast.parse(source), "top")]
    while pending:
        node, place = pending.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, place) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide which room is meant"
            yield from ((f"{node.module}.{alias.name}", place) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += [(child, "types") for child in node.body]
            pending += [(child, place) for child in node.orelse]
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            pending += [(child, "inside" if inside else place) for child in ast.iter_child_nodes(node)]


def _import(name: str, place: Literal["top", "inside", "types"]) -> Import:
    root, _, rest = name.partition(".")
    if root == "mnistgd":
        room = _room(rest.split("."))
        return Import("room", "version" if room == "__version__" else room, place)
    return Import("standard" if root in sys.stdlib_module_names else "package", root, place)


def broken_rules(path: Path, source: str) -> list[str]:
    """What a module at `path`, within the package, may not import but does."""
    own = room_of(path)
    if own not in ROOMS:
        return [f"{path} lies in no room"]
    row, wrong = ROOMS[own], []
    for kind, name, place in imports_of(source):
        allowed = {
            "room": row.rooms | {own},
            "standard": row.standard,
            # A type costs nothing when a program runs.
            "package": row.top if place == "top" else row.top | row.inside,
        }[kind]
        if name not in allowed:
            wrong.append(f"{path}: {own} may not import {name} ({kind}, {place})")
    return wrong


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def test_a_room_imports_what_its_row_allows(path):
    assert broken_rules(path.relative_to(PACKAGE), path.read_text("utf-8")) == []


def test_rows_go_downwards():
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    for room, row in ROOMS.items():
        if room in floor:
            others = {other for other in row.rooms - {"version"} if not room.startswith(f"{other}/")}
            assert all(floor[other] > floor[room] for other in others), room


def circle_in(folder: Path, sources: Mapping[Path, str]) -> list[str]:
    """What lies in a folder and imports itself by way of others there, each module and each folder as one."""
    start = ".".join(("mnistgd", *folder.parts, ""))
    known: dict[str, set[str]] = {}
    for path, source in sources.items():
        if path.is_relative_to(folder):
            here = path.relative_to(folder).with_suffix("").parts[0]
            names = {name for name, _ in names_in(source) if name.startswith(start)}
            others = {name.removeprefix(start).partition(".")[0] for name in names} - {here}
            known.setdefault(here, set()).update(others)
    try:
        TopologicalSorter(known).prepare()
    except CycleError as error:
        return error.args[1]
    return []


SOURCES = {path.relative_to(PACKAGE): path.read_text("utf-8") for path in FILES}


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCES}), ids=str)
def test_no_import_goes_in_a_circle(folder):
    assert circle_in(folder, SOURCES) == []


def test_a_planted_circle_is_found():
    path = Path("datasets/openml/child.py")
    found = circle_in(Path("datasets"), {**SOURCES, path: "from mnistgd.datasets import load"})
    assert set(found) == {"load", "sources", "openml"}


def test_no_row_allows_what_nobody_needs():
    used: dict[str, set[Import]] = {room: set() for room in ROOMS}
    for path in FILES:
        used[room_of(path.relative_to(PACKAGE))].update(imports_of(path.read_text("utf-8")))
    for room, row in ROOMS.items():
        names = {(kind, name) for kind, name, _ in used[room]}
        assert {("room", name) for name in row.rooms} <= names, room
        assert {("package", name) for name in row.top | row.inside} <= names, room
        needed = {("standard", name) for name in row.standard - words(FILES_AND_TEXT)}
        assert needed <= names, room


def test_nothing_lies_loose():
    assert {path.name for path in PACKAGE.iterdir() if path.is_file() and path.suffix != ".md"} == LOOSE
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    rooms = {room.partition("/")[0] for floor in FLOORS for room in floor}
    assert folders - {"data"} == rooms - {"errors"}


# For each room, an import from every floor that is not below it, and one of each kind that it may not have.
PLANTED = [
    ("engine/layers.py", "import json"),
    ("engine/layers.py", "from urllib.request import urlopen"),
    ("engine/layers.py", "from PIL import Image"),
    ("engine/layers.py", "def f():\n    import time"),
    ("engine/layers.py", "if TYPE_CHECKING:\n    from mnistgd.figures.palettes import Palette"),
    ("engine/layers.py", "from mnistgd.system.files import append"),
    ("figures/heatmap.py", "from pathlib import Path"),
    ("figures/heatmap.py", "import matplotlib"),
    ("figures/heatmap.py", "from mnistgd.engine.types import Array"),
    ("system/files.py", "from mnistgd.training import run"),
    ("system/files.py", "import subprocess"),
    ("system/files.py", "from mnistgd.figures import png"),
    ("handwriting/ink.py", "from scipy import ndimage"),
    ("handwriting/ink.py", "from mnistgd.datasets.dataset import Dataset"),
    ("handwriting/ink.py", "from mnistgd.engine.types import Array"),
    ("datasets/load.py", "import csv"),
    ("datasets/load.py", "import sklearn"),
    ("datasets/readers/idx.py", "import sklearn"),
    ("datasets/readers/idx.py", "from mnistgd.model.model import Model"),
    ("datasets/readers/idx.py", "from mnistgd.figures import png"),
    ("datasets/readers/idx.py", "import socket"),
    ("datasets/readers/idx.py", "from mnistgd.datasets.openml.download import fetch"),
    ("datasets/readers/csv_files/rows.py", "import subprocess"),
    ("datasets/form/pixels.py", "import os"),
    ("datasets/form/plan.py", "from mnistgd.datasets.readers.paths import read_path"),
    ("datasets/openml/download.py", "import sklearn"),
    ("datasets/openml/download.py", "from mnistgd.handwriting.ink import find"),
    ("model/model.py", "class A:\n    def f(self):\n        from mnistgd.training.run import Run"),
    ("model/model.py", "import rich"),
    ("model/model.py", "import subprocess"),
    ("training/sweep/plan.py", "from mnistgd.engine.types import Array"),
    ("training/sweep/folder.py", "import dask"),
    ("training/cluster/spread.py", "from mnistgd.training.sweep.plan import Plan"),
    ("training/cluster/images.py", "from mnistgd.training import sweep"),
    ("training/cluster/connection.py", "import distributed"),
    ("training/run.py", "from mnistgd.training.cluster import spread"),
    ("training/run.py", "def f():\n    import distributed"),
    ("training/run.py", "import subprocess"),
    ("training/run.py", "from mnistgd.lessons import load"),
    ("training/run.py", "from mnistgd import lessons"),
    ("training/run.py", "from rich.progress import Progress"),
    ("lessons/toes.py", "from mnistgd.cli import console"),
    ("lessons/toes.py", "import matplotlib.pyplot"),
    ("lessons/toes.py", "import os"),
    ("sharing/tables.py", "from mnistgd.lessons import load"),
    ("sharing/tables.py", "from mnistgd.training import run"),
    ("sharing/tables.py", "import onnx"),
    ("sharing/report_page.py", "import jinja2"),
    ("sharing/tables.py", "import os"),
    ("api/data.py", "from mnistgd.cli import console"),
    ("api/data.py", "import rich"),
    ("api/data.py", "import os"),
    ("cli/app.py", "import numpy as np"),
    ("cli/app.py", "from mnistgd.api.data import load_data"),
    ("cli/app.py", "import rich"),
    ("cli/app.py", "def f():\n    import sklearn"),
    ("cli/app.py", "import subprocess"),
    ("errors.py", "import os"),
    ("errors.py", "from mnistgd.engine.types import Array"),
    ("__init__.py", "import numpy"),
    ("__main__.py", "from mnistgd.training.run import Run"),
    ("helpers.py", "import math"),
    ("utilities/files.py", "import math"),
]


@pytest.mark.parametrize(("place", "line"), PLANTED)
def test_a_planted_import_is_caught(place, line):
    path = Path(place)
    source = (PACKAGE / path).read_text("utf-8") if (PACKAGE / path).exists() else ""
    assert len(broken_rules(path, f"{source}\n{line}\n")) == 1


def test_every_room_has_a_planted_import():
    assert {room_of(Path(place)) for place, _ in PLANTED} >= set(ROOMS)


@pytest.mark.parametrize("word", ["print(", "open(", "random.seed"])
def test_the_engine_is_pure(word):
    for path in (PACKAGE / "engine").glob("*.py"):
        assert word not in path.read_text("utf-8")


def test_the_top_level_is_what_it_is_said_to_be():
    root = PACKAGE.parent
    if not (root / "pyproject.toml").exists():
        pytest.skip("not in a checkout")
    found = {path.name for path in root.iterdir() if not path.name.startswith(".")}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "mnistgd", "tests", "data", "assets"}
    assert wanted <= found
    assert not {
        name for name in found - wanted if not name.endswith((".egg-info", ".npz", ".png", ".gif", ".jsonl"))
    }
