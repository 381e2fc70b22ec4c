"""What a legend says is true: its colours, its numbers and its words."""

from colorsys import rgb_to_hsv

import numpy as np
import pytest
from PIL import Image, ImageColor

from mnistgd.figures.legend import colour_bar, legend, plain, signed
from mnistgd.figures.palettes import PALETTES
from mnistgd.figures.text import INK, text_mask


def where(text: str, size: int, picture: Image.Image) -> list[tuple[int, int]]:
    """Every place (left, top) at which exactly this text is written."""
    mask = np.asarray(text_mask(text, size), dtype=int)
    dark = 255 - np.asarray(picture.convert("L"), dtype=int)
    expected = mask * (255 - INK[0]) / 255
    height, width = mask.shape
    possible = np.ones((dark.shape[0] - height + 1, dark.shape[1] - width + 1), dtype=bool)
    for y, x in np.argwhere(mask > 200)[:40]:  # quickly rules most places out
        seen = dark[y : y + possible.shape[0], x : x + possible.shape[1]]
        possible &= np.abs(seen - expected[y, x]) < 2
    return [
        (int(x), int(y))
        for y, x in np.argwhere(possible)
        if np.abs(dark[y : y + height, x : x + width] - expected).max() < 2
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.51323, "+1.51"), (-0.68, "−0.680"), (0, "0"), (-0.0, "0"), (99.96, "+100"), (0.00123456, "+0.00123"),
     (1e6, "+1.00e+06"), (5e-324, "+4.94e-324"), (1.7e308, "+1.70e+308")],
)  # fmt: skip
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert signed(value) == text
    assert plain(abs(value)) == text.lstrip("+−")


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("width", [241, 560, 900])
def test_a_bar_goes_from_one_end_of_the_palette_to_the_other(palette, width: int) -> None:
    bar = np.asarray(colour_bar(palette, width, 7))
    assert bar.shape == (7, width, 3)
    assert (bar == bar[0]).all()
    np.testing.assert_array_equal(bar[0, [0, -1]], palette.colours([-1, 1]))
    for x in range(width):
        expected = palette.colours(2 * x / (width - 1) - 1).astype(int)
        assert abs(bar[0, x] - expected).max() <= 1  # a channel at a half may be rounded either way


@pytest.mark.parametrize("width", [240, 560])
def test_numbers_stand_at_the_ends_and_the_middle_of_the_bar(width: int) -> None:
    picture = legend(1.51323, PALETTES["grokking"], width)
    assert picture.width == width
    ((low, row),) = where("−1.51", 15, picture)
    ((high, same_row),) = where("+1.51", 15, picture)
    assert low == 0
    assert row == same_row
    assert high + text_mask("+1.51", 15).width == width
    zeros = [x for x, y in where("0", 15, picture) if y == row]
    middle = text_mask("0", 15).width / 2
    assert any(abs(x + middle - width / 2) <= 1 for x in zeros)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("width", [240, 560])
def test_the_words_name_every_colour_and_what_it_means(palette, width: int) -> None:
    picture = legend(0.5, palette, width)
    against, zero, speaks_for = palette.words
    for text in (
        f"{against}: ink here speaks against it",
        f"{zero}: no influence",
        f"{speaks_for}: ink here speaks for it",
    ):
        assert len(where(text, 14, picture)) == 1, text


def is_called(colour: tuple[int, int, int], word: str) -> bool:
    """Whether a colour is near that of its CSS name: as bright where that is a gray, else of the same hue."""
    named = ImageColor.getrgb(word)
    if min(named) == max(named):
        return max(abs(a - b) for a, b in zip(colour, named, strict=True)) < 40
    (hue, saturation, _), (wanted, _, _) = (rgb_to_hsv(*(c / 255 for c in rgb)) for rgb in (colour, named))
    return saturation > 0.5 and abs((hue - wanted + 0.5) % 1 - 0.5) < 30 / 360


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_the_words_of_a_palette_name_its_colours(palette) -> None:
    for word, colour in zip(palette.words, palette.colours([-1, 0, 1]).tolist(), strict=True):
        assert is_called(colour, word), word


@pytest.mark.parametrize(
    ("colour", "word"),
    [((255, 0, 0), "green"), ((255, 0, 0), "white"), ((128, 128, 128), "red"), ((0, 0, 255), "purple"),
     ((0, 0, 0), "gray"), ((255, 200, 200), "white"), ((255, 255, 0), "red"), ((120, 110, 130), "purple")],
)  # fmt: skip
def test_a_wrong_word_for_a_colour_is_noticed(colour: tuple[int, int, int], word: str) -> None:
    assert not is_called(colour, word)


def test_where_each_heatmap_has_its_own_limit_the_bar_says_so() -> None:
    picture = legend(None, PALETTES["gray"], 560)
    assert len(where("−limit", 15, picture)) == len(where("+limit", 15, picture)) == 1


def test_at_limit_zero_the_bar_is_of_one_colour_and_says_why() -> None:
    picture = legend(0.0, PALETTES["grokking"], 300)
    assert (np.asarray(picture)[1:16, 1:-1] == [255, 0, 0]).all()
    assert len(where("red: no influence", 14, picture)) == 1
    ((left, _),) = where("0", 15, picture)
    assert abs(left + text_mask("0", 15).width / 2 - 150) <= 1


def test_another_meaning_can_be_given() -> None:
    picture = legend(1, PALETTES["diverging"], 700, meaning=("larger in B", "equal", "larger in A"))
    assert len(where("blue: larger in A", 14, picture)) == 1
