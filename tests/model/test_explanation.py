"""The terms of a sum: exact for a program, and for people rounded so that what they see adds up."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.model.explanation import Evidence

numbers = st.floats(-1e30, 1e30) | st.floats(-50, 50) | st.floats(-0.01, 0.01)


@given(st.lists(numbers, max_size=5), numbers, st.integers(0, 4))
def test_rounded_terms_add_up_and_are_off_by_less_than_a_unit(products, bias, places):
    evidence = Evidence(np.array(products, dtype=np.float64), bias)
    shown = evidence.rounded(places)
    exact = [Fraction(term) for term in (evidence.speaks_for, evidence.speaks_against, bias)]
    unit = Fraction(1, 10**places)
    assert sum(map(Fraction, shown[:3])) == Fraction(shown.logit)
    assert abs(Fraction(shown.logit) - sum(exact)) <= unit / 2
    for term, number in zip(exact, shown, strict=False):
        assert abs(Fraction(number) - term) < unit
        assert term.denominator != 1 or Fraction(number) == term  # a whole number, and so zero, stays
    assert all(number.as_tuple().exponent == -places for number in shown)


def test_terms_that_each_rounded_alone_would_not_add_up():
    evidence = Evidence(np.array([10.184, -1.084]), -0.164)
    alone = [
        round(Decimal(term), 2) for term in (evidence.speaks_for, evidence.speaks_against, evidence.bias)
    ]
    assert sum(alone) == Decimal("8.94") == evidence.rounded(2).logit
    evidence = Evidence(np.array([10.1751, -1.0840]), -0.1640)  # 8.9271
    assert evidence.rounded(2) == tuple(map(Decimal, ("10.17", "-1.08", "-0.16", "8.93")))


@pytest.mark.parametrize("bias", [0.0, -0.0, -0.004, 0.004])
def test_nothing_is_minus_zero(bias):
    shown = Evidence(np.zeros(4), bias).rounded(2)
    assert not any(number.is_signed() for number in shown)
