"""Pictures put together keep every pixel, and sheets put each image where it belongs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnistgd.errors import ShapeError, UsageError
from mnistgd.figures.montage import EDGE, column, contact_sheet, enlarged, framed, grid, on_page, row


def plain(width: int, height: int, gray: int) -> Image.Image:
    return Image.new("RGB", (width, height), (gray, gray, gray))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=6),
    st.integers(0, 5),
    st.sampled_from(["left", "centre", "right"]),
)
def test_rows_and_columns_hold_all_their_pictures(sizes: list[tuple[int, int]], gap: int, align) -> None:
    pictures = [plain(width, height, 10 + index) for index, (width, height) in enumerate(sizes)]
    gaps = gap * (len(sizes) - 1)
    below, beside = column(pictures, gap, align), row(pictures, gap)
    assert below.size == (max(w for w, _ in sizes), sum(h for _, h in sizes) + gaps)
    assert beside.size == (sum(w for w, _ in sizes) + gaps, max(h for _, h in sizes))
    for page in (below, beside):
        colours, counts = np.unique(np.asarray(page)[..., 0], return_counts=True)
        seen = dict(zip(colours.tolist(), counts.tolist(), strict=True))
        assert all(seen[10 + index] == width * height for index, (width, height) in enumerate(sizes))


def test_a_grid_goes_row_by_row() -> None:
    page = np.asarray(grid([plain(2, 2, gray) for gray in (1, 2, 3, 4, 5)], 3, gap=1))[..., 0]
    assert page.shape == (5, 8)
    assert page[0, [0, 3, 6]].tolist() == [1, 2, 3]
    assert page[3, [0, 3, 6]].tolist() == [4, 5, 255]
    assert (page[2] == 255).all()


def test_frame_and_margin_lie_outside() -> None:
    page = np.asarray(on_page(framed(plain(3, 3, 7)), 2))
    assert page.shape == (9, 9, 3)
    assert (page[3:6, 3:6] == 7).all()
    assert page[2, 2].tolist() == page[6, 6].tolist() == list(EDGE)
    assert (page[:2] == 255).all()


def test_enlarged_repeats_pixels() -> None:
    gray = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(
        np.asarray(enlarged(gray, 4))[..., 1], np.kron(gray, np.ones((4, 4), np.uint8))
    )


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)


def test_a_contact_sheet_shows_each_image_as_ink_on_paper(images: np.ndarray) -> None:
    sheet = np.asarray(contact_sheet(images))  # three columns, each image twice as large
    for index, image in enumerate(images):
        top, left = 25 + index // 3 * (58 + 6), 25 + index % 3 * (58 + 6)
        shown = sheet[top : top + 56, left : left + 56]
        assert (shown == np.kron(255 - image, np.ones((2, 2), np.uint8))[..., None]).all()


def test_captions_title_and_row_labels_are_written(images: np.ndarray) -> None:
    bare = contact_sheet(images, columns=7, size=84)
    assert contact_sheet(images, columns=7, size=84, title="seven").height > bare.height
    captioned = np.asarray(contact_sheet(images, columns=7, captions=["7"] * 6 + [""]))
    below = captioned[24 + 86 : -24, :, 0]
    tile = 86 + 6
    assert all(below[:, 24 + k * tile : 24 + k * tile + 86].min() < 128 for k in range(6))
    assert below[:, 24 + 6 * tile :].min() == 255
    labelled = np.asarray(contact_sheet(images, columns=4, row_labels=["first", ""]))[..., 0]
    left = labelled[:, : labelled.shape[1] - bare_width(4)]
    middle = labelled.shape[0] // 2
    assert left[:middle].min() < 128
    assert left[middle:].min() == 255


def test_many_rows_with_labels_stand_beside_each_other() -> None:
    images = np.random.default_rng(0).integers(0, 256, (62 * 3, 28, 28), dtype=np.uint8)
    sheet = contact_sheet(images, columns=3, row_labels=[f"{k}" for k in range(62)], size=28)
    assert sheet.height < sheet.width
    pixels = np.asarray(sheet)[..., 0]
    at = []
    for image in (images[0], images[47], images[48], images[-1]):
        windows = np.lib.stride_tricks.sliding_window_view(pixels, (28, 28))
        ((top, left),) = np.argwhere((windows == 255 - image).all(axis=(2, 3)))
        at.append((top, left))
    (top, left), (bottom, right), beside, last = at
    assert bottom == top + 15 * 36 > last[0] > top == beside[0]
    assert left < right < beside[1] < last[1]


def bare_width(columns: int) -> int:
    return 24 + columns * 58 + (columns - 1) * 6


@pytest.mark.parametrize("count", [1, 2, 5, 10, 100])
def test_a_sheet_is_about_as_wide_as_high(count: int) -> None:
    sheet = contact_sheet(np.zeros((count, 28, 28), np.uint8))
    assert 0.5 <= sheet.height / sheet.width <= 1.01


@pytest.mark.parametrize("count", [400, 401, 10_000])
def test_a_large_sheet_stays_of_a_sensible_size(count: int) -> None:
    assert max(contact_sheet(np.zeros((count, 28, 28), np.uint8)).size) < 4000


@pytest.mark.parametrize(
    "images",
    [np.zeros((0, 28, 28), np.uint8), np.zeros((28, 28), np.uint8), np.zeros((2, 28, 28)), np.zeros((2, 0, 28), np.uint8)],
    ids=["none", "one without its axis", "floats", "empty"],
)  # fmt: skip
def test_what_are_no_images_is_refused(images: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        contact_sheet(images)


def test_captions_and_labels_must_go_with_the_images(images: np.ndarray) -> None:
    for wrong in ({"captions": ["a"]}, {"row_labels": ["a"]}, {"columns": 0}, {"columns": -2}):
        with pytest.raises(ShapeError):
            contact_sheet(images, **wrong)


def test_a_sheet_beyond_all_sense_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(UsageError):
        contact_sheet(np.broadcast_to(np.uint8(0), (70_000, 28, 28)))
    with pytest.raises(UsageError):
        contact_sheet(np.zeros((2, 28, 28), np.uint8), size=10**12)


def test_captions_share_one_size() -> None:
    """However short: digits below one picture are as high as below the next."""
    images = np.zeros((2, 28, 28), dtype=np.uint8)
    page = np.asarray(contact_sheet(images, captions=["8", "8 888 888 888"], columns=2, size=28).convert("L"))
    below = page[24 + 30 :]  # the margin, a picture and its frame
    heights = [np.flatnonzero((half < 128).any(axis=1)) for half in np.array_split(below, 2, axis=1)]
    assert heights[0].tolist() == heights[1].tolist()
