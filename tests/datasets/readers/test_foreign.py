"""Files that are something else: named for what they are, with the line that makes of them what is read."""

import gzip
import io
import pickle
import shlex
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from mnistgd.datasets.readers.foreign import HEAD, refusal
from mnistgd.datasets.readers.paths import read_path
from mnistgd.errors import DataError

FETCH = "fetch the file again"
PICKLED = pickle.dumps(((1, 2), (3, 4), (5, 6)))

FILES = {
    "a page": (b"<!DOCTYPE html>\n<html>404", "a page of the web", FETCH),
    "another page": (b"\n <HTML><body>Sign in", "a page of the web", FETCH),
    "an answer of a shop": (b'<?xml version="1.0"?><Error>AccessDenied', "a page of the web", FETCH),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a pointer of Git LFS", "git lfs pull"),
    "a pickle": (PICKLED, "a pickle, which is never loaded here", "pickle.load"),
    "an old pickle": (pickle.dumps((1, 2), 0), "a pickle", "pickle.load"),
    "an old pickle of arrays": (b"((cnumpy.core.multiarray\n_reconstruct\n", "a pickle", "pickle.load"),
    "MATLAB": (b"MATLAB 5.0 MAT-file, Platform: PCWIN64", "a .mat file", "scipy.io.loadmat"),
    "MATLAB 7.3": (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "an HDF5 file", "h5py.File"),
    "HDF5": (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file", "h5py.File"),
    "ARFF": (b"% from OpenML\n%\n@RELATION mnist_784\n", "an ARFF file", "loadarff"),
    "Parquet": (b"PAR1\x15\x04", "a Parquet file", "read_parquet"),
    "NumPy": (b"\x93NUMPY\x01\0", "a single array", "numpy.savez"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "a picture", "mnistgd predict"),
    "xz": (b"\xfd7zXZ\0\0", "packed otherwise", "unpack it"),
    "tar": (b"a".ljust(257, b"\0") + b"ustar\0", "packed otherwise", "unpack it"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words", "way"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("name", ["set.dat", "set.npz", "train-images-idx3-ubyte"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_it_is_named(idx_folder, content, words, way, name, pack):
    path = idx_folder / name
    path.write_bytes(pack(content))
    with pytest.raises(DataError, match=words) as caught:
        read_path(path)
    assert str(path) in caught.value.message
    assert way in caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint


PACKED = pytest.mark.parametrize(
    ("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz")], ids=["plain", "gzip"]
)


def run_hint(path):
    """Do what the hint says, and read what comes of it."""
    with pytest.raises(DataError) as caught:
        read_path(path)
    _, _, command = caught.value.hint.partition("python ")
    subprocess.run([sys.executable, *shlex.split(command)], check=True, cwd=path.parent)
    (new,) = path.parent.glob("*.npz")
    return read_path(new)


@pytest.mark.parametrize("name", ['it\'s a "set".pkl', "mnist.pkl.gz"])
def test_the_pickle_of_deep_learning_courses(tmp_path, tiny, name):
    images = {
        split: (tiny[f"{split}_images"].reshape(-1, 784) / np.float32(255)) for split in ("train", "test")
    }
    parts = [(images[split], tiny[f"{split}_labels"].astype(int)) for split in ("train", "test")]
    content = pickle.dumps((parts[0], parts[1], parts[1]), protocol=2)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    dataset = run_hint(tmp_path / name)
    assert np.array_equal(dataset.train_images, tiny["train_images"])
    assert np.array_equal(dataset.test_labels, tiny["test_labels"])


def test_no_file_is_written_over(tmp_path, tiny):
    (tmp_path / "a.npz").write_bytes(b"mine")
    (tmp_path / "a.pkl").write_bytes(PICKLED)
    with pytest.raises(DataError) as caught:
        read_path(tmp_path / "a.pkl")
    assert "a-1.npz" in caught.value.hint


@PACKED
def test_arff(tmp_path, tiny, pack, suffix):
    path = tmp_path / f"mnist.arff{suffix}"
    names = [f"@ATTRIBUTE pixel{number} REAL\n" for number in range(784)]
    rows = np.c_[tiny["train_images"].reshape(30, 784), tiny["train_labels"]]
    text = io.StringIO()
    np.savetxt(text, rows, "%d", ",")
    digits = "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}\n"
    content = f"@RELATION mnist_784\n{''.join(names)}{digits}@DATA\n{text.getvalue()}"
    path.write_bytes(pack(content.encode()))
    dataset = run_hint(path)
    together = np.concatenate([dataset.train_images, dataset.test_images])
    assert sorted(map(bytes, together)) == sorted(map(bytes, tiny["train_images"]))
    assert dataset.class_names == tuple("0123456789")


@PACKED
def test_matlab(tmp_path, tiny, pack, suffix):
    from scipy.io import savemat

    content = io.BytesIO()
    savemat(content, {"X": tiny["train_images"], "y": tiny["train_labels"]})
    path = tmp_path / f"a.mat{suffix}"
    path.write_bytes(pack(content.getvalue()))
    assert len(run_hint(path).train_images) == 26


@PACKED
def test_hdf5(tmp_path, tiny, pack, suffix):
    h5py = pytest.importorskip("h5py")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["X"], file["y"] = tiny["train_images"], tiny["train_labels"]
    path = tmp_path / f"a.h5{suffix}"
    path.write_bytes(pack(content.getvalue()))
    assert len(run_hint(path).train_images) == 26


def test_parquet_as_hugging_face_has_pictures(tmp_path, tiny):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pictures = []
    for image in tiny["train_images"]:
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG")
        pictures.append({"bytes": content.getvalue(), "path": None})
    table = pandas.DataFrame({"image": pictures, "label": tiny["train_labels"]})
    table.to_parquet(tmp_path / "a.parquet")
    assert len(run_hint(tmp_path / "a.parquet").train_images) == 26


@pytest.mark.parametrize(
    "content", [b" " * HEAD, b"%\n" * HEAD, b"% " * HEAD, b"class\n3\n", b"BZh", b"(" * HEAD]
)
def test_what_is_of_no_kind_is_so_at_once(content):
    assert refusal(content[:HEAD], "it") is None


def test_a_long_note_before_what_an_arff_file_is():
    assert refusal(b"% by whom it was made\n" * 200 + b"@relation a\n", "it") is not None


def test_within_an_archive_it_is_to_be_unpacked(tmp_path, idx_folder):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in idx_folder.iterdir():
            archive.writestr(path.name, PICKLED if "train-labels" in path.name else path.read_bytes())
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte in .* is a pickle") as caught:
        read_path(tmp_path / "a.zip")
    assert caught.value.hint.endswith("unpack it first")
