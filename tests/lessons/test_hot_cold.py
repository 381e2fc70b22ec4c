"""Hot and cold learning, against what the notebook prints, and its listing in plain Python."""

import pytest

from mnistgd.lessons import load

LESSON = load("hot-cold")


def run(**settings):
    return LESSON.run(LESSON.settings(**settings))


def listing(step, iterations):
    weight, found = 0.5, []
    for _ in range(iterations):
        prediction = 0.5 * weight
        found.append(((prediction - 0.8) ** 2, prediction, weight))
        up = (0.8 - 0.5 * (weight + step)) ** 2
        down = (0.8 - 0.5 * (weight - step)) ** 2
        if down < up:
            weight = weight - step
        if down > up:
            weight = weight + step
    return found


def test_the_published_lines():
    rows = run().rows
    lines = [f"Error:{row['error']} Prediction:{row['prediction']}" for row in rows]
    assert lines[:4] == [
        "Error:0.30250000000000005 Prediction:0.25",
        "Error:0.3019502500000001 Prediction:0.2505",
        "Error:0.30140100000000003 Prediction:0.251",
        "Error:0.30085225 Prediction:0.2515",
    ]
    assert lines[63] == "Error:0.26884224999999995 Prediction:0.28150000000000003"
    assert lines[203] == "Error:0.20115224999999995 Prediction:0.3515000000000001"
    assert len(lines) == 1101


@pytest.mark.parametrize(("step", "iterations"), [(0.001, 1101), (0.2, 50), (0.07, 300), (1000.0, 9)])
def test_every_line_of_the_listing(step, iterations):
    """Products and differences of two numbers are the same on every machine: not a digit differs."""
    rows = run(step=step, iterations=iterations).rows
    assert [(row["error"], row["prediction"], row["weight"]) for row in rows] == listing(step, iterations)
    assert [row["iteration"] for row in rows] == list(range(iterations))


def test_a_person_sees_the_first_lines_and_the_last():
    outcome = run()
    table = outcome.tables[0]
    assert table.headings == ["iteration", "error", "prediction", "weight"]
    assert table.rows[0] == ["0", "0.30250000000000005", "0.25", "0.5"]
    assert table.rows[1] == ["1", "0.3019502500000001", "0.2505", "0.501"]
    assert [row[0] for row in table.rows[-2:]] == ["1099", "1100"]


def test_gradient_descent_is_there_fifty_times_as_soon():
    outcome = run()
    errors = [row["error"] for row in outcome.rows]
    assert outcome.result["close_at"] == next(i for i, error in enumerate(errors) if error < 1e-6) == 1099
    # Each step of gradient descent multiplies delta by 1 - input² = 0.75.
    error = 0.55**2
    steps = 0
    while error >= 1e-6:
        error, steps = error * 0.75**2, steps + 1
    assert outcome.result["gradient_descent"]["close_at"] == steps == 22
    assert "1,099 steps" in outcome.notice
    assert "needs 22" in outcome.notice


def test_a_step_that_does_not_fit_jumps_over_the_goal_for_ever():
    outcome = run(step=0.2)
    predictions = [row["prediction"] for row in outcome.rows]
    assert {round(value, 9) for value in predictions[10:]} == {0.75, 0.85}
    assert outcome.result["jumps"] == len(predictions) - 6
    assert outcome.result["least_error"] == pytest.approx(0.0025)
    assert outcome.result["close_at"] is None
    assert "jumps over the goal" in outcome.notice
    assert "jumps over the goal, " not in run().notice


def test_a_step_as_large_as_may_be_goes_nowhere():
    outcome = run(step=1e6, iterations=100)
    assert all(abs(row["weight"]) <= 1e6 + 1 for row in outcome.rows)


@pytest.mark.parametrize("iterations", [1, 2])
def test_hardly_begun(iterations):
    outcome = run(iterations=iterations)
    assert len(outcome.rows) == len(outcome.tables[0].rows) == iterations
    assert outcome.result["jumps"] == 0
