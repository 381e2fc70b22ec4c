"""``mnistgd sweep``: many runs in processes, whatever happens to them."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from mnistgd.errors import OutputError
from mnistgd.training.sweep.folder import SweepFolder

GRID = "--learning-rate 0.03,0.3,3 --weight-decay 0,0.1 --seed 0:2 --epochs 1"

needs_processes = pytest.mark.skipif(sys.platform == "win32", reason="this system copies no process")


@pytest.fixture
def place(few, tmp_path, monkeypatch):
    """A folder with a data set."""
    (tmp_path / "few.npz").write_bytes(few.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(folder="sweep"):
    with open(f"{folder}/trials.jsonl") as file:  # noqa: PTH123
        return [json.loads(line) for line in file]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def sweep(mnistgd, place):
    """Run it with the words of one text."""
    return lambda words: mnistgd("sweep", "--data", "few.npz", *shlex.split(words))


@pytest.fixture
def swept(mnistgd, place):
    result = mnistgd("sweep", "--data", "few.npz", *GRID.split(), "--json", "--quiet")
    assert result.code == 0, result.stderr
    return result


def test_every_combination_is_run_and_the_best_comes_first(swept, place):
    assert swept.stderr == ""
    found = swept.json
    assert (found["folder"], found["trials"], found["failed"]) == ("sweep", 12, 0)
    means = [group["validation_accuracy"] for group in found["results"]]
    assert len(means) == 6
    assert means == sorted(means, reverse=True)
    done = rows()
    assert sorted(row["trial"] for row in done) == list(range(12))
    best = found["results"][0]
    of_best = [
        row["validation_accuracy"] for row in done if row["settings"].items() >= best["settings"].items()
    ]
    assert len(of_best) == best["trials"] == 2
    assert best["validation_accuracy"] == pytest.approx(np.mean(of_best))
    assert best["validation_accuracy_deviation"] == pytest.approx(np.std(of_best, ddof=1))
    assert found["winner"]["validation_accuracy"] == max(of_best)


def test_the_winner_is_what_its_command_gives(swept, mnistgd, place):
    """The same arrays, bit for bit, and the same test; of other trials there are no weights."""
    winner = swept.json["winner"]
    words = shlex.split(winner["command"])
    assert words[:2] == ["mnistgd", "train"]
    # What is not swept is what train does.
    assert not {"--no-bias", "--deskew", "--standardise"} & set(words)
    trained = mnistgd(*words[1:], "--out", "again.npz", "--json", "--quiet").json
    assert trained["settings"] == winner["settings"]
    assert (trained["test_accuracy"], trained["test_loss"]) == (winner["test_accuracy"], winner["test_loss"])
    assert trained["validation_accuracy"] == winner["validation_accuracy"]
    with np.load(winner["weights"]) as ours, np.load("again.npz") as theirs:
        for name in ("weights", "bias"):
            assert ours[name].tobytes() == theirs[name].tobytes()
    assert names(place / "sweep") == ["sweep.json", "trials.jsonl", "winner.npz"]
    assert mnistgd("verify", winner["weights"]).code == 0


def test_every_trial_is_what_its_command_gives(mnistgd, place):
    """Also with hidden layers, straightened images, a mask and few bytes of it."""
    Image.fromarray(np.repeat(np.uint8([[0], [255]]), 14, axis=0).repeat(28, axis=1)).save("my mask.png")
    words = "--hidden none,3+2 --deskew no,yes --augment no,yes --batch-size full --freeze"
    result = mnistgd(
        "sweep", "--data", "few.npz", "--epochs", 2, *words.split(), "my mask.png", "--keep", "all", "--quiet"
    )
    assert result.code == 0, result.stderr
    from mnistgd.training.sweep.folder import load_plan

    plan = load_plan(place / "sweep")
    for number in range(len(plan)):
        trained = mnistgd(*shlex.split(plan.command(number))[1:], "--out", "again.npz", "--quiet")
        assert trained.code == 0, trained.stderr
        with np.load(f"sweep/trial-{number}.npz") as ours, np.load("again.npz") as theirs:
            assert set(ours) == set(theirs)
            for name in set(ours) - {"record"}:
                assert ours[name].tobytes() == theirs[name].tobytes()


def test_a_sweep_in_a_pipe_says_a_line_for_each_trial(mnistgd, place):
    result = mnistgd("sweep", "--data", "few.npz", "--epochs", 1, "--seed", "0:2", "--jobs", 1)
    said = result.stderr.splitlines()
    assert [line.split("  ")[:2] for line in said] == [["trial 1/2", "seed 0"], ["trial 2/2", "seed 1"]]
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["validation", "±", "loss", "time"]
    assert lines[3].startswith("winner         mnistgd train --data /")
    assert lines[-1] == "weights        sweep/winner.npz"


def test_many_combinations_are_cut_in_the_table(sweep):
    result = sweep("--epochs 1 --batch-size full --learning-rate log:0.1:9:23 -q")
    lines = result.stdout.splitlines()
    assert lines[21] == "and 3 more: --json lists all of them"


def test_a_bar_and_the_best_so_far(in_terminal, place):
    words = ["sweep", "--data", "few.npz", "--epochs", "1", "--learning-rate", "0.1,1"]
    shown = in_terminal(*words, cwd=place, terminals=("stderr",), columns=100, env=dict(os.environ))
    assert shown.code == 0, shown.stderr
    assert "trial 2/2" in shown.stderr
    assert "best " in shown.stderr
    assert ": learning rate 1" in shown.stderr


def test_draws_are_trials_of_the_grid(sweep):
    result = sweep(
        "--epochs 1 --learning-rate log:1e-9:1:1000 --weight-decay log:1e-9:1:1000 --optimizer momentum"
        " --momentum log:0.1:0.9:1000 --random 3 --draw-seed 5 --quiet --json"
    )
    assert result.json["trials"] == 3
    assert len({json.dumps(row["settings"]) for row in rows()}) == 3


def test_a_run_that_diverges_is_kept_with_its_error(mnistgd, sweep):
    result = sweep("--loss squared-error --learning-rate 0.01,1e30 --seed 0,1 -q")
    assert result.code == 0, result.stderr
    assert result.stdout.splitlines()[0].split()[-1] == "failed"
    assert result.stdout.splitlines()[2].split() == ["1e+30", "–", "–", "–", "–", "2/2"]
    failed = [row for row in rows() if "error" in row]
    assert len(failed) == 2
    assert all(row["error"].startswith("training diverged at step") for row in failed)
    again = mnistgd("sweep", "--resume", "sweep", "--json", "--quiet")
    assert (again.json["trials"], again.json["failed"]) == (4, 2)
    assert again.json["results"][1]["error"] == failed[0]["error"]
    assert len(rows()) == 4


def test_where_all_fail_there_is_no_winner(sweep):
    result = sweep("--loss squared-error --learning-rate 1e30,1e31 -q")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: every trial failed: training diverged at step")


def test_a_plot_for_one_option_for_two_and_for_more(sweep):
    grids = [
        "--seed 0:3",
        "--learning-rate 0.1,1 --seed 0:2",
        "--learning-rate log:0.01:1:3 --optimizer sgd,adam",
        "--learning-rate 0.1,1 --weight-decay 0,0.01,0.1 --optimizer sgd,adam --init uniform,zeros",
    ]
    for number, grid in enumerate(grids):
        result = sweep(f"--epochs 1 --batch-size full {grid} --out s{number} -q --plot {number}.png")
        assert result.code == 0, result.stderr
        assert result.stdout.splitlines()[-1] == f"plot           {number}.png"
        with Image.open(f"{number}.png") as picture:
            assert picture.size[0] >= 600


# --- taken up again ----------------------------------------------------------------------------------


def test_a_sweep_goes_on_where_it_was(swept, mnistgd, place):
    whole = (place / "sweep" / "trials.jsonl").read_text().splitlines(keepends=True)
    (place / "sweep" / "trials.jsonl").write_text("".join(whole[:5]) + whole[5][:40])
    (place / "elsewhere").mkdir()
    os.chdir("elsewhere")
    again = mnistgd("sweep", "--resume", "../sweep", "--json", "--quiet")
    assert again.code == 0, again.stderr
    assert [json.dumps(row) for row in rows("../sweep")[:5]] == [line.rstrip() for line in whole[:5]]
    assert sorted(row["trial"] for row in rows("../sweep")) == list(range(12))
    for key in ("settings", "test_accuracy", "command"):
        assert again.json["winner"][key] == swept.json["winner"][key]


def test_what_is_done_is_not_run_again(swept, mnistgd, monkeypatch, place):
    from mnistgd.training.sweep import processes

    def refuse(*_):
        raise AssertionError("a trial is run twice")

    monkeypatch.setattr(processes, "run_trial", refuse)
    again = mnistgd("sweep", "--resume", "sweep", "--json", "--quiet")
    assert again.json["winner"] == swept.json["winner"]


@pytest.mark.parametrize("option", ["--seed 3", "--out other", "--keep all", "--data few.npz", "--random 2"])
def test_a_folder_has_all_settings(swept, mnistgd, place, option):
    result = mnistgd("sweep", "--resume", "sweep", *option.split())
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"error: {option.split()[0]} and --resume contradict each other",
        "hint: leave it out: sweep has all settings",
    ]


@pytest.mark.parametrize("name", ["train_images", "train_labels"])
def test_images_that_have_changed_are_noticed(swept, mnistgd, place, name):
    with np.load("few.npz") as file:
        arrays = dict(file)
    np.savez("few.npz", **arrays | {name: arrays[name][::-1]})
    result = mnistgd("sweep", "--resume", "sweep")
    assert result.code == 1
    assert "have changed since the sweep was begun" in result.stderr


LONG = "--epochs 25 --batch-size 5 --learning-rate 0.1,0.3,1 --seed 0:4 --jobs 2"
"""Some seconds of work."""


@pytest.fixture
def begin(place):
    """Begin a sweep as a process of its own, and wait until two trials are done."""
    begun = []

    def run():
        words = [sys.executable, "-m", "mnistgd", "sweep", "--data", "few.npz", "--quiet", *LONG.split()]
        begun.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        trials, deadline = place / "sweep" / "trials.jsonl", time.monotonic() + 60
        while not (trials.exists() and trials.read_bytes().count(b"\n") > 1):
            assert time.monotonic() < deadline
            assert begun[0].poll() is None, begun[0].stderr.read()
            time.sleep(0.05)
        return begun[0]

    yield run
    for process in begun:
        process.kill()
        process.communicate()


def children(process):
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


def assert_ended(numbers):
    deadline = time.monotonic() + 20
    while numbers:
        states = subprocess.run(["ps", "-o", "stat=", "-p", ",".join(map(str, numbers))], capture_output=True)
        if not [state for state in states.stdout.split() if not state.startswith(b"Z")]:
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def lines_of(place):
    return (place / "sweep" / "trials.jsonl").read_bytes().count(b"\n")


@needs_processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sweep_that_is_told_to_stop_says_how_it_goes_on(begin, place, number):
    process = begin()
    theirs = children(process)
    assert len(theirs) == 2
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    word = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[number]
    assert (process.returncode, out) == (128 + number, "")
    assert err.splitlines() == [
        f"error: {word} after {lines_of(place)} of 12 trials",
        "hint: go on with: mnistgd sweep --resume sweep",
    ]
    assert_ended(theirs)


def test_a_plot_of_one_trial_is_refused_before_it(sweep, place):
    refused = sweep("--epochs 1 --plot sweep.png")
    assert refused.code == 2
    assert refused.stderr.startswith("error: --plot has nothing to draw")
    assert not (place / "sweep").exists()


def test_a_full_disk_stops_a_sweep_that_goes_on_later(mnistgd, place, monkeypatch):
    add = SweepFolder.add

    def full(self, trial, content):
        if self.trials:
            raise OutputError("cannot write it: no space left on device", "name another place")
        add(self, trial, content)

    words = shlex.split("--data few.npz --epochs 1 --seed 0:3 --quiet")
    with monkeypatch.context() as patch:
        patch.setattr(SweepFolder, "add", full)
        stopped = mnistgd("sweep", *words)
    assert stopped.code == 1
    assert stopped.stderr.splitlines() == [
        "error: cannot write it: no space left on device after 1 of 3 trials",
        "hint: go on with: mnistgd sweep --resume sweep",
    ]
    assert mnistgd("sweep", "--resume", "sweep", "--quiet").code == 0
    assert sorted(row["trial"] for row in rows()) == [0, 1, 2]


@needs_processes
def test_a_sweep_that_is_killed_leaves_no_process_and_goes_on(begin, place, mnistgd):
    process = begin()
    theirs = children(process)
    process.kill()
    process.wait()
    done = lines_of(place)
    again = mnistgd("sweep", "--resume", "sweep", "--json", "--quiet")  # at once, while others still end
    assert again.code == 0, again.stderr
    assert_ended(theirs)
    assert done < 12 == again.json["trials"]
    assert sorted(row["trial"] for row in rows()) == list(range(12))


@needs_processes
def test_a_worker_that_is_killed_costs_the_time_of_its_trial(begin, place):
    process = begin()
    os.kill(children(process)[0], signal.SIGKILL)
    assert process.wait(60) == 0
    assert sorted(row["trial"] for row in rows()) == list(range(12))
    assert not [row for row in rows() if "error" in row]


@needs_processes
def test_a_trial_whose_process_dies_twice_has_failed(place):
    """As where memory ends; the others go on."""
    program = """
        import os, sys
        from mnistgd.training.sweep import processes
        run = processes.run_trial
        def dying(trial, settings, dataset):
            return os._exit(9) if settings.seed == 1 else run(trial, settings, dataset)
        processes.run_trial = dying
        from mnistgd.cli import main
        main()
    """
    program = "\n".join(line[8:] for line in program.splitlines())
    words = shlex.split("sweep --data few.npz --epochs 1 --seed 0:4 --json --quiet")
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["failed"] == 1
    assert [row["trial"] for row in rows() if row.get("error", "").startswith("its process died")] == [1]


@pytest.mark.slow
def test_two_hundred_trials_killed_again_and_again(place, mnistgd):
    """Wherever it is killed: no trial is lost, and none is run twice."""
    words = shlex.split("--epochs 2 --learning-rate log:0.001:1:20 --seed 0:10 --quiet")
    command = [sys.executable, "-m", "mnistgd", "sweep", "--data", "few.npz", *words]
    delay = 0.7
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            process.wait(delay)
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        delay += 0.15
        if (place / "sweep" / "sweep.json").exists():
            command = [sys.executable, "-m", "mnistgd", "sweep", "--resume", "sweep", "--quiet"]
    assert process.communicate()[1] == ""
    assert sorted(row["trial"] for row in rows()) == list(range(200))
    assert names(place / "sweep") == ["sweep.json", "trials.jsonl", "winner.npz"]
