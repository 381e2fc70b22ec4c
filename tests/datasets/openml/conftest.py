"""What the tests of the download share: a local OpenML, a cache to protect, and eyes on what happens."""

from __future__ import annotations

import gzip
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mnistgd.datasets.openml import download

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.openml_standin import StandIn


class Diary:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.notices: list[str] = []

    def busy(self, what: str, share: float | None = None) -> None:
        self.texts.append(what)

    def notice(self, what: str) -> None:
        self.notices.append(what)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep temporary files where they can be counted."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def three() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make three images that are not MNIST."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, 28, 28), dtype=np.uint8), np.array([1, 2, 3], np.uint8)


@pytest.fixture
def standin(openml_standin: StandIn, three: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> StandIn:
    """Serve those three, under the name of MNIST."""
    openml_standin.serve(*three)
    return openml_standin


@pytest.fixture
def cache() -> Path:
    """Make a scikit-learn cache in which somebody else keeps a data set."""
    folder = download.scikit_learn_cache()
    (folder / "openml.org/api/v1/json/data").mkdir(parents=True)
    (folder / "openml.org/api/v1/json/data/61.gz").write_bytes(b"iris")
    return folder


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[Any]]:
    """Remember every process that is started."""
    started: list[subprocess.Popen[Any]] = []

    class Remembered(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Remembered)
    return started


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def fill(standin: StandIn) -> Callable[[Path], None]:
    """Put into a cache what scikit-learn would put there, from what the stand-in serves by then."""

    def fill(cache: Path) -> None:
        for path, body in standin.answers.items():
            target = cache / f"openml.org{path}.gz"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(gzip.compress(body))

    return fill


@pytest.fixture
def content() -> Callable[[Path], dict[str, tuple[int, int, bytes]]]:
    """All of a folder: each file's inode, time and bytes, by name; and the name of each folder."""

    def content(folder: Path) -> dict[str, tuple[int, int, bytes]]:
        found = {}
        for path in folder.rglob("*"):
            status = path.stat()
            stamp = (status.st_ino, status.st_mtime_ns)
            found[str(path.relative_to(folder))] = (
                (0, 0, b"") if path.is_dir() else (*stamp, path.read_bytes())
            )
        return found

    return content
