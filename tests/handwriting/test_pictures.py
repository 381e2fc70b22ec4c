"""Every kind of picture that is read, and every kind that is refused."""

import errno
import io
import os
import re
import struct
import subprocess
import sys
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFile

from mnistgd.errors import ImageError
from mnistgd.handwriting.pictures import open_picture
from mnistgd.handwriting.read import as_it_is, each_seen, greyed, read, read_each
from mnistgd.system import parallel

WIDTH, HEIGHT = 90, 120


def seven(ink=(0, 0, 0), paper=(255, 255, 255)):
    """A picture that looks different from every side."""
    image = Image.new("RGB", (WIDTH, HEIGHT), paper)
    ImageDraw.Draw(image).line([(20, 25), (70, 25), (40, 95)], ink, 9, "curve")
    return image


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def alike(one, other):
    """Whether two images are the same but for a pixel by which centring may have moved one of them."""
    moved = [np.roll(other, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return min(np.abs(one.astype(int) - image).mean() for image in moved) < 3


@pytest.fixture(scope="module")
def wanted():
    return read(open_picture(saved(seven(), "PNG"))).pixels


def scaled(factor, dtype):
    return Image.fromarray((np.asarray(seven().convert("L"), float) * factor).astype(dtype))


def with_alpha(mode, ink, **options):
    """Ink on nothing."""
    image = Image.new("RGB", (WIDTH, HEIGHT), ink).convert(mode[:-1])
    image.putalpha(Image.eval(seven().convert("L"), lambda value: 255 - value))
    return saved(image, "PNG", **options)


def colour_key(mode):
    """Black and white, of which white is said to be transparent."""
    image = seven().convert(mode)
    return saved(image, "PNG", transparency={"RGB": (255, 255, 255), "L": 255, "1": 255}[mode])


def palette(index):
    """Two colours, of which one is transparent."""
    image = Image.fromarray((np.asarray(seven().convert("L")) > 127).astype(np.uint8))
    image.putpalette([0, 0, 0, 255, 255, 255])
    return saved(image, "PNG", transparency=index)


SAME = {
    "PNG RGB": lambda: saved(seven(), "PNG"),
    "PNG L": lambda: saved(seven().convert("L"), "PNG"),
    "PNG 1": lambda: saved(seven().convert("1"), "PNG"),
    "PNG P": lambda: saved(seven().convert("P"), "PNG"),
    "PNG LA": lambda: with_alpha("LA", (0, 0, 0)),
    "PNG RGBA": lambda: with_alpha("RGBA", (40, 0, 90)),
    "PNG RGBA, light": lambda: with_alpha("RGBA", (255, 255, 255)),
    "PNG, white is transparent": lambda: colour_key("RGB"),
    "PNG L, white is transparent": lambda: colour_key("L"),
    "PNG 1, white is transparent": lambda: colour_key("1"),
    "PNG P, white is transparent": lambda: palette(1),
    "PNG P, black is transparent": lambda: palette(0),
    "PNG 16 bits": lambda: saved(scaled(257, np.uint16), "PNG"),
    "PNG 12 of 16 bits": lambda: saved(scaled(16, np.uint16), "PNG"),
    "PNG 8 of 16 bits": lambda: saved(scaled(1, np.uint16), "PNG"),
    "TIFF 16 bits": lambda: saved(scaled(257, np.uint16), "TIFF"),
    "TIFF 16 bits, other end first": lambda: big_endian(),
    "TIFF 32 bits": lambda: saved(scaled(257, np.int32), "TIFF"),
    "TIFF 32 bits, any range": lambda: saved(scaled(10**6, np.int32), "TIFF"),
    "TIFF below zero": lambda: saved(Image.fromarray(np.asarray(scaled(1, np.int32)) - 300), "TIFF"),
    "TIFF fractions": lambda: saved(scaled(1 / 255, np.float32), "TIFF"),
    "TIFF floats": lambda: saved(scaled(1, np.float32), "TIFF"),
    "TIFF floats, any range": lambda: saved(scaled(1e30, np.float32), "TIFF"),
    "TIFF CMYK": lambda: saved(seven().convert("CMYK"), "TIFF"),
    "TIFF LAB": lambda: saved(lab(), "TIFF"),
    "TIFF LZW": lambda: saved(seven(), "TIFF", compression="tiff_lzw"),
    "TIFF fax": lambda: saved(seven().convert("1"), "TIFF", compression="group4"),
    "TIFF, second page": lambda: saved(seven(), "TIFF", save_all=True, append_images=[blank()]),
    "JPEG": lambda: saved(seven(), "JPEG"),
    "JPEG L": lambda: saved(seven().convert("L"), "JPEG"),
    "JPEG CMYK": lambda: saved(seven().convert("CMYK"), "JPEG"),
    "JPEG progressive": lambda: saved(seven(), "JPEG", progressive=True),
    "JPEG of several (MPO)": lambda: saved(seven(), "MPO", save_all=True, append_images=[blank()]),
    "BMP": lambda: saved(seven(), "BMP"),
    "BMP 1": lambda: saved(seven().convert("1"), "BMP"),
    "GIF": lambda: saved(seven(), "GIF"),
    "GIF animated": lambda: saved(seven(), "GIF", save_all=True, append_images=[blank(), blank()]),
    "APNG": lambda: saved(seven(), "PNG", save_all=True, append_images=[blank()]),
    "WebP": lambda: saved(seven(), "WEBP"),
    "WebP lossless RGBA": lambda: saved(seven().convert("RGBA"), "WEBP", lossless=True),
    "WebP animated": lambda: saved(seven(), "WEBP", save_all=True, append_images=[blank()]),
}


def blank():
    return Image.new("RGB", (WIDTH, HEIGHT), "white")


def big_endian():
    values = np.asarray(scaled(257, np.uint16)).astype(">u2")
    return saved(Image.frombytes("I;16B", (WIDTH, HEIGHT), values.tobytes()), "TIFF")


def lab():
    values = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    values[:, :, 0] = np.asarray(seven().convert("L"))
    return Image.frombytes("LAB", (WIDTH, HEIGHT), values.tobytes())


@pytest.mark.parametrize("kind", SAME)
def test_the_same_picture_in_every_kind(kind, wanted, capfd):
    picture = open_picture(SAME[kind]())
    assert picture.name == "stdin"
    assert picture.size == (WIDTH, HEIGHT)
    assert picture.pixels.shape == (HEIGHT, WIDTH, 3)
    assert picture.pixels.dtype == np.uint8
    assert alike(read(picture).pixels, wanted)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "colours",
    [
        ((255, 255, 255), (0, 0, 0)),
        ((200, 40, 40), (60, 140, 60)),
        ((0, 0, 160), (250, 240, 130)),
        ((90,) * 3, (110,) * 3),
    ],
)
def test_the_same_picture_in_other_colours(colours, wanted):
    assert alike(read(open_picture(saved(seven(*colours), "PNG"))).pixels, wanted)


TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", TURNED)
def test_a_camera_held_in_any_way(kind, orientation, wanted):
    image = seven() if TURNED[orientation] is None else seven().transpose(TURNED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(saved(image, kind, exif=exif))
    assert picture.size == (WIDTH, HEIGHT)
    assert picture.pixels.shape == (HEIGHT, WIDTH, 3)
    assert alike(read(picture).pixels, wanted)


def test_a_damaged_note_of_the_orientation_is_no_obstacle(wanted):
    content = saved(
        seven(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x03" + b"\xff" * 30
    )
    assert alike(read(open_picture(content)).pixels, wanted)


def test_a_photograph_with_round_corners_keeps_its_paper():
    image = seven((30, 30, 30), (225, 220, 210)).convert("RGBA")
    corners = Image.new("L", image.size)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, WIDTH - 1, HEIGHT - 1), 20, 255)
    image.putalpha(corners)
    picture = open_picture(saved(image, "PNG"))
    assert picture.pixels[0, 0].tolist() == [225, 220, 210]
    assert alike(read(picture).pixels, read(open_picture(saved(seven(), "PNG"))).pixels)


def test_not_a_number_is_as_dark_as_the_darkest():
    values = np.asarray(scaled(1, np.float32)).copy()
    values[:3] = np.nan
    values[3:5] = np.inf
    assert open_picture(saved(Image.fromarray(values), "TIFF")).pixels[:5].max() == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF 16", "PNG P", "PNG RGBA"])
def test_a_large_picture_is_reduced(kind, wanted):
    image = seven().resize((WIDTH * 40, HEIGHT * 40))
    if kind == "TIFF 16":
        content = saved(Image.fromarray((np.asarray(image.convert("L")) * 257.0).astype(np.uint16)), "TIFF")
    else:
        form, mode = (*kind.split(), "RGB")[:2]
        content = saved(image.convert(mode), form)
    picture = open_picture(content)
    assert picture.size == (WIDTH * 40, HEIGHT * 40)
    assert 800 <= max(picture.pixels.shape) <= 1600
    assert alike(read(picture).pixels, wanted)


def test_a_long_strip_is_read():
    strip = Image.new("I;16", (1, 29_999), 60_000)
    assert open_picture(saved(strip, "PNG")).pixels.shape == (810, 1, 3)


def test_a_pipe_and_a_file(tmp_path, wanted):
    content = saved(seven(), "PNG")
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    assert alike(read(open_picture(path)).pixels, wanted)
    writer.join()
    file = tmp_path / "a [strange]\nname.jpeg"
    file.write_bytes(content)  # what it is decides, not what it is called
    assert open_picture(file).name == str(file)


# --- as it is -----------------------------------------------------------------------------------------


def test_as_it_is_changes_nothing(mnist):
    for image in mnist.test_images[:5]:
        assert np.array_equal(as_it_is(open_picture(saved(Image.fromarray(image), "PNG"))).pixels, image)
        assert np.array_equal(
            as_it_is(open_picture(saved(Image.fromarray(image).convert("RGB"), "BMP"))).pixels, image
        )
        deep = Image.fromarray(image.astype(np.uint16) * 257)
        assert np.array_equal(as_it_is(open_picture(saved(deep, "PNG"))).pixels, image)


def test_as_it_is_makes_colours_grey_as_pillow_does():
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    difference = as_it_is(open_picture(saved(image, "PNG"))).pixels.astype(int) - np.asarray(
        image.convert("L")
    )
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("colour", [0, 90, 255])
def test_as_it_is_of_one_colour_is_nothing(colour):
    with pytest.raises(ImageError, match="stdin shows nothing that could be a digit"):
        as_it_is(open_picture(saved(Image.new("L", (28, 28), colour), "PNG")))


@pytest.mark.parametrize("size", [(28, 29), (27, 28), (1, 1), (280, 280), (2800, 2800)])
def test_as_it_is_takes_one_size(size):
    with pytest.raises(ImageError) as caught:
        as_it_is(open_picture(saved(Image.new("L", size), "PNG")))
    assert caught.value.message == f"stdin is {size[0]} × {size[1]} pixels, not 28 × 28"
    assert caught.value.hint == "leave out --as-is"


# --- what is refused ----------------------------------------------------------------------------------


def png(width, height, data=b""):
    """A PNG that claims to be of some size, whatever it holds."""

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = data or zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif(width, height):
    content = bytearray(saved(seven(), "GIF"))
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def many_scans():
    content = saved(seven(), "JPEG", progressive=True)
    last = content.rfind(b"\xff\xda")
    return content[:-2] + content[last:-2] * 100 + content[-2:]


def rubbish():
    """libtiff says what it thinks of this one."""
    content = bytearray(saved(Image.effect_noise((WIDTH, HEIGHT), 90), "TIFF", compression="tiff_lzw"))
    content[200:900] = bytes(700)
    return bytes(content)


def run_length_encoded(side):
    header = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + 40 + 1024)
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, 0, 0, 0, 256, 0)
    return header + info + bytes(1024) + b"\1\0\0\0" * side


def chunk(kind, content=b""):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def within(kind, place, stuffing, **options):
    """A sound picture with something inside that is none of its pixels."""
    content = saved(seven(), kind, **options)
    return content[:place] + stuffing + content[place:]


def gif_with(*blocks):
    """A GIF with extensions before its image: two bytes of each say what it is."""
    content = saved(seven().convert("1"), "GIF")
    colours = 13 + 3 * (2 << (content[10] & 7))
    return content[:colours] + b"".join(blocks) + content[colours:]


def tiff_with(extra, content):
    """A TIFF with more tags, (number, type, count) each, whose values are all the same bytes of it."""
    width, height = 40, 50
    first = 8 + width * height
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, height), (279, 4, 1, width * height)]
    tags = sorted(tags + [(number, kind, count, first) for number, kind, count in extra])
    header = b"II*\0" + struct.pack("<I", first + len(content))
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return header + bytes(width * height) + content + directory + bytes(4)


def exif_with_a_long_orientation(count):
    """Its value is pairs of integers, each of which becomes an object."""
    directory = struct.pack(">HHHIII", 1, 0x0112, 5, count, 26, 0)
    return b"MM\0*\0\0\0\x08" + directory + bytes(8 * count)


PARTS = "stdin is made of too many parts"
REFUSED = {
    "nothing at all": (lambda: b"", "stdin is empty"),
    "text": (lambda: b"not a picture\n" * 9, "stdin is not a picture of a kind that is read here"),
    "another format": (lambda: saved(seven(), "PPM"), "stdin is not a picture of a kind that is read here"),
    "an icon": (lambda: saved(seven(), "ICO"), "stdin is not a picture of a kind that is read here"),
    "PNG cut short": (lambda: saved(seven(), "PNG")[:-40], "stdin is damaged.*"),
    "JPEG cut short": (lambda: saved(seven(), "JPEG")[:-400], "stdin is damaged: it ends too early"),
    "GIF cut short": (lambda: saved(seven(), "GIF")[:-100], "stdin is damaged: it ends too early"),
    "WebP cut short": (lambda: saved(seven(), "WEBP")[:-100], "stdin is .*"),
    "TIFF cut short": (lambda: saved(seven(), "TIFF")[:-400], "stdin is damaged.*"),
    "TIFF of rubbish": (rubbish, "stdin is damaged.*"),
    "PNG of rubbish": (lambda: png(30, 30, b"\x78\x9c" + bytes(99)), "stdin is damaged"),
    "a decompression bomb": (lambda: png(30_000, 30_000), "stdin is too large"),
    "a smaller one": (lambda: png(9_000, 9_000), "stdin is too large: 9000 × 9000 pixels"),
    "one more row than is read": (lambda: png(30_001, 20), "stdin is too large: 30001 × 20 pixels"),
    "a wide GIF": (lambda: gif(65_000, 65_000), "stdin is too large.*"),
    "a wide WebP": (lambda: saved(Image.new("L", (6000, 5000)), "WEBP"), "stdin is too large: .*"),
    "a large JPEG": (lambda: saved(Image.new("L", (10_001, 10_000)), "JPEG"), "stdin is too large: .*"),
    "a large progressive JPEG": (
        lambda: saved(Image.new("L", (8_000, 7_501)), "JPEG", progressive=True),
        "stdin is too large: 8000 × 7501 pixels",
    ),
    "a picture of an iPhone": (
        lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        "stdin is a HEIC picture, which is not read here",
    ),
    "a run-length encoded BMP": (lambda: run_length_encoded(3_000), "stdin is too large: 3000 × 3000 pixels"),
    "JPEG padding": (lambda: within("JPEG", 2, b"\xff" * 20_000), PARTS),
    "empty markers": (lambda: within("JPEG", 2, b"\xff\xe5\0\x02" * 20_000), PARTS),
    "empty chunks": (lambda: within("PNG", 33, chunk(b"vpAg") * 20_000), PARTS),
    "empty chunks behind the pixels": (lambda: within("PNG", -12, chunk(b"vpAg") * 80_000), PARTS),
    "pixels in empty chunks": (lambda: within("PNG", 33, chunk(b"IDAT") * 80_000), PARTS),
    "a long GIF comment": (lambda: gif_with(b"!\xfe", b"\xff".ljust(256) * 20_000, b"\0"), PARTS),
    "many GIF comments": (lambda: gif_with(b"!\xfe\1c\0" * 20_000), PARTS),
    "a JPEG of 109 scans": (many_scans, "stdin is a JPEG of too many scans"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what, capfd):
    content, message = REFUSED[what]
    with pytest.raises(ImageError) as caught:
        open_picture(content())
    assert re.fullmatch(message, caught.value.message)
    assert caught.value.hint
    assert capfd.readouterr() == ("", "")


COSTLY = {
    "a long fraction in a TIFF": lambda: tiff_with([(282, 5, 3_000_000)], bytes(24_000_000)),
    "a long orientation in a TIFF": lambda: tiff_with([(274, 5, 3_000_000)], bytes(24_000_000)),
    "a long orientation in a PNG": lambda: within(
        "PNG", 33, chunk(b"eXIf", exif_with_a_long_orientation(3_000_000))
    ),
    "a long orientation in a WebP": lambda: saved(
        seven(), "WEBP", exif=exif_with_a_long_orientation(3_000_000)
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
@pytest.mark.parametrize("what", COSTLY)
def test_what_takes_much_memory_takes_no_more(what, tmp_path):
    """Each of them wants 400 MB; of the real limit, a file of 60 MB takes more than is there.

    In a process that begins: one that has run many tests has as much to give away again.
    """
    (tmp_path / "picture").write_bytes(COSTLY[what]())
    program = (
        "import sys\nfrom pathlib import Path\nfrom mnistgd.handwriting.read import read_each\n"
        "from mnistgd.system import parallel\nparallel.MEMORY = 60_000_000\n"
        "(read,) = read_each([Path(sys.argv[1])], as_is=False)\nprint(read.message)"
    )
    command = [sys.executable, "-c", program, tmp_path / "picture"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.search("takes too much time or memory to read|memory ran out while .* was read", done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system copies no process")
def test_what_takes_long_takes_no_longer(monkeypatch):
    def load(self):
        while True:
            pass

    monkeypatch.setattr(parallel, "SECONDS", 0)
    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    (read,) = read_each([saved(seven(), "PNG")], as_is=False)
    assert read.message == "stdin takes too much time or memory to read"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system copies no process")
@pytest.mark.parametrize("together", [1, 2, 3, 7])
def test_what_is_read_together_is_judged_alone(together):
    """One that ends its process, and one that is none, take no neighbour with them."""

    def see(picture):
        if picture.size == (1, 1):
            os._exit(1)
        return greyed(picture)

    sound, deadly = saved(seven(), "PNG"), saved(Image.new("L", (1, 1)), "PNG")
    found = [*each_seen([sound, deadly, b"x", sound, sound], see, together=together)]
    assert [getattr(each, "message", "sound") for each in found] == [
        "sound",
        "stdin takes too much time or memory to read",
        "stdin is not a picture of a kind that is read here",
        "sound",
        "sound",
    ]


def test_a_tag_for_each_of_many_times_the_same_megabyte():
    """Pillow 11.0 reads them all, 4 GB in a file of 1 MB; later versions none that they do not need."""
    tags = [(1000 + number, 7, 1_000_000) for number in range(4000)]
    try:
        assert open_picture(tiff_with(tags, bytes(1_000_000))).size == (40, 50)
    except ImageError as error:
        assert error.message == PARTS  # noqa: PT017


def test_honest_notes_are_no_obstacle(wanted):
    """As much as cameras and programs write: a preview, a colour profile, a history of changes."""
    note = bytes(range(200)) * 300
    segment = b"\xff\xe5" + struct.pack(">H", 2 + len(note)) + note
    for content in (
        within("JPEG", 2, segment * 400),
        within("PNG", 33, chunk(b"vpAg", note) * 400),
        gif_with(b"!\xff", (b"\xff" + note[:255]) * 2000, b"\0"),
    ):
        assert alike(read(open_picture(content)).pixels, wanted)


def test_pixels_in_many_chunks(wanted):
    content = saved(seven(), "PNG")
    pixels = content[content.index(b"IDAT") + 4 : -16]
    pieces = b"".join(chunk(b"IDAT", bytes([byte])) for byte in pixels)
    assert alike(read(open_picture(content[:33] + pieces + content[-12:])).pixels, wanted)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM])
def test_what_the_system_is_short_of_is_no_damage(number, monkeypatch):
    def load(self):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(ImageError, match=f"stdin cannot be read: {os.strerror(number)}"):
        open_picture(saved(seven(), "PNG"))


def test_refused_by_the_file_system(tmp_path):
    with pytest.raises(ImageError, match=r"no\.png does not exist"):
        open_picture(tmp_path / "no.png")
    with pytest.raises(ImageError, match="is a folder"):
        open_picture(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match="cannot be read: Not a directory"):
        open_picture(tmp_path / "file" / "part")
    with pytest.raises(ImageError, match="cannot be read: embedded null byte"):
        open_picture(tmp_path / "a\0b")
    with pytest.raises(ImageError, match="cannot be read: File name too long"):
        open_picture(tmp_path / ("a" * 300))


def test_too_many_bytes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mnistgd.handwriting.pictures.MAX_BYTES", 300)
    with pytest.raises(ImageError, match="stdin is too large for a picture"):
        open_picture(saved(seven(), "PNG") + bytes(300))


def test_a_photograph_of_48_megapixels_is_read():
    content = saved(seven().resize((6048, 8064)), "JPEG")
    assert open_picture(content).size == (6048, 8064)


def test_out_of_memory_is_no_traceback(monkeypatch):
    def load(self):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(ImageError, match="memory ran out while stdin was read"):
        open_picture(saved(seven(), "PNG"))


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (3, 6)])
def test_too_small(size):
    with pytest.raises(ImageError, match=f"stdin is too small: {size[0]} × {size[1]} pixels"):
        read(open_picture(saved(Image.new("L", size), "PNG")))


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the most memory that was held")
@pytest.mark.parametrize("mode", ["RGBA", "P", "I;16"])
def test_the_largest_picture_takes_little_memory(mode, tmp_path):
    side = 6300
    if mode == "P":
        image = Image.new("P", (side, side), 1)
        image.putpalette([0, 0, 0, 255, 255, 255])
        content = saved(image, "PNG", transparency=0, compress_level=1)
    else:
        content = saved(Image.new(mode, (side, side), 3), "PNG", compress_level=1)
    path = tmp_path / "large.png"
    path.write_bytes(content)
    program = (
        "import sys, pathlib; from mnistgd.handwriting.pictures import open_picture;"
        "assert open_picture(pathlib.Path(sys.argv[1])).size == (6300, 6300);"
        "[peak] = [line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')];"
        "print(peak)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 500e6
