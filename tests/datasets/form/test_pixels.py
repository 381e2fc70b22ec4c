"""Images of every shape and type in use, brought to bytes."""

import numpy as np
import pytest

from mnistgd.datasets.form.pixels import alike, as_bytes, look, scale_of
from mnistgd.errors import DataError

BYTES = np.random.default_rng(0).integers(0, 256, (5000, 28, 28), dtype=np.uint8)


def brought(images, *, sideways=False, others=()):
    found = [look(each, "them") for each in (images, *others)]
    return as_bytes(images, scale_of(found, "here"), sideways=sideways)


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (1, 28, 28), (784,), (784, 1), (1, 784)])
@pytest.mark.parametrize("dtype", ["u1", ">i2", "<i8", "u8", "<f4", ">f8"])
def test_every_shape_and_type_comes_to_the_same_bytes(shape, dtype):
    images = brought(BYTES.reshape(-1, *shape).astype(dtype))
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    assert np.array_equal(images, BYTES)


def test_bytes_are_not_copied():
    assert brought(BYTES) is BYTES or np.shares_memory(brought(BYTES), BYTES)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_up_to_1_are_taken_times_255(dtype):
    # What everybody does to MNIST, undone to the bit.
    assert np.array_equal(brought(BYTES.astype(dtype) / dtype(255)), BYTES)


@pytest.mark.parametrize("dtype", ["<f8", ">f4"])
def test_floats_up_to_255_are_rounded(dtype):
    floats = BYTES.clip(1, 254) + np.where(BYTES % 2, 0.4, -0.4)
    assert np.array_equal(brought(floats.astype(dtype)), BYTES.clip(1, 254))


@pytest.mark.parametrize("dtype", ["?", "u1", "<i4", "<f4"])
def test_black_and_white(dtype):
    assert np.array_equal(brought((BYTES > 127).astype(dtype)), np.where(BYTES > 127, 255, 0))


@pytest.mark.parametrize("axis", [1, 3])
def test_equal_channels_are_grey(axis):
    assert np.array_equal(brought(np.stack([BYTES] * 3, axis)), BYTES)


def test_the_range_is_that_of_all_images():
    dark = BYTES >> 4
    assert np.array_equal(brought(dark, others=[BYTES]), dark)
    assert not brought(np.zeros((2, 28, 28)), others=[BYTES / 255]).any()


@pytest.mark.parametrize("images", [BYTES, BYTES / 255], ids=["bytes", "floats"])
def test_rows_and_columns_are_exchanged(images):
    assert np.array_equal(brought(images, sideways=True), BYTES.transpose(0, 2, 1))


ONE = np.zeros((1, 28, 28))
BAD = {
    "standardised": (
        np.linspace(-0.42, 2.82, 784).reshape(1, 28, 28),
        "the pixels of here lie in -0.42 to 2.82",
    ),
    "from -1 to 1": (np.linspace(-1, 1, 784).reshape(1, 784), "lie in -1 to 1"),
    "negative whole numbers": ((ONE - 1).astype(int), "lie in -1 to -1"),
    "16 bits": ((ONE + 65535).astype("u2"), "lie in 65535 to 65535"),
    "just above 1": (ONE + 1.0001, "lie in 1.0001 to 1.0001"),
    "hardly above 1": (ONE + np.nextafter(1, 2), r"lie in 1\.0000000000000002 to"),
    "hardly above 255": ((ONE + 255.00003).astype("f4"), r"lie in 255\.00003"),
    "just above 1, big end first": ((ONE + 1.0001).astype(">f4"), "lie in 1.0001 to 1.0001"),
    "above 255": (ONE + 255.5, "lie in 255.5"),
    "NaN": (np.concatenate([np.zeros((4999, 28, 28)), ONE * np.nan]), "no finite number, in image 4999"),
    "infinity": (ONE + np.inf, "no finite number, in image 0"),
    "colour": (np.stack([BYTES, BYTES, BYTES ^ 1], 3), r"in colour \(RGB\): in image 0 the channels differ"),
    "32×32": (np.zeros((3, 32, 32)), r"shape \(3, 32, 32\), not \(n, 28, 28\)"),
    "a number": (np.float64(3), r"shape \(\)"),
    "text": (np.full((3, 28, 28), "0"), "are <U1, not numbers"),
    "complex": (ONE + 0j, "are complex128, not numbers"),
}


@pytest.mark.parametrize(("images", "words"), BAD.values(), ids=BAD)
def test_what_is_not_plain(images, words):
    with pytest.raises(DataError, match=words) as caught:
        brought(images)
    assert caught.value.hint
    assert "astype" not in caught.value.hint
    assert "\n" not in caught.value.message


def test_the_hint_brings_any_range_to_0_to_1():
    x = ONE + np.linspace(-0.4242129623889923, 2.8214867115020752, 784).reshape(28, 28)
    with pytest.raises(DataError) as caught:
        brought(x)
    formula = caught.value.hint.partition(": ")[2].partition(" brings")[0]
    assert brought(eval(formula, {"x": x})).tolist() == [
        np.rint(np.arange(784) * 255 / 783).reshape(28, 28).tolist()
    ]


def test_the_hint_brings_bytes_back_that_were_saved_as_signed_ones():
    images = BYTES.view(np.int8)
    with pytest.raises(DataError, match="lie in -128 to 127") as caught:
        brought(images)
    formula = caught.value.hint.partition("ones, ")[2].partition(" brings")[0]
    assert np.array_equal(brought(eval(formula, {"images": images})), BYTES)


@pytest.mark.parametrize("one", [BYTES / 255, (BYTES / 255).astype(">f4"), BYTES > 127, BYTES >> 7])
@pytest.mark.parametrize("dtype", ["u1", "<f8", ">f4"])
def test_train_and_test_images_of_different_ranges(dtype, one):
    with pytest.raises(DataError, match="differ in range: 0 to 255 and 0 to 1"):
        brought(BYTES.astype(dtype), others=[one])


def test_images_that_are_all_the_same():
    assert alike(np.zeros((5000, 28, 28), np.uint8)) == "blank"
    assert alike(np.ones((5000, 28, 28), np.uint8)) == "alike"
    assert alike(BYTES) == ""
    assert alike(BYTES[:1]) == ""
    assert alike(np.zeros((1, 28, 28), np.uint8)) == "blank"
    last = np.ones((5000, 28, 28), np.uint8)
    last[-1, -1, -1] = 2
    assert alike(last) == ""
