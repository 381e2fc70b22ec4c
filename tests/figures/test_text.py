"""Letters are whole, lines are as wide as asked, and no text breaks the drawing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from mnistgd.figures.captions import class_title
from mnistgd.figures.letters import ACCENTS, BELOW, FONT_HAS, SIGNS, can_draw, drawable_signs
from mnistgd.figures.text import INK, fitted_mask, label, line_height, text_mask

HOSTILE = st.text(st.characters(codec=None), max_size=60)  # any code point, lone surrogates included


def ink(picture: Image.Image) -> float:
    return float(np.asarray(picture.convert("L"), dtype=float).sum())


def test_the_font_has_the_letters_that_are_said_to_be_in_it() -> None:
    font = ImageFont.load_default(40)
    absent = bytes(font.getmask("\uffff"))
    assert all(bytes(font.getmask(sign)) != absent for sign in FONT_HAS)
    assert all(bytes(font.getmask(sign)) == absent for sign in SIGNS)


@pytest.mark.parametrize("sign", sorted((FONT_HAS - {" "}) | set(SIGNS)))
def test_no_sign_is_clipped(sign: str) -> None:
    alone, between = text_mask(sign, 40), text_mask(f"n{sign}n", 40)
    assert ink(alone) > 0
    if sign != "⁄":  # which lies over its neighbours
        assert ink(between) - ink(text_mask("nn", 40)) == pytest.approx(ink(alone), rel=0.02)
    rows = np.asarray(between)
    assert rows[0].max() == rows[-1].max() == 0


@pytest.mark.parametrize("letter", "aeinucszAEINUCSZ")
@pytest.mark.parametrize("accent", ACCENTS)
def test_an_accent_leaves_its_letter_whole_and_stays_on_the_line(letter: str, accent: str) -> None:
    # Between two letters, where a wide accent does not move what it stands on.
    plain, accented = (
        np.asarray(text_mask(f"n{text}n", 40), dtype=int) for text in (letter, letter + accent)
    )
    assert plain.shape == accented.shape
    if letter == "i" and accent not in BELOW:
        plain[: 40 - 23] = 0  # an i gives up its dot
    assert (accented >= plain).all()
    assert (accented > plain).sum() > 10
    assert accented[0].max() == accented[-1].max() == 0


@pytest.mark.parametrize("accent", ACCENTS)
def test_an_accent_wider_than_its_letter_is_whole(accent: str) -> None:
    alone, between = text_mask("i" + accent, 40), text_mask(f"n{'i' + accent}n", 40)
    assert ink(between) - ink(text_mask("nn", 40)) == pytest.approx(ink(alone), rel=0.03)


def test_an_accented_i_has_no_dot() -> None:
    dotted, acute = np.asarray(text_mask("i", 60)), np.asarray(text_mask("í", 60))
    dot = np.flatnonzero(dotted.max(1))[0]
    assert dotted[dot + 4].max() == 255
    gap = acute[round(60 - 0.58 * 60)]
    assert gap.max() == 0


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a\tb\r\nc", "a b c"),
        ("\x1b[31mred\x07\x00", "[31mred"),
        ("²½ﬁＡ", "21⁄2fiA"),
        ("Straße Øre", "Strasse Ore"),
        ("shirt 👕", "shirt"),
        ("猫", "?"),
        ("\u200e\u2028 \u00a0", ""),
        ("\u0301e", "e"),
        ("\ud800x", "x"),
    ],
)
def test_what_a_text_is_drawn_as(text: str, drawn: str) -> None:
    assert drawable_signs(text)[0] == drawn


def test_class_titles() -> None:
    names = ("0", "9", "10", "Ankle boot", "Débardeur", "コート", "Кот 1", "👕", "", "\x1b", "٣")
    assert [class_title(names, index) for index in range(len(names))] == [
        "digit 0", "digit 9", "10", "Ankle boot", "Débardeur",
        "class 5", "class 6", "class 7", "class 8", "class 9", "class 10",
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(HOSTILE, st.integers(8, 40), st.integers(1, 200), st.sampled_from(["left", "centre", "right"]))
def test_any_text_fits_any_width(text: str, size: int, width: int, align) -> None:
    assert label(text, size, width, align).size == (width, line_height(size))
    can_draw(text)


@given(HOSTILE)
@settings(max_examples=30, deadline=None)
def test_text_that_fits_is_drawn_as_it_is(text: str) -> None:
    mask = text_mask(text, 14)
    assert fitted_mask(text, 14, mask.width).tobytes() == mask.tobytes()


def test_text_that_does_not_fit_is_first_smaller_then_cut_short() -> None:
    text = "A class name of sixty characters, counted by someone else too"
    natural = text_mask(text, 28).width
    smaller, cut = fitted_mask(text, 28, natural * 2 // 3), fitted_mask(text, 28, 150)
    assert natural * 0.6 < smaller.width <= natural * 2 // 3
    assert smaller.height == cut.height == line_height(28)
    # Cut short it ends in three dots: ink on the baseline, and nothing above.
    assert cut.width <= 150
    dots = text_mask("…", 12)
    end = cut.crop((cut.width - dots.width, 0, cut.width, cut.height))
    assert np.asarray(end)[: 28 - 3].max() == 0
    assert np.asarray(end)[28 - 3 :].max() > 100


def test_smaller_text_stays_on_its_line() -> None:
    # E stands on the baseline: its lowest inked row does not move when the line beside it forces it smaller.
    lowest = [
        np.flatnonzero(np.asarray(fitted_mask("E" * 20, 28, width)).max(1) > 100)[-1] for width in (999, 250)
    ]
    assert lowest[0] == lowest[1] == 27


def test_an_endless_name_is_drawn_in_no_time_and_space() -> None:
    assert label("x" * 1_000_000, 200, 4000).size == (4000, 260)


@pytest.mark.parametrize(("align", "side"), [("left", 0), ("right", -1)])
def test_text_lies_where_it_is_aligned(align, side: int) -> None:
    columns = np.flatnonzero((np.asarray(label("HH", 20, 200, align)) < 128).any((0, 2)))
    assert abs(columns[side] - (0, 199)[side]) <= 3
    columns = np.flatnonzero((np.asarray(label("HH", 20, 200)) < 128).any((0, 2)))
    assert abs(columns[0] - (199 - columns[-1])) <= 3


def test_letters_are_inked() -> None:
    assert tuple(np.asarray(label("—", 40))[28:31, 10:20].reshape(-1, 3).min(0)) == INK
