"""One weight, against what the notebook of the book prints, to the last digit."""

from fractions import Fraction
from math import ceil, inf, isfinite, log

import pytest

from mnistgd.lessons import load
from mnistgd.model.fields import setting_fields

LESSON = load("one-weight")

FIRST = """
0.30250000000000005 0.25  0.17015625000000004 0.3875  0.095712890625 0.49062500000000003
0.05383850097656251 0.56796875  0.03028415679931642 0.6259765625  0.0170348381996155 0.669482421875
0.00958209648728372 0.70211181640625  0.005389929274097089 0.7265838623046875
0.0030318352166796153 0.7449378967285156  0.0017054073093822882 0.7587034225463867
0.0009592916115275371 0.76902756690979  0.0005396015314842384 0.7767706751823426
0.000303525861459885 0.7825780063867569  0.00017073329707118678 0.7869335047900676
9.603747960254256e-05 0.7902001285925507  5.402108227642978e-05 0.7926500964444131
3.038685878049206e-05 0.7944875723333098  1.7092608064027242e-05 0.7958656792499823
9.614592036015323e-06 0.7968992594374867  5.408208020258491e-06 0.7976744445781151
"""
SECOND = """
0.6400000000000001 0.0  0.02822400000000005 0.9680000000000002
0.0012446784000000064 0.76472  5.4890317439999896e-05 0.8074088
"""
SECOND_WEIGHTS = "0.0 0.8800000000000001 0.6951999999999999 0.734008"
SECOND_DELTAS = """
-0.8 -0.8800000000000001  0.16800000000000015 0.1848000000000002
-0.03528000000000009 -0.0388080000000001  0.007408799999999993 0.008149679999999992
"""
THIRD = """
0.03999999999999998 1.0  0.3599999999999998 0.20000000000000018  3.2399999999999984 2.5999999999999996
29.159999999999986 -4.599999999999999  262.4399999999999 16.999999999999996
2361.959999999998 -47.79999999999998  21257.639999999978 146.59999999999994
191318.75999999983 -436.5999999999998  1721868.839999999 1312.9999999999995
15496819.559999991 -3935.799999999999  139471376.03999993 11810.599999999997
1255242384.3599997 -35428.59999999999  11297181459.239996 106288.99999999999
101674633133.15994 -318863.79999999993  915071698198.4395 956594.5999999997
8235645283785.954 -2869780.599999999  74120807554073.56 8609344.999999996
667087267986662.1 -25828031.799999986  6003785411879960.0 77484098.59999996
5.403406870691965e+16 -232452292.5999999
"""
FOURTH = """
0.03999999999999998 1.0  0.0144 0.92  0.005183999999999993 0.872  0.0018662400000000014 0.8432000000000001
0.0006718464000000028 0.8259200000000001  0.00024186470400000033 0.815552  8.70712934399997e-05 0.8093312
3.134566563839939e-05 0.80559872  1.1284439629823931e-05 0.803359232  4.062398266736526e-06 0.8020155392
1.4624633760252567e-06 0.8012093235200001  5.264868153690924e-07 0.8007255941120001
1.8953525353291194e-07 0.8004353564672001  6.82326912718715e-08 0.8002612138803201
2.456376885786678e-08 0.8001567283281921  8.842956788836216e-09 0.8000940369969153
3.1834644439835434e-09 0.8000564221981492  1.1460471998340758e-09 0.8000338533188895
4.125769919393652e-10 0.8000203119913337  1.485277170987127e-10 0.8000121871948003
"""
"""As the notebook prints them: error and prediction of each iteration. One product and one difference are the
same on every machine, and so not a digit may differ."""


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def pairs(text):
    words = text.split()
    return list(zip(words[::2], words[1::2], strict=True))


def printed(outcome, number, *names):
    rows = [row for row in outcome.rows if row["run"] == number]
    assert [row["iteration"] for row in rows] == list(range(len(rows)))
    return [tuple(str(row[name]) for name in names) for row in rows]


@pytest.mark.parametrize(("number", "published"), [(1, FIRST), (2, SECOND), (3, THIRD), (4, FOURTH)])
def test_every_line_of_every_listing(number, published):
    assert printed(run(), number, "error", "prediction") == pairs(published)


def test_what_the_second_run_prints_besides():
    outcome = run()
    assert [weight for (weight,) in printed(outcome, 2, "weight")] == SECOND_WEIGHTS.split()
    assert printed(outcome, 2, "delta", "weight_delta") == pairs(SECOND_DELTAS)


def test_a_person_sees_the_lines_of_the_listing():
    """In the columns of the book, with its digits; delta and weight_delta where it has them."""
    first, second, deltas, third, fourth = run().tables
    for table, published in zip((first, second, third, fourth), (FIRST, SECOND, THIRD, FOURTH), strict=True):
        assert table.headings[:3] == ["iteration", "error", "prediction"]
        assert [tuple(row[1:3]) for row in table.rows] == pairs(published)
    assert deltas.headings == ["iteration", "delta", "weight_delta"]
    assert [tuple(row[1:]) for row in deltas.rows] == pairs(SECOND_DELTAS)


def test_where_the_runs_end():
    outcome = run()
    assert [end["stable_learning_rate"] for end in outcome.result["runs"]] == pytest.approx(
        [8, 2 / 1.21, 0.5, 0.5]
    )
    for end, weight, goal in zip(outcome.result["runs"], (0.5, 0, 0.5, 0.5), (0.8,) * 4, strict=True):
        assert end["overflowed_at"] is None
        assert end["error"] == pytest.approx((end["prediction"] - goal) ** 2)
        assert end["weight"] != weight
    assert outcome.result["stable_learning_rate"] == 0.5
    assert "Run 3 is diverging: alpha 1 is not below 2/input² = 0.5" in outcome.notice


def test_what_is_named_makes_one_run():
    """Of what is not named the first run has the value."""
    outcome = run(input=2.0)
    assert {row["run"] for row in outcome.rows} == {1}
    assert printed(outcome, 1, "error", "prediction") == pairs(THIRD)
    assert [table.headings[1] for table in outcome.tables] == ["error", "delta"]
    assert printed(run(weight=0.0, input=1.1, iterations=4), 1, "error", "prediction") == pairs(SECOND)
    for field in setting_fields(LESSON.settings):
        assert field.default is None
        assert len(run(**{field.name: 1}).result["runs"]) == 1


@pytest.mark.parametrize("rate", ["0.1", "0.45", "0.55"])
def test_the_recursion_in_exact_fractions(rate):
    """delta is multiplied by 1 - alpha · input² each time."""
    outcome = run(weight=0.25, goal=0.75, input=2.0, learning_rate=float(rate), iterations=30)
    factor = 1 - Fraction(rate) * 4
    for row in outcome.rows:
        delta = Fraction(-1, 4) * factor ** row["iteration"]
        assert row["delta"] == pytest.approx(float(delta), rel=1e-9, abs=1e-12)
    assert ("diverging" in outcome.notice) == (rate == "0.55")


def test_divergence_is_followed_until_it_overflows():
    outcome = run(input=3.0, iterations=100_000)
    # Each update multiplies delta by -8; the error is its square.
    steps = ceil((1024 * log(2) / 2 - log(0.7)) / log(8))
    assert len(outcome.rows) == steps
    assert all(isfinite(row["error"]) for row in outcome.rows)
    assert outcome.result["overflowed_at"] == steps
    assert f"until at iteration {steps} the numbers overflow" in outcome.notice


def test_a_rate_that_is_too_large_for_any_number():
    outcome = run(learning_rate=1e308, input=1e6)
    assert outcome.result["overflowed_at"] == 1
    assert len(outcome.rows) == 1


def test_an_input_of_nothing_learns_nothing():
    outcome = run(input=0.0)
    assert {row["weight"] for row in outcome.rows} == {0.5}
    assert outcome.result["stable_learning_rate"] == inf
    assert "nothing is learned" in outcome.notice
