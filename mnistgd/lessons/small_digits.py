"""The 1,797 digits of 8×8 pixels that come with scikit-learn, for lessons that need small pictures."""

from __future__ import annotations

from mnistgd.engine.types import Array

SHAPE = (8, 8)
PIXELS = 64
N_TRAIN = 1347
"""So many, the first, train; the last 450 test."""


def small_digits() -> tuple[Array, Array]:
    """The pictures, float64 of shape (1797, 64) in [0, 1] where 1 is ink, and their labels, in order.

    References
    ----------
    Kaynak (1995), Methods of combining multiple classifiers and their applications to handwritten digit
    recognition; the test half of it, as scikit-learn carries it.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.data / 16, digits.target
