"""Runs that are stopped, killed or run out of room, and go on."""

import os
import resource
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from mnistgd.cli import signals
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
        ["--augment"],
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
    from mnistgd.datasets.readers.paths import read_path
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
