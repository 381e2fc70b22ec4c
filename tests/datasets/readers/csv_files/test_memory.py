"""CSV files of more images than are held, tried on small ones: what is large is a matter of a constant."""

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from mnistgd.datasets import streams
from mnistgd.datasets.form import large
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.readers.csv_files import reader, sets
from mnistgd.datasets.stored import Known
from mnistgd.errors import DataError, OutputError


@pytest.fixture(autouse=True)
def few_are_large(monkeypatch, world):
    """A world in which seven images are more than memory should hold, read a few at a time."""
    monkeypatch.setattr(streams, "LARGE", 5000)
    monkeypatch.setattr("mnistgd.datasets.stored.CHUNK", 9)
    monkeypatch.setattr("mnistgd.datasets.readers.csv_files.rows._PIECE", 8000)


def table(path, images, labels, order=None, header=True, cell=str):
    """Write images after their labels, in columns in that order, packed if the file is called so."""
    names = ["label", *(f"pixel{place}" for place in range(784))]
    order = list(range(785)) if order is None else order
    pixels = images.reshape(len(images), 784).tolist()
    rows = [[str(label), *map(cell, row)] for label, row in zip(labels, pixels, strict=True)]
    lines = [",".join(row[place] for place in order) for row in ([names] if header else []) + rows]
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def two_files(folder, arrays, end=".csv", **form):
    folder.mkdir(exist_ok=True)
    table(folder / f"my_test{end}", arrays["test_images"], arrays["test_labels"], **form)
    return table(folder / f"my_train{end}", arrays["train_images"], arrays["train_labels"], **form)


def one_file(folder, arrays, name="my.csv", **form):
    folder.mkdir(exist_ok=True)
    return table(folder / name, arrays["train_images"], arrays["train_labels"], **form)


def floats_at_last(folder, arrays):
    path = two_files(folder, arrays)
    text = path.read_text()
    path.write_text(text[: text.rindex(",")] + ",0.5\n")
    return path


SHUFFLED = np.random.default_rng(3).permutation(785).tolist()
KINDS = {
    "two files": two_files,
    "gzipped": lambda folder, arrays: two_files(folder, arrays, ".csv.gz"),
    "no header": lambda folder, arrays: two_files(folder, arrays, header=False),
    "labels last": lambda folder, arrays: two_files(folder, arrays, order=[*range(1, 785), 0]),
    "columns in another order": lambda folder, arrays: two_files(folder, arrays, order=SHUFFLED),
    "floats": lambda folder, arrays: two_files(folder, arrays, cell=lambda pixel: f"{pixel / 255:.6f}"),
    "a float at last": floats_at_last,
    "words": lambda folder, arrays: one_file(folder, arrays | {"train_labels": [*"abcdeabcde"] * 3}),
    "a file alone": one_file,
    "EMNIST's, on their side": lambda folder, arrays: one_file(folder, arrays, "emnist-x.csv"),
}


def same(dataset, expected):
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert np.array_equal(getattr(dataset, name), getattr(expected, name)), name
        assert getattr(dataset, name).dtype == np.uint8
    assert (dataset.sha256, dataset.class_names) == (expected.sha256, expected.class_names)
    assert (dataset.source, dataset.options) == (expected.source, expected.options)


def forbid(monkeypatch):
    def read(*_, **__):
        raise AssertionError("it is known what is in this file")

    for module, name in ((sets, "read_csv"), (reader, "read_at_once"), (large, "planned")):
        monkeypatch.setattr(module, name, read)


def cached():
    folder = Path(os.environ["MNISTGD_CACHE"])
    return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("options", [PLAINLY, DataOptions(transpose=True)], ids=["plainly", "turned"])
@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_the_same_images_as_in_memory_and_read_once(make, options, tmp_path, tiny, monkeypatch):
    path = make(tmp_path / "set", tiny)
    with monkeypatch.context() as patch:
        patch.setattr(streams, "LARGE", 10**9)
        expected = load_dataset(path, options=options)
        assert expected.about.held == "memory"
        assert cached() == []
    for _ in range(2):
        dataset = load_dataset(path, options=options)
        same(dataset, expected)
        assert dataset.about.changes == expected.about.changes
        assert (dataset.about.shape, dataset.about.dtype) == (expected.about.shape, expected.about.dtype)
        assert (dataset.about.least, dataset.about.most) == (expected.about.least, expected.about.most)
        assert dataset.about.held == "cached"
        assert not dataset.train_images.flags.writeable
        forbid(monkeypatch)


@pytest.fixture
def path(tmp_path, tiny):
    return two_files(tmp_path / "set", tiny)


def test_the_pixels_are_kept_once(path, tiny):
    load_dataset(path)
    assert sum(file.stat().st_size for file in cached()) < 1.2 * 40 * 784


def test_how_far_it_is_read_is_told(path, notes):
    load_dataset(path, listener=notes)
    assert notes.busy_with[:2] == ["reading my_train.csv", "reading my_test.csv"]
    assert notes.busy_with[2] == "bringing into form 40 images"
    assert all(0 < share <= 1 for share in notes.shares)


@pytest.mark.parametrize("of", ["my_train.csv", "my_test.csv"])
def test_a_file_that_was_written_to_is_read_again(path, tiny, of):
    load_dataset(path)
    before = len(cached())
    changed = {key: 255 - array if "images" in key else array for key, array in tiny.items()}
    two_files(
        path.parent, changed if of == "my_train.csv" else tiny | {"test_images": changed["test_images"]}
    )
    dataset = load_dataset(path)
    assert np.array_equal(dataset.test_images, changed["test_images"])
    expected = changed if of == "my_train.csv" else tiny
    assert np.array_equal(dataset.train_images, expected["train_images"])
    assert len(cached()) == before


def spoil(file, line):
    lines = file.read_text().splitlines()
    lines[line - 1] = "5,abc" + lines[line - 1][lines[line - 1].index(",", 4) :]
    file.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("of", ["my_train.csv", "my_test.csv"])
def test_a_bad_row_is_named_and_nothing_kept(path, of):
    spoil(path.with_name(of), 9)
    with pytest.raises(DataError, match=f"{of}: line 9 has") as caught:
        load_dataset(path)
    assert "--skip-bad" in caught.value.hint
    assert cached() == []


def test_bad_rows_left_out(path, tiny, notes):
    spoil(path, 9)
    for _ in range(2):
        dataset = load_dataset(path, options=DataOptions(skip_bad=True), listener=notes)
        assert np.array_equal(dataset.train_images, np.delete(tiny["train_images"], 7, axis=0))
        assert np.array_equal(dataset.train_labels, np.delete(tiny["train_labels"], 7))
        assert "my_train.csv: bad lines left out: 1; line 9 has" in notes.notices[-1]
    with pytest.raises(DataError, match="line 9 has"):
        load_dataset(path)


def labels_of_all(arrays, label):
    return {key: np.full_like(array, label) if "labels" in key else array for key, array in arrays.items()}


def too_many_classes(folder, arrays):
    labels = [f"class {place}" for place in range(120)]
    return one_file(
        folder, {"train_images": np.tile(arrays["train_images"], (4, 1, 1)), "train_labels": labels}
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder, arrays: two_files(folder, labels_of_all(arrays, 3)), "every label in"),
        (too_many_classes, "classes"),
        (
            lambda folder, arrays: two_files(folder, arrays).with_name("my_test.csv"),
            "nothing but images to test",
        ),
    ],
    ids=["one class", "too many classes", "the test file"],
)
def test_nothing_is_kept_of_what_is_refused(make, words, tmp_path, tiny):
    path = make(tmp_path / "set", tiny)
    with pytest.raises(DataError, match=words):
        load_dataset(path)
    assert cached() == []


def test_a_test_file_alone_as_what_tests(path, tmp_path, tiny, monkeypatch):
    other = one_file(tmp_path / "other", tiny)
    for _ in range(2):
        options = DataOptions(test_data=str(path.with_name("my_test.csv")))
        dataset = load_dataset(other, options=options)
        assert np.array_equal(dataset.train_images, tiny["train_images"])
        assert np.array_equal(dataset.test_images, tiny["test_images"])
        forbid(monkeypatch)


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    monkeypatch.setenv("MNISTGD_CACHE", str(file / "cache"))


def test_without_a_cache_it_is_held_if_it_can_be(path, no_cache, tiny, notes, monkeypatch):
    dataset = load_dataset(path, listener=notes)
    assert np.array_equal(dataset.train_images, tiny["train_images"])
    assert [notice.partition(";")[2] for notice in notes.notices] == [" going on without a cache"]
    monkeypatch.setattr(streams, "MAX_BYTES", 20_000)
    with pytest.raises(OutputError, match="cannot write"):
        load_dataset(path)


def test_room_on_the_disk_is_looked_for_first(path, monkeypatch):
    monkeypatch.setattr(streams, "MAX_BYTES", 20_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(
        OutputError, match=r"31,360 bytes are to be kept in .*, and its disk has room for 1,000"
    ):
        load_dataset(path)


DAMAGE = {
    "labels": ("-labels.npy", lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\xff")),
    "no labels": ("-labels.npy", Path.unlink),
    "no record": (".json", lambda file: file.write_text("{}")),
    "no facts": (".json", lambda file: file.write_text(file.read_text().replace("facts", "fiction"))),
    "other facts": (".json", lambda file: file.write_text(file.read_text().replace("limits", "limes"))),
    "no type": (".json", lambda file: file.write_text(file.read_text().replace('"|u1"', '"words"'))),
    "no notes": (
        ".json",
        lambda file: file.write_text(file.read_text().replace('"notes": []', '"notes": 1')),
    ),
    "a list": (
        ".json",
        lambda file: file.write_text(file.read_text().replace('"facts": {', '"facts": [], "a": {')),
    ),
}


@pytest.mark.parametrize(("end", "damage"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_memory_is_made_anew(path, end, damage, tiny, monkeypatch):
    load_dataset(path)
    [*files] = [file for file in cached() if file.name.startswith("table") and file.name.endswith(end)]
    assert len(files) == 2
    for file in files:
        damage(file)
    for _ in range(2):
        assert np.array_equal(load_dataset(path).train_images, tiny["train_images"])
        forbid(monkeypatch)


def test_whoever_writes_to_it_while_it_is_read_is_noticed(path, monkeypatch):
    check = Known.check

    def changed(known):
        with Path(known.path).open("ab") as file:
            file.write(b"\n")
        check(known)

    monkeypatch.setattr(Known, "check", changed)
    with pytest.raises(DataError, match=r"my_train\.csv was changed while it was read"):
        load_dataset(path)
    assert cached() == []


def test_too_many_images(path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_STORED", 20)
    with pytest.raises(DataError, match=r"my_train\.csv has more than 20 images") as caught:
        load_dataset(path)
    assert caught.value.hint
    assert cached() == []


def test_labels_that_cannot_be_held(tmp_path, tiny, monkeypatch):
    path = one_file(tmp_path / "set", tiny | {"train_labels": [*"abcde"] * 6})
    monkeypatch.setattr(reader, "MAX_BYTES", 100)
    with pytest.raises(DataError, match=r"the labels of .*my\.csv take more than 100 bytes"):
        load_dataset(path)
