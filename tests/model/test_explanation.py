"""The terms of a sum: exact for a program, and for people rounded so that what they see adds up."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.model.explanation import Evidence


def evidence_of(products, bias):
    return Evidence(np.ones(len(products)), np.array(products, dtype=np.float64), bias)


numbers = st.floats(-1e6, 1e6) | st.floats(-50, 50) | st.floats(-0.01, 0.01)


@given(st.lists(numbers, max_size=5), numbers, st.integers(0, 4))
def test_what_is_shown_adds_up_and_each_term_is_rounded_as_ever(products, bias, places):
    evidence = evidence_of(products, bias)
    *terms, total = (Decimal(f"{number:.{places}f}") for number in evidence.rounded(places))
    assert sum(terms) == total
    for term, shown in zip((evidence.speaks_for, evidence.speaks_against, bias), terms, strict=True):
        assert shown == Decimal(f"{term:.{places}f}")
    assert abs(float(total) - evidence.logit) <= 1.51 * 10**-places


def test_the_sum_shown_is_that_of_what_is_shown():
    evidence = evidence_of([10.1751, -1.0840], -0.1640)
    assert f"{evidence.logit:.2f}" == "8.93"
    assert evidence.rounded(2) == (10.18, -1.08, -0.16, 8.94)


@pytest.mark.parametrize("bias", [0.0, -0.0, -0.004, 0.004])
def test_nothing_is_minus_zero(bias):
    shown = evidence_of([0.0] * 4, bias).rounded(2)
    assert not any(f"{number:.2f}".startswith("-") for number in shown)
