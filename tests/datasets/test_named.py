"""The data sets that have a name, and how they are told from others."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from mnistgd.datasets.class_names import check_class_names
from mnistgd.datasets.named import KUZUSHIJI_MNIST, NAMED, Name


def test_every_name_is_offered():
    assert list(NAMED) == list(get_args(Name))


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_ten_classes_and_70_000_images(named):
    assert check_class_names(named.class_names) == named.class_names
    assert "".join(named.class_names).isascii()
    assert len(named.class_names) == len(named.train_counts) == len(named.test_counts) == 10
    assert (named.n_train, named.n_images) == (60_000, 70_000)


def test_a_source_belongs_to_one_name():
    sources = [source for named in NAMED.values() for source in named.sources]
    assert len(set(sources)) == len(sources)


class TestWithoutAPublishedSha256:
    NAMED = replace(KUZUSHIJI_MNIST, train_counts=(3,) * 10, test_counts=(1,) * 10)

    @pytest.fixture
    def arrays(self, tiny):
        images = [tiny["train_images"], tiny["test_images"]]
        return images, [tiny["train_labels"], tiny["test_labels"]]

    def test_images_and_counts_that_fit(self, arrays):
        images, labels = arrays
        assert self.NAMED.is_of(images, labels)
        assert self.NAMED.is_of([np.concatenate(images)], [np.concatenate(labels)])

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda images, labels: (images, [labels[0], labels[1] * 0]),
            lambda images, labels: (images, [labels[0], labels[1] + np.uint8(10)]),
            lambda images, labels: (images, [np.sort(np.concatenate(labels))]),
            lambda images, labels: (images, [labels[0]]),
            lambda images, labels: (images, [labels[0], labels[1].astype(int)]),
            lambda images, labels: ([images[0]], labels),
            lambda images, labels: ([images[0], images[1][:, :27]], labels),
        ],
    )
    def test_others(self, arrays, spoil):
        assert not self.NAMED.is_of(*spoil(*arrays))
