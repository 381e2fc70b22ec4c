"""Inputs that are sound, of every kind that is fuzzed."""

from __future__ import annotations

import contextlib
import csv
import functools
import gzip
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from mnistgd.model import weights_file
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import build_record
from mnistgd.training import checkpoint, history, snapshots

SETTINGS = Settings(epochs=1, optimizer="adam", validation=0.1, patience=1)
NAMES = ("a", "b")
NEXT = b"\n--\n"
"""What stands between two files of a folder that is written as one input."""
LINK = b"->"
EMPTY_CHUNK = b"\0\0\0\0vpAg" + zlib.crc32(b"vpAg").to_bytes(4)


def npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def data_set() -> dict[str, np.ndarray]:
    images = np.arange(2 * 784, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
    labels = np.array([0, 1], np.uint8)
    return {"train_images": images, "train_labels": labels, "test_images": images, "test_labels": labels}


def odd_arrays() -> list[np.ndarray]:
    """Images and labels of other types and shapes, as people have them."""
    images = data_set()["train_images"]
    return [
        *(images / 255, images.astype("<f4"), images.astype(">i2"), images > 0, images.reshape(2, 784)),
        *(np.stack([images] * 3, 3), np.asfortranarray(images / 255), np.array(["a", "b"]), np.eye(2)),
        *(np.array([b"0", b"1"]), np.array([[0.0], [1.0]])),
    ]


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@functools.cache
def model() -> weights_file.Model:
    params = {"weights": np.ones((784, 2), np.float32), "bias": np.zeros(2, np.float32)}
    data = {"source": "embedded", "sha256": "0" * 64}
    record = build_record(SETTINGS, NAMES, data=data, results={"test_accuracy": 0.5})
    return Model(params, SETTINGS, NAMES, record)


def frames(model: weights_file.Model) -> snapshots.Snapshots:
    from mnistgd.model.weights_file import weights_sha256

    weights = np.stack([model.weights, model.weights])
    return snapshots.Snapshots(weights, (0, 9), (0.1, 0.5), NAMES, weights_sha256(model.weights))


def checkpoint_file() -> bytes:
    from mnistgd.datasets.dataset import Dataset
    from mnistgd.training.run import Best, Run
    from mnistgd.training.totals import EpochTotals, Tally

    images, labels = np.zeros((9, 28, 28), np.uint8), np.zeros(9, np.uint8)
    start = Run(Dataset(images, labels, images, labels, NAMES, "", "0" * 64), SETTINGS).start()
    place = start._replace(step=3, tally=Tally(3, EpochTotals(1.0, 2, 3)), best=Best(0.5, 1, start.params))
    epoch = history.Epoch(1, 3, 0.5, 0.9, 0.1, 1.0, 0.6, 0.8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.npz"
        checkpoint.save(
            path, place, history.to_rows([epoch]), seconds=1.0, data="mnist", out="w.npz", log=None
        )
        return path.read_bytes()


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def record_of(content: bytes) -> bytes:
    with np.load(io.BytesIO(content)) as file:
        return str(file["record"]).encode()


def with_record(content: bytes, record: bytes) -> bytes:
    """An archive as it was, but for its record: checksums do not stand in the way of what is inside."""
    npy = io.BytesIO()
    np.save(npy, np.array(record.decode("utf-8", "replace")))
    return packed(members(content) | {"record.npy": npy.getvalue()})


def foreign_weights() -> list[bytes]:
    """As PyTorch names them: an archive, and safetensors, which is the length of a JSON, the JSON and numbers."""
    first, last = np.ones((3, 784), np.float32), np.ones((2, 3), np.float32)
    header = {
        "__metadata__": {"mnistgd": json.dumps(model().record)},
        "weight": {"dtype": "F32", "shape": [2, 784], "data_offsets": [0, 6272]},
        "bias": {"dtype": "F32", "shape": [2], "data_offsets": [6272, 6280]},
    }
    text = json.dumps(header).encode()
    own = len(text).to_bytes(8, "little") + text + bytes(6280)
    return [npz(**{"0.weight": first, "2.weight": last, "2.bias": last[:, 0]}), own]


def csv_files() -> list[bytes]:
    """Two rows of each spelling: with a header or none, quoted, of floats, labelled by words, packed."""
    images = data_set()["train_images"].reshape(2, 784).tolist()
    rows = [[label, *image] for label, image in enumerate(images)]
    tables = [
        rows,
        [["label", *(f"pixel{place}" for place in range(784))], *rows],
        [["", *range(784), "class"], *([7, *row[1:], "ab"[row[0]]] for row in rows)],
        [[row[0], *(pixel / 255 for pixel in row[1:])] for row in rows],
        images,
    ]
    files = []
    for table in tables:
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(table)
        files.append(text.getvalue().encode())
    plain = files[0]
    return [
        *files,
        plain.replace(b",", b'","'),
        plain.replace(b",", b";").replace(b"\r\n", b"\n"),
        gzip.compress(plain),
        gzip.compress(plain + b"\n" * 3_000_000),
    ]


def idx_zip(pack: Callable[[bytes], bytes], *, called: str = "") -> bytes:
    names = {
        "train_images": "train-images-idx3-ubyte",
        "train_labels": "train-labels-idx1-ubyte",
        "test_images": "t10k-images-idx3-ubyte",
        "test_labels": "t10k-labels-idx1-ubyte",
    }
    members = {f"a/{called}{names[key]}": pack(idx(array)) for key, array in data_set().items()}
    return packed(members | ({f"a/{called}mapping.txt": b"0 65\n1 66\n"} if called else {}))


def foreign_files() -> list[bytes]:
    heads = [
        *(b"<!DOCTYPE html>", b"version https://git-lfs.github.com/spec/v1", b"\x80\x04", b"(lp0\n", b"PAR1"),
        *(
            b"MATLAB 5.0 MAT-file",
            b"\x89HDF\r\n\x1a\n",
            b"% a\n@RELATION b",
            b"\x93NUMPY\x01\0",
            b"7z\xbc\xaf",
        ),
    ]
    return [*heads, *map(gzip.compress, heads), npz(**data_set())]


def font() -> bytes:
    from PIL import ImageFont

    return ImageFont.load_default(10).font_bytes


def lesson_lines() -> list[bytes]:
    from importlib.util import find_spec

    from mnistgd.cli.commands.lesson import _lesson_command
    from mnistgd.lessons import LESSONS

    lines = []
    for name in LESSONS:
        if not find_spec(f"mnistgd.lessons.{name.replace('-', '_')}"):
            continue
        words = [name]
        for parameter in _lesson_command(name).params:
            option = parameter.opts[0]
            if option not in ("--help", "--plot", "--font") and not getattr(parameter, "is_flag", False):
                words += [option, str(parameter.default or 1).strip("[]'")]
        lines.append("\0".join(words).encode())
    return lines


def pictures() -> list[bytes]:
    from PIL import Image, ImageDraw

    page = Image.new("L", (40, 30), 255)
    ImageDraw.Draw(page).line([(20, 5), (20, 25)], fill=0, width=3)
    files = []
    for kind in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"):
        for mode in ("L", "RGB", "P") if kind not in ("JPEG", "WEBP") else ("RGB",):
            content = io.BytesIO()
            page.convert(mode).save(content, kind)
            files.append(content.getvalue())
    return files


def stuffed_pictures() -> list[bytes]:
    """Pictures with much in them that is none of their pixels, where each format has room for it."""
    sound = {content[:4]: content for content in pictures()}
    stuffed = [
        *(
            (b"\xff\xd8\xff\xe0", 2, word)
            for word in (b"\xff", b"\xff\xe5\0\x02", b"\xff\xe5\1\0".ljust(258))
        ),
        *((b"\x89PNG", place, EMPTY_CHUNK) for place in (33, -12)),
        *((b"GIF8", -1, word) for word in (b"!\xfe\1c\0", b"!\xfe\xff".ljust(258, b"c") + b"\0")),
    ]
    return [
        sound[kind][:place] + word * times + sound[kind][place:]
        for kind, place, word in stuffed
        for times in (100, 3000)
    ]


def folder(files: Mapping[bytes, bytes]) -> bytes:
    """A folder as one input: each file as its path, a zero byte and what it holds; see `unfold`."""
    return NEXT.join(path + b"\0" + content for path, content in files.items())


def unfold(content: bytes, place: Path) -> None:
    """Make the folder that an input describes; a file that begins with `LINK` is a link to the path that follows.

    No path leads out of it; what the system does not take is left out.
    """

    def inside(path: bytes) -> Path:
        parts = (part for part in path.split(b"/") if part not in (b"", b".", b".."))
        return place.joinpath(*map(os.fsdecode, parts))

    place.mkdir()
    for entry in content.split(NEXT)[:100]:
        name, _, holds = entry.partition(b"\0")
        path = inside(name)
        with contextlib.suppress(OSError, ValueError):
            (path if name.endswith(b"/") else path.parent).mkdir(parents=True, exist_ok=True)
            if holds.startswith(LINK):
                path.symlink_to(inside(holds.removeprefix(LINK)))
            else:
                path.write_bytes(holds)


def folders() -> list[bytes]:
    """Folders of pictures, with what lies about in them."""
    images = data_set()["train_images"]
    first, other = (_picture(image) for image in images)
    parts = {f"{split}/{name}/a.png".encode(): first for split in ("train", "test") for name in "01"}
    litter = [b"0/Thumbs.db", b"0/._a.png", b"__MACOSX/0/a.png", b".DS_Store", b"notes.txt", b"0/empty.txt"]
    return [
        folder(parts),
        folder({b"a/1.png": first, b"b/deeper/2.png": other, b"a/light.png": _picture(255 - images[0])}),
        folder({b"0/a.png": first, b"1/a.png": other, **dict.fromkeys(litter, b"")}),
        folder({b"0/a.png": first, b"1/a.png": LINK + b"0/a.png", b"1/up": LINK + b"1"}),
        folder({b"0/a.png": first, b"1/a.png": other, b"1/b.png": LINK + b"1/b.png", b"1/c.png": b""}),
        folder({b"\xff\xfe/\n.png": first, "e\u0301/\u202e.png".encode(): other, b"c/": b""}),
        folder({b"set/" + path: content for path, content in parts.items()}),
    ]


def _picture(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return content.getvalue()
