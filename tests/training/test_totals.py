"""Totals of an epoch: whenever they are asked for, they are the sums over its batches."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.training import totals
from mnistgd.training.totals import EpochTotals, Tally


@given(
    batches=st.lists(st.integers(1, 5), min_size=1, max_size=12),
    asked=st.sets(st.integers(0, 12)),
    before=st.sampled_from([EpochTotals(), EpochTotals(2.5, 3, 7)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_they_are_plain_sums_after_every_step(batches, asked, before, seed):
    rng = np.random.default_rng(seed)
    kept, totals.ROWS = totals.ROWS, 6
    try:
        tally, expected = Tally(40, before), [before]
        for number, count in enumerate(batches):
            outputs, targets = rng.normal(size=(count, 3)), rng.integers(0, 3, count)
            loss = rng.random()
            tally.add(SimpleNamespace(loss=loss, outputs=outputs, targets=targets))
            right = int((outputs.argmax(axis=1) == targets).sum())
            last = expected[-1]
            expected.append(EpochTotals(last.loss + loss * count, last.right + right, last.seen + count))
            assert sum(len(part) for *_, part in tally.pending) < 6
            if number in asked:
                assert tally.after(41 + number) == expected[-1]
    finally:
        totals.ROWS = kept
    assert [tally.after(40 + place) for place in range(len(expected))] == expected


def test_losses_weigh_as_their_batches():
    tally = Tally(0)
    for loss, count in ((1.0, 100), (4.0, 50)):
        tally.add(
            SimpleNamespace(loss=loss, outputs=np.eye(2)[np.zeros(count, int)], targets=np.zeros(count, int))
        )
    assert tally.after(2).loss == pytest.approx(300)
    assert tally.after(2)[1:] == (150, 150)
