"""Opening a picture that somebody else made: any size, any mode, and perhaps not a picture at all.

Nothing in a file is trusted. Only six formats are tried, what is too large is refused before a pixel of it
is decoded, and whatever a decoder raises on a damaged file becomes one `ImageError`.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import warnings
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from mnistgd.errors import ImageError
from mnistgd.handwriting.paper import on_paper
from mnistgd.system.files import called
from mnistgd.system.parallel import each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
# A phone's, too, with a second picture in it.
_JPEG = ("JPEG", "MPO")
MAX_PIXELS = 40_000_000
MAX_SIDE = 30_000
MAX_BYTES = 200_000_000
# A baseline JPEG is reduced while it is decoded, row by row; of a progressive one all is held, but no pixel.
_MAX_JPEG_PIXELS = 100_000_000
_MAX_PROGRESSIVE_PIXELS = 60_000_000
# Pillow holds a WebP picture four times over, and reads run-length encoded bitmaps pixel by pixel in Python;
# a progressive JPEG is gone through once for each of its scans, of which a few bytes each make any number.
_MAX_WEBP_PIXELS = 25_000_000
_MAX_RUN_LENGTH_PIXELS = 2_000_000
_MAX_SCANS = 30
# What Pillow reads of an honest file before its pixels: hundreds of parts, each of them once or twice.
_MAX_PARTS = 10_000
# A larger picture is reduced by a whole factor, to something between this and twice this on its longer side.
_ENOUGH = 800
_ORIENTATION = 0x0112
# How a picture of a phone begins, after four bytes.
_HEIC = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"))
# What Pillow would say of a damaged file; without a handler, logging prints it.
logging.getLogger("PIL").addHandler(logging.NullHandler())


# Of these the system has too few just now, whatever is in the file.
_SHORT = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)
_SMALLER = "make it smaller: 2000 × 2000 pixels are plenty"
_OTHERWISE = "PNG, JPEG, BMP, GIF, WebP and TIFF can be read: save it as one of these"


class Picture(NamedTuple):
    """A picture as it was read.

    Attributes
    ----------
    name : str; its file, or ``stdin``
    size : (int, int); width and height in pixels, upright
    pixels : uint8 ndarray of shape (h, w, 3), RGB on opaque paper; of a large picture, a reduced copy
    """

    name: str
    size: tuple[int, int]
    pixels: NDArray[np.uint8]


def open_apart(source: Path | bytes) -> Picture:
    """`open_picture` in another process, which can take no more than `each` gives it."""
    (picture,) = each(_opened_or_not, [source], too_costly)
    if isinstance(picture, ImageError):
        raise picture
    return picture


def _opened_or_not(source: Path | bytes) -> Picture | ImageError:
    try:
        return open_picture(source)
    except ImageError as error:
        return error


def too_costly(source: Path | bytes) -> ImageError:
    """What is wrong with a picture that took all that a process may take."""
    return ImageError(f"{called(source)} takes too much time or memory to read", "save it as a smaller PNG")


def open_picture(source: Path | bytes) -> Picture:
    """Read a picture: PNG, JPEG, BMP, GIF, WebP or TIFF, in any mode; of several frames the first.

    It is turned upright as its EXIF data says, and what is transparent becomes paper.

    Parameters
    ----------
    source : Path, or bytes
        A file, or what stdin held.

    Raises
    ------
    ImageError
        If it cannot be opened, is of another kind, is damaged, or is too large.
    """
    name = called(source)
    with _opened(source, name) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(parts := _Parts(file, name), formats=FORMATS)
        except UnidentifiedImageError:
            raise _not_a_picture(name, file) from None
        except ImageError:
            raise
        except Exception as error:  # a decoder met what it did not expect, and that can be anything
            raise _damaged(name, error) from error
        with image:
            _check_size(image, name, file)
            parts.allow_pixels()
            width, height = image.size
            longest = max(width, height)
            try:
                if image.format in _JPEG:
                    image.draft(None, (width * _ENOUGH // longest, height * _ENOUGH // longest))
                with _silenced() if image.format == "TIFF" else nullcontext():
                    image.load()
                pixels = on_paper(image, max(1, max(image.size) // _ENOUGH))
                turns, mirrored = _ORIENTATIONS.get(_orientation(image), (0, False))
            except ImageError:
                raise
            except Exception as error:
                raise _damaged(name, error) from error
    if mirrored:
        pixels = pixels[:, ::-1]
    pixels = np.ascontiguousarray(np.rot90(pixels, turns))
    return Picture(name, (height, width) if turns % 2 else (width, height), pixels)


@contextmanager
def _opened(source: Path | bytes, name: str) -> Iterator[IO[bytes]]:
    """The source as a file that can be read in any order."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        file = source.open("rb")
    except FileNotFoundError:
        raise ImageError(f"{name} does not exist", "check the name of the image") from None
    except IsADirectoryError:
        raise ImageError(f"{name} is a folder", "name the images in it") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    with file:
        try:
            # A pipe can be read only once, and only forwards.
            content = None if file.seekable() else file.read(MAX_BYTES + 1)
        except OSError as error:
            raise _unreadable(name, error) from None
        yield file if content is None else io.BytesIO(content)


class _Parts:
    """A file that is read in a few parts only: of what is none of the pixels there can be any amount.

    Parameters
    ----------
    file : file that can be read in any order
    name : str; what it is called in a message
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)
        # Every piece of a note is read by itself; no piece of the file is read time and again.
        self._parts, self._bytes = _MAX_PARTS, 2 * self._size + _MAX_PARTS

    def allow_pixels(self) -> None:
        """From now on pixels are read, of which there are many parts in a large file."""
        self._parts, self._bytes = 10 * _MAX_PARTS + self._size // 1024, sys.maxsize

    def read(self, size: int = -1) -> bytes:
        """Read as the file does.

        Raises
        ------
        ImageError
            If that was done too often.
        """
        content = self._file.read(size)
        self._parts -= 1
        self._bytes -= len(content)
        if min(self._parts, self._bytes) < 0:
            raise ImageError(f"{self._name} is made of too many parts", "save it as PNG")
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _silenced() -> Iterator[None]:
    """Nothing reaches the standard error stream: libtiff complains there, past Python."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _unreadable(name: str, error: Exception) -> ImageError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ImageError(f"{name} cannot be read: {reason}", "check its name and permissions")


def _not_a_picture(name: str, file: IO[bytes]) -> ImageError:
    """What is wrong with something that none of the decoders knows."""
    file.seek(0)
    if not file.read(1):
        return ImageError(f"{name} is empty", "a picture of one digit is needed")
    file.seek(0)
    if file.read(12)[4:] in _HEIC:
        hint = "save it as JPEG, or let the camera do that (iPhone: Formats, Most Compatible)"
        return ImageError(f"{name} is a HEIC picture, which is not read here", hint)
    return ImageError(f"{name} is not a picture of a kind that is read here", _OTHERWISE)


def _damaged(name: str, error: Exception) -> ImageError:
    """What is wrong with a picture that a decoder gave up on."""
    if isinstance(error, MemoryError):
        return ImageError(f"memory ran out while {name} was read", _SMALLER)
    if isinstance(error, Image.DecompressionBombError):
        return ImageError(f"{name} is too large", _SMALLER)
    if isinstance(error, OSError) and error.errno in _SHORT:
        return _unreadable(name, error)
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return ImageError(f"{name} is damaged: it ends too early", "save or send it once more")
    return ImageError(f"{name} is damaged", "open it in another program and save it as PNG")


def _check_size(image: Image.Image, name: str, file: IO[bytes]) -> None:
    """Refuse what would take too much memory or time to decode.

    Raises
    ------
    ImageError
        If the picture has too many pixels, bytes or scans.
    """
    width, height = image.size
    if width < 1 or height < 1:
        raise ImageError(f"{name} has no pixels", "a picture of one digit is needed")
    limit = _MAX_WEBP_PIXELS if image.format == "WEBP" else MAX_PIXELS
    if image.format in _JPEG:
        limit = _MAX_PROGRESSIVE_PIXELS if "progressive" in image.info else _MAX_JPEG_PIXELS
    if any(part[0] == "bmp_rle" for part in getattr(image, "tile", [])):
        limit = _MAX_RUN_LENGTH_PIXELS
    if width * height > limit or max(width, height) > MAX_SIDE:
        raise ImageError(f"{name} is too large: {width} × {height} pixels", _SMALLER)
    position = file.tell()
    if file.seek(0, io.SEEK_END) > MAX_BYTES:
        raise ImageError(f"{name} is too large for a picture", _SMALLER)
    if image.format in _JPEG:
        file.seek(0)
        # The marker cannot occur within a scan, where 0xFF is always followed by 0.
        scans, last = 0, b""
        while piece := file.read(1 << 20):
            scans += (last + piece).count(b"\xff\xda")
            last = piece[-1:]
        if scans > _MAX_SCANS:
            raise ImageError(f"{name} is a JPEG of too many scans", "save it as PNG")
    file.seek(position)


def _orientation(image: Image.Image) -> object:
    """How the camera was held; a damaged note of it is no reason to refuse the picture."""
    try:
        return image.getexif().get(_ORIENTATION)
    except MemoryError:
        raise
    except Exception:
        return None


# EXIF orientation → quarter turns to the left after mirroring left and right, if so.
_ORIENTATIONS: dict[object, tuple[int, bool]] = {
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (1, True),
    6: (3, False),
    7: (3, True),
    8: (1, False),
}
