"""Imports go downwards only, and heavy packages are loaded only where they are used."""

import ast
from pathlib import Path

import pytest

import mnistgd

PACKAGE = Path(mnistgd.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# From the top down. A module may import from its own floor and from those below.
FLOORS = ["cli", "lessons", "middle", "base", "errors"]
BASE = {"engine", "images"}


def floor_of(name: str) -> str:
    part = name.split(".")[1] if "." in name else ""
    if part in FLOORS:
        return part
    return "base" if part in BASE else "errors" if part == "" else "middle"


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path, *, at_top: bool) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if at_top else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=map(module_name, FILES))
def test_imports_go_downwards(path):
    name = module_name(path)
    own = floor_of(name)
    if name == "mnistgd.__main__":
        own = "cli"
    for other in imports(path, at_top=False):
        if other == "mnistgd" or not other.startswith("mnistgd."):
            continue
        floor = "errors" if other == "mnistgd.__version__" else floor_of(other)
        assert FLOORS.index(floor) >= FLOORS.index(own), f"{name} imports {other}, which lies above it"
        if own == "base" and floor == "base":
            assert other.split(".")[1] == name.split(".")[1], "engine and images do not know each other"


@pytest.mark.parametrize("path", FILES, ids=map(module_name, FILES))
def test_who_may_import_what(path):
    name = module_name(path)
    roots = {other.split(".")[0] for other in imports(path, at_top=False)}
    top = {other.split(".")[0] for other in imports(path, at_top=True)}
    if not name.startswith("mnistgd.cli"):
        assert not roots & {"typer", "rich"}, "only the command line draws"
    if name.startswith("mnistgd.cli"):
        assert not top & {"numpy", "PIL", "rich"}, "the command line starts quickly"
    assert not top & {"sklearn", "scipy", "matplotlib"}, "imported only where it is used"
    if floor_of(name) == "base":
        forbidden = {
            "os",
            "pathlib",
            "time",
            "datetime",
            "random",
            "socket",
            "subprocess",
            "logging",
            "tempfile",
        }
        assert not roots & forbidden, "the engine and the pictures know no file and no clock"


def test_the_engine_is_numpy_alone():
    for path in (PACKAGE / "engine").glob("*.py"):
        source = path.read_text("utf-8")
        assert "np.random.seed" not in source
        assert "print(" not in source
        assert "open(" not in source


def test_the_top_level_is_what_it_is_said_to_be():
    root = PACKAGE.parent
    if not (root / "pyproject.toml").exists():
        pytest.skip("not in a checkout")
    tracked = {path.name for path in root.iterdir() if not path.name.startswith(".")}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "mnistgd", "tests", "data", "assets"}
    extra = tracked - wanted
    assert wanted <= tracked
    assert not {name for name in extra if not name.endswith((".egg-info", ".npz", ".png", ".gif", ".jsonl"))}
