"""Every weight is a block of its exact colour, wherever it is shown."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnistgd.errors import ShapeError, UsageError
from mnistgd.figures.heatmap import bare_sheet, heatmap, heatmap_figure, heatmap_sheet, sheet_columns
from mnistgd.figures.palettes import DIVERGING, PALETTES, colours, limit_of

WEIGHTS = np.load(Path(__file__).with_name("weights.npy"))
TITLES = [f"digit {digit}" for digit in range(10)]


def book_rule(weight: float, limit: float) -> tuple[int, int, int]:
    """The colour of one weight, worked out in exact fractions."""
    v = Fraction(weight) / Fraction(limit)
    bright, pale = (1 + v, Fraction(0)) if v < 0 else (Fraction(1), v)
    return round(255 * bright), round(255 * pale), round(255 * pale)


def blocks(rgb: np.ndarray, side: int) -> np.ndarray:
    return np.kron(rgb, np.ones((side, side, 1), dtype=np.uint8))


def test_every_weight_is_a_block_of_its_colour() -> None:
    weights, limit = WEIGHTS[:, 2], limit_of(WEIGHTS)
    rule = np.array([book_rule(float(weight), limit) for weight in weights], dtype=np.uint8)
    picture = heatmap(weights, limit, size=140)
    assert picture.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(picture), blocks(rule.reshape(28, 28, 3), 5))


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(-4, 4, width=32)
    ),
    st.integers(1, 60),
    st.sampled_from(list(PALETTES.values())),
)
def test_enlarged_by_the_largest_whole_number_that_fits(values: np.ndarray, size: int, palette) -> None:
    side = 1
    while (side + 1) * values.shape[1] <= size:
        side += 1
    limit = limit_of(values)
    picture = np.asarray(heatmap(values, limit, palette, size))
    np.testing.assert_array_equal(picture, blocks(colours(values, limit, palette), side))


def test_a_row_of_784_weights_is_read_line_by_line() -> None:
    weights = np.zeros(784)
    weights[28] = 1  # the first pixel of the second line
    red = np.asarray(heatmap(weights, 1, size=28))
    assert red[1, 0].tolist() == [255, 255, 255]
    assert red[0, 1].tolist() == [255, 0, 0]


@pytest.mark.parametrize("shape", [(783,), (0,), (0, 5), (2, 2, 2), ()])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError):
        heatmap(np.zeros(shape), 1)


@pytest.mark.parametrize("size", [10_000, 1_000_000, 10**15])
def test_a_picture_beyond_all_sense_is_refused(size: int) -> None:
    with pytest.raises(UsageError) as caught:
        heatmap(WEIGHTS[:, 0], 1, size=size)
    assert caught.value.hint
    for sheet in (
        lambda: heatmap_sheet(WEIGHTS.T, TITLES, 2, size=size),
        lambda: bare_sheet(WEIGHTS.T, 2, size=size),
    ):
        with pytest.raises(UsageError):
            sheet()


def test_the_largest_size_that_can_be_asked_for_is_drawn() -> None:
    assert heatmap(WEIGHTS[:, 0], 2, size=4096).size == (4088, 4088)


@pytest.mark.parametrize("size", [1, 28, 84, 280, 560, 840])
def test_a_figure_holds_its_heatmap_unchanged_and_in_the_middle(size: int) -> None:
    limit = limit_of(WEIGHTS)
    bare = np.asarray(heatmap(WEIGHTS[:, 2], limit, size=size))
    figure = np.asarray(heatmap_figure(WEIGHTS[:, 2], "digit 2", limit, size=size))
    left = (figure.shape[1] - bare.shape[1]) // 2
    red = np.flatnonzero((figure[:, left + 1] == [255, 0, 0]).all(axis=1))
    top = red[0]  # the corner of a digit's picture is never inked, so its weight is 0: pure red
    np.testing.assert_array_equal(figure[top : top + bare.shape[0], left : left + bare.shape[1]], bare)
    assert (figure[:10] == 255).all()
    assert (figure[:, :10] == 255).all()
    assert (figure[-10:] == 255).all()
    assert (figure[:, -10:] == 255).all()


def test_a_picture_smaller_than_its_legend_has_room_for_it() -> None:
    assert heatmap_figure(WEIGHTS[:, 2], "digit 2", 2, size=28).width >= 240


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [
        (1, 1, 1),
        (2, 2, 1),
        (3, 3, 1),
        (4, 4, 1),
        (5, 5, 1),
        (6, 3, 2),
        (7, 4, 2),
        (8, 4, 2),
        (9, 5, 2),
        (10, 5, 2),
    ],
)
def test_a_bare_sheet_is_the_heatmaps_with_white_between_their_frames(
    count: int, columns: int, rows: int
) -> None:
    assert sheet_columns(count) == columns
    limit = limit_of(WEIGHTS)
    sheet = np.asarray(bare_sheet(WEIGHTS.T[:count], limit, DIVERGING, size=60))
    step = 58 + 4
    assert sheet.shape == (rows * step - 4, columns * step - 4, 3)
    for digit in range(count):
        top, left = digit // columns * step + 1, digit % columns * step + 1
        assert (sheet[top, left + 57 : left + 61] == 255).all()
        expected = np.asarray(heatmap(WEIGHTS[:, digit], limit, DIVERGING, size=60))
        np.testing.assert_array_equal(sheet[top : top + 56, left : left + 56], expected)


@pytest.mark.parametrize("scale", ["shared", "each"])
def test_a_sheet_holds_each_heatmap_on_its_own_scale_or_the_shared_one(scale: str) -> None:
    each = [limit_of(column) for column in WEIGHTS.T]
    limits: float | list[float] = limit_of(WEIGHTS) if scale == "shared" else each
    sheet = np.asarray(heatmap_sheet(WEIGHTS.T, TITLES, limits))
    for digit in range(10):
        limit = limits if isinstance(limits, float) else limits[digit]
        expected = np.asarray(heatmap(WEIGHTS[:, digit], limit, size=196))
        left = 25 + digit % 5 * (198 + 16)
        corner = [
            top
            for top in range(sheet.shape[0] - 196)
            if (sheet[top : top + 196, left : left + 196] == expected).all()
        ]
        assert len(corner) == 1


def test_limits_may_be_numpy_numbers() -> None:
    shared = heatmap_sheet(WEIGHTS.T, TITLES, np.float32(1.5)).tobytes()
    assert shared == heatmap_sheet(list(WEIGHTS.T), TITLES, 1.5).tobytes()
    assert shared != heatmap_sheet(WEIGHTS.T, TITLES, np.full(10, 1.5)).tobytes()


def test_a_sheet_needs_a_title_and_a_limit_for_each() -> None:
    for titles, limits in ((TITLES[:9], 1.0), (TITLES, [1.0] * 9), (TITLES, [])):
        with pytest.raises(ShapeError):
            heatmap_sheet(WEIGHTS.T, titles, limits)
    with pytest.raises(ShapeError):
        heatmap_sheet([], [], 1.0)
    with pytest.raises(ShapeError):
        bare_sheet(WEIGHTS.T, [1.0, 2.0])


@pytest.mark.parametrize("limit", [np.nan, np.inf, -1.0, 0.0])
def test_a_figure_refuses_what_is_no_limit(limit: float) -> None:
    with pytest.raises(ShapeError):
        heatmap_figure(WEIGHTS[:, 0], "digit 0", limit)
