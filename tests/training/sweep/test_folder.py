"""What is kept of a sweep."""

import dataclasses
import itertools
import json
import os

import numpy as np
import pytest

from mnistgd.errors import DataError, MnistgdError, OutputError
from mnistgd.model import weights_file
from mnistgd.model.evaluation import evaluate
from mnistgd.training.sweep import folder as sweep_folder
from mnistgd.training.sweep.folder import SweepFolder
from mnistgd.training.sweep.trial import Trial


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_weights_of_the_winner_alone_stay(swept, tiny):
    folder, plan, ended = swept
    with SweepFolder(folder, plan) as kept:
        for trial, content in ended:
            kept.add(trial, content)
        assert kept.to_come == []
        model = kept.crown({False: tiny})
    assert names(folder) == ["sweep.json", "trials.jsonl", "winner.npz"]
    winner = min(kept.ranking()[0].trials, key=lambda trial: trial.order)
    assert winner.settings["learning_rate"] == 1.0
    wanted = weights_file.load(ended[winner.trial][1])
    found = weights_file.load(folder / "winner.npz")
    np.testing.assert_array_equal(found.params["weights"], wanted.params["weights"])
    test = evaluate(wanted, tiny.test_images, tiny.test_labels)
    assert found.record["results"]["test_accuracy"] == test.accuracy == model.results["test_accuracy"]


@pytest.mark.parametrize("left", [b"", b"half"])
def test_what_was_killed_while_it_wrote_leaves_nothing(swept, left):
    folder, plan, _ = swept
    for name in (".trials.jsonl.abc.tmp", ".trial-3.npz.abc.tmp", ".winner.npz.abc.tmp"):
        (folder / name).write_bytes(left)
    with SweepFolder(folder, plan):
        assert names(folder) == ["sweep.json", "trials.jsonl"]


def test_all_weights_stay_where_that_is_asked_for(swept, tiny):
    folder, plan, ended = swept
    with SweepFolder(folder, dataclasses.replace(plan, keep_all=True)) as kept:
        for trial, content in ended:
            kept.add(trial, content)
        kept.crown({False: tiny})
    weights = [f"trial-{n}.npz" for n in range(4)]
    assert names(folder) == ["sweep.json", *weights, "trials.jsonl", "winner.npz"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_whatever_the_order_the_winner_is_kept(swept, tiny, order):
    folder, plan, ended = swept
    for number in order:  # a process for each of them
        with SweepFolder(folder, plan) as kept:
            kept.add(*ended[number])
    with SweepFolder(folder, plan) as kept:
        assert kept.crown({False: tiny}).settings == plan.settings(kept.ranking()[0].best.trial)
    with SweepFolder(folder, plan) as kept:  # and once more, when all is done
        assert kept.crown({False: tiny}).results["test_accuracy"] is not None
    assert names(folder) == ["sweep.json", "trials.jsonl", "winner.npz"]


def test_a_line_that_is_cut_off_is_a_trial_to_come(swept):
    folder, plan, ended = swept
    with SweepFolder(folder, plan) as kept:
        for trial, content in ended[:3]:
            kept.add(trial, content)
    whole = (folder / "trials.jsonl").read_bytes()
    third = whole.splitlines(keepends=True)[2]
    for cut in [*range(0, len(third), 41), len(third) - 1]:
        (folder / "trials.jsonl").write_bytes(whole[: len(whole) - len(third) + cut])
        with SweepFolder(folder, plan) as kept:
            assert kept.to_come == [2, 3]
    with SweepFolder(folder, plan) as kept:
        kept.add(*ended[2])
        kept.add(*ended[3])
    lines = (folder / "trials.jsonl").read_text().splitlines()
    assert [json.loads(line)["trial"] for line in lines] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"meow\n", "line 1 of .* is not a trial: it is not JSON"),
        (b"[]\n", "it is not a JSON object"),
        (b'{"trial": 9, "settings": {}}\n', "it is none of this sweep"),
        (b'{"trial": 0, "settings": {"learning_rate": 9}}\n', "it is none of this sweep"),
        (b"[" * 100_000 + b"\n", "it is too long"),
        (b"[" * 5000 + b"\n", "it is not JSON"),
    ],
)
def test_a_line_that_is_no_trial(swept, line, words):
    folder, plan, _ = swept
    (folder / "trials.jsonl").write_bytes(line)
    with pytest.raises(DataError, match=words):
        SweepFolder(folder, plan)
    assert (folder / "trials.jsonl").read_bytes() == line


def test_two_processes_do_not_go_on_with_one_sweep(swept):
    folder, plan, _ = swept
    with SweepFolder(folder, plan), pytest.raises(OutputError, match="another run is writing to it"):
        SweepFolder(folder, plan)


def test_weights_that_are_gone_are_said_to_be(swept, tiny):
    folder, plan, ended = swept
    with SweepFolder(folder, plan) as kept:
        for trial, content in ended:
            kept.add(trial, content)
        for file in folder.glob("trial-*.npz"):
            file.unlink()
        with pytest.raises(MnistgdError, match="does not hold the winner's weights") as error:
            kept.crown({False: tiny})
    assert plan.command(kept.ranking()[0].best.trial) in error.value.hint


def test_a_sweep_whose_every_trial_failed_has_no_winner(swept, tiny):
    folder, plan, _ = swept
    with SweepFolder(folder, plan) as kept:
        for number in range(4):
            kept.add(dataclasses.replace(Trial.of(plan, number), error="diverged"), b"")
        with pytest.raises(MnistgdError, match="every trial failed: diverged"):
            kept.crown({False: tiny})


def test_a_folder_is_for_one_sweep(swept, tmp_path):
    folder, plan, _ = swept
    assert sweep_folder.load_plan(folder) == plan
    with pytest.raises(OutputError, match="is the folder of another sweep"):
        sweep_folder.begin(folder, plan, "")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    for other in (tmp_path / "full", tmp_path / "full" / "something"):
        with pytest.raises(OutputError, match="is no empty folder"):
            sweep_folder.begin(other, plan, "")


def test_of_two_that_find_a_folder_free_one_has_it(swept, tmp_path, monkeypatch):
    _, plan, _ = swept
    other, folder = dataclasses.replace(plan, draws=1), tmp_path / "both"
    make_folder = sweep_folder.make_folder

    def beaten(path):
        monkeypatch.undo()
        sweep_folder.begin(path, plan, "")
        make_folder(path)

    monkeypatch.setattr(sweep_folder, "make_folder", beaten)
    with pytest.raises(OutputError, match="is the folder of another sweep"):
        sweep_folder.begin(folder, other, "")
    assert sweep_folder.load_plan(folder) == plan
    assert names(folder) == ["sweep.json"]


def test_a_sweep_whose_plan_could_not_be_written_begins_anew(swept, tmp_path, monkeypatch):
    _, plan, _ = swept
    monkeypatch.setattr(sweep_folder, "describe", object)
    with pytest.raises(TypeError, match="JSON"):
        sweep_folder.begin(tmp_path / "again", plan, "")
    monkeypatch.undo()
    sweep_folder.begin(tmp_path / "again", plan, "")
    assert sweep_folder.load_plan(tmp_path / "again") == plan


@pytest.mark.parametrize("content", ["", "meow", "[]", "{}", '{"format": 1}', '{"format": 1, "plan": {}}'])
def test_a_plan_that_is_none(tmp_path, content):
    (tmp_path / "sweep.json").write_text(content)
    with pytest.raises(DataError, match=r"sweep.json is not the plan of a sweep"):
        sweep_folder.load_plan(tmp_path)


def test_a_link_in_the_folder_is_not_followed(swept, tmp_path, tiny):
    """A folder may be somebody else's: what its links point to stays as it is."""
    folder, plan, ended = swept
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for name in ("trial-0.npz", "trial-7.npz", "winner.npz"):
        (folder / name).symlink_to(precious)
    with SweepFolder(folder, plan) as kept:
        for trial, content in ended:
            kept.add(trial, content)
        kept.crown({False: tiny})
    assert precious.read_text() == "precious"
    assert names(folder) == ["sweep.json", "trials.jsonl", "winner.npz"]


@pytest.mark.parametrize("name", ["sweep.json", "trials.jsonl", "winner.npz", "trial-3.npz"])
def test_a_pipe_in_the_folder_is_not_waited_for(swept, name):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    folder, plan, _ = swept
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(DataError, match="is no file"):
        sweep_folder.load_plan(folder) if name == "sweep.json" else SweepFolder(folder, plan)
