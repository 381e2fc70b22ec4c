"""What reads images that somebody labelled: the targets of every kind of file that ``--data`` takes."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
from pathlib import Path
from unittest import mock

import numpy as np
import sound
from target import NPY, ZIP, Target

from mnistgd.datasets import streams
from mnistgd.datasets.cache import Cache
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.readers import idx, mapping, paths
from mnistgd.datasets.readers.csv_files import reader
from mnistgd.errors import MnistgdError


def read_npz(content: bytes, folder: Path) -> None:
    path = folder / "set.npz"
    path.write_bytes(content)
    _check_dataset(paths.read_path(path))


def _read_csv(content: bytes, folder: Path) -> None:
    path = folder / "set.csv"
    path.write_bytes(content)
    for skip_bad in (True, False):
        with contextlib.suppress(MnistgdError):
            part, _ = reader.read_csv(path, skip_bad=skip_bad)
            assert part.images.shape[1:] == (784,)
            assert 0 <= part.images.min() <= part.images.max() <= 255
            assert part.labels is None or len(part.labels) == len(part.images)
    _check_dataset(paths.read_path(path))


def _check_dataset(dataset: object) -> None:
    assert dataset.train_images.dtype == np.uint8
    assert dataset.train_images.shape[1:] == (28, 28)
    assert len(dataset.train_images) == len(dataset.train_labels)
    assert dataset.train_labels.max() < len(dataset.class_names) <= 100


def _read_idx(content: bytes, folder: Path) -> None:
    """Its own bytes as the images of a set, and as labels."""
    whole = sound.data_set()
    (folder / "train-labels-idx1-ubyte").write_bytes(sound.idx(whole["train_labels"]))
    (folder / "t10k-images-idx3-ubyte").write_bytes(sound.idx(whole["test_images"]))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(sound.idx(whole["test_labels"]))
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with contextlib.suppress(MnistgdError):
        _check_dataset(paths.read_path(folder))
    assert idx.read_labels(path).ndim in (1, 2)


def _read_large(content: bytes, folder: Path) -> None:
    """Its own bytes as images that are more than memory should hold: mapped, or unpacked into a cache."""
    whole = sound.data_set()
    place = folder / "set.npz"
    if content.startswith(b"\x93NUMPY"):
        place = folder / "npy"
        place.mkdir(exist_ok=True)
        np.save(place / "train_labels.npy", whole["train_labels"])
        (place / "train_images.npy").write_bytes(content)
    elif content.startswith(b"PK"):
        place.write_bytes(content)
    else:
        place = folder
        (place / "train-labels-idx1-ubyte").write_bytes(sound.idx(whole["train_labels"]))
        (place / "train-images-idx3-ubyte").write_bytes(content)
    with mock.patch.object(streams, "LARGE", 100):
        _check_dataset(paths.read_path(place, cache=Cache(folder / "cache")))


def _read_pair(content: bytes, folder: Path) -> None:
    """Its own bytes as the images of a pair of files, and as the labels."""
    whole = sound.data_set()
    for holds, other in (("imgs", "labels"), ("labels", "imgs")):
        (folder / f"train-{holds}.npz").write_bytes(content)
        arrays = whole["train_labels" if other == "labels" else "train_images"]
        (folder / f"train-{other}.npz").write_bytes(sound.npz(arr_0=arrays))
        with contextlib.suppress(MnistgdError):
            _check_dataset(paths.read_path(folder))


def _read_zip(content: bytes, folder: Path) -> None:
    path = folder / "set.zip"
    path.write_bytes(content)
    _check_dataset(paths.read_path(path))


def _read_folder(content: bytes, folder: Path) -> None:
    """A folder of pictures; what is kept of it in a cache is the same again."""
    place, cache = folder / "set", Cache(folder / "cache")
    _remove(place)
    sound.unfold(content, place)
    with contextlib.suppress(MnistgdError):
        _check_dataset(paths.read_path(place, DataOptions(handwriting=True, skip_bad=True)))
    dataset = paths.read_path(place, PLAINLY, cache=cache)
    _check_dataset(dataset)
    assert paths.read_path(place, PLAINLY, cache=cache).sha256 == dataset.sha256


def _remove(place: Path) -> None:
    """Remove a folder: `shutil.rmtree` opens it by names that the watch takes for other places."""
    for name, folders, files in os.walk(place, topdown=False):
        for each in (Path(name, each) for each in (*files, *folders)):
            (each.unlink if each.is_symlink() or not each.is_dir() else each.rmdir)()
    if place.exists():
        place.rmdir()


def _read_mapping(content: bytes, folder: Path) -> None:
    names = mapping.read(io.BytesIO(content), str(folder))
    assert len(names) <= 101
    assert all(name and name.isprintable() for name in names.values())


def _read_data_set(content: bytes, folder: Path) -> None:
    """Its own bytes under a name that says nothing."""
    path = folder / "set"
    path.write_bytes(content)
    _check_dataset(paths.read_path(path))


DATA_SETS: dict[str, Target] = {
    "idx": Target(
        _read_idx,
        lambda: [
            sound.idx(sound.data_set()["train_images"]),
            sound.idx(sound.data_set()["train_labels"]),
            gzip.compress(sound.idx(sound.data_set()["train_images"])),
        ],
        [b"\0\0\x08\x03", b"\0\0\x08\x01", b"\x1f\x8b\x08\0", b"\0\0\0\x1c", b"\x7f\xff\xff\xff"],
    ),
    "zip": Target(
        _read_zip,
        lambda: [
            sound.idx_zip(bytes),
            sound.idx_zip(gzip.compress),
            sound.idx_zip(bytes, called="emnist-letters-"),
        ],
        [*ZIP, b"../", b"__MACOSX/", b"\0\0\x0d\x03", b"\0\0\x0c\x02", b"\x1f\x8b\x08\0"],
    ),
    "large": Target(
        _read_large,
        lambda: [
            *(pack(sound.idx(sound.data_set()["train_images"])) for pack in (bytes, gzip.compress)),
            *(
                sound.members(sound.npz(a=array))["a.npy"]
                for array in (sound.data_set()["train_images"], *sound.odd_arrays())
            ),
            sound.npz(**sound.data_set()),
        ],
        [b"\0\0\x08\x03", b"\x1f\x8b\x08\0", b"\x7f\xff\xff\xff", *NPY],
    ),
    "pair": Target(
        _read_pair,
        lambda: [sound.npz(arr_0=array) for array in (*sound.data_set().values(), *sound.odd_arrays())],
        ZIP,
    ),
    "folder": Target(
        _read_folder,
        sound.folders,
        [
            *(
                sound.NEXT,
                b"\0",
                b"\0" + sound.LINK,
                b"/",
                b"train/",
                b"test/",
                b"val/",
                b"0/",
                b"00/",
                b"a/",
                b"A/",
            ),
            *(
                b".png\0",
                b".gif\0",
                b"Thumbs.db\0",
                b"__MACOSX/",
                b"\xff",
                b"e\xcc\x81",
                b"train-images-idx3-ubyte\0",
            ),
        ],
    ),
    "mapping": Target(
        _read_mapping, lambda: [b"0 48\n1 65 97\n"], [b" ", b"\n", b"-1", b"9" * 5000, b"55296"]
    ),
    "foreign": Target(
        _read_data_set, sound.foreign_files, [b"\n", b" ", b"%", b"@relation", b"\x1f\x8b\x08\0"]
    ),
    "csv": Target(
        _read_csv,
        sound.csv_files,
        [
            *(b"\r\n", b'"', b'""', b";", b"\t", b"label,", b"\xef\xbb\xbf"),
            *(b"nan", b"inf", b"1e400", b"-1", b"256"),
        ],
    ),
    "npz": Target(read_npz, lambda: [sound.npz(**sound.data_set())], ZIP),
}
