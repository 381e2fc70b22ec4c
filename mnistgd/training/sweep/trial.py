"""One run of a sweep, and what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mnistgd.datasets.dataset import Dataset
from mnistgd.errors import DivergedError, WeightsError
from mnistgd.model.environment import one_blas_thread
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import file_bytes
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run
from mnistgd.training.sweep.plan import Plan, value_of

TOO_LARGE = 1e300
"""A number of which no mean can be taken."""

DIED = "its process died: it was killed, or there was no memory for it"


@dataclass(frozen=True)
class Trial:
    """What came of one run.

    Attributes
    ----------
    trial : int, its number, counted from 0
    settings : dict, of its settings those that vary in the sweep
    seconds : float
    error : str or None; why there are no weights, and nothing below
    validation_accuracy, validation_loss : float; of the images set aside, and the weights that it ends with
    train_loss : float, over the batches of its last epoch
    epochs, steps : int, done
    stopped : str or None; why it ended before its last epoch
    environment : dict, what the last bits of its weights depend on
    """

    trial: int
    settings: Mapping[str, Any]
    seconds: float = 0.0
    error: str | None = None
    validation_accuracy: float | None = None
    validation_loss: float | None = None
    train_loss: float | None = None
    epochs: int | None = None
    steps: int | None = None
    stopped: str | None = None
    environment: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, plan: Plan, number: int) -> Trial:
        """One that has not been run."""
        return cls(number, plan.varying(number))

    @property
    def order(self) -> tuple[float, float, int]:
        """The less, the better it is: by accuracy, then by loss."""
        if self.validation_accuracy is None or self.validation_loss is None:
            return math.inf, math.inf, self.trial
        return -self.validation_accuracy, self.validation_loss, self.trial

    def as_json(self) -> dict[str, Any]:
        """One line of a file."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, found: object, plan: Plan) -> Trial:
        """A trial of `plan` from what `as_json` wrote.

        Raises
        ------
        ValueError
            If it is not one.
        """
        if not isinstance(found, dict):
            raise ValueError("it is not a JSON object")
        number = value_of(found, "trial", int)
        if not 0 <= number < len(plan) or found.get("settings") != plan.varying(number):
            raise ValueError("it is none of this sweep")
        known = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
        trial = cls(**known)
        value_of(known, "error", str, None)
        for name in ("seconds", "validation_accuracy", "validation_loss"):
            missing = [None] if trial.error is not None and name != "seconds" else []
            value = value_of(known, name, float, int, *missing)
            if value is not None and not 0 <= value < TOO_LARGE:
                raise ValueError(f"its {name} is no such number")
        return trial


def run_trial(trial: Trial, settings: Settings, dataset: Dataset) -> tuple[Trial, bytes]:
    """What ``mnistgd train`` does with these settings, but for the test.

    Parameters
    ----------
    trial : Trial that has not been run
    settings : Settings
    dataset : Dataset, deskewed if the settings ask for it

    Returns
    -------
    trial : Trial, with what came of it
    content : bytes of its weights file; none if it failed

    Raises
    ------
    DataError
        If somebody has written to the files of the images since.
    """
    begun = time.perf_counter()
    try:
        with one_blas_thread():
            run = Run(dataset, settings)
            last = run.finish()
            score = run.score(last.chosen.params) if last.chosen else last.validation
            model = finished_model(last, tested=False)
            content = file_bytes(model)
    except (DivergedError, WeightsError) as error:
        return replace(trial, error=error.message, seconds=_since(begun)), b""
    assert score is not None
    done = replace(
        trial,
        seconds=_since(begun),
        validation_accuracy=score.accuracy,
        validation_loss=score.loss,
        train_loss=last.loss,
        epochs=last.epoch,
        steps=last.step,
        stopped=last.stopped or None,
        environment=model.record["environment"],
    )
    return done, content


def _since(begun: float) -> float:
    return round(time.perf_counter() - begun, 3)
