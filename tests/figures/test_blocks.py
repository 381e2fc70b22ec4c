"""Pictures in the terminal, read back by rich's own reader of terminal codes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from PIL import Image, ImageCms
from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console

from mnistgd.errors import ShapeError
from mnistgd.figures.blocks import (
    Drawing,
    Screen,
    image_drawing,
    legend,
    most_that_fit,
    sheet,
    shrink_to_fit,
    weights_drawing,
)
from mnistgd.figures.columns import fitted, text_columns
from mnistgd.figures.palettes import DIVERGING, GRAY, GROKKING, PALETTES

Pixel = tuple[int, int, int]
CONSOLE = Console()
DEPTHS = ["24-bit", "256", "16", "none"]


def pixels(lines: list[str]) -> list[list[tuple[Color | None, Color | None]]]:
    """The colours that a terminal shows in the upper and in the lower half of each character."""
    found = []
    for line in AnsiDecoder().decode("\n".join(lines)):
        assert set(line.plain) == {"▀"}
        styles = [line.get_style_at_offset(CONSOLE, place) for place in range(len(line.plain))]
        found.append([(style.color, style.bgcolor) for style in styles])
    return found


def as_rgb(lines: list[str]) -> np.ndarray:
    rows = []
    for line in pixels(lines):
        for half in (0, 1):
            rows += [[tuple(cell[half].get_truecolor()) for cell in line if cell[half] is not None]]
    return np.array(rows)


VALUES = np.linspace(-1, 1, 784).reshape(28, 28)


@settings(max_examples=30, deadline=None)
@given(
    st_numpy.arrays(np.float64, st.tuples(st.integers(1, 15).map(lambda half: 2 * half), st.integers(1, 30)),
                    elements=st.floats(-1, 1)),
    st.sampled_from(list(PALETTES)),
)  # fmt: skip
def test_24_bit_colours_are_exact(values: np.ndarray, palette: str) -> None:
    title, *lines = sheet([Drawing("2", values, PALETTES[palette])], Screen(80, "24-bit"))
    assert title.strip() == "2"
    np.testing.assert_array_equal(as_rgb(lines), PALETTES[palette].colours(values))


def test_28_pixels_are_28_columns_in_14_lines() -> None:
    for depth in DEPTHS:
        lines = sheet([Drawing("2", VALUES, GROKKING)], Screen(28, depth))
        assert len(lines) == 1 + 14
        assert all(cell_len(line.plain) <= 28 for line in AnsiDecoder().decode("\n".join(lines)))


def test_an_odd_last_row_has_nothing_below_it() -> None:
    lines = sheet([Drawing("", np.ones((3, 2)), GRAY)], Screen(9, "24-bit"))[1:]
    assert [cell[1] is None or cell[1].is_default for cell in pixels(lines)[1]] == [True, True]
    assert [cell[0].get_truecolor() for cell in pixels(lines)[1]] == [(255, 255, 255)] * 2
    assert sheet([Drawing("", np.ones((3, 2)), GRAY)], Screen(9, "none"))[1:] == ["MM", "MM"]


@pytest.mark.parametrize("depth", ["256", "16"])
@pytest.mark.parametrize("palette", list(PALETTES))
def test_few_colours_keep_the_order_and_the_meaning(palette: str, depth: str) -> None:
    """The ends and the middle are what the legend calls them, and in between it never turns back."""
    (line,) = pixels(
        sheet([Drawing("", np.linspace(-1, 1, 401)[None], PALETTES[palette])], Screen(401, depth))[1:]
    )
    shown = [cell[0] for cell in line]
    kinds = {color.type.name for color in shown}
    assert kinds <= ({"EIGHT_BIT", "STANDARD"} if depth == "256" else {"STANDARD"})
    if depth == "256":
        rgb = np.array([color.get_truecolor() for color in shown])
        wanted = PALETTES[palette].colours([-1, 0, 1]).astype(int)
        assert abs(rgb[[0, 200, 400]] - wanted).max() <= 48
        assert abs(rgb - PALETTES[palette].colours(np.linspace(-1, 1, 401)).astype(int)).max() < 96
    numbers = [color.number for color in shown]
    changes = [one for one, other in pairwise(numbers) if one != other]
    assert len(changes) == len(set(numbers)) - 1  # no colour comes twice
    assert len(changes) >= (3 if depth == "16" else 10)


def cielab(rgb: list[tuple[int, int, int]]) -> np.ndarray:
    """As Little CMS converts them."""
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    convert = ImageCms.buildTransform(*profiles, "RGB", "LAB")
    image = Image.fromarray(np.array([rgb], np.uint8))
    lab = np.asarray(ImageCms.applyTransform(image, convert)).astype(np.int8)[0].astype(float)
    lab[:, 0] = (lab[:, 0] % 256) / 2.55
    return lab


@pytest.mark.parametrize("palette", list(PALETTES))
def test_the_steps_of_256_colours_are_even(palette: str) -> None:
    """Ever lighter, or ever darker, away from zero, and never far at a step; near zero least of all.

    The farthest is from black to the darkest red, of which there is none darker.
    """
    values = np.linspace(-1, 1, 2001)
    (line,) = pixels(sheet([Drawing("", values[None], PALETTES[palette])], Screen(2001, "256"))[1:])
    numbers = np.array([cell[0].number for cell in line])
    places = np.flatnonzero(np.diff(numbers, prepend=-1))
    lab = cielab([tuple(line[place][0].get_truecolor()) for place in places])
    middle = numbers[places].tolist().index(numbers[1000])
    for lightness in lab[middle:, 0], lab[middle::-1, 0]:
        steps = np.diff(lightness)
        assert (steps > 0).all() or (steps < 0).all()
    distances = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert distances.max() < 55
    assert distances[abs(values[places[1:]]) < 0.25].max() < 30


def test_a_weight_of_zero_is_shown_as_zero() -> None:
    zero = weights_drawing("", np.zeros(784, np.float32), 1.5, DIVERGING)
    shown = {depth: sheet([zero], Screen(28, depth))[1:] for depth in DEPTHS}
    assert set("".join(shown["none"])) <= {" "}
    assert {cell[0].number for line in pixels(shown["256"]) for cell in line} == {231}
    assert {cell[0].number for line in pixels(shown["16"]) for cell in line} == {15}
    assert (as_rgb(shown["24-bit"]) == 255).all()


def test_without_colours_a_character_is_the_mean_of_two_pixels() -> None:
    values = np.array([[1.0, -1, 1, 0.3, -0.2, 0.0], [1.0, -1, -1, 0.3, -0.2, 0.03]])
    assert sheet([Drawing("", values, GROKKING)], Screen(9, "none"))[1:] == ["M@ *="]


def test_an_image_is_black_on_white() -> None:
    image = np.array([[0, 255], [0, 255]], np.uint8)
    assert as_rgb(sheet([image_drawing("", image)], Screen(9, "24-bit"))[1:]).tolist() == [
        [[255] * 3, [0] * 3],
        [[255] * 3, [0] * 3],
    ]
    assert sheet([image_drawing("", image)], Screen(9, "none"))[1:] == [" @"]
    every = np.arange(256, dtype=np.uint8).reshape(2, 128)
    shown = as_rgb(sheet([image_drawing("", every)], Screen(200, "24-bit"))[1:])
    np.testing.assert_array_equal(shown, np.repeat(255 - every[..., None].astype(int), 3, axis=2))


def test_weights_beyond_the_limit_are_shown_as_the_limit() -> None:
    np.testing.assert_array_equal(
        weights_drawing("", np.array([-9.0, -1, 0, 1]), 2.0, GROKKING).values, [[-1, -0.5], [0, 0.5]]
    )
    np.testing.assert_array_equal(weights_drawing("", np.zeros(4), 0.0, GROKKING).values, np.zeros((2, 2)))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("columns", "abreast"), [(28, 1), (57, 1), (58, 2), (88, 3), (148, 5), (400, 10)])
def test_as_many_beside_each_other_as_fit(columns: int, abreast: int, depth: str) -> None:
    screen = Screen(columns, depth)
    drawings = [Drawing(f"digit {k}", VALUES, GROKKING) for k in range(10)]
    assert shrink_to_fit(drawings, screen) == 1
    lines = [line.plain for line in AnsiDecoder().decode("\n".join(sheet(drawings, screen)))]
    assert max(map(cell_len, lines)) <= columns
    titles = [line for line in lines if "digit" in line]
    assert titles[0].count("digit") == abreast
    assert " ".join(" ".join(titles).split()) == " ".join(f"digit {k}" for k in range(10))
    assert len(lines) == len(titles) * 16 - 1


def test_what_is_too_large_is_shrunk_to_means() -> None:
    drawings = [Drawing("", VALUES, GRAY)] * 10
    assert [shrink_to_fit(drawings, Screen(columns, "16")) for columns in (28, 27, 14, 13, 7, 6)] == [
        1, 2, 2, 4, 4, None,
    ]  # fmt: skip
    # 80×24: two rows of five at half the size take 2 · (1 + 7) + 1 lines.
    assert [shrink_to_fit(drawings, Screen(80, "16", lines)) for lines in (79, 78, 17, 16, 11, 10, -9)] == [
        1, 2, 2, 4, 4, None, None,
    ]  # fmt: skip
    assert [most_that_fit(drawings[0], Screen(80, "16", 24), shrink) for shrink in (1, 2, 4)] == [2, 10, 36]
    shown = as_rgb(sheet([Drawing("", VALUES, GRAY)], Screen(14, "24-bit"), 2)[1:])
    means = (VALUES[::2, ::2] + VALUES[1::2, ::2] + VALUES[::2, 1::2] + VALUES[1::2, 1::2]) / 4
    np.testing.assert_allclose(shown, GRAY.colours(means), atol=1)


@pytest.mark.parametrize("columns", [28, 40, 60, 80, 200])
@pytest.mark.parametrize("depth", DEPTHS)
def test_the_legend_fits_and_shows_all_colours(depth: str, columns: int) -> None:
    for palette in PALETTES.values():
        lines = legend(1.5132, palette, Screen(columns, depth))
        shown = list(AnsiDecoder().decode("\n".join(lines)))
        assert all(cell_len(line.plain) <= columns for line in shown)
        text = "\n".join(line.plain for line in shown).replace("−", "-")
        assert text.startswith("-1.51 ")
        assert "+1.51\n" in text
        if columns >= 40:
            assert all(word in text for word in ("against", "no influence", "for it"))
        if depth == "24-bit":
            start, end = (
                shown[0].get_style_at_offset(CONSOLE, place) for place in (6, shown[0].plain.rindex("▀"))
            )
            assert start.color.get_truecolor() == start.bgcolor.get_truecolor() == palette.anchors[0]
            assert end.color.get_truecolor() == end.bgcolor.get_truecolor() == palette.anchors[-1]


def test_the_legend_without_colours_is_ascii_and_tells_the_characters() -> None:
    bar, words = legend(1.0, GROKKING, Screen(90, "none"))
    assert (bar + words).isascii()
    assert sorted(set(bar) - set("-+1.0 ")) == sorted("@%=*#M")
    assert (
        words == "@ % = -: ink here speaks against it, blank: no influence, + * # M: ink here speaks for it"
    )


def test_the_legend_of_weights_that_are_all_zero_or_have_their_own_limits() -> None:
    assert legend(0.0, GROKKING, Screen(80, "24-bit")) == ["red: no influence"]
    assert legend(None, GROKKING, Screen(80, "24-bit"))[0].startswith("−limit ")


def test_titles_have_as_much_room_as_there_is() -> None:
    """A drawing moves away from a title that is wider than it is; it stays below its beginning."""
    titles = ["image", "digit 5: 83.8%", "digit 6: 12.1%"]
    drawings = [Drawing(title, VALUES, GRAY) for title in titles]
    lines = sheet(drawings, Screen(80, "24-bit"), 4)
    one, *drawn = [line.plain for line in AnsiDecoder().decode("\n".join(lines))]
    assert one == " image          digit 5: 83.8%  digit 6: 12.1%"
    assert set(drawn) == {"         ".join(["▀" * 7] * 3)}
    assert sheet(drawings, Screen(80, "none"), 4)[0] == one
    assert sheet(drawings, Screen(36, "24-bit"), 4)[0] == " image      digit 5: …  digit 6: …"
    assert sheet(drawings[1:], Screen(7, "24-bit"), 4)[0] == "digit …"


def test_titles_are_cut_where_there_is_no_room() -> None:
    for title in (
        "A class name of sixty characters, counted",
        "コートコートコートコートコートコート",
        "→" * 50,
    ):
        for depth in ("24-bit", "none"):
            line = sheet([Drawing(title, VALUES, GRAY)], Screen(30, depth))[0]
            assert cell_len(line) <= 30
    assert sheet([Drawing("3 → 5, −1", VALUES, GRAY)], Screen(80, "none"))[0].strip() == "3 > 5, -1"


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(blacklist_categories=("Cc", "Cs", "Co", "Cn", "Lm", "Mc")), max_size=20),
    st.integers(0, 12),
)
def test_columns_are_never_more_than_asked_for(text: str, columns: int) -> None:
    assert text_columns(fitted(text, columns)) <= columns
    assert fitted(text, 100) == text


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(ShapeError):
        sheet([Drawing("", VALUES, GRAY), Drawing("", VALUES[:14], GRAY)], Screen(80, "16"))
    for wrong in (np.full((2, 2), 1.5), np.full((2, 2), np.nan)):
        with pytest.raises(ShapeError):
            sheet([Drawing("", wrong, GRAY)], Screen(80, "24-bit"))
