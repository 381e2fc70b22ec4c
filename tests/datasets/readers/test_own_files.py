"""CSV files and folders of pictures as data sets, through the one door."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.options import DataOptions
from mnistgd.errors import DataError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MNISTGD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def table(tmp_path, tiny):
    """mnist_train.csv and mnist_test.csv."""
    for split in ("train", "test"):
        rows = np.column_stack([tiny[f"{split}_labels"], tiny[f"{split}_images"].reshape(-1, 784)])
        np.savetxt(tmp_path / f"mnist_{split}.csv", rows, fmt="%d", delimiter=",")
    return tmp_path / "mnist_train.csv"


@pytest.fixture
def pictures(tmp_path, tiny):
    """train/CLASS and test/CLASS, in the order of their labels."""
    for split in ("train", "test"):
        images, labels = tiny[f"{split}_images"] // 2, tiny[f"{split}_labels"]
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            folder = tmp_path / "pictures" / split / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{number:02}.png")
    return tmp_path / "pictures"


def test_a_csv_file(table, tiny, as_dataset):
    dataset = load_dataset(table)
    assert dataset.sha256 == as_dataset(*tiny.values()).sha256
    assert dataset.test_labels.tolist() == tiny["test_labels"].tolist()
    assert dataset.about.kind == "a CSV file"


def test_a_folder_of_pictures(pictures, tiny):
    dataset = load_dataset(pictures)
    order = np.argsort(tiny["train_labels"], kind="stable")
    assert dataset.train_images.tolist() == (tiny["train_images"][order] // 2).tolist()
    assert dataset.class_names == tuple("0123456789")
    assert load_dataset(pictures).sha256 == dataset.sha256


def test_the_classes_of_folders_keep_their_names(pictures):
    for split in ("train", "test"):
        for number, name in enumerate(("ant", "bee")):
            (pictures / split / str(number)).rename(pictures / split / name)
        for number in range(2, 10):
            shutil.rmtree(pictures / split / str(number))
    dataset = load_dataset(pictures)
    assert dataset.class_names == ("ant", "bee")
    assert dataset.train_labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_one_kind_is_tested_with_another(pictures, table):
    dataset = load_dataset(pictures, options=DataOptions(test_data=str(table.with_name("mnist_test.csv"))))
    assert len(dataset.train_images) == 30
    assert len(dataset.test_images) == 10


def test_the_own_test_part_is_not_read_where_others_test(pictures, table, tiny):
    (pictures / "test" / "0" / "00.png").write_bytes(b"no picture")
    table.with_name("mnist_test.csv").rename(table.with_name("other.csv"))
    table.with_name("mnist_test.csv").write_bytes(b"no table")
    for place in (pictures, pictures / "train", table):
        dataset = load_dataset(place, options=DataOptions(test_data=str(table.with_name("other.csv"))))
        assert np.array_equal(dataset.test_images, tiny["test_images"])


@pytest.mark.parametrize("kind", ["folder", "file", "zip", "npz", "npy"])
def test_of_arrays_too_only_the_part_is_read_that_is_wanted(idx_folder, tmp_path, tiny, kind):
    bad = b"no array"
    if kind in ("npz", "npy"):
        place, other = (tmp_path / f"{name}.npz" for name in ("bad", "other"))
        np.savez(place, **tiny | {"test_images": np.full((3, 28, 28), np.nan)})
        np.savez(other, **tiny | {"train_labels": np.full((3, 28, 28), np.nan)})
    if kind == "npy":
        place = tmp_path / "arrays"
        place.mkdir()
        for name, array in tiny.items():
            np.save(place / f"{name}.npy", array)
        (place / "test_images.npy").write_bytes(bad)
    if kind in ("folder", "file", "zip"):
        other = shutil.copytree(idx_folder, tmp_path / "other")
        (other / "train-images-idx3-ubyte").write_bytes(bad)
        place = shutil.copytree(idx_folder, tmp_path / "bad")
        (place / "t10k-images-idx3-ubyte").write_bytes(bad)
    if kind == "file":
        place /= "train-images-idx3-ubyte.gz"
    if kind == "zip":
        place, other = (Path(shutil.make_archive(str(each), "zip", each)) for each in (place, other))
    dataset = load_dataset(place, options=DataOptions(test_data=str(other)))
    assert np.array_equal(dataset.train_images, tiny["train_images"])
    assert np.array_equal(dataset.test_images, tiny["test_images"])


def test_the_hint_of_test_data_lists_no_names(table):
    with pytest.raises(DataError, match=r"there is no .*mnist") as caught:
        load_dataset(table, options=DataOptions(test_data="mnist"))
    assert caught.value.hint.startswith("--test-data takes a folder")


def test_images_to_test_without_a_name_are_not_those_of_this_folder(idx_folder, monkeypatch):
    monkeypatch.chdir(idx_folder)
    with pytest.raises(DataError, match="no images to test are named") as caught:
        load_dataset(idx_folder, options=DataOptions(test_data=""))
    assert caught.value.hint.startswith("--test-data takes a folder")


def test_what_is_left_out_is_recorded(table):
    with table.open("a") as stream:
        stream.write("1,2\n")
    with pytest.raises(DataError, match="line 31 has 2 columns"):
        load_dataset(table)
    dataset = load_dataset(table, options=DataOptions(skip_bad=True))
    assert len(dataset.train_images) == 30
    assert dataset.options.skip_bad
    assert any("bad lines left out: 1" in change for change in dataset.about.changes)
    assert load_dataset(table, options=dataset.options).sha256 == dataset.sha256


@pytest.mark.parametrize("option", ["handwriting", "skip_bad"])
def test_an_option_that_means_nothing(idx_folder, option):
    words = option.replace("_", "-")
    with pytest.raises(DataError, match=f"--{words} means nothing for .*, which is read as IDX files"):
        load_dataset(idx_folder, options=DataOptions(**{option: True}))


def test_a_folder_of_both_is_one_of_idx_files(idx_folder, tiny, as_dataset):
    (idx_folder / "pictures").mkdir()
    Image.new("L", (28, 28)).save(idx_folder / "pictures" / "a.png")
    assert load_dataset(idx_folder).sha256 == as_dataset(*tiny.values()).sha256


def test_of_one_class_alone_nothing_is_learned(pictures):
    for split in ("train", "test"):
        for folder in sorted((pictures / split).iterdir()):
            if folder.name != "3":
                shutil.rmtree(folder)
    with pytest.raises(DataError, match=r"every label in .* is 3"):
        load_dataset(pictures)
