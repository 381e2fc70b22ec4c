"""What was typed, and what is said of it: in the words of others, in capitals, as a shell leaves it."""

import contextlib
import os
import shlex
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from mnistgd.cli import meant
from mnistgd.model.fields import setting_fields

CHOICES = "linear, constant, step, exponential, inverse_time, cosine"

# (what was typed, exit code, the line of the error, the line of the hint). The files are made below.
TYPED = [
    # an option by the word of another tool
    ("train --lr 0.5", 2, "No such option: --lr", "say --learning-rate"),
    ("train --LR 0.5", 2, "No such option: --lr", "say --learning-rate"),
    ("train --lr=0.5", 2, "No such option: --lr", "say --learning-rate"),
    ("train --l2 0.1", 2, "No such option: --l2", "say --weight-decay"),
    ("train --wd 0.1", 2, "No such option: --wd", "say --weight-decay"),
    ("train --bs 32", 2, "No such option: --bs", "say --batch-size"),
    ("train --batch 32", 2, "No such option: --batch", "say --batch-size"),
    ("train --epoch 3", 2, "No such option: --epoch", "say --epochs"),
    ("train --iterations 3", 2, "No such option: --iterations", "say --epochs"),
    ("train --output w.npz", 2, "Invalid value for '--output': 'w.npz' is not one of none, sigmoid, tanh", "say --out"),
    ("train --output -", 2, "Invalid value for '--output': '-' is not one of none, sigmoid, tanh", "say --out"),
    ("train --schedule sine", 2, f"Invalid value for '--schedule': 'sine' is not one of {CHOICES}", "mnistgd train --help"),
    ("import x.npz --output w.npz", 2, "Invalid value for '--output': 'w.npz' is not one of 'sigmoid', 'tanh'", "say --out"),
    ("train --random-state 1", 2, "No such option: --random-state", "say --seed"),
    ("train --drop-rate 0.5", 2, "No such option: --drop-rate", "say --dropout"),
    ("train --data-augmentation", 2, "No such option: --data-augmentation", "say --augment"),
    ("train --subset 100", 2, "No such option: --subset", "say --first"),
    ("train --verbose", 2, "No such option: --verbose", "mnistgd --debug train"),
    ("train -v", 2, "No such option: -v", "mnistgd --debug train"),
    ("lesson toes -v", 2, "No such option: -v", "mnistgd --debug lesson toes"),
    ("lesson toes --epochs 3", 2, "No such option: --epochs", "say --iterations"),
    ("lesson xor --lr 1", 2, "No such option: --lr", "say --learning-rate"),
    ("lesson toes --output x.png", 2, "No such option: --output", "say --plot"),
    ("predict --output x.png", 2, "No such option: --output", "say --out"),
    ("evaluate --csv", 2, "No such option: --csv", "say --json: mnistgd evaluate --json | jq"),
    ("data info --csv", 2, "No such option: --csv", "say --json: mnistgd data info --json | jq"),
    ("evaluate --file w.npz", 2, "No such option: --file", "say --weights"),
    ("evaluate --model w.npz", 2, "No such option: --model", "say --weights"),
    ("predict --file digit.png", 2, "No such option: --file", "name it without --file"),
    ("show-weights --digit 3", 2, "No such option: --digit", "name it without --digit"),
    ("show-weights --cmap gray", 2, "No such option: --cmap", "say --palette"),
    ("show-weights --steps 5", 2, "No such option: --steps", "say --step"),
    ("show-weights --snapshot 5", 2, "No such option: --snapshot", "say --step"),
    ("sweep --n-jobs 2", 2, "No such option: --n-jobs", "say --jobs"),
    ("sweep --lr 1,2", 2, "No such option: --lr", "say --learning-rate"),
    ("sweep --no-bias", 2, "No such option: --no-bias", "say --bias no"),
    ("sweep --deskew --out s", 2, "Invalid value for '--deskew': '--out' is neither yes nor no", "say --deskew yes, or no, or both: --deskew yes,no"),
    ("sweep --deskew", 2, "Option '--deskew' requires an argument", "mnistgd sweep --help"),
    # a value by the word of a book, or of another tool
    ("train --loss quadratic", 2, "Invalid value for '--loss': 'quadratic' is not one of cross-entropy, squared-error", "say --loss squared-error"),
    ("train --output softmax", 2, "Invalid value for '--output': 'softmax' is not one of none, sigmoid, tanh", "say --loss cross-entropy"),
    ("train --output relu", 2, "Invalid value for '--output': 'relu' is not one of none, sigmoid, tanh", "mnistgd train --help"),
    ("train --init Gaussian", 2, "Invalid value for '--init': 'Gaussian' is not one of zeros, uniform, glorot_uniform, normal", "say --init normal"),
    ("lesson --book", 2, "Option '--book' requires an argument", "mnistgd lesson --help"),
    ("sweep --trials 5", 2, "No such option: --trials", "say --random"),
    ("train --steps 5", 2, "No such option: --steps", "say --epochs"),
    ("train --snapshots 5", 2, "No such option: --snapshots", "say --frames"),
    ("evaluate --top 5", 2, "No such option: --top", "say --most"),
    ("data show --top 5", 2, "No such option: --top", "say --count"),
    ("animate --duration 5", 2, "No such option: --duration", "say --seconds"),
    # what would be written is not offered for what was to be read
    ("train --model w.npz", 2, "No such option: --model", "mnistgd train --help"),
    ("train --load w.npz", 2, "No such option: --load", "mnistgd train --help"),
    ("train --hiden 3", 2, "No such option: --hiden (Possible options: --hidden, --init, --live)", "mnistgd train --help"),
    ("train --no-such", 2, "No such option: --no-such (Possible options: --no-bias)", "mnistgd train --help"),
    ("train -lr 1", 2, "No such option: -l", "say --learning-rate"),
    ("train --offline=x", 2, "Option '--offline' does not take a value", "mnistgd train --help"),
    ("verify --lr 1", 2, "No such option: --lr", "mnistgd verify --help"),
    # a command by the word of another tool
    ("show", 2, "No such command 'show'", "mnistgd show-weights, or mnistgd data show"),
    ("tune", 2, "No such command 'tune'", "mnistgd sweep"),
    ("plot", 2, "No such command 'plot'", "mnistgd show-weights, or mnistgd curves"),
    ("help", 2, "No such command 'help'", "mnistgd --help"),
    ("help train", 2, "No such command 'help'", "mnistgd --help"),
    ("test", 2, "No such command 'test'", "mnistgd evaluate"),
    ("trian", 2, "No such command 'trian'. Did you mean 'train'?", "mnistgd --help"),
    ("data list", 2, "No such command 'list'", "mnistgd data --help"),
    # a word without its option, or a file in the place of another thing
    ("evaluate w.npz", 2, "Got unexpected extra argument(s) (w.npz)", "mnistgd evaluate --weights w.npz"),
    ("train few.npz", 2, "Got unexpected extra argument(s) (few.npz)", "mnistgd train --data few.npz"),
    ("data show 3", 2, "3 is no file", "mnistgd data show --digit 3"),
    ("train w.npz x", 2, "Got unexpected extra argument(s) (w.npz x)", "mnistgd train --help"),
    ("show-weights w.npz", 2, "w.npz is not a digit, nor the name of a class", "say --weights w.npz"),
    ("animate 3 'a b.npz'", 2, "a b.npz is not a digit, nor the name of a class", "say --weights 'a b.npz'"),
    ("predict -w w.npz 8", 1, "8 does not exist", "say --index 8 for an image of the data"),
    ("explain -w w.npz 8", 1, "8 does not exist", "say --index 8 for an image of the data"),
    ("predict -w w.npz 8.png", 1, "8.png does not exist", "check the name of the image"),
    ("compare w.npz none.npz", 1, "there is no weights file none.npz", "train first: mnistgd train --out none.npz"),
    ("evaluate -w 'no ne.npz'", 1, "there is no weights file no ne.npz", "train first: mnistgd train --out 'no ne.npz'"),
    ("evaluate", 1, "there is no weights file weights.npz", "train first: mnistgd train"),
    ("lesson dot-product --weights no.npz", 1, "there is no weights file no.npz", "train first: mnistgd train --out no.npz"),
    # values, in plain words
    ("train --epochs ten", 2, "Invalid value for '--epochs': 'ten' is not a whole number from 1 to 1,000,000,000,000", "mnistgd train --help"),
    ("train --every x", 2, "Invalid value for '--every': 'x' is not a whole number from 1 up", "mnistgd train --help"),
    ("train --every 0", 2, "Invalid value for '--every': 0 is not a whole number from 1 up", "mnistgd train --help"),
    ("train --frames 1", 2, "Invalid value for '--frames': 1 is not a whole number from 2 to 200", "mnistgd train --help"),
    ("show-weights --size x", 2, "Invalid value for '--size': 'x' is not a whole number from 28 to 4,000", "mnistgd show-weights --help"),
    ("predict --index 1.5", 2, "Invalid value for '--index': '1.5' is not a whole number from 0 up", "mnistgd predict --help"),
    ("predict --index 'a is not b'", 2, "Invalid value for '--index': 'a is not b' is not a whole number from 0 up", "mnistgd predict --help"),
    ("train --min-accuracy x", 2, "Invalid value for '--min-accuracy': 'x' is not a finite number", "mnistgd train --help"),
    ("train --min-accuracy 2", 2, "Invalid value for '--min-accuracy': 2.0 is not a fraction from 0 to 1", "mnistgd train --help"),
    ("animate --seconds x", 2, "Invalid value for '--seconds': 'x' is not a finite number", "mnistgd animate --help"),
    ("train --schedule cos", 2, f"Invalid value for '--schedule': 'cos' is not one of {CHOICES}", "mnistgd train --help"),
    # the ending of another kind of file
    ("train --out new.json", 2, "--out writes an .npz file, not .json", "--out new.npz"),
    ("train --out w.json", 2, "--out writes an .npz file, not .json", "end its name in .npz"),
    ("train --out new.PNG", 2, "--out writes an .npz file, not .PNG", "--out new.npz"),
    ("train --log h.csv", 2, "--log writes JSON Lines, not .csv", "--log h.jsonl"),
    ("train --checkpoint c.pt", 2, "--checkpoint writes an .npz file, not .pt", "--checkpoint c.npz"),
    ("show-weights -w w.npz --out new.npz", 2, "--out writes a PNG, not .npz", "--out new.png"),
    ("evaluate -w w.npz --confusion c.json", 2, "--confusion writes a PNG, not .json", "--confusion c.png"),
    ("train --log /dev/stdout", 2, "--log takes a file, not stdout", "name a file"),
    # a folder in the place of a file
    ("train --out new/", 2, "--out takes a file, and new/ can only be a folder", "name a file"),
    ("evaluate -w w.npz --mistakes new/", 2, "--mistakes takes a file, and new/ can only be a folder", "name a file"),
    ("lesson toes --plot new/", 2, "--plot takes a file, and new/ can only be a folder", "name a file"),
    # a run that cannot be given other epochs
    ("train --resume linear.npz --epochs 9", 2, "--epochs contradicts linear.npz: its learning rate, of the schedule linear, falls to zero over 2 epochs", "start it anew, with --schedule constant if it is to go on later"),
    ("train --resume step.npz --epochs 9", 2, "--epochs contradicts step.npz: its learning rate, of the schedule step, falls over 1 epoch", "start it anew, with --schedule constant if it is to go on later"),
    ("train --resume constant.npz --epochs 1", 2, "--epochs contradicts constant.npz: it has come to epoch 2 already", "name as many, or leave it out"),
    ("lesson all --plot new", 1, "cannot write several pictures to new: it is not a folder", "one that ends in / is made: --plot new/"),
    ("lesson all --plot -", 2, "--plot - takes one picture, not several", "name a folder"),
    ("lesson all --plot w.npz/", 1, "cannot write w.npz: file exists", "name another place"),
]  # fmt: skip


@pytest.fixture(scope="module")
def made(few, tmp_path_factory):
    """Weights, checkpoints, and a picture of a digit as the network sees it."""
    folder = tmp_path_factory.mktemp("made")
    for schedule, epochs in (("linear", 2), ("step", 1), ("constant", 2)):
        options = (
            f"--schedule {schedule} --epochs {epochs} --checkpoint {schedule}.npz --out w.npz --log l.jsonl"
        )
        command = [sys.executable, "-m", "mnistgd", "train", "--quiet", "--data", few, *options.split()]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with np.load(few) as file:
        Image.fromarray(file["test_images"][0]).save(folder / "seven.png")
    return folder


@pytest.fixture
def place(made, monkeypatch):
    monkeypatch.chdir(made)
    return made


@pytest.mark.parametrize(("typed", "code", "error", "hint"), TYPED, ids=[typed for typed, *_ in TYPED])
def test_what_is_said_of_what_was_typed(mnistgd, place, typed, code, error, hint):
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    result = mnistgd(*shlex.split(typed))
    assert (result.code, result.stdout) == (code, "")
    assert result.stderr.splitlines() == [f"error: {error}", f"hint: {hint}"]
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def commands(command, path=()):
    yield path, command
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, (*path, name))


def every_command():
    import typer

    from mnistgd.cli.app import app
    from mnistgd.cli.commands.lesson import LessonGroup
    from mnistgd.lessons import LESSONS

    yield from commands(typer.main.get_command(app))
    yield from ((("lesson", name), LessonGroup().get_command(None, name)) for name in LESSONS)


def test_every_group_of_words_has_one_that_is_an_option():
    taken = {name for _, command in every_command() for option in command.params for name in option.opts}
    for group in meant.OPTIONS:
        first, *others = group.split()
        assert others
        assert {first, f"--{first}"} & taken, group


def test_every_value_that_is_meant_is_one():
    from mnistgd.model.settings import Settings

    fields = {f"--{field.name}": field for field in setting_fields(Settings)}
    for name, words in meant.VALUES.items():
        option, value = name.split()
        assert value in fields[option].about["choices"]
        assert not set(words.split()) & set(fields[option].about["choices"])


def test_every_command_that_is_meant_is_one():
    names = {" ".join(path) for path, _ in every_command()}
    for name, words in meant.COMMANDS.items():
        assert name in names | {"--help", "--version"}
        assert not {word for word in words.split() if word in names}


def test_every_number_is_refused_in_plain_words():
    """Of a kind of number that is not known here, typer's own words would be shown."""
    kinds = {option.type.name for _, command in every_command() for option in command.params}
    assert {kind for kind in kinds if "int" in kind or "float" in kind or "range" in kind} <= set(
        meant.NUMBERS
    )


@pytest.mark.parametrize(
    "typed",
    [
        "train --data {few} --epochs 1 --optimizer Adam --schedule COSINE --loss Cross-Entropy --quiet --batch-size Full",
        "Train --data {few} --Epochs 1 --quiet",
        "show-weights 3 -w w.npz --palette Gray --scale EACH",
        "show-weights ALL -w w.npz",
        "evaluate -w w.npz --split Test",
        "lesson toes --freeze Toes",
        "lesson Streetlights --batch Full",
        "lesson --book Grokking",
    ],
)  # fmt: skip
def test_capitals_do_not_matter(mnistgd, few, made, tmp_path, monkeypatch, typed):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.npz").write_bytes((made / "w.npz").read_bytes())
    result = mnistgd(*typed.format(few=few).split())
    assert result.code == 0, result.stderr


# --- paths -------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home, and another folder in it that is the current one."""
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


@pytest.mark.parametrize(
    "out", [["--out=~/w.npz"], ["--out", "~/w.npz"], ["-o", "~/w.npz"], ["-o~/w.npz"], ["-qo~/w.npz"]]
)
def test_a_home_that_the_shell_left(mnistgd, few, home, out):
    result = mnistgd("train", "--data", few, "--epochs", 1, "--quiet", "--log=~/l.jsonl", *out)
    assert result.stdout.splitlines()[-1] == f"weights        {home}/w.npz"
    assert mnistgd("curves", "~/l.jsonl", "--out=~/c.png").stdout == f"{home}/c.png\n"
    assert {path.name for path in home.iterdir()} == {"here", "w.npz", "l.jsonl", "c.png"}
    assert not list((home / "here").iterdir())


def test_a_home_in_a_variable(mnistgd, few, home, monkeypatch):
    (home / "few.npz").write_bytes(few.read_bytes())
    for name, path in {"WEIGHTS": "~/w.npz", "DATA": "~/few.npz", "CACHE": "~/cache"}.items():
        monkeypatch.setenv(f"MNISTGD_{name}", path)
    assert mnistgd("train", "--epochs", 1, "--quiet").code == 0
    assert mnistgd("evaluate", "--quiet").code == 0
    assert mnistgd("data", "info", "--json").json["cache"]["folder"] == str(home / "cache")
    assert not list((home / "here").iterdir())


@pytest.mark.parametrize("word", ["~", "~a", "a~/b", "--class-names=a,~", "-", "--out=-", "/dev/stdin", "2~"])
def test_what_is_no_home_stays(word):
    assert meant.place(word) == word


@pytest.fixture
def pipe(tmp_path):
    """Write bytes to a named pipe, of which this is the path, once somebody reads them."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    writers = []

    def write(name, content):
        os.mkfifo(tmp_path / name)

        def run():
            with contextlib.suppress(BrokenPipeError):
                (tmp_path / name).write_bytes(content)

        writers.append(threading.Thread(target=run, daemon=True))
        writers[-1].start()
        return tmp_path / name

    yield write
    for writer in writers:
        writer.join(20)
        assert not writer.is_alive()


@pytest.mark.parametrize(
    "typed",
    [
        "evaluate -w {w} --quiet --json",
        "show-weights 3 -w {w} --out {out}",
        "compare {w} w.npz --out {out}",
        "explain seven.png --as-is -w {w} --out {out}",
        "predict {seven} --as-is -w w.npz",
        "curves {l} --out {out}",
        "verify {w}",
        "lesson dot-product --weights {w}",
    ],
)
def test_a_pipe_is_read(mnistgd, place, pipe, tmp_path, typed):
    """In one pass, which is all there is: the answer is that of the file."""
    files = {"w": "w.npz", "l": "l.jsonl", "seven": "seven.png"}
    (key,) = [key for key in files if f"{{{key}}}" in typed]
    names = {"out": tmp_path / "out.png"}
    of_file = mnistgd(*typed.format(**names, **{key: files[key]}).split())
    piped = pipe("pipe", (place / files[key]).read_bytes())
    of_pipe = mnistgd(*typed.format(**names, **{key: piped}).split())
    assert (of_pipe.code, of_file.code) == (0, 0), of_pipe.stderr
    assert of_pipe.stdout.replace(str(piped), files[key]) == of_file.stdout


def test_stdin_by_the_name_that_the_system_has_for_it(place):
    command = [sys.executable, "-m", "mnistgd", "show-weights", "3", "--out", "-", "--weights"]
    content = (place / "w.npz").read_bytes()
    of_file = subprocess.run([*command, "w.npz"], capture_output=True, check=True).stdout
    assert (
        subprocess.run([*command, "/dev/stdin"], input=content, capture_output=True, check=True).stdout
        == of_file
    )
    with (place / "w.npz").open("rb") as file:
        assert (
            subprocess.run([*command, "/dev/stdin"], stdin=file, capture_output=True, check=True).stdout
            == of_file
        )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a whole .npz file"),
        (b"meow\n", "is not a whole .npz file"),
        (b"x" * 2000, "file too large"),
    ],
)
def test_a_pipe_with_something_else(mnistgd, pipe, monkeypatch, content, words):
    from mnistgd.system import files

    monkeypatch.setattr(files, "STREAM_BYTES", 1000)
    path = pipe("pipe", content)
    result = mnistgd("evaluate", "--weights", path)
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert str(path) in error
    assert words in error
    assert hint.startswith("hint: ")


def test_a_run_goes_on_in_a_file(mnistgd, place, tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    result = mnistgd("train", "--resume", tmp_path / "pipe")
    assert result.code == 1
    assert "is no file, and a run goes on in its checkpoint" in result.stderr


@pytest.mark.parametrize("out", [["--out", "/dev/stdout"], ["-o/dev/stdout"], ["--out=/dev/stdout"]])
def test_stdout_by_the_name_that_the_system_has_for_it(few, tmp_path, out):
    """The weights are alone there, in a pipe or in a file."""
    command = [sys.executable, "-m", "mnistgd", "train", "--quiet", "--data", few, "--epochs", "1"]
    piped = subprocess.run([*command, *out], capture_output=True, check=True).stdout
    with (tmp_path / "w.npz").open("wb") as file:
        subprocess.run([*command, *out], stdout=file, check=True)
    (tmp_path / "piped.npz").write_bytes(piped)
    with np.load(tmp_path / "w.npz") as ours, np.load(tmp_path / "piped.npz") as theirs:
        assert ours["weights"].tobytes() == theirs["weights"].tobytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["piped.npz", "w.npz"]


def test_a_variable_names_stdout(shell, few):
    options = ["--data", few, "--epochs", 1, "--quiet", "--json"]
    result = shell("train", *options, env={"MNISTGD_WEIGHTS": "/dev/stdout"})
    assert result.stderr.startswith("error: --out - and --json both want stdout\n")


# --- one of a thing ----------------------------------------------------------------------------------


def test_one_epoch_is_no_epochs(mnistgd, few, tmp_path):
    options = ["--data", few, "--epochs", 1, "--batch-size", "full", "--out", tmp_path / "w.npz", "--quiet"]
    assert "1 step in 1 epoch\n" in mnistgd("train", *options).stdout
    assert "in 1 step at" in " ".join(mnistgd("lesson", "xor", "--steps", 1).stdout.split())
    assert "After 1 update not all" in " ".join(mnistgd("lesson", "rnn", "--most", 1).stdout.split())
