"""A reader trained on MNIST, and digits that other people wrote for it to read."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from mnistgd.datasets.dataset import Dataset

    Reader = Callable[[NDArray[np.uint8]], NDArray[np.intp]]


@pytest.fixture(scope="session")
def handwriting() -> ModuleType:
    """tests/handwriting.py: tests/ is no package, and not on the path."""
    name = "handwriting"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def reader(mnist: Dataset) -> Reader:
    """What ``mnistgd train --deskew`` makes: uint8 images of shape (n, 28, 28) → digits."""
    from dataclasses import replace

    from mnistgd.datasets.deskew import deskew
    from mnistgd.model.settings import Settings
    from mnistgd.training.run import Run

    straight = replace(mnist, train_images=deskew(mnist.train_images))
    run = Run(straight, Settings(deskew=True))
    last = run.finish()

    def read(images: NDArray[np.uint8]) -> NDArray[np.intp]:
        outputs, _ = run.network.forward(last.params, deskew(images).reshape(len(images), -1))
        return outputs.argmax(axis=1)

    return read
