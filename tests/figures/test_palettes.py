"""Colours against the book's rule in exact fractions, and against models of how eyes see them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnistgd.errors import ShapeError
from mnistgd.figures.palettes import DIVERGING, GRAY, GROKKING, PALETTES, colours, limit_of

UNIT = st.floats(-1, 1)
FINITE = st.floats(-(2.0**100), 2.0**100, width=32)


@pytest.mark.parametrize(
    ("v", "rgb"),
    [
        (-1, (0, 0, 0)),
        (-0.8, (51, 0, 0)),
        (-0.2, (204, 0, 0)),
        (0, (255, 0, 0)),
        (0.2, (255, 51, 51)),
        (0.8, (255, 204, 204)),
        (1, (255, 255, 255)),
    ],
)
def test_grokking_at_its_anchors(v: float, rgb: tuple[int, int, int]) -> None:
    assert tuple(GROKKING.colours(v)) == rgb


@given(UNIT)
def test_grokking_is_the_rule_of_the_book_rounded(v: float) -> None:
    exact = (255, 255 * Fraction(v), 255 * Fraction(v)) if v >= 0 else (255 * (1 + Fraction(v)), 0, 0)
    for channel, value in zip(GROKKING.colours(v).tolist(), exact, strict=True):
        assert abs(channel - value) <= Fraction(1, 2) + Fraction(1, 10**9)


@given(UNIT)
def test_gray_is_a_straight_line_from_black_to_white(v: float) -> None:
    red, green, blue = GRAY.colours(v).tolist()
    assert red == green == blue
    assert abs(red - 255 * (Fraction(v) + 1) / 2) <= Fraction(1, 2) + Fraction(1, 10**9)


def test_diverging_is_red_against_white_at_zero_and_blue_for() -> None:
    against, zero, for_it = DIVERGING.colours([-0.5, 0, 0.5]).tolist()
    assert against[0] > 1.5 * max(against[1:])
    assert zero == [255, 255, 255]
    assert for_it[2] > for_it[1] > for_it[0]


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB colours (IEC 61966-2-1)."""
    return linear(rgb) @ np.array([0.2126, 0.7152, 0.0722])


def linear(rgb: np.ndarray) -> np.ndarray:
    u = rgb / 255
    return np.where(u <= 0.04045, u / 12.92, ((u + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("palette", [GROKKING, GRAY], ids=lambda palette: palette.name)
def test_a_higher_weight_is_brighter_for_every_eye(palette) -> None:
    steps = luminance(palette.colours(np.linspace(-1, 1, 101)))
    assert (np.diff(steps) > 0).all()


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_a_weight_further_from_zero_is_ever_brighter_or_ever_darker(palette) -> None:
    for end in (-1, 1):
        steps = np.diff(luminance(palette.colours(np.linspace(0, end, 51))))
        assert (steps > 0).all() or (steps < 0).all()


def test_diverging_is_darker_the_further_from_zero() -> None:
    side = np.linspace(0, 1, 51)
    assert (np.diff(luminance(DIVERGING.colours(side))) < 0).all()
    assert (np.diff(luminance(DIVERGING.colours(-side))) < 0).all()


# Machado, Oliveira and Fernandes (2009), table 1: complete protanopia and deuteranopia, on linear RGB.
BLIND_TO = {
    "red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.mark.parametrize("matrix", BLIND_TO.values(), ids=BLIND_TO)
def test_for_and_against_stay_apart_for_colour_blind_readers(matrix: list[list[float]]) -> None:
    # What such an eye keeps of colour is blue against yellow: one sign for "for", the other for "against".
    strengths = np.linspace(0.1, 1, 10)
    for side, sign in ((strengths, 1), (-strengths, -1)):
        seen = linear(DIVERGING.colours(side)) @ np.array(matrix).T
        blue, yellow = seen[:, 2], seen[:, :2].mean(axis=1)
        assert (sign * (blue - yellow) / (blue + yellow) > 0.015).all()


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_a_palette_has_the_shape_of_its_values_plus_one(palette) -> None:
    for shape in [(), (3,), (2, 5), (0,)]:
        result = palette.colours(np.zeros(shape))
        assert result.shape == (*shape, 3)
        assert result.dtype == np.uint8


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=8), elements=FINITE))
def test_limit_is_the_largest_weight_whatever_its_sign(weights: np.ndarray) -> None:
    assert limit_of(weights) == max(abs(float(weight)) for weight in weights.ravel()) == limit_of(-weights)


def test_limit_of_nothing_is_zero() -> None:
    assert limit_of(np.zeros((784, 0))) == 0


@given(
    hnp.arrays(np.float32, 6, elements=FINITE), st.integers(-20, 20), st.sampled_from(list(PALETTES.values()))
)
def test_colours_depend_on_the_ratio_alone(weights: np.ndarray, power: int, palette) -> None:
    limit, factor = limit_of(weights), 2.0**power
    np.testing.assert_array_equal(
        colours(weights, limit, palette), colours(weights.astype(float) * factor, limit * factor, palette)
    )


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_a_weight_beyond_the_limit_has_the_colour_of_the_limit(palette) -> None:
    low, high = palette.colours([-1, 1])
    np.testing.assert_array_equal(colours([-9, 9, -1e30, 1e30], 2, palette), [low, high, low, high])
    np.testing.assert_array_equal(colours([-1e300, 1e300], 5e-324, palette), [low, high])


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_weights_that_are_all_zero_have_the_middle_colour(palette) -> None:
    assert (colours(np.zeros((2, 2)), 0, palette) == palette.colours(0)).all()


@pytest.mark.parametrize(
    ("values", "limit"),
    [([np.nan], 1), ([np.inf], 1), ([1], np.nan), ([1], np.inf), ([1], -1), ([1], 0)],
)
def test_no_colour_for_what_is_not_on_a_scale(values: list[float], limit: float) -> None:
    with pytest.raises(ShapeError):
        colours(values, limit, GROKKING)


def test_limit_refuses_what_is_not_finite() -> None:
    for weight in (np.nan, np.inf, -np.inf):
        with pytest.raises(ShapeError):
            limit_of([0.0, weight])
