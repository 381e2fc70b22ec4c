"""Train again from a record, and say how near the result comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mnistgd.datasets.dataset import Dataset
from mnistgd.model.environment import describe
from mnistgd.model.model import Model
from mnistgd.training.run import TrainState

Verdict = Literal["identical", "rounding", "different"]

LARGEST_SHARE = 1e-4
"""Of the largest weight: what another order of additions may change after thousands of steps."""

LEAST_AGREEMENT = 0.999
"""With hidden layers rounding grows along the way; what counts is that the answers stay the same."""


@dataclass(frozen=True)
class Reproduction:
    """What came of it.

    Attributes
    ----------
    verdict : ``identical`` to the bit; ``rounding``, where the environment differs from the recorded one
        and the difference is as small as that explains; or ``different``
    max_difference : float, the largest of any two weights or biases
    environment_differs : list of str, the parts of the recorded environment that are not those of now
    """

    verdict: Verdict
    max_difference: float
    environment_differs: list[str]


def reproduce(model: Model, last: TrainState) -> Reproduction:
    """Hold the weights that a run ends with against those of `model`."""
    again = Model(last.run.final_params(last), model.settings, model.class_names)
    recorded = model.record.get("environment")
    now = describe()
    before: Mapping[str, Any] = recorded if isinstance(recorded, dict) else {}
    differs = [part for part in {**now, **before} if before.get(part) != now.get(part)]
    if all(array.tobytes() == again.params[name].tobytes() for name, array in model.params.items()):
        return Reproduction("identical", 0.0, differs)
    differences = [
        np.abs(array.astype(np.float64) - again.params[name]).max() for name, array in model.params.items()
    ]
    difference = float(max(differences))
    near = _near(model, again, last.run.dataset, difference)
    return Reproduction("rounding" if differs and near else "different", difference, differs)


def _near(model: Model, again: Model, dataset: Dataset, difference: float) -> bool:
    if model.settings.hidden:
        first, second = (each.outputs(dataset.test_images).argmax(axis=1) for each in (model, again))
        return float((first == second).mean()) >= LEAST_AGREEMENT
    return difference <= LARGEST_SHARE * float(np.abs(model.weights).max())
