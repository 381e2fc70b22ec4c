"""Folders of pictures, as Pillow writes them and as systems litter them."""

import os
import time
import unicodedata

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistgd.datasets.cache import Cache
from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.readers import picture_files, picture_folder
from mnistgd.datasets.readers.picture_folder import read_folder
from mnistgd.datasets.readers.request import Request
from mnistgd.errors import DataError

needs_links = pytest.mark.skipif(os.name == "nt", reason="links need a right here")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "set"


@pytest.fixture
def draw(root, tiny):
    """Write the pictures of a split, three for each class, and give the images in the order of their names."""

    def pictures(split, classes, suffix="png", dark=False):
        images = []
        for place, name in enumerate(classes):
            folder = root / split / name
            folder.mkdir(parents=True)
            for number in range(3):
                image = tiny["train_images"][3 * place + number].copy()
                image[[0, -1]] = image[:, [0, -1]] = 0
                Image.fromarray(255 - image if dark else image).save(folder / f"{number}.{suffix}")
                images.append(image)
        return np.stack(images)

    return pictures


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("training", "testing"),
        ("Train", "Test"),
        ("trainingSet", "testSet"),
        ("train", "val"),
        ("set/set/train", "set/set/test"),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "bmp", "TIF"])
def test_two_parts(root, draw, train, test, suffix):
    expected = draw(train, "012", suffix), draw(test, "20", suffix)
    raw = read_folder(root)
    assert raw.train.images.tolist() == expected[0].tolist()
    assert raw.train.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert raw.test.labels.tolist() == [0, 0, 0, 2, 2, 2]
    assert raw.test.images.tolist() == np.roll(expected[1], 3, axis=0).tolist()
    assert raw.kind == "a folder of pictures"


def test_one_part(root, draw):
    expected = draw("", ["cat", "Dog", "é"])
    raw = read_folder(root)
    assert raw.test is None
    assert raw.train.labels.tolist() == ["Dog"] * 3 + ["cat"] * 3 + ["é"] * 3
    assert raw.train.images[:3].tolist() == expected[3:6].tolist()


def test_a_test_part_goes_before_one_to_validate(root, draw):
    for split, classes in (("train", "01"), ("val", "0"), ("test", "1")):
        draw(split, classes)
    assert read_folder(root).test.labels.tolist() == [1, 1, 1]


def test_one_part_stands_for_both(root, draw):
    for split in ("train", "test"):
        draw(split, "01")
    assert read_folder(root / "train").test is not None
    raw = read_folder(root / "test", Request(wanted="test"))
    assert raw.train is None
    assert len(raw.test.images) == 6


def test_a_part_to_test_is_refused_before_it_is_read(root, draw, tmp_path):
    for split in ("train", "test"):
        draw(split, "01")
    with pytest.raises(DataError, match="holds nothing but images to test"):
        read_folder(root / "test", Request(cache=Cache(tmp_path / "cache")))
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(("wanted", "other"), [("train", "test"), ("test", "train")])
@pytest.mark.parametrize("place", ["", "train"])
def test_of_two_parts_only_that_is_read_which_is_wanted(root, draw, wanted, other, place):
    for split in ("train", "test"):
        draw(split, "01")
    (root / other / "0" / "0.png").write_bytes(b"no picture")
    assert list(read_folder(root / place, Request(wanted=wanted)).parts) == [wanted]


def test_pictures_may_lie_deeper(root, draw):
    expected = draw("", "01")
    deep = root / "0" / "by" / "writer"
    deep.mkdir(parents=True)
    (root / "0" / "1.png").rename(deep / "1.png")
    raw = read_folder(root)
    assert raw.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert raw.train.images[:3].tolist() == expected[[0, 2, 1]].tolist()


def test_what_systems_leave_is_passed_over(root, draw):
    expected = draw("train", "01")
    for name in (
        "Thumbs.db",
        ".DS_Store",
        "._0.png",
        ".hidden.png",
        "0/Thumbs.db",
        "0/._0.png",
        "desktop.ini",
    ):
        (root / "train" / name).write_bytes(b"x")
    for name in ("__MACOSX/train/0", ".ipynb_checkpoints", "train/__MACOSX/0", "train/1/.git"):
        (root / name).mkdir(parents=True)
        (root / name / "0.png").write_bytes(b"x")
    raw = read_folder(root)
    assert raw.train.images.tolist() == expected.tolist()
    assert raw.notes == ()


def test_what_is_no_picture_is_passed_over_and_said(root, draw):
    draw("", "01")
    for name in ("labels.csv", "0/notes.txt"):
        (root / name).write_text("x")
    (note,) = read_folder(root).notes
    assert "labels.csv and 1 more" in note


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1", "P"])
def test_modes_become_grey(root, mode):
    black, white = np.zeros((28, 28), np.uint8), np.zeros((28, 28), np.uint8)
    white[8:20, 12:16] = 255
    for name, image in (("0", black), ("1", white)):
        (root / name).mkdir(parents=True)
        Image.fromarray(image).convert(mode).save(root / name / "a.png")
    assert read_folder(root).train.images.tolist() == [black.tolist(), white.tolist()]


def test_dark_on_light_is_turned_for_all(root, draw):
    expected = draw("train", "012", dark=True), draw("test", "012", dark=True)
    # One that is the other way round, as its neighbours say, stays different from them.
    Image.fromarray(expected[0][0]).save(root / "train" / "0" / "0.png")
    raw = read_folder(root)
    assert raw.train.images[1:].tolist() == expected[0][1:].tolist()
    assert raw.train.images[0].tolist() == (255 - expected[0][0]).tolist()
    assert raw.test.images.tolist() == expected[1].tolist()
    assert raw.notes == (
        "17 of 18 pictures have a light border: all are taken for dark on light, and turned to light on dark",
    )


def test_a_set_that_is_not_of_one_kind_is_said(root, draw):
    draw("", "01")
    Image.new("L", (28, 28), 255).save(root / "0" / "0.png")
    (note,) = read_folder(root).notes
    assert note.startswith("1 of 6 pictures have a light border: all are taken as they are")


@pytest.fixture
def photographed(root, helper):
    """Save one photograph, or several, of each class in a part."""
    handwriting = helper("handwriting")
    rng = np.random.default_rng(0)

    def photographed(part, *numbers):
        for digit in range(2):
            ink = handwriting.write(digit, rng, pen=0.08, tilt=5)
            for number in numbers:
                file = root / part / str(digit) / f"{number}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                handwriting.photograph(ink, "daylight", rng).save(file)

    return photographed


def test_other_sizes_are_read_as_handwriting(root, photographed):
    photographed("", 0, 1, 2)
    with pytest.raises(DataError, match=r"0\.png is .* pixels, not 28 × 28") as caught:
        read_folder(root)
    assert caught.value.hint.startswith("--handwriting")
    images = read_folder(root, Request(DataOptions(handwriting=True))).train.images
    assert images.shape == (6, 28, 28)
    assert (images.reshape(6, -1).max(axis=1) > 200).all()
    assert (images[:, 0] == 0).all()


def test_pictures_of_several_things_are_told_of(root, photographed, tmp_path):
    photographed("train", 0, 1)
    photographed("test", 0)
    several = Image.new("L", (200, 100), 255)
    for x in (60, 140):
        ImageDraw.Draw(several).line([(x, 20), (x, 80)], 0, 8)
    several.save(file := root / "train" / "1" / "1.png")
    note = f"pictures that show something else than one digit: 1 of 6, such as {file}"
    handwriting = DataOptions(handwriting=True)
    for _ in range(2):
        assert read_folder(root, Request(handwriting, cache=Cache(tmp_path / "cache"))).notes == (note,)
    assert read_folder(root / "test", Request(handwriting, wanted="test")).notes == ()


@pytest.fixture
def damaged(root, draw):
    draw("train", "01")
    draw("test", "01")
    file = root / "train" / "1" / "1.png"
    file.write_bytes(file.read_bytes()[:60])
    return file


def test_a_picture_that_cannot_be_read_is_named(root, damaged, notes, tmp_path):
    cache = Cache(tmp_path / "cache")
    with pytest.raises(DataError, match=r"1\.png is damaged"):
        read_folder(root, Request(cache=cache))
    assert cache.files() == []
    for _ in range(2):
        raw = read_folder(root, Request(DataOptions(skip_bad=True), cache=cache, listener=notes))
        assert raw.train.labels.tolist() == [0, 0, 0, 1, 1]
        assert len(raw.train.images) == 5
        assert len(raw.test.images) == 6
        assert raw.notes == ("pictures left out that cannot be read: 1 of 12",)
    assert notes.notices == [f"left out: {damaged} is damaged: it ends too early"]
    # Nor does what is cached hide it.
    with pytest.raises(DataError, match=r"1\.png is damaged"):
        read_folder(root, Request(cache=cache))


def test_pictures_of_a_phone_are_not_passed_over(root, draw):
    draw("", "01")
    (root / "1" / "IMG_0001.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(12))
    with pytest.raises(DataError, match=r"IMG_0001\.HEIC is a HEIC picture") as refused:
        read_folder(root)
    assert "JPEG" in refused.value.hint


def test_none_can_be_read(root, draw, tmp_path):
    draw("", "01")
    for file in root.rglob("*.png"):
        file.write_bytes(b"x")
    with pytest.raises(DataError, match="none of the pictures"):
        read_folder(root, Request(DataOptions(skip_bad=True), cache=Cache(tmp_path / "cache")))
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_is_not_waited_for(root, draw):
    draw("", "01")
    os.mkfifo(root / "0" / "7.png")
    assert "7.png" in read_folder(root).notes[0]


@needs_links
def test_links(root, draw, tmp_path):
    draw("", "01")
    other = tmp_path / "other"
    (root / "0").rename(other)
    (root / "0").symlink_to(other)
    assert read_folder(root).train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    (root / "1" / "9.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"9\.png does not exist"):
        read_folder(root)
    (root / "1" / "9.png").unlink()
    for place in (root / "1" / "again", other / "up"):
        place.symlink_to(root if place.name == "up" else place.parent)
        with pytest.raises(DataError, match="leads back to a folder"):
            read_folder(root)
        place.unlink()
    (root / "1" / "9.png").symlink_to(root / "1" / "9.png")
    with pytest.raises(DataError, match=r"9\.png"):
        read_folder(root)
    assert len(read_folder(root, Request(DataOptions(skip_bad=True))).train.images) == 6
    (root / "1" / "9.png").unlink()
    (root / "2").symlink_to(root / "2")
    with pytest.raises(DataError, match="cannot read"):
        read_folder(root)


@needs_links
def test_a_maze_of_links_ends(root, draw, monkeypatch):
    draw("", "01")
    place = root / "0"
    for level in range(12):
        (root.parent / f"m{level}").mkdir()
        for name in "ab":
            (place / name).symlink_to(root.parent / f"m{level}")
        place = root.parent / f"m{level}"
    monkeypatch.setattr(picture_files, "_MAX_FOLDERS", 1000)
    with pytest.raises(DataError, match="too many folders"):
        read_folder(root)


@pytest.mark.parametrize("names", [("a", "A"), ("1", "01"), ("Straße", "STRASSE")])
def test_classes_that_may_be_one(root, draw, names):
    draw("train", [names[0], "x"])
    draw("test", [names[1], "x"])
    with pytest.raises(DataError, match="two folders for what may be one class"):
        read_folder(root)


def test_a_name_is_one_however_its_accents_are_written(root, draw):
    draw("train", ["é", "x"])
    draw("test", [unicodedata.normalize("NFD", "é"), "x"])
    raw = read_folder(root)
    assert set(raw.test.labels.tolist()) == {"é", "x"}


@pytest.mark.parametrize(
    ("split", "classes", "words"),
    [
        ("", [], "holds no folders of pictures"),
        ("test", "01", "train holds no folders of pictures"),
    ],
)
def test_what_is_no_data_set(root, draw, split, classes, words):
    root.mkdir()
    if classes:
        draw(split, classes)
        (root / "train").mkdir()
    with pytest.raises(DataError, match=words) as caught:
        read_folder(root)
    assert caught.value.hint


def test_a_class_without_pictures(root, draw):
    draw("", "01")
    (root / "2").mkdir()
    with pytest.raises(DataError, match=r"2 holds no pictures"):
        read_folder(root)


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (["7"], "every label in .* is 7"),
        (["cat"], "every label in .* is cat"),
        (["0", "100"], "not in 0 to 99"),
        (["a" * 41, "b"], "at most 40 printable characters"),
    ],
)
def test_classes_of_which_nothing_is_learned_are_refused_before_they_are_read(
    root, draw, tmp_path, classes, words
):
    draw("", classes)
    cache = Cache(tmp_path / "cache")
    with pytest.raises(DataError, match=words):
        read_folder(root, Request(cache=cache))
    assert not (tmp_path / "cache").exists()
    assert len(read_folder(root, Request(wanted="train", cache=cache)).train.images) == 3 * len(classes)


def test_pictures_without_classes(root, draw):
    draw("", "0")
    with pytest.raises(DataError, match="holds pictures, and no folders of classes"):
        read_folder(root / "0")


def test_too_many(root, draw, monkeypatch):
    draw("", "01")
    monkeypatch.setattr(picture_files, "MAX_IMAGES", 5)
    with pytest.raises(DataError, match="more than 5 pictures"):
        read_folder(root)


def test_parts_whose_classes_do_not_fit_are_refused_before_they_are_read(root, draw, tmp_path):
    draw("train", "01")
    draw("test", ["0", "one"])
    with pytest.raises(DataError, match="are numbers and some are words"):
        read_folder(root, Request(cache=Cache(tmp_path / "cache")))
    assert not (tmp_path / "cache").exists()


def test_what_is_cached_is_not_read_again(root, draw, tmp_path, monkeypatch):
    expected = draw("", "01")
    cache = Cache(tmp_path / "cache")
    first = read_folder(root, Request(cache=cache))
    with monkeypatch.context() as patched:
        patched.setattr(picture_folder, "_read", None)
        assert np.array_equal(read_folder(root, Request(cache=cache)).train.images, first.train.images)
    # A picture that is changed, and one that has gone.
    time.sleep(0.01)
    Image.fromarray(expected[3]).save(root / "0" / "0.png")
    assert read_folder(root, Request(cache=cache)).train.images[0].tolist() == expected[3].tolist()
    (root / "0" / "0.png").unlink()
    assert len(read_folder(root, Request(cache=cache)).train.images) == 5
    assert cache.clear() > 0
    assert list((tmp_path / "cache").iterdir()) == []


def test_how_far_it_is_is_told(root, draw, notes, monkeypatch):
    draw("", "01")
    monkeypatch.setattr(picture_folder, "_SECONDS_BETWEEN", 0)
    read_folder(root, Request(listener=notes))
    assert set(notes.busy_with) == {"reading 6 pictures"}
    assert notes.shares == [place / 6 for place in range(6)]
