"""The reader of small arrays: what it reads, and how it refuses what it does not.

The same code opens data sets; tests/datasets/test_npz.py and test_hostile.py hold it to more.
"""

import zipfile

import numpy as np
import pytest

from mnistgd.errors import WeightsError
from mnistgd.system.npz import read_npz


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
    read = read_npz(path, dict.fromkeys(ARRAYS, 1000), WeightsError)
    assert read.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert read[name].dtype == array.dtype
        assert np.array_equal(read[name], array)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_is_longer_than_any_table_of_contents_may_be(path, save):
    array = np.random.default_rng(0).random(500_000)
    save(path, array=array)
    assert np.array_equal(read_npz(path, {"array": array.nbytes}, WeightsError)["array"], array)


def test_what_is_not_asked_for_is_not_opened(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.npy", b"not an array")
    assert read_npz(path, {"array": 10}, WeightsError) == {}


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
        read_npz(path, {"array": 800}, WeightsError, "train again")
    assert caught.value.hint == "train again"


def test_a_table_of_contents_that_is_too_long(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12_000):
            archive.writestr(f"{number:060}", b"")
    with pytest.raises(WeightsError, match=r"not a whole \.npz file"):
        read_npz(path, {"array": 800}, WeightsError)
