"""Two trained networks beside each other: what was asked of each, how well each does, how alike they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.class_names import listed
from mnistgd.engine.types import Array
from mnistgd.errors import WeightsError
from mnistgd.model.model import Model


@dataclass(frozen=True, eq=False)
class Comparison:
    """What two networks have in common and what not.

    Attributes
    ----------
    settings : dict of str to (value in A, value in B), those that differ
    accuracies : test accuracy of A and of B as their files record them; None where one records none
    same_data : bool; both were trained and tested on the same pixels, and labels as far as both record them
    correlations : float64 ndarray of shape (n_classes,)
        Between the weights of each class in A and in B; NaN where those of one are all equal.
    difference : ndarray of shape (784, n_classes), the weights of A less those of B
    """

    settings: dict[str, tuple[Any, Any]]
    accuracies: tuple[float | None, float | None]
    same_data: bool
    correlations: NDArray[np.float64]
    difference: Array


def compare(a: Model, b: Model) -> Comparison:
    """Compare two networks that tell the same classes apart.

    Raises
    ------
    WeightsError
        If their classes differ, or one has hidden layers, so that its digits have no weights of their own.
    """
    if a.class_names != b.class_names:
        first, second = (listed(model.class_names) for model in (a, b))
        raise WeightsError(
            f"the networks tell different classes apart: {first}; and {second}",
            "compare networks that were trained with the same --class-names",
        )
    one, other = a.known_settings, b.known_settings
    return Comparison(
        {name: (one[name], other[name]) for name in one if one[name] != other[name]},
        (recorded_accuracy(a), recorded_accuracy(b)),
        _same_data(a, b),
        correlations(a.weights, b.weights),
        a.weights - b.weights,
    )


def _same_data(a: Model, b: Model) -> bool:
    labels = {a.labels_sha256, b.labels_sha256} - {None}
    return a.data_sha256 == b.data_sha256 and len(labels) < 2 and not a.is_foreign


def recorded_accuracy(model: Model) -> float | None:
    """The test accuracy that the file of `model` records, in [0, 1]; None if it records none."""
    accuracy = model.results.get("test_accuracy")
    if isinstance(accuracy, bool) or not isinstance(accuracy, int | float) or not 0 <= accuracy <= 1:
        return None
    return float(accuracy)


def correlations(a: Array, b: Array) -> NDArray[np.float64]:
    """Pearson's correlation between each column of `a` and the same column of `b`.

    r = Σ (a − mean a)(b − mean b) / √(Σ (a − mean a)² · Σ (b − mean b)²), over the rows; NaN where a column
    is constant.

    Parameters
    ----------
    a, b : ndarray of shape (n, columns)

    Returns
    -------
    float64 ndarray of shape (columns,), in [−1, 1]

    References
    ----------
    Pearson (1895), Notes on regression and inheritance in the case of two parents.
    """
    one, other = (array - array.mean(axis=0, dtype=np.float64) for array in (a, b))
    products = (one * other).sum(axis=0)
    lengths = np.sqrt((one**2).sum(axis=0)) * np.sqrt((other**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        r: NDArray[np.float64] = np.clip(products / lengths, -1.0, 1.0)
    return r
