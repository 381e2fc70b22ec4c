"""A sweep on workers: the same trials as on this machine, whoever is lost on the way."""

import dataclasses
import json
import os
import shlex
import signal
from types import SimpleNamespace

import numpy as np
import pytest

from mnistgd.datasets.load import load_dataset
from mnistgd.errors import ClusterError
from mnistgd.training.cluster.connection import connected
from mnistgd.training.sweep.plan import FIELDS, Plan
from mnistgd.training.sweep.processes import in_processes
from mnistgd.training.sweep.trial import DIED, Trial
from mnistgd.training.sweep.workers import _outcome, bring, on_workers

LONG = "--epochs 20 --batch-size 5 --learning-rate 0.1,0.3,1 --seed 0:4"
"""Some seconds of work."""


@pytest.fixture
def place(few, tmp_path, monkeypatch):
    """A folder with a data set."""
    (tmp_path / "few.npz").write_bytes(few.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan_of(**values):
    default = {name: (field.default,) for name, field in FIELDS.items()} | {"validation": (0.1,)}
    return Plan({name: values.get(name, default[name]) for name in FIELDS})


def rows(folder="sweep"):
    with open(f"{folder}/trials.jsonl") as file:  # noqa: PTH123
        return [json.loads(line) for line in file]


def untimed(trials):
    """What came of trials, in their order, without the seconds that they took."""
    return sorted((number, text) for number, text in ((row.pop("trial"), _text(row)) for row in trials))


def _text(row):
    del row["seconds"]
    return json.dumps(row, sort_keys=True)


@pytest.fixture
def swept(begin, site, place):
    words = "--epochs 2 --learning-rate 0.1,1e30 --loss squared-error --deskew no,yes --seed 0:2 --keep all"
    process = begin("sweep", "--data", "few.npz", *shlex.split(words), "--json", "--cluster", site.file)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return words, json.loads(out), err.splitlines()


def test_what_comes_of_it_is_what_comes_of_it_here(swept, site, mnistgd, place):
    """Down to the last bit, by the errors as well; each trial tells the processor that it ran on."""
    words, found, said = swept
    assert len([line for line in said if line.startswith("trial ")]) == 8
    here = mnistgd(
        "sweep", "--data", "few.npz", *shlex.split(words), "--out", "here", "--quiet", "--json"
    ).json
    for document in (found, here):
        assert document["failed"] == 4
        for group in document["results"]:
            del group["seconds"]
    assert found["results"] == here["results"]
    assert untimed(rows()) == untimed(rows("here"))
    for row in rows():
        assert "error" in row or row["environment"]["cpu"]
        if "error" not in row:
            with (
                np.load(f"sweep/trial-{row['trial']}.npz") as there,
                np.load(f"here/trial-{row['trial']}.npz") as ours,
            ):
                assert there["weights"].tobytes() == ours["weights"].tobytes()


def test_images_that_workers_do_not_find_are_sent(site, few, tmp_path):
    place = tmp_path / "gone.npz"
    place.write_bytes(few.read_bytes())
    datasets = {False: load_dataset(place)}
    place.unlink()
    plan = plan_of(epochs=(1,), seed=(0, 1, 2))
    with connected(str(site.file)) as cluster:
        bring(cluster, datasets)
        there = sorted(on_workers(plan, [0, 1, 2], datasets, cluster), key=lambda pair: pair[0].trial)
    for number, (trial, content) in enumerate(there):
        ours, own = next(in_processes(plan, [number], datasets, jobs=1))
        assert trial.validation_loss == ours.validation_loss
        assert content
        assert own


def test_a_worker_that_is_killed_costs_the_time_of_its_trial(begin, own_site, place, wait_for):
    process = begin("sweep", "--data", "few.npz", *shlex.split(LONG), "--quiet", "--cluster", own_site.file)
    trials = place / "sweep" / "trials.jsonl"
    wait_for(lambda: trials.exists() and trials.read_bytes().count(b"\n") > 1)
    own_site.processes[1].kill()
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert sorted(row["trial"] for row in rows()) == list(range(12))
    assert not [row for row in rows() if "error" in row]


@pytest.mark.parametrize("who", ["the scheduler", pytest.param("every worker", marks=pytest.mark.slow)])
def test_without_anybody_a_sweep_stops_and_goes_on_elsewhere(begin, own_site, place, wait_for, mnistgd, who):
    process = begin("sweep", "--data", "few.npz", *shlex.split(LONG), "--quiet", "--cluster", own_site.file)
    trials = place / "sweep" / "trials.jsonl"
    wait_for(lambda: trials.exists() and trials.read_bytes().count(b"\n") > 1)
    for each in own_site.processes[:1] if who == "the scheduler" else own_site.processes[1:]:
        each.kill()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    error, hint = err.splitlines()
    assert error.startswith(f"error: {who} ")
    assert error.endswith(f"was lost after {len(rows())} of 12 trials")
    assert hint == "hint: go on with: mnistgd sweep --resume sweep"
    done = [row["trial"] for row in rows()]
    assert mnistgd("sweep", "--resume", "sweep", "--quiet").code == 0
    assert [row["trial"] for row in rows()][: len(done)] == done
    assert sorted(row["trial"] for row in rows()) == list(range(12))


def test_ctrl_c_keeps_what_is_done(begin, place, wait_for):
    process = begin("sweep", "--data", "few.npz", *shlex.split(LONG), "--quiet", "--cluster", "local:2")
    trials = place / "sweep" / "trials.jsonl"
    wait_for(lambda: trials.exists() and trials.read_bytes().count(b"\n") > 1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines() == [
        f"error: interrupted after {len(rows())} of 12 trials",
        "hint: go on with: mnistgd sweep --resume sweep",
    ]
    wait_for(lambda: _is_empty(process.pid))


def _is_empty(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_trial_that_kills_its_workers_has_failed(site):
    from distributed import KilledWorker

    class Future:
        def result(self, timeout):
            raise KilledWorker("trial", None, 3)

    with connected(str(site.file)) as cluster:
        trial, content = _outcome(Future(), Trial(3, {}), cluster)
    assert (trial, content) == (Trial(3, {}, error=DIED), b"")


def test_a_future_that_is_lost_is_a_scheduler_that_is_lost(site):
    class Future:
        def result(self, timeout):
            raise OSError

    with connected(str(site.file)) as cluster, pytest.raises(ClusterError, match="was lost"):
        _outcome(Future(), Trial(3, {}), cluster)


def test_a_trial_is_not_waited_for_when_its_worker_was_the_last_one():
    """One that was done, and whose worker died before anybody had what came of it."""

    class Future:
        def result(self, timeout=None):
            if timeout is None:
                pytest.fail("it is waited for")
            raise TimeoutError

    left = ["tcp://127.0.0.1:1"]
    cluster = SimpleNamespace(address="local:1", left=lambda: [left.pop()] if left else [])
    with pytest.raises(ClusterError, match="every worker of local:1 was lost"):
        _outcome(Future(), Trial(3, {}), cluster)


def test_workers_that_were_lost_before_the_first_trial(site, few):
    datasets = {False: load_dataset(few)}
    with connected(str(site.file)) as there:
        gone = dataclasses.replace(there, workers=("tcp://127.0.0.1:1",))
        with pytest.raises(ClusterError, match="every worker"):
            next(on_workers(plan_of(), [0], datasets, gone))


@pytest.mark.slow
def test_two_hundred_trials(begin, own_site, place, wait_for):
    words = "--epochs 2 --learning-rate log:0.001:1:20 --seed 0:10 --quiet"
    process = begin("sweep", "--data", "few.npz", *shlex.split(words), "--cluster", own_site.file)
    trials = place / "sweep" / "trials.jsonl"
    wait_for(lambda: trials.exists() and trials.read_bytes().count(b"\n") > 50)
    own_site.processes[2].kill()
    own_site.workers(1)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    assert sorted(row["trial"] for row in rows()) == list(range(200))
    assert sorted(path.name for path in (place / "sweep").iterdir()) == [
        "sweep.json",
        "trials.jsonl",
        "winner.npz",
    ]
