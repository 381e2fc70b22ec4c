"""What people really draw, kind by kind; ``tests/bench/handwriting.py`` prints how many of each are read."""

import numpy as np
import pytest
from PIL import Image

from mnistgd.errors import ImageError
from mnistgd.handwriting.paper import on_paper
from mnistgd.handwriting.pictures import Picture
from mnistgd.handwriting.read import read

SINGLE = [
    "A box",
    "B cell",
    "C corner",
    "D line",
    "D2 underline",
    "E tilted box",
    "F shadow",
    "G scribbled",
    "H uneven",
    "T touched",
]


def seen(picture):
    """What the network is shown; blank if no digit is found."""
    try:
        return read(Picture("test", picture.size, on_paper(picture, 1))).pixels
    except ImageError:
        return np.zeros((28, 28), np.uint8)


@pytest.fixture(scope="module")
def hand(kinds, handwriting, mnist):
    return kinds.Hand(handwriting, mnist.test_images, mnist.test_labels)


def test_every_kind_is_listed(kinds):
    assert {"plain", *SINGLE} == set(kinds.SINGLE)


def share_read(kind, count, kinds, hand, reader):
    found, digits = zip(
        *((seen(picture), digit) for picture, digit in kinds.pictures(kind, count, hand)), strict=True
    )
    return float(np.mean(reader(np.stack(found)) == np.array(digits)))


def test_a_few_of_every_kind_are_read(kinds, hand, better_reader):
    assert np.mean([share_read(kind, 5, kinds, hand, better_reader) for kind in SINGLE]) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("kind", SINGLE)
def test_nearly_all_of_a_kind_are_read(kind, kinds, hand, better_reader):
    assert share_read(kind, 100, kinds, hand, better_reader) >= 0.95


def count_flagged(pictures):
    """How many are refused, or said to show more or less than one digit."""
    flagged = 0
    for picture, _ in pictures:
        try:
            flagged += read(Picture("test", picture.size, on_paper(picture, 1))).found != 1
        except ImageError:
            flagged += 1
    return flagged


@pytest.mark.parametrize("kind", ["M several", "N on a line"])
def test_several_digits_are_told_of(kind, kinds, hand):
    assert count_flagged(kinds.pictures(kind, 20, hand)) >= 18


def test_one_digit_is_one(kinds, hand, mnist):
    as_they_are = ((Image.fromarray(image), None) for image in mnist.test_images[:400])
    assert count_flagged(as_they_are) + count_flagged(kinds.pictures("plain", 100, hand)) <= 1


def test_what_is_left_of_a_frame_is_no_other_digit(kinds, hand):
    assert sum(count_flagged(kinds.pictures(kind, 80, hand)) for kind in ("A box", "E tilted box")) <= 2


@pytest.mark.parametrize(
    ("kind", "least"),
    [("boot", 18), ("small boot", 18), ("house", 18), ("face", 10), ("words", 18), ("scrawl", 12)],
)
def test_much_that_is_no_digit_is_told_of(kind, least, kinds, hand):
    assert count_flagged(kinds.pictures(kind, 20, hand)) >= least


@pytest.mark.slow
def test_of_single_digits_less_than_one_in_a_hundred_is_flagged(kinds, hand):
    # Of 1,100 four, two of them in tilted boxes.
    assert sum(count_flagged(kinds.pictures(kind, 100, hand)) for kind in kinds.SINGLE) <= 8
