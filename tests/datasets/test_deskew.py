"""Deskewing, against scipy's affine transform and against what the words promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from mnistgd.datasets.deskew import deskew
from mnistgd.errors import ShapeError

ROWS, COLUMNS = np.mgrid[:28, :28].astype(float)


def moments(image):
    """Centre of mass (y, x), and the central moments mu_xy and mu_yy divided by the mass."""
    mass = image.sum()
    y, x = (image * ROWS).sum() / mass, (image * COLUMNS).sum() / mass
    return y, x, (image * (ROWS - y) * (COLUMNS - x)).sum() / mass, (image * (ROWS - y) ** 2).sum() / mass


def stroke(seed):
    """A thick slanted line that leaves room on every side."""
    rng = np.random.default_rng(seed)
    slope, width, length = rng.uniform(-0.5, 0.5), rng.uniform(1.0, 2.5), rng.uniform(5, 8)
    y, x = 13.5 + rng.uniform(-2, 2, size=2)
    distance = np.abs(COLUMNS - x - slope * (ROWS - y))
    ink = np.clip(width - distance, 0, 1) * np.clip(length - np.abs(ROWS - y), 0, 1)
    return np.rint(255 * ink).astype(np.uint8)


def test_agrees_with_scipy(mnist):
    images = np.concatenate([mnist.test_images[:200], [stroke(seed) for seed in range(50)]])
    ours = deskew(images)
    for image, straight in zip(images.astype(float), ours, strict=True):
        y, x, mu_xy, mu_yy = moments(image)
        slope = mu_xy / mu_yy
        matrix = np.array([[1, 0], [slope, 1]])
        offset = [y - 13.5, x - 13.5 - slope * 13.5]
        theirs = ndimage.affine_transform(image, matrix, offset, order=1, mode="grid-constant")
        assert np.abs(straight - theirs).max() < 0.501


def test_centres_and_straightens(mnist):
    for straight in deskew(mnist.test_images[:300]).astype(float):
        y, x, mu_xy, mu_yy = moments(straight)
        assert abs(y - 13.5) < 0.1
        assert abs(x - 13.5) < 0.1
        assert abs(mu_xy / mu_yy) < 0.02


@given(seed=st.integers(0, 1000), dy=st.integers(-3, 3), dx=st.integers(-3, 3))
def test_it_does_not_matter_where_the_ink_is(seed, dy, dx):
    image = stroke(seed)
    moved = np.roll(image, (dy, dx), axis=(0, 1))
    assert np.abs(deskew(image[None]).astype(int) - deskew(moved[None])).max() <= 1


@given(seed=st.integers(0, 1000))
def test_a_second_time_changes_little(seed):
    once = deskew(stroke(seed)[None])
    twice = deskew(once)
    assert np.abs(once.astype(int) - twice).mean() < 2.0


@given(seed=st.integers(0, 1000))
def test_a_picture_upside_down_comes_out_upside_down(seed):
    # A turn by 180 degrees leaves every second moment as it is, and the middle of the image where it is.
    image = stroke(seed)
    turned = deskew(image[None, ::-1, ::-1])[:, ::-1, ::-1]
    assert np.abs(deskew(image[None]).astype(int) - turned).max() <= 1


def test_a_blank_image_stays_blank():
    assert not deskew(np.zeros((3, 28, 28), np.uint8)).any()


def test_one_colour_all_over_is_upright_and_centred_as_it_is():
    image = np.full((1, 28, 28), 200, np.uint8)
    assert np.array_equal(deskew(image), image)


@pytest.mark.parametrize("place", [(0, 0), (0, 27), (27, 0), (27, 27), (13, 14)])
def test_a_single_pixel_comes_to_the_middle(place):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0][place] = 200
    # The middle lies between four pixels, each of which gets a quarter.
    expected = np.zeros((28, 28))
    expected[13:15, 13:15] = 50
    assert np.array_equal(deskew(image)[0], expected)


def test_a_single_row_slides_without_shear():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 3, 2:12] = 100
    expected = np.zeros((28, 28))
    expected[13:15, 9:19] = 50
    assert np.array_equal(deskew(image)[0], expected)


@settings(max_examples=60)
@given(arrays(np.uint8, st.tuples(st.integers(0, 4), st.just(28), st.just(28))))
def test_any_image_has_a_result_of_its_own(images):
    straight = deskew(images)
    assert straight.dtype == np.uint8
    assert straight.shape == images.shape
    for image, expected in zip(images, straight, strict=True):
        assert np.array_equal(deskew(image[None])[0], expected)


def test_the_number_of_images_makes_no_difference(mnist):
    images = mnist.test_images[:600]
    assert np.array_equal(deskew(images), np.concatenate([deskew(images[:7]), deskew(images[7:])]))


def test_it_reads_images_that_are_read_only_or_strided(mnist):
    images = mnist.test_images[:20]
    assert not images.flags.writeable
    assert np.array_equal(deskew(images[::-2]), deskew(images)[::-2])


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 784), np.uint8),
        np.zeros((1, 28, 27), np.uint8),
        np.zeros((1, 28, 28), np.float32),
    ],
    ids=lambda images: f"{images.dtype}{images.shape}",
)
def test_nothing_else_is_taken(images):
    with pytest.raises(ShapeError, match="uint8 images"):
        deskew(images)
