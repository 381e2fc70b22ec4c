"""Pictures that people really send, kind by kind: frames, cells, single lines, shadows, scribbles, several digits.

Each kind is a function of an `rng` and of what draws digits; `pictures` makes as many of each as are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Ink: TypeAlias = NDArray[np.float32]


class Hand:
    """What writes digits: half of them as MNIST's test images have them, half in strokes.

    Parameters
    ----------
    helpers : module, tests/handwriting.py
    images, labels : of MNIST
    """

    def __init__(self, helpers: ModuleType, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> None:
        self.helpers, self.images, self.labels = helpers, images, labels

    def digit(self, rng: np.random.Generator, *, tilt: float = 12) -> tuple[Ink, int]:
        """Ink in [0, 1], cropped, about 110 pixels long, and which digit it is."""
        if rng.random() < 0.5:
            which = int(rng.integers(len(self.images)))
            return self.helpers.enlarged(self.images[which]), int(self.labels[which])
        digit = int(rng.integers(10))
        return self.helpers.write(digit, rng, pen=rng.choice([0.05, 0.07, 0.1]), tilt=tilt), digit


def sized(ink: Ink, longest: float) -> Ink:
    """Ink so many pixels long."""
    scale = longest / max(ink.shape)
    size = max(2, round(ink.shape[1] * scale)), max(2, round(ink.shape[0] * scale))
    grey = Image.fromarray((ink * 255).astype(np.uint8)).resize(
        size, Image.Resampling.BICUBIC, reducing_gap=2
    )
    return np.asarray(grey, np.float32) / 255


def photo(ink: Ink, rng: np.random.Generator, *, light: Ink | float = 1.0) -> Image.Image:
    """Ink on paper, a little soft and grey, or as clean as a program draws it, as what is very small always is."""
    paper, pen = rng.integers(190, 256), rng.integers(0, 70)
    picture = (paper + (int(pen) - int(paper)) * ink) * light
    if rng.random() < 0.5 and max(ink.shape) > 60:
        soft = Image.fromarray(picture.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))
        picture = np.asarray(soft, np.float32) + rng.normal(0, 1.5, ink.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def sheet(ink: Ink, rng: np.random.Generator, *, share: tuple[float, float]) -> tuple[Ink, tuple[int, ...]]:
    """Ink somewhere near the middle of a sheet 120 to 360 pixels high, and where it ends: left, top, right, bottom."""
    height = int(rng.integers(120, 360))
    width = int(height * rng.uniform(0.8, 1.25))
    ink = sized(ink, min(height, width) * rng.uniform(*share))
    left, top = (
        int((side - own) * rng.uniform(0.4, 0.6))
        for side, own in zip((width, height), ink.shape[::-1], strict=True)
    )
    page = np.zeros((height, width), np.float32)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return page, (left, top, left + ink.shape[1], top + ink.shape[0])


def ruled(page: Ink, lines: list[list[tuple[float, float]]], thick: float, *, closed: bool = False) -> Ink:
    """The sheet with lines through these points (x, y) on it."""
    canvas = Image.new("L", (4 * page.shape[1], 4 * page.shape[0]))
    for line in lines:
        points = [(4 * x, 4 * y) for x, y in (line + line[:2] if closed else line)]
        ImageDraw.Draw(canvas).line(points, 255, max(4, round(4 * thick)), "curve")
    return np.maximum(page, np.asarray(canvas.reduce(4), np.float32) / 255)


def plain(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """The digit alone: what any of the others can reach."""
    ink, digit = hand.digit(rng)
    page, _ = sheet(ink, rng, share=(0.3, 0.7))
    return photo(page, rng), digit


def box(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """A: a printed frame near the border."""
    ink, digit = hand.digit(rng)
    page, (left, top, right, bottom) = sheet(ink, rng, share=(0.25, 0.6))
    height, width = page.shape
    x, y = left * rng.uniform(0.1, 0.7), top * rng.uniform(0.1, 0.7)
    end, low = (
        right + (width - right) * rng.uniform(0.3, 0.9),
        bottom + (height - bottom) * rng.uniform(0.3, 0.9),
    )
    frame = [(x, y), (end, y), (end, low), (x, low)]
    return photo(ruled(page, [frame], height * rng.uniform(0.008, 0.03), closed=True), rng), digit


def cell(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """B: three of the four edges of a cell of a table, which run out of the picture."""
    ink, digit = hand.digit(rng)
    page, ends = sheet(ink, rng, share=(0.3, 0.6))
    edges = _edges(page, ends, rng)
    del edges[int(rng.integers(4))]
    return photo(ruled(page, edges, page.shape[0] * rng.uniform(0.008, 0.035)), rng), digit


def corner(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """C: two edges that meet in a corner."""
    ink, digit = hand.digit(rng)
    page, ends = sheet(ink, rng, share=(0.3, 0.6))
    edges = _edges(page, ends, rng)
    which = int(rng.integers(4))
    edges = [edges[which], edges[(which + 1) % 4]]
    return photo(ruled(page, edges, page.shape[0] * rng.uniform(0.008, 0.035)), rng), digit


def line(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """D: one line across the picture, beside the digit."""
    ink, digit = hand.digit(rng)
    page, ends = sheet(ink, rng, share=(0.3, 0.6))
    edge = _edges(page, ends, rng)[int(rng.integers(4))]
    return photo(ruled(page, [edge], page.shape[0] * rng.uniform(0.008, 0.03)), rng), digit


def underline(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """D2: a line below the digit, not much longer than that is wide."""
    ink, digit = hand.digit(rng)
    page, (left, top, right, bottom) = sheet(ink, rng, share=(0.3, 0.55))
    high = bottom - top
    y, over = bottom + high * rng.uniform(0.1, 0.25), high * rng.uniform(0.1, 0.4)
    drawn = [(left - over, y), (right + over, y + high * rng.uniform(-0.04, 0.04))]
    return photo(ruled(page, [drawn], page.shape[0] * rng.uniform(0.008, 0.02)), rng), digit


def tilted(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """E: a box that is drawn by hand or photographed from the side, with other paper around it or not."""
    ink, digit = hand.digit(rng)
    page, (left, top, right, bottom) = sheet(ink, rng, share=(0.3, 0.45))
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    reach = max(right - left, bottom - top) * rng.uniform(0.75, 1.0)
    turn = np.deg2rad(rng.uniform(-12, 12))
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * reach
    corners = (corners + rng.uniform(-0.06, 0.06, (4, 2)) * reach) @ spin + centre
    frame = [(float(x), float(y)) for x, y in corners]
    framed = ruled(page, [frame], page.shape[0] * rng.uniform(0.012, 0.045), closed=True)
    light: Ink | float = 1.0
    if rng.random() < 0.5:
        mask = Image.new("L", page.shape[::-1], 0)
        ImageDraw.Draw(mask).polygon(frame, 255)
        light = np.where(np.asarray(mask) > 0, 1, 0.8).astype(np.float32)
    return photo(framed, rng, light=light), digit


def shadow(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """F: a small thin digit, and a shadow in a corner of the paper."""
    digit = int(rng.integers(10))
    ink = hand.helpers.write(digit, rng, pen=rng.uniform(0.04, 0.06), tilt=12)
    height, width = int(rng.integers(600, 900)), int(rng.integers(340, 700))
    ink = sized(ink, height * rng.uniform(0.09, 0.14))
    left, top = (
        int((side - own) * rng.uniform(0.3, 0.7))
        for side, own in zip((width, height), ink.shape[::-1], strict=True)
    )
    page = np.zeros((height, width), np.float32)
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    y, x = np.mgrid[:height, :width].astype(np.float32)
    off = np.hypot(x - width * rng.integers(2), y - height * rng.integers(2))
    reach = min(200.0, 0.55 * float(off[page > 0.5].min()))
    edge = 1 / (1 + np.exp(((off - reach * rng.uniform(0.7, 1)) / rng.uniform(8, 25)).clip(-50, 50)))
    light = 1 - rng.uniform(0.25, 0.5) * edge
    grey = 200 * light * (1 - rng.uniform(0.35, 0.6) * page) + rng.normal(0, 1.5, page.shape)
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8)), digit


def scribbled(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """G: the same strokes time and again, with a thin pen."""
    digit = int(rng.integers(10))
    lines = hand.helpers.strokes(digit, rng)
    every = np.concatenate(lines)
    every_low = every.min(axis=0)
    size = float(np.ptp(every, axis=0).max())
    zoom = rng.uniform(1.0, 2.5)
    margin = size * rng.uniform(0.12, 0.4)
    side = np.ceil((np.ptp(every, axis=0) + 2 * margin) * zoom).astype(int)
    canvas = Image.new("L", tuple((2 * side).tolist()))
    for stroke in lines:
        nodes = stroke[np.linspace(0, len(stroke) - 1, max(3, len(stroke) // 14)).astype(int)]
        for _ in range(int(rng.integers(6, 13))):
            points = (nodes + rng.normal(0, 0.03 * size, nodes.shape) - every_low + margin) * zoom * 2
            ImageDraw.Draw(canvas).line([tuple(p) for p in points.tolist()], 255, 3)
    page = np.asarray(canvas.reduce(2), np.float32) / 255
    return photo(page, rng), digit


def uneven(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """H: a digit in pieces that do not touch, each with a pen of its own."""
    while True:
        digit = int(rng.choice([2, 4, 5, 5, 7]))
        lines = hand.helpers.strokes(digit, rng)
        if digit == 2:  # its foot by itself
            lines = [lines[0][: -len(lines[0]) // 3], lines[0][-len(lines[0]) // 3 :]]
        if len(lines) == 2:
            break
    size = float(np.ptp(np.concatenate(lines), axis=0).max())
    thin = rng.uniform(0.04, 0.07) * size
    widths = [thin, thin * rng.uniform(2, 3.2)]
    if rng.random() < 0.5 or digit == 4:
        widths.reverse()
    away = lines[1].mean(axis=0) - lines[0].mean(axis=0)
    if digit == 4:
        away = np.array([1.0, 0.0])
    gap = size * rng.uniform(0.03, 0.09) * (0.5 if digit == 2 else 1) + (sum(widths) / 2 if digit != 4 else 0)
    lines[1] = lines[1] + away / max(1e-9, float(np.hypot(*away))) * gap
    every = np.concatenate(lines)
    margin = size * rng.uniform(0.2, 0.5)
    low, side = every.min(axis=0) - margin, np.ceil(np.ptp(every, axis=0) + 2 * margin).astype(int)
    canvas = Image.new("L", tuple((2 * side).tolist()))
    for stroke, width in zip(lines, widths, strict=True):
        points = [tuple(p) for p in ((stroke - low) * 2).tolist()]
        ImageDraw.Draw(canvas).line(points, 255, round(2 * width), "curve")
    page = np.asarray(canvas.reduce(2), np.float32) / 255
    if rng.random() < 0.4:
        page = sized(page, 28)
    return photo(page, rng), digit


def margin(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, int]:
    """T: a margin line or an underline that touches or swallows an edge of the digit."""
    ink, digit = hand.digit(rng)
    page, (left, top, right, bottom) = sheet(ink, rng, share=(0.3, 0.55))
    height, width = page.shape
    thick = height * rng.uniform(0.008, 0.018)
    deep = rng.uniform(-0.02, 0.1)
    if rng.random() < 0.5:
        x = left + deep * (right - left) if rng.random() < 0.7 else right - deep * (right - left)
        drawn = [(x, -9.0), (x + rng.uniform(-3, 3), height + 9.0)]
    else:
        y = bottom - deep * (bottom - top)
        if rng.random() < 0.5:
            drawn = [(-9.0, y), (width + 9.0, y + rng.uniform(-3, 3))]
        else:
            over = max(ink.shape) * rng.uniform(0.4, 0.8) * (bottom - top) / max(ink.shape)
            drawn = [(left - over, y), (right + over, y + rng.uniform(-2, 2))]
    return photo(ruled(page, [drawn], thick), rng), digit


def several(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, None]:
    """M: two to four digits side by side, or one below the other."""
    tall = 110 * rng.uniform(0.9, 1.1)
    inks = [sized(hand.digit(rng)[0], tall * rng.uniform(0.85, 1.1)) for _ in range(int(rng.integers(2, 5)))]
    gap, upright = int(tall * rng.uniform(0.12, 0.6)), rng.random() < 0.15
    rows = [ink.T if upright else ink for ink in inks]
    high = max(len(ink) for ink in rows)
    parts = []
    for ink in rows:
        off = int(rng.integers(0, high - len(ink) + 1))
        parts += [np.pad(ink, ((off, high - len(ink) - off), (0, 0))), np.zeros((high, gap), np.float32)]
    page = np.pad(np.hstack(parts[:-1]), int(tall * rng.uniform(0.2, 0.7)))
    return photo(page.T if upright else page, rng), None


def on_a_line(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, None]:
    """N: two or three digits that stand on a ruled line, below another or not."""
    tall = 110 * rng.uniform(0.9, 1.1)
    inks = [sized(hand.digit(rng)[0], tall * rng.uniform(0.85, 1.1)) for _ in range(int(rng.integers(2, 4)))]
    gap, high = int(tall * rng.uniform(0.12, 0.6)), max(len(ink) for ink in inks)
    around = int(tall * rng.uniform(0.3, 0.7))
    row = np.hstack([np.pad(ink, ((high - len(ink), 0), (0, gap))) for ink in inks])
    page = np.pad(row, ((around, around), (around, max(0, around - gap))))
    height, width = page.shape
    lines = [[(-9.0, y), (width + 9.0, y)] for y in (height - around + rng.uniform(-6, 6), around - 10.0)]
    drawn = ruled(page, lines[: int(rng.integers(1, 3))], height * rng.uniform(0.008, 0.02))
    return photo(drawn, rng), None


def boot(rng: np.random.Generator) -> Ink:
    """A boot, filled, its sole darker than its leather or not, or in outline."""
    points = np.array([(30, 5), (62, 5), (62, 50), (90, 62), (95, 80), (30, 80)]) + rng.normal(0, 2.5, (6, 2))
    drawn = _outline(points, rng, extra=[[(30, 70), (95, 70)]], leather=int(rng.integers(120, 256)))
    # Some are high, more are low.
    size = round(drawn.shape[1] * rng.uniform(0.9, 1.7)), drawn.shape[0]
    return np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.BILINEAR))


def house(rng: np.random.Generator) -> Ink:
    """A house with a door and a window."""
    points = np.array([(15, 95), (15, 45), (50, 10), (85, 45), (85, 95)]) + rng.normal(0, 2.5, (5, 2))
    door = [(42, 95), (42, 68), (58, 68), (58, 95)]
    window = [(22, 52), (36, 52), (36, 64), (22, 64), (22, 52)]
    return _outline(points, rng, extra=[[(15, 45), (85, 45)], door, window])


def face(rng: np.random.Generator) -> Ink:
    """A face: a circle, two eyes, a nose and a mouth."""
    canvas = Image.new("L", (400, 400))
    pen, draw = int(rng.integers(10, 22)), ImageDraw.Draw(canvas)
    draw.ellipse((30, 30, 370, 370), outline=255, width=pen)
    size = int(rng.integers(15, 30))
    for x in (135, 265):
        draw.ellipse((x - size, 150 - size, x + size, 150 + size), fill=255)
    draw.line([(200, 180), (190, 230), (210, 230)], 255, pen)
    draw.arc((110, 180, 290, 310), 20, 160, 255, pen)
    return np.asarray(canvas.reduce(4), np.float32) / 255


def words(rng: np.random.Generator) -> Ink:
    """A line or two of print."""
    canvas = Image.new("L", (900, 300))
    text = "\n".join(
        " ".join(rng.choice(["hello", "world", "some", "words", "on", "paper", "name", "date"], 2))
        for _ in range(int(rng.integers(1, 4)))
    )
    ImageDraw.Draw(canvas).text((10, 10), text, 255, ImageFont.load_default(60))
    return np.asarray(canvas.crop(canvas.getbbox()).reduce(2), np.float32) / 255


def scrawl(rng: np.random.Generator) -> Ink:
    """A line to and fro."""
    canvas = Image.new("L", (400, 400))
    points = rng.uniform(20, 380, (int(rng.integers(14, 30)), 2))
    ImageDraw.Draw(canvas).line([tuple(p) for p in points.tolist()], 255, int(rng.integers(6, 16)), "curve")
    return np.asarray(canvas.reduce(4), np.float32) / 255


THINGS: dict[str, Callable[[np.random.Generator], Ink]] = {
    "boot": boot,
    "house": house,
    "face": face,
    "words": words,
    "scrawl": scrawl,
}


def thing(
    draw: Callable[[np.random.Generator], Ink],
) -> Callable[[Hand, np.random.Generator], tuple[Image.Image, None]]:
    """What is no digit, on paper."""

    def shown(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, None]:
        page, _ = sheet(draw(rng), rng, share=(0.4, 0.8))
        return photo(page, rng), None

    return shown


def small_boot(hand: Hand, rng: np.random.Generator) -> tuple[Image.Image, None]:
    """A boot as MNIST shows its digits: light on black, 28×28."""
    ink = sized(boot(rng), 26)
    top, left = ((28 - side) // 2 for side in ink.shape)
    page = np.pad(ink, ((top, 28 - top - ink.shape[0]), (left, 28 - left - ink.shape[1])))
    return Image.fromarray((255 * page).astype(np.uint8)), None


def _edges(page: Ink, ends: tuple[int, ...], rng: np.random.Generator) -> list[list[tuple[float, float]]]:
    """Four lines across the picture, one between each side of the digit and the border: left, top, right, bottom."""
    (height, width), (left, top, right, bottom) = page.shape, ends
    near = rng.uniform(0.0, 0.7, 4)
    lean = rng.uniform(-0.02, 0.02) * np.array([height, width])
    x, end = left * near[0], right + (width - right) * (1 - near[2])
    y, low = top * near[1], bottom + (height - bottom) * (1 - near[3])
    return [
        [(x, -9.0), (x + lean[0] * (x > 5), height + 9.0)],
        [(-9.0, y), (width + 9.0, y + lean[1] * (y > 5))],
        [(end, -9.0), (end + lean[0] * (width - end > 5), height + 9.0)],
        [(-9.0, low), (width + 9.0, low + lean[1] * (height - low > 5))],
    ]


def _outline(
    points: NDArray[np.float64],
    rng: np.random.Generator,
    extra: list[list[tuple[int, int]]],
    *,
    leather: int = 255,
) -> Ink:
    canvas = Image.new("L", (420, 420))
    draw, pen = ImageDraw.Draw(canvas), int(rng.integers(8, 20))
    corners = [tuple(p) for p in (4 * points).tolist()]
    is_filled = rng.random() < 0.5
    if is_filled:
        draw.polygon(corners, leather)
    else:
        draw.line([*corners, *corners[:2]], 255, pen, "curve")
    if not is_filled or leather < 255:
        for part in extra:
            draw.line([(4 * x, 4 * y) for x, y in part], 255, pen, "curve")
    return np.asarray(canvas.crop(canvas.getbbox()).reduce(4), np.float32) / 255


SINGLE: dict[str, Callable[[Hand, np.random.Generator], tuple[Image.Image, int]]] = {
    "plain": plain,
    "A box": box,
    "B cell": cell,
    "C corner": corner,
    "D line": line,
    "D2 underline": underline,
    "E tilted box": tilted,
    "F shadow": shadow,
    "G scribbled": scribbled,
    "H uneven": uneven,
    "T touched": margin,
}
"""Kinds of pictures of one digit."""
OTHER = {"M several": several, "N on a line": on_a_line, "small boot": small_boot} | {
    name: thing(draw) for name, draw in THINGS.items()
}
"""Kinds of pictures of several digits, or of none."""


def pictures(kind: str, count: int, hand: Hand) -> Iterator[tuple[Image.Image, int | None]]:
    """So many pictures of a kind, always the same, each with the digit on it, or None."""
    make = (SINGLE | OTHER)[kind]
    for number in range(count):
        yield make(hand, np.random.default_rng([number, *kind.encode()]))
