"""No command writes over what it reads, nor two things to one file, whatever the file is called."""

import os
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

# (command, the option that is wrong, the file that would be lost). The files are made below.
OVER = [
    ("show-weights 2 --weights w.npz --out w.npz", "--out w.npz", "w.npz"),
    ("show-weights all --weights w.npz --out ./w.npz", "--out ./w.npz", "w.npz"),
    ("show-weights --weights link.npz --out w.npz", "--out w.npz", "link.npz"),
    ("show-weights --weights w.npz --out link.npz", "--out link.npz", "w.npz"),
    ("show-weights --weights w.npz --out hard.npz", "--out hard.npz", "w.npz"),
    ("show-weights 1 2 --weights sub/weights-2.png --out sub", "--out sub/weights-2.png", "sub/weights-2.png"),
    ("show-weights 1 2 --weights sub/weights-2.png --out away", "--out away/weights-2.png", "sub/weights-2.png"),
    ("compare w.npz other-w.npz --font few.npz --out few.npz", "--out", "few.npz"),
    ("evaluate --weights w.npz --confusion w.npz", "--confusion", "w.npz"),
    ("evaluate --weights w.npz --mistakes sub/../w.npz", "--mistakes", "w.npz"),
    ("evaluate --weights w.npz --data other --confusion other", "--confusion", "other"),
    ("evaluate --weights w.npz --mistakes few", "--mistakes", "{place}/few"),  # which w.npz records
    ("predict digit.png --weights w.npz --saw digit.png", "--saw digit.png", "digit.png"),
    ("predict digit.png --weights w.npz --saw w.npz", "--saw w.npz", "w.npz"),
    ("predict sub/digit.png sub/digit-saw.png -w w.npz --saw sub", "--saw sub/digit-saw.png", "sub/digit-saw.png"),
    ("predict --index 1 --weights w.npz --saw few", "--saw few", "{place}/few"),
    ("predict test.csv --weights w.npz --out test.csv", "--out", "test.csv"),
    ("predict test.csv --weights other-w --out other-w", "--out", "other-w"),
    ("export --to json --weights other-w --out other-w", "--out", "other-w"),
    ("import w.npz --mean 0 --std 1 --out link.npz", "--out", "w.npz"),
    ("draw --weights w.npz --out w.npz", "--out", "w.npz"),
    ("report --weights w.npz --out w.npz", "--out", "w.npz"),
    ("explain digit.png --weights w.npz --out digit.png", "--out digit.png", "digit.png"),
    ("explain digit.png --weights w.npz --out w.npz", "--out w.npz", "w.npz"),
    ("explain --index 1 --weights w.npz --data other --out other", "--out other", "other"),
    ("compare w.npz w.npz --out w.npz", "--out", "w.npz"),
    ("compare w.npz other-w.npz -o link.npz", "--out", "w.npz"),
    ("compare other-w.npz w.npz -o w.npz", "--out", "w.npz"),
    ("animate --weights w.gif --out w.gif", "--out", "w.gif"),
    ("animate --weights w.gif --out frames.gif", "--out", "w.gif.frames.npz"),
    ("curves l.jsonl --out l.jsonl", "--out", "l.jsonl"),
    ("curves l.jsonl more.jsonl --out more.jsonl", "--out", "more.jsonl"),
    ("data show --data few.npz --out few.npz", "--out", "few.npz"),
    ("train --data few.npz --out few.npz", "--out", "few.npz"),
    ("lesson dot-product --weights w.npz --plot w.npz", "--plot", "w.npz"),
    ("lesson overfitting --data few.npz --plot few.npz", "--plot", "few.npz"),
    ("lesson dot-product --weights w.npz --data few.npz --plot few.npz", "--plot", "few.npz"),
]  # fmt: skip

# (command, the two options that name one file)
TWICE = [
    ("evaluate --weights w.npz --confusion new.png --mistakes new.png", "--confusion and --mistakes"),
    ("evaluate --weights w.npz --confusion dangling --mistakes new", "--confusion and --mistakes"),
    ("show-weights 1 2 --weights w.npz --out linked", "--out linked/weights-1.png and --out linked/weights-2.png"),
    ("train --data few.npz --out w.npz --checkpoint hard.npz", "--out and --checkpoint"),
    ("train --data few.npz --out new --log dangling", "--out and --log"),
    ("train --data few.npz --out new --log sub/../new", "--out and --log"),
    ("train --data few.npz --log new --checkpoint ./new", "--checkpoint and --log"),
    ("train --data few.npz --out new.npz --frames 3 --log new.frames.npz", "--log and --frames"),
    ("train --data few.npz --out new.npz --cluster local:1 --log new.checkpoint.npz", "--cluster and --log"),
]  # fmt: skip

# What looks like it and is allowed.
ALLOWED = [
    "compare w.npz w.npz",
    "compare w.npz link.npz --out new.png",
    "curves l.jsonl l.jsonl --out new.png",
    "predict digit.png digit.png --weights w.npz --saw sub",
    "data show --data few.npz --out new.png",
    "data show --data mnist --offline --out mnist",
    "evaluate --weights w.npz --data other.npz --confusion new.png --mistakes more.png",
]


@pytest.fixture(scope="module")
def made(few, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    for name in ("few.npz", "few", "other.npz", "other"):  # without an ending it could be a picture's name
        (folder / name).write_bytes(few.read_bytes())
    with np.load(few) as file:
        picture = Image.fromarray(255 - file["test_images"][0]).resize((112, 112))
    options = ["--data", "few.npz", "--epochs", "1", "--quiet", "--out", "w.npz", "--frames", "2"]
    command = [sys.executable, "-m", "mnistgd", "train", *options, "--log", "l.jsonl"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for name in ("sub", "away", "linked"):
        (folder / name).mkdir()
    for name in ("w.gif", "other-w.npz", "other-w", "sub/weights-2.png"):
        shutil.copy(folder / "w.npz", folder / name)
    (folder / "w.frames.npz").rename(folder / "w.gif.frames.npz")
    shutil.copy(folder / "l.jsonl", folder / "more.jsonl")
    (folder / "test.csv").write_text(f"{','.join(['0'] * 784)}\n")
    for name in ("digit.png", "sub/digit.png", "sub/digit-saw.png"):
        picture.save(folder / name)
    return folder


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """A copy for each test, so that what one of them loses the next has; with links into it."""
    place = tmp_path / "place"
    shutil.copytree(made, place)
    # Its network is told where its images are now.
    from mnistgd.model import weights_file

    for name in ("w.npz", "w.gif"):
        model = weights_file.load(place / name)
        model.record["data"]["source"] = str(place / "few")
        weights_file.save(model, place / name)
    for link, target in (
        ("link.npz", "w.npz"),
        ("dangling", "new"),
        ("frames.gif", "w.gif.frames.npz"),
        ("away/weights-2.png", "../sub/weights-2.png"),
        ("linked/weights-2.png", "weights-1.png"),
    ):
        (place / link).symlink_to(target)
    os.link(place / "w.npz", place / "hard.npz")
    monkeypatch.chdir(place)
    return place


def content(place):
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("command", "option", "lost"), OVER, ids=[command for command, *_ in OVER])
def test_what_is_read_is_not_written_over(mnistgd, place, command, option, lost):
    before = content(place)
    result = mnistgd(*shlex.split(command))
    assert (result.code, result.stdout) == (2, ""), result.stderr
    assert result.stderr.splitlines() == [
        f"error: {option} would write over {lost.format(place=place)}, which is read",
        "hint: name another file to write",
    ]
    assert content(place) == before


@pytest.mark.parametrize(("command", "options"), TWICE, ids=[command for command, _ in TWICE])
def test_no_file_is_written_twice(mnistgd, place, command, options):
    before = content(place)
    result = mnistgd(*shlex.split(command))
    assert (result.code, result.stdout) == (2, ""), result.stderr
    assert result.stderr.splitlines() == [
        f"error: {options} name the same file",
        "hint: give each a file of its own",
    ]
    assert content(place) == before


@pytest.mark.parametrize("command", ALLOWED)
def test_what_is_read_may_be_named_twice(mnistgd, place, command):
    assert mnistgd(*shlex.split(command)).code == 0
    # As is a result that is there from the last time.
    assert mnistgd(*shlex.split(command)).code == 0


def test_stdin_and_stdout_are_two_things(place):
    """``-`` is what is read in one place, and where the result goes in the other."""
    command = [sys.executable, "-m", "mnistgd", "curves", "-", "--out", "-"]
    history = (place / "l.jsonl").read_bytes()
    done = subprocess.run(command, input=history, capture_output=True, check=True)
    assert done.stdout.startswith(b"\x89PNG")


def test_the_table_is_about_every_option_that_names_what_is_written():
    import typer

    from mnistgd.cli.app import app

    rows = [command.split() for command, *_ in OVER]
    commands = {(name,): command for name, command in typer.main.get_command(app).commands.items()}
    del commands["train",]  # whose files have tests of their own
    del commands["sweep",]  # whose folder is empty, or is made
    for name, group in list(commands.items()):
        commands |= {(*name, sub): command for sub, command in getattr(group, "commands", {}).items()}
    written = [
        (name, parameter.opts)
        for name, command in commands.items()
        for parameter in command.params
        if parameter.name in {"out", "confusion", "mistakes", "saw"}
    ]
    assert len(written) == 14
    for name, spellings in written:
        assert any(tuple(row[: len(name)]) == name and {*spellings} & {*row} for row in rows), name
