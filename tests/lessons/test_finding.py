"""What is meant by words that are the name of no lesson."""

import pytest

from mnistgd.lessons import LESSONS
from mnistgd.lessons.finding import meant


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("tose", "do you mean toes?"),
        ("constant_inputs", "do you mean constant-inputs?"),
        ("hotcold", "do you mean hot-cold?"),
        ("hot and cold", "do you mean hot-cold?"),
        ("Street Lights", "do you mean streetlights?"),
        ("backpropagation", "do you mean backprop?"),
        ("toes and fans", "do you mean toes?"),
        ("perceptron", "do you mean threshold?"),
        ("momentum", "do you mean optimizers?"),
        ("cross entropy", "do you mean saturation?"),
        ("Boltzmann", "do you mean rbm?"),
        ("4", "Grokking 4 has hot-cold, one-weight"),
        ("chapter4", "Grokking 4 has hot-cold, one-weight"),
        ("Trask, ch. 4", "Grokking 4 has hot-cold, one-weight"),
        ("nielsen2", "Nielsen 2 has backprop"),
        ("grokking 15", "mnistgd lesson --book grokking"),
        ("15", "mnistgd lesson --book grokking"),
        ("Nielsen, chapter 5", "mnistgd lesson --book nielsen"),
        ("Trask", "mnistgd lesson --book grokking"),
        ("trask dropout", "do you mean overfitting?"),
    ],
)
def test_what_is_meant(words, hint):
    assert meant(words) == hint


def test_a_chapter_that_both_books_have():
    assert meant("chapter 3").startswith("Grokking 3 has forward; Nielsen 3 has saturation")


@pytest.mark.parametrize("words", ["zzz", "", "-", "9" * 5000, "\0", "٣", "²", "the and of"])
def test_a_word_like_none_lists_them_all(words):
    assert meant(words) in (f"lessons: {', '.join(LESSONS)}", meant("3"))


@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_is_found_by_its_name_and_by_its_title(name):
    assert meant(name) == f"do you mean {name}?"
    assert meant(name.replace("-", "")) == f"do you mean {name}?"
    assert name in meant(LESSONS[name].title)
