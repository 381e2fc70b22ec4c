"""What ``mnistgd data`` does with the cache."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mnistgd import datasets
from mnistgd.datasets import finding
from mnistgd.errors import DataError, DownloadError, OutputError

REFUSED = DownloadError("OpenML refused the connection", "use --offline")


@pytest.fixture
def folder():
    return Path(os.environ["MNISTGD_CACHE"])


def spoil(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_info_on_an_empty_cache(folder):
    found = datasets.info()
    assert found == datasets.CacheInfo(folder=folder, source=None, damage="", deskewed=0, size=0)
    assert not folder.exists()


def test_info(world, folder):
    datasets.load(offline=True, deskew=True)
    found = datasets.info()
    assert (found.source, found.damage, found.deskewed) == ("embedded", "", 1)
    assert found.size == sum(path.stat().st_size for path in folder.iterdir())


def test_info_of_a_damaged_cache(world, folder):
    datasets.load()
    spoil(folder / "mnist-labels.npy")
    assert datasets.info().source is None
    assert datasets.info().damage == "mnist-labels.npy has another CRC-32"


class TestFetch:
    def test_asks_again(self, world):
        datasets.load(offline=True)
        assert datasets.fetch().source == "openml"
        assert datasets.load().source == "openml"
        assert world.asked == ["embedded", "openml"]

    def test_falls_back_on_the_copy(self, world, notes):
        datasets.load()
        world.openml = REFUSED
        assert datasets.fetch(listener=notes).source == "embedded"
        assert notes.notices == ["OpenML refused the connection; using the embedded copy"]
        assert datasets.info().source == "embedded"

    def test_from_openml_or_not_at_all(self, world, notes, folder):
        datasets.load(offline=True)
        before = {path: path.read_bytes() for path in folder.iterdir()}
        world.openml = REFUSED
        with pytest.raises(DownloadError, match="refused"):
            datasets.fetch("openml", listener=notes)
        assert {path: path.read_bytes() for path in folder.iterdir()} == before
        assert notes.notices == []

    def test_from_the_copy(self, world):
        assert datasets.fetch("embedded").source == "embedded"
        assert world.asked == ["embedded"]

    def test_replaces_a_damaged_cache(self, world, folder):
        datasets.load()
        spoil(folder / "mnist-images.npy")
        datasets.fetch()
        assert datasets.info().damage == ""

    def test_a_cache_that_cannot_be_written_is_an_error(self, world, folder):
        folder.write_bytes(b"mine")
        with pytest.raises(OutputError, match="cannot write") as caught:
            datasets.fetch()
        assert "MNISTGD_CACHE" in caught.value.hint


class TestVerify:
    def test_sound(self, world):
        datasets.load()
        assert datasets.verify().source == "openml"

    def test_empty(self, folder):
        with pytest.raises(DataError, match="MNIST is not cached in"):
            datasets.verify()

    def test_damaged(self, world, folder):
        datasets.load()
        spoil(folder / "mnist-images.npy")
        with pytest.raises(DataError, match=r"the cached MNIST is damaged: mnist-images\.npy"):
            datasets.verify()

    @pytest.mark.parametrize("changed", ["test_images", "train_labels"])
    def test_other_images_with_a_record_that_fits(self, world, changed):
        """Every checksum of the cache can be right, and it is not MNIST all the same: one byte is another."""
        array = getattr(world.dataset, changed).copy()
        array.flat[0] ^= 1
        forged = replace(world.dataset, **{changed: array})
        cache = datasets.Cache(datasets.default_folder())
        cache.write("mnist", finding.parts(forged), "openml", world.dataset.sha256)
        assert datasets.info().damage == ""
        with pytest.raises(DataError, match="is not MNIST"):
            datasets.verify()


def test_clear(world, folder):
    datasets.load(deskew=True)
    (folder / "mine.txt").write_text("mine")
    size = datasets.info().size
    assert datasets.clear() == size > 0
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    assert datasets.clear() == 0


def test_clear_leaves_the_cache_of_scikit_learn(world, folder):
    theirs = Path(os.environ["SCIKIT_LEARN_DATA"]) / "openml" / "mnist.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    datasets.load()
    datasets.clear()
    assert theirs.read_text() == "theirs"
