"""Tanh and softmax on a thousand images: against the printed figures; and slopes, against differences."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnistgd.lessons import activations, load
from mnistgd.lessons.activations import FORMULAS, BookTanh, Settings, slopes

LESSON = load("activations")


def printed():
    lines = (Path(__file__).parent / "printed" / "activations.txt").read_text().splitlines()
    return [[part.split(":")[1] for part in line.split()] for line in lines]


@pytest.fixture
def run(monkeypatch, mnist):
    """Run the lesson with MNIST from this package."""
    monkeypatch.setattr(activations, "bring", lambda settings: mnist)
    return lambda **settings: LESSON.run(Settings(**settings))


# To the last digit, and with no margin, as the figures of overfitting are.
def test_the_printed_figures(run):
    assert run(iterations=11).tables[-1].rows == printed()[:2]


@pytest.mark.long
def test_all_printed_figures(run):
    outcome = run()
    assert [row for row in outcome.tables[-1].rows if row in printed()] == printed()
    assert outcome.rows[-1]["iteration"] == 299
    assert round(outcome.result["test_accuracy"], 2) == 0.87


def test_the_slopes_are_those_of_the_functions():
    """By central differences; softmax along the input of the same place."""
    places, step = np.array(activations.PLACES), 1e-6
    functions = {
        "relu": lambda x: np.maximum(x, 0),
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "tanh": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
        "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    }
    assert set(FORMULAS) == set(functions)
    for name, function in functions.items():
        outputs, slope = slopes(name, places)
        assert outputs == pytest.approx(function(places))
        for k, moved in enumerate(step * np.eye(len(places))):
            difference = (function(places + moved) - function(places - moved))[k] / (2 * step)
            assert slope[k] == pytest.approx(difference, abs=1e-8)


def test_the_formulas_are_of_the_output_alone():
    words = {" if output > 0, else 0": " * (output > 0)", "−": "-", "·": "*", "²": "**2"}
    for name, formula in FORMULAS.items():
        for sign, code in words.items():
            formula = formula.replace(sign, code)
        output, slope = slopes(name, np.array(activations.PLACES))
        assert slope == pytest.approx(eval(formula, {"output": output}))


def test_the_slope_of_the_book_is_of_what_the_mask_has_doubled():
    inputs = np.array([[0.2, 0.4, 0.6, 0.8]])
    outputs, backward = BookTanh(np.random.RandomState(1)).forward({}, inputs)
    assert np.allclose(outputs, [[2 * np.tanh(0.2), 2 * np.tanh(0.4), 0, 0]])
    assert np.allclose(backward(np.ones((1, 4)))[0], [[1 - outputs[0, 0] ** 2, 1 - outputs[0, 1] ** 2, 0, 0]])
    outputs, backward = BookTanh().forward({}, inputs)
    assert np.allclose(backward(np.ones((1, 4)))[0], 1 - np.tanh(inputs) ** 2)


def test_at_a_tiny_rate_no_total_is_said_to_be_large(run):
    notice = run(learning_rate=1e-9, iterations=2).notice
    assert notice == "At a learning rate of 1e-09 nothing is learned: its steps are too short."


def test_a_rate_at_which_nothing_is_learned_is_said_to_be_one(run):
    assert run(learning_rate=1000, iterations=2).notice.startswith(
        "At a learning rate of 1000 nothing is learned"
    )
    assert run(learning_rate=1e300, iterations=2).notice.startswith("It diverges")


def test_the_plot_shows_activations_slopes_and_accuracy(run):
    settings, figure = Settings(iterations=1), Figure()
    LESSON.plot(settings, run(iterations=1), figure)
    outputs, derivatives, accuracies = figure.axes
    assert [line.get_label() for line in outputs.lines] == [line.get_label() for line in derivatives.lines]
    assert [line.get_label() for line in accuracies.lines] == ["train images", "test images"]
    figure.draw_without_rendering()
