"""Changed images, against scipy's morphology and affine transform, and draws of the published generator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from mnistgd.datasets import augment as module
from mnistgd.datasets.augment import augment
from mnistgd.errors import ShapeError

SEED = (4, 0, 3, 1)
CHANGES = ("SHIFT", "HALF_TURN", "SIZE", "SLANT", "STROKE")
BITS = 2**64


def draws(number, seed=SEED):
    """Six numbers in [-1, 1): SplitMix64 in Python's whole numbers, from its (6 · number)-th on."""
    state = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    found = []
    for which in range(6 * number + 1, 6 * number + 7):
        z = (state + which * 0x9E3779B97F4A7C15) % BITS
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % BITS
        z = (z ^ z >> 27) * 0x94D049BB133111EB % BITS
        found.append((z ^ z >> 31) / 2**63 - 1)
    return found


def by_scipy(image, number, limits):
    """One image, as the words say what is done to it."""
    right, down, turn, size, slant, stroke = draws(number)
    share = limits["STROKE"] * stroke
    filtered = (ndimage.maximum_filter if share > 0 else ndimage.minimum_filter)(image, 3, mode="nearest")
    pen = (1 - abs(share)) * image + abs(share) * filtered.astype(float)
    angle = 2 * np.arctan(limits["HALF_TURN"] * turn)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turned @ [[1, limits["SLANT"] * slant], [0, 1]] / (1 + limits["SIZE"] * size)
    matrix, shift = matrix[::-1, ::-1], limits["SHIFT"] * np.array([down, right])  # scipy has y first
    offset = 13.5 + shift - matrix @ [13.5, 13.5]
    return ndimage.affine_transform(pen, matrix, offset, order=1, mode="grid-constant")


@pytest.mark.parametrize("kept", [*CHANGES, None])
def test_agrees_with_scipy(mnist, monkeypatch, kept):
    """Each change alone, and all of them."""
    for name in CHANGES:
        if kept not in (name, None):
            monkeypatch.setattr(module, name, 0.0)
    limits = {name: getattr(module, name) for name in CHANGES}
    images, numbers = mnist.test_images[:300], np.arange(59_700, 60_000)
    ours = augment(images, numbers, SEED)
    assert (ours != images).any()
    for image, number, changed in zip(images, numbers.tolist(), ours, strict=True):
        assert np.abs(changed - by_scipy(image, number, limits)).max() < 0.51


def test_the_generator_is_the_published_one():
    """The first outputs from 1234567, by which implementations of SplitMix64 are checked in any language."""
    wanted = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    found = module._draws(np.array([0]), np.array([1234567], np.uint64))[:5, 0]
    assert found.tolist() == [(each >> 11) / 2**52 - 1 for each in wanted]


def test_what_is_drawn_is_even():
    found = module._draws(np.arange(100_000), np.array([7], np.uint64))
    assert np.abs(found.mean(axis=1)).max() < 0.01
    assert found.var(axis=1) == pytest.approx(1 / 3, abs=0.01)
    assert np.abs(np.corrcoef(found) - np.eye(6)).max() < 0.02
    assert -1 <= found.min() < -0.9999
    assert 0.9999 < found.max() < 1


def test_the_largest_turn_is_of_ten_degrees():
    assert pytest.approx(np.tan(np.deg2rad(5)), rel=1e-3) == module.HALF_TURN


def test_nothing_to_change_changes_nothing(mnist, monkeypatch):
    for name in CHANGES:
        monkeypatch.setattr(module, name, 0.0)
    assert np.array_equal(augment(mnist.test_images, np.arange(10_000), SEED), mnist.test_images)


def test_an_image_is_changed_by_its_number_and_the_seed_alone(mnist):
    """Whatever comes with it, in whatever order, as a line or as a square, in whatever type the number is."""
    images, numbers = mnist.test_images[:500], np.arange(500, dtype=np.uint32) * 7
    whole = augment(images, numbers, SEED)
    order = np.random.default_rng(0).permutation(500)
    for part in np.split(order, [1, 130, 131, 400]):
        flat = augment(images[part].reshape(-1, 784), numbers[part].astype(np.int64), SEED)
        assert np.array_equal(flat.reshape(-1, 28, 28), whole[part])
    others = augment(images, numbers + 1, SEED), augment(images, numbers, (*SEED[:3], 2))
    for other in others:
        assert (other != whole).any(axis=(1, 2)).all()


@settings(max_examples=60)
@given(arrays(np.uint8, st.tuples(st.integers(0, 4), st.just(28), st.just(28))))
def test_any_image_stays_within_its_own_shades(images):
    """Interpolation is a mean, and a thicker or thinner stroke has shades that were there."""
    changed = augment(images, np.arange(len(images)), SEED)
    assert changed.dtype == np.uint8
    assert changed.shape == images.shape
    for image, found in zip(images, changed, strict=True):
        assert found.max() <= image.max()


def test_a_blank_image_stays_blank_and_ink_all_over_stays_ink():
    assert not augment(np.zeros((50, 784), np.uint8), np.arange(50), SEED).any()
    full = augment(np.full((50, 28, 28), 255, np.uint8), np.arange(50), SEED)
    assert (full[:, 8:20, 8:20] == 255).all()


def test_it_reads_images_that_are_read_only_or_strided(mnist):
    images, numbers = mnist.test_images[:20], np.arange(20)
    assert not images.flags.writeable
    assert np.array_equal(augment(images[::-2], numbers[::-2], SEED), augment(images, numbers, SEED)[::-2])


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros(784, np.uint8),
        np.zeros((1, 28, 27), np.uint8),
        np.zeros((1, 784), np.float32),
    ],
    ids=lambda images: f"{images.dtype}{images.shape}",
)
def test_nothing_else_is_taken(images):
    with pytest.raises(ShapeError, match="uint8 images"):
        augment(images, np.arange(len(images)), SEED)
