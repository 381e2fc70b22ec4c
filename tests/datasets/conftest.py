"""Small data sets, and files of them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnistgd.datasets import embedded, named
from mnistgd.datasets.dataset import sha256
from mnistgd.datasets.form.plan import brought
from mnistgd.datasets.openml import download
from mnistgd.datasets.parts import Part, Raw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from mnistgd.datasets.dataset import Dataset, Listener
    from mnistgd.datasets.named import NamedSet
    from mnistgd.errors import DownloadError

Arrays = dict[str, "NDArray[np.uint8]"]

IDX_NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


class Notes:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.busy_with: list[str] = []
        self.shares: list[float] = []
        self.notices: list[str] = []

    def busy(self, what: str, share: float | None = None) -> None:
        self.busy_with.append(what)
        if share is not None:
            self.shares.append(share)

    def notice(self, what: str) -> None:
        self.notices.append(what)


def data_set(
    train_images: NDArray[np.generic],
    train_labels: NDArray[np.generic],
    test_images: NDArray[np.generic],
    test_labels: NDArray[np.generic],
    source: str = "here",
) -> Dataset:
    """A data set of four arrays."""
    return brought(Raw(Part(train_images, train_labels), Part(test_images, test_labels), "arrays"), source)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """An IDX file, written from its definition."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@dataclass
class World:
    """The places where named sets come from, and how often each was asked."""

    dataset: Dataset
    openml: DownloadError | None = None
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def world(tiny: Arrays, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which every named set is the forty images of `tiny`, so that it is quick to bring."""
    dataset = data_set(*tiny.values())
    world = World(dataset)
    changes = {
        "train_counts": tuple(dataset.counts("train")),
        "test_counts": tuple(dataset.counts("test")),
        "pixels_sha256": dataset.sha256,
        "labels_sha256": sha256(dataset.train_labels, dataset.test_labels),
    }
    for known in named.NAMED.values():
        for name, value in changes.items():
            # In place: whoever has imported one has this very object.
            if getattr(known, name) is not None:
                monkeypatch.setitem(known.__dict__, name, value)

    def fetch(named: NamedSet, listener: Listener) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        world.asked.append(named.sources[0])
        if world.openml is not None:
            raise world.openml
        return (
            np.concatenate([dataset.train_images, dataset.test_images]),
            np.concatenate([dataset.train_labels, dataset.test_labels]),
        )

    def read() -> Dataset:
        world.asked.append("embedded")
        return replace(world.dataset, source="embedded")

    monkeypatch.setattr(download, "fetch", fetch)
    monkeypatch.setattr(embedded, "read", read)
    return world


@pytest.fixture(scope="session")
def as_dataset() -> Callable[..., Dataset]:
    return data_set


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture(scope="session")
def tiny() -> Arrays:
    """Thirty images to train on and ten to test, of ten classes."""
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(0, 256, (30, 28, 28), dtype=np.uint8),
        "train_labels": np.arange(30, dtype=np.uint8) % 10,
        "test_images": rng.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        "test_labels": np.arange(10, dtype=np.uint8)[::-1].copy(),
    }


@pytest.fixture(scope="session")
def as_idx() -> Callable[[NDArray[np.uint8]], bytes]:
    return idx_bytes


@pytest.fixture
def idx_folder(tmp_path: Path, tiny: Arrays) -> Path:
    """The four IDX files of `tiny`, those of images gzipped."""
    folder = tmp_path / "idx"
    folder.mkdir()
    for key, name in IDX_NAMES.items():
        content = idx_bytes(tiny[key])
        if "images" in key:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder
