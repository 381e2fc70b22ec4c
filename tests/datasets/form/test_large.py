"""Sets that are not held in memory, tried on small ones: what is large is a matter of a constant."""

import gzip
import mmap
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnistgd.datasets import streams, upkeep
from mnistgd.datasets.cache import default_folder
from mnistgd.datasets.deskew import deskew
from mnistgd.datasets.form import large
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.stored import Known
from mnistgd.errors import DataError, OutputError

TRAIN_IMAGES = "train-images-idx3-ubyte"
NAMES = {
    "train_images": TRAIN_IMAGES,
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


@pytest.fixture
def few_are_large(monkeypatch, world):
    """A world in which ten images are more than memory should hold, and nine are cut in pieces."""
    monkeypatch.setattr(streams, "LARGE", 5000)
    monkeypatch.setattr("mnistgd.datasets.stored.CHUNK", 9)


def raw_idx(folder, arrays, as_idx, pack=lambda content: content, suffix=""):
    folder.mkdir()
    for key, name in NAMES.items():
        if key in arrays:
            (folder / f"{name}{suffix}").write_bytes(pack(as_idx(arrays[key])))
    return folder


def zipped(folder, arrays, as_idx):
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for key, name in NAMES.items():
            archive.writestr(name, as_idx(arrays[key]))
    return folder.with_suffix(".zip")


def npy_pairs(folder, arrays, *_):
    folder.mkdir()
    for key, array in arrays.items():
        np.save(folder / f"{key}.npy", array)
    return folder


def npz(folder, arrays, save=np.savez):
    save(folder.with_suffix(".npz"), **arrays)
    return folder.with_suffix(".npz")


def images_as(change):
    def changed(arrays):
        return {key: change(array) if "images" in key else array for key, array in arrays.items()}

    return changed


KINDS = {
    "raw IDX": (raw_idx, "mapped"),
    "raw IDX, flat": (
        lambda f, a, as_idx: raw_idx(f, images_as(lambda i: i.reshape(-1, 784))(a), as_idx),
        "mapped",
    ),
    "gzipped IDX": (lambda *made: raw_idx(*made, gzip.compress, ".gz"), "cached"),
    "a ZIP": (zipped, "cached"),
    "gzipped IDX in a ZIP": (lambda *made: zipped(*made[:2], lambda a: gzip.compress(made[2](a))), "cached"),
    ".npy": (npy_pairs, "mapped"),
    ".npy, flat": (lambda f, a, _: npy_pairs(f, images_as(lambda i: i.reshape(-1, 784))(a)), "mapped"),
    ".npy of floats": (lambda f, a, _: npy_pairs(f, images_as(lambda i: i / 255)(a)), "cached"),
    ".npy of booleans": (lambda f, a, _: npy_pairs(f, images_as(lambda i: i > 127)(a)), "cached"),
    ".npy in colour": (lambda f, a, _: npy_pairs(f, images_as(lambda i: np.stack([i] * 3, 3))(a)), "cached"),
    ".npy in Fortran order": (lambda f, a, _: npy_pairs(f, images_as(np.asfortranarray)(a)), "memory"),
    ".npz": (lambda f, a, _: npz(f, a), "cached"),
    ".npz, packed": (lambda f, a, _: npz(f, a, np.savez_compressed), "cached"),
    "words": (lambda f, a, _: npy_pairs(f, a | {k: a[k].astype(str) for k in a if "labels" in k}), "mapped"),
}


def same(dataset, expected):
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert np.array_equal(getattr(dataset, name), getattr(expected, name)), name
        assert getattr(dataset, name).dtype == np.uint8
    assert (dataset.sha256, dataset.class_names) == (expected.sha256, expected.class_names)
    assert (dataset.source, dataset.options) == (expected.source, expected.options)


@pytest.mark.parametrize("options", [PLAINLY, DataOptions(transpose=True)], ids=["plainly", "turned"])
@pytest.mark.parametrize(("make", "held"), KINDS.values(), ids=KINDS)
def test_the_same_images_as_in_memory(
    few_are_large, make, held, options, tmp_path, tiny, as_idx, monkeypatch
):
    path = make(tmp_path / "set", tiny, as_idx)
    with monkeypatch.context() as patch:
        patch.setattr(streams, "LARGE", 10**9)
        expected = load_dataset(path, options=options)
    assert expected.about.held == "memory"
    if options.transpose and held == "mapped":
        held = "cached"
    for _ in range(3):
        dataset = load_dataset(path, options=options)
        same(dataset, expected)
        assert dataset.about.held == held
        assert dataset.about.changes == expected.about.changes
        assert len(dataset.files) == (2 if held == "mapped" else 0)
        assert not dataset.train_images.flags.writeable


@pytest.fixture
def mapped(few_are_large, tmp_path, tiny, as_idx):
    return raw_idx(tmp_path / "raw", tiny, as_idx)


@pytest.fixture
def packed(few_are_large, tmp_path, tiny, as_idx):
    return raw_idx(tmp_path / "packed", tiny, as_idx, gzip.compress, ".gz")


def cached():
    folder = Path(os.environ["MNISTGD_CACHE"])
    return sorted(folder.glob("large*")) if folder.is_dir() else []


def forbid(monkeypatch):
    def look(*_):
        raise AssertionError("it is known what these are")

    monkeypatch.setattr(large, "planned", look)


def test_of_what_lies_as_it_is_needed_no_copy_is_made(mapped):
    dataset = load_dataset(mapped)
    base = dataset.train_images
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, mmap.mmap)
    ends = [path.name.rpartition("-")[2] for path in cached() if path.suffix == ".npy"]
    assert ends == ["testlabels.npy", "trainlabels.npy"]


@pytest.mark.parametrize("kind", ["mapped", "packed"])
def test_it_is_looked_at_once(kind, request, monkeypatch, notes):
    path = request.getfixturevalue(kind)
    first = load_dataset(path, listener=notes)
    assert notes.busy_with[0].startswith("looking at 40 images")
    assert len(notes.busy_with) == 2
    forbid(monkeypatch)
    same(load_dataset(path, listener=notes), first)
    assert len(notes.busy_with) == 2


def test_what_is_said_is_said_again(few_are_large, tmp_path, tiny, notes):
    path = npy_pairs(tmp_path / "grey", images_as(lambda images: np.full_like(images, 9))(tiny))
    for _ in range(2):
        load_dataset(path, listener=notes)
    assert [notice.partition(":")[0] for notice in notes.notices] == [
        "no pixel is above 9, where 255 is ink",
        "all train images are alike",
        "all test images are alike",
    ] * 2


def test_files_that_were_written_to_are_looked_at_again(mapped, tiny, as_idx):
    load_dataset(mapped)
    changed = 255 - tiny["train_images"]
    (mapped / TRAIN_IMAGES).write_bytes(as_idx(changed))
    assert np.array_equal(load_dataset(mapped).train_images, changed)
    labels = tiny["train_labels"][::-1].copy()
    (mapped / NAMES["train_labels"]).write_bytes(as_idx(labels))
    assert np.array_equal(load_dataset(mapped).train_labels, labels)
    assert len(cached()) == 3


@pytest.mark.parametrize("kind", ["raw", "gz"])
def test_images_set_aside(few_are_large, kind, tmp_path, tiny, as_idx, monkeypatch):
    train = {key: array for key, array in tiny.items() if "train" in key}
    more = (gzip.compress, ".gz") if kind == "gz" else ()
    path = raw_idx(tmp_path / "train", train, as_idx, *more)
    with monkeypatch.context() as patch:
        patch.setattr(streams, "LARGE", 10**9)
        expected = load_dataset(path)
    first = load_dataset(path)
    same(first, expected)
    # A network's record has the share in it: that is no other set.
    forbid(monkeypatch)
    same(load_dataset(path, options=first.options), expected)


def test_a_small_test_part_beside_a_large_train_part(few_are_large, mapped, tmp_path, tiny, as_idx):
    small = {key: array[:3] for key, array in tiny.items()}
    test = raw_idx(tmp_path / "test", small, as_idx)
    for _ in range(2):
        dataset = load_dataset(mapped, options=DataOptions(test_data=str(test)))
        assert np.array_equal(dataset.train_images, tiny["train_images"])
        assert np.array_equal(dataset.test_images, small["test_images"])
        assert len(dataset.files) == 1


@pytest.mark.parametrize("kind", ["mapped", "packed"])
def test_straightened(kind, request, tiny, monkeypatch):
    path = request.getfixturevalue(kind)
    for _ in range(2):
        dataset = load_dataset(path, deskew=True)
        assert np.array_equal(dataset.train_images, deskew(tiny["train_images"]))
        assert np.array_equal(dataset.test_images, deskew(tiny["test_images"]))
        assert dataset.files == ()


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    monkeypatch.setenv("MNISTGD_CACHE", str(file / "cache"))


def test_what_lies_needs_no_cache(mapped, no_cache, tiny, notes):
    dataset = load_dataset(mapped, listener=notes)
    assert np.array_equal(dataset.train_images, tiny["train_images"])
    assert np.array_equal(dataset.train_labels, tiny["train_labels"])
    assert [notice.partition(";")[2] for notice in notes.notices] == [" going on without a cache"]


@pytest.mark.parametrize("deskewed", [False, True])
def test_what_is_packed_does_if_it_cannot_be_held(packed, no_cache, tiny, notes, monkeypatch, deskewed):
    dataset = load_dataset(packed, deskew=deskewed, listener=notes)
    expected = tiny["train_images"]
    assert np.array_equal(dataset.train_images, deskew(expected) if deskewed else expected)
    assert {notice.partition(";")[2] for notice in notes.notices} == {" going on without a cache"}
    monkeypatch.setattr(streams, "MAX_BYTES", 20_000)
    with pytest.raises(OutputError, match="cannot write") as caught:
        load_dataset(packed)
    assert "MNISTGD_CACHE" in caught.value.hint


def test_what_is_to_be_straightened_does_as_well(mapped, no_cache, monkeypatch):
    monkeypatch.setattr(streams, "MAX_BYTES", 20_000)
    with pytest.raises(OutputError, match="cannot write"):
        load_dataset(mapped, deskew=True)


def test_room_on_the_disk_is_looked_for_first(packed, monkeypatch):
    monkeypatch.setattr(streams, "MAX_BYTES", 20_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(
        OutputError, match=r"31,360 bytes are to be kept in .*, and its disk has room for 1,000"
    ):
        load_dataset(packed)
    assert cached() == []


def damaged(change):
    def damage(path):
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)

    return damage


FACTS = '"facts": {'
DAMAGE = {
    "a byte": ("trainimages.npy", damaged(lambda content: content.__setitem__(-1, content[-1] ^ 1))),
    "an end": ("trainimages.npy", damaged(lambda content: content.__delitem__(-1))),
    "a missing file": ("testimages.npy", Path.unlink),
    "no record": (".json", lambda path: path.write_text("{}")),
    "no facts": (".json", lambda path: path.write_text(path.read_text().replace("facts", "fiction"))),
    "a list of facts": (
        ".json",
        lambda path: path.write_text(path.read_text().replace(FACTS, '"facts": [], "a": {')),
    ),
    "odd shapes": (".json", lambda path: path.write_text(path.read_text().replace("28", "-28"))),
    "no arrays": (".json", lambda path: path.write_text(path.read_text().replace("images", "pictures"))),
}


@pytest.mark.parametrize(("end", "damage"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cache_is_made_anew(packed, end, damage, tiny):
    load_dataset(packed)
    [path] = [path for path in cached() if path.name.endswith(end)]
    damage(path)
    for _ in range(2):
        assert np.array_equal(load_dataset(packed).train_images, tiny["train_images"])


def spoil_unseen(path):
    """Change a byte as a failing disk would: without a trace."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_verify_reads_all_of_what_is_mapped(mapped, notes):
    load_dataset(mapped)
    assert upkeep.verify(listener=notes) == [str(mapped)]
    assert notes.notices == [f"MNIST is not cached in {default_folder()}"]
    assert notes.busy_with == [f"reading {mapped}"]
    spoil_unseen(mapped / TRAIN_IMAGES)
    load_dataset(mapped)
    with pytest.raises(DataError, match=f"what the cache has of {mapped} is damaged: its images are others"):
        upkeep.verify()


def test_verify_reads_all_of_what_is_cached(packed):
    load_dataset(packed)
    assert upkeep.verify() == [str(packed)]
    [path] = [path for path in cached() if path.name.endswith("trainimages.npy")]
    spoil_unseen(path)
    load_dataset(packed)
    with pytest.raises(DataError, match=r"trainimages\.npy has another CRC-32"):
        upkeep.verify()


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_verify_passes_over_what_is_looked_at_anew(mapped, change, notes):
    load_dataset()
    load_dataset(mapped)
    change(mapped / TRAIN_IMAGES)
    assert upkeep.verify(listener=notes) == []
    assert notes.notices == [f"{mapped} has changed, and is looked at anew when it is next used"]


def test_verify_of_a_record_of_nothing(packed):
    load_dataset()
    load_dataset(packed)
    [record] = [path for path in cached() if path.suffix == ".json"]
    record.write_text(record.read_text().replace("facts", "fiction"))
    with pytest.raises(DataError, match="is damaged"):
        upkeep.verify()


class TestWhoeverWrites:
    """To a file that is mapped."""

    def test_is_noticed(self, mapped):
        dataset = load_dataset(mapped)
        dataset.check_files()
        with (mapped / TRAIN_IMAGES).open("r+b") as file:
            file.seek(100)
            file.write(b"\xff")
        with pytest.raises(DataError, match=f"{TRAIN_IMAGES} was changed while it was read"):
            dataset.check_files()

    def test_and_whoever_removes_it(self, mapped):
        dataset = load_dataset(mapped)
        (mapped / TRAIN_IMAGES).unlink()
        # The map holds the file that it was.
        assert dataset.train_images.sum()
        with pytest.raises(DataError, match=f"cannot read .*{TRAIN_IMAGES} any more: no such file"):
            dataset.check_files()

    def test_to_one_that_is_being_unpacked_as_well(self, packed, monkeypatch):
        check = Known.check

        def changed(known):
            with Path(known.path).open("ab") as file:
                file.write(b"\0")
            check(known)

        monkeypatch.setattr(Known, "check", changed)
        with pytest.raises(DataError, match="was changed while it was read"):
            load_dataset(packed)
        assert cached() == []


WRONG = {
    "shorter": (lambda idx: idx[:-1], "is truncated: it holds less than it promises"),
    "longer": (lambda idx: idx + b"\0", "holds more bytes than it promises"),
    "counts": (lambda idx: idx[:4] + b"\0\0\0\x1d" + idx[8:-784], "has 29 train images and 30 train labels"),
    "too many": (
        lambda idx: idx[:4] + b"\x01\0\0\0" + idx[8:],
        "promises 16,777,216 entries; 1 to 10,000,000",
    ),
}


@pytest.mark.parametrize("pack", [lambda content: content, gzip.compress], ids=["raw", "gz"])
@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_nothing_kept(few_are_large, change, words, pack, tmp_path, tiny, as_idx):
    folder = raw_idx(tmp_path / "set", tiny, as_idx)
    (folder / TRAIN_IMAGES).write_bytes(pack(change(as_idx(tiny["train_images"]))))
    with pytest.raises(DataError, match=words):
        load_dataset(folder)
    assert cached() == []


def test_a_file_that_was_made_to_fill_disks(tmp_path, tiny, as_idx, world):
    folder = raw_idx(tmp_path / "set", tiny, as_idx)
    count = 1_000_000
    head = bytes([0, 0, 8, 3]) + np.array((count, 28, 28), ">u4").tobytes()
    (folder / f"{TRAIN_IMAGES}.gz").write_bytes(gzip.compress(head + bytes(10**6)))
    (folder / TRAIN_IMAGES).unlink()
    with pytest.raises(DataError, match=r"unpacks to [0-9,]+ times its size"):
        load_dataset(folder)


def test_nan_among_many(few_are_large, tmp_path, tiny):
    images = tiny["train_images"] / 255
    images[20, 3, 3] = np.nan
    path = npy_pairs(tmp_path / "nan", tiny | {"train_images": images})
    with pytest.raises(DataError, match="has a pixel that is no finite number, in image 20"):
        load_dataset(path)
