"""Which trial is best."""

import statistics

import numpy as np
import pytest

from mnistgd.training.sweep.ranking import Group, ranked
from mnistgd.training.sweep.trial import Trial


def trial_of(number, accuracy, loss=1.0):
    if accuracy is None:
        return Trial(number, {"learning_rate": number // 2, "seed": number % 2}, 1.0, error="diverged")
    return Trial(number, {"learning_rate": number // 2, "seed": number % 2}, 1.0, None, accuracy, loss)


def test_the_ranking_is_by_the_mean_then_the_loss_and_failures_come_last(plan_of):
    plan = plan_of(learning_rate=tuple(map(float, range(1, 7))), seed=(0, 1))
    accuracies = [0.5, 0.7, 0.9, None, 0.8, 0.6, 0.6, 0.6, None, None, 0.7, 0.7]
    losses = [1.0] * 4 + [2.0] * 2 + [1.0] * 4 + [1.0, 1.0]
    trials = [trial_of(n, *pair) for n, pair in enumerate(zip(accuracies, losses, strict=True))]
    found = ranked(plan, reversed(trials))
    # 5 and 2 have the same mean, and 5 the smaller loss; 1 has a failure, and 4 nothing else.
    assert [group.settings["learning_rate"] for group in found] == [5, 2, 0, 3, 1, 4]
    best = found[1]
    assert best.mean("validation_accuracy") == pytest.approx(statistics.fmean([0.8, 0.6]))
    assert best.deviation("validation_accuracy") == pytest.approx(np.std([0.8, 0.6], ddof=1))
    assert best.best.trial == 4
    assert found[4].deviation("validation_accuracy") is None
    assert found[5].mean("validation_loss") is None
    assert found[5].error == "diverged"


def test_a_group_of_one_has_no_deviation():
    assert Group((trial_of(0, 0.5),)).deviation("validation_accuracy") is None
