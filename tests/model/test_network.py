"""The network that settings describe, and what it takes to run it."""

import tracemalloc

import numpy as np
import pytest

from mnistgd.model.network import network_of
from mnistgd.model.settings import Settings


@pytest.mark.parametrize("settings", [Settings(), Settings(hidden=(8,))], ids=["one layer", "hidden"])
def test_a_training_set_is_never_held_as_floats(settings):
    """Its 12,000 images would take 75 MB, of which 4,096 are a third; so it is whatever is asked of them."""
    network = network_of(settings, 10)
    params = network.init(np.random.default_rng(0))
    images = np.zeros((12_000, 784), np.uint8)
    as_floats = images.size * next(iter(params.values())).itemsize
    tracemalloc.start()
    try:
        outputs, backward = network.forward(params, images)
        backward(np.zeros_like(outputs))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.8 * as_floats
