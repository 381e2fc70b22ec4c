"""What the columns of a CSV file are, by its first line: which have the pixels, and which the labels."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mnistgd.datasets.shape import PIXELS
from mnistgd.errors import DataError

_SEPARATORS = ";\t, "
_LABELS = {"label", "labels", "class", "target", "digit", "letter", "y"}
_NUMBERED = re.compile("([^0-9]*)([0-9]{1,4})")
_ROW_NUMBERS = {"", "id", "index", "imageid", "image_id", "unnamed: 0"}
# What numpy writes of a pixel, `%.18e`, and a comma, are 25 bytes.
LONGEST = 32 * (PIXELS + 2)
HINT = f"a row is the {PIXELS} pixels of an image of 28×28, after its label or without one"
_NAMES = "call it label; or, if these are no names, write them as numbers with a decimal point"


class Columns(NamedTuple):
    """What the columns of a file are.

    Attributes
    ----------
    separator : str; what stands between two of them
    width : int; how many there are
    label : int, or None; which of them has the labels
    pixels : tuple of int; which of them are the pixels, row by row of the image
    header : bool; whether the first line names them
    notes : tuple of str; what a person should know of these names
    """

    separator: str
    width: int
    label: int | None
    pixels: tuple[int, ...]
    header: bool
    notes: tuple[str, ...] = ()


class BadRowError(Exception):
    """What is wrong with a row."""


def columns_of(line: bytes, path: Path) -> Columns:
    """What the columns of a file are, by its first line.

    Raises
    ------
    DataError
        If they are not those of an image, or it is not plain which has the labels.
    """
    text = line.decode("utf-8", "replace").lstrip("# ")
    known = [each for each in _SEPARATORS if PIXELS <= text.count(each) + 1 <= PIXELS + 2]
    separator = (known or [max(_SEPARATORS, key=text.count)])[0]
    try:
        cells = cells_of(text, separator)
    except BadRowError as error:
        raise DataError(f"{path}: line 1 {error}", HINT) from None
    inner = [number_in(cell) for cell in cells[1:-1]]
    # Where columns have no names, they may be called by their numbers.
    counted = len(inner) > 1 and inner == [(inner[0] or 0) + place for place in range(len(inner))]
    named = 2 * sum(number is None for number in inner) > len(inner)
    lost = not named and _are_made_unique(cells)
    header = named or counted or lost
    if not header:
        names = [""] * len(cells)
        rest, labels = list(range(len(cells))), [0] if len(cells) == PIXELS + 1 else []
    else:
        names = [cell.strip().lower() for cell in cells]
        rest = [place for place, name in enumerate(names) if name not in _ROW_NUMBERS]
        labels = [place for place in rest if names[place] in _LABELS]
        if not labels and len(rest) == PIXELS + 1:
            # Pixels are called by their numbers or places, whatever letters go with these.
            without = [place for place in rest if not any(map(str.isdigit, names[place]))]
            labels = rest[:1] if not named and not without else without
            if len(labels) != 1:
                start = ", ".join(repr(cell[:20]) for cell in cells[:2])
                raise DataError(f"{path} begins with {start}, … and names no column of labels", _NAMES)
    if len(labels) > 1 or len(rest) - len(labels) != PIXELS:
        raise DataError(f"{path}: line 1 has {len(cells):,} columns, not those of an image", HINT)
    label = labels[0] if labels else None
    pixels = tuple(place for place in rest if place != label)
    notes: tuple[str, ...] = ()
    if lost:
        notes = (f"{path}: line 1 is taken for names: pandas makes such of a row, whose image is lost",)
    ordered = tuple(_by_number(pixels, names))
    if ordered != pixels:
        notes += (f"{path}: the pixels are taken in the order of their numbers, not of their columns",)
    return Columns(separator, len(cells), label, ordered, header, notes)


def _by_number(places: Sequence[int], names: Sequence[str]) -> Sequence[int]:
    """Columns in the order of their numbers, if each has its own: as text, pixel10 is before pixel2."""
    found = {place: match for place in places if (match := _NUMBERED.fullmatch(names[place]))}
    if len({match[1] for match in found.values()}) != 1 or len(found) < len(places):
        return places
    numbers = {place: int(match[2]) for place, match in found.items()}
    return sorted(places, key=numbers.__getitem__) if len({*numbers.values()}) == len(places) else places


def _are_made_unique(cells: Sequence[str]) -> bool:
    """Whether pandas took a row for names: of equal ones it calls the second `0.1`."""
    seen: Counter[str] = Counter()
    for cell in cells:
        name = cell.partition(".")[0]
        if cell != (f"{name}.{seen[name]}" if seen[name] else name):
            return False
        seen[name] += 1
    return len(seen) < len(cells)


def cells_of(text: str, separator: str) -> list[str]:
    """The cells of a line; a BadRowError if it is too long, or has a quote out of place."""
    if len(text) > LONGEST:
        raise BadRowError(f"is longer than any row of {PIXELS} pixels")
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        raise BadRowError("has a quote that does not close, or closes within a cell") from None


def number_in(cell: str) -> float | None:
    """The number that a cell is; None if it is none."""
    try:
        return float(cell)
    except ValueError:
        return None
