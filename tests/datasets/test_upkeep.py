"""What ``mnistgd data`` does with the cache."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mnistgd.datasets import sources, upkeep
from mnistgd.datasets.cache import Cache, default_folder
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.named import FASHION_MNIST, KUZUSHIJI_MNIST, MNIST
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
    found = upkeep.info()
    assert found == upkeep.CacheInfo(
        folder=folder, source=None, sha256=MNIST.pixels_sha256, damage="", deskewed=0, large=0, size=0
    )
    assert upkeep.info(KUZUSHIJI_MNIST).sha256 is None
    assert not folder.exists()


def test_info(world, folder):
    load_dataset(offline=True, deskew=True)
    found = upkeep.info()
    assert (found.source, found.damage, found.deskewed) == ("embedded", "", 1)
    assert found.size == sum(path.stat().st_size for path in folder.iterdir())


def test_info_of_a_damaged_cache(world, folder):
    load_dataset()
    spoil(folder / "mnist-labels.npy")
    assert upkeep.info().source is None
    assert upkeep.info().damage == "mnist-labels.npy has another CRC-32"


class TestFetch:
    def test_asks_again(self, world):
        load_dataset(offline=True)
        assert upkeep.fetch().source == "openml"
        assert load_dataset().source == "openml"
        assert world.asked == ["embedded", "openml"]

    def test_falls_back_on_the_copy(self, world, notes):
        load_dataset()
        world.openml = REFUSED
        assert upkeep.fetch(listener=notes).source == "embedded"
        assert notes.notices == ["OpenML refused the connection; using the embedded copy"]
        assert upkeep.info().source == "embedded"

    def test_from_openml_or_not_at_all(self, world, notes, folder):
        load_dataset(offline=True)
        before = {path: path.read_bytes() for path in folder.iterdir()}
        world.openml = REFUSED
        with pytest.raises(DownloadError, match="refused"):
            upkeep.fetch(source="openml", listener=notes)
        assert {path: path.read_bytes() for path in folder.iterdir()} == before
        assert notes.notices == []

    def test_from_the_copy(self, world):
        assert upkeep.fetch(source="embedded").source == "embedded"
        assert world.asked == ["embedded"]

    def test_replaces_a_damaged_cache(self, world, folder):
        load_dataset()
        spoil(folder / "mnist-images.npy")
        upkeep.fetch()
        assert upkeep.info().damage == ""

    def test_a_cache_that_cannot_be_written_is_an_error(self, world, folder):
        folder.write_bytes(b"mine")
        with pytest.raises(OutputError, match="cannot write") as caught:
            upkeep.fetch()
        assert "MNISTGD_CACHE" in caught.value.hint


class TestVerify:
    def test_sound(self, world):
        load_dataset()
        assert upkeep.verify() == []

    def test_empty(self, folder):
        with pytest.raises(DataError, match="MNIST is not cached in"):
            upkeep.verify()

    def test_what_there_is_without_mnist(self, world, notes):
        load_dataset("kuzushiji-mnist", deskew=True)
        assert upkeep.verify(listener=notes) == []
        assert notes.notices == [f"MNIST is not cached in {default_folder()}"]
        with pytest.raises(DataError, match=r"^MNIST is not cached in"):
            upkeep.verify(MNIST)

    @pytest.mark.parametrize("name", [FASHION_MNIST.name, "deskew"])
    def test_whatever_is_damaged(self, world, folder, name):
        load_dataset(FASHION_MNIST.name, deskew=True)
        [file] = folder.glob(f"{name}*-images.npy")
        spoil(file)
        with pytest.raises(DataError, match=r"is damaged: .*-images\.npy has another CRC-32") as caught:
            upkeep.verify()
        assert caught.value.hint.startswith("mnistgd data ")

    def test_damaged(self, world, folder):
        load_dataset()
        spoil(folder / "mnist-images.npy")
        with pytest.raises(DataError, match=r"the cached MNIST is damaged: mnist-images\.npy"):
            upkeep.verify()

    @pytest.mark.parametrize("changed", ["test_images", "train_labels"])
    def test_other_images_with_a_record_that_fits(self, world, changed):
        """Every checksum of the cache can be right, and it is not MNIST all the same: one byte is another."""
        array = getattr(world.dataset, changed).copy()
        array.flat[0] ^= 1
        forged = replace(world.dataset, **{changed: array})
        cache = Cache(default_folder())
        cache.write("mnist", sources.parts(forged), "openml", world.dataset.sha256)
        assert upkeep.info().damage == ""
        with pytest.raises(DataError, match="is not MNIST"):
            upkeep.verify()


class TestOthersByName:
    def test_fetched_and_sound(self, world):
        for named in (FASHION_MNIST, KUZUSHIJI_MNIST):
            assert upkeep.fetch(named).source == named.name
            assert upkeep.verify(named) == []
            assert upkeep.info(named).sha256 == world.dataset.sha256
        assert upkeep.info().source is None

    @pytest.mark.parametrize("source", [None, "openml", "embedded"])
    def test_no_place_has_it(self, world, folder, source):
        world.openml = REFUSED
        with pytest.raises(DataError) as caught:
            upkeep.fetch(KUZUSHIJI_MNIST, source)
        wanted = "mnistgd has no copy of Kuzushiji-MNIST" if source == "embedded" else REFUSED.message
        assert caught.value.message == wanted
        assert not folder.exists()

    @pytest.mark.parametrize(
        ("changed", "named"),
        [("test_images", FASHION_MNIST), ("test_images", KUZUSHIJI_MNIST), ("test_labels", KUZUSHIJI_MNIST)],
    )
    def test_other_images_with_a_record_that_fits(self, world, changed, named):
        array = getattr(world.dataset, changed).copy()
        array.flat[0] ^= 1
        forged = replace(world.dataset, **{changed: array})
        Cache(default_folder()).write(named.name, sources.parts(forged), named.name, world.dataset.sha256)
        assert upkeep.info(named).damage == ""
        with pytest.raises(DataError, match=f"is not {named.title}") as caught:
            upkeep.verify(named)
        assert caught.value.hint == f"mnistgd data fetch {named.name}"

    def test_clear_of_one_leaves_the_others(self, world, folder):
        upkeep.fetch(FASHION_MNIST)
        before = {path.name for path in folder.iterdir()}
        upkeep.fetch(source="embedded")
        assert upkeep.clear(MNIST) > 0
        assert {path.name for path in folder.iterdir()} == before

    def test_clear_of_one_takes_its_straightened_images(self, world, folder):
        load_dataset("kuzushiji-mnist", deskew=True)
        assert upkeep.clear(KUZUSHIJI_MNIST) > 0
        assert not any(folder.iterdir())


def test_clear(world, folder):
    load_dataset(deskew=True)
    (folder / "mine.txt").write_text("mine")
    size = upkeep.info().size
    assert upkeep.clear() == size > 0
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    assert upkeep.clear() == 0


def test_clear_leaves_the_cache_of_scikit_learn(world, folder):
    theirs = Path(os.environ["SCIKIT_LEARN_DATA"]) / "openml" / "mnist.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    load_dataset()
    upkeep.clear()
    assert theirs.read_text() == "theirs"
