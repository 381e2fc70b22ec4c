"""Images that a network got wrong, each with what it is and what it was taken for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.figures.blocks import Drawing, Screen, abreast, image_drawing, shrink_to_fit
from mnistgd.figures.captions import class_name
from mnistgd.figures.columns import text_columns
from mnistgd.figures.montage import contact_sheet, scale_at
from mnistgd.figures.text import ROOM, text_width

MEANING = "true → predicted, probability"
HEADING = f"the most confident mistakes: image: {MEANING}"  # of drawings in a terminal
ROWS = 2  # of drawings in a terminal


class Mistake(Protocol):
    """An image and its number, its class, the one that was named, and how probable that seemed."""

    @property
    def index(self) -> int: ...
    @property
    def image(self) -> NDArray[np.uint8]: ...
    @property
    def label(self) -> int: ...
    @property
    def answer(self) -> int: ...
    @property
    def probability(self) -> float: ...


def mistakes_sheet(mistakes: Sequence[Mistake], names: Sequence[str], size: int | None = None) -> Image.Image:
    """A page of them, in the order given, each image `size` pixels wide; `names` are those of the classes."""
    names = [class_name(names, digit) for digit in range(len(names))]
    usual = 84 if all(text_width(f"{name} → {name}, 100%") <= 84 for name in names) else 196
    size = size or usual
    scale = scale_at(size, usual)
    room = min(usual, max(size, ROOM))
    captions = [
        f"{mistake_caption(each, names, lambda text: text_width(text) <= room)}\nimage {each.index}"
        for each in mistakes
    ]
    images = np.stack([each.image for each in mistakes])
    which = "most confident mistake" if len(mistakes) == 1 else f"{len(mistakes)} most confident mistakes"
    title = f"the {which}: {MEANING}"
    return contact_sheet(images, title=title, captions=captions, columns=8, size=size, scale=scale)


def mistakes_abreast(width: int, screen: Screen) -> int:
    """How many of them, `width` pixels wide, a terminal has room for: two rows."""
    return ROWS * abreast(width, screen)


def mistake_drawings(mistakes: Sequence[Mistake], names: Sequence[str], screen: Screen) -> list[Drawing]:
    """Drawings of them for a terminal."""
    drawings = [image_drawing("", each.image) for each in mistakes]
    wide = drawings[0].values.shape[1] // (shrink_to_fit(drawings, screen) or 1)
    titles = [_title(each, names, wide) for each in mistakes]
    return [replace(drawing, title=title) for drawing, title in zip(drawings, titles, strict=True)]


def _title(mistake: Mistake, names: Sequence[str], wide: int) -> str:
    """Its number, and as much of its caption as there is room for, in `wide` columns."""
    number = f"{mistake.index}: "
    caption = mistake_caption(mistake, names, lambda text: len(number) + text_columns(text) <= wide)
    return number + caption if len(number) + text_columns(caption) <= wide else str(mistake.index)


def mistake_caption(mistake: Mistake, names: Sequence[str], fits: Callable[[str], bool]) -> str:
    """What was taken for what, and how surely: names may be cut to make it fit, the number never.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> mistake = SimpleNamespace(label=0, answer=1, probability=0.5)
    >>> mistake_caption(mistake, ("Ankle boot", "Trouser"), lambda text: len(text) < 20)
    'Ankl… → Trou…, 50%'
    """
    label, answer = names[mistake.label], names[mistake.answer]
    for kept in range(max(len(label), len(answer)), 0, -1):
        one, other = (name if len(name) <= kept else f"{name[: kept - 1]}…" for name in (label, answer))
        caption = f"{one} → {other}, {mistake.probability:.0%}"
        if fits(caption):
            return caption
    return f"{mistake.probability:.0%}"
