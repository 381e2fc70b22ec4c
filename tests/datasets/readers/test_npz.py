"""The .npz reader: what it reads, and how it refuses what it does not."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from mnistgd.datasets.readers.npz import read_npz, read_single
from mnistgd.errors import DataError

KEYS = ("train_images", "train_labels", "test_images", "test_labels")
SPELLINGS = [
    KEYS,
    ("x_train", "y_train", "x_test", "y_test"),
    ("X_train", "Y_train", "X_test", "Y_test"),
    ("trainX", "trainY", "testX", "testY"),
    ("training_images", "training_labels", "test_images", "test_labels"),
    ("train_imgs", "train_targets", "test_data", "test_target"),
    ("images", "labels", "images_test", "labels_test"),
    ("train_images", "train_labels", "x_test", "y_test"),
]


@pytest.fixture
def arrays(tiny):
    return dict(tiny)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set.npz"


def arrays_in(path):
    raw = read_npz(path)
    return [raw.train.images, raw.train.labels, raw.test.images, raw.test.labels]


def npy(array, version=None):
    content = io.BytesIO()
    np.lib.format.write_array(content, np.asanyarray(array), version=version)
    return content.getvalue()


def members_of(arrays):
    return {f"{key}.npy": npy(array) for key, array in arrays.items()}


def write_zip(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def header(shape, descr="|u1", fortran_order=False, pad=0):
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran_order}, 'shape': {shape!r}, }}".ljust(
        pad
    ).encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("names", SPELLINGS)
def test_reads_what_numpy_writes(path, arrays, save, names):
    save(path, **dict(zip(names, (arrays[key] for key in KEYS), strict=True)))
    for array, key in zip(arrays_in(path), KEYS, strict=True):
        assert array.dtype == np.uint8
        assert np.array_equal(array, arrays[key])


@pytest.mark.parametrize("dtype", ["<i8", ">i8", ">u2", "i1"])
def test_labels_are_whole_numbers_of_any_type(path, arrays, dtype):
    np.savez(path, **arrays | {"train_labels": arrays["train_labels"].astype(dtype)})
    assert np.array_equal(arrays_in(path)[1], arrays["train_labels"])


def test_images_may_lie_in_another_order(path, arrays):
    np.savez(path, **arrays | {"train_images": np.asfortranarray(arrays["train_images"])})
    images = arrays_in(path)[0]
    assert np.array_equal(images, arrays["train_images"])
    assert images.flags.c_contiguous


def test_other_members_are_left_alone(path, arrays):
    members = members_of(arrays)
    odd = {
        "../../escape.npy": b"x",
        "notes\n.txt": b"\xff",
        "/": b"",
        "train_images": b"?",
        "a" * 60_000: b"",
    }
    write_zip(path, members | odd)
    assert np.array_equal(arrays_in(path)[0], arrays["train_images"])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


class Boom:
    """Unpickled, it would end the test run."""

    def __reduce__(self):
        return pickle.loads, (b"cos\n_exit\n(I3\ntR.",)


BAD_IMAGES = {
    "complex numbers": (npy(np.zeros((30, 28, 28), complex)), "are complex128, not numbers"),
    "text": (npy(np.zeros((30, 28, 28), "U1")), "are <U1, not numbers"),
    "records": (npy(np.zeros((30, 28, 28), [("a\nb", "u1")])), "not numbers"),
    "a single image": (npy(np.zeros((28, 28), np.uint8)), r"shape \(28, 28\), not \(n, 28, 28\)"),
    "images along the last axis": (npy(np.zeros((28, 28, 30), np.uint8)), r"shape \(28, 28, 30\)"),
    "rows of MATLAB": (npy(np.zeros((784, 30), np.uint8)), r"shape \(784, 30\)"),
    "gigabytes": (
        header((200_000, 28, 28), "<f8"),
        "unpacks to [0-9,]+ times its size",
    ),
    "more than there are": (
        header((20_000_000, 28, 28)),
        "promises 20,000,000 entries; 1 to 10,000,000 can be read",
    ),
    "32×32": (npy(np.zeros((30, 32, 32), np.uint8)), r"not \(n, 28, 28\)"),
    "RGBA": (npy(np.zeros((30, 28, 28, 4), np.uint8)), r"not \(n, 28, 28\)"),
    "a number": (npy(np.uint8(3)), r"not \(n, 28, 28\)"),
    "no images": (npy(np.zeros((0, 28, 28), np.uint8)), "promises 0 entries"),
    "too few bytes": (npy(np.zeros((30, 28, 28), np.uint8))[:-1], "truncated"),
    "too many bytes": (npy(np.zeros((30, 28, 28), np.uint8)) + b"\0", "more bytes than it promises"),
    "four billion": (header((4_000_000_000, 28, 28)), "4,000,000,000 entries"),
    "more than can be counted": (header((10**300, 28, 28)), "entries"),
    "fewer than none": (header((-1, 28, 28)), "-1 entries"),
    "four billion, the other way": (header((4_000_000_000, 28, 28), fortran_order=True), "entries"),
    "truncated, the other way": (header((30, 28, 28), fortran_order=True) + bytes(100), "truncated"),
    "pickled": (npy(np.array([Boom()])), "holds Python objects, which are never loaded"),
    "pickled without a header": (pickle.dumps(Boom()), "no header that can be read"),
    "empty": (b"", "no header that can be read"),
    "half a header": (header((30, 28, 28))[:20], "no header that can be read"),
    "a header that nests": (b"\x93NUMPY\x01\x00\xf4\x01" + b"(" * 500, "no header that can be read"),
    "a header that is long": (header((30, 28, 28), pad=60_000), "no header that can be read"),
    "a header that says it is long": (
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 1000,
        "newer .npy version",
    ),
    "a header that is code": (
        b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os')._exit(3)".ljust(32),
        "no header that can be read",
    ),
    "an unknown version": (b"\x93NUMPY\x09\x00" + bytes(100), "newer .npy version"),
}


@pytest.mark.parametrize(("content", "words"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_says_what_is_wrong_with_images(path, arrays, content, words):
    write_zip(path, members_of(arrays) | {"train_images.npy": content})
    with pytest.raises(DataError, match=words) as caught:
        read_npz(path)
    assert "train_images" in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "labels", [np.zeros((30, 4, 4), int), np.zeros((30, 784)), np.zeros(30, "M8[s]"), np.int64(3)]
)
def test_says_what_is_wrong_with_labels(path, arrays, labels):
    np.savez(path, **arrays | {"test_labels": labels})
    with pytest.raises(DataError, match=r"test_labels in .* (not one label for each image|784 columns)"):
        read_npz(path)


def test_words_that_numpy_pickled(path, arrays):
    words = np.array(list("abc") * 10, object)
    np.savez(path, **arrays | {"train_labels": words})
    with pytest.raises(DataError, match="'train_labels' holds Python objects") as caught:
        read_npz(path)
    _, _, code = caught.value.hint.partition(": ")
    assert eval(code, {"numpy": np, "train_labels": words}).dtype == "<U1"


@pytest.mark.parametrize("missing", KEYS)
def test_an_array_is_missing(path, arrays, missing):
    del arrays[missing]
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=f"has no array {missing}, to go with {missing[:5]}"):
        read_npz(path)


def test_a_part_is_missing(path, arrays):
    np.savez(path, **{key: array for key, array in arrays.items() if "test" not in key})
    assert read_npz(path).test is None
    np.savez(path, **{key: array for key, array in arrays.items() if "test" in key})
    assert read_npz(path).train is None


def test_no_array_is_called_as_images_are(path, arrays):
    np.savez(path, *arrays.values(), predictions=1)
    with pytest.raises(DataError, match="has predictions, arr_0, arr_1") as caught:
        read_npz(path)
    assert "train_images" in caught.value.hint


def test_two_arrays_of_one_kind(path, arrays):
    np.savez(path, **arrays, x_train=arrays["train_images"])
    with pytest.raises(DataError, match="has two arrays of train images: train_images and x_train"):
        read_npz(path)


def test_images_to_validate_are_left_aside_as_medmnist_has_them(path, arrays):
    np.savez(path, **arrays, val_images=arrays["test_images"], val_labels=arrays["test_labels"])
    raw = read_npz(path)
    assert raw.notes == ("val_images and val_labels are left aside",)
    assert np.array_equal(raw.test.images, arrays["test_images"])


@pytest.mark.parametrize("dtype", ["?", "<i2", ">f4", "<f8", "<f2"])
@pytest.mark.parametrize(
    "shape", [(30, 28, 28), (30, 784), (30, 28, 28, 1), (30, 1, 28, 28), (30, 28, 28, 3)]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_read_as_they_are(path, arrays, dtype, shape, order):
    images = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    np.savez(path, **arrays | {"train_images": np.asarray(images, order=order)})
    found = arrays_in(path)[0]
    assert found.dtype == images.dtype
    assert np.array_equal(found, images)


def test_any_byte_is_a_boolean(path, arrays):
    images = header((30, 28, 28), "|b1") + bytes([7, 0]) * (30 * 392)
    write_zip(path, members_of(arrays) | {"train_images.npy": images})
    assert arrays_in(path)[0].view(np.uint8).max() == 1


def test_a_single_array(path, arrays):
    np.savez(path, arrays["train_labels"])
    assert np.array_equal(read_single(path, "labels"), arrays["train_labels"])
    np.savez(path, **arrays)
    with pytest.raises(DataError, match="has 4 arrays, and not one, of labels"):
        read_single(path, "labels")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_that_numpy_does_not_use(path, arrays, compression):
    write_zip(path, members_of(arrays), compression)
    with pytest.raises(DataError, match="packed in a way"):
        read_npz(path)


def test_an_encrypted_member(path, arrays):
    np.savez(path, **arrays)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="packed in a way"):
        read_npz(path)


def test_a_checksum_that_is_wrong(path, arrays):
    np.savez(path, **arrays)
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not a whole \.npz"):
        read_npz(path)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04" + bytes(100), b"\x93NUMPY", b"PK\x05\x06" + bytes(18)], ids=repr
)
def test_what_is_no_archive(path, content):
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not a whole \.npz|has no array"):
        read_npz(path)


def test_a_table_of_contents_that_is_too_long(path, arrays):
    write_zip(path, members_of(arrays) | {f"{number:060}": b"" for number in range(12_000)})
    with pytest.raises(DataError, match=r"not a whole \.npz"):
        read_npz(path)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        read_npz(tmp_path / "absent.npz")
    with pytest.raises(DataError, match="is a folder"):
        read_npz(tmp_path)


def test_a_bomb(path, arrays):
    np.savez_compressed(path, **arrays | {"train_images": np.zeros((30_000, 28, 28), np.float64)})
    with pytest.raises(
        DataError, match=r"train_images in .* unpacks to (1,0|9)\d\d times its size"
    ) as caught:
        read_npz(path)
    assert caught.value.hint


def test_floats_that_are_mostly_0_are_no_bomb(path, arrays, mnist):
    ink = (mnist.train_images[:2000] > 127).astype(np.float64)
    np.savez_compressed(path, **arrays | {"train_images": ink, "train_labels": mnist.train_labels[:2000]})
    assert np.array_equal(arrays_in(path)[0], ink)
