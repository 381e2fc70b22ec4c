"""Letters: every command with 26, 47 and 62 classes, as EMNIST's sets have."""

import re

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures.columns import text_columns


@pytest.fixture(scope="module", params=[26, 47, 62])
def letters(request, helper, run_forked, tmp_path_factory):
    """A folder with a set of so many classes, two networks that learned it, and what the classes are called."""
    import os

    folder = tmp_path_factory.mktemp("letters")
    names = helper("glyphs").save(folder / "set.npz", request.param)
    for seed, *options in (("0", "--frames", "60"), ("1",)):
        command = ["train", "--data", "set.npz", "--class-names", ",".join(names), "--epochs", "3", "--quiet"]
        done = run_forked(
            [*command, "--seed", seed, "--out", f"{seed}.npz", *options], {**os.environ}, folder
        )
        assert done.returncode == 0, done.stderr
    return folder, names


@pytest.fixture
def ask(letters, mnistgd, monkeypatch, tmp_path):
    """Ask the first network, beside the set, and see that no line is longer than it may be."""
    folder, _ = letters
    monkeypatch.chdir(tmp_path)
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)

    def run(command, *args):
        weights = [] if command in ("compare", "data", "verify", "train") else ["--weights", "0.npz"]
        result = mnistgd(command, *args, *weights)
        assert result.code == 0, result.stderr
        if "--json" not in args:
            assert max(map(text_columns, result.stdout.splitlines())) <= 80
        return result

    return run


def test_evaluate(ask, letters):
    _, names = letters
    n = len(names)
    shown = ask("evaluate").stdout
    found = ask("evaluate", "--confusion", "c.png", "--mistakes", "m.png", "--json").json
    assert np.shape(found["confusion"]) == (n, n)
    assert [each["label"] for each in found["per_digit"]] == list(names)
    table, confusions = shown.split("confusion: ")
    assert sorted(re.findall(r"(\S) +4 +\S+%? +\S+%", table)) == sorted(names)
    assert len(confusions.splitlines()) < 26
    for name in ("c.png", "m.png"):
        with Image.open(name) as picture:
            assert max(picture.size) < 2000


def test_explain(ask, letters):
    _, names = letters
    number, rival = len(names) - 2, names[-1]
    shown = ask("explain", "--index", 0, "--against", rival).stdout
    found = ask("explain", "--index", 0, "--against", len(names) - 1, "--json").json
    assert len(found["digits"]) == len(names)
    assert found["against"]["digit"] == number + 1
    rows = re.findall(r"^ *(\S) .*%$", shown, re.MULTILINE)
    likeliest = sorted(found["digits"], key=lambda each: -each["logit"])
    assert rows[:10] == [each["label"] for each in likeliest[:10]]
    assert {*rows[10:]} == {names[found["true_digit"]], rival} - {*rows[:10]}
    assert f"and {len(names) - len(rows)} less likely classes" in shown


def test_compare(ask):
    shown = ask("compare", "0.npz", "1.npz").stdout
    found = ask("compare", "0.npz", "1.npz", "--json").json
    table = shown.split("correlation of the weights in A and B")[1]
    assert sorted(re.findall(r"(\S) +0\.(\d{3})", table)) == sorted(
        (each["label"], f"{each['correlation']:.3f}"[2:]) for each in found["per_digit"]
    )
    with Image.open("compare.png") as picture:
        assert max(picture.size) < 2100


def test_classes_are_named_or_numbered(ask, letters, mnistgd):
    _, names = letters
    last = len(names) - 1
    for word in (names[-1], str(last)):
        (found,) = ask("show-weights", word, "--json").json["pictures"]
        assert (found["digit"], found["label"], found["file"]) == (last, names[-1], f"weights-{last}.png")
        shown = ask("data", "show", "--data", "set.npz", "--digit", last, "--json").json
        assert shown["digit"] == last
    unknown = mnistgd("show-weights", last + 1, "--weights", "0.npz")
    assert unknown.code == 1
    assert unknown.stderr.splitlines()[1].endswith(f"…, {names[-1]}: {len(names)} in all")
    assert mnistgd("data", "show", "--data", "set.npz", "--digit", last + 1).code == 1


def test_sheets(ask, letters):
    _, names = letters
    ask("show-weights")
    found = ask("data", "show", "--data", "set.npz", "--json").json
    assert len(found["images"]) == 10 * len(names)
    for name in ("weights-all.png", "sheet.png"):
        with Image.open(name) as picture:
            assert max(picture.size) < 2000


@pytest.mark.parametrize("kind", ["gif", "apng"])
def test_an_animation_is_as_small_as_ever(ask, tmp_path, kind):
    ask("animate", "--out", f"a.{kind}")
    assert (tmp_path / f"a.{kind}").stat().st_size < 2_000_000


def test_predict(ask, letters):
    _, names = letters
    found = ask("predict", "--index", 0, "--json").json
    assert found["label"] == names[found["digit"]]
    assert len(found["probabilities"]) == len(names)


def test_verify_and_resume(ask, letters):
    names = ",".join(letters[1])
    assert "the same" in ask("verify", "0.npz").stdout
    options = ("--class-names", names, "--epochs", 2, "--checkpoint", "c.npz", "--out", "again.npz")
    ask("train", "--data", "set.npz", *options)
    ask("train", "--resume", "c.npz")
    assert ask("compare", "again.npz", "0.npz", "--json").json["settings"] == {"epochs": [2, 3]}


def test_live_shows_the_first_where_there_is_no_room_for_all(letters, in_terminal, tmp_path):
    folder, names = letters
    options = ("--epochs", 2, "--live", "--class-names", ",".join(names))
    shown = in_terminal(
        "train",
        "--data",
        folder / "set.npz",
        *options,
        cwd=tmp_path,
        terminals=("stderr",),
        env={"NO_COLOR": "1"},
    ).stderr
    assert "too small" not in shown
    heads = [re.sub(r"\x1b\S*|digit ", " ", line).split() for line in shown.splitlines()]
    assert [*names[:5]] in [line[:5] for line in heads]


@pytest.mark.parametrize("command", ["show-weights -w 0.npz", "compare 0.npz 1.npz", "evaluate -w 0.npz"])
def test_in_a_terminal(letters, in_terminal, tmp_path, command):
    folder, _ = letters
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    result = in_terminal(*command.split(), cwd=tmp_path, columns=130, lines=50, env={"NO_COLOR": "1"})
    assert result.code == 0
    assert max(map(text_columns, result.stdout.splitlines())) <= 130
