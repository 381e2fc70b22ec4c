"""How commands end: what they write, and what they then say of it."""

import dataclasses

import numpy as np
import pytest

from mnistgd.model import weights_file
from mnistgd.model.model import Model


@pytest.fixture
def here(mnistgd, few, tmp_path, monkeypatch):
    """A folder with a network."""
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--epochs", 1, "--frames", 2, "--quiet").code == 0
    return tmp_path


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("train --data {few} --epochs 1 --quiet --frames 2", "weights        two\\nlines"),
        ("show-weights 2", "two\\nlines"),
        ("data show --data {few}", "two\\nlines"),
        ("explain --index 0", "two\\nlines"),
        ("compare weights.npz weights.npz", "two\\nlines"),
    ],
)
def test_the_name_of_a_file_is_one_line(mnistgd, few, here, command, line):
    """With its control characters written out."""
    words = [word.format(few=few) for word in command.split()]
    plain, odd = (mnistgd(*words, "--out", name).stdout for name in ("plain", "two\nlines"))
    assert line in odd.splitlines()
    assert len(odd.splitlines()) == len(plain.splitlines())
    assert (here / "two\nlines").exists()


def test_a_class_that_is_named_twice_is_drawn_once(mnistgd, here):
    assert mnistgd("show-weights", 2, "2", 3, "--out", ".").stdout == "weights-2.png\nweights-3.png\n"
    model = weights_file.load(here / "weights.npz")
    named = Model(model.params, model.settings, ("one", *model.class_names[1:]), model.record)
    named.record["names"][0] = "one"
    weights_file.save(named, here / "named.npz")
    assert mnistgd("show-weights", 0, "one", "--weights", "named.npz").stdout == "weights-0.png\n"


def test_of_two_answers_alike_the_first_is_given(mnistgd, here):
    """As evaluate and explain count it."""
    model = weights_file.load(here / "weights.npz")
    blank = {name: np.zeros_like(array) for name, array in model.params.items()}
    weights_file.save(Model(blank, model.settings, model.class_names, model.record), here / "blank.npz")
    found = mnistgd("predict", "--index", 0, "--weights", "blank.npz", "--json").json
    assert (found["digit"], found["runner_up"]["digit"]) == (0, 1)
    assert mnistgd("explain", "--index", 0, "--weights", "blank.npz", "--json").json["digit"] == 0


def test_all_commands_give_one_answer_where_two_seem_certain(mnistgd, few, here):
    """Outputs above 1 of a network without softmax are all as probable; the largest is the answer."""
    model = weights_file.load(here / "weights.npz")
    params = {name: np.zeros_like(array) for name, array in model.params.items()}
    params["bias"][[3, 7]] = 1.25, 1.5
    settings = dataclasses.replace(model.settings, loss="squared-error")
    weights_file.save(Model(params, settings, model.class_names, model.record), here / "sure.npz")
    options = ("--weights", "sure.npz", "--json")
    for command in ("predict", "explain"):
        assert mnistgd(command, "--index", 0, *options).json["digit"] == 7
    document = mnistgd("evaluate", *options, "--most", 200).json
    with np.load(few) as file:
        others = np.flatnonzero(file["test_labels"] != 7)
    assert document["accuracy"] == 1 - len(others) / 200
    assert [each["index"] for each in document["mistakes"]] == others.tolist()
    assert {each["digit"] for each in document["mistakes"]} == {7}


def test_nothing_is_written_where_one_of_two_pictures_cannot_be_made(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with np.load(few) as file:
        arrays = dict(file)
    only = {name: array[arrays[name.replace("images", "labels")] < 2][:4] for name, array in arrays.items()}
    np.savez("easy.npz", **only | {"test_images": only["train_images"], "test_labels": only["train_labels"]})
    assert mnistgd("train", "--data", "easy.npz", "--epochs", 50, "--quiet").code == 0
    result = mnistgd("evaluate", "--confusion", "c.png", "--mistakes", "m.png")
    assert (result.code, result.stdout) == (1, "")
    assert "there is no mistake to draw" in result.stderr
    assert not (tmp_path / "c.png").exists()


def test_in_a_terminal_the_drawing_is_between_the_lines_and_the_name_of_the_file(on_terminal, few):
    assert on_terminal("train", "--data", few, "--epochs", 1, "--quiet", terminals=()).code == 0
    shown = on_terminal("explain", "--index", 0).stdout
    assert shown.index("probability") < shown.index("▀") < shown.index("explain.png")
