"""What is written above an image that was taken for another: names may be cut, the number never."""

import re
from typing import NamedTuple

import numpy as np
import pytest

from mnistgd.figures import mistakes
from mnistgd.figures.blocks import Screen
from mnistgd.figures.captions import class_name
from mnistgd.figures.columns import text_columns
from mnistgd.figures.mistakes import mistake_caption, mistake_drawings, mistakes_abreast, mistakes_sheet
from mnistgd.figures.text import text_width

CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
LONG = tuple(f"{digit} is a class with a name of forty signs"[:40] for digit in range(10))


class Wrong(NamedTuple):
    label: int
    answer: int
    probability: float
    index: int = 59_999
    image: np.ndarray = np.zeros((28, 28), np.uint8)


@pytest.mark.parametrize("names", ["0123456789", CLOTHES, LONG, ("あ" * 40, *"bcdefghij")])
@pytest.mark.parametrize("probability", [1.0, 0.974, 0.05])
def test_a_caption_may_cut_names_but_never_the_number(names, probability):
    """In the width of a picture, and in that of a drawing in the terminal, also of one made smaller."""
    drawn = [class_name(names, k) for k in range(10)]
    for label, answer in ((0, 1), (9, 0), (3, 9)):
        mistake = Wrong(label, answer, probability)
        for width in (28, 14, 7):
            caption = mistake_caption(mistake, names, lambda text, width=width: text_columns(text) <= width)
            assert text_columns(caption) <= width
            assert caption.endswith(f"{probability:.0%}")
            assert ("→" in caption) == (width > 7)
        caption = mistake_caption(mistake, drawn, lambda text: text_width(text) <= 196)
        assert re.fullmatch(rf".+ → .+, {probability:.0%}", caption)
        assert text_width(caption) <= 196


def test_a_caption_that_fits_is_whole():
    assert mistake_caption(Wrong(9, 1, 0.5), CLOTHES, lambda _: True) == "Ankle boot → Trouser, 50%"


@pytest.mark.parametrize(("columns", "count"), [(90, 6), (30, 2), (10, 2)])
def test_two_rows_are_as_long_as_the_terminal_is_wide(columns, count):
    screen = Screen(columns, "none")
    assert mistakes_abreast(28, screen) == count
    drawings = mistake_drawings([Wrong(0, 1, 0.9)] * count, CLOTHES, screen)
    assert len(drawings) == count
    assert all(text_columns(drawing.title) <= min(columns, 28) for drawing in drawings)


@pytest.mark.parametrize("names", ["0123456789", CLOTHES, LONG])
@pytest.mark.parametrize("columns", [80, 27, 13, 7])
def test_the_number_of_an_image_is_always_there(names, columns, monkeypatch):
    """It leads to ``explain --index``; half and a quarter of the size have room for less beside it."""
    (drawing,) = mistake_drawings([Wrong(2, 7, 0.974)], names, Screen(columns, "none"))
    wide = {80: 28, 27: 14, 13: 7, 7: 7}[columns]
    assert re.fullmatch(r"59999(: (.+ → .+, )?97%)?", drawing.title)
    assert text_columns(drawing.title) <= wide
    assert ("→" in drawing.title) == (wide == 28)
    assert ("%" in drawing.title) == (wide >= 14)

    captions = []
    draw = mistakes.contact_sheet
    monkeypatch.setattr(
        mistakes, "contact_sheet", lambda *a, **o: captions.extend(o["captions"]) or draw(*a, **o)
    )
    mistakes_sheet([Wrong(2, 7, 0.974)], names)
    assert [caption.splitlines()[1] for caption in captions] == ["image 59999"]


def test_long_names_get_a_wider_page():
    wrong = [Wrong(0, 1, 0.9)] * 8
    assert mistakes_sheet(wrong, "0123456789").width < mistakes_sheet(wrong, CLOTHES).width
    assert mistakes_sheet(wrong, "0123456789").width == mistakes_sheet(wrong, "ABCDWMabcd").width
