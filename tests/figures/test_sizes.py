"""Every figure takes a size: it looks alike at all of them, and the largest that works is named."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from mnistgd.errors import UsageError
from mnistgd.figures import montage
from mnistgd.figures.comparison import comparison_sheet
from mnistgd.figures.confusion import confusion_figure
from mnistgd.figures.evidence import Row, evidence_figure
from mnistgd.figures.heatmap import bare_sheet, heatmap_figure, heatmap_sheet, weights_picture
from mnistgd.figures.mistakes import mistakes_sheet
from mnistgd.figures.montage import at_size, check_area, widened
from mnistgd.figures.palettes import DIVERGING, GROKKING
from mnistgd.figures.text import room_for, text_width

WEIGHTS = np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32)
TITLES = [f"digit {digit}" for digit in range(10)]
IMAGE = np.random.default_rng(1).integers(0, 256, (28, 28)).astype(np.uint8)
MISTAKES = [SimpleNamespace(index=7, image=IMAGE, label=3, answer=5, probability=1.0)] * 9
SQUARE = WEIGHTS[:, 0].reshape(28, 28)
ROWS = [Row("digit 0: 97%", SQUARE, SQUARE * IMAGE / 255, [("for", 1.0), ("logit", 1.0)])] * 2

FIGURES = {
    "heatmap": (560, lambda size: heatmap_figure(WEIGHTS[:, 0], "digit 0", 5.0, GROKKING, size)),
    "sheet": (196, lambda size: heatmap_sheet(WEIGHTS.T, TITLES, 5.0, GROKKING, size)),
    "bare": (196, lambda size: bare_sheet(WEIGHTS.T, 5.0, GROKKING, size)),
    "comparison": (
        112,
        lambda size: comparison_sheet(WEIGHTS, -WEIGHTS, TITLES, ("a.npz", "b.npz"), DIVERGING, size),
    ),
    "evidence": (
        224,
        lambda size: evidence_figure(IMAGE, ROWS, title="why", weight_limit=5.0, size=size),
    ),
    "mistakes": (84, lambda size: mistakes_sheet(MISTAKES, "0123456789", size)),
    "confusion": (
        64,
        lambda size: confusion_figure(np.eye(10, dtype=np.int64), "0123456789", "10 images", size),
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_twice_the_size_is_twice_as_large_and_looks_alike(name):
    usual, draw = FIGURES[name]
    one, two = draw(usual), draw(2 * usual)
    assert np.abs(np.array(two.size) - 2 * np.array(one.size)).max() <= 40  # a frame's pixel stays one
    # Blurred until a shift of some pixels does not count, they are one picture.
    small = [np.asarray(each.resize((24, 24), Image.Resampling.BOX), dtype=float) for each in (one, two)]
    assert np.abs(small[0] - small[1]).max() < 60
    assert np.abs(small[0] - small[1]).mean() < 6


@pytest.mark.parametrize("name", FIGURES)
def test_words_of_a_small_figure_stay_legible(name):
    usual, draw = FIGURES[name]
    assert draw(28).height <= draw(usual).height
    if name in ("evidence", "confusion"):  # no narrower than their words
        assert draw(28).width == draw(usual).width


def test_small_evidence_lies_level_with_its_terms():
    row = ROWS[0]._replace(sums=[("for", 8.0)] * 5)
    page = np.asarray(evidence_figure(IMAGE, [row], title="why", weight_limit=5.0, size=28))
    frame = np.flatnonzero((page[:, :260] == montage.EDGE).all(axis=2).any(axis=1))
    terms = np.flatnonzero((page[100:, 795:] < 128).all(axis=2).any(axis=1)) + 100
    assert abs(frame[[0, -1]].mean() - terms[[0, -1]].mean()) < 8
    assert frame[0] > terms[0] + 20


@pytest.mark.parametrize("name", FIGURES)
def test_the_hint_names_the_largest_size_that_works(name, monkeypatch):
    monkeypatch.setattr(montage, "MOST_PIXELS", 3_000_000)
    _, draw = FIGURES[name]
    with pytest.raises(UsageError) as refused:
        at_size(draw, 6000)
    (size,) = map(int, re.findall(r"--size (\d+)$", refused.value.hint))
    assert size % 28 == 0
    draw(size)
    with pytest.raises(UsageError, match="is too large"):
        draw(size + 28)


@pytest.mark.parametrize("most", range(28, 4001, 28))
def test_the_largest_size_is_found_whatever_it_is(most):
    def draw(size):
        check_area(size, 25_000_000 // most)
        return size

    assert at_size(draw, most) == most
    assert at_size(draw, 28) == 28
    with pytest.raises(UsageError, match="too large") as refused:
        at_size(draw, most + 200)
    assert 25_000_000 // (25_000_000 // most) >= int(refused.value.hint.split()[-1]) >= most


def test_where_no_size_works_none_is_named():
    with pytest.raises(UsageError) as refused:
        at_size(lambda _: check_area(10_000, 10_000), 280)
    assert refused.value.hint == "choose a smaller size, or fewer pictures"


def test_one_column_is_a_figure_and_several_are_a_sheet():
    both = weights_picture(WEIGHTS[:, :2], TITLES[:2], 5.0, GROKKING, None)
    assert both.tobytes() == heatmap_sheet(WEIGHTS.T[:2], TITLES[:2], 5.0).tobytes()
    one = weights_picture(WEIGHTS[:, :1], TITLES[:1], [5.0], GROKKING, None)
    assert one.tobytes() == heatmap_figure(WEIGHTS[:, 0], "digit 0", 5.0).tobytes()


def test_words_have_the_room_that_they_need_or_the_most_that_there_is():
    assert room_for(TITLES, 100) == 100
    assert room_for(TITLES, 30) == max(map(text_width, TITLES)) > 30
    assert room_for(["a name that is longer than any picture"], 30) == 84


def test_a_picture_in_the_middle_of_a_wider_paper():
    picture = Image.new("RGB", (3, 2), (9, 9, 9))
    assert widened(picture, 3) is picture
    assert np.asarray(widened(picture, 6))[..., 0].tolist() == [[255, 9, 9, 9, 255, 255]] * 2
