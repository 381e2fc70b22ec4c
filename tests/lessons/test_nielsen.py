"""The first network of Nielsen's book: against the command that it is, and the published darkness."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnistgd.lessons import load, nielsen
from mnistgd.lessons.nielsen import Settings, darkness, recipe

LESSON = load("nielsen")


def test_darkness_alone_is_right_for_as_many_as_published(mnist):
    """2225 of 10,000, exactly: sums of whole numbers, of which none is near the middle of two means."""
    dark = darkness(mnist)
    assert dark.right == 2225
    assert dark.means[1] == min(dark.means)
    assert dark.means[0] == max(dark.means)
    means = [
        mnist.train_images[:50_000][mnist.train_labels[:50_000] == digit].mean() / 255 for digit in range(10)
    ]
    assert dark.means == pytest.approx(means)


def test_a_class_without_images_is_nobodys_answer(mnist):
    rows = np.flatnonzero(mnist.train_labels != 1)[:500]
    fewer = dataclasses.replace(
        mnist, train_images=mnist.train_images[rows], train_labels=mnist.train_labels[rows]
    )
    dark = darkness(fewer)
    assert dark.means[1] == np.inf
    assert 0 < dark.right < 2225


def test_the_recipe_is_the_book_s():
    settings = recipe(Settings())
    assert settings.layer_sizes(10) == [(784, 30), (30, 10)]
    assert (settings.activation, settings.output, settings.loss) == ("sigmoid", "sigmoid", "squared-error")
    assert (settings.init, settings.schedule, settings.optimizer) == ("normal", "constant", "sgd")
    assert (settings.learning_rate, settings.batch_size, settings.epochs) == (3.0, 10, 30)


def test_the_first_epoch(monkeypatch, mnist):
    """The book's own runs begin at about 9,100 of 10,000; it says of no weights which they were."""
    monkeypatch.setattr(nielsen, "bring", lambda settings: mnist)
    outcome = LESSON.run(Settings(epochs=1))
    assert outcome.result["test_accuracy"] > 0.88
    assert outcome.tables[-1].rows == [["0", f"{outcome.rows[0]['right']} / 10000"]]


@pytest.mark.long
def test_all_epochs(monkeypatch, mnist):
    """About 95 %: the book has 95.42 % at its best epoch, and each seed another."""
    monkeypatch.setattr(nielsen, "bring", lambda settings: mnist)
    outcome = LESSON.run(Settings())
    assert len(outcome.rows) == 30
    assert 0.94 < outcome.result["test_accuracy"] < 0.96
    assert outcome.result["best_test_accuracy"] == max(row["accuracy"] for row in outcome.rows)


@pytest.mark.parametrize(("rate", "words"), [(1e38, "It diverges"), (100.0, "it learns nothing")])
def test_a_rate_that_is_too_large_is_said_to_be(few, rate, words):
    settings = Settings(epochs=1, learning_rate=rate, data=str(few))
    outcome = LESSON.run(settings)
    assert words in outcome.notice
    figure = Figure()
    LESSON.plot(settings, outcome, figure)
    figure.draw_without_rendering()
