"""The IDX reader: what it reads, and how it refuses what it does not."""

import gzip
import os

import numpy as np
import pytest

from mnistgd.datasets.readers.idx import read_images, read_labels
from mnistgd.errors import DataError

IMAGES = np.arange(3 * 784, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
HEADER = bytes.fromhex("00000803 00000003 0000001c 0000001c")
CONTENT = HEADER + IMAGES.tobytes()


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "train-images-idx3-ubyte"
        path.write_bytes(content)
        return path

    return write


def test_reads_images(write):
    images = read_images(write(CONTENT))
    assert images.dtype == np.uint8
    assert np.array_equal(images, IMAGES)


def test_reads_labels(write):
    labels = read_labels(write(bytes.fromhex("00000801 00000004 05 00 04 01")))
    assert labels.dtype == np.uint8
    assert labels.tolist() == [5, 0, 4, 1]


@pytest.mark.parametrize("level", [0, 1, 9])
def test_gzip_is_seen_by_its_content(write, level):
    assert np.array_equal(read_images(write(gzip.compress(CONTENT, level))), IMAGES)


def test_gzip_files_may_have_several_members(write):
    pieces = [gzip.compress(piece) for piece in (CONTENT[:3], CONTENT[3:1000], b"", CONTENT[1000:])]
    assert np.array_equal(read_images(write(b"".join(pieces))), IMAGES)


@pytest.mark.parametrize("padding", [1, 511, 300_000])
def test_zeros_after_a_member_are_no_damage_as_gzip_sees_it(write, padding):
    path = write(gzip.compress(CONTENT) + bytes(padding))
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert np.array_equal(read_images(path), IMAGES)


def test_zeros_without_end(write):
    with pytest.raises(DataError, match="zeros follow without end"):
        read_images(write(gzip.compress(CONTENT) + bytes(2 << 20)))


@pytest.mark.parametrize(("code", "dtype"), [(9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")])
def test_values_of_every_type(write, code, dtype):
    images = (IMAGES % 100).astype(dtype)
    found = read_images(write(bytes([0, 0, code]) + HEADER[3:] + images.tobytes()))
    assert found.dtype == images.dtype
    assert np.array_equal(found, images)


@pytest.mark.parametrize("sides", [(784,), (28, 28, 1), (1, 28, 28), (28, 28, 3), (3, 28, 28)], ids=str)
def test_images_of_every_shape(write, sides):
    images = np.zeros((2, *sides), np.uint8)
    images[1] = 7
    header = bytes([0, 0, 8, images.ndim]) + np.array(images.shape, ">u4").tobytes()
    assert np.array_equal(read_images(write(header + images.tobytes())), images)


def test_labels_as_qmnist_has_them(write):
    # From the description of its files: class, series and number of the writer, and five numbers more.
    rows = np.array([[5, 0, 1, 2, 3, 4, 0, 0], [8, 1, 9, 9, 9, 9, 0, 0]], ">i4")
    assert read_labels(write(bytes.fromhex("00000c02 00000002 00000008") + rows.tobytes())).tolist() == [5, 8]


def test_agrees_with_the_files_of_mnist(mnist):
    # The first digits of MNIST, as every introduction prints them.
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # Its mean and standard deviation, as they are used everywhere to normalise it.
    counts = np.bincount(mnist.train_images.ravel(), minlength=256)
    levels = np.arange(256) / 255
    mean = np.average(levels, weights=counts)
    assert mean == pytest.approx(0.1307, abs=5e-5)
    assert np.average((levels - mean) ** 2, weights=counts) ** 0.5 == pytest.approx(0.3081, abs=5e-5)


BAD = {
    "empty": (b"", "is empty"),
    "half a magic number": (CONTENT[:3], "truncated"),
    "half a header": (CONTENT[:15], "truncated"),
    "no images": (HEADER, "truncated"),
    "one byte short": (CONTENT[:-1], "truncated"),
    "one byte more": (CONTENT + b"\0", "more bytes than it promises"),
    "wrong magic": (b"abcd" + CONTENT[4:], "not an IDX file of images: it begins with 0x61626364"),
    "a picture": (b"\x89PNG" + CONTENT[4:], "is a picture, and no data set"),
    "labels": (bytes.fromhex("00000801 00000001 07"), "it holds labels"),
    "floats that are bytes": (bytes.fromhex("00000d03") + CONTENT[4:], "truncated"),
    "no type": (bytes.fromhex("00000a03") + CONTENT[4:], "not an IDX file of images"),
    "32×32": (
        bytes.fromhex("00000803 00000001 00000020 00000020") + bytes(1024),
        r"shape \(1, 32, 32\), not",
    ),
    "one-hot labels": (bytes.fromhex("00000802 00000002 0000000a") + bytes(20), r"shape \(2, 10\), not"),
    "255 dimensions": (bytes.fromhex("000008ff") + bytes(1020), "it begins with 0x000008ff, not 0x00000803"),
    "zero images": (bytes.fromhex("00000803 00000000 0000001c 0000001c"), "promises 0 entries"),
    "4 billion images": (bytes.fromhex("00000803 ffffffff 0000001c 0000001c"), "4,294,967,295 entries"),
    "gzip, cut in its header": (gzip.compress(CONTENT)[:5], "truncated"),
    "gzip, cut": (gzip.compress(CONTENT)[:-12], "truncated"),
    "gzip, without its checksum": (gzip.compress(CONTENT)[:-8], "truncated"),
    "gzip, wrong checksum": (gzip.compress(CONTENT)[:-8] + bytes(8), "does not unpack"),
    "gzip, then something else": (gzip.compress(CONTENT) + b"something else", "does not unpack"),
    "gzip of something else": (gzip.compress(b"hello"), "not an IDX file"),
    "gzip of too much": (gzip.compress(CONTENT + bytes(10)), "more bytes than it promises"),
    "gzip of nothing": (gzip.compress(b""), "is empty"),
    "gzip of a gzip": (gzip.compress(gzip.compress(CONTENT)), "not an IDX file"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_says_what_is_wrong(write, content, words):
    path = write(content)
    with pytest.raises(DataError, match=words) as caught:
        read_images(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_labels_are_not_images(write):
    with pytest.raises(DataError, match="not an IDX file of labels: it holds images"):
        read_labels(write(CONTENT))
    with pytest.raises(DataError, match="not an IDX file of labels: it holds images"):
        read_labels(write(CONTENT[:3] + b"\x04" + CONTENT[4:16] + bytes.fromhex("00000001") + CONTENT[16:]))


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        read_images(tmp_path / "absent")


def test_a_folder_where_a_file_belongs(tmp_path):
    with pytest.raises(DataError, match="is a folder, where a file belongs"):
        read_images(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not an ordinary file"):
        read_images(tmp_path / "pipe")


def test_what_the_system_refuses(tmp_path):
    with pytest.raises(DataError, match="cannot read"):
        read_images(tmp_path / ("a" * 5000))
