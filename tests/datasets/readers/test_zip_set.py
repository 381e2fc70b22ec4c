"""A ZIP of IDX files, and those that were made to do harm."""

import gzip
import zipfile

import numpy as np
import pytest

from mnistgd.datasets.readers.paths import read_path
from mnistgd.errors import DataError

NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


@pytest.fixture
def members(tiny, as_idx):
    return {NAMES[key]: as_idx(array) for key, array in tiny.items()}


@pytest.fixture
def write(tmp_path):
    def write(members, name="set.zip", packing=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / name, "w", packing) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return tmp_path / name

    return write


@pytest.mark.parametrize("folder", ["", "archive/", "MNIST/raw/"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_zip_of_idx_files(tmp_path, tiny, as_dataset, members, write, folder, pack):
    ending = ".gz" if pack is gzip.compress else ""
    path = write({f"{folder}{name}{ending}": pack(content) for name, content in members.items()})
    dataset = read_path(path)
    assert dataset.sha256 == as_dataset(*tiny.values()).sha256
    assert dataset.about.kind == "a ZIP of IDX files"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_what_a_mac_adds_is_passed_over(write, members):
    extra = {f"__MACOSX/._{name}": b"\0\5\x16\7" for name in members} | {
        "._train-images-idx3-ubyte": b"",
        "a/": b"",
    }
    assert len(read_path(write(extra | members)).train_images) == 30


def test_only_a_train_part(write, members):
    path = write({name: content for name, content in members.items() if "train" in name})
    assert len(read_path(path).test_images) == 4


def test_letters_with_their_mapping(write, tiny, members):
    names = {f"gzip/emnist-letters-{name}": content for name, content in members.items()}
    mapping = b"".join(b"%d %d %d\n" % (at, 65 + at, 97 + at) for at in range(10))
    dataset = read_path(write(names | {"gzip/emnist-letters-mapping.txt": mapping}))
    assert dataset.class_names == ("Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg", "Hh", "Ii", "Jj")
    assert np.array_equal(dataset.train_images, tiny["train_images"].transpose(0, 2, 1))


def test_an_npz_file_of_another_name(write, tiny, as_dataset, tmp_path):
    np.savez(tmp_path / "a.npz", **tiny)
    (tmp_path / "a.npz").rename(tmp_path / "a.zip")
    assert read_path(tmp_path / "a.zip").sha256 == as_dataset(*tiny.values()).sha256


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "\\evil"])
@pytest.mark.parametrize("alone", [False, True])
def test_names_that_lead_out(write, members, name, alone):
    others = {} if alone else members
    with pytest.raises(DataError, match="names a place outside of itself") as caught:
        read_path(write(others | {name: b""}))
    assert caught.value.hint


def test_a_bomb(write, members):
    images = members["train-images-idx3-ubyte"][:4] + bytes.fromhex("00030d40 0000001c 0000001c")
    path = write(members | {"train-images-idx3-ubyte": images + bytes(200_000 * 784)})
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte in .* unpacks to 1,0\d\d times its size"):
        read_path(path)


def test_several_sets(write, members):
    both = {f"{called}-{name}": content for called in "ab" for name, content in members.items()}
    with pytest.raises(DataError, match=r"holds 2 data sets: a, b$") as caught:
        read_path(write(both))
    assert "unpack it" in caught.value.hint


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_packing(write, members, packing):
    with pytest.raises(DataError, match="packed in a way that is not read here"):
        read_path(write(members, packing=packing))


def test_a_checksum_that_is_wrong(write, members):
    path = write(members, packing=zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not a whole"):
        read_path(path)


def test_half_of_a_part(write, members):
    del members["t10k-labels-idx1-ubyte"]
    with pytest.raises(DataError, match="has no test labels: no t10k-labels-idx1-ubyte is there"):
        read_path(write(members))


def test_what_torch_wrote(write):
    with pytest.raises(DataError, match="a pickle of torch, which is never loaded here") as caught:
        read_path(write({"training/data.pkl": b"\x80\2", "training/version": b"3\n"}, "training.pt"))
    assert "torch.load" in caught.value.hint


@pytest.mark.parametrize("name", ["train.csv", "digits/0/a.png"])
def test_a_zip_of_something_else_is_to_be_unpacked(write, name):
    with pytest.raises(DataError, match=f"holds neither IDX files nor arrays, but {name}$") as caught:
        read_path(write({name: b"hello"}))
    assert caught.value.hint.startswith("unpack it")
