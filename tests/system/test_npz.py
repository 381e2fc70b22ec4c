"""The reader of small arrays: what it reads, and how it refuses what it does not.

The same code opens data sets; tests/datasets/test_npz.py and test_hostile.py hold it to more.
"""

import zipfile

import numpy as np
import pytest

from mnistgd.errors import WeightsError
from mnistgd.system.npz import opened_npz


def read_one(path, limit, hint="", name="array"):
    with opened_npz(path, WeightsError, hint) as read:
        return read(name, limit)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "arrays.npz"


ARRAYS = {
    "floats": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    "turned": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "text": np.array('{"a": 1}'),
    "number": np.float64(3.5),
    "none": np.zeros((0, 5)),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_numpy_writes(path, save):
    save(path, **ARRAYS)
    for name, array in ARRAYS.items():
        found = read_one(path, 1000, name=name)
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_is_longer_than_any_table_of_contents_may_be(path, save):
    array = np.random.default_rng(0).random(500_000)
    save(path, array=array)
    assert np.array_equal(read_one(path, array.nbytes), array)


def test_what_is_not_asked_for_is_not_opened(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.npy", b"not an array")
    assert read_one(path, 10) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x93NUMPY\x01\x00\xf4\x01" + b"(" * 500, "no header that can be read"),
        (b"\x93NUMPY\x01\x00\xf4\x01" + b"-" * 499 + b"1", "no header that can be read"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 500, "newer .npy version"),
        (b"", "no header that can be read"),
        (bytes(10_000), "takes 10,000 bytes, more than the 800 that fit"),
    ],
    ids=["nested", "signs", "long", "empty", "large"],
)
def test_a_header_that_is_none(path, content, words):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("array.npy", content)
    with pytest.raises(WeightsError, match=words) as caught:
        read_one(path, 800, "train again")
    assert caught.value.hint == "train again"


def test_a_table_of_contents_that_is_too_long(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12_000):
            archive.writestr(f"{number:060}", b"")
    with pytest.raises(WeightsError, match=r"not a whole \.npz file"):
        read_one(path, 800)


def test_all_arrays_are_of_the_file_that_was_opened(path, tmp_path):
    np.savez(path, one=1, other=1)
    np.savez(tmp_path / "new.npz", one=2, other=2)
    with opened_npz(path, WeightsError) as read:
        assert read("one", 8) == 1
        (tmp_path / "new.npz").replace(path)
        assert read("other", 8) == 1


def test_what_goes_wrong_while_it_is_open_is_not_blamed_on_the_file(path):
    np.savez(path, array=1)
    with pytest.raises(KeyError, match="not the file's"), opened_npz(path, WeightsError):
        raise KeyError("not the file's")
