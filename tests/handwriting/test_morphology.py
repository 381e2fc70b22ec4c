"""Running extremes and pieces, against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from mnistgd.handwriting.morphology import closed, extreme, spread
from mnistgd.handwriting.pieces import Box, bounds, label, outline, things

GREYS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-99, 99))
MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=14))
WINDOWS = st.integers(0, 15).map(lambda n: 2 * n + 1)


@given(GREYS, WINDOWS)
def test_extreme(values, window):
    # Beyond the border scipy repeats the edge, which changes no extreme.
    highest = ndimage.maximum_filter(values, size=(window, 1), mode="nearest")
    lowest = ndimage.minimum_filter(values, size=(window, 1), mode="nearest")
    assert np.array_equal(extreme(values, window, np.maximum), highest)
    assert np.array_equal(extreme(values, window, np.minimum), lowest)


@given(GREYS | arrays(np.uint8, array_shapes(min_dims=2, max_dims=3, max_side=12)), WINDOWS)
def test_spread(values, window):
    """Of one picture, or of several of one size."""
    size = (1,) * (values.ndim - 2) + (window, window)
    assert np.array_equal(
        spread(values, window, np.maximum), ndimage.maximum_filter(values, size=size, mode="nearest")
    )


@given(GREYS, WINDOWS)
def test_closed(values, window):
    wanted = ndimage.minimum_filter(
        ndimage.maximum_filter(values, size=window, mode="nearest"), size=window, mode="nearest"
    )
    assert np.array_equal(closed(values, window), wanted)


def test_closing_removes_a_line_and_keeps_the_edge_of_a_shadow():
    paper = np.full((40, 40), 200, np.float32)
    paper[:, 25:] = 90
    written = paper.copy()
    written[8:30, 12:15] = 20
    written[18:21, 10:38] = 30
    assert np.array_equal(closed(written, 9), paper)


def same_pieces(one, other):
    """Whether two ways to number pieces differ in the numbers alone."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


@given(MASKS)
def test_label(mask):
    numbers = label(mask)
    wanted, _ = ndimage.label(mask, np.ones((3, 3)))
    assert numbers.shape == mask.shape
    assert np.array_equal(numbers >= 0, mask)
    assert same_pieces(numbers, wanted)


def test_label_needs_few_rounds_however_a_piece_winds(monkeypatch):
    """A serpent of 200 bends, which names carried from run to run would follow bend by bend."""
    mask = np.zeros((401, 401), bool)
    mask[:, ::2] = True
    mask[-1, 1::4] = mask[0, 3::4] = True
    rounds = []
    equal = np.array_equal
    monkeypatch.setattr(np, "array_equal", lambda *names: rounds.append(1) or equal(*names))
    assert len(np.unique(label(mask)[mask])) == 1
    assert len(rounds) < 30


def test_label_follows_a_spiral():
    mask = np.zeros((61, 61), bool)
    y, x, dy, dx = 30, 30, 0, 1
    for side in range(2, 58, 2):
        for _ in range(2):
            for _ in range(side):
                mask[y, x] = True
                y, x = y + dy, x + dx
            dy, dx = dx, -dy
    assert len(np.unique(label(mask))) == 2


@given(MASKS.filter(np.any))
def test_bounds(mask):
    box = bounds(mask)
    (rows, columns), *_ = ndimage.find_objects(mask.astype(int))
    assert box == Box(rows.start, rows.stop, columns.start, columns.stop)
    assert box.size == max(box.bottom - box.top, box.right - box.left)


@given(MASKS)
def test_outline(mask):
    cross = ndimage.generate_binary_structure(2, 1).astype(int)
    neighbours = ndimage.convolve(mask.astype(int), cross, mode="constant") - mask
    assert outline(mask) == (4 * mask - neighbours * mask).sum()


def pieces(*boxes):
    ink = np.zeros((80, 80), bool)
    for top, bottom, left, right in boxes:
        ink[top:bottom, left:right] = True
    return ink


MAIN = (20, 60, 30, 36)


@pytest.mark.parametrize(
    ("other", "belongs"),
    [
        ((20, 24, 39, 55), True),  # the bar of a 5
        ((20, 24, 64, 79), False),  # far off
        ((40, 43, 38, 41), True),  # a drop beside it
        ((40, 43, 46, 49), False),  # a speck further off
        ((0, 80, 76, 80), False),  # the edge of the paper
    ],
)
def test_what_belongs_to_one_thing(other, belongs):
    ink = pieces(MAIN, other)
    found = things(ink, np.ones(ink.shape, np.float32))[0][0]
    assert np.array_equal(found, ink if belongs else pieces(MAIN))


def test_a_border_is_no_digit_even_if_it_is_larger():
    ink = pieces(MAIN, (0, 80, 70, 80))
    assert np.array_equal(things(ink, np.ones(ink.shape, np.float32))[0][0], pieces(MAIN))
