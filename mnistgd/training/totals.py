"""Loss and accuracy over the batches of an epoch, counted when somebody asks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnistgd.engine.metrics import answered_rightly
from mnistgd.engine.training import Step
from mnistgd.engine.types import Array

ROWS = 1600
"""So many outputs wait at the most before they are counted: batch by batch that would take a tenth of the
training time."""


class EpochTotals(NamedTuple):
    """Sums over the batches of an epoch so far, each taken before its update."""

    loss: float = 0.0
    right: int = 0
    seen: int = 0


NOTHING = EpochTotals()


class Tally:
    """The totals of an epoch after each of its steps.

    Parameters
    ----------
    first_step : int, steps done when it begins
    before : EpochTotals of the epoch by then
    """

    def __init__(self, first_step: int, before: EpochTotals = NOTHING) -> None:
        self.first_step = first_step
        # One entry for each step that is counted; the others are pending.
        self.loss, self.right, self.seen = [before.loss], [before.right], [before.seen]
        self.pending: list[tuple[float, Array, Array]] = []
        self._rows = 0

    def add(self, step: Step) -> None:
        """One batch more."""
        self.pending.append((step.loss, step.outputs, step.targets))
        self._rows += len(step.targets)
        if self._rows >= ROWS:
            self._count()

    def after(self, step: int) -> EpochTotals:
        """The totals when that many steps of the run were done."""
        if self.pending:
            self._count()
        place = step - self.first_step
        return EpochTotals(self.loss[place], self.right[place], self.seen[place])

    def _count(self) -> None:
        losses, outputs, targets = zip(*self.pending, strict=True)
        counts = np.array([len(batch) for batch in targets])
        by_class = np.concatenate([batch.T for batch in outputs], axis=1)
        rightly = np.cumsum(answered_rightly(by_class.T, np.concatenate(targets)))
        # One after the other, as they came: sums in another order would round differently.
        self.loss += np.cumsum([self.loss[-1], *(losses * counts)])[1:].tolist()
        self.right += (self.right[-1] + rightly[np.cumsum(counts) - 1]).tolist()
        self.seen += (self.seen[-1] + np.cumsum(counts)).tolist()
        self.pending.clear()
        self._rows = 0
