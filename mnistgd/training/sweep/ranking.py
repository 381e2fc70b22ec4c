"""Which trials of a sweep are best, over the seeds of each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from mnistgd.training.sweep.plan import SEED, Plan
from mnistgd.training.sweep.trial import Trial


@dataclass(frozen=True)
class Group:
    """The trials that differ in nothing but the seed.

    Attributes
    ----------
    trials : tuple of Trial, at least one, in their order
    """

    trials: tuple[Trial, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """Those that vary in the sweep, without the seed."""
        return {name: value for name, value in self.trials[0].settings.items() if name != SEED}

    @property
    def done(self) -> list[Trial]:
        """Those that have not failed."""
        return [trial for trial in self.trials if trial.error is None]

    @property
    def error(self) -> str | None:
        """Why the first that failed has."""
        return next((trial.error for trial in self.trials if trial.error is not None), None)

    @property
    def best(self) -> Trial:
        """Of these the one with the best validation accuracy, then with the least loss."""
        return min(self.trials, key=lambda trial: trial.order)

    @property
    def order(self) -> tuple[float, float, float, int]:
        """The less, the better; one in which a trial failed comes after all in which none did."""
        accuracy, loss = self.mean("validation_accuracy"), self.mean("validation_loss")
        if accuracy is None or loss is None:
            return math.inf, math.inf, math.inf, self.trials[0].trial
        return len(self.trials) - len(self.done), -accuracy, loss, self.trials[0].trial

    def mean(self, name: str) -> float | None:
        """Over the seeds, of what `Trial` has under that name; None if all have failed."""
        return fmean(getattr(trial, name) for trial in self.done) if self.done else None

    def deviation(self, name: str) -> float | None:
        """Likewise, the sample deviation; None of fewer than two."""
        return stdev(getattr(trial, name) for trial in self.done) if len(self.done) > 1 else None


def ranked(plan: Plan, trials: Iterable[Trial]) -> list[Group]:
    """The trials in groups, the best group first."""
    groups: dict[int, list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.trial):
        groups.setdefault(trial.trial // plan.seeds, []).append(trial)
    return sorted((Group(tuple(group)) for group in groups.values()), key=lambda group: group.order)
