"""A hand that draws on the page of ``mnistgd draw`` in a browser's tab, an eye that reads it, and networks for it."""

from __future__ import annotations

import base64

import numpy as np

from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import foreign_record
from mnistgd.sharing.draw_page import Sample, Samples

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--",
    "\u202eabc",
    "שלום",
    "a\u0007b",
    "{{ 1 }}",
    "$version",
)


def network(class_names=tuple("0123456789"), scale=0.3, **settings):
    """A network of random weights."""
    chosen = Settings(**settings)
    rng = np.random.default_rng(0)
    params = {}
    for layer, (inputs, outputs) in enumerate(chosen.layer_sizes(len(class_names)), 1):
        prefix = chosen.layer_prefix(layer)
        params[f"{prefix}weights"] = rng.normal(0, scale, (inputs, outputs)).astype(np.float32)
        params[f"{prefix}bias"] = rng.normal(0, scale, outputs).astype(np.float32)
    return Model(params, chosen, class_names, foreign_record(chosen, [], class_names))


def samples_of(images, labels):
    return [
        Samples(
            "Test images",
            [
                Sample(f"Test image {k}", *pair)
                for k, pair in enumerate(zip(images, labels.tolist(), strict=True))
            ],
        )
    ]


def pixels_of(page, canvas):
    """RGB of a canvas; through another, since a canvas that is shown is slow to read, as the browser would say."""
    values = page.evaluate(
        """(id) => {
            const copy = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
            copy.drawImage(document.getElementById(id), 0, 0);
            return Array.from(copy.getImageData(0, 0, 28, 28).data);
        }""",
        canvas,
    )
    return np.array(values, np.uint8).reshape(28, 28, 4)[:, :, :3]


def seen_by(page):
    """The 28×28 that the page shows as what the network sees."""
    return 255 - pixels_of(page, "seen")[:, :, 0]


def logits_of(page):
    return [
        float(text)
        for text in page.evaluate("Array.from(document.querySelectorAll('.share'), (each) => each.value)")
    ]


def answer_of(page):
    return page.locator("#first").inner_text()


def draw(page, strokes, width=32):
    """Draw strokes of points from 0 to 1, each with a single movement of the pointer: it is the quickest."""
    page.evaluate(
        """([strokes, width]) => {
            document.getElementById("clear").click();
            document.getElementById("pen").value = width;
            const paper = document.getElementById("paper");
            paper.setPointerCapture = () => {};
            const box = paper.getBoundingClientRect();
            const event = (kind, [x, y], more) => new PointerEvent(kind, {
                pointerId: 1, clientX: box.left + x * box.width, clientY: box.top + y * box.height, ...more,
            });
            for (const [first, ...points] of strokes) {
                paper.dispatchEvent(event("pointerdown", first));
                const coalescedEvents = points.map((point) => event("pointermove", point));
                paper.dispatchEvent(event("pointermove", first, { coalescedEvents }));
                paper.dispatchEvent(event("pointerup", first));
            }
        }""",
        [strokes, width],
    )


def exported(page):
    """What ``Save as PNG`` writes."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename == "drawing.png"
    return download.value.path().read_bytes()


def on_paper(page):
    """The same at once."""
    url = page.evaluate("document.getElementById('paper').toDataURL('image/png')")
    return base64.b64decode(url.partition(",")[2])


ONE = [[(0.5, 0.2), (0.5, 0.8)]]
SEVEN = [[(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]]
ZERO = [[(0.5 + 0.2 * np.sin(a), 0.5 - 0.3 * np.cos(a)) for a in np.linspace(0, 6.3, 24)]]


def with_mouse(page, strokes):
    page.locator("#paper").scroll_into_view_if_needed()
    box = page.locator("#paper").bounding_box()
    for points in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def with_finger(page, strokes):
    session = page.context.new_cdp_session(page)
    box = page.locator("#paper").bounding_box()
    for points in strokes:
        kind = "touchStart"
        for x, y in points:
            place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
            kind = "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def drawings(count):
    """Digits as strokes of points, each somewhat slanted, wide, high, and off the middle; and a pen for each."""
    rng = np.random.default_rng(3)

    def arc(x, y, rx, ry, start, end):
        angles = np.radians(np.linspace(start, end, 16))
        return [(x + rx * np.cos(angle), y + ry * np.sin(angle)) for angle in angles]

    shapes = [
        ZERO,
        ONE,
        [[*arc(0.5, 0.35, 0.2, 0.15, 180, 380), (0.3, 0.8), (0.7, 0.8)]],
        [arc(0.48, 0.35, 0.17, 0.15, 200, 450), arc(0.48, 0.65, 0.2, 0.15, 270, 510)],
        [[(0.4, 0.2), (0.3, 0.55), (0.7, 0.55)], [(0.6, 0.3), (0.58, 0.85)]],
        [[(0.35, 0.2), (0.35, 0.45), *arc(0.48, 0.62, 0.2, 0.18, 225, 500)], [(0.35, 0.2), (0.65, 0.2)]],
        [[(0.55, 0.15), *arc(0.48, 0.65, 0.17, 0.17, 180, 540)]],
        SEVEN,
        [arc(0.5, 0.35, 0.13, 0.14, 90, 450), arc(0.5, 0.66, 0.17, 0.17, 270, 630)],
        [[*arc(0.5, 0.35, 0.15, 0.15, 0, 360), (0.63, 0.85)]],
    ]
    for number in range(count):
        slant, wide, high = rng.uniform((-0.3, 0.6, 0.6), (0.3, 1.1, 1.1))
        x, y = rng.uniform(-0.05, 0.05, 2)
        strokes = [
            [
                (0.5 + x + wide * (px - 0.5) + slant * (0.5 - py), 0.5 + y + high * (py - 0.5))
                for px, py in points
            ]
            for points in shapes[number % 10]
        ]
        yield strokes, int(rng.integers(3, 31)) * 2
