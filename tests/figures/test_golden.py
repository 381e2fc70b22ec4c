"""Every kind of picture, compared with one that a person has looked at.

What shows data (the weights, the colour bar, the images) is compared pixel by pixel. Text may differ by a
third of the way from white to black at each pixel: letters are drawn several times larger and averaged, so
that versions of Pillow and FreeType differ by far less (from Pillow 11.0 to 13.0, FreeType 2.13 to 2.14, by
1 of 255), while a wrong, missing or moved letter differs by more. The last tests of this file prove both.

To make those that are missing, and those that differ after a change that is wanted; look at each of them then:

    RENEW_GOLDEN=1 pytest --no-cov tests/figures/test_golden.py
"""

import gzip
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures.animation import animation_pictures
from mnistgd.figures.captions import class_title
from mnistgd.figures.comparison import comparison_sheet
from mnistgd.figures.confusion import confusion_figure
from mnistgd.figures.evidence import Row, evidence_figure
from mnistgd.figures.heatmap import bare_sheet, heatmap, heatmap_figure, heatmap_sheet
from mnistgd.figures.mistakes import mistakes_sheet
from mnistgd.figures.montage import contact_sheet
from mnistgd.figures.palettes import DIVERGING, GRAY, GROKKING, PALETTES, limit_of
from mnistgd.figures.png import png_bytes
from mnistgd.figures.text import label
from mnistgd.model.evaluation import Mistake
from mnistgd.model.explanation import Evidence

GOLDEN = Path(__file__).with_name("golden")
RENEW = bool(os.environ.get("RENEW_GOLDEN"))
TOLERANCE = 85  # of 255, for text

# Softmax regression on MNIST: 10 epochs, batches of 100, rate 1.0 falling to 0, from zeros: 92.52 % right.
WEIGHTS = np.load(Path(__file__).with_name("weights.npy"))
LIMIT = limit_of(WEIGHTS)
DIGITS = [class_title("0123456789", digit) for digit in range(10)]
CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
ODD_NAMES = (
    "Débardeur",
    "コート",
    "A class name of sixty characters, counted by someone else too",
    "5 × 7 → −9",
)
CAPTIONS = [("step 1,234 of 6,000", "91.06% of the test images right")]
Box = tuple[int, int, int, int]  # left, top, width, height


def digits(count: int) -> np.ndarray:
    """The first test images of MNIST."""
    file = Path(__file__).parents[2] / "data" / "t10k-images-idx3-ubyte.gz"
    with gzip.open(file) as stream:
        pixels = stream.read(16 + count * 784)[16:]
    return np.frombuffer(pixels, dtype=np.uint8).reshape(count, 28, 28)


def boxes(
    left: int, top: int, side: int, columns: int = 1, rows: int = 1, across: int = 0, down: int = 0
) -> list[Box]:
    return [(left + c * across, top + r * down, side, side) for r in range(rows) for c in range(columns)]


def evidence(number: int, *classes: int, bend: float = 0.0) -> tuple[np.ndarray, list[Row]]:
    """A test image, and the evidence for some classes that it shows them."""
    image, rows = digits(number + 1)[number], []
    for k in classes:
        weights = WEIGHTS[:, k].reshape(28, 28)
        products = weights * (image / 255)
        names = ("for", "against", "bias", "bend", "logit")
        sums = list(zip(names, Evidence(weights, products, -0.25, bend).rounded(2), strict=True))
        if not bend:
            del sums[3]
        rows.append(Row(f"{class_title(ODD_NAMES[:1] * 5 + CLOTHES, k)}: 9{k}.0%", weights, products, sums))
    return image, rows


COUNTS = np.where(np.eye(10, dtype=bool), 980, np.arange(100).reshape(10, 10) % 40)


LETTERS = [*"ABCDEFGHIJKLMNOPQRSTUVWXY", "Ankle boot"]
MANY_COUNTS = np.where(
    np.eye(26, dtype=bool), 4000 - np.arange(26), np.arange(676).reshape(26, 26) % 37 // 30
)


@dataclass(frozen=True)
class Kind:
    make: Callable[[], Image.Image]
    exact: list[Box]  # where it shows data


KINDS = {
    **{
        f"palette-{name}": Kind(
            lambda palette=palette: heatmap_figure(WEIGHTS[:, 3], "digit 3", LIMIT, palette, 112),
            [*boxes(88, 75, 112), (25, 203, 238, 15)],
        )
        for name, palette in PALETTES.items()
    },
    "one-grokking": Kind(
        lambda: heatmap_figure(WEIGHTS[:, 2], "digit 2", LIMIT, GROKKING),
        [*boxes(25, 75, 560), (25, 651, 560, 15)],
    ),
    "one-diverging": Kind(
        lambda: heatmap_figure(WEIGHTS[:, 7], "digit 7", limit_of(WEIGHTS[:, 7]), DIVERGING),
        [*boxes(25, 75, 560), (25, 651, 560, 15)],
    ),
    "one-gray-280": Kind(
        lambda: heatmap_figure(WEIGHTS[:, 9], "Ankle boot", LIMIT, GRAY, 280),
        [*boxes(25, 75, 280), (25, 371, 280, 15)],
    ),
    "one-84": Kind(
        lambda: heatmap_figure(WEIGHTS[:, 0], "digit 0", LIMIT, GROKKING, 84),
        [*boxes(102, 75, 84), (25, 175, 238, 15)],
    ),
    "one-zero": Kind(
        lambda: heatmap_figure(np.zeros(784), ODD_NAMES[2], 0, DIVERGING, 280),
        [*boxes(25, 75, 280), (25, 371, 280, 15)],
    ),
    "one-bare": Kind(lambda: heatmap(WEIGHTS[:, 2], LIMIT, GROKKING, 280), boxes(0, 0, 280)),
    "sheet-shared": Kind(
        lambda: heatmap_sheet(WEIGHTS.T, DIGITS, LIMIT, GROKKING),
        [*boxes(25, 52, 196, 5, 2, 214, 241), (232, 511, 638, 15)],
    ),
    "sheet-each": Kind(
        lambda: heatmap_sheet(WEIGHTS.T, CLOTHES, [limit_of(column) for column in WEIGHTS.T], DIVERGING),
        [*boxes(25, 52, 196, 5, 2, 214, 263), (232, 555, 638, 15)],
    ),
    "sheet-odd-names-112": Kind(
        lambda: heatmap_sheet(WEIGHTS.T[:4], [class_title(ODD_NAMES, k) for k in range(4)], LIMIT, GRAY, 112),
        [*boxes(25, 52, 112, 4, 1, 130), (25, 186, 502, 15)],
    ),
    "sheet-snapshot": Kind(
        lambda: heatmap_sheet(WEIGHTS.T[:4], DIGITS[:4], LIMIT, DIVERGING, 112, CAPTIONS[0]),
        [*boxes(25, 52, 112, 4, 1, 130), (25, 227, 502, 15)],
    ),
    "sheet-two": Kind(
        lambda: heatmap_sheet(WEIGHTS.T[:2], DIGITS[:2], LIMIT, DIVERGING),
        [*boxes(25, 52, 196, 2, 1, 214), (25, 270, 410, 15)],
    ),
    "sheet-bare": Kind(
        lambda: bare_sheet(WEIGHTS.T[:7], LIMIT, DIVERGING, 84), [*boxes(1, 1, 84, 4, 1, 92), *boxes(1, 93, 84, 3, 1, 92)]
    ),
    "animation": Kind(
        lambda: animation_pictures(WEIGHTS[None], DIGITS, CAPTIONS, LIMIT)[0],
        [*boxes(21, 50, 112, 5, 2, 130, 159), (21, 368, 632, 15)],
    ),
    "animation-one": Kind(
        lambda: animation_pictures(WEIGHTS[None, :, 2:3], DIGITS[2:3], CAPTIONS, LIMIT, DIVERGING)[0],
        [*boxes(21, 58, 336), (21, 462, 336, 15)],
    ),
    "comparison": Kind(
        lambda: comparison_sheet(WEIGHTS, WEIGHTS[:, ::-1] / 2, DIGITS, ("a.npz, 92.61% right", "b.npz")),
        [*boxes(97, 116, 112, 10, 3, 122, 122), (347, 488, 638, 15)],
    ),
    "comparison-two": Kind(
        lambda: comparison_sheet(
            WEIGHTS[:, :2], 0 * WEIGHTS[:, :2], ODD_NAMES[2:], ("a folder/" * 20, "b.npz"), GROKKING
        ),
        [*boxes(193, 116, 112, 2, 3, 122, 122), (25, 488, 498, 15)],
    ),
    "sheet-many": Kind(
        lambda: heatmap_sheet(
            np.tile(WEIGHTS, 3)[:, :24].T, [f"unit {k}" for k in range(24)], LIMIT, GROKKING, 84
        ),
        [*boxes(25, 52, 84, 7, 3, 102, 129), *boxes(25, 439, 84, 3, 1, 102), (54, 545, 638, 15)],
    ),
    "evidence": Kind(
        lambda: evidence_figure(
            *evidence(8, 6, 5), title="test image 8 (wrong, it is 5): why 6, and not 5", weight_limit=LIMIT
        ),
        [*boxes(25, 103, 224, 3, 2, 266, 238), (291, 579, 224, 15), (557, 579, 224, 15)],
    ),
    "evidence-grokking": Kind(
        lambda: evidence_figure(
            *evidence(3, 0, bend=-2.5),
            title=ODD_NAMES[2],
            note="The weights hold for this image only.",
            weights_name="difference",
            weight_limit=2.0,
            palette=GROKKING,
        ),
        [*boxes(25, 138, 224, 3, 1, 266), (291, 376, 224, 15), (557, 376, 224, 15)],
    ),
    "evidence-336": Kind(
        lambda: evidence_figure(
            *evidence(8, 6, 5), title="test image 8: why 6, and not 5", weight_limit=LIMIT, size=336
        ),
        [*boxes(37, 154, 336, 3, 2, 398, 356), (435, 866, 336, 22), (833, 866, 336, 22)],
    ),
    "confusion": Kind(
        lambda: confusion_figure(COUNTS, "0123456789", "10,000 test images: 92.61% right"), []
    ),
    "confusion-clothes": Kind(lambda: confusion_figure(COUNTS, CLOTHES, ODD_NAMES[2]), []),
    "confusion-many": Kind(lambda: confusion_figure(MANY_COUNTS, LETTERS, "letters, and a long name"), []),
    "contact": Kind(
        lambda: contact_sheet(digits(100), title="MNIST: the first 100 test images"),
        boxes(25, 66, 56, 10, 10, 64, 64),
    ),
    "contact-captions": Kind(
        lambda: contact_sheet(
            digits(8), title="Clothes", captions=[CLOTHES[k] for k in (7, 2, 1, 0, 4, 1, 9, 9)], columns=4
        ),
        boxes(25, 66, 84, 4, 2, 92, 110),
    ),
    "mistakes": Kind(
        lambda: mistakes_sheet(
            [Mistake(k * 6_666, image, k, 9 - k, 1 - k / 11) for k, image in enumerate(digits(10))],
            "0123456789",
        ),
        [*boxes(25, 66, 84, 8, 1, 92), *boxes(25, 194, 84, 2, 1, 92)],
    ),
    "contact-rows": Kind(
        lambda: contact_sheet(digits(12), columns=4, row_labels=["first", "Ankle boot", ODD_NAMES[2]]),
        boxes(177, 25, 56, 4, 3, 64, 64),
    ),
    "contact-many-rows": Kind(
        lambda: contact_sheet(digits(44), columns=2, row_labels=LETTERS[:22], size=28),
        [*boxes(57, 25, 28, 2, 11, 36, 36), *boxes(179, 25, 28, 2, 11, 36, 36)],
    ),
    "comparison-many": Kind(
        lambda: comparison_sheet(
            np.tile(WEIGHTS, 2)[:, :18], np.tile(WEIGHTS[:, ::-1], 2)[:, :18], LETTERS[:18], ("a.npz", "b.npz")
        ),
        [*boxes(97, 116, 112, 9, 3, 122, 122), *boxes(97, 527, 112, 9, 3, 122, 122), (286, 899, 638, 15)],
    ),
}  # fmt: skip


def difference(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any pixel, in any channel."""
    return int(abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


def same_pixels(picture: Image.Image, file: Path) -> bool:
    with Image.open(file) as golden:
        return picture.size == golden.size and difference(picture, golden.convert("RGB")) == 0


def without(picture: Image.Image, exact: list[Box]) -> Image.Image:
    rest = picture.copy()
    for left, top, width, height in exact:
        rest.paste("white", (left, top, left + width, top + height))
    return rest


@pytest.mark.parametrize("name", KINDS)
def test_the_picture_is_the_one_that_was_looked_at(name: str) -> None:
    kind = KINDS[name]
    picture, file = kind.make(), GOLDEN / f"{name}.png"
    if RENEW and not (file.exists() and same_pixels(picture, file)):
        file.write_bytes(png_bytes(picture))
    golden = Image.open(io.BytesIO(file.read_bytes())).convert("RGB")
    assert picture.size == golden.size
    for left, top, width, height in kind.exact:
        area = (left, top, left + width, top + height)
        np.testing.assert_array_equal(np.asarray(picture.crop(area)), np.asarray(golden.crop(area)))
    assert difference(without(picture, kind.exact), without(golden, kind.exact)) <= TOLERANCE


# The counts of a confusion matrix are written on its colours: those have a test of their own.
@pytest.mark.parametrize("name", [name for name in KINDS if not name.startswith("confusion")])
def test_what_is_compared_pixel_by_pixel_is_all_the_data_and_no_more(name: str) -> None:
    """The pixel just outside each area is its thin frame, or the picture ends there."""
    kind = KINDS[name]
    if name == "one-bare":
        assert kind.exact == [(0, 0, *kind.make().size)]
        return
    pixels = np.asarray(kind.make())
    for left, top, width, height in kind.exact:
        around = np.concatenate([
            pixels[top - 1, left : left + width], pixels[top + height, left : left + width],
            pixels[top : top + height, left - 1], pixels[top : top + height, left + width],
        ])  # fmt: skip
        assert (around == 176).all()
    rest = np.asarray(without(kind.make(), kind.exact))
    assert (rest.max(axis=2) == rest.min(axis=2)).all()  # text and frames are gray: no colour is left over


def test_there_is_no_golden_picture_that_nothing_compares() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(KINDS)


LINES = [
    "black: ink here speaks against it",
    "digit 2",
    "−1.51",
    "+0.680",
    "A class name of sixty characters",
]


@pytest.mark.parametrize("size", [12, 14, 15, 18, 28])
@pytest.mark.parametrize("line", LINES)
def test_letters_drawn_a_little_differently_pass(line: str, size: int) -> None:
    usual = label(line, size, 600)
    for right, down in ((0.25, 0), (-0.25, 0), (0, 0.25), (0, -0.25)):  # moved by a quarter of a pixel
        moved = usual.transform(
            usual.size, Image.Transform.AFFINE, (1, 0, right, 0, 1, down), Image.Resampling.BILINEAR
        )
        assert 0 < difference(usual, moved) <= TOLERANCE
    for strength in (0.75, 1.25):  # thinner, bolder
        bolder = usual.point(lambda gray, strength=strength: max(0, 255 - round(strength * (255 - gray))))
        assert 0 < difference(usual, bolder) <= TOLERANCE


@pytest.mark.parametrize("size", [12, 14, 15, 18, 28])
def test_a_wrong_digit_or_sign_does_not_pass(size: int) -> None:
    for right in "0123456789":
        for wrong in "0123456789":
            if wrong != right:
                pair = (label(f"+1.{digit}1", size, 600, "left") for digit in (right, wrong))
                assert difference(*pair) > TOLERANCE, (right, wrong)
    assert difference(label("−1.51", size, 600), label("+1.51", size, 600)) > TOLERANCE
    assert difference(label("1.51", size, 600, "left"), label("151", size, 600, "left")) > TOLERANCE


@pytest.mark.parametrize("line", LINES)
def test_text_that_is_missing_or_elsewhere_does_not_pass(line: str) -> None:
    usual = label(line, 14, 600)
    moved = Image.new("RGB", usual.size, "white")
    moved.paste(usual, (1, 0))
    for other in (
        Image.new("RGB", usual.size, "white"),
        moved,
        label(line[:-1], 14, 600),
        label("?" + line[1:], 14, 600),
    ):
        assert difference(usual, other) > TOLERANCE
