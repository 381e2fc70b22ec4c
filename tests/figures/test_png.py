"""PNG files read back by hand: chunks, checksums and texts as the PNG specification lays them out."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures.png import png_bytes


def chunks(file: bytes) -> list[tuple[bytes, bytes]]:
    """Every chunk of a PNG file, its checksum proven."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(file):
        length, kind = struct.unpack(">I4s", file[at : at + 8])
        body = file[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", file[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + length
    return found


def texts(file: bytes) -> dict[str, str]:
    result = {}
    for kind, body in chunks(file):
        keyword, _, rest = body.partition(b"\0")
        if kind == b"tEXt":
            result[keyword.decode("latin-1")] = rest.decode("latin-1")
        if kind == b"iTXt":
            compressed, method, rest = rest[0], rest[1], rest[2:]
            assert (compressed, method) == (0, 0)
            _language, _translated, text = rest.split(b"\0", 2)
            result[keyword.decode("latin-1")] = text.decode("utf-8")
    return result


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3))


def test_pixels_come_back(picture: Image.Image) -> None:
    again = Image.open(io.BytesIO(png_bytes(picture)))
    assert (again.format, again.mode, again.tobytes()) == ("PNG", "RGB", picture.tobytes())


def test_texts_are_read_by_another_program(picture: Image.Image) -> None:
    written = {"digit": "2", "limit": "1.513", "label": "Débardeur", "other": "コート 👕"}
    file = png_bytes(picture, written)
    assert texts(file) == written
    kinds = [kind for kind, _ in chunks(file)]
    assert kinds[0] == b"IHDR"
    assert kinds[-1] == b"IEND"
    assert kinds.count(b"tEXt") == 3
    assert kinds.count(b"iTXt") == 1


def test_what_no_png_can_hold_is_a_question_mark(picture: Image.Image) -> None:
    assert texts(png_bytes(picture, {"a": "x\0y", "b": "x\ud800y"})) == {"a": "x?y", "b": "x?y"}


def test_the_same_picture_gives_the_same_bytes_and_no_date(picture: Image.Image) -> None:
    first, second = (png_bytes(picture.copy(), {"digit": "2"}) for _ in range(2))
    assert first == second
    assert {kind for kind, _ in chunks(first)} <= {b"IHDR", b"tEXt", b"IDAT", b"IEND"}
