"""The goal: nine of ten clearly legible digits that other people drew or photographed are read right."""

from collections import defaultdict

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from mnistgd.errors import ImageError
from mnistgd.handwriting.find import Found, find_digit
from mnistgd.handwriting.framing import framed
from mnistgd.handwriting.paper import on_paper
from mnistgd.handwriting.pictures import Picture
from mnistgd.handwriting.read import read


def seen(picture):
    """What a network would see of a PIL image; blank if no digit is found."""
    try:
        return read(Picture("test", picture.size, on_paper(picture, 1))).pixels
    except ImageError:
        return np.zeros((28, 28), np.uint8)


def resized(picture):
    """The same without any of this work: shrunk to 28×28, and inverted if it is light."""
    image = np.asarray(picture.convert("L").resize((28, 28), Image.Resampling.BILINEAR))
    return 255 - image if np.median(image) > 127 else image


@pytest.fixture(scope="module")
def drawn(handwriting):
    """(condition, digit, picture) of every digit under every condition, drawn."""
    rng = np.random.default_rng(1)
    cases = []
    for condition in handwriting.CONDITIONS:
        for digit in range(10):
            pen = handwriting.PENS.get(condition, rng.choice([0.05, 0.08, 0.12]))
            ink = handwriting.write(digit, rng, pen=pen, tilt=15)
            cases.append((condition, digit, handwriting.photograph(ink, condition, rng)))
    return cases


@pytest.fixture(scope="module")
def photographed(handwriting, mnist):
    """(condition, index, picture): test digits of MNIST on paper of all kinds, ten to a condition."""
    rng = np.random.default_rng(2)
    cases = []
    for number, condition in enumerate(handwriting.CONDITIONS):
        for index in range(10 * number, 10 * number + 10):
            ink = handwriting.enlarged(mnist.test_images[index])
            cases.append((condition, index, handwriting.photograph(ink, condition, rng)))
    return cases


def test_drawn_digits_are_read(drawn, reader):
    right = reader(np.stack([seen(picture) for *_, picture in drawn])) == [digit for _, digit, _ in drawn]
    share = defaultdict(list)
    for (condition, *_), one in zip(drawn, right, strict=True):
        share[condition].append(one)
    assert right.mean() >= 0.97
    assert {condition: np.mean(found) for condition, found in share.items() if np.mean(found) < 0.8} == {}


def test_a_plain_resize_does_not_read_them(drawn, reader):
    images = np.stack([resized(picture) for *_, picture in drawn])
    assert np.mean(reader(images) == [digit for _, digit, _ in drawn]) < 0.5


def test_photographs_of_test_digits_are_read_nearly_as_well_as_the_digits_themselves(
    photographed, reader, mnist
):
    indices = [index for _, index, _ in photographed]
    labels = mnist.test_labels[indices]
    original = np.mean(reader(mnist.test_images[indices]) == labels)
    found = reader(np.stack([seen(picture) for *_, picture in photographed])) == labels
    assert found.mean() >= max(0.9, original - 0.02)


@pytest.mark.parametrize("change", ["none", "cropped", "margins", "inverted", "red on blue"])
def test_an_image_of_mnist_is_found_to_be_one(change, handwriting, reader, mnist):
    changed = {
        "none": lambda image: image,
        "cropped": handwriting.crop,
        "margins": lambda image: np.pad(image, 40),
        "inverted": lambda image: 255 - image,
        "red on blue": lambda image: np.stack([image, image // 8, 90 - image // 3], axis=2),
    }[change]
    images, labels = mnist.test_images[:150], mnist.test_labels[:150]
    found = np.stack([seen(Image.fromarray(changed(image)).convert("RGB")) for image in images])
    original = np.mean(reader(images) == labels)
    assert np.mean(reader(found) == labels) >= original - 0.025


def test_another_collection_of_handwriting_is_read_far_better_than_resized(reader):
    # 43 people's digits of 8×8 pixels, which cut the strokes off at all four sides.
    found = load_digits()
    pictures = [Image.fromarray((image * 255 / 16).astype(np.uint8)) for image in found.images[:200]]
    labels = found.target[:200]
    plain = np.mean(reader(np.stack([resized(picture) for picture in pictures])) == labels)
    ours = np.mean(reader(np.stack([seen(picture) for picture in pictures])) == labels)
    assert ours > 0.7
    assert ours > plain + 0.25


@pytest.mark.parametrize("digit", [0, 2, 3, 4, 5, 7, 8])
def test_printed_digits_are_read(digit, handwriting, reader):
    # Not 1, 6 and 9: with a flag or hooks as printers make them MNIST has so few that a linear network
    # takes them for 7, for 5 or 8, and for 8.
    rng = np.random.default_rng(digit)
    images = [
        seen(handwriting.photograph(handwriting.printed(digit, height), condition, rng))
        for height in (30, 160)
        for condition in ("clean scan", "soft shadow", "pencil")
    ]
    assert reader(np.stack(images)).tolist() == [digit] * len(images)


@pytest.mark.parametrize("condition", ["pencil + lined", "lined + hard shadow", "chalkboard + vignette"])
def test_what_comes_together_is_read(condition, handwriting, reader):
    rng = np.random.default_rng(3)
    pictures = [
        handwriting.photograph(handwriting.write(digit, rng, pen=0.1), condition, rng)
        for digit in range(10)
        for _ in range(2)
    ]
    found = reader(np.stack([seen(picture) for picture in pictures]))
    assert np.mean(found == np.repeat(np.arange(10), 2)) >= 0.9


def test_the_negative_of_a_picture_is_the_same_digit(drawn):
    for condition, _, picture in drawn[::9]:
        pixels = on_paper(picture, 1)
        found, negative = find_digit(pixels), find_digit(255 - pixels)
        if condition in (
            "same brightness",
            "soft shadow",
            "hard shadow",
            "gradient",
            "vignette",
            "everything",
        ):
            continue  # the light on a negative is another
        assert isinstance(found, Found), condition
        assert isinstance(negative, Found), condition
        assert apart(framed(found.strokes), framed(negative.strokes)) < 6, condition


def apart(one, other):
    """Mean difference of two images, one of which may be moved by a pixel: centring is to whole pixels."""
    moved = [np.roll(other, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return min(float(np.abs(one.astype(int) - image).mean()) for image in moved)


@pytest.mark.parametrize("scale", [0.5, 3])
def test_the_size_of_the_picture_does_not_matter(drawn, scale):
    for condition, _, picture in drawn[: 10 * 8 : 7]:
        if condition == "thin pen" and scale < 1:
            continue  # half a pixel of pen is another pen
        size = tuple(round(side * scale) for side in picture.size)
        assert apart(seen(picture), seen(picture.resize(size, Image.Resampling.LANCZOS))) < 6, condition


def on_a_table(sheet, colour, turn, rng):
    """A photograph of a sheet that lies on a table."""
    size = tuple(round(side * 1.6) for side in sheet.size)
    wood = np.asarray(colour) + rng.normal(0, 4, (*size[::-1], 3))
    table = Image.fromarray(np.clip(wood, 0, 255).astype(np.uint8))
    mask = Image.new("L", sheet.size, 255).rotate(turn, Image.Resampling.BICUBIC, expand=True)
    turned = sheet.convert("RGB").rotate(turn, Image.Resampling.BICUBIC, expand=True)
    place = tuple(round((a - b) * rng.uniform(0.2, 0.8)) for a, b in zip(size, turned.size, strict=True))
    table.paste(turned, place, mask)
    return table


TABLES = {"dark": (40, 38, 45), "wood": (110, 75, 50), "green": (70, 110, 80)}


@pytest.mark.parametrize(
    ("table", "condition", "turn"),
    # Every table with every condition, and each of them both straight and turned.
    [
        (table, condition, (0, 12)[(row + column) % 2])
        for row, table in enumerate(TABLES)
        for column, condition in enumerate(("clean scan", "pencil", "lined"))
    ],
)
def test_a_sheet_on_a_table(table, condition, turn, handwriting, reader):
    rng = np.random.default_rng(4)
    pictures = [
        on_a_table(
            handwriting.photograph(handwriting.write(digit, rng, tilt=5), condition, rng),
            TABLES[table],
            turn,
            rng,
        )
        for digit in range(10)
    ]
    found = reader(np.stack([seen(picture) for picture in pictures]))
    assert np.mean(found == np.arange(10)) >= 0.9


@pytest.mark.parametrize("turn", [0, 3])
def test_a_digit_in_a_box_of_a_form(turn, handwriting, reader):
    rng = np.random.default_rng(5)
    images = []
    for digit in range(10):
        box = np.pad(np.pad(handwriting.write(digit, rng, tilt=5), 20), 4, constant_values=1)
        ink = np.pad(box, 16)
        form = Image.fromarray((255 * (1 - ink)).astype(np.uint8)).rotate(turn, fillcolor=255)
        images.append(seen(form))
    assert np.mean(reader(np.stack(images)) == np.arange(10)) >= 0.9


def test_a_bold_light_digit_is_no_sheet(reader):
    # The zero of a clock: a rectangle that fills the picture, with a hole for ink.
    zero = np.zeros((120, 80), np.uint8)
    zero[10:-10, 10:-10] = 255
    zero[28:-28, 28:-28] = 0
    assert reader(seen(Image.fromarray(zero))[None]) == [0]
    assert reader(seen(Image.fromarray(np.pad(zero, 60)))[None]) == [0]
