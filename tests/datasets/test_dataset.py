"""What a data set is, wherever it was read."""

import hashlib

import numpy as np
import pytest

from mnistgd.errors import DataError


def test_a_sound_one(tiny, as_dataset):
    dataset = as_dataset(*tiny.values())
    for name, array in tiny.items():
        assert np.array_equal(getattr(dataset, name), array)
        assert not getattr(dataset, name).flags.writeable
        assert array.flags.writeable
    pixels = tiny["train_images"].tobytes() + tiny["test_images"].tobytes()
    assert dataset.sha256 == hashlib.sha256(pixels).hexdigest()
    labels = tiny["train_labels"].tobytes() + tiny["test_labels"].tobytes()
    assert dataset.labels_sha256 == hashlib.sha256(labels).hexdigest()
    assert dataset.source == "here"


def test_bytes_are_not_copied(tiny, as_dataset):
    assert np.shares_memory(as_dataset(*tiny.values()).train_images, tiny["train_images"])


def test_the_order_in_memory_makes_no_difference(tiny, as_dataset):
    turned = tiny | {"train_images": np.asfortranarray(tiny["train_images"])}
    assert as_dataset(*turned.values()).sha256 == as_dataset(*tiny.values()).sha256


@pytest.mark.parametrize("split", ["train", "test"])
def test_images_and_labels_of_different_number(tiny, split, as_dataset):
    short = tiny | {f"{split}_labels": tiny[f"{split}_labels"][:-1]}
    with pytest.raises(DataError, match=rf"here has \d+ {split} images and \d+ {split} labels"):
        as_dataset(*short.values())


def test_counts_of_each_class(tiny, as_dataset):
    dataset = as_dataset(*tiny.values())
    assert dataset.counts("train") == [3] * 10
    assert dataset.counts("test") == [1] * 10
