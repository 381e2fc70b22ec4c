"""Letters are whole, lines are as wide as asked, and no text breaks the drawing."""

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnistgd.errors import FontError
from mnistgd.figures import letters
from mnistgd.figures.captions import class_title
from mnistgd.figures.letters import SIGNS, can_draw, drawable_signs, has, use_font
from mnistgd.figures.text import INK, _runs, fitted_mask, label, line_height, text_mask, text_width

ASCII = "".join(map(chr, range(0x21, 0x7F)))
FONT_HAS = sorted(set(ASCII) | set("©«°±´·»‘’“”…‹›⁄™"))
HOSTILE = st.text(st.characters(codec=None), max_size=60)  # any code point, lone surrogates included


def ink(picture: Image.Image) -> float:
    return float(np.asarray(picture.convert("L"), dtype=float).sum())


@pytest.fixture
def own() -> bytes:
    """What the font that Pillow carries makes of a line."""
    use_font()
    return text_mask("digit 2", 28).tobytes()


@pytest.fixture
def dejavu() -> Iterator[str]:
    """The font DejaVu Sans, which has Greek, Cyrillic and Arabic but no Japanese, and is named."""
    matplotlib = pytest.importorskip("matplotlib")
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    use_font(str(path), path.read_bytes)
    yield str(path)
    use_font()


def part_of(file: str, signs: str, em: int | None = None) -> bytes:
    """A font that has only some signs, and whose letters are 2,048 / `em` times as large as they were."""
    subset, tables = pytest.importorskip("fontTools.subset"), pytest.importorskip("fontTools.ttLib")
    font, stream = tables.TTFont(file), io.BytesIO()
    subsetter = subset.Subsetter(subset.Options(drop_tables=["FFTM", "GSUB", "GPOS", "GDEF"]))
    subsetter.populate(text=signs)
    subsetter.subset(font)
    font["head"].unitsPerEm = em or font["head"].unitsPerEm
    font.save(stream)
    return stream.getvalue()


def test_which_signs_the_font_of_pillow_has() -> None:
    assert [
        sign for sign in [*map(chr, range(0x21, 0x250)), *FONT_HAS] if has(sign) != (sign in FONT_HAS)
    ] == []
    assert not any(map(has, [*SIGNS, "é", "\u0301", "お", "ألف"[0], "👕"]))


@pytest.mark.parametrize("sign", [*FONT_HAS, *SIGNS])
def test_no_sign_is_clipped(sign: str) -> None:
    alone, between = text_mask(sign, 40), text_mask(f"n{sign}n", 40)
    assert ink(alone) > 0
    if sign != "⁄":  # which lies over its neighbours
        assert ink(between) - ink(text_mask("nn", 40)) == pytest.approx(ink(alone), rel=0.02)
    rows = np.asarray(between)
    assert rows[0].max() == rows[-1].max() == 0


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a\tb\r\nc", "a b c"),
        ("\x1b[31mred\x07\x00", "[31mred"),
        ("²½ǆＡ", "21⁄2dzA"),
        ("Straße Øre", "Strasse Ore"),
        ("shirt 👕", "shirt"),
        ("猫", "?"),
        ("\u200e\u2028 \u00a0", ""),
        ("\u0301e", "e"),
        ("Ếx̂ Ǿ naïve", "Ex O naive"),
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


def test_it_is_kept_which_letters_are_lacking() -> None:
    use_font()
    assert class_title(("5 × 7 → −9", "\u200e\ta"), 0) == "5 × 7 → −9"
    assert not letters.lacking
    label("Débardeur, été", 20)
    class_title(("コート",), 0)
    assert list(letters.lacking) == ["é", "コ", "ー", "ト"]
    use_font()
    assert not letters.lacking


@pytest.mark.parametrize("text", ["Débardeur", "Κλάση", "Кот 1", "Straße Øre", "ألف", "x̂", "٣", "Ế"])
def test_a_named_font_draws_what_it_has(own: bytes, dejavu: str, text: str) -> None:
    assert can_draw(text)
    assert class_title((text,), 0) == text
    assert drawable_signs(text) == (unicodedata.normalize("NFC", text), True)
    assert not letters.lacking
    mask = text_mask(text, 28)
    assert mask.height == line_height(28)
    assert ink(mask) > 0
    assert max(mask.getpixel((x, y)) for x in range(mask.width) for y in (0, mask.height - 1)) < 85
    assert text_mask("digit 2", 28).tobytes() != own
    use_font()
    assert text_mask("digit 2", 28).tobytes() == own


def test_what_a_named_font_lacks_is_drawn_as_ever(dejavu: str) -> None:
    assert class_title(("コート", "お"), 1) == "class 1"
    assert list(letters.lacking) == ["お"]
    plain = part_of(dejavu, ASCII)
    use_font("plain.ttf", lambda: plain)
    # It has neither an arrow nor three dots.
    assert drawable_signs("é → ß…") == ("e → ss...", True)
    assert label("−9 → 5", 20).width > label("9 5", 20).width
    assert fitted_mask("Ankle boot " * 9, 14, 100).width <= 100


def test_the_font_is_not_read_before_words_are_drawn() -> None:
    def read() -> bytes:
        raise FontError("read")

    use_font("no.ttf", read)
    for draw in (text_width, can_draw, lambda text: label(text, 20), lambda text: class_title(text, 0)):
        with pytest.raises(FontError, match="read"):
            draw("9")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda font: b"", "no font|not a font"),
        (lambda font: b"meow\n", "not a font"),
        (lambda font: Path(font).read_bytes()[:300_000], "damaged"),
        (lambda font: part_of(font, "abcde"), "lacks digits"),
        (lambda font: part_of(font, ASCII.replace("%", "")), "lacks digits, letters or signs"),
        (lambda font: part_of(font, ASCII, em=16), "damaged"),  # letters of 5,000 × 5,000 pixels
    ],
)
def test_a_font_that_cannot_be_used_is_refused(dejavu: str, make, words: str) -> None:
    content = make(dejavu)
    use_font("bad.ttf", lambda: content)
    for _ in range(2):
        with pytest.raises(FontError, match=words) as refused:
            label("digit 2", 20)
        assert "bad.ttf" in refused.value.message
        assert refused.value.hint


def test_names_that_are_read_from_the_right_keep_their_places_in_a_line() -> None:
    arabic, hebrew = "حذاء رياضي", "אֶחָד"
    assert "".join(_runs(f"{arabic} → {hebrew}, 9%")) == f"{arabic} → {hebrew}, 9%"
    assert [run for run in _runs(f"{arabic} → {hebrew}, 9%") if run.strip()] == [arabic, "→", hebrew, ", 9%"]
    assert [run for run in _runs(f"a {hebrew} {arabic}") if run.strip()] == ["a ", f"{hebrew} {arabic}"]


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
