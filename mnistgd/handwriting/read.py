"""What a picture shows: the digit on it as MNIST would have it, or the picture as it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.errors import ImageError
from mnistgd.handwriting.find import find_digit
from mnistgd.handwriting.framing import SIZE, framed, looks_written
from mnistgd.handwriting.pictures import open_picture, too_costly
from mnistgd.system.parallel import each

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from mnistgd.handwriting.find import Instead
    from mnistgd.handwriting.pictures import Picture

T = TypeVar("T")

_LEAST = 8


class Reading(NamedTuple):
    """What becomes of a picture.

    Attributes
    ----------
    pixels : uint8 ndarray of shape (28, 28); 0 is background and 255 is ink
    found : int or None
        How many things on the picture could be a digit: 1 as a rule, 0 if the ink looks like none. None where
        nobody looked for them.
    """

    pixels: NDArray[np.uint8]
    found: int | None = None

    @property
    def doubt(self) -> str:
        """What speaks against an answer, for a person to read; nothing as a rule."""
        if self.found == 0:
            return "the ink looks like no digit, and was taken for one all the same"
        if self.found is not None and self.found > 1:
            return f"{self.found} things could be digits, and the likeliest was taken"
        return ""


def read(picture: Picture) -> Reading:
    """The digit that a picture shows, brought to what MNIST is.

    Ink is told from paper, thickened if it is thin, fitted into 20×20 pixels with its shape kept, and
    centred in 28×28 by its centre of mass.

    Raises
    ------
    ImageError
        If the picture is too small, or shows nothing that could be a digit.
    """
    width, height = picture.size
    if max(width, height) < _LEAST:
        raise ImageError(
            f"{picture.name} is too small: {width} × {height} pixels",
            f"a digit needs {_LEAST} pixels at least",
        )
    digit = find_digit(picture.pixels)
    if isinstance(digit, str):
        raise _nothing_on(picture, digit)
    pixels = framed(digit.strokes)
    return Reading(pixels, digit.things if looks_written(pixels) else 0)


def as_it_is(picture: Picture) -> Reading:
    """A picture of 28×28 pixels, light ink on dark, to the network as it is: `greyed`, no more.

    Raises
    ------
    ImageError
        If the picture is of another size, or of one colour.
    """
    if picture.size != (SIZE, SIZE):
        width, height = picture.size
        raise ImageError(
            f"{picture.name} is {width} × {height} pixels, not {SIZE} × {SIZE}", "leave out --as-is"
        )
    grey = greyed(picture)
    if grey.min() == grey.max():
        raise _nothing_on(picture, "paper")
    return Reading(grey)


def greyed(picture: Picture) -> NDArray[np.uint8]:
    """A picture without colours: round(0.299 R + 0.587 G + 0.114 B), so that a grey pixel keeps its value."""
    grey: NDArray[np.uint8] = np.rint(picture.pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    return grey


def read_each(sources: Sequence[Path | bytes], *, as_is: bool) -> Iterator[Reading | ImageError]:
    """Each of several pictures `as_it_is` or `read`, or what is wrong with it, in their order."""
    return each_seen(sources, as_it_is if as_is else read)


def each_seen(
    sources: Sequence[Path | bytes], see: Callable[[Picture], T], *, together: int = 1
) -> Generator[T | ImageError, None, None]:
    """What `see` makes of each of several pictures, or what is wrong with it, in their order.

    They are read apart, so that none can take more than `each` gives it.

    Parameters
    ----------
    sources : sequence of Path or bytes
    see : function of a `Picture`, which may raise ImageError
    together : int
        So many are read one after the other before a process answers, which is quicker where they are small;
        if that is too much for it, each of them by itself.
    """
    Image.preinit()  # here once, instead of in every process
    some = [sources[start : start + together] for start in range(0, len(sources), together)]
    found = each(partial(_read_all, see=see), some, _lost)
    for part, pictures in zip(some, found, strict=True):
        if pictures:
            yield from pictures
        else:
            yield from each(partial(_read, see=see), part, too_costly)


def _read_all(sources: Sequence[Path | bytes], *, see: Callable[[Picture], T]) -> list[T | ImageError]:
    return [_read(source, see=see) for source in sources]


def _lost(sources: Sequence[Path | bytes]) -> list[Any]:
    """Nothing, of several; what is wrong with one."""
    return [too_costly(source) for source in sources] if len(sources) == 1 else []


def _read(source: Path | bytes, *, see: Callable[[Picture], T]) -> T | ImageError:
    try:
        return see(open_picture(source))
    except ImageError as error:
        return error


_INSTEAD: dict[Instead, tuple[str, str]] = {
    "paper": ("only paper", "use a picture of one digit, large and clear"),
    "lines": ("only lines", "write the digit so that it touches no line, or cut it out"),
    "shadow": ("only a blot, a shadow or an edge", "cut the digit out, or photograph it in even light"),
    "things": ("but several other things", "cut one digit out"),
}


def _nothing_on(picture: Picture, instead: Instead) -> ImageError:
    seen, hint = _INSTEAD[instead]
    return ImageError(f"{picture.name} shows nothing that could be a digit, {seen}", hint)
