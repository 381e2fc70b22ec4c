"""How many pictures of each kind are read right: ``python tests/bench/handwriting.py WEIGHTS [COUNT]``.

WEIGHTS is a weights file, such as ``mnistgd train --hidden 64 --deskew`` makes, and COUNT how many pictures of each
kind are looked at. A picture is flagged if more or less than one thing on it could be a digit. Nothing is asserted.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from mnistgd.datasets.deskew import deskew
from mnistgd.datasets.load import load_dataset
from mnistgd.errors import ImageError
from mnistgd.handwriting.paper import on_paper
from mnistgd.handwriting.pictures import Picture
from mnistgd.handwriting.read import read
from mnistgd.model import weights_file

TESTS = Path(__file__).parents[1]


def helper(name: str) -> ModuleType:
    """A module of the tests, which are no package."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def others(count: int, hand: ModuleType) -> Iterator[tuple[str, Iterator[tuple[Image.Image, int | None]]]]:
    """The sets beside the kinds: every condition that digits are drawn or photographed in, and plain collections."""
    data = load_dataset(offline=True)

    def drawn(condition: str) -> Iterator[tuple[Image.Image, int]]:
        rng = np.random.default_rng([1, *condition.encode()])
        for number in range(count):
            pen = hand.PENS.get(condition, rng.choice([0.05, 0.08, 0.12]))
            ink = hand.write(number % 10, rng, pen=pen, tilt=15)
            yield hand.photograph(ink, condition, rng), number % 10

    def photographed(condition: str) -> Iterator[tuple[Image.Image, int]]:
        rng = np.random.default_rng([2, *condition.encode()])
        for index in rng.integers(0, 10_000, count):
            yield (
                hand.photograph(hand.enlarged(data.test_images[index]), condition, rng),
                int(data.test_labels[index]),
            )

    for condition in hand.CONDITIONS:
        yield f"drawn, {condition}", drawn(condition)
        yield f"MNIST, {condition}", photographed(condition)
    some = slice(0, 20 * count)
    tests = zip(data.test_images[some], data.test_labels[some], strict=True)
    yield "MNIST as it is", ((Image.fromarray(image), int(label)) for image, label in tests)
    found = load_digits()
    small = ((image * (255 / 16)).astype(np.uint8) for image in found.images[some])
    yield (
        "8×8",
        (
            (Image.fromarray(image), int(label))
            for image, label in zip(small, found.target[some], strict=True)
        ),
    )


def main(weights: str, count: int = 100) -> None:
    """Print a line for each kind."""
    model = weights_file.load(Path(weights))
    hand, kinds = helper("handwriting"), helper("handwriting/kinds")
    data = load_dataset(offline=True)
    writer = kinds.Hand(hand, data.test_images, data.test_labels)
    every = [(kind, kinds.pictures(kind, count, writer)) for kind in (kinds.SINGLE | kinds.OTHER)]
    totals: dict[str, list[tuple[int, int, int, int]]] = {}
    print(f"{'':28}   pictures   right  refused  flagged")
    for kind, pictures in [*every, *others(count, hand)]:
        seen = right = refused = flagged = 0
        for picture, digit in pictures:
            seen += 1
            try:
                found = read(Picture("test", picture.size, on_paper(picture, 1)))
            except ImageError:
                refused += 1
                continue
            flagged += found.found != 1
            pixels = found.pixels[None]
            ready = deskew(pixels) if model.settings.deskew else pixels
            right += int(model.outputs(ready[0][None])[0].argmax()) == digit
        group = kind.partition(",")[0]
        totals.setdefault(group, []).append((seen, right, refused, flagged))
        if group == kind or right < 0.9 * seen:
            print(
                f"{kind:28} {seen:8}   {right / seen:7.1%} {refused / seen:7.1%} {flagged / seen:7.1%}",
                flush=True,
            )
    for group, rows in totals.items():
        if len(rows) > 1:
            seen, right, refused, flagged = map(sum, zip(*rows, strict=True))
            print(
                f"{group + ', in all':28} {seen:8}   {right / seen:7.1%} {refused / seen:7.1%} {flagged / seen:7.1%}"
            )
    pixels = [on_paper(picture, 1) for picture, _ in kinds.pictures("plain", count, writer)]
    start = time.process_time()
    for one in pixels:
        read(Picture("test", one.shape[1::-1], one))
    print(f"{(time.process_time() - start) / count * 1e3:.2f} ms of a processor for a picture")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
