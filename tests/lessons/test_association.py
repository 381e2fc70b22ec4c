"""The network that cleans, against the best of its kind and against scikit-learn's reader."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestCentroid

from mnistgd.lessons import load
from mnistgd.lessons.association import clean

LESSON = load("association")
NOISE = 0.2


@pytest.fixture(scope="module")
def digits():
    loaded = load_digits()
    return loaded.data / 16, loaded.target


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


@pytest.fixture(scope="module")
def cleaning(digits):
    return clean(digits[0], LESSON.settings())


def test_more_than_half_of_the_error_is_gone(outcome):
    assert outcome.result["mse_cleaned"] < outcome.result["mse_dirty"] / 2
    assert [row["epoch"] for row in outcome.rows] == list(range(1, 21))


def test_the_noise_is_what_it_is_said_to_be(digits, cleaning, outcome):
    """Of a pixel x, replaced by u uniform on [0, 1]: the mean of (x - u)² is x² - x + 1/3."""
    true = digits[0][1347:]
    assert np.array_equal(cleaning.true, true)
    changed = cleaning.dirty != true
    assert changed.mean() == pytest.approx(NOISE, abs=0.01)
    assert cleaning.dirty[changed].mean() == pytest.approx(1 / 2, abs=0.01)
    assert cleaning.dirty[changed].var() == pytest.approx(1 / 12, abs=0.005)
    expected = NOISE * (true**2 - true + 1 / 3).mean()
    assert outcome.result["mse_dirty"] == pytest.approx(expected, rel=0.03)


def test_it_comes_near_the_best_linear_cleaner(digits, cleaning, outcome):
    """The normal equations, with the noise averaged over by hand.

    dirty = x with probability 1 - p, else u: E[dᵢ] = (1 - p) xᵢ + p/2, E[dᵢ²] = (1 - p) xᵢ² + p/3, and
    the noise of two pixels is independent.
    """
    train = digits[0][:1347]
    mean = np.c_[(1 - NOISE) * train + NOISE / 2, np.ones(len(train))]
    second = mean.T @ mean
    for i in range(64):
        second[i, i] = ((1 - NOISE) * train[:, i] ** 2 + NOISE / 3).sum()
    best = np.linalg.solve(second, mean.T @ train)
    cleaned = np.c_[cleaning.dirty, np.ones(450)] @ best
    least = ((cleaned - cleaning.true) ** 2).mean()
    assert outcome.result["mse_cleaned"] == pytest.approx(least, rel=0.03)
    assert np.abs(cleaning.cleaned - cleaned).mean() < 0.02


@pytest.mark.filterwarnings("ignore:self.within_class_std_dev_")
def test_the_reader_is_the_nearest_centroid(digits, cleaning, outcome):
    images, labels = digits
    reader = NearestCentroid().fit(images[:1347], labels[:1347])
    for name in ("true", "dirty", "cleaned"):
        expected = reader.score(getattr(cleaning, name), labels[1347:])
        assert outcome.result[f"accuracy_{name}"] == pytest.approx(expected)
        assert f"{expected:.1%}" in outcome.notice


def test_figures_are_those_of_the_pictures(cleaning, outcome):
    for name in ("dirty", "cleaned"):
        error = np.mean(np.square(getattr(cleaning, name) - cleaning.true))
        assert outcome.result[f"mse_{name}"] == pytest.approx(error)
    # What is measured while training is of other pictures, but not of others by much.
    assert outcome.rows[-1]["mse"] == pytest.approx(outcome.result["mse_cleaned"], rel=0.1)


def test_the_seed_decides(outcome):
    assert LESSON.run(LESSON.settings()) == outcome
    assert (
        LESSON.run(LESSON.settings(seed=1, epochs=1)).result != LESSON.run(LESSON.settings(epochs=1)).result
    )


def test_without_noise_there_is_nothing_to_clean():
    outcome = LESSON.run(LESSON.settings(noise=0, epochs=2))
    assert outcome.result["mse_dirty"] == 0
    assert outcome.result["accuracy_dirty"] == outcome.result["accuracy_true"]
    assert "little to clean" in outcome.notice


def test_a_divergence_is_shown_until_it_overflows():
    outcome = LESSON.run(LESSON.settings(learning_rate=0.2))
    errors = [row["mse"] for row in outcome.rows]
    assert errors == sorted(errors)
    assert errors[-1] > 1e100
    assert outcome.result["overflowed_in_epoch"] == len(errors) + 1
    assert "diverges" in outcome.notice
    assert "overflow" in outcome.notice
    at_once = LESSON.run(LESSON.settings(learning_rate=1e308))
    assert at_once.rows == []
    assert at_once.result["overflowed_in_epoch"] == 1

    before = LESSON.run(LESSON.settings(learning_rate=0.2, epochs=3))
    assert before.result["overflowed_in_epoch"] is None
    assert before.notice.startswith("It diverges")
    assert math.isfinite(before.result["mse_cleaned"])


@pytest.mark.parametrize("settings", [{}, {"learning_rate": 1e308}, {"learning_rate": 0.2, "epochs": 3}])
def test_the_plot_shows_ten_of_each(settings, digits):
    settings = LESSON.settings(**settings)
    outcome, figure = LESSON.run(settings), Figure()
    LESSON.plot(settings, outcome, figure)
    *lines, _bar = figure.axes
    assert len(lines) == 3
    test_images, test_labels = digits[0][1347:], digits[1][1347:]
    true = lines[2].images[0].get_array()
    for digit in range(10):
        first = test_images[test_labels == digit][0]
        assert np.array_equal(true[:, 9 * digit : 9 * digit + 8].ravel(), first)
    figure.draw_without_rendering()
