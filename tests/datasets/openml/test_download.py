"""MNIST through the real `fetch_openml`, from a local stand-in: what arrives and what is kept."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mnistgd.datasets.named import FASHION_MNIST, KUZUSHIJI_MNIST, MNIST
from mnistgd.datasets.openml import download
from mnistgd.datasets.openml.process import PARSING
from mnistgd.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.openml_standin import StandIn

    Content = Callable[[Path], dict[str, tuple[int, int, bytes]]]

COUNT = 5_000
DOWNLOADING = "downloading MNIST from OpenML (--offline skips this)"
PARSING_CACHED = "parsing MNIST from scikit-learn's cache, about 15 s (--offline skips this)"
ARFF = "openml.org/data/v1/download/52667/mnist_784.arff.gz"


def test_mnist_arrives_and_stays_for_scikit_learn(
    openml_standin: StandIn, cache: Path, temporary: Path, diary: Any
) -> None:
    """As much of it as is more than any buffer holds; that all of it is MNIST, the embedded copy shows."""
    real_images, real_labels = openml_standin.serve_mnist(COUNT)
    part = replace(
        MNIST,
        train_counts=tuple(np.bincount(real_labels[:4000])),
        test_counts=tuple(np.bincount(real_labels[4000:])),
        pixels_sha256=hashlib.sha256(real_images.tobytes()).hexdigest(),
        labels_sha256=hashlib.sha256(real_labels.tobytes()).hexdigest(),
    )
    sent = openml_standin.answers[openml_standin.ARFF]
    # A broken download that somebody left: scikit-learn notices, and downloads it again.
    (cache / ARFF).parent.mkdir(parents=True)
    (cache / ARFF).write_bytes(sent[: len(sent) // 2])

    images, labels = download.fetch(part, diary)

    assert images.dtype == labels.dtype == np.uint8
    assert images.shape == (COUNT, 28, 28)
    assert images.flags.c_contiguous
    np.testing.assert_array_equal(images, real_images)
    np.testing.assert_array_equal(labels, real_labels)
    assert diary.texts[0] == DOWNLOADING
    assert diary.texts[-1] == PARSING
    assert diary.notices == []
    api = "openml.org/api/v1/json/data"
    assert {str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()} == {
        f"{api}/61.gz",
        f"{api}/list/data_name/mnist_784/limit/2/data_version/1.gz",
        f"{api}/554.gz",
        f"{api}/features/554.gz",
        f"{api}/qualities/554.gz",
        ARFF,
    }
    assert (cache / ARFF).read_bytes() == sent
    assert not any(temporary.iterdir())


def test_kuzushiji_mnist_is_told_by_its_counts(openml_standin: StandIn, cache: Path, diary: Any) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 28, 28), dtype=np.uint8)
    labels = np.arange(30, dtype=np.uint8) % 10
    small = replace(KUZUSHIJI_MNIST, train_counts=(2,) * 10, test_counts=(1,) * 10)
    openml_standin.serve(images, np.roll(labels, 1) // 2, "Kuzushiji-MNIST")
    with pytest.raises(DownloadError, match="what OpenML sent is not Kuzushiji-MNIST, but 30 other images"):
        download.fetch(small)

    openml_standin.serve(images, labels, "Kuzushiji-MNIST")
    found, digits = download.fetch(small, diary)

    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(digits, labels)
    assert diary.texts[0] == "downloading Kuzushiji-MNIST from OpenML"
    search = "openml.org/api/v1/json/data/list/data_name/kuzushiji-mnist/limit/2/data_version/1.gz"
    assert (cache / search).is_file()


def test_mnist_is_not_taken_for_fashion_mnist(openml_standin: StandIn, cache: Path, content: Content) -> None:
    openml_standin.serve(np.zeros((3, 28, 28), np.uint8), np.arange(3, dtype=np.uint8), "Fashion-MNIST")
    before = content(cache)
    with pytest.raises(DownloadError, match="what OpenML sent is not Fashion-MNIST, but 3 other") as caught:
        download.fetch(FASHION_MNIST)
    assert "mnistgd data fetch fashion-mnist" in caught.value.hint
    assert content(cache) == before


@pytest.mark.usefixtures("standin")
def test_a_download_made_elsewhere_is_used(
    content: Content, diary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = (
        "from sklearn.datasets import fetch_openml;"
        "fetch_openml('mnist_784', version=1, as_frame=False, parser='liac-arff')"
    )
    subprocess.run([sys.executable, "-c", elsewhere], check=True)
    cache = download.scikit_learn_cache()
    before = content(cache)
    assert ARFF in before
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    with pytest.raises(DownloadError, match="what scikit-learn's cache holds is not MNIST") as caught:
        download.fetch(MNIST, diary)

    assert str(cache) in caught.value.hint
    assert diary.texts == [DOWNLOADING, PARSING_CACHED]
    assert content(cache) == before


def test_borrowed_files_can_be_removed(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "loop").symlink_to(cache)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/1.gz").write_bytes(b"one")
    (cache / "linked").symlink_to(tmp_path / "elsewhere")

    def check(staged: Path) -> None:
        download._borrow(cache, staged)
        iris = staged / "openml.org/api/v1/json/data/61.gz"
        assert iris.read_bytes() == b"iris"
        assert (staged / "linked/1.gz").read_bytes() == b"one"
        iris.unlink()
        (staged / "linked/1.gz").unlink()

    before = {path: path.lstat().st_mtime_ns for path in cache.rglob("*")}
    check(tmp_path / "links")
    monkeypatch.setattr(Path, "symlink_to", _refuse)
    check(tmp_path / "copies")
    assert {path: path.lstat().st_mtime_ns for path in cache.rglob("*")} == before


def _refuse(*_: object) -> None:
    raise OSError("a required privilege is not held by the client")


def test_only_what_is_new_is_kept(
    cache: Path, content: Content, diary: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "symlink_to", _refuse)
    download._borrow(cache, tmp_path / "staged")
    before = content(cache)
    (tmp_path / "staged" / ARFF).parent.mkdir(parents=True)
    (tmp_path / "staged" / ARFF).write_bytes(b"new")

    download._keep(tmp_path / "staged", cache, diary)

    after = content(cache)
    assert after[ARFF][2] == b"new"
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if "tmp" in name]
    assert diary.notices == []


def test_a_cache_that_takes_no_file_is_only_worth_a_notice(tmp_path: Path, diary: Any) -> None:
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged/1.gz").write_bytes(b"new")
    (tmp_path / "file").write_bytes(b"")
    download._keep(tmp_path / "staged", tmp_path / "file" / "openml", diary)
    assert diary.notices == ["scikit-learn's cache does not take the download: not a directory"]


@pytest.mark.parametrize("setting", [None, "{}/somewhere", "~/here", "relative"])
def test_the_cache_is_where_scikit_learn_says(
    setting: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.datasets import get_data_home

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCIKIT_LEARN_DATA")
    if setting is not None:
        monkeypatch.setenv("SCIKIT_LEARN_DATA", setting.format(tmp_path))
    found = download.scikit_learn_cache()
    assert not found.parent.exists()
    assert found == Path(get_data_home()).absolute() / "openml"
