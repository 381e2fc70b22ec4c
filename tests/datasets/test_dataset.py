"""What a data set must be, wherever it was read."""

import hashlib

import numpy as np
import pytest

from mnistgd.datasets.dataset import checked
from mnistgd.errors import DataError


def with_labels(tiny, train, test):
    train, test = np.array(train), np.array(test)
    return checked(tiny["train_images"][: len(train)], train, tiny["test_images"][: len(test)], test, "here")


def test_a_sound_one(tiny):
    dataset = checked(*tiny.values(), source="here")
    for name, array in tiny.items():
        assert np.array_equal(getattr(dataset, name), array)
        assert not getattr(dataset, name).flags.writeable
        assert array.flags.writeable
    pixels = tiny["train_images"].tobytes() + tiny["test_images"].tobytes()
    assert dataset.sha256 == hashlib.sha256(pixels).hexdigest()
    assert dataset.source == "here"


def test_the_order_in_memory_makes_no_difference(tiny):
    turned = tiny | {"train_images": np.asfortranarray(tiny["train_images"])}
    assert checked(*turned.values(), source="").sha256 == checked(*tiny.values(), source="").sha256


@pytest.mark.parametrize(
    ("train", "test", "names"),
    [([0, 1], [1], "01"), ([0], [2], "012"), ([5, 5, 5], [0], "012345"), ([9], [0], "0123456789")],
)
def test_the_highest_label_says_how_many_classes_there_are(tiny, train, test, names):
    dataset = with_labels(tiny, train, test)
    assert dataset.class_names == tuple(names)
    assert dataset.train_labels.tolist() == train
    assert dataset.test_labels.dtype == np.uint8


@pytest.mark.parametrize("label", [10, 255, -1, 256, 2**62, -(2**63)])
def test_a_label_out_of_range(tiny, label):
    words = rf"here has a label that is not in 0 to 9: test label {label} \(of image 2\)"
    with pytest.raises(DataError, match=words):
        with_labels(tiny, [0, 1], [1, 0, label])


def test_a_label_that_would_wrap_around(tiny):
    with pytest.raises(DataError, match=f"train label {2**64 - 1}"):
        with_labels(tiny, np.array([0, 2**64 - 1], np.uint64), [1])


def test_one_class_is_none_to_tell_apart(tiny):
    with pytest.raises(DataError, match="every label in here is 0"):
        with_labels(tiny, [0, 0], [0])


@pytest.mark.parametrize("split", ["train", "test"])
def test_images_and_labels_of_different_number(tiny, split):
    short = tiny | {f"{split}_labels": tiny[f"{split}_labels"][:-1]}
    with pytest.raises(DataError, match=rf"here has \d+ {split} images and \d+ {split} labels"):
        checked(*short.values(), source="here")
