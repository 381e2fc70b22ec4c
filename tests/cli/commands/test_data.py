"""``mnistgd data``: what the images are, and the cache that keeps them."""

import gzip
import hashlib
import json
import os

import numpy as np
import pytest
from PIL import Image

from mnistgd.datasets import upkeep
from mnistgd.datasets.augment import augment
from mnistgd.datasets.cache import Cache, default_folder
from mnistgd.datasets.named import MNIST
from mnistgd.figures.montage import contact_sheet

KEYS = {"source", "train_images", "test_images", "names", "counts", "shape", "read", "sha256", "cache"}


def test_alone_it_prints_help(mnistgd):
    result = mnistgd("data")
    assert result.code == 0
    for command in ("info", "show", "fetch", "verify", "clear"):
        assert f"  {command} " in result.stdout


def test_info_on_an_empty_cache(mnistgd):
    result = mnistgd("data", "info", "--json")
    assert result.code == 0
    assert set(result.json) == KEYS
    assert result.json["source"] is None
    assert result.json["sha256"] == MNIST.pixels_sha256
    assert (result.json["train_images"], result.json["test_images"]) == (60_000, 10_000)
    assert result.json["cache"]["bytes"] == 0
    assert result.json["cache"]["folder"] == os.environ["MNISTGD_CACHE"]
    assert "not fetched yet" in mnistgd("data", "info").stdout


def test_the_life_of_a_cache(mnistgd):
    fetched = mnistgd("data", "fetch", "--source", "embedded", "--json").json
    assert fetched["source"] == "embedded"
    assert fetched["sha256"] == MNIST.pixels_sha256
    assert mnistgd("data", "info", "--json").json == fetched
    assert mnistgd("data", "verify", "--json").json == fetched
    assert "MNIST, from embedded" in mnistgd("data", "info").stdout

    (pixels,) = (path for path in upkeep.info().folder.iterdir() if path.stat().st_size > 10_000_000)
    with pixels.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\xff\x00\xff")
    damaged = mnistgd("data", "verify")
    assert damaged.code == 1
    assert damaged.stderr.startswith("error: the cached MNIST is damaged")
    assert "hint: mnistgd data fetch" in damaged.stderr
    assert mnistgd("data", "info", "--json").json["cache"]["damage"]

    freed = mnistgd("data", "clear", "--json").json
    assert freed["freed"] > 50_000_000
    assert freed["cache"]["bytes"] == 0
    assert mnistgd("data", "clear").stdout == "freed 0.0 MB\n"
    assert mnistgd("data", "verify").code == 1


def test_clear_leaves_what_is_not_its_own(mnistgd):
    mnistgd("data", "fetch", "--source", "embedded")
    mine = upkeep.info().folder / "mine.txt"
    mine.write_text("keep")
    assert mnistgd("data", "clear").code == 0
    assert mine.read_text() == "keep"


def test_openml_asked_for_and_not_there(mnistgd):
    result = mnistgd("data", "fetch", "--source", "openml")
    assert result.code == 1
    assert result.stdout == ""
    assert "OpenML cannot be reached" in result.stderr
    assert "embedded" not in result.stderr.split("hint")[0]


def test_options_that_contradict_each_other(mnistgd):
    assert mnistgd("data", "fetch", "--source", "openml", "--offline").code == 2


def test_show_draws_what_is_there(mnistgd, few, tmp_path):
    out = tmp_path / "sheet.png"
    result = mnistgd("data", "show", "--data", few, "--digit", 3, "--count", 4, "--out", out, "--json")
    assert result.code == 0, result.stderr
    with np.load(few) as file:
        labels, images = file["train_labels"], file["train_images"]
    assert result.json["images"] == np.flatnonzero(labels == 3)[:4].tolist()
    page = np.asarray(Image.open(out).convert("L"))
    # The first image stands there, dark on white and twice as large, exactly.
    wanted = 255 - images[result.json["images"][0]].repeat(2, axis=0).repeat(2, axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(page, wanted.shape)
    assert (windows == wanted).all(axis=(2, 3)).any()


def test_show_what_epochs_change(mnistgd, few, tmp_path):
    """A row for each image: as it is, and as the first nine epochs of a run with that option see it."""
    out = tmp_path / "sheet.png"
    result = mnistgd("data", "show", few, "--augment", "--digit", 3, "--count", 15, "--out", out, "--json")
    assert result.code == 0, result.stderr
    with np.load(few) as file:
        labels, images = file["train_labels"], file["train_images"]
    numbers = np.flatnonzero(labels == 3)[:2]
    assert result.json["images"] == numbers.tolist()
    columns = [images[numbers], *(augment(images[numbers], numbers, (0, 0, 3, epoch)) for epoch in range(9))]
    wanted = np.stack(columns, axis=1).reshape(-1, 28, 28)
    sheet = contact_sheet(wanted, title="2 train images: digit 3", columns=10)
    assert np.array_equal(np.asarray(Image.open(out)), np.asarray(sheet))
    every = mnistgd("data", "show", few, "--augment", "--count", 200, "--out", out, "--json").json
    assert labels[every["images"]].tolist() == np.repeat(np.arange(10), 2).tolist()


def test_show_one_row_a_class(mnistgd, few, tmp_path):
    result = mnistgd("data", "show", "--data", few, "--count", 30, "--out", tmp_path / "s.png", "--json")
    with np.load(few) as file:
        shown = file["train_labels"][result.json["images"]]
    assert shown.tolist() == np.repeat(np.arange(10), 3).tolist()


def test_show_to_stdout(shell, few):
    result = shell("data", "show", "--data", few, "--out", "-", "--json")
    assert (result.code, result.stdout) == (2, "")
    assert "both want stdout" in result.stderr


# --- data sets that have a name and come from OpenML alone ------------------------------------------


@pytest.fixture
def kuzushiji():
    """Put into the cache what can be taken for Kuzushiji-MNIST: of each class, a bar in its own place."""
    labels = (np.arange(70_000) % 10).astype(np.uint8)
    images = np.zeros((70_000, 28, 28), np.uint8)
    images[np.arange(70_000), labels * 2 + 3] = 255
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    arrays = {"images": [images], "labels": [labels]}
    Cache(default_folder()).write("kuzushiji-mnist", arrays, "kuzushiji-mnist", digest)
    return digest


def test_a_set_by_name_that_is_nowhere(mnistgd, tmp_path):
    for command in (["train", "--data"], ["data", "fetch"], ["data", "show"]):
        result = mnistgd(*command, "fashion-mnist", *(["--out", tmp_path / "x"] * (command[1] != "fetch")))
        assert (result.code, result.stdout) == (1, "")
        error, hint = result.stderr.splitlines()[-2:]
        assert error.startswith("error: ")
        assert error.endswith("OpenML cannot be reached: connection refused")
        assert hint.startswith("hint: `mnistgd data fetch fashion-mnist` asks OpenML; or put its files into")
    assert mnistgd("data", "fetch", "fashion-mnist", "--offline").code == 1
    assert mnistgd("data", "verify", "fashion-mnist").code == 1
    assert mnistgd("data", "fetch", "fashion").code == 2


def test_what_is_known_of_a_set_before_it_is_fetched(mnistgd):
    described = mnistgd("data", "info", "kuzushiji-mnist", "--json").json
    assert set(described) == KEYS
    assert (described["source"], described["sha256"]) == (None, None)
    assert described["counts"] == {"train": [6000] * 10, "test": [1000] * 10}
    shown = mnistgd("data", "info", "--data", "kuzushiji-mnist").stdout
    assert "not fetched yet: mnistgd data fetch kuzushiji-mnist" in shown
    assert "nothing of Kuzushiji-MNIST" in shown


def test_the_cache_of_a_set_by_name(mnistgd, kuzushiji, tmp_path):
    described = mnistgd("data", "info", "kuzushiji-mnist", "--json").json
    assert (described["source"], described["sha256"]) == ("kuzushiji-mnist", kuzushiji)
    assert mnistgd("data", "verify", "kuzushiji-mnist", "--json").json == described
    assert "Kuzushiji-MNIST: whole, and cached in" in mnistgd("data", "verify", "kuzushiji-mnist").stdout
    out = ("--out", tmp_path / "s.png", "--digit", 3, "--json")
    assert mnistgd("data", "show", "kuzushiji-mnist", *out).json["images"][:2] == [3, 13]
    assert mnistgd("data", "clear", "mnist", "--json").json["freed"] == 0
    assert mnistgd("data", "clear", "kuzushiji-mnist", "--json").json["freed"] > 50_000_000


def test_a_network_finds_its_images_by_their_name(mnistgd, kuzushiji, tmp_path, monkeypatch):
    weights = tmp_path / "w.npz"
    monkeypatch.setenv("MNISTGD_DATA", "kuzushiji-mnist")
    trained = mnistgd("train", "--offline", "--epochs", 1, "--out", weights, "--json").json
    labels = hashlib.sha256(np.tile(np.arange(10, dtype=np.uint8), 7000).tobytes()).hexdigest()
    assert trained["data"] == {"source": "kuzushiji-mnist", "sha256": kuzushiji, "labels_sha256": labels}
    monkeypatch.delenv("MNISTGD_DATA")
    monkeypatch.setenv("MNISTGD_OFFLINE", "1")
    evaluated = mnistgd("evaluate", "--weights", weights, "--json")
    assert (evaluated.code, evaluated.stderr) == (0, "")
    out = ("--out", tmp_path / "why.png")
    assert mnistgd("explain", "--index", 4, "--weights", weights, *out, "--json").json["true_digit"] == 4
    assert mnistgd("verify", weights).code == 0
    mnistgd("data", "clear")
    gone = mnistgd("evaluate", "--weights", weights)
    assert gone.code == 1
    assert "error: Kuzushiji-MNIST is not in the cache, and mnistgd has no copy of" in gone.stderr


# --- data sets of the user's own that are not what they should be ----------------------------------


def idx(array: np.ndarray) -> bytes:
    return (
        bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()
    )


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for split, n in (("train", 30), ("t10k", 10)):
        (tmp_path / f"{split}-images-idx3-ubyte").write_bytes(
            idx(rng.integers(0, 255, (n, 28, 28), np.uint8))
        )
        (tmp_path / f"{split}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(idx(np.arange(n, dtype=np.uint8) % 3))
        )
    return tmp_path


def test_a_folder_of_idx_files_works(mnistgd, folder, tmp_path):
    described = mnistgd("data", "info", "--data", folder, "--json").json
    assert (described["train_images"], described["test_images"], described["names"]) == (
        30,
        10,
        ["0", "1", "2"],
    )
    options = ["--class-names", "cat,dog,hen", "--epochs", 1, "--json", "--out", tmp_path / "w.npz"]
    trained = mnistgd("train", "--data", folder, *options).json
    assert trained["data"].items() >= {"source": str(folder), "sha256": described["sha256"]}.items()
    assert (
        mnistgd("show-weights", "dog", "--weights", tmp_path / "w.npz", "--out", tmp_path / "d.png").code == 0
    )


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"
BAD = {
    "missing": (lambda f: (f / IMAGES).unlink(), "has no train images"),
    "empty": (lambda f: (f / IMAGES).write_bytes(b""), "train-images"),
    "truncated": (lambda f: (f / IMAGES).write_bytes((f / IMAGES).read_bytes()[:-5]), "train-images"),
    "wrong magic": (
        lambda f: (f / IMAGES).write_bytes(b"\x01" + (f / IMAGES).read_bytes()[1:]),
        "train-images",
    ),
    "not 28×28": (lambda f: (f / IMAGES).write_bytes(idx(np.zeros((30, 27, 28), np.uint8))), "28"),
    "label out of range": (
        lambda f: (f / LABELS).write_bytes(gzip.compress(idx(np.full(30, 100, np.uint8)))),
        "not in 0 to 99",
    ),
    "counts differ": (
        lambda f: (f / LABELS).write_bytes(gzip.compress(idx(np.zeros(29, np.uint8)))),
        "30 train images and 29 train labels",
    ),
    "broken gzip": (lambda f: (f / LABELS).write_bytes(b"\x1f\x8b\x08 nothing"), "train-labels"),
    "a folder for a file": (lambda f: ((f / IMAGES).unlink(), (f / IMAGES).mkdir()), "train"),
}


@pytest.mark.parametrize(("spoil", "words"), BAD.values(), ids=BAD)
def test_bad_data(mnistgd, folder, tmp_path, spoil, words):
    spoil(folder)
    result = mnistgd("train", "--data", folder, "--out", tmp_path / "w.npz")
    assert result.code == 1
    assert result.stdout == ""
    error, hint = result.stderr.splitlines()[-2:]
    assert error.startswith("error: ")
    assert words in error
    assert hint.startswith("hint: ")
    assert not (tmp_path / "w.npz").exists()


@pytest.mark.parametrize(
    "labels", ["cat", "cat,cat,dog", "cat,,dog", ",".join(map(str, range(101))), "a\nb,c"]
)
def test_names_that_cannot_be(mnistgd, folder, labels):
    assert mnistgd("train", "--data", folder, "--class-names", labels).code == 2


def test_names_that_do_not_fit_the_data(mnistgd, folder):
    result = mnistgd("train", "--data", folder, "--class-names", "cat,dog")
    assert result.code == 1
    assert "3 classes" in result.stderr


def test_no_such_path(mnistgd):
    result = mnistgd("data", "info", "--data", "no/such/place", "--json")
    assert result.code == 1
    assert result.stdout == ""


def test_json_for_every_part(mnistgd, few):
    for command in (["info", "--data", few], ["info"], ["fetch", "--offline"], ["verify"], ["clear"]):
        result = mnistgd("data", *command, "--json")
        assert result.code == 0
        assert json.loads(result.stdout)
