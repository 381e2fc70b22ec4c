"""Which files make up a data set of the user's own."""

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.readers.paths import read_path
from mnistgd.errors import DataError
from mnistgd.system.files import quoted

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"


@pytest.fixture
def expected(tiny, as_dataset):
    return as_dataset(*tiny.values()).sha256


def test_a_folder(idx_folder, expected):
    dataset = read_path(idx_folder)
    assert dataset.sha256 == expected
    assert dataset.source == str(idx_folder)


@pytest.mark.parametrize("name", [TRAIN_IMAGES, "train-labels-idx1-ubyte"])
def test_a_train_file_stands_for_its_folder(idx_folder, expected, name):
    dataset = read_path(idx_folder / name)
    assert dataset.sha256 == expected
    assert dataset.source == str(idx_folder / name)


def test_a_relative_path_is_recorded_as_a_whole(idx_folder, monkeypatch):
    monkeypatch.chdir(idx_folder.parent)
    assert read_path(Path("idx")).source == str(idx_folder)


@pytest.mark.parametrize("suffix", [".npz", "", ".dat"])
def test_an_npz_file_by_its_name_or_content(tmp_path, tiny, expected, suffix):
    path = tmp_path / f"set{suffix}"
    with path.open("wb") as stream:
        np.savez(stream, **tiny)
    dataset = read_path(path)
    assert dataset.sha256 == expected
    assert dataset.source == str(path)


def rename_all(folder, rename):
    for path in list(folder.iterdir()):
        path.rename(folder / rename(path.name))


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.replace("t10k", "test"),
        lambda name: f"digits-{name.replace('t10k', 'test')}",
        str.upper,
    ],
    ids=["dots", "test", "a name in front", "capitals"],
)
def test_the_spellings_in_use(idx_folder, expected, rename):
    rename_all(idx_folder, rename)
    assert read_path(idx_folder).sha256 == expected


def test_other_files_are_left_alone(idx_folder, expected):
    for name in (
        "README",
        "latest-images-idx3-ubyte",
        "train-images-idx3-ubyte.txt",
        "train-images-idx3-ubyte.gz.md5",
    ):
        (idx_folder / name).write_bytes(b"\0")
    # Some archives unpack to folders that are called as the file inside.
    (idx_folder / "train-images-idx3-ubyte").mkdir()
    assert read_path(idx_folder).sha256 == expected


def test_the_unpacked_file_is_taken_where_there_are_both(idx_folder, expected):
    packed = idx_folder / TRAIN_IMAGES
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.write_bytes(b"")
    assert read_path(idx_folder).sha256 == expected
    with pytest.raises(DataError, match="is empty"):
        read_path(packed)


@pytest.fixture
def two_sets(idx_folder):
    rename_all(idx_folder, lambda name: f"a-{name}")
    for path in list(idx_folder.iterdir()):
        shutil.copy(path, path.with_name(path.name.replace("a-", "b-")))
    return idx_folder


def test_one_of_several_sets_is_chosen_by_its_train_file(two_sets, expected):
    assert read_path(two_sets / f"b-{TRAIN_IMAGES}").sha256 == expected
    with pytest.raises(DataError, match=r"holds 2 data sets: a, b$") as caught:
        read_path(two_sets)
    assert "train images" in caught.value.hint


def test_parts_of_different_sets_are_not_mixed(two_sets):
    (two_sets / "b-t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="has no test labels"):
        read_path(two_sets / f"b-{TRAIN_IMAGES}")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (TRAIN_IMAGES, "has no train images: no train-images-idx3-ubyte is there"),
        ("train-labels-idx1-ubyte", "has no train labels"),
        ("t10k-images-idx3-ubyte.gz", "has no test images: no t10k-images-idx3-ubyte is there"),
        ("t10k-labels-idx1-ubyte", "has no test labels"),
    ],
)
def test_a_part_is_missing(idx_folder, name, words):
    (idx_folder / name).unlink()
    with pytest.raises(DataError, match=words) as caught:
        read_path(idx_folder)
    assert "--data" in caught.value.hint


def test_a_folder_where_a_file_belongs(idx_folder):
    (idx_folder / TRAIN_IMAGES).unlink()
    (idx_folder / TRAIN_IMAGES).mkdir()
    with pytest.raises(DataError, match="is a folder, where a file belongs"):
        read_path(idx_folder)


def test_images_and_labels_of_different_counts(idx_folder, as_idx):
    (idx_folder / "train-labels-idx1-ubyte").write_bytes(as_idx(np.zeros(29, np.uint8)))
    with pytest.raises(DataError, match="30 train images and 29 train labels"):
        read_path(idx_folder)


@pytest.mark.parametrize("name", ["absent", "absent.npz", TRAIN_IMAGES, "a\0b", "a" * 5000])
def test_what_is_not_there(tmp_path, name):
    with pytest.raises(DataError, match=r"there is no|cannot read") as caught:
        read_path(tmp_path / name)
    assert caught.value.hint


def test_what_is_of_no_kind(tmp_path, idx_folder):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"neither an \.npz nor a \.csv file, nor called like a train file"):
        read_path(tmp_path / "notes.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no folders of pictures, nor IDX files"):
        read_path(tmp_path / "empty")


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (["sample_submission.csv", "test.csv", "train.csv", ".DS_Store"], "train.csv"),
        (["a b.npz", "notes"], "a b.npz"),
    ],
)
def test_a_folder_of_files_that_are_sets_by_themselves(tmp_path, names, named):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(DataError, match="holds no folders of pictures, nor IDX files") as caught:
        read_path(tmp_path)
    assert caught.value.hint == f"name the file itself: {quoted(tmp_path / named)}"


def test_a_test_file_is_no_set(idx_folder):
    for name in ("t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz"):
        with pytest.raises(DataError, match="holds nothing but images to test") as caught:
            read_path(idx_folder / name)
        assert "--test-data" in caught.value.hint


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", ["pipe", "pipe.npz", TRAIN_IMAGES])
def test_a_pipe_is_not_waited_for(tmp_path, idx_folder, name):
    folder = idx_folder if name == TRAIN_IMAGES else tmp_path
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(DataError, match="not an ordinary file"):
        read_path(folder / name)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read here")
def test_a_folder_that_cannot_be_read(idx_folder):
    idx_folder.chmod(0)
    try:
        with pytest.raises(DataError, match="cannot read"):
            read_path(idx_folder)
    finally:
        idx_folder.chmod(0o700)


@pytest.mark.parametrize("given", ["", "MNIST", "MNIST/raw"])
def test_torchvisions_tree_from_any_of_its_folders(tmp_path, idx_folder, expected, given):
    root = tmp_path / "data"
    (root / "MNIST").mkdir(parents=True)
    (root / ".cache" / "raw").mkdir(parents=True)
    idx_folder.rename(root / "MNIST" / "raw")
    assert read_path(root / given).sha256 == expected
    assert read_path(root / given).source == str(root / given)


def test_several_sets_of_torchvision(tmp_path, idx_folder, expected):
    root = tmp_path / "data"
    for name in ("MNIST", "FashionMNIST"):
        shutil.copytree(idx_folder, root / name / "raw")
    with pytest.raises(DataError, match=r"holds data sets in (MNIST/raw, Fashion|FashionMNIST/raw, MNIST)"):
        read_path(root)
    assert read_path(root / "FashionMNIST").sha256 == expected


def test_links_that_go_round(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "raw").symlink_to(tmp_path / "a")
    (tmp_path / "b").symlink_to(tmp_path / "b")
    with pytest.raises(DataError, match=r"cannot read .*b: too many levels"):
        read_path(tmp_path)


def test_kuzushiji_mnists_pairs_of_npz_files(tmp_path, tiny, expected):
    for key, name in (
        ("train_images", "train-imgs"),
        ("train_labels", "train-labels"),
        ("test_images", "test-imgs"),
        ("test_labels", "test-labels"),
    ):
        np.savez_compressed(tmp_path / f"kmnist-{name}.npz", tiny[key])
    assert read_path(tmp_path).sha256 == expected
    assert read_path(tmp_path / "kmnist-train-imgs.npz").sha256 == expected


def test_qmnists_names(tmp_path, tiny, as_idx, expected):
    for split in ("train", "test"):
        images = as_idx(tiny[f"{split}_images"])
        (tmp_path / f"qmnist-{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        rows = np.zeros((len(tiny[f"{split}_labels"]), 8), ">i4")
        rows[:, 0] = tiny[f"{split}_labels"]
        header = bytes.fromhex("00000c02") + np.array(rows.shape, ">u4").tobytes()
        (tmp_path / f"qmnist-{split}-labels-idx2-int.gz").write_bytes(gzip.compress(header + rows.tobytes()))
    assert read_path(tmp_path).sha256 == expected


def test_images_with_a_channel_in_idx4_files(tmp_path, tiny, as_idx, expected):
    for split in ("train", "test"):
        images = tiny[f"{split}_images"][..., None]
        (tmp_path / f"{split}-images-idx4-ubyte").write_bytes(as_idx(images))
        (tmp_path / f"{split}-labels-idx1-ubyte").write_bytes(as_idx(tiny[f"{split}_labels"]))
    assert read_path(tmp_path).sha256 == expected


def test_only_a_train_part(idx_folder, notes):
    for path in idx_folder.glob("t10k*"):
        path.unlink()
    assert len(read_path(idx_folder, listener=notes).test_images) == 4
    assert notes.notices == ["4 of 30 images set aside to test"]


class TestEmnist:
    @pytest.fixture
    def letters(self, idx_folder, tiny, as_idx):
        """EMNIST's letters: labels from 1, and images on their side."""
        for split, name in (("train", "train"), ("test", "t10k")):
            labels = tiny[f"{split}_labels"] + np.uint8(1)
            (idx_folder / f"{name}-labels-idx1-ubyte").write_bytes(as_idx(labels))
        rename_all(idx_folder, lambda name: f"emnist-letters-{name.replace('t10k', 'test')}")
        return idx_folder

    def test_images_are_turned_upright(self, letters, tiny, notes):
        dataset = read_path(letters, listener=notes)
        assert np.array_equal(dataset.train_images, tiny["train_images"].transpose(0, 2, 1))
        assert np.array_equal(dataset.test_images, tiny["test_images"].transpose(0, 2, 1))
        assert notes.notices == ["images that lay on their side are turned upright (else --no-transpose)"]
        assert dataset.options == DataOptions(transpose=True)

    def test_or_not(self, letters, tiny, notes):
        dataset = read_path(letters, DataOptions(transpose=False), listener=notes)
        assert np.array_equal(dataset.train_images, tiny["train_images"])
        assert notes.notices == []
        assert dataset.options == DataOptions(transpose=False)

    def test_labels_from_1(self, letters, tiny):
        dataset = read_path(letters)
        assert dataset.class_names == ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10")
        assert np.array_equal(dataset.train_labels, tiny["train_labels"])

    def test_names_from_the_mapping_beside(self, letters):
        lines = [f"{label} {64 + label} {96 + label}\n" for label in range(1, 27)]
        (letters / "emnist-letters-mapping.txt").write_text("".join([*lines, "\n"]))
        names = read_path(letters).class_names
        assert (len(names), names[0], names[25]) == (26, "Aa", "Zz")

    @pytest.mark.parametrize(
        "text",
        ["a b", "1", "0 55555555555", "0 7", "0 65\n0 66", "-1 65", "1.5 65", "0 65\n1 65", "\0", "101 65"],
    )
    def test_a_mapping_that_is_none(self, letters, text):
        (letters / "emnist-letters-mapping.txt").write_text(text)
        with pytest.raises(DataError, match=r"names no class|two classes are called A") as caught:
            read_path(letters)
        assert caught.value.hint


NPY_NAMES = {
    "Keras": ("x_train", "y_train", "x_test", "y_test"),
    "numpy": ("train_images", "train_labels", "test_images", "test_labels"),
    "another": ("trainX", "trainY", "testX", "testY"),
    "dashes": ("train-images", "train-labels", "t10k-images", "t10k-labels"),
}


@pytest.mark.parametrize("names", NPY_NAMES.values(), ids=NPY_NAMES)
def test_npy_files_by_the_names_in_use(tmp_path, tiny, as_dataset, names):
    for name, array in zip(names, tiny.values(), strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    np.save(tmp_path / "x.npy", np.zeros(3))
    np.save(tmp_path / "x_val.npy", np.zeros(3))
    expected = as_dataset(*tiny.values()).sha256
    assert read_path(tmp_path).sha256 == expected
    assert read_path(tmp_path / f"{names[0]}.npy").sha256 == expected
    assert read_path(tmp_path).about.kind == "pairs of .npy files"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged: its array 'train_images' has no header that can be read"),
        (b"\x93NUMPY\x02\0", "is of a newer .npy version"),
        (lambda: np.array([{}]), "holds Python objects, which are never loaded"),
        (lambda: np.zeros((30, 27, 28), np.uint8), "not \\(n, 28, 28\\)"),
    ],
)
def test_npy_files_that_are_none(tmp_path, tiny, content, words):
    for name, array in tiny.items():
        np.save(tmp_path / f"{name}.npy", array)
    if callable(content):
        np.save(tmp_path / "train_images.npy", content(), allow_pickle=True)
    else:
        (tmp_path / "train_images.npy").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_path(tmp_path)
