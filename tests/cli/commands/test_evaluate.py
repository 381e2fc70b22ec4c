"""``mnistgd evaluate``: its tables and captions, for digits and for classes of any name."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistgd.cli.tables import abreast, confusion_table, table
from mnistgd.figures.columns import text_columns
from mnistgd.model import weights_file

CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
LONG = tuple(f"{digit} is a class with a name of forty signs"[:40] for digit in range(10))
WIDE = ("コート", "シャツ", *"cdefghij")
COUNTS = np.where(np.eye(10, dtype=bool), 6000, np.arange(100).reshape(10, 10) % 40)


@pytest.fixture
def trained(mnistgd, few, tmp_path, monkeypatch):
    """A network for each naming of the ten classes."""
    monkeypatch.chdir(tmp_path)

    def train(names):
        options = ("--class-names", ",".join(names)) if names else ()
        assert mnistgd("train", "--data", few, "--epochs", 1, "--quiet", *options).code == 0

    return train


@pytest.mark.parametrize("names", ["0123456789", CLOTHES, LONG, WIDE, ("yes", "no"), ("a" * 40, "b" * 40)])
def test_the_confusion_table_is_square_and_fits(names):
    title, heads, *rows = confusion_table(COUNTS[: len(names), : len(names)], names)
    ends = {text_columns(line) for line in (heads, *rows)}
    assert len(ends) == 1
    assert ends.pop() <= 80
    assert len(title) <= 80
    assert ("digit" in title) == (names == "0123456789")
    for row, counts in zip(rows, COUNTS, strict=False):
        shown = row.split()[-len(names) :]
        assert [0 if count == "·" else int(count) for count in shown] == counts[: len(names)].tolist()


@pytest.mark.parametrize("names", ["0123456789", ("yes", "no"), ("zero", "one", "two"), WIDE])
def test_names_that_fit_head_the_columns(names):
    title, heads, *rows = confusion_table(COUNTS[: len(names), : len(names)], names)
    assert heads.split() == list(names)
    assert [row.split()[0] for row in rows] == list(names)
    assert "number" not in title


@pytest.mark.parametrize("names", [CLOTHES, LONG])
def test_where_they_do_not_all_columns_have_numbers_and_so_have_the_rows(names):
    title, heads, *rows = confusion_table(COUNTS, names)
    assert heads.split() == list("0123456789")
    assert [row.split()[0] for row in rows] == list("0123456789")
    assert all(name[:15] in row for name, row in zip(names, rows, strict=True))
    assert "by their numbers" in title


def test_clothes_are_no_digits(mnistgd, trained):
    trained(CLOTHES)
    shown = mnistgd("evaluate").stdout
    assert "digit" not in shown
    assert shown.splitlines()[3] == "      class  images  precision  recall"
    trained(None)
    assert mnistgd("evaluate").stdout.splitlines()[3] == "digit  images  precision  recall"


def test_the_mistakes_of_long_names_in_the_terminal(on_terminal, few):
    assert (
        on_terminal("train", "--data", few, "--epochs", 1, "--class-names", ",".join(CLOTHES), "--quiet").code
        == 0
    )
    shown = on_terminal("evaluate", columns=30, lines=80, env={"NO_COLOR": "1"}).stdout
    captions = [line.strip() for line in shown.splitlines() if " > " in line]
    assert captions
    assert all(re.search(r", \d+%$", caption) for caption in captions)


@pytest.mark.parametrize("option", ["--confusion", "--mistakes"])
def test_errors_name_the_option_that_was_given(mnistgd, trained, option):
    trained(None)
    result = mnistgd("evaluate", option, "-", "--json")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == f"error: {option} - and --json both want stdout"


def test_pictures_of_named_classes(mnistgd, trained, tmp_path):
    trained(LONG)
    assert mnistgd("evaluate", "--confusion", "c.png", "--mistakes", "m.png").code == 0
    for name in ("c.png", "m.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 800


@pytest.mark.parametrize("split", ["test", "train"])
def test_the_most_confident_mistakes_are_those_that_numpy_finds(mnistgd, trained, few, tmp_path, split):
    trained(CLOTHES)
    with np.load(few) as file:
        images, labels = file[f"{split}_images"], file[f"{split}_labels"]
    logits = weights_file.load(tmp_path / "weights.npz").outputs(images).astype(float)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answers = logits.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    wrong = wrong[np.argsort(-probabilities.max(axis=1)[wrong], kind="stable")]
    document = mnistgd("evaluate", "--split", split, "--json").json
    assert [each["index"] for each in document["mistakes"]] == wrong[:40].tolist()
    for each in document["mistakes"]:
        k = each["index"]
        assert (each["true_digit"], each["digit"]) == (labels[k], answers[k])
        assert each["probability"] == pytest.approx(probabilities[k].max())
    for most in (3, 10_000):
        shorter = mnistgd("evaluate", "--split", split, "--json", "--most", most).json
        assert [each["index"] for each in shorter["mistakes"]] == wrong[:most].tolist()


@pytest.mark.parametrize(
    "options",
    [(), ("--split", "train"), ("--weights", "my weights.npz"), ("--data", "other.npz", "--split", "train")],
)
def test_from_a_mistake_to_its_explanation_in_one_step(mnistgd, trained, few, tmp_path, options):
    """The command that is shown, as it stands, explains the first of the list."""
    trained(None)
    (tmp_path / "my weights.npz").write_bytes((tmp_path / "weights.npz").read_bytes())
    with np.load(few) as file:
        np.savez("other.npz", **{name: array[::-1] for name, array in file.items()})
    last = mnistgd("evaluate", *options).stdout.splitlines()[-1]
    words = shlex.split(last.removeprefix("why the surest mistake: mnistgd "))
    first = mnistgd("evaluate", *options, "--json").json["mistakes"][0]
    explained = mnistgd(*words, "--json").json
    assert explained["image"] == f"{'train' if '--split' in options else 'test'} image {first['index']}"
    assert (explained["digit"], explained["true_digit"]) == (first["digit"], first["true_digit"])
    assert explained["right"] is False
    sure = max(digit["probability"] for digit in explained["digits"])
    assert sure == pytest.approx(first["probability"])


@pytest.mark.parametrize("place", ["-", "/dev/stdin"])
def test_no_way_on_where_a_pipe_held_the_network(trained, tmp_path, place):
    if place != "-" and not Path(place).exists():
        pytest.skip("no such device here")
    trained(None)
    command = [sys.executable, "-m", "mnistgd", "evaluate", "--weights", place]
    content = (tmp_path / "weights.npz").read_bytes()
    done = subprocess.run(command, input=content, capture_output=True, check=True)
    assert b"confusion" in done.stdout
    assert b"explain" not in done.stdout


def test_no_way_on_where_there_is_no_mistake(shell, few, tmp_path):
    with np.load(few) as file:
        easy = file["train_labels"] < 2
        images, labels = file["train_images"][easy][:4], file["train_labels"][easy][:4]
    np.savez(
        tmp_path / "easy.npz",
        train_images=images,
        train_labels=labels,
        test_images=images,
        test_labels=labels,
    )
    assert shell("train", "--data", "easy.npz", "--epochs", 50, "--quiet").code == 0
    assert shell("evaluate", "--json").json["mistakes"] == []
    assert "explain" not in shell("evaluate").stdout


def test_the_sheet_has_as_many_as_are_asked_for(mnistgd, trained, tmp_path):
    trained(None)
    heights = []
    for most in (8, 9, 16, 17):
        assert mnistgd("evaluate", "--mistakes", "m.png", "--most", most).code == 0
        with Image.open(tmp_path / "m.png") as picture:
            heights.append(picture.height)
    assert heights[0] < heights[1] == heights[2] < heights[3]


@pytest.mark.parametrize("n", [15, 26, 47, 62, 100])
def test_of_many_classes_the_most_frequent_confusions_are_listed(n):
    counts = np.random.default_rng(n).integers(0, 2000, (n, n))
    names = [f"class {k}" for k in range(n)] if n < 100 else [f"{k} {'コ' * 30}" for k in range(n)]
    title, head, *rows, rest = confusion_table(counts, names)
    assert head.split() == ["true", "answer", "images", "of", "its", "class"]
    assert max(map(text_columns, (title, head, *rows, rest))) <= 80
    pairs = sorted((-counts[i, j], i, j) for i in range(n) for j in range(n) if i != j and counts[i, j])
    assert rest.startswith(f"and {len(pairs) - 20:,} more pairs")
    for row, (less, i, j) in zip(rows, pairs, strict=False):
        found = re.fullmatch(r"(?:class )?(\d+)\D+(\d+)\D*? ([\d,]+) +([\d.]+)%", row)
        assert (int(found[1]), int(found[2]), found[3]) == (i, j, f"{-less:,}")
        assert float(found[4]) == pytest.approx(-100 * less / counts[i].sum(), abs=0.051)


def test_many_classes_without_a_mistake():
    assert confusion_table(np.eye(62, dtype=int), [f"{k}" for k in range(62)]) == ["confusion: none"]


@pytest.mark.parametrize("n", [10, 20, 21, 26, 47, 62, 100])
@pytest.mark.parametrize("name", ["{}", "class {}", "a class of more letters {}", "コート {}"])
def test_rows_of_a_long_table_stand_beside_each_other_and_none_is_lost(n, name):
    names = [name.format(k) for k in range(n)]
    lines = table([["class", "images"], *([each, f"{1000 + k}"] for k, each in enumerate(names))], "<>")
    shown = abreast(lines)
    assert max(map(text_columns, shown)) <= 80
    assert sorted(re.findall(r"1\d{3}\b", " ".join(shown))) == [f"{1000 + k}" for k in range(n)]
    assert (shown == lines) == (n <= 20)
