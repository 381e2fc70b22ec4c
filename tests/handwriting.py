"""Digits as other people write and photograph them, made by code: seeded strokes, pens, papers, cameras.

``write`` draws a digit as ink; ``photograph`` puts ink on paper and takes its picture under a condition.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HEIGHT = 110

# Each digit as several people write it. A smooth curve runs through the points "x,y" of a stroke, x to the
# right and y down in a box of 100 by 150; a point given twice is a corner; " / " lifts the pen.
SHAPES = {
    0: [
        "55,2 20,20 5,75 20,135 50,148 85,125 95,70 80,20 50,3",
        "60,0 25,25 12,80 30,140 60,145 85,100 85,40 62,6 50,10",
        "45,10 10,40 5,90 30,135 70,135 98,90 90,40 60,10 38,12",
    ],
    1: [
        "50,0 50,75 48,150",
        "62,0 50,75 38,150",
        "30,20 50,0 50,0 50,75 50,150",
    ],
    2: [
        "10,35 30,5 70,5 85,40 60,85 10,142 10,142 50,142 95,140",
        "8,30 40,0 80,20 75,65 35,120 10,140 22,120 50,130 98,142",
        "15,25 50,2 85,30 60,80 10,130 5,145 5,145 50,135 100,140",
    ],
    3: [
        "10,20 45,0 80,25 65,60 35,70 35,70 80,85 85,120 50,150 5,130",
        "10,10 60,2 78,30 40,65 40,65 85,95 75,135 35,150 5,138",
        "5,15 50,2 82,28 50,66 30,70 60,72 95,105 60,148 5,140",
    ],
    4: [
        "25,10 15,50 10,85 10,85 50,85 95,80 / 80,10 75,80 70,150",
        "20,5 8,60 20,80 60,75 85,60 / 85,5 80,75 75,150",
        "70,2 35,50 2,95 2,95 50,95 100,92 / 72,2 70,70 68,150",
    ],
    5: [
        "25,8 20,35 15,62 15,62 50,55 85,85 75,130 35,150 5,135 / 25,8 60,8 95,2",
        "90,3 55,6 25,8 25,8 20,40 20,62 20,62 60,70 80,105 60,140 10,145",
        "100,0 60,3 35,8 35,8 22,55 22,55 60,62 72,95 50,135 0,145",
    ],
    6: [
        "60,0 25,40 8,95 20,140 55,148 80,120 60,88 30,95 12,115",
        "75,0 35,35 10,90 15,135 50,148 80,125 70,95 40,95 18,125",
        "40,0 15,50 8,105 30,145 70,140 80,110 55,90 20,110",
    ],
    7: [
        "5,10 50,8 90,5 90,5 60,75 40,150",
        "5,12 50,10 92,8 92,8 65,70 45,150 / 35,78 60,75 90,72",
        "8,30 10,10 10,10 50,8 88,10 88,10 70,80 60,150",
    ],
    8: [
        "75,20 45,0 20,25 50,68 80,110 50,148 20,115 50,70 80,30 70,12",
        "80,15 40,5 20,35 55,70 75,115 45,148 15,120 40,80 80,40 82,18",
        "50,70 20,40 45,2 78,30 50,70 15,110 45,148 82,115 50,70",
    ],
    9: [
        "85,30 60,2 20,20 20,60 55,70 82,40 85,25 80,85 70,150",
        "80,25 50,2 18,35 40,68 75,50 85,20 75,80 60,150",
        "78,10 40,5 15,45 40,68 75,40 80,8 80,8 78,80 78,150",
    ],
}


def write(
    digit: int, rng: np.random.Generator, *, pen: float = 0.08, tilt: float = 10.0
) -> NDArray[np.float32]:
    """Ink in [0, 1] of a digit in some hand: another shape, slant, width and tremble for every call.

    Parameters
    ----------
    pen : float, width of the stroke as a fraction of the digit's height
    tilt : float, up to how many degrees the digit is turned either way
    """
    height, lines = float(HEIGHT), strokes(digit, rng, tilt=tilt)
    margin = pen * height + 3
    every = np.concatenate(lines)
    low = every.min(axis=0) - margin
    size = np.ceil(every.max(axis=0) + margin - low).astype(int)
    zoom = 2
    canvas = Image.new("L", tuple((size * zoom).tolist()), 0)
    draw = ImageDraw.Draw(canvas)
    for line in lines:
        radius = (
            pen
            * height
            / 2
            * zoom
            * (1 + 0.15 * np.sin(np.linspace(0, rng.uniform(2, 7), len(line)) + rng.uniform(0, 6)))
        )
        for (x, y), r in zip((line - low) * zoom, radius, strict=True):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    ink = np.asarray(canvas.reduce(zoom), np.float32) / 255
    return crop(ink)


def strokes(digit: int, rng: np.random.Generator, *, tilt: float = 10.0) -> list[NDArray[np.float64]]:
    """The lines of a digit in some hand, `HEIGHT` pixels high: points (x, y) along each, shape (n, 2)."""
    wide, slant = rng.uniform(0.8, 1.15), rng.uniform(-0.05, 0.35)
    turn = np.deg2rad(rng.uniform(-tilt, tilt))
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    lines = []
    for stroke in rng.choice(SHAPES[digit]).split(" / "):
        points = np.array([[float(n) for n in pair.split(",")] for pair in stroke.split()]) / 150
        twice = np.r_[False, (points[1:] == points[:-1]).all(axis=1)]
        points += rng.normal(0, 0.012, points.shape)
        points[twice] = points[np.flatnonzero(twice) - 1]
        line = _curve(points, np.flatnonzero(twice))
        line[:, 0] = line[:, 0] * wide - slant * line[:, 1]
        lines.append(line @ spin.T * HEIGHT)
    return lines


def crop(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the empty rows and columns around it."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _curve(points: NDArray[np.float64], corners: NDArray[np.intp]) -> NDArray[np.float64]:
    """Densely sampled Catmull-Rom splines through the points, broken at the corners."""
    t = np.linspace(0, 1, 24)[:, None]
    pieces = []
    for part in np.split(points, corners):
        ends = np.concatenate([2 * part[:1] - part[1:2], part, 2 * part[-1:] - part[-2:-1]])
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
            pieces.append(b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate(pieces)


CONDITIONS = (
    "clean scan",
    "thin pen",
    "thick pen",
    "tight crop",
    "huge margin",
    "off centre",
    "cut by the edge",
    "white on black",
    "chalkboard",
    "coloured",
    "same brightness",
    "pencil",
    "gradient",
    "soft shadow",
    "hard shadow",
    "vignette",
    "dark edge",
    "noise",
    "specks",
    "rough paper",
    "blurred",
    "jpeg",
    "lined",
    "squared",
    "transparent dark",
    "transparent light",
    "tiny",
    "everything",
)
"""What a picture of a digit may suffer from."""

PENS = {"thin pen": 0.014, "thick pen": 0.17}
"""The width of the stroke, as a fraction of the digit's height, that belongs to a condition."""


def photograph(ink: NDArray[np.float32], condition: str, rng: np.random.Generator) -> Image.Image:
    """A picture of ink under a condition, or several joined by " + ".

    Parameters
    ----------
    ink : ndarray of shape (h, w) in [0, 1], cropped to the digit
    """
    if condition == "everything":
        some = (
            "gradient",
            "soft shadow",
            "noise",
            "rough paper",
            "blurred",
            "coloured",
            "lined",
            "off centre",
        )
        wanted = set(rng.choice(some, 4, replace=False)) | {"jpeg"}
    else:
        wanted = set(condition.split(" + "))
    ink = _place(ink, wanted, rng)
    height, width = ink.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(ink.shape)
    paper, pen = _colours(wanted, rng)
    if "lined" in wanted or "squared" in wanted:
        gap, lean = rng.uniform(0.1, 0.16), rng.uniform(-0.03, 0.03)
        rules = (y + lean * x) % gap < 0.008
        if "squared" in wanted:
            rules |= (x - lean * y) % gap < 0.008
        lines = rules[..., None] * 0.45
        paper = paper * (1 - lines) + np.array([110, 130, 190]) * lines
    light = np.ones_like(ink)
    direction = rng.uniform(0, 2 * np.pi)
    across = (x - x.mean()) * np.cos(direction) + (y - y.mean()) * np.sin(direction)
    if "gradient" in wanted:
        light *= 0.7 + 0.6 * across
    if "soft shadow" in wanted:
        light *= 1 - 0.5 / (1 + np.exp(-(across + rng.uniform(-0.2, 0.2)) / 0.05))
    if "hard shadow" in wanted:
        light *= np.where(across > rng.uniform(-0.2, 0.2), 0.55, 1)
    if "vignette" in wanted:
        light *= 1 - 0.7 * ((x - x.mean()) ** 2 + (y - y.mean()) ** 2) / ((x.mean()) ** 2 + (y.mean()) ** 2)
    picture = (paper * (1 - ink[..., None]) + pen * ink[..., None]) * light[..., None]
    if "dark edge" in wanted:  # the table beside the paper
        picture = np.where((across > 0.42)[..., None], np.array([45, 35, 30]), picture)
    if "chalkboard" in wanted:
        picture += ink[..., None] * rng.normal(0, 40, (height, width, 1))
    if "rough paper" in wanted:
        fibres = Image.fromarray(rng.normal(128, 60, (height, width)).clip(0, 255).astype(np.uint8))
        picture += (np.asarray(fibres.filter(ImageFilter.GaussianBlur(2)), float)[..., None] - 128) * 0.8
    if "blurred" in wanted:
        image = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
        picture = np.asarray(image.filter(ImageFilter.GaussianBlur(0.012 * max(ink.shape))), float)
    noise = 18 if "noise" in wanted else 2 if "light" not in condition else 0
    picture += rng.normal(0, noise, picture.shape)
    if "specks" in wanted:
        picture[rng.random((height, width)) < 0.01] = pen
        picture[rng.random((height, width)) < 0.01] = paper if paper.ndim == 1 else 255
    image = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    if any(one.startswith("transparent") for one in wanted):
        image.paste(tuple(int(c) for c in pen), (0, 0, width, height))
        image.putalpha(Image.fromarray((ink * 255).astype(np.uint8)))
    if "jpeg" in wanted:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(12, 30)))
        image = Image.open(file)
    return image


def _place(ink: NDArray[np.float32], wanted: set[str], rng: np.random.Generator) -> NDArray[np.float32]:
    """Ink on a sheet, with the margins that the condition asks for."""
    tall = max(ink.shape)
    if "tiny" in wanted:
        scale = 26 / tall
        small = Image.fromarray((ink * 255).astype(np.uint8)).resize(
            (max(3, round(ink.shape[1] * scale)), max(3, round(ink.shape[0] * scale))), Image.Resampling.BOX
        )
        ink, tall = np.asarray(small, np.float32) / 255, 26
    low, high = 0.25, 0.6
    if "tight crop" in wanted:
        low = high = 0.0
    if "huge margin" in wanted:
        low, high = 2.0, 4.0
    top, bottom, left, right = (int(tall * rng.uniform(low, high)) for _ in range(4))
    if "off centre" in wanted:
        bottom += tall
        right += int(tall * 1.5)
        if rng.random() < 0.5:
            top, bottom, left, right = bottom, top, right, left
    if "cut by the edge" in wanted:
        side = rng.integers(4)
        top, bottom, left, right = (0 if k == side else v for k, v in enumerate((top, bottom, left, right)))
    return np.pad(ink, ((top, bottom), (left, right)))


def _colours(wanted: set[str], rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Paper and pen, in RGB."""
    if "white on black" in wanted:
        return np.array([8.0, 8, 8]), np.array([245.0, 245, 245])
    if "chalkboard" in wanted:
        return np.array([45.0, 75, 60]), np.array([190.0, 195, 185])
    if "pencil" in wanted:
        return np.array([235.0, 232, 225]), np.array([185.0, 183, 180])
    if "coloured" in wanted:
        papers = [(250, 235, 120), (180, 220, 250), (250, 190, 200), (200, 240, 190)]
        pens = [(30, 60, 160), (170, 30, 40), (20, 110, 50), (110, 40, 130)]
        return np.array(rng.choice(papers), float), np.array(rng.choice(pens), float)
    if "same brightness" in wanted:
        return np.array([80.0, 160, 80]), np.array([215.0, 95, 70])
    if "transparent light" in wanted:
        return np.array([255.0, 255, 255]), np.array([255.0, 250, 235])
    return np.array([238.0, 236, 230]), np.array([40.0, 42, 55])


def enlarged(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Ink, `HEIGHT` pixels long, of an image of shape (28, 28) as MNIST has them."""
    digit = np.pad(crop(image.astype(np.float32)), 1)
    size = tuple(round(side * HEIGHT / (max(digit.shape) - 2)) for side in digit.shape[::-1])
    large = np.asarray(Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC)) / 255
    # The soft edges of a small image are sharp in a large one.
    return crop(np.clip((large - 0.5) * 4 + 0.5, 0, 1).astype(np.float32))


def printed(digit: int, height: int) -> NDArray[np.float32]:
    """Ink of a digit in the typeface that Pillow brings along."""
    canvas = Image.new("L", (2 * height, 2 * height))
    font = ImageFont.load_default(height)
    ImageDraw.Draw(canvas).text((height, height), str(digit), font=font, fill=255, anchor="mm")
    return crop(np.asarray(canvas, np.float32) / 255)
