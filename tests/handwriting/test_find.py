"""Telling ink from paper, piece by piece; whether digits are read in the end is tested elsewhere."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits

from mnistgd.errors import ImageError
from mnistgd.handwriting.find import Found, find_digit
from mnistgd.handwriting.framing import framed
from mnistgd.handwriting.ink import (
    calmed,
    channel_mix,
    flattened,
    ink_contrast,
    measure_light,
    measure_pen,
    threshold,
)
from mnistgd.handwriting.pictures import Picture
from mnistgd.handwriting.read import read
from mnistgd.handwriting.ruling import without_rules

Y, X = np.mgrid[0:120, 0:90]


def rgb(grey):
    return np.repeat(np.clip(np.broadcast_to(grey, Y.shape), 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def noise(level, sigma, seed=0):
    return rgb(level + np.random.default_rng(seed).normal(0, sigma, Y.shape))


NOTHING = {
    "black": rgb(0),
    "white": rgb(255),
    "grey": rgb(128),
    "gradient": rgb(60 + X),
    "gradient to the corner": rgb(X + Y),
    "full gradient": rgb(255 * Y / 119),
    "vignette": rgb(250 - 0.01 * ((X - 45) ** 2 + (Y - 60) ** 2)),
    "a little noise": noise(200, 2),
    "noise": noise(128, 20),
    "noise on white": noise(255, 20),
    "noise on black": noise(0, 20),
    "wild noise": noise(128, 90),
    "colourful noise": np.random.default_rng(1).integers(0, 256, (120, 90, 3), dtype=np.uint8),
    "noise and gradient": noise(60 + X, 8),
    "shadow": rgb(np.where(X + Y < 100, 120, 230)),
    "dark edge": rgb(np.where(X < 12, 30, 230)),
    "frame": rgb(np.where((X < 6) | (Y < 6) | (X > 83) | (Y > 113), 30, 230)),
    "ruled paper": rgb(np.where(Y % 14 < 2, 150, 240)),
    "squared paper": rgb(np.where((Y % 14 < 2) | (X % 14 < 2), 150, 240)),
    "one speck": rgb(np.where((X == 40) & (Y == 70), 0, 255)),
    "a filled square": rgb(np.where((abs(X - 45) < 30) & (abs(Y - 60) < 30), 0, 255)),
}


@pytest.mark.parametrize("what", NOTHING)
def test_nothing_is_found_on_nothing(what):
    for pixels in (NOTHING[what], 255 - NOTHING[what]):
        with pytest.raises(ImageError) as caught:
            read(Picture("sheet.png", (90, 120), pixels))
        assert caught.value.message.startswith("sheet.png shows nothing that could be a digit, ")


@pytest.mark.parametrize(
    ("what", "seen"),
    [
        ("white", "only paper"),
        ("ruled paper", "only lines"),
        ("squared paper", "only lines"),
        ("a filled square", "only a blot, a shadow or an edge"),
        ("dark edge", "only a blot, a shadow or an edge"),
    ],
)
def test_a_refusal_says_what_was_seen(what, seen):
    with pytest.raises(ImageError, match=f"nothing that could be a digit, {seen}") as caught:
        read(Picture("sheet.png", (90, 120), NOTHING[what]))
    assert caught.value.hint


@pytest.mark.parametrize(
    "condition", ["clean scan", "noise", "gradient", "soft shadow", "rough paper", "pencil", "lined"]
)
def test_nothing_is_found_on_an_empty_sheet(condition, handwriting):
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(5):
        sheet = handwriting.photograph(np.zeros((110, 70), np.float32), condition, rng)
        found += isinstance(find_digit(np.asarray(sheet)), Found)
    assert found == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3), (8, 8), (9, 300), (1600, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_no_shape_and_no_pixels_break_it(shape, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    find_digit(pixels)
    find_digit((pixels // 128 * 255).astype(np.uint8))


def test_a_thin_digit_that_fills_its_picture_is_found(handwriting, mnist):
    ones = mnist.test_images[:600][mnist.test_labels[:600] == 1]
    crops = (Image.fromarray(handwriting.crop(image)).convert("RGB") for image in ones)
    assert sum(isinstance(find_digit(np.asarray(crop)), str) for crop in crops) == 0


@pytest.mark.parametrize("number", [139, 1024])
def test_a_digit_along_the_border_keeps_its_strokes(number):
    pixels = (load_digits().images[number] * (255 / 16)).astype(np.uint8)
    found = find_digit(np.repeat(pixels[:, :, None], 3, axis=2))
    # Only the edges of these strokes are a twentieth of that.
    assert found.strokes.mean() > 0.3


# --- colour -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((200, 60, 60), (60, 130, 60)),
        ((0, 0, 0), (255, 255, 0)),
        ((90, 90, 255), (90, 90, 120)),
        ((255, 0, 0), (0, 255, 0)),
    ],
)
def test_the_mix_of_channels_keeps_ink_and_paper_apart(ink, paper):
    pixels = np.full((60, 60, 3), paper, np.uint8)
    pixels[10:50, 28:33] = ink
    mix = channel_mix(pixels)
    assert mix.min() >= 0
    assert mix.sum() == pytest.approx(1)
    between = abs(float(mix @ (np.array(ink, float) - paper)))
    assert between >= 0.8 * np.abs(np.array(ink) - paper).max() / np.sqrt(3)


def test_the_mix_of_a_grey_picture_is_its_grey():
    assert channel_mix(noise(100, 20)).tolist() == [1, 0, 0]


# --- noise --------------------------------------------------------------------------------------------


def test_noise_is_calmed_and_nothing_else_is():
    plain = Image.fromarray(rgb(60 + X)[:, :, 0])
    assert np.array_equal(calmed(plain), np.asarray(plain))
    noisy = Image.fromarray(noise(60 + X, 12)[:, :, 0])
    left = calmed(noisy) - (60 + X)
    # 1 2 1 over 4 along either axis: its squares sum to 6 / 16, and the root of that counts twice.
    assert left[5:-5, 5:-5].std() == pytest.approx(12 * 6 / 16, rel=0.1)


# --- light --------------------------------------------------------------------------------------------


def test_a_quadratic_light_is_measured_exactly():
    y, x = np.linspace(-1, 1, 70)[:, None], np.linspace(-1, 1, 50)
    light = 4.5 + 0.2 * x - 0.3 * y + 0.1 * x * x - 0.15 * x * y + 0.05 * y * y
    plain = (np.exp(light) - 24).astype(np.float32)
    plain[20:50, 20:24] = 5  # ink
    depth = flattened(plain, measure_light(plain))
    assert np.abs(np.delete(depth, np.s_[20:24], axis=1)).max() < 0.05
    assert depth[20:50, 20:24].max() < -0.7


def test_where_no_quadratic_fits_there_is_none():
    plain = rgb(np.where((X // 20 + Y // 20) % 2, 40, 220))[:, :, 0].astype(np.float32)
    assert not measure_light(plain).any()


def test_ink_has_the_same_contrast_in_the_shadow():
    plain = np.full((80, 80), 220.0)
    plain[20:60, 20:25] = plain[20:60, 55:60] = 60
    plain = plain + 24
    plain[:, 40:] *= 0.5
    depth = np.log(plain).astype(np.float32)
    contrast = ink_contrast(depth, 13)
    assert contrast[30, 22] == pytest.approx(contrast[30, 57], rel=0.01)
    assert contrast[30, 22] == pytest.approx(1 - 84 / 244, rel=0.01)
    ink = contrast > threshold(contrast)
    assert ink.sum() == 2 * 40 * 5


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("width", [2, 4, 8, 14])
def test_the_pen_is_measured(dark, width):
    canvas = Image.new("L", (72, 72), 230 if dark else 20)
    ImageDraw.Draw(canvas).ellipse((14, 10, 58, 62), outline=40 if dark else 240, width=width)
    pen = measure_pen(np.asarray(canvas, np.float32))
    assert pen.dark == dark
    assert width - 1 <= pen.width * 72 <= 2.5 * width + 2


# --- ruled paper --------------------------------------------------------------------------------------


def ruled(lean, squared=False):
    rule = np.round(Y + lean * X) % 16 == 0
    return rule | (np.round(X - lean * Y) % 16 == 0) if squared else rule


def stroke():
    canvas = Image.new("1", (90, 120))
    ImageDraw.Draw(canvas).line([(20, 30), (65, 28), (40, 95)], 1, 6, "curve")
    return np.asarray(canvas)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("lean", [0, 0.02, -0.05, 0.09])
def test_rules_go_and_strokes_stay(lean, squared):
    found = without_rules(ruled(lean, squared) | stroke())
    # One rule may stay: that which a bar of the digit lies along.
    assert (found & ~stroke()).sum() < 140
    assert (stroke() & ~found).sum() < 0.1 * stroke().sum()


def test_two_bars_are_no_ruled_paper():
    bars = np.zeros((60, 40), bool)
    bars[2:4] = bars[55:57] = True
    bars[:, 20:23] = True
    assert np.array_equal(without_rules(bars), bars)


def test_paper_without_rules_is_left_alone():
    assert np.array_equal(without_rules(stroke()), stroke())


# --- clean ink ----------------------------------------------------------------------------------------


def drawn(size, pen, ink=0, paper=255):
    """A stroke that a program drew, its edges smoothed, and the pixels of it that are nearer to ink than to paper."""
    large = Image.new("L", (4 * size, 4 * size))
    points = [(x * size, y * size) for x, y in ((1, 1), (3, 0.8), (2, 3.2))]
    ImageDraw.Draw(large).line(points, 255, 4 * pen, "curve")
    shares = np.asarray(large.resize((size, size), Image.Resampling.BOX)) / 255
    grey = np.rint(paper + (ink - paper) * shares)
    nearer = np.abs(grey - ink) < np.abs(grey - paper)
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2), nearer


@pytest.mark.parametrize("pen", [6, 14, 30])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (40, 200)])
def test_of_clean_ink_every_pixel_counts_as_it_is(pen, ink, paper):
    pixels, wanted = drawn(400, pen, ink, paper)
    found = find_digit(pixels).strokes
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("condition", ["noise", "gradient", "pencil"])
def test_what_is_not_clean_is_looked_at_closely(condition, handwriting):
    rng = np.random.default_rng(0)
    sheet = handwriting.photograph(handwriting.write(3, rng, pen=0.1), condition, rng)
    pixels = np.asarray(sheet.convert("RGB"))
    assert find_digit(pixels).strokes.shape != pixels.shape[:2]


def test_other_things_than_the_digit_are_left_out_of_clean_ink():
    pixels, wanted = drawn(400, 20)
    pixels[380:384, 380:384] = 0
    assert np.array_equal(find_digit(pixels).strokes, wanted)


def test_a_shadow_on_a_digit_is_no_part_of_it():
    canvas = Image.new("L", (200, 260), 255)
    ImageDraw.Draw(canvas).line([(60, 60), (140, 60), (90, 220)], fill=20, width=9)
    light = np.where(np.mgrid[:260, :200].sum(axis=0) < 230, 0.6, 1)
    found = find_digit(np.repeat((np.asarray(canvas) * light).astype(np.uint8)[:, :, None], 3, axis=2))
    assert isinstance(found, Found)
    assert found.things == 1


# --- what is easily taken for something else ----------------------------------------------------------


def grey(canvas):
    return np.repeat(np.asarray(canvas, np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize(("width", "things"), [(70, 1), (26, 2)])
def test_halves_of_a_digit_are_wider_than_high(width, things):
    """Two hooks, one below the other: an 8 in halves, or two digits."""
    canvas = Image.new("L", (200, 200), 255)
    for top in (40, 112):
        box = [(100 - width // 2, top), (100 + width // 2, top), (100 + width // 2, top + 50)]
        ImageDraw.Draw(canvas).line(box, fill=0, width=8)
    found = find_digit(grey(canvas))
    assert isinstance(found, Found)
    assert found.things == things


@pytest.mark.parametrize("margin", [2, 5, 20])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_a_margin_of_the_colour_of_the_ink(ink, paper, margin):
    """What a picture of a screen has around a canvas."""
    canvas = Image.new("L", (200, 200), paper)
    ImageDraw.Draw(canvas).line([(70, 50), (130, 50), (90, 150)], fill=ink, width=9)
    alone = find_digit(grey(canvas)).strokes
    found = find_digit(
        np.pad(grey(canvas), ((margin, margin), (margin, margin), (0, 0)), constant_values=ink)
    )
    assert isinstance(found, Found)
    assert np.count_nonzero(found.strokes) == pytest.approx(np.count_nonzero(alone), rel=0.15)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_a_tiny_digit_on_a_large_canvas_is_found(ink, paper):
    """It is so small that it has fewer than one in two hundred of the pixels by which paper is told from ink."""
    canvas = Image.new("L", (720, 540), paper)
    ImageDraw.Draw(canvas).line([(600, 450), (620, 450), (606, 478)], fill=ink, width=3)
    assert measure_pen(np.asarray(canvas.resize((72, 54)), np.float32)).dark == (ink < paper)
    assert isinstance(find_digit(grey(canvas)), Found)


def on_lines(draw, thick):
    """A picture that `draw` draws on, of paper with lines in a lighter grey, and that without them."""
    sheets = []
    for lines in (range(30, 720, 80), ()):
        canvas = Image.new("L", (600, 720), 245)
        for y in lines:
            ImageDraw.Draw(canvas).line([(0, y), (600, y)], fill=120, width=thick)
        draw(ImageDraw.Draw(canvas))
        sheets.append(find_digit(grey(canvas)))
    return sheets


@pytest.mark.parametrize("pen", [8, 12, 16])
@pytest.mark.parametrize("thick", [6, 10])
def test_the_bar_of_a_digit_on_lined_paper_is_no_line(pen, thick):
    def seven(draw):
        draw.line([(170, 230), (410, 230), (260, 630)], fill=20, width=pen)

    lined, alone = on_lines(seven, thick)
    assert isinstance(lined, Found)
    assert np.corrcoef(framed(lined.strokes).ravel(), framed(alone.strokes).ravel())[0, 1] > 0.85


@pytest.mark.parametrize("pen", [6, 9, 13])
@pytest.mark.parametrize("lean", [0, 15, 30])
def test_a_1_on_lined_paper_is_no_line(pen, lean):
    def one(draw):
        draw.line([(300 + lean, 120), (300 - lean, 610)], fill=30, width=pen)

    lined, _ = on_lines(one, 6)
    assert isinstance(lined, Found)


def test_a_stem_that_breaks_is_no_line(mnist):
    """Of a 1 that is in two pieces, the longer is no line that goes on beyond the other."""
    ones = mnist.test_images[mnist.test_labels == 1][:200]
    for image in ones:
        canvas = Image.new("L", (350, 250), 255)
        canvas.paste(Image.fromarray(255 - image).resize((140, 140), Image.Resampling.BICUBIC), (105, 55))
        assert isinstance(find_digit(grey(canvas)), Found)
