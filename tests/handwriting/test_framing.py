"""The frame, against MNIST's own images and closed forms."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistgd.handwriting.framing import centred, framed, looks_written, stroke_width


def disc(radius, size):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.hypot(x, y) <= radius


def test_an_image_of_mnist_is_its_own_frame(mnist):
    """What it was made from is lost, but for what enlarging its edges brings back.

    A pixel up or down, left or right is allowed: the threshold moves the centre of mass a little.
    """
    likeness, thick = [], 0
    for image in mnist.test_images[:200]:
        large = np.asarray(Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC))
        strokes = large > 127
        if stroke_width(strokes) < 22:
            continue  # would be thickened
        thick += 1
        moved = [np.roll(framed(strokes), by, (0, 1)) for by in [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]]
        likeness.append(max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for other in moved))
    assert thick > 50
    assert np.median(likeness) > 0.97
    assert np.quantile(likeness, 0.05) > 0.93


@pytest.mark.parametrize("shape", [(100, 60), (60, 100), (100, 100), (30, 7), (7, 30), (500, 300)])
def test_it_fits_the_box_and_keeps_its_shape(shape):
    strokes = np.zeros((shape[0] + 40, shape[1] + 20), bool)
    strokes[20:-20, 10:-10] = True
    image = framed(strokes)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    sides = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert max(sides) == 20
    assert sides[0] / sides[1] == pytest.approx(shape[0] / shape[1], rel=0.15)


@pytest.mark.parametrize("wide", [10, 30])
def test_a_thin_piece_is_thickened_by_itself(wide):
    """A bar that a program filled, and a stroke of a pencil below it."""
    strokes = np.zeros((200, 140), bool)
    strokes[20 : 20 + wide, 20:120] = True
    strokes[60:180, 68:72] = True
    below = framed(strokes)[14:] / 255
    assert below.sum(axis=1).max() == pytest.approx(2.1, abs=0.2)


def centre_of_mass(image):
    return np.array([image.sum(axis=1 - axis) @ np.arange(28) / image.sum() for axis in (0, 1)])


def test_its_centre_of_mass_is_where_mnist_has_it(mnist):
    theirs = [centre_of_mass(image.astype(float)) for image in mnist.test_images[:300]]
    ours = [centre_of_mass(framed(image > 127).astype(float)) for image in mnist.test_images[:300]]
    assert np.mean(ours, axis=0) == pytest.approx(np.mean(theirs, axis=0), abs=0.1)
    assert np.quantile(ours, 0.05) > 13.45
    assert np.quantile(ours, 0.95) < 14.55


def test_its_centre_of_mass_is_in_the_middle():
    rng = np.random.default_rng(0)
    for _ in range(20):
        canvas = Image.new("1", (120, 120))
        ImageDraw.Draw(canvas).line([tuple(point) for point in rng.integers(20, 100, (4, 2)).tolist()], 1, 9)
        image = framed(np.asarray(canvas))
        centre = centre_of_mass(image.astype(float))
        # To whole pixels, and no further than the border lets it: the box is 20 of 28 pixels.
        assert np.abs(centre - 14).max() <= 4
        assert np.median(np.abs(centre - 14)) <= 0.51


def test_edges_are_smooth_and_ink_is_white():
    image = framed(disc(50, 120))
    assert image.dtype == np.uint8
    assert image[14, 14] == 255
    assert image[0].max() == 0
    assert len(np.unique(image)) > 8


def test_a_thin_pen_is_thickened_and_a_thick_one_is_left():
    thin, thick = np.zeros((2, 200, 200), bool)
    thin[10:190, 100] = True
    thick[10:190, 80:120] = True
    assert 2 * 255 <= framed(thin)[14].sum() <= 2.5 * 255
    assert framed(thick)[14].sum() == round(20 * 40 / 180) * 255


@pytest.mark.parametrize(("height", "width"), [(200, 4), (3, 150), (400, 20)])
def test_stroke_width_of_a_line(height, width):
    exact = 2 * height * width / (2 * (height + width)) / (np.pi / 4)
    assert stroke_width(np.ones((height, width), bool)) == pytest.approx(exact)


@pytest.mark.parametrize("angle", [0, 20, 45, 70])
def test_stroke_width_hardly_depends_on_the_direction(angle):
    bar = Image.new("L", (400, 400))
    ImageDraw.Draw(bar).rectangle((50, 190, 350, 209), fill=255)
    strokes = np.asarray(bar.rotate(angle, Image.Resampling.BICUBIC)) > 127
    assert stroke_width(strokes) == pytest.approx(20, rel=0.3)


def test_centred_keeps_every_pixel():
    rng = np.random.default_rng(1)
    for shape in [(20, 20), (28, 28), (1, 1), (20, 5)]:
        ink = rng.integers(0, 256, shape, dtype=np.uint8)
        image = centred(ink)
        assert image.shape == (28, 28)
        assert sorted(image[image > 0].tolist()) == sorted(ink[ink > 0].tolist())


def test_centred_of_nothing_is_blank():
    assert not centred(np.zeros((20, 20), np.uint8)).any()


def drawn(shape, **how):
    """Ink of a shape that `ImageDraw` knows, in a picture of 160×160."""
    canvas = Image.new("1", (160, 160))
    getattr(ImageDraw.Draw(canvas), shape)(**how)
    return canvas


@pytest.mark.parametrize("height", [100, 60])
@pytest.mark.parametrize("turn", [0, 4, 12, 30, 45, 70])
def test_an_empty_frame_does_not_look_written_however_it_lies(height, turn):
    frame = drawn("rectangle", xy=(45, 30, 114, 30 + height), outline=1, width=5)
    assert not looks_written(framed(np.asarray(frame.rotate(turn))))


@pytest.mark.parametrize("height", [100, 60])
@pytest.mark.parametrize("turn", [0, 20])
def test_a_round_frame_is_a_0(height, turn):
    box = (45, 30, 114, 30 + height)
    for frame in (
        drawn("ellipse", xy=box, outline=1, width=5),
        drawn("rounded_rectangle", xy=box, radius=25, outline=1, width=5),
    ):
        assert looks_written(framed(np.asarray(frame.rotate(turn))))


SHOE = [(20, 30), (70, 30), (75, 70), (130, 90), (140, 115), (20, 115)]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("how", [{"fill": 1}, {"outline": 1, "width": 6}])
def test_a_shoe_does_not_look_written(how, mirrored):
    shoe = np.asarray(drawn("polygon", xy=SHOE, **how))
    assert not looks_written(framed(shoe[:, ::-1] if mirrored else shoe))


@pytest.mark.parametrize("width", [3, 12, 25])
def test_a_straight_1_looks_written(width):
    assert looks_written(framed(np.ones((100, width), bool)))


def test_nearly_all_digits_look_written(mnist):
    looks = [looks_written(framed(image > 127)) for image in mnist.test_images[::5]]
    assert np.mean(looks) >= 0.99


def test_a_digit_of_many_dots_takes_no_more_than_another():
    """A mask for each of ten thousand dots would take gigabytes."""
    dots = np.zeros((1200, 800), bool)
    dots[::10, ::10] = True
    tracemalloc.start()
    try:
        assert framed(dots).any()
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
