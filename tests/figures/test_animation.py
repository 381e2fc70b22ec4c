"""Animations, read back frame by frame by Pillow."""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistgd.errors import ShapeError, UsageError
from mnistgd.figures import animation
from mnistgd.figures.animation import KINDS, animation_bytes, animation_file, animation_pictures
from mnistgd.figures.palettes import PALETTES, limit_of

WEIGHTS = np.load(Path(__file__).with_name("weights.npy"))
SNAPSHOTS = np.stack([WEIGHTS * share for share in (0, 0.05, 0.2, 0.6, 1)])
LIMIT = limit_of(SNAPSHOTS)
CAPTIONS = [(f"step {k:,} of 4", f"{k / 5:.2%} of the test images right") for k in range(5)]
TITLES = [f"digit {digit}" for digit in range(10)]
MILLISECONDS = [120, 130, 120, 130, 2000]


def read(content: bytes) -> tuple[list[np.ndarray], list[int], Image.Image]:
    """Each picture as it is shown, and how long."""
    shown, milliseconds = [], []
    with Image.open(io.BytesIO(content)) as file:
        for index in range(getattr(file, "n_frames", 1)):
            file.seek(index)
            file.load()
            shown.append(np.asarray(file.convert("RGB")).astype(int))
            milliseconds.append(int(file.info["duration"]))
    return shown, milliseconds, file


@pytest.mark.parametrize("palette", list(PALETTES))
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_every_pixel_is_kept(kind, palette) -> None:
    pictures = animation_pictures(SNAPSHOTS, TITLES, CAPTIONS, LIMIT, PALETTES[palette], 56)
    shown, milliseconds, _ = read(animation_bytes(pictures, kind, MILLISECONDS, {}, PALETTES[palette]))
    assert milliseconds == MILLISECONDS
    for one, other in zip(shown, pictures, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))


@pytest.mark.parametrize("palette", list(PALETTES))
def test_a_gif_has_nearly_the_same_colours(palette) -> None:
    """No dithering: equal pixels stay equal. No colour is off by more than half a gray of the table."""
    pictures = animation_pictures(SNAPSHOTS, TITLES, CAPTIONS, LIMIT, PALETTES[palette], 84)
    shown, milliseconds, file = read(animation_bytes(pictures, "GIF", MILLISECONDS, {}, PALETTES[palette]))
    assert milliseconds == MILLISECONDS
    assert file.info["loop"] == 0
    for one, picture in zip(shown, pictures, strict=True):
        other = np.asarray(picture).astype(int)
        assert abs(one - other).max() <= 5
        heatmap = slice(50, 50 + 84), slice(21, 21 + 84)
        assert abs(one[heatmap] - other[heatmap]).max() <= 3
        squares = one[heatmap].reshape(28, 3, 28, 3, 3)
        assert (squares == squares[:, :1, :, :1]).all()
        assert one[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("palette", list(PALETTES))
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_file_of_few_colours_shows_what_a_gif_shows(kind, palette) -> None:
    """Also where a picture goes back to what it was before, and where nothing changes."""
    steps = SNAPSHOTS[[0, 4, 4, 1, 4, 3]]
    pictures = animation_pictures(steps, TITLES, [*CAPTIONS, CAPTIONS[0]], LIMIT, PALETTES[palette], 56)
    some = [*MILLISECONDS, 500]
    shown, milliseconds, file = read(animation_bytes(pictures, kind, some, {}, PALETTES[palette], True))
    assert milliseconds == some
    assert file.info["loop"] == 0
    theirs, *_ = read(animation_bytes(pictures, "GIF", some, {}, PALETTES[palette]))
    for one, other in zip(shown, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_zero_and_the_limits_are_exact_in_a_gif() -> None:
    values = np.zeros((2, 784, 1))
    values[1, :28, 0], values[1, 756:, 0] = 1, -1
    for palette in PALETTES.values():
        pictures = animation_pictures(values, ["2"], CAPTIONS[:2], 1.0, palette, 28)
        shown, *_ = read(animation_bytes(pictures, "GIF", [100, 100], {}, palette))
        low, zero, high = palette.colours([-1, 0, 1]).tolist()
        column = shown[1][:, 140].tolist()
        top = next(row for row in range(len(column)) if column[row : row + 28] == [high, *[zero] * 26, low])
        assert shown[0][top, 140].tolist() == zero


def test_nothing_moves_but_the_weights_and_the_caption() -> None:
    pictures = animation_pictures(SNAPSHOTS, TITLES, CAPTIONS, LIMIT)
    arrays = [np.asarray(picture).astype(int) for picture in pictures]
    changed = np.any([abs(one - other).any(axis=2) for one, other in pairwise(arrays)], axis=0)
    rows = np.flatnonzero(changed.any(axis=1))
    heatmaps = {*range(50, 162), *range(209, 321)}
    caption = {*rows.tolist()} - heatmaps
    assert caption
    assert max(caption) - min(caption) < 21
    assert min(caption) > 321


def test_one_scale_from_first_to_last() -> None:
    shown, *_ = read(
        animation_bytes(animation_pictures(SNAPSHOTS, TITLES, CAPTIONS, LIMIT), "PNG", MILLISECONDS, {})
    )
    for weights, picture in zip(SNAPSHOTS, shown, strict=True):
        wanted = PALETTES["grokking"].colours(weights[:, 0].reshape(28, 28) / LIMIT)
        np.testing.assert_array_equal(picture[50:162:4, 21:133:4], wanted)


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_a_file_says_what_it_shows_and_is_the_same_each_time(kind) -> None:
    pictures = animation_pictures(SNAPSHOTS[:, :, 2:3], ["digit 2"], CAPTIONS, LIMIT)
    texts = {"digits": "2", "weights-sha256": "0" * 64}
    content = animation_bytes(pictures, kind, MILLISECONDS, texts)
    _, _, file = read(content)
    if kind == "GIF":
        assert file.info["comment"] == f"digits: 2; weights-sha256: {'0' * 64}".encode()
    else:
        assert file.info["weights-sha256"] == "0" * 64
    again = animation_bytes(
        animation_pictures(SNAPSHOTS[:, :, 2:3], ["digit 2"], CAPTIONS, LIMIT), kind, MILLISECONDS, texts
    )
    assert again == content


def test_names_that_no_file_can_hold() -> None:
    pictures = animation_pictures(SNAPSHOTS[:, :, 2:3], ["コート"], CAPTIONS, LIMIT)
    for kind in set(KINDS.values()):
        assert animation_bytes(pictures, kind, MILLISECONDS, {"digits": "コ\ud800\0ート" * 100})


def test_pictures_that_nobody_chose_so_large_are_made_smaller(monkeypatch) -> None:
    monkeypatch.setattr(animation, "MOST_PIXELS", 5 * 200_000)
    with pytest.raises(UsageError, match="too large"):
        animation_pictures(SNAPSHOTS, TITLES, CAPTIONS, LIMIT)
    shown, *_ = read(animation_file(SNAPSHOTS, TITLES, CAPTIONS, LIMIT, "GIF", MILLISECONDS, {}))
    assert len(shown) == 5
    assert 100_000 < shown[0].shape[0] * shown[0].shape[1] <= 200_000
    monkeypatch.setattr(animation, "MOST_PIXELS", 5 * 1000)
    with pytest.raises(UsageError, match="too large"):
        animation_file(SNAPSHOTS, TITLES, CAPTIONS, LIMIT, "GIF", MILLISECONDS, {})


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(ShapeError):
        animation_pictures(SNAPSHOTS, TITLES[:9], CAPTIONS, LIMIT)
    with pytest.raises(ShapeError):
        animation_pictures(SNAPSHOTS, TITLES, CAPTIONS[:4], LIMIT)
    with pytest.raises(UsageError, match="too large"):
        animation_pictures(np.concatenate([SNAPSHOTS] * 3), TITLES, CAPTIONS * 3, LIMIT, size=1000)
