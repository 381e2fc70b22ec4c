"""The confusion matrix as a picture: its colours are the counts' shares of their rows."""

import numpy as np
import pytest

from mnistgd.errors import ShapeError
from mnistgd.figures import confusion
from mnistgd.figures.confusion import CELL, DARK, confusion_figure
from mnistgd.figures.text import fitted_mask, label, text_width

COUNTS = np.array([[90, 10, 0], [0, 25, 75], [0, 0, 0]])


def first_cell(pixels: np.ndarray) -> tuple[int, int]:
    """Where the upper edge of the first cell begins."""
    edges = np.lib.stride_tricks.sliding_window_view((pixels == 235).all(axis=2), (1, CELL))
    top, left = np.argwhere(edges.all(axis=(2, 3)))[0]
    return int(top), int(left)


def corners(picture) -> np.ndarray:
    """The colour of each cell, next to its upper left corner, where no count is written."""
    pixels = np.asarray(picture).astype(int)
    top, left = first_cell(pixels)
    return np.array([[pixels[top + r * CELL + 2, left + c * CELL + 2] for c in range(3)] for r in range(3)])


def test_colours_are_shares_of_the_row():
    found = corners(confusion_figure(COUNTS, "abc", "three classes"))
    shares = np.array([[0.9, 0.1, 0], [0, 0.25, 0.75], [0, 0, 0]])
    wanted = 255 + (np.array(DARK) - 255) * np.sqrt(shares)[..., None]
    assert np.abs(found - wanted).max() <= 0.5


def test_counts_can_be_read_on_every_colour():
    """Text and cell differ in luminance by more than 4.5 : 1, as the accessibility guidelines ask."""
    for count in (1, 10, 24, 26, 50, 75, 100):
        pixels = np.asarray(confusion_figure(np.array([[count, 100 - count], [0, 1]]), "ab", "t")).astype(
            float
        )
        top, left = first_cell(pixels)
        cell = pixels[top + 2 : top + CELL - 2, left + 2 : left + CELL - 2].reshape(-1, 3) / 255
        linear = np.where(cell <= 0.04045, cell / 12.92, ((cell + 0.055) / 1.055) ** 2.4)
        luminance = linear @ (0.2126, 0.7152, 0.0722)
        assert (luminance.max() + 0.05) / (luminance.min() + 0.05) > 4.5, count


def test_counts_of_another_shape():
    with pytest.raises(ShapeError, match="for 2 classes"):
        confusion_figure(COUNTS, "ab", "two classes")


CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def test_the_names_of_clothes_stand_above_their_columns_in_full(monkeypatch):
    """Nothing is made smaller or cut: what is written is what fits as it is."""
    written = []

    def note(text, size, width=None, *args, **more):
        written.append((text, width))
        return label(text, size, width, *args, **more)

    monkeypatch.setattr(confusion, "label", note)
    confusion_figure(np.eye(10, dtype=int), CLOTHES, "clothes")
    for name in CLOTHES:
        lines = {"T-shirt/top": ["T-shirt/", "top"], "Ankle boot": ["Ankle", "boot"]}.get(name, [name])
        for line in lines:
            rooms = [width for text, width in written if text == line]
            assert rooms
            assert text_width(line, confusion.TEXT) <= min(rooms)


@pytest.mark.parametrize("n", [21, 26, 47, 62, 100])
@pytest.mark.parametrize("most", [9, 40_000, 10**7])
def test_many_classes_have_small_cells_of_the_same_colours_and_whole_counts(n, most, monkeypatch):
    written = []

    def note(text, size, width):
        written.append((text, width))
        return fitted_mask(text, size, width)

    monkeypatch.setattr(confusion, "fitted_mask", note)
    counts = np.zeros((n, n), int)
    counts[range(n), range(n)] = most
    counts[3, n - 1] = most // 3
    picture = confusion_figure(counts, [f"{k}" for k in range(n)], "many classes")
    assert max(picture.size) < 7000
    if most == 9:
        assert max(picture.size) < 24 * n + 250
    assert sorted({int(text) for text, _ in written}) == [most // 3, most]
    assert all(text_width(text) <= width for text, width in written)
    pixels = np.asarray(picture).astype(int)
    full = pixels[..., 0] == DARK[0]
    (left, _, cell), (top, _, high) = (
        (at[0], at[-1], run(at)) for at in map(np.flatnonzero, (full.any(0), full.any(1)))
    )
    for i, j, share in ((0, 0, 1), (3, 3, most / (most + most // 3)), (3, n - 1, 1 / 4), (2, 0, 0)):
        wanted = 255 + (np.array(DARK) - 255) * np.sqrt(share)
        found = pixels[top + 1 + i * high, left + 1 + j * cell]
        assert np.abs(found - wanted).max() <= 0.5, (i, j)


def run(places: np.ndarray) -> int:
    """From the beginning of the first run of numbers to that of the second."""
    return int(places[np.flatnonzero(np.diff(places) > 1)[0] + 1] - places[0])


def test_many_names_stand_on_all_four_sides(monkeypatch):
    written = []

    def note(text, *args, **more):
        written.append(text)
        return label(text, *args, **more)

    monkeypatch.setattr(confusion, "label", note)
    for names in ([f"{k}" for k in range(62)], [f"the class {k}" for k in range(62)]):
        written.clear()
        confusion_figure(np.eye(62, dtype=int), names, "t")
        assert all(written.count(name) == 4 for name in names)


@pytest.mark.parametrize("name", ["W" * 40, "a b" * 13, "-", "x/", "/x", "あいう", "a" * 20 + " " + "b" * 19])
def test_any_name_leaves_a_matrix_of_equal_cells(name):
    picture = confusion_figure(np.eye(3, dtype=int), (name, "b", "c"), "t")
    assert picture.width < 2000
    assert picture.height < 500
