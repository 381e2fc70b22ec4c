"""Images that are read in a way of their own: said once, recorded, and the same for every later command."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistgd.model import weights_file


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_emnist(folder, called, arrays):
    """Four files as EMNIST's: rows and columns exchanged."""
    folder.mkdir()
    for split in ("train", "test"):
        images, labels = (arrays[f"{split}_{part}"] for part in ("images", "labels"))
        (folder / f"emnist-{called}-{split}-images-idx3-ubyte").write_bytes(idx(images.transpose(0, 2, 1)))
        (folder / f"emnist-{called}-{split}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


@pytest.fixture(scope="module")
def digits(mnist):
    return {
        "train_images": mnist.train_images[:10_000],
        "train_labels": mnist.train_labels[:10_000],
        "test_images": mnist.test_images[:1000],
        "test_labels": mnist.test_labels[:1000],
    }


def letter(word, at):
    """A letter as a font draws it, in a place of its own."""
    page = Image.new("L", (28, 28))
    ImageDraw.Draw(page).text((6 + at % 5, 2 + at % 3), word, fill=255, font_size=20)
    return np.asarray(page)


@pytest.fixture
def letters(tmp_path):
    """Labels from 1, of 26 letters."""
    words = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    images = np.stack([letter(word, at) for at in range(8) for word in words])
    labels = np.tile(np.arange(1, 27, dtype=np.uint8), 8)
    half = {"test_images": images[::4], "test_labels": labels[::4]}
    folder = write_emnist(
        tmp_path / "letters", "letters", {"train_images": images, "train_labels": labels, **half}
    )
    lines = [f"{1 + at} {ord(word)} {ord(word.lower())}\n" for at, word in enumerate(words)]
    (folder / "emnist-letters-mapping.txt").write_text("".join(lines))
    return folder


def test_a_drawn_3_is_a_3_to_a_network_that_learned_emnists_digits(mnistgd, digits, tmp_path, helper):
    folder = write_emnist(tmp_path / "emnist", "digits", digits)
    trained = mnistgd("train", "--data", folder, "--epochs", 5, "--json")
    assert trained.json["test_accuracy"] > 0.85
    assert trained.json["data"]["transpose"] is True
    assert "turned upright" in trained.stderr
    hand = helper("handwriting")
    right = 0
    for digit in (3, 7):
        for seed in range(5):
            ink = hand.write(digit, np.random.default_rng(seed))
            Image.fromarray(np.pad(255 - 255 * ink, 30, constant_values=255).astype(np.uint8)).save(
                "drawn.png"
            )
            right += mnistgd("predict", "drawn.png", "--json").json["digit"] == digit
    assert right >= 8
    assert mnistgd("verify").stdout.startswith("identical")


def test_letters_come_out_upright_and_by_their_names(mnistgd, letters):
    told = mnistgd("data", "info", letters, "--json").json
    assert told["names"][:2] == ["Aa", "Bb"]
    assert told["counts"]["train"] == [8] * 26
    assert (
        mnistgd("train", "--data", letters, "--epochs", 60, "--batch-size", 26, "--json").json[
            "test_accuracy"
        ]
        == 1
    )
    with np.load("weights.npz") as file:
        assert file["weights"].shape == (784, 26)
        assert json.loads(str(file["record"]))["format"] == 3
    Image.fromarray(letter("L", 1)).save("L.png")
    assert mnistgd("predict", "L.png", "--as-is", "--json").json["label"] == "Ll"
    assert mnistgd("verify").stdout.startswith("identical")
    assert mnistgd("evaluate", "--json").json["accuracy"] == 1


def test_what_is_recorded_counts_for_every_later_command(mnistgd, digits):
    np.savez("train.npz", x=digits["train_images"][:500], y=digits["train_labels"][:500])
    np.savez("test.npz", x=digits["test_images"], y=digits["test_labels"])
    run = ["train", "--data", "train.npz", "--epochs", 1]
    shared = mnistgd(*run, "--test-share", 0.2, "--out", "shared.npz", "--json").json
    assert shared["data"]["test_share"] == 0.2
    for command in (["verify", "shared.npz"], ["evaluate", "-w", "shared.npz"]):
        result = mnistgd(*command)
        assert result.code == 0
        assert "100 of 500 images set aside to test" in result.stderr
        assert "not those" not in result.stderr
    assert mnistgd("evaluate", "-w", "shared.npz", "--json").json["images"] == 100

    other = mnistgd(*run, "--test-data", "test.npz", "--out", "other.npz", "--json").json
    assert other["data"]["test_data"].endswith("/test.npz")
    assert mnistgd("verify", "other.npz").stdout.startswith("identical")
    assert mnistgd("evaluate", "-w", "other.npz", "--json").json["images"] == 1000
    assert mnistgd("evaluate", "-w", "shared.npz", "--test-data", "test.npz", "--json").code == 1
    # The images of the record, read in another way, are others.
    assert "not those" in mnistgd("evaluate", "-w", "shared.npz", "--test-share", 0.5).stderr


def test_images_that_have_moved_are_named_with_what_they_were_read_with(mnistgd, digits, tmp_path):
    np.savez("a.npz", x=digits["train_images"][:500], y=digits["train_labels"][:500])
    assert mnistgd("train", "--data", "a.npz", "--epochs", 1, "--test-share", 0.2, "--transpose").code == 0
    (tmp_path / "a.npz").rename("b.npz")
    refused = mnistgd("verify", "--data", "b.npz")
    assert refused.code == 1
    assert refused.stderr.splitlines()[-1] == "hint: name them with --data PATH --test-share 0.2 --transpose"
    moved = mnistgd("verify", "--data", "b.npz", "--test-share", 0.2, "--transpose")
    assert moved.stdout.startswith("identical")


def test_a_run_goes_on_with_images_read_in_the_same_way(mnistgd, digits):
    np.savez("a.npz", x=digits["train_images"][:500], y=digits["train_labels"][:500])
    run = ["train", "--data", "a.npz", "--test-share", 0.2, "--transpose"]
    assert mnistgd(*run, "--epochs", 2, "--checkpoint", "c.npz").code == 0
    result = mnistgd("train", "--resume", "c.npz", "--out", "again.npz")
    assert result.code == 0, result.stderr
    first, again = (weights_file.load(Path(name)).record["data"] for name in ("weights.npz", "again.npz"))
    assert again == first
    assert again["transpose"] is True


def test_classes_are_known_by_their_names(mnistgd, digits):
    names = np.array(["zero", "one", "two", "three"])
    small = {split: digits[f"{split}_labels"] < 4 for split in ("train", "test")}
    arrays = {f"{split}_images": digits[f"{split}_images"][chosen] for split, chosen in small.items()}
    words = {f"{split}_labels": names[digits[f"{split}_labels"][chosen]] for split, chosen in small.items()}
    np.savez("words.npz", **arrays, **words)
    assert mnistgd("train", "--data", "words.npz", "--epochs", 3).code == 0
    # Fewer of them are numbered otherwise, if one looks at them alone.
    odd = np.isin(words["test_labels"], ["two", "zero"])
    np.savez("two.npz", train_images=arrays["test_images"][odd], train_labels=words["test_labels"][odd])
    found = mnistgd("evaluate", "--data", "two.npz", "--split", "train", "--json").json
    assert found["accuracy"] > 0.9
    assert [each["images"] > 0 for each in found["per_digit"]] == [False, False, True, True]
    np.savez("new.npz", train_images=arrays["test_images"][:2], train_labels=["four", "five"])
    refused = mnistgd("evaluate", "--data", "new.npz")
    assert (refused.code, "has 2 classes, and this network knows 4" in refused.stderr) == (1, True)


def test_only_some_digits_of_mnist(mnistgd, digits):
    assert mnistgd("train", "--data", "mnist", "--offline", "--epochs", 1).code == 0
    chosen = np.isin(digits["test_labels"], [3, 8])
    np.savez("some.npz", x=digits["test_images"][chosen], y=digits["test_labels"][chosen])
    found = mnistgd("evaluate", "--data", "some.npz", "--split", "train", "--json").json
    assert found["accuracy"] > 0.8


def test_info_says_what_the_files_held_and_what_was_made_of_it(mnistgd, digits):
    np.savez("a.npz", x=digits["train_images"][:700] / np.float32(255), y=digits["train_labels"][:700])
    result = mnistgd("data", "info", "a.npz", "--transpose")
    lines = result.stdout.splitlines()
    assert "read as       an .npz file: float32, 700×28×28, from 0 to 1" in lines
    assert "changed       pixels from 0 to 1 are taken times 255" in lines
    assert "changed       images that lay on their side are turned upright (else --no-transpose)" in lines
    assert "changed       100 of 700 images set aside to test" in lines
    rows = [line.split() for line in lines[lines.index("class  train  test") + 1 :]]
    assert [name for name, *_ in rows] == list("0123456789")
    assert sum(int(count) for _, *counts in rows for count in counts) == 700
    assert mnistgd("data", "show", "a.npz", "--out", "sheet.png", "--digit", 3).code == 0


def test_counts_of_mnist_are_known_before_it_is_read(mnistgd, mnist):
    counts = mnistgd("data", "info", "--json").json["counts"]
    for split in ("train", "test"):
        assert counts[split] == np.bincount(mnist.split(split)[1]).tolist()


def test_classes_that_were_renamed_keep_their_numbers(mnistgd, digits):
    np.savez("a.npz", x=digits["train_images"][:2000], y=digits["train_labels"][:2000])
    backwards = ",".join("9876543210")
    trained = mnistgd("train", "--data", "a.npz", "--epochs", 3, "--class-names", backwards, "--json").json
    assert trained["test_accuracy"] > 0.8
    assert mnistgd("evaluate", "--json").json["accuracy"] == trained["test_accuracy"]
    np.savez("b.npz", x=digits["test_images"], y=digits["test_labels"])
    assert mnistgd("evaluate", "--data", "b.npz", "--json").json["accuracy"] > 0.8


def test_other_names_of_as_many_classes_are_told(mnistgd, digits):
    for name, words in (("a.npz", "kl"), ("b.npz", "mn")):
        labels = np.array(list(words))[digits["train_labels"][:500] % 2]
        np.savez(name, x=digits["train_images"][:500], y=labels)
    assert mnistgd("train", "--data", "a.npz", "--epochs", 1).code == 0
    np.savez(
        "b.npz",
        x=digits["train_images"][500:600],
        y=np.array(list("mn"))[digits["train_labels"][500:600] % 2],
    )
    told = mnistgd("evaluate", "--data", "b.npz").stderr
    assert "the classes m, n are taken for k, l" in told
    assert "the classes" not in mnistgd("evaluate").stderr


X, Y = np.arange(10 * 784, dtype=np.uint32).astype(np.uint8).reshape(10, 28, 28), np.arange(10)
BAD = {
    "NaN": ({"x": X / 255 + np.where(X == 7, np.nan, 0), "y": Y}, "no finite number, in image 0"),
    "negative pixels": ({"x": X - 3.5, "y": Y}, "lie in -3.5 to 251.5"),
    "unequal counts": ({"x": X, "y": Y[1:]}, "10 train images and 9 train labels"),
    "one class only": ({"x": X, "y": Y * 0 + 4}, "every label in"),
    "an empty test part": ({"x": X, "y": Y, "x_test": X[:0], "y_test": Y[:0]}, "promises 0 entries"),
    "a label without images": ({"x": X, "y": Y, "y_test": Y}, "has no array test_images, to go with y_test"),
    "a single image": ({"x": X[:1], "y": Y[:1]}, "every label in"),
    "colours": ({"x": np.stack([X, X, X // 2], 3), "y": Y}, "in colour (RGB)"),
    "only a test part": ({"x_test": X, "y_test": Y}, "holds nothing but images to test"),
    "pixels that are words": ({"x": X.astype(str), "y": Y}, "not numbers"),
}


@pytest.mark.parametrize(("arrays", "words"), BAD.values(), ids=BAD)
def test_bad_files_are_told_in_one_line_and_leave_nothing(mnistgd, tmp_path, arrays, words):
    np.savez("set.npz", **arrays)
    for command in (["data", "info", "set.npz"], ["train", "--data", "set.npz"]):
        result = mnistgd(*command)
        assert (result.code, result.stdout) == (1, "")
        error, hint = result.stderr.splitlines()[-2:]
        assert error.startswith("error: ")
        assert words in error
        assert hint.startswith("hint: ")
    assert [path.name for path in tmp_path.iterdir()] == ["set.npz"]
    assert not Path(os.environ["MNISTGD_CACHE"]).exists()


def test_other_labels_of_the_same_images_are_others(mnistgd, digits):
    arrays = {"x": digits["train_images"][:500], "x_test": digits["train_images"][500:600]}
    labels = digits["train_labels"][:600]
    np.savez("a.npz", **arrays, y=labels[:500], y_test=labels[500:])
    run = ["train", "--data", "a.npz", "--epochs", 2, "--checkpoint", "run.npz"]
    assert mnistgd(*run).code == 0
    assert "are not those" not in mnistgd("evaluate").stderr
    np.savez("a.npz", **arrays, y=labels[:500], y_test=np.roll(labels[500:], 1))
    assert "the labels of these images" in (said := mnistgd("evaluate").stderr)
    assert "are not those that the network was trained and tested on" in said
    refused = mnistgd("verify")
    assert (refused.code, "other labels, than these" in refused.stderr) == (1, True)
    refused = mnistgd("train", "--resume", "run.npz")
    assert (refused.code, "images or labels of" in refused.stderr) == (1, True)

    # Older files say nothing of the labels.
    model = weights_file.load(Path("weights.npz"))
    del model.record["data"]["labels_sha256"]
    weights_file.save(model, Path("weights.npz"))
    assert "are not those" not in mnistgd("evaluate").stderr
    assert mnistgd("verify").stdout.startswith("identical")


def test_a_network_of_before_knows_the_numbers_of_classes_without_a_0(mnistgd, digits):
    """Its file has a class 0 that no image showed; such labels are numbered from 0 now."""
    chosen = digits["train_labels"][:2000] > 0
    images, labels = digits["train_images"][:2000][chosen], digits["train_labels"][:2000][chosen]
    np.savez("a.npz", x=images, y=labels, x_test=images[:500], y_test=labels[:500])
    plain = {"x": images, "y": labels, "x_test": images[:501], "y_test": np.r_[labels[:500], 0]}
    np.savez("b.npz", **plain)
    assert mnistgd("train", "--data", "b.npz", "--epochs", 3).code == 0
    model = weights_file.load(Path("weights.npz"))
    sha256 = mnistgd("data", "info", "a.npz", "--json").json["sha256"]
    model.record["data"].update(source=str(Path("a.npz").absolute()), sha256=sha256)
    del model.record["data"]["labels_sha256"]
    weights_file.save(model, Path("weights.npz"))
    assert mnistgd("evaluate", "--json").json["accuracy"] > 0.8
    assert mnistgd("verify").stdout.startswith("identical")
