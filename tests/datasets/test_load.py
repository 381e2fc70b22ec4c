"""Bringing a data set: in which order places are asked, how often, and what a person hears of it."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from mnistgd.datasets import upkeep
from mnistgd.datasets.deskew import deskew
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.named import FASHION_MNIST, KUZUSHIJI_MNIST, MNIST
from mnistgd.datasets.options import DataOptions
from mnistgd.errors import DataError, DownloadError, UsageError

REFUSED = DownloadError("OpenML refused the connection", "use --offline")


def same(dataset, expected):
    return all(
        np.array_equal(getattr(dataset, name), getattr(expected, name))
        for name in ("train_images", "train_labels", "test_images", "test_labels")
    ) and (dataset.class_names, dataset.sha256) == (expected.class_names, expected.sha256)


def cached(name="mnist-images.npy"):
    return Path(os.environ["MNISTGD_CACHE"]) / name


def spoil(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


class TestMnist:
    """Against a stand-in of forty images."""

    def test_openml_is_asked_once(self, world, notes):
        for _ in range(3):
            dataset = load_dataset(listener=notes)
            assert dataset.source == "openml"
            assert same(dataset, world.dataset)
        assert world.asked == ["openml"]
        assert notes.notices == []

    def test_a_failure_is_told_and_the_copy_taken_and_openml_not_asked_again(self, world, notes):
        world.openml = REFUSED
        for _ in range(3):
            dataset = load_dataset(listener=notes)
            assert dataset.source == "embedded"
            assert same(dataset, world.dataset)
        assert world.asked == ["openml", "embedded"]
        assert notes.notices == ["OpenML refused the connection; using the embedded copy"]
        assert notes.busy_with == ["reading the embedded copy of MNIST"]

    def test_offline_asks_nobody_and_is_cached_as_well(self, world, notes):
        assert load_dataset(offline=True, listener=notes).source == "embedded"
        assert load_dataset(listener=notes).source == "embedded"
        assert world.asked == ["embedded"]
        assert notes.notices == []

    def test_offline_takes_what_openml_delivered_before(self, world):
        load_dataset()
        assert load_dataset(offline=True).source == "openml"
        assert world.asked == ["openml"]

    def test_a_damaged_cache_is_told_and_built_again(self, world, notes):
        load_dataset()
        spoil(cached())
        dataset = load_dataset(listener=notes)
        assert same(dataset, world.dataset)
        assert notes.notices == [
            "the cache was damaged (mnist-images.npy has another CRC-32) and is built again"
        ]
        assert same(load_dataset(listener=notes), world.dataset)
        assert len(notes.notices) == 1
        assert world.asked == ["openml", "openml"]

    def test_damage_is_no_reason_to_ask_again_where_openml_failed(self, world):
        world.openml = REFUSED
        load_dataset()
        spoil(cached())
        assert load_dataset().source == "embedded"
        assert world.asked == ["openml", "embedded", "embedded"]

    def test_a_record_of_an_unknown_source_is_damage(self, world, notes):
        load_dataset()
        record = cached("mnist.json")
        record.write_text(record.read_text().replace("openml", "elsewhere"))
        assert load_dataset(listener=notes).source == "openml"
        assert len(notes.notices) == 1

    def test_labels_that_are_not_those_of_mnist_are_not_used(self, world, monkeypatch):
        monkeypatch.setitem(MNIST.__dict__, "labels_sha256", "0" * 64)
        with pytest.raises(DataError, match="embedded copy of MNIST is damaged"):
            load_dataset(offline=True)
        assert not cached().exists()

    def test_a_cache_that_cannot_be_written_is_done_without(self, world, notes):
        cached().parent.write_bytes(b"mine")
        dataset = load_dataset(deskew=True, listener=notes)
        assert np.array_equal(dataset.train_images, deskew(world.dataset.train_images))
        assert len(notes.notices) == 1
        assert "going on without a cache" in notes.notices[0]
        assert cached().parent.read_bytes() == b"mine"

    def test_names(self, world):
        assert load_dataset(class_names=list("abcdefghij")).class_names == tuple("abcdefghij")
        assert load_dataset().class_names == tuple("0123456789")
        with pytest.raises(DataError, match="openml has 10 classes, and 3 names"):
            load_dataset(class_names=list("abc"))
        with pytest.raises(UsageError, match="two classes"):
            load_dataset(class_names=list("aa"))


@pytest.mark.parametrize("named", [FASHION_MNIST, KUZUSHIJI_MNIST], ids=lambda named: named.name)
class TestOthersByName:
    """Sets of which this package has no copy, against a stand-in of forty images."""

    def test_openml_is_asked_once(self, named, world, notes):
        for _ in range(3):
            dataset = load_dataset(named.name, listener=notes)
            assert np.array_equal(dataset.train_images, world.dataset.train_images)
            assert np.array_equal(dataset.test_labels, world.dataset.test_labels)
            assert dataset.sha256 == world.dataset.sha256
            assert (dataset.source, dataset.class_names) == (named.name, named.class_names)
        assert load_dataset(named.name, offline=True).sha256 == world.dataset.sha256
        assert world.asked == [named.name]
        assert notes.notices == []

    def test_each_has_its_own_place_in_the_cache(self, named, world):
        load_dataset()
        load_dataset(named.name)
        assert load_dataset().source == "openml"
        assert world.asked == ["openml", named.name]

    @pytest.mark.parametrize("offline", [False, True])
    def test_what_is_nowhere(self, named, world, offline, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        world.openml = DownloadError("OpenML refused the connection", named.hint)
        with pytest.raises(DataError) as caught:
            load_dataset(named.name, offline=offline)
        why = f"mnistgd has no copy of {named.title}" if offline else "OpenML refused the connection"
        assert caught.value.message == f"{named.title} is not in the cache, and {why}"
        assert f"mnistgd data fetch {named.name}" in caught.value.hint
        assert "--data FOLDER" in caught.value.hint
        assert "t10k-labels-idx1-ubyte.gz" in caught.value.hint
        assert world.asked == ([] if offline else [named.name])
        assert not cached().parent.exists()

    def test_a_folder_of_that_name(self, named, world, idx_folder, monkeypatch):
        idx_folder.rename(idx_folder.parent / named.name)
        monkeypatch.chdir(idx_folder.parent)
        with pytest.raises(DataError) as caught:
            load_dataset(named.name, offline=True)
        assert caught.value.hint == f"--data ./{named.name} reads what lies here under that name"
        assert load_dataset(f"./{named.name}").source == str(idx_folder.parent / named.name)

    def test_a_damaged_cache_is_told_and_built_again(self, named, world, notes):
        load_dataset(named.name)
        spoil(cached(f"{named.name}-labels.npy"))
        load_dataset(named.name, listener=notes)
        assert len(notes.notices) == 1
        assert world.asked == [named.name, named.name]
        assert upkeep.verify(named) == []

    def test_a_damaged_cache_without_openml(self, named, world, notes):
        load_dataset(named.name)
        spoil(cached(f"{named.name}-images.npy"))
        with pytest.raises(DataError, match="is not in the cache"):
            load_dataset(named.name, offline=True, listener=notes)
        assert len(notes.notices) == 1

    def test_names_of_its_classes(self, named, world):
        assert load_dataset(named.name, class_names=list("abcdefghij")).class_names == tuple("abcdefghij")

    def test_options_of_files_mean_nothing(self, named, world):
        with pytest.raises(UsageError, match=f"--transpose means nothing for {named.title}"):
            load_dataset(named.name, options=DataOptions(transpose=True))


class TestPath:
    def test_a_string_or_a_path(self, idx_folder, tiny):
        for spec in (str(idx_folder), idx_folder):
            dataset = load_dataset(spec)
            assert np.array_equal(dataset.test_images, tiny["test_images"])
            assert dataset.source == str(idx_folder)

    def test_a_folder_that_is_called_mnist(self, idx_folder, monkeypatch):
        idx_folder.rename(idx_folder.parent / "mnist")
        monkeypatch.chdir(idx_folder.parent)
        assert load_dataset("./mnist").source == str(idx_folder.parent / "mnist")
        assert load_dataset(Path("mnist")).source == str(idx_folder.parent / "mnist")

    def test_nothing_of_it_is_cached(self, idx_folder):
        load_dataset(idx_folder)
        assert not cached().parent.exists()

    def test_fewer_classes_with_names(self, tmp_path, tiny):
        few = tiny | {key: tiny[key] % 3 for key in ("train_labels", "test_labels")}
        np.savez(tmp_path / "set.npz", **few)
        assert load_dataset(tmp_path / "set.npz").class_names == ("0", "1", "2")
        assert load_dataset(tmp_path / "set.npz", class_names=["a", "b", "c"]).class_names == ("a", "b", "c")

    def test_a_class_without_train_images_is_told(self, tmp_path, tiny, notes):
        np.savez(tmp_path / "set.npz", **tiny | {"train_labels": np.arange(30) % 8})
        load_dataset(tmp_path / "set.npz", listener=notes)
        assert notes.notices == ["no train image shows 8, 9: what that is cannot be learned"]

    @pytest.mark.parametrize("spec", ["", "absent", "mnist2"])
    def test_what_is_not_there(self, spec, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(DataError) as caught:
            load_dataset(spec)
        assert "--data takes" in caught.value.hint


class TestDeskew:
    def test_straightened_once(self, idx_folder, tiny, notes):
        for _ in range(2):
            dataset = load_dataset(idx_folder, deskew=True, listener=notes)
            assert np.array_equal(dataset.train_images, deskew(tiny["train_images"]))
            assert np.array_equal(dataset.test_images, deskew(tiny["test_images"]))
            assert np.array_equal(dataset.train_labels, tiny["train_labels"])
        assert notes.busy_with == ["straightening 40 images"]

    def test_the_sha256_stays_that_of_the_images_as_they_were(self, idx_folder):
        assert load_dataset(idx_folder, deskew=True).sha256 == load_dataset(idx_folder).sha256

    def test_damage_is_told_and_mended(self, idx_folder, tiny, notes):
        load_dataset(idx_folder, deskew=True)
        [images] = cached().parent.glob("deskew*.npy")
        spoil(images)
        for _ in range(2):
            dataset = load_dataset(idx_folder, deskew=True, listener=notes)
            assert np.array_equal(dataset.train_images, deskew(tiny["train_images"]))
        assert notes.notices == [
            f"the cache was damaged ({images.name} has another CRC-32) and is built again"
        ]

    def test_other_images_are_not_mistaken_for_them(self, idx_folder, tiny, as_idx):
        load_dataset(idx_folder, deskew=True)
        changed = tiny["test_images"] ^ np.uint8(1)
        (idx_folder / "t10k-images-idx3-ubyte").write_bytes(as_idx(changed))
        assert np.array_equal(load_dataset(idx_folder, deskew=True).test_images, deskew(changed))

    def test_another_split_of_the_same_images(self, tmp_path, tiny):
        images = np.concatenate([tiny["train_images"], tiny["test_images"]])
        labels = np.concatenate([tiny["train_labels"], tiny["test_labels"]])
        for n_train in (30, 7):
            path = tmp_path / f"{n_train}.npz"
            parts = (images[:n_train], labels[:n_train], images[n_train:], labels[n_train:])
            np.savez(path, **dict(zip(tiny, parts, strict=True)))
            dataset = load_dataset(path, deskew=True)
            assert np.array_equal(dataset.train_images, deskew(images[:n_train]))
            assert np.array_equal(dataset.test_images, deskew(images[n_train:]))
        assert len(list(cached().parent.glob("deskew*.json"))) == 1


LOAD = """
import hashlib, json, sys
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.named import FASHION_MNIST, KUZUSHIJI_MNIST, MNIST
from mnistgd.datasets.options import DataOptions

class Notes:
    notices = []
    def busy(self, what, share=None): pass
    def notice(self, what): self.notices.append(what)

dataset = load_dataset(offline=True, deskew="deskew" in sys.argv, listener=Notes())
images = hashlib.sha256(dataset.train_images.tobytes() + dataset.test_images.tobytes()).hexdigest()
heavy = [name for name in ("sklearn", "scipy", "PIL", "rich", "typer") if name in sys.modules]
print(json.dumps({"images": images, "notices": Notes.notices, "heavy": heavy}))
"""


def start(*arguments):
    command = [sys.executable, "-c", LOAD, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    return json.loads(output)


def test_first_runs_at_once(mnist):
    results = [finish(process) for process in [start() for _ in range(4)]]
    assert {result["images"] for result in results} == {mnist.sha256}
    assert [notice for result in results for notice in result["notices"]] == []
    assert sorted(path.name for path in cached().parent.iterdir()) == [
        "mnist-images.npy",
        "mnist-labels.npy",
        "mnist.json",
    ]
    assert upkeep.verify() == []
    assert upkeep.info().source == "embedded"
    assert finish(start())["heavy"] == []


def test_whoever_reads_while_another_replaces_clears_and_spoils_gets_the_right_images(world):
    done = threading.Event()
    wrong = []

    def read():
        while not done.is_set():
            dataset = load_dataset(offline=True)
            if not same(dataset, world.dataset):
                wrong.append(dataset)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(50):
        upkeep.fetch(source="embedded")
        # Not in place: what is mapped elsewhere must stay.
        cached("spoilt").write_bytes(bytes(128 + 40 * 784))
        cached("spoilt").replace(cached())
        upkeep.clear()
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert len(world.asked) > 50
