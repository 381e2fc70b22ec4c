"""A reader trained on MNIST, and digits that other people wrote for it to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from mnistgd.datasets.dataset import Dataset

    Reader = Callable[[NDArray[np.uint8]], NDArray[np.intp]]


@pytest.fixture(scope="session")
def handwriting(helper: Callable[[str], ModuleType]) -> ModuleType:
    """tests/handwriting.py."""
    return helper("handwriting")


@pytest.fixture(scope="session")
def kinds(helper: Callable[[str], ModuleType]) -> ModuleType:
    """tests/handwriting/kinds.py."""
    return helper("handwriting/kinds")


@pytest.fixture(scope="session")
def reader(mnist: Dataset) -> Reader:
    """What ``mnistgd train --deskew`` makes: uint8 images of shape (n, 28, 28) → digits."""
    return trained(mnist)


@pytest.fixture(scope="session")
def better_reader(mnist: Dataset) -> Reader:
    """What ``mnistgd train --hidden 64 --deskew`` makes."""
    return trained(mnist, hidden=(64,))


def trained(mnist: Dataset, **settings: Any) -> Reader:
    """A network that learned MNIST, deskewed."""
    from dataclasses import replace

    from mnistgd.datasets.deskew import deskew
    from mnistgd.model.settings import Settings
    from mnistgd.training.run import Run

    straight = replace(mnist, train_images=deskew(mnist.train_images))
    run = Run(straight, Settings(deskew=True, **settings))
    last = run.finish()

    def read(images: NDArray[np.uint8]) -> NDArray[np.intp]:
        outputs, _ = run.network.forward(last.params, deskew(images).reshape(len(images), -1))
        return outputs.argmax(axis=1)

    return read
