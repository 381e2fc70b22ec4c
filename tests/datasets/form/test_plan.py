"""What is said of images while they are brought into form, and images set aside to test."""

from dataclasses import replace

import numpy as np
import pytest

from mnistgd.datasets.form.plan import brought
from mnistgd.datasets.form.split import set_aside
from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.parts import Part, Raw
from mnistgd.datasets.readers.paths import read_path
from mnistgd.errors import DataError


@pytest.fixture
def raw(tiny):
    def make(**changed):
        arrays = tiny | changed
        test = Part(arrays["test_images"], arrays["test_labels"])
        return Raw(Part(arrays["train_images"], arrays["train_labels"]), test, "arrays")

    return make


@pytest.fixture
def train_only(tmp_path, tiny):
    np.savez(tmp_path / "train.npz", images=tiny["train_images"], labels=tiny["train_labels"])
    return tmp_path / "train.npz"


def test_of_what_is_as_it_should_be_nothing_is_said(raw, notes):
    dataset = brought(raw(), "here", listener=notes)
    assert notes.notices == []
    assert dataset.options == DataOptions()
    assert dataset.about.changes == ()


def test_what_was_done_is_said_and_kept(raw, tiny, notes):
    floats = {key: array / 255 for key, array in tiny.items() if "images" in key}
    dataset = brought(raw(**floats), "here", DataOptions(transpose=True), notes)
    assert notes.notices == [
        "pixels from 0 to 1 are taken times 255",
        "images that lay on their side are turned upright (else --no-transpose)",
    ]
    assert dataset.about.changes == tuple(notes.notices)
    assert (dataset.about.dtype, dataset.about.shape) == ("float64", (30, 28, 28))
    assert (dataset.about.least, dataset.about.most) == (0, 1)
    assert np.array_equal(dataset.test_images, tiny["test_images"].transpose(0, 2, 1))


@pytest.mark.parametrize(
    ("pixel", "words"),
    [
        (
            0,
            [
                "no pixel is above 0, where 255 is ink",
                "all train images are blank",
                "all test images are blank",
            ],
        ),
        (
            9,
            [
                "no pixel is above 9, where 255 is ink",
                "all train images are alike",
                "all test images are alike",
            ],
        ),
        (200, ["all train images are alike", "all test images are alike"]),
    ],
)
def test_images_that_teach_nothing(raw, tiny, notes, pixel, words):
    same = {key: np.full_like(array, pixel) for key, array in tiny.items() if "images" in key}
    brought(raw(**same), "here", listener=notes)
    assert [notice.partition(":")[0] for notice in notes.notices] == words


def test_a_seventh_is_set_aside_and_recorded(train_only, tiny, notes):
    dataset = read_path(train_only, listener=notes)
    assert notes.notices == ["4 of 30 images set aside to test"]
    assert dataset.options == DataOptions(test_share=1 / 7)
    assert (len(dataset.train_images), len(dataset.test_images)) == (26, 4)
    together = np.concatenate([dataset.train_images, dataset.test_images])
    assert sorted(map(bytes, together)) == sorted(map(bytes, tiny["train_images"]))
    # Each image keeps its label.
    label_of = dict(zip(map(bytes, tiny["train_images"]), tiny["train_labels"], strict=True))
    for images, labels in (dataset.split("train"), dataset.split("test")):
        assert [label_of[bytes(image)] for image in images] == labels.tolist()
    again = read_path(train_only, dataset.options)
    assert again.sha256 == dataset.sha256
    assert again.options == dataset.options


def test_the_share_can_be_chosen(train_only):
    assert len(read_path(train_only, DataOptions(test_share=0.5)).test_images) == 15
    assert len(read_path(train_only, DataOptions(test_share=0.001)).test_images) == 1
    assert len(read_path(train_only, DataOptions(test_share=0.999)).train_images) == 1


def test_a_share_of_images_that_have_a_test_part(raw):
    with pytest.raises(DataError, match="has images to test of its own") as caught:
        brought(raw(), "here", DataOptions(test_share=0.5))
    assert "--test-share" in caught.value.hint


def test_rows_set_aside():
    train, test = set_aside(70_000, 1 / 7, "here")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(70_000))
    assert all((np.diff(rows) > 0).all() for rows in (train, test))
    assert all(map(np.array_equal, set_aside(70_000, 1 / 7, "here"), (train, test)))
    with pytest.raises(DataError, match="a single image"):
        set_aside(1, 0.5, "here")


def test_other_images_test(tmp_path, train_only, idx_folder, tiny, notes):
    for place in (idx_folder, idx_folder / "t10k-images-idx3-ubyte.gz"):
        dataset = read_path(train_only, DataOptions(test_data=str(place)), listener=notes)
        assert np.array_equal(dataset.train_images, tiny["train_images"])
        assert np.array_equal(dataset.test_images, tiny["test_images"])
        assert dataset.options == DataOptions(test_data=str(place))
    assert notes.notices == []
    dataset = read_path(idx_folder, DataOptions(test_data=str(train_only)))
    assert np.array_equal(dataset.test_images, tiny["train_images"])


def test_what_is_said_of_other_images(raw):
    one, other = (replace(raw(), notes=(note,)) for note in ("of these", "of others"))
    assert one.tested_with(other).notes == ("of these", "of others")


def test_other_images_do_not_say_what_classes_are_called(raw):
    named = [replace(raw(), class_names=names) for names in (None, {1: "B", 2: "C"}, {2: "C", 3: "D"})]
    for one in named:
        for other in named:
            assert one.tested_with(other).class_names == one.class_names
    with pytest.raises(DataError, match="label 2 is C in the set, and Cc in the images to test"):
        named[1].tested_with(replace(raw(), class_names={1: "B", 2: "Cc"}))


def test_the_place_of_other_images_is_recorded_as_a_whole(train_only, idx_folder, monkeypatch):
    monkeypatch.chdir(idx_folder.parent)
    assert read_path(train_only, DataOptions(test_data="idx")).options.test_data == str(idx_folder)


def test_images_without_labels(tiny):
    raw = Raw(Part(tiny["train_images"], None), None, "arrays")
    with pytest.raises(DataError, match="the train images of here have no labels"):
        brought(raw, "here")


@pytest.mark.parametrize(
    "options", [DataOptions(), DataOptions("a b", 0.1, False), DataOptions(transpose=True)]
)
def test_options_in_a_record(options):
    record = {"source": "here", **options.as_json()}
    assert DataOptions.from_json(record) == options


@pytest.mark.parametrize(
    "record",
    [{"test_data": 1}, {"test_data": ""}, {"test_data": "a\0"}, {"test_share": 1.0}, {"test_share": "1"},
     {"test_share": float("nan")}, {"transpose": 1}, {"transpose": "yes"}],
    ids=str,
)  # fmt: skip
def test_options_that_cannot_be(record):
    with pytest.raises(ValueError, match=r"test_|transpose"):
        DataOptions.from_json(record)


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_images(raw, split):
    none = {f"{split}_images": np.empty((0, 28, 28)), f"{split}_labels": np.empty(0)}
    with pytest.raises(DataError, match=f"here has no {split} images"):
        brought(raw(**none), "here")
