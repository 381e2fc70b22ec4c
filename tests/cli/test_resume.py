"""Runs that are stopped, killed or run out of room, and go on; and runs that are done again."""

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from mnistgd.cli import signals
from mnistgd.errors import WeightsError
from mnistgd.model import weights_file
from mnistgd.training import checkpoint as checkpoints
from mnistgd.training import history
from mnistgd.training.run import Run

SLOW = ["--batch-size", "1", "--epochs", "4", "--hidden", "8"]


def command(*arguments):
    return [sys.executable, "-m", "mnistgd", "train", *map(str, arguments)]


def weights(path):
    with np.load(path) as file:
        return {name: file[name].tobytes() for name in file.files if name != "record"}


# The command, but that it says when it has come to MOMENT, and waits there for a line on stdin.
PAUSING = """
import sys
from pathlib import Path
from mnistgd.cli import main
from mnistgd.training import keeping
from mnistgd.training.run import Run

keeping.SHARE = 1  # a checkpoint an epoch, however long one takes
reports, replace, written = Run.reports, Path.replace, []

def at(moment):
    if moment == MOMENT:
        print("here", flush=True)
        sys.stdin.readline()

def pausing_reports(self, *arguments):
    for progress in reports(self, *arguments):
        at(f"in step {progress.step}")
        yield progress

def pausing_replace(self, target):
    name = Path(target).name
    written.append(name)
    at(f"before {name} is replaced, time {written.count(name)}")
    replace(self, target)
    at(f"after {name} is replaced, time {written.count(name)}")

Run.reports, Path.replace = pausing_reports, pausing_replace
main()
"""


def paused(moment, *options):
    """A run of 4 epochs, each of 1,000 steps, that waits at `moment` for a line on stdin."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"MOMENT = {moment!r}\n{PAUSING}", "train", *map(str, options), *SLOW],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "here\n", process.communicate()
    return process


def files(few, folder):
    """The options that keep all there is to keep of a run."""
    places = {"--checkpoint": "run.npz", "--out": "w.npz", "--log": "l.jsonl"}
    return ["--data", few, *(word for option, name in places.items() for word in (option, folder / name))]


@pytest.fixture(scope="module")
def whole(few, tmp_path_factory):
    """What the run gives that nobody stops."""
    folder = tmp_path_factory.mktemp("whole")
    subprocess.run(
        command("--data", few, "--out", folder / "w.npz", "--log", folder / "l.jsonl", *SLOW),
        check=True,
        capture_output=True,
    )
    return folder


@pytest.mark.parametrize("number", signals.NUMBERS)
def test_stopped_and_taken_up_again(mnistgd, few, tmp_path, whole, number):
    process = paused("in step 2345", *files(few, tmp_path))
    process.send_signal(number)
    out, err = process.communicate("\n", timeout=60)
    assert (process.returncode, out) == (128 + number, "")
    checkpoint = tmp_path / "run.npz"
    assert err.splitlines()[-2:] == [
        f"error: {signals.WORDS[128 + number]} after step 2345 of 4000",
        f"hint: go on with: mnistgd train --resume {checkpoint}",
    ]
    assert not (tmp_path / "w.npz").exists()
    assert checkpoints.load(checkpoint).step == 2345

    resumed = mnistgd("train", "--resume", checkpoint, "--json")
    assert resumed.code == 0, resumed.stderr
    assert resumed.json["steps"] == 4000
    assert_same_run(tmp_path, whole)


def assert_same_run(ours, theirs):
    assert weights(ours / "w.npz") == weights(theirs / "w.npz")
    first, second = (history.read(folder / "l.jsonl") for folder in (ours, theirs))
    assert [(e.epoch, e.loss, e.accuracy) for e in first] == [(e.epoch, e.loss, e.accuracy) for e in second]


def test_the_way_to_go_on_can_be_typed_as_it_is_shown(few, tmp_path):
    """Also where a name needs quotes, and where the weights go elsewhere than the checkpoint."""
    for name in ("a place", "another"):
        (tmp_path / name).mkdir()
    checkpoint, out = tmp_path / "a place" / "c.npz", tmp_path / "another" / "w.npz"
    process = paused("in step 1500", "--data", few, "--checkpoint", checkpoint, "--out", out)
    process.send_signal(signal.SIGINT)
    hint = process.communicate("\n", timeout=60)[1].splitlines()[-1]
    words = shlex.split(hint.removeprefix("hint: go on with: mnistgd "))
    subprocess.run([sys.executable, "-m", "mnistgd", *words], check=True, capture_output=True)
    assert out.exists()


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        ("in step 1001", 1000),
        ("before run.npz is replaced, time 2", 1000),  # the log is an epoch ahead
        ("after run.npz is replaced, time 2", 2000),
        ("in step 2718", 2000),
        ("in step 4000", 3000),
        ("before w.npz is replaced, time 1", 4000),
    ],
)
def test_killed_at_any_moment_the_checkpoint_is_whole(few, tmp_path, whole, mnistgd, moment, kept):
    process = paused(moment, *files(few, tmp_path))
    process.kill()
    process.communicate()
    assert checkpoints.load(tmp_path / "run.npz").step == kept
    assert not (tmp_path / "w.npz").exists()
    assert mnistgd("train", "--resume", tmp_path / "run.npz").code == 0
    assert_same_run(tmp_path, whole)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--hidden", "5", "--optimizer", "amsgrad", "--standardise"],
        ["--validation", "0.2", "--patience", "2", "--optimizer", "heavy_ball"],
    ],
)
def test_a_constant_rate_goes_on_for_more_epochs(mnistgd, few, tmp_path, options):
    """To the very bytes, record, history and checkpoint of a run that was started with them."""
    started = ["--data", few, "--schedule", "constant", *options]
    for name, epochs in (("more", 2), ("whole", 6)):
        (tmp_path / name).mkdir()
        kept = files(few, tmp_path / name)[2:]
        assert mnistgd("train", *started, "--epochs", epochs, *kept).code == 0
    more, whole = (tmp_path / name for name in ("more", "whole"))
    assert mnistgd("train", "--resume", more / "run.npz", "--epochs", 6).code == 0
    assert_same_run(more, whole)
    first, second = (weights_file.load(folder / "w.npz").record for folder in (more, whole))
    assert {key for key in first if first[key] != second[key]} <= {"date"}
    assert weights(more / "run.npz").keys() == weights(whole / "run.npz").keys()
    assert mnistgd("verify", more / "w.npz").stdout.startswith("identical")


def test_a_run_that_was_stopped_takes_other_epochs(mnistgd, few, tmp_path, whole):
    """Within an epoch as well; but none that it has passed."""
    process = paused("in step 2345", *files(few, tmp_path), "--schedule", "constant")
    process.send_signal(signal.SIGINT)
    process.communicate("\n", timeout=60)
    checkpoint = tmp_path / "run.npz"
    before = checkpoint.read_bytes()
    refused = mnistgd("train", "--resume", checkpoint, "--epochs", 2)
    assert (refused.code, refused.stdout, checkpoint.read_bytes()) == (2, "", before)
    assert "it has come to epoch 3 already" in refused.stderr
    assert mnistgd("train", "--resume", checkpoint, "--epochs", 3).code == 0
    options = [*SLOW, "--epochs", 3, "--schedule", "constant", "--out", tmp_path / "other.npz"]
    assert mnistgd("train", "--data", few, *options).code == 0
    assert weights(tmp_path / "w.npz") == weights(tmp_path / "other.npz")


def test_a_run_that_is_done_only_writes_its_weights(mnistgd, few, tmp_path, whole):
    options = ["--data", few, *SLOW]
    assert (
        mnistgd("train", *options, "--checkpoint", tmp_path / "c.npz", "--out", tmp_path / "a.npz").code == 0
    )
    again = mnistgd("train", "--resume", tmp_path / "c.npz", "--out", tmp_path / "b.npz", "--json")
    assert again.json["epochs"] == 4
    assert weights(tmp_path / "a.npz") == weights(tmp_path / "b.npz") == weights(whole / "w.npz")


def test_checkpoints_every_few_epochs(mnistgd, few, tmp_path):
    path = tmp_path / "c.npz"
    mnistgd(
        "train", "--data", few, "--epochs", 5, "--checkpoint", path, "--every", 3, "--out", tmp_path / "w.npz"
    )
    assert checkpoints.load(path).step == 30


def test_interrupted_without_a_checkpoint(few, tmp_path):
    arguments = command("--data", few, "--out", tmp_path / "w.npz", *SLOW, "--epochs", "400")
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline().startswith("epoch 1/400")
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().endswith("hint: --checkpoint FILE would keep a place to go on from\n")
    assert process.returncode == 130


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.08, 0.15, 0.25, 0.4])
@pytest.mark.parametrize("number", signals.NUMBERS)
def test_stopped_at_any_moment_there_is_no_traceback(few, tmp_path, number, delay):
    """From the moment on in which Python runs a line of ours."""
    arguments = command("--data", few, "--out", tmp_path / "w.npz", *SLOW, "--epochs", "400")[3:]
    program = (
        "import sys\nfrom mnistgd.cli import main, signals\nwatch = signals.watch\n"
        "signals.watch = lambda: (watch(), print('begun', flush=True))\n"
        f"sys.argv = ['mnistgd', *{arguments!r}]\nmain()"
    )
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], **streams, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        time.sleep(delay)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert [line for line in err.splitlines() if line.startswith(f"error: {signals.WORDS[128 + number]}")]
    assert "Traceback" not in err


@pytest.mark.parametrize("what", ["--out", "--checkpoint", "--log"])
def test_a_full_disk(few, tmp_path, what):
    """A limit on the size of files stands for it: the write fails half-way, as on a disk without room."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    limit = 200 if what == "--log" else 4096

    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    options = ["--data", few, "--epochs", "3", "--out", tmp_path / "w.npz", what, path]
    env = {**os.environ, "MNISTGD_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command(*options), preexec_fn=lower, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    error, hint = done.stderr.splitlines()[-2:]
    assert error.startswith(f"error: cannot write {path}")
    assert hint.startswith("hint: ")
    if what != "--log":
        assert path.read_bytes() == b"old"
    assert not list(tmp_path.glob("*.tmp")) + list(tmp_path.glob(".*.tmp"))


@pytest.fixture
def checkpoint(mnistgd, few, tmp_path):
    path = tmp_path / "c.npz"
    options = [
        "--epochs",
        2,
        "--checkpoint",
        path,
        "--out",
        tmp_path / "w.npz",
        "--optimizer",
        "adam",
        "--seed",
        3,
    ]
    assert mnistgd("train", "--data", few, *options).code == 0
    return path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--epochs", "3"], "--epochs contradicts"),
        (["--seed", "4"], "--seed contradicts"),
        (["--optimizer", "sgd"], "--optimizer contradicts"),
        (["--deskew"], "--deskew contradicts"),
        (["--hidden", "5"], "--hidden contradicts"),
        (["--class-names", "a,b,c,d,e,f,g,h,i,j"], "--class-names contradicts"),
        (["--data", "mnist", "--offline"], "--data names other images"),
        (["--out", "SAME"], "name the same file"),
    ],
)
def test_options_that_contradict_the_file(mnistgd, checkpoint, options, words):
    options = [str(checkpoint) if option == "SAME" else option for option in options]
    result = mnistgd("train", "--resume", checkpoint, *options)
    assert (result.code, result.stdout) == (2, "")
    assert words in result.stderr


def test_options_that_agree_with_the_file(mnistgd, checkpoint, few):
    assert mnistgd("train", "--resume", checkpoint, "--epochs", 2, "--seed", 3, "--data", few).code == 0


def test_an_option_that_means_something_only_to_the_file(mnistgd, few, tmp_path):
    path, out = tmp_path / "run.npz", tmp_path / "w.npz"
    options = ["--optimizer", "momentum", "--validation", 0.2, "--patience", 3, "--epochs", 2]
    assert mnistgd("train", "--data", few, "--checkpoint", path, "--out", out, *options).code == 0
    again = ["train", "--resume", path, "--data", few, "--patience", 3]
    assert mnistgd(*again, "--momentum", 0.9).code == 0
    other = mnistgd(*again, "--momentum", 0.8)
    assert other.code == 2
    assert "--momentum contradicts" in other.stderr


@pytest.mark.parametrize("damage", ["missing", "weights", "truncated", "params", "record"])
def test_checkpoints_that_are_none(mnistgd, checkpoint, tmp_path, damage):
    if damage == "missing":
        checkpoint.unlink()
    elif damage == "weights":
        checkpoint.write_bytes((tmp_path / "w.npz").read_bytes())
    elif damage == "truncated":
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    else:
        with np.load(checkpoint) as file:
            arrays = dict(file)
        key = "record" if damage == "record" else "params/weights"
        arrays[key] = (
            np.array('{"kind": "checkpoint", "format": 1}') if damage == "record" else arrays[key][:5]
        )
        np.savez(checkpoint, **arrays)
    with pytest.raises(WeightsError):
        checkpoints.load(checkpoint)
    result = mnistgd("train", "--resume", checkpoint)
    assert result.code == 1
    assert len(result.stderr.splitlines()) == 2


def rerecord(path, **changes):
    """The checkpoint with parts of its record exchanged."""
    with np.load(path) as file:
        arrays = dict(file)
    record = json.loads(str(arrays["record"])) | changes
    np.savez(path, **arrays | {"record": np.array(json.dumps(record))})


@pytest.mark.parametrize("key", ["out", "log"])
@pytest.mark.parametrize("place", ["../x", "{folder}/../x", "/etc/x", "/dev/null", "linked", "sub/linked"])
def test_a_checkpoint_names_no_place_elsewhere(mnistgd, checkpoint, tmp_path, monkeypatch, key, place):
    """It may be anyone's, and is not to decide what of mine is written over."""
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    (here / "linked").symlink_to("../x")
    (here / "sub" / "linked").symlink_to("../../x")
    monkeypatch.chdir(here)
    moved = here / "c.npz"
    checkpoint.rename(moved)
    rerecord(moved, **{"out": "w.npz", "log": None, key: place.format(folder=here)})
    result = mnistgd("train", "--resume", moved)
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert "outside this folder and its own" in error
    assert hint.startswith(f"hint: name it yourself: --{key} ")
    assert not (tmp_path / "x").exists()
    assert not (here / "w.npz").exists()


@pytest.mark.parametrize("key", ["out", "log"])
def test_a_checkpoint_replaces_nothing_of_another_kind(mnistgd, checkpoint, tmp_path, key):
    """What begins as ours does is another kind still: a document is a ZIP, a notebook is JSON."""
    with zipfile.ZipFile(tmp_path / "thesis.docx", "w") as document:
        document.writestr("word/document.xml", "years of work")
    for name, content in (("notebook.ipynb", b'{"cells": []}'), (".profile", b"precious"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
    for name in ("thesis.docx", "notebook.ipynb", ".profile", "empty"):
        mine = tmp_path / name
        before = mine.read_bytes()
        rerecord(checkpoint, **{key: str(mine)})
        result = mnistgd("train", "--resume", checkpoint)
        assert (result.code, result.stdout) == (1, "")
        assert f"would replace {mine}, which is no " in result.stderr
        assert mine.read_bytes() == before
    assert mnistgd("train", "--resume", checkpoint, f"--{key}", mine).code == 0


def test_a_checkpoint_replaces_no_weights_with_a_history_nor_the_reverse(mnistgd, checkpoint, tmp_path):
    for key, name in (("log", "w.npz"), ("out", "h.jsonl")):
        rerecord(checkpoint, out="w.npz", log="h.jsonl")
        assert (
            mnistgd(
                "train", "--resume", checkpoint, "--out", tmp_path / "w.npz", "--log", tmp_path / "h.jsonl"
            ).code
            == 0
        )
        rerecord(checkpoint, **{"log": None, "out": "new.npz", key: str(tmp_path / name)})
        assert "which is no" in mnistgd("train", "--resume", checkpoint).stderr


@pytest.mark.parametrize(("key", "moment"), [("out", "finish"), ("log", "__init__")])
def test_a_link_that_comes_during_the_run_leads_nowhere(
    mnistgd, checkpoint, tmp_path, monkeypatch, key, moment
):
    """The place was looked at when the run was taken up; it is asked once more before it is written."""
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    monkeypatch.chdir(here)
    moved = here / "c.npz"
    checkpoint.rename(moved)
    rerecord(moved, **{"out": "w.npz", "log": None, key: "x"})
    usual = getattr(Run, moment)

    def with_a_link(*arguments, **options):
        (here / "x").symlink_to(elsewhere)
        return usual(*arguments, **options)

    monkeypatch.setattr(Run, moment, with_a_link)
    result = mnistgd("train", "--resume", moved)
    assert result.code == 1
    assert "outside this folder and its own" in result.stderr
    assert not elsewhere.exists()


def test_a_pipe_is_no_place_for_weights(mnistgd, checkpoint, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    rerecord(checkpoint, out=str(tmp_path / "pipe"))
    assert "which is no weights file" in mnistgd("train", "--resume", checkpoint).stderr


def test_stdout_is_no_history(mnistgd, checkpoint):
    rerecord(checkpoint, log="-")
    result = mnistgd("train", "--resume", checkpoint)
    assert (result.code, result.stdout) == (1, "")


def test_two_runs_do_not_share_a_log(few, tmp_path):
    options = [
        "--data",
        few,
        "--epochs",
        "100000",
        "--out",
        tmp_path / "a.npz",
        "--log",
        tmp_path / "run.jsonl",
    ]
    first = subprocess.Popen(command(*options), stderr=subprocess.PIPE, text=True)
    try:
        first.stderr.readline()
        while not (tmp_path / "run.jsonl").exists() or not (tmp_path / "run.jsonl").stat().st_size:
            time.sleep(0.01)
        second = subprocess.run(
            command(*options[:-3], tmp_path / "b.npz", *options[-2:]), capture_output=True, text=True
        )
        assert (second.returncode, second.stdout) == (1, "")
        assert "run.jsonl: another run is writing to it" in second.stderr
    finally:
        first.kill()
        first.communicate()


def test_a_seed_of_nanoseconds(mnistgd, few, tmp_path):
    out = tmp_path / "w.npz"
    assert mnistgd("train", "--data", few, "--seed", time.time_ns(), "--epochs", 1, "--out", out).code == 0
    assert mnistgd("verify", out).stdout.startswith("identical")


def test_checkpoints_take_a_tenth_of_the_time(few, tmp_path, monkeypatch):
    """On a clock of its own: an epoch takes one second, and a checkpoint five."""
    from mnistgd.datasets.paths import read_path
    from mnistgd.model.settings import Settings
    from mnistgd.training import keeping

    now, steps = 0.0, []
    monkeypatch.setattr(keeping.time, "perf_counter", lambda: now)

    def slow(path, state, *arguments, **options):
        nonlocal now
        now += 5
        steps.append(state.epoch)

    monkeypatch.setattr(keeping.checkpoint, "save", slow)

    def epoch(state):
        nonlocal now
        now += state.epoch_ends

    log = keeping.HistoryLog(None)
    keeper = keeping.Checkpointer(tmp_path / "c.npz", 1, log, data="", out="")
    Run(read_path(few), Settings(epochs=100)).finish(epoch, log, keeper)
    assert steps == [1, 46, 91, 100]
    assert len(log.rows) == 100


@pytest.mark.parametrize("key", ["out", "log", "data"])
@pytest.mark.parametrize("place", ["a\0b", "\ud800", "x" * 5000, ""])
def test_a_checkpoint_with_names_that_are_none(mnistgd, checkpoint, key, place):
    rerecord(checkpoint, **{key: place})
    result = mnistgd("train", "--resume", checkpoint)
    assert (result.code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 2
    assert "a bug" not in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out", "a", "--checkpoint", "./a"], "--out and --checkpoint name the same file"),
        (["--out", "a", "--log", "b/../a"], "--out and --log name the same file"),
        (["--log", "a", "--checkpoint", "a"], "--checkpoint and --log name the same file"),
        (
            ["--out", "a.npz", "--frames", "3", "--log", "a.frames.npz"],
            "--log and --frames name the same file",
        ),
        (["--out", "few.npz"], "--out would write over few.npz, which is read"),
    ],
)
def test_files_that_would_replace_each_other(mnistgd, few, tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.npz").write_bytes(few.read_bytes())
    result = mnistgd("train", "--data", "few.npz", *options)
    assert (result.code, result.stdout) == (2, "")
    assert words in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["few.npz"]


# --- the same result twice ---------------------------------------------------------------------------


def change(path, **changes):
    with np.load(path) as file:
        arrays = dict(file)
    record = json.loads(str(arrays["record"]))
    for key, value in changes.items():
        if key in arrays:
            arrays[key] = value(arrays[key])
        else:
            record[key] = value(record[key])
    np.savez(path, **arrays | {"record": np.array(json.dumps(record))})


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--hidden", "5", "--optimizer", "amsgrad", "--standardise"],
        ["--validation", "0.2", "--patience", "1"],
    ],
)
def test_verify_finds_the_same(mnistgd, few, tmp_path, options):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 3, *options)
    result = mnistgd("verify", path, "--json", "--quiet")
    assert result.code == 0
    assert result.json == {
        "verdict": "identical",
        "max_difference": 0.0,
        "environment_differs": [],
        "weights": str(path),
    }
    assert mnistgd("verify", path).stdout.startswith("identical")


def other_blas(environment):
    return environment | {"blas": "another one"}


@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        ({"weights": lambda w: w * np.float32(1 + 1e-6)}, "different", 1),  # nothing explains it
        ({"weights": lambda w: w * np.float32(1 + 1e-6), "environment": other_blas}, "rounding", 0),
        ({"weights": lambda w: w * np.float32(1 + 1e-3), "environment": other_blas}, "different", 1),
        ({"environment": other_blas}, "identical", 0),
    ],
)
def test_verify_tells_rounding_from_difference(mnistgd, few, tmp_path, changes, verdict, code):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 2)
    change(path, **changes)
    result = mnistgd("verify", path, "--json", "--quiet")
    assert (result.json["verdict"], result.code) == (verdict, code)
    assert result.json["environment_differs"] == (["blas"] if "environment" in changes else [])


def test_verify_with_hidden_layers_compares_answers(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 2, "--hidden", "5")
    change(path, weights_1=lambda w: w * np.float32(1.001), environment=other_blas)
    assert mnistgd("verify", path, "--json", "--quiet").json["verdict"] == "rounding"
    change(path, weights_1=lambda w: -w)
    assert mnistgd("verify", path, "--json", "--quiet").json["verdict"] == "different"


def test_verify_needs_the_same_images(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 1)
    result = mnistgd("verify", path, "--data", "mnist", "--offline")
    assert result.code == 1
    assert "was trained on other images" in result.stderr


def test_the_date_is_all_that_differs(mnistgd, few, tmp_path):
    for name in "ab":
        mnistgd("train", "--data", few, "--out", tmp_path / name, "--epochs", 1)
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    first, second = (weights_file.load(tmp_path / name).record for name in "ab")
    assert {key for key in first if first[key] != second[key]} <= {"date"}
