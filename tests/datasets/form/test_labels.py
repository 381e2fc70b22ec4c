"""Labels of every kind in use, as class numbers and class names."""

import numpy as np
import pytest

from mnistgd.datasets.form.labels import numbered
from mnistgd.errors import DataError


def of(train, test, given=None):
    classes = numbered({"train": np.array(train), "test": np.array(test)}, given, "here")
    assert all(part.dtype == np.uint8 for part in classes.numbers)
    return [part.tolist() for part in classes.numbers], classes.names


@pytest.mark.parametrize(
    ("train", "test", "count"), [([0, 1], [1], 2), ([0], [2], 3), ([5, 5, 5], [0], 6), ([61], [0], 62)]
)
def test_numbers_from_0_keep_theirs(train, test, count):
    assert of(train, test) == ([train, test], tuple(map(str, range(count))))


@pytest.mark.parametrize(
    ("train", "test", "numbers", "names"),
    [
        ([1, 26], [2], [[0, 2], [1]], ("1", "2", "26")),
        ([8, 3], [3], [[1, 0], [0]], ("3", "8")),
        (["cat", "ant"], ["dog"], [[1, 0], [2]], ("ant", "cat", "dog")),
        ([b"cat", b"ant"], [b"\xc3\xa9t\xc3\xa9"], [[1, 0], [2]], ("ant", "cat", "été")),
        (["B", "b"], ["b"], [[0, 1], [1]], ("B", "b")),
    ],
    ids=["from 1", "two digits", "words", "bytes", "capitals"],
)
def test_others_are_sorted_and_numbered(train, test, numbers, names):
    assert of(train, test) == (numbers, names)


NINE = np.arange(9)


@pytest.mark.parametrize(
    "labels",
    [
        NINE.astype(">u2"),
        NINE.astype(np.int8),
        NINE.astype(np.uint64),
        NINE.astype(np.float16),
        NINE[:, None],
        NINE[:, None, None],
        NINE.astype(str),
        NINE.astype("S3"),
        np.eye(9),
        np.eye(9, dtype=bool),
        np.eye(9, dtype=np.uint8)[..., None],
    ],
    ids=lambda labels: f"{labels.dtype} {labels.shape}",
)
def test_numbers_however_they_are_written(labels):
    assert of(labels, NINE) == ([NINE.tolist()] * 2, tuple("012345678"))


def test_one_hot_rows_have_as_many_classes_as_columns():
    assert of(np.eye(4)[:2], np.eye(4)[1:2]) == ([[0, 1], [1]], tuple("0123"))


def test_booleans_are_two_classes():
    assert of([True, False], [True]) == ([[1, 0], [1]], ("0", "1"))


def test_names_that_a_file_gives():
    assert of([0, 1], [1], {0: "A", 1: "B", 2: "C"}) == ([[0, 1], [1]], ("A", "B", "C"))
    assert of([1, 3], [1], {1: "Aa", 2: "Bb", 3: "Cc"}) == ([[0, 2], [0]], ("Aa", "Bb", "Cc"))
    assert of([0, 1], [1], {0: "A"}) == ([[0, 1], [1]], ("A", "1"))


BAD = {
    "below zero": ([0, 1], [1, -1], r"not in 0 to 99: test label -1 \(of image 1\)"),
    "a hundred": ([0, 1], [1, 100], r"not in 0 to 99: test label 100 \(of image 1\)"),
    "what would wrap around": (np.array([0, 2**64 - 1], np.uint64), [1], f"train label {2**64 - 1}"),
    "the lowest there is": ([0, -(2**63)], [1], "train label -9223372036854775808"),
    "many words": (np.arange(101).astype("U4"), ["x"], "words|102 classes"),
    "many numbers": (np.arange(1, 102), [1], "101 classes; there can be 2 to 100"),
    "one class": ([0, 0], [0], "every label in here is 0"),
    "one other class": ([7, 7], [7], "every label in here is 7"),
    "one word": (["a"], ["a"], "every label in here is a"),
    "words and numbers": (["a", "b"], [1], "some labels of here are numbers and some are words"),
    "halves": ([0, 1, 0.5], [1], r"train labels of here are floats, and 0.5 \(of image 2\) is not whole"),
    "NaN": ([0, np.nan], [1], r"nan \(of image 1\) is not whole"),
    "infinity": ([np.inf, 0], [1], r"inf \(of image 0\) is not whole"),
    "two ones": ([[1, 0], [1, 1]], [1], "row 1 of the train labels of here is not one-hot"),
    "no one": ([[0, 1], [0, 0]], [1], "row 1 of the train labels"),
    "probabilities": ([[0.5, 0.5]], [1], "is not whole"),
    "wide rows": (np.zeros((3, 784)), [1], "784 columns; one-hot rows have one for each of 2 to 100"),
    "cubes": (np.zeros((3, 4, 4)), [1], r"float64 of shape \(3, 4, 4\), not one label for each image"),
    "dates": (np.zeros(3, "M8[s]"), [1], r"datetime64\[s\] of shape"),
    "Latin-1": (np.array([b"\xe9", b"b"]), [b"b"], "are no text"),
    "no characters": (np.array([0x110000, 98], "u4").view("U1"), ["b"], "are no text"),
    "an empty word": (np.array(["", "b"]), ["b"], "name of class 0 is empty"),
    "a long word": (np.array(["x" * 300, "b"]), ["b"], "text of 1,200 bytes for each image"),
    "a sentence": (["x" * 41, "b"], ["b"], "class 1 needs a name of at most 40"),
    "what rings": (["\a", "b"], ["b"], "printable"),
}


@pytest.mark.parametrize(("train", "test", "words"), BAD.values(), ids=BAD)
def test_what_is_not_plain(train, test, words):
    with pytest.raises(DataError, match=words) as caught:
        of(train, test)
    assert caught.value.hint
    assert "commas" not in caught.value.hint, "which is for the names of a command line"
    assert "\n" not in caught.value.message
