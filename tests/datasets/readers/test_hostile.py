"""Files that were made to do harm: nothing but a DataError, soon, and in little memory."""

import gzip
import io
import json
import random
import subprocess
import sys
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistgd.datasets.readers.paths import read_path
from mnistgd.errors import DataError

SMALL = {
    "train_images": np.arange(2 * 784, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28),
    "train_labels": np.array([0, 1], np.uint8),
    "test_images": np.full((1, 28, 28), 9, np.uint8),
    "test_labels": np.array([1], np.uint8),
}


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def npz(save, arrays):
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save(content, **arrays)
    return content.getvalue()


VALID = [
    idx(SMALL["train_images"]),
    gzip.compress(idx(SMALL["train_images"])),
    npz(np.savez, SMALL),
    npz(np.savez_compressed, SMALL),
    npz(np.savez_compressed, SMALL | {"train_images": np.asfortranarray(SMALL["train_images"])}),
    npz(np.savez, SMALL | {"train_labels": np.array([{}, []], object)}),
]
# What the formats are made of, so that a change is not refused at the first byte.
WORDS = [
    b"",
    b"\0",
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"\0\0\x08\x03",
    b"\x1f\x8b\x08",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"\x93NUMPY\x02\0",
    b"'descr': '|O'",
    b"(2, 28, 2800)",
    b"(99999999999, 28, 28)",
    b"True",
    b"\\N{",
    b"(((((((",
]


@st.composite
def changed(draw):
    """A valid file in which a few places hold something else."""
    content = bytearray(draw(st.sampled_from(VALID)))
    rng = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 4))):
        # The beginning and the end hold what says how the rest is to be read.
        start = rng.choice(
            [rng.randrange(200), len(content) - rng.randrange(1, 600), rng.randrange(len(content) + 1)]
        )
        start = max(0, min(start, len(content)))
        word = rng.choice([*WORDS, rng.randbytes(1), rng.randbytes(2), rng.randbytes(20)])
        end = start + rng.choice([0, len(word), len(word), len(word), rng.randrange(100), len(content)])
        content[start:end] = word
    return bytes(content)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder in which every part of an IDX set is sound but the train images, which a test writes."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(SMALL["train_labels"]))
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(SMALL["test_images"]))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(SMALL["test_labels"]))
    return folder


def outcome(path):
    try:
        return read_path(path)
    except DataError:
        return None


@settings(max_examples=500, deadline=2000)
@given(content=changed() | st.binary(max_size=200))
def test_either_reader_refuses_or_reads(place, content):
    for name in ("train-images-idx3-ubyte", "set.npz"):
        (place / name).write_bytes(content)
        dataset = outcome(place / name)
        if dataset is not None:
            assert dataset.train_images.dtype == np.uint8
            assert dataset.train_images.shape[1:] == (28, 28)
            assert len(dataset.train_images) == len(dataset.train_labels)
            assert set(dataset.train_labels.tolist()) <= set(range(len(dataset.class_names)))
        (place / name).unlink()


def test_the_files_that_are_changed_are_sound(place):
    for content in VALID[:2]:
        (place / "train-images-idx3-ubyte").write_bytes(content)
        assert outcome(place) is not None
    for content in VALID[2:5]:
        (place / "set.npz").write_bytes(content)
        assert outcome(place / "set.npz") is not None


MANY = 250_000
BIG_HEADER = bytes.fromhex("00000803") + np.array([MANY, 28, 28], ">u4").tobytes()

MOST_HEADER = bytes.fromhex("00000803") + np.array([10_000_000, 28, 28], ">u4").tobytes()


def write_gzip(path, head, megabytes):
    pack = zlib.compressobj(9, wbits=31)
    start = pack.compress(head) + pack.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers to what came before, so that one block can stand for all.
    block = pack.compress(bytes(1 << 20)) + pack.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(start + block * megabytes + pack.flush())


def idx_with(folder, write):
    """An IDX set whose train images `write` makes."""
    folder.mkdir()
    for part in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / part).write_bytes(idx(SMALL["test_labels"]))
    write(folder / "train-images-idx3-ubyte")
    return folder


def zip_with(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
            archive.writestr(part, idx(SMALL["test_labels"]))
        archive.writestr("train-images-idx3-ubyte", BIG_HEADER + bytes(MANY * 784))
    return path


def npz_with(path, name, head, megabytes, packing=zipfile.ZIP_DEFLATED, level=1):
    """An .npz of which one member is long."""
    with zipfile.ZipFile(path, "w", packing, compresslevel=level) as archive:
        for key, array in SMALL.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as stream:
                if key != name:
                    np.lib.format.write_array(stream, array)
                    continue
                stream.write(head)
                for _ in range(megabytes):
                    stream.write(bytes(1 << 20))
    return path


def npy_header(shape, fortran_order=False, descr="|u1"):
    stream = io.BytesIO()
    fields = {"descr": descr, "fortran_order": fortran_order, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, fields)
    return stream.getvalue()


LIES = {
    "gzip bomb": lambda tmp: idx_with(
        tmp / "a", lambda path: write_gzip(path, idx(SMALL["train_images"]), 1500)
    ),
    "gzip bomb that keeps its promise": lambda tmp: idx_with(
        tmp / "a", lambda path: write_gzip(path, BIG_HEADER, 187)
    ),
    "gzip of nothing, a million times": lambda tmp: idx_with(
        tmp / "a", lambda path: path.write_bytes(gzip.compress(b"") * 1_000_000)
    ),
    "gzip name that goes on": lambda tmp: idx_with(
        tmp / "a", lambda path: path.write_bytes(b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 50_000_000)
    ),
    "empty blocks": lambda tmp: idx_with(
        tmp / "a", lambda path: path.write_bytes(gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * 5_000_000)
    ),
    "a file with a hole": lambda tmp: idx_with(
        tmp / "a", lambda path: write_hole(path, idx(SMALL["train_images"]), 1 << 34)
    ),
    "images without end": lambda tmp: npz_with(tmp / "a.npz", "train_images", npy_header((2, 28, 28)), 600),
    "a hole of ten million images": lambda tmp: idx_with(
        tmp / "a", lambda path: write_hole(path, MOST_HEADER, len(MOST_HEADER) + 10_000_000 * 784)
    ),
    "ten million images, packed a thousandfold": lambda tmp: idx_with(
        tmp / "a", lambda path: write_gzip(path, MOST_HEADER, 7477)
    ),
    "a quarter of a million images": lambda tmp: npz_with(
        tmp / "a.npz", "train_images", npy_header((MANY, 28, 28)), 187
    ),
    "half as many, in the other order": lambda tmp: npz_with(
        tmp / "a.npz", "train_images", npy_header((MANY // 2, 28, 28), fortran_order=True), 94
    ),
    "many images, not packed": lambda tmp: npz_with(
        tmp / "a.npz", "train_images", npy_header((MANY, 28, 28)), 187, zipfile.ZIP_STORED
    ),
    "more doubles than there may be": lambda tmp: npz_with(
        tmp / "a.npz", "train_images", npy_header((MANY, 28, 28), descr="<f8"), 600
    ),
    "floats that shrink a thousandfold": lambda tmp: npz_with(
        tmp / "a.npz", "train_images", npy_header((MANY // 4, 28, 28), descr="<f4"), 187, level=9
    ),
    "a ZIP of IDX files that shrink a thousandfold": lambda tmp: zip_with(tmp / "a.zip"),
    "a header without end": lambda tmp: npz_with(
        tmp / "a.npz", "test_labels", b"\x93NUMPY\x02\0\xff\xff\xff\xff", 600
    ),
    "a million members": lambda tmp: write_members(tmp / "a.npz"),
}


def write_hole(path, head, size):
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(size)


def write_members(path):
    """A table of contents of which every entry is the same empty member."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", b"")
    whole = content.getvalue()
    start, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    entry, count = whole[start:end], 1_000_000
    last = bytearray(whole[end:])
    last[12:16] = (len(entry) * count).to_bytes(4, "little")
    path.write_bytes(whole[:start] + entry * count + last)
    return path


MEASURE = """
import json, sys, time
from pathlib import Path
from mnistgd.datasets.readers.paths import read_path
from mnistgd.errors import DataError

start = time.process_time()
try:
    read_path(Path(sys.argv[1]))
    message = ""
except DataError as error:
    message = error.message
seconds = time.process_time() - start
# Not getrusage: that counts the memory of the process that started this one.
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps({"message": message, "seconds": seconds, "megabytes": int(peak) / 1000}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux does")
@pytest.mark.parametrize("make", LIES.values(), ids=LIES)
def test_soon_and_in_little_memory(tmp_path, make):
    path = make(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    result = json.loads(run.stdout)
    assert str(path) in result["message"]
    assert result["seconds"] < 2
    assert result["megabytes"] < 500
