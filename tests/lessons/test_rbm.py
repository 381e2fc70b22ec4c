"""The machine against scikit-learn's own fit of it, in one go."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import BernoulliRBM

from mnistgd.lessons import load

LESSON = load("rbm")


@pytest.fixture(scope="module")
def digits():
    loaded = load_digits()
    return loaded.data / 16, loaded.target


def fitted(images, **settings):
    defaults = {"n_components": 16, "learning_rate": 0.06, "n_iter": 10, "batch_size": 10, "random_state": 0}
    return BernoulliRBM(**defaults | settings).fit(images)


@pytest.fixture(scope="module")
def outcome():
    return LESSON.run(LESSON.settings())


def test_each_iteration_is_a_fit_of_that_many(digits, outcome):
    images, _ = digits
    assert [row["iteration"] for row in outcome.rows] == list(range(1, 11))
    for iterations in (1, 4, 10):
        expected = fitted(images, n_iter=iterations).score_samples(images).mean()
        assert outcome.rows[iterations - 1]["pseudo_likelihood"] == pytest.approx(expected, rel=1e-12)
    assert outcome.result["pseudo_likelihood"] == outcome.rows[-1]["pseudo_likelihood"]


def test_both_readers(digits, outcome):
    images, labels = digits
    features = fitted(images[:1347]).transform(images)
    for name, seen in (("accuracy_raw", images), ("accuracy_rbm", features)):
        reader = LogisticRegression(max_iter=2000).fit(seen[:1347], labels[:1347])
        expected = reader.score(seen[1347:], labels[1347:])
        assert outcome.result[name] == pytest.approx(expected)
        assert f"{expected:.1%}" in outcome.notice
    assert "the pixels themselves are better" in outcome.notice


def test_options_reach_the_machine(digits):
    images, _ = digits
    outcome = LESSON.run(LESSON.settings(components=3, learning_rate=0.2, iterations=2, seed=7))
    other = fitted(images, n_components=3, learning_rate=0.2, n_iter=2, random_state=7)
    assert outcome.result["pseudo_likelihood"] == pytest.approx(other.score_samples(images).mean(), rel=1e-12)


def test_nothing_is_printed_and_nobody_is_warned(capfd):
    """At this rate sigmoids overflow and the features are all alike; warnings are errors in these tests."""
    outcome = LESSON.run(LESSON.settings(components=1, learning_rate=1000, iterations=1))
    assert outcome.result["accuracy_rbm"] < 0.2
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("components", [16, 3])
def test_the_plot_shows_every_component(digits, components):
    settings = LESSON.settings(components=components, iterations=2)
    outcome, figure = LESSON.run(settings), Figure()
    LESSON.plot(settings, outcome, figure)
    pictures = [axes.images[0] for axes in figure.axes if axes.images]
    expected = fitted(digits[0], n_components=components, n_iter=2).components_
    assert np.allclose([picture.get_array().ravel() for picture in pictures], expected)
    limit = np.abs(expected).max()
    assert {picture.get_clim() for picture in pictures} == {(-limit, limit)}
    figure.draw_without_rendering()
