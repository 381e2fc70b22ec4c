"""A neuron with a threshold, against Python's own `and` and `or`."""

import pytest

from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import load

LESSON = load("threshold")


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def test_the_truth_tables():
    outcome = run()
    for row in outcome.rows:
        a, b = row["inputs"]
        truth = (a and b) if row["gate"] == "AND" else (a or b)
        assert row["answer"] == row["wanted"] == truth
        assert row["total"] == a + b
    assert [row["gate"] for row in outcome.rows] == ["AND"] * 4 + ["OR"] * 4
    assert [row["inputs"] for row in outcome.rows] == [[0, 0], [0, 1], [1, 0], [1, 1]] * 2
    assert outcome.result == {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "and_right": 4, "or_right": 4}


def test_a_tie_answers_no():
    outcome = run(and_threshold=2.0, or_threshold=0.0)
    assert outcome.result["and"] == [0, 0, 0, 0]
    assert outcome.result["or"] == [0, 1, 1, 1]
    assert (outcome.result["and_right"], outcome.result["or_right"]) == (3, 4)
    assert "AND for 1 of 4" in outcome.notice


@pytest.mark.parametrize(
    ("weights", "threshold"),
    [((-1.0, -1.0), -1.5), ((2.0, -3.0), 0.5), ((1e308, 1e308), 1.0), ((0.0, 0.0), 0.0)],
)
def test_other_weights(weights, threshold):
    settings = LESSON.settings(weights=weights, and_threshold=threshold)
    outcome = LESSON.run(settings)
    totals = [a * weights[0] + b * weights[1] for a in (0, 1) for b in (0, 1)]
    assert outcome.result["and"] == [int(total > threshold) for total in totals]
    figure = new_figure()
    LESSON.plot(settings, outcome, figure)
    assert file_of(figure)


def test_no_line_answers_xor():
    """Whatever the weights and the threshold: a grid of them, and what the lesson says of it."""
    steps = [step / 4 for step in range(-8, 9)]
    xor = [0, 1, 1, 0]
    for w1 in steps:
        for w2 in steps:
            totals = [0, w2, w1, w1 + w2]
            assert not any([int(total > t) for total in totals] == xor for t in steps)
    assert "xor" in run().notice
