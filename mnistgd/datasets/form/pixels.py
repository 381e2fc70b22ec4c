"""Images of any shape and type in use, brought to bytes: 0 is background and 255 is ink."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import IMAGE_SHAPE, PIXELS
from mnistgd.datasets.stored import Images, Stored, cut, pieces_of
from mnistgd.errors import DataError

RANGES = "pixels are whole numbers from 0 to 255, or floats from 0 to 1 or from 0 to 255"
_COLOURS = {(*IMAGE_SHAPE, 3): 3, (3, *IMAGE_SHAPE): 1}
"""The shapes of images in colour, and which axis has their three channels."""

Scale = Literal["as they are", "rounded", "times 255"]


class Found(NamedTuple):
    """What images were, before anything was made of them.

    Attributes
    ----------
    shape : tuple of int
    dtype : str, as numpy calls it, whatever the order of its bytes
    least, most : float, the lowest and the highest pixel
    """

    shape: tuple[int, ...]
    dtype: str
    least: float
    most: float

    @property
    def coloured(self) -> bool:
        """Whether they have three channels."""
        return not _is_grey(self.shape)


def check_layout(shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> None:
    """Check that an array can hold images, before memory is taken for it.

    (n, 28, 28) and (n, 784) can, with axes of length one wherever, and (n, 28, 28, 3) and (n, 3, 28, 28),
    which are colours; of booleans, whole numbers or floats.

    Raises
    ------
    DataError
        If this one cannot.
    """
    if dtype.kind not in "buif":
        raise DataError(f"the pixels of {what} are {dtype}, not numbers", RANGES)
    if _is_grey(shape) or shape[1:] in _COLOURS:
        return
    hint = "shrink or pad to 28×28"
    if shape == IMAGE_SHAPE:
        hint = "it is a single image: name an array of many"
    elif len(shape) == 3 and shape[:2] == IMAGE_SHAPE:
        hint = "its images lie along the last axis: numpy.moveaxis(images, -1, 0) brings them to the first"
    elif len(shape) == 2 and shape[0] == PIXELS:
        hint = "its images lie along the last axis: images.T brings them to the first"
    elif shape[1:] in ((*IMAGE_SHAPE, 4), (4, *IMAGE_SHAPE)):
        hint = "it has four channels, as RGBA has: make its images grey"
    raise DataError(f"{what} has shape {shape}, not (n, 28, 28)", hint)


def look(images: Images, what: str, went_on: Callable[[int], None] | None = None) -> Found:
    """What images are, once every pixel was looked at; `went_on` hears how many images more were.

    Raises
    ------
    DataError
        If they are of no shape and type that can be read, a pixel is no finite number, or their colours
        are more than shades of grey.
    """
    check_layout(images.shape, images.dtype, what)
    if isinstance(images, Stored) and images.limits is not None:
        return Found(images.shape, images.dtype.name, *images.limits)
    limits, seen = [], 0
    for chunk in pieces_of(images):
        with np.errstate(all="ignore"):
            least, most = float(chunk.min()), float(chunk.max())
        if not (np.isfinite(least) and np.isfinite(most)):
            where = seen + int(np.argmin(np.isfinite(chunk.reshape(len(chunk), -1)).all(axis=1)))
            raise DataError(f"{what} has a pixel that is no finite number, in image {where}", RANGES)
        limits += [least, most]
        if not _is_grey(images.shape):
            _check_grey(chunk, seen, what)
        seen += len(chunk)
        if went_on is not None:
            went_on(len(chunk))
    return Found(images.shape, images.dtype.name, min(limits), max(limits))


def scale_of(found: Sequence[Found], source: str) -> Scale:
    """What brings all images of a set to bytes.

    Raises
    ------
    DataError
        If they lie in no range that says what is background and what is ink.
    """
    least, most = min(each.least for each in found), max(each.most for each in found)
    in_one = [0 < each.most <= 1 for each in found]
    if least >= 0:
        # Nobody draws whole numbers with 1 of 255: such sets are black and white.
        if most and all(each.most <= 1 for each in found):
            return "times 255"
        if most <= 255 and any(in_one):
            ranges = " and ".join(f"{each.least:g} to {each.most:g}" for each in found)
            raise DataError(f"the train and test pixels of {source} differ in range: {ranges}", RANGES)
        if most <= 255 and not any(each.dtype.startswith("float") for each in found):
            return "as they are"
        # Just above 1 is what arithmetic makes of 0 to 1; to take that for 0 to 255 would make all black.
        if most == 0 or 2 <= most <= 255:
            return "rounded"
    # Written in full, for what it brings just below 0 would be refused again.
    moved = f"(x {'-' if least > 0 else '+'} {abs(least)})"
    hint = f"{RANGES}: {moved} / {most - least} brings these to 0 to 1" if most > least else RANGES
    if least < 0 and any(each.dtype == "int8" for each in found):
        # To move those would give half of the ink the wrong shade, and end without an error.
        hint = f"if bytes were saved as signed ones, images.view('uint8') brings them back; else {hint}"
    raise DataError(f"the pixels of {source} lie in {_in_words(least)} to {_in_words(most)}", hint)


def _in_words(limit: float) -> str:
    """A limit of a range, in full where rounded it would be that of a range that is taken."""
    short = f"{limit:g}"
    return short if float(short) not in (0, 1, 255) else repr(limit).removesuffix(".0")


def lie_as_bytes(images: Images, scale: Scale, *, sideways: bool) -> bool:
    """Whether images of a set are bytes already, whatever their shape; parameters as for `each_as_bytes`."""
    return _is_grey(images.shape) and images.dtype == np.uint8 and scale != "times 255" and not sideways


def as_bytes(images: NDArray[Any], scale: Scale, *, sideways: bool) -> NDArray[np.uint8]:
    """Images of a set, as bytes; the very same array if it is that already.

    Parameters and errors are those of `each_as_bytes`.

    Returns
    -------
    uint8 ndarray of shape (n, 28, 28), in C order
    """
    if lie_as_bytes(images, scale, sideways=sideways):
        return np.ascontiguousarray(images).reshape(-1, *IMAGE_SHAPE)
    done, start = np.empty((len(images), *IMAGE_SHAPE), np.uint8), 0
    for chunk in each_as_bytes(images, scale, sideways=sideways):
        done[start : start + len(chunk)] = chunk
        start += len(chunk)
    return done


def each_as_bytes(images: Images, scale: Scale, *, sideways: bool) -> Iterator[NDArray[np.uint8]]:
    """Images of a set, as bytes, some at a time.

    Parameters
    ----------
    images : ndarray or Stored, that `look` has looked at
    scale : what `scale_of` said of all images of the set
    sideways : bool, whether rows and columns are to be exchanged

    Yields
    ------
    uint8 ndarray of shape (n, 28, 28), in C order
    """
    for chunk in pieces_of(images):
        if not _is_grey(images.shape):
            chunk = _channels(chunk)[0]
        chunk = chunk.reshape(-1, *IMAGE_SHAPE)
        if scale != "as they are":
            chunk = np.rint(chunk.astype(np.float64) * (255 if scale == "times 255" else 1))
        yield np.ascontiguousarray(chunk.transpose(0, 2, 1) if sideways else chunk, np.uint8)


class Alike:
    """Whether all images that it was shown are the same.

    Examples
    --------
    >>> seen = Alike()
    >>> seen.show(np.zeros((5, 28, 28), np.uint8))
    >>> seen.words
    'blank'
    """

    def __init__(self) -> None:
        self._first: NDArray[np.uint8] | None = None
        self._differ = False
        self._count = 0

    def show(self, images: NDArray[np.uint8]) -> None:
        """Some images more."""
        if self._first is None:
            self._first = images[0].copy()
        self._differ = self._differ or not (images == self._first).all()
        self._count += len(images)

    @property
    def words(self) -> str:
        """What is wrong with them; empty if they differ, or one is all."""
        if self._differ or self._first is None:
            return ""
        if not self._first.any():
            return "blank"
        return "alike" if self._count > 1 else ""


def alike(images: NDArray[np.uint8]) -> str:
    """What is wrong with images of which all are the same; empty if they differ, or one is all."""
    seen = Alike()
    for chunk in cut(images):
        seen.show(chunk)
    return seen.words


def _is_grey(shape: tuple[int, ...]) -> bool:
    return tuple(side for side in shape[1:] if side != 1) in (IMAGE_SHAPE, (PIXELS,)) and len(shape) > 0


def _channels(images: NDArray[Any]) -> NDArray[Any]:
    """The three channels of images in colour, of shape (3, n, 28, 28)."""
    return np.moveaxis(images, _COLOURS[images.shape[1:]], 0)


def _check_grey(images: NDArray[Any], start: int, what: str) -> None:
    red, green, blue = _channels(images)
    grey = ((red == green) & (red == blue)).all(axis=(1, 2))
    if not grey.all():
        where = f"in image {start + int(np.argmin(grey))} the channels differ"
        raise DataError(f"{what} is in colour (RGB): {where}", "make its images grey, with light ink on dark")
