"""A hint may be pasted into a shell, whatever the files and the words that it repeats are called."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mnistgd.cli.console import LONGEST
from mnistgd.datasets.named import MNIST
from mnistgd.datasets.openml import download
from mnistgd.model import weights_file
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import build_record

EVIL = "logs; touch pwned #'$(touch pwned)`touch pwned`\"|touch pwned"


def hint_in(result):
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("hint: ")]
    return line.removeprefix("hint: ")


def assert_harmless(hint, folder):
    """Paste it, and each part of it that may be copied alone: nothing runs that a name has brought."""
    assert "pwned" in hint
    for part in (hint, hint.partition(": ")[2] or hint):
        subprocess.run(
            ["sh", "-c", part], cwd=folder, capture_output=True, timeout=20, env={"PATH": "/usr/bin:/bin"}
        )
    assert not list(folder.rglob("pwned"))


def rerecord(path, **changes):
    with np.load(path) as file:
        arrays = dict(file)
    record = json.loads(str(arrays["record"])) | changes
    np.savez(path, **arrays | {"record": np.array(json.dumps(record))})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def weights(folder):
    names = (EVIL[:40], "pwned; touch pwned")
    params = {"weights": np.ones((784, 2), np.float32), "bias": np.zeros(2, np.float32)}
    data = {"source": EVIL, "sha256": "0" * 64}
    record = build_record(Settings(), names, data=data, results={})
    weights_file.save(Model(params, Settings(), names, record), folder / "weights.npz")
    return folder / "weights.npz"


@pytest.mark.parametrize("key", ["out", "log"])
@pytest.mark.parametrize("place", ["/nowhere/", "", "x/", "../"], ids=["elsewhere", "here", "below", "above"])
def test_places_in_a_checkpoint(mnistgd, few, folder, key, place):
    args = ("--data", few, "--epochs", 1, "--checkpoint", "run.npz", "--log", "l.jsonl", "--quiet")
    assert mnistgd("train", *args).code == 0
    rerecord(folder / "run.npz", **{key: f"{place}{EVIL}/w.npz"})
    result = mnistgd("train", "--resume", "run.npz", "--quiet")
    assert result.code == 1
    assert_harmless(hint_in(result), folder)


@pytest.mark.parametrize(
    "args",
    [
        ("train", "--out", f"{EVIL}/w.npz"),
        ("train", "--log", f"{EVIL}/l.jsonl"),
        ("predict", "seven.png", "three.png", "--saw", EVIL),
        ("show-weights", "--out", f"{EVIL}.jpg"),
        ("show-weights", "--out", f"{EVIL}/w.png"),
        ("show-weights", "cat"),
        ("explain", "seven.png", "--against", "cat"),
        ("curves", "l.jsonl", "--out", f"{EVIL}.eps"),
    ],
)
def test_words_of_the_command_line_and_names_of_classes(mnistgd, weights, folder, args):
    result = mnistgd(*args)
    assert result.code in (1, 2)
    assert_harmless(hint_in(result), folder)


def test_the_folder_of_another_cache(folder):
    error = download._other(MNIST, np.zeros((0, 28, 28), np.uint8), 0, Path(EVIL))
    assert_harmless(error.hint, folder)


@pytest.mark.parametrize(
    "args",
    [
        ("show-weights", "--weights", "{}"),
        ("show-weights", "--out", "{}/w.png"),
        ("show-weights", 0, 1, "--out", "{}"),
        ("predict", "{}"),
        ("predict", "{}", "{}"),
        ("evaluate", "--data", "{}"),
        ("curves", "{}"),
        ("train", "--resume", "{}"),
        ("train", "--data", "{}"),
        ("lesson", "{}"),
        ("evaluate",),
        ("compare", "weights.npz", "{}"),
    ],
)
def test_a_long_name_does_not_fill_the_screen(mnistgd, weights, folder, args):
    """Nor is half a name there to be pasted."""
    long = "x" * 100_000
    rerecord(weights, data={"source": long, "sha256": "0" * 64})
    result = mnistgd(*(word.format(long) if isinstance(word, str) else word for word in args))
    assert result.code in (1, 2)
    assert all(len(line) < LONGEST for line in result.stderr.splitlines())
    assert result.stderr.startswith("error: ")
    assert not [line for line in result.stderr.splitlines() if line.startswith("hint: ") and "xxx" in line]
