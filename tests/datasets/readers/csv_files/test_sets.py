"""Which CSV files make up a data set."""

import numpy as np
import pytest

from mnistgd.datasets.readers.csv_files.sets import read_set
from mnistgd.datasets.readers.request import Request
from mnistgd.errors import DataError


@pytest.fixture
def images(tiny):
    return tiny["train_images"][:12].reshape(-1, 784)


@pytest.fixture
def labels(tiny):
    return tiny["train_labels"][:12]


@pytest.fixture
def write(tmp_path):
    """Write images, after their labels if they have any, and give the path; numpy packs what is called so."""

    def file(name, images, *labels):
        np.savetxt(tmp_path / name, np.column_stack([*labels, images]), "%d", ",")
        return tmp_path / name

    return file


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("mnist_train.csv", "mnist_test.csv"),
        ("train.csv", "test.csv.gz"),
        ("Training.csv.gz", "Testing.csv"),
        ("emnist-letters-train.csv", "emnist-letters-test.csv"),
        ("MNIST-TRAIN-2.csv", "MNIST-TEST-2.csv"),
    ],
)
def test_the_test_file_beside_it(write, images, labels, notes, train, test):
    path, beside = write(train, images, labels), write(test, images[:5], labels[:5])
    raw = read_set(path, Request(listener=notes))
    assert raw.train.images.tolist() == images.tolist()
    assert raw.test.images.tolist() == images[:5].tolist()
    assert raw.train.sideways is raw.test.sideways is train.startswith("emnist")
    assert notes.busy_with == [f"reading {train}", f"reading {test}"]
    assert read_set(beside).train is None
    assert read_set(beside).test.labels.tolist() == labels[:5].tolist()


@pytest.mark.parametrize(
    ("name", "other"), [("a.csv", "b.csv"), ("strain.csv", "stest.csv"), ("test.csv", "a.csv")]
)
def test_no_test_file_beside_it(write, images, labels, name, other):
    path = write(name, images, labels)
    write(other, images, labels)
    raw = read_set(path)
    assert raw.test is None
    assert raw.kind == "a CSV file"


def test_a_file_without_labels_is_for_predict(write, images, labels):
    path, beside = write("train.csv", images, labels), write("test.csv", images)
    raw = read_set(path)
    assert raw.test is None
    assert "test.csv has no labels" in raw.notes[0]
    with pytest.raises(DataError, match="has no labels") as caught:
        read_set(beside)
    assert caught.value.hint.startswith(f"mnistgd predict {beside}")


def test_a_mapping_names_the_classes(write, images, labels):
    path = write("emnist-letters-train.csv", images, labels + 1)
    lines = [f"{label} {label + 64} {label + 96}\n" for label in range(1, 27)]
    path.with_name("emnist-letters-mapping.txt").write_text("".join(lines))
    assert read_set(path).class_names[1] == "Aa"
