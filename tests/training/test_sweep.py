"""Sweeps: which trials there are, what one gives, which is best, and what is kept of them."""

import dataclasses
import itertools
import json
import os
import statistics

import numpy as np
import pytest

from mnistgd.datasets.options import DataOptions
from mnistgd.errors import DataError, MnistgdError, OutputError, UsageError
from mnistgd.model import weights_file
from mnistgd.model.evaluation import evaluate
from mnistgd.model.settings import Settings
from mnistgd.training import sweep_folder
from mnistgd.training.run import Run
from mnistgd.training.sweep import Group, Trial, ranked, run_trial
from mnistgd.training.sweep_folder import SweepFolder
from mnistgd.training.sweep_plan import FIELDS, Plan, described


def plan_of(draws=None, draw_seed=0, keep_all=False, **values):
    default = {name: (field.default,) for name, field in FIELDS.items()} | {"validation": (0.25,)}
    return Plan(
        {name: values.get(name, default[name]) for name in FIELDS},
        draws=draws,
        draw_seed=draw_seed,
        keep_all=keep_all,
    )


@pytest.fixture(scope="module")
def tiny(few):
    """120 images to train, 40 to test."""
    from mnistgd.datasets.load import load_dataset

    whole = load_dataset(few)
    return dataclasses.replace(
        whole,
        train_images=whole.train_images[:120],
        train_labels=whole.train_labels[:120],
        test_images=whole.test_images[:40],
        test_labels=whole.test_labels[:40],
    )


# --- which trials ------------------------------------------------------------------------------------


def test_the_grid_is_every_combination_once_and_seeds_follow_each_other():
    plan = plan_of(learning_rate=(0.1, 1.0), batch_size=(10, None), seed=(7, 8, 9))
    found = [plan.settings(number) for number in range(len(plan))]
    wanted = [
        (batch, rate, seed) for batch, rate, seed in itertools.product((10, None), (0.1, 1.0), (7, 8, 9))
    ]
    assert [(each.batch_size, each.learning_rate, each.seed) for each in found] == wanted
    assert plan.varied == ["batch_size", "learning_rate", "seed"]
    assert plan.varying(3) == {"batch_size": 10, "learning_rate": 1.0, "seed": 7}
    assert plan.varying(11) == {"batch_size": "full", "learning_rate": 1.0, "seed": 9}


def test_draws_are_of_the_grid_none_twice_and_decided_by_their_seed():
    values = {"learning_rate": (1.0, 2.0, 3.0), "weight_decay": (0.0, 0.1, 0.2), "seed": (0, 1)}
    grid = plan_of(**values)
    everything = {grid.settings(number) for number in range(len(grid))}
    plan = plan_of(draws=5, **values)
    drawn = [plan.settings(number) for number in range(len(plan))]
    assert len(drawn) == len(set(drawn)) == 10
    assert set(drawn) < everything
    assert [each.seed for each in drawn] == [0, 1] * 5
    again = plan_of(draws=5, **values)
    assert drawn == [again.settings(number) for number in range(10)]
    other = plan_of(draws=5, draw_seed=1, **values)
    assert drawn != [other.settings(number) for number in range(10)]
    whole = plan_of(draws=99, **values)
    assert {whole.settings(number) for number in range(len(whole))} == everything


def test_draws_from_a_grid_that_no_memory_holds():
    many = tuple(float(n) for n in range(1, 1000))
    plan = plan_of(draws=3, learning_rate=many, weight_decay=many, momentum=(0.5,), optimizer=("momentum",))
    assert len({plan.settings(number) for number in range(len(plan))}) == 3


def test_a_plan_is_read_as_it_was_written():
    plan = dataclasses.replace(
        plan_of(draws=2, draw_seed=3, keep_all=True, hidden=((), (4, 2)), batch_size=(None, 5), seed=(1, 2)),
        data="/somewhere/else.npz",
        reading=DataOptions(test_share=0.25),
        class_names=("a", "b"),
        sha256="f" * 64,
    )
    assert Plan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"draws": "2"}, "its draws cannot be '2'"),
        ({"draws": 0}, "its draw is none"),
        ({"keep_all": 1}, "its keep_all cannot be 1"),
        ({"values": {}}, "not those of every setting"),
        ({"class_names": [1]}, "its class names are no texts"),
        ({"reading": {"test_share": 7.0}}, "test_share is no share"),
    ],
)
def test_a_plan_of_nobody(change, words):
    with pytest.raises(ValueError, match=words):
        Plan.from_json(plan_of().as_json() | change)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"validation": (0.1, 0.0)}, "nothing is set aside to choose a trial by"),
        ({"seed": tuple(range(1_000_001))}, "these are more than 1,000,000 trials"),
        ({"optimizer": ("sgd", "momentum"), "momentum": (0.5,)}, "--momentum means nothing to sgd"),
        ({"hidden": ((), (4,)), "init": ("zeros",)}, "would all stay the same.*: hidden 4$"),
        (
            {"hidden": ((4,), ()), "dropout": (0.0, 0.5), "seed": (0, 1)},
            "there are none: dropout 0.5, hidden none$",
        ),
    ],
)
def test_what_train_refuses_is_refused_before_any_trial(values, words):
    with pytest.raises(UsageError, match=words):
        plan_of(**values).check()


def test_the_command_of_a_trial_says_all_that_decides_it():
    plan = dataclasses.replace(
        plan_of(learning_rate=(0.1, 3.0), seed=(0, 5)),
        data="/my data.npz",
        reading=DataOptions(transpose=True),
        class_names=("a", "b c"),
    )
    assert plan.command(3) == (
        "mnistgd train --data '/my data.npz' --transpose --class-names 'a,b c'"
        " --learning-rate 3.0 --seed 5 --validation 0.25"
    )


# --- one trial ---------------------------------------------------------------------------------------


def test_a_trial_is_the_run_but_for_its_test(tiny):
    settings = Settings(epochs=3, batch_size=20, validation=0.25, seed=4)
    trial, content = run_trial(Trial(0, {}), settings, tiny)
    last = Run(tiny, settings).finish()
    model = weights_file.load(content)
    np.testing.assert_array_equal(model.params["weights"], last.params["weights"])
    np.testing.assert_array_equal(model.params["bias"], last.params["bias"])
    assert model.record["results"]["test_accuracy"] is None
    assert (trial.validation_accuracy, trial.validation_loss) == (
        last.validation.accuracy,
        last.validation.loss,
    )
    assert (trial.epochs, trial.steps, trial.error) == (3, last.step, None)
    assert trial.environment["threads"] == 1


def test_with_patience_the_score_is_that_of_the_weights_that_are_kept(tiny):
    settings = Settings(epochs=30, batch_size=5, schedule="constant", validation=0.3, patience=2)
    trial, content = run_trial(Trial(0, {}), settings, tiny)
    run, model = Run(tiny, settings), weights_file.load(content)
    kept = evaluate(model, tiny.train_images[run.validation_rows], tiny.train_labels[run.validation_rows])
    assert trial.stopped is not None
    assert trial.validation_accuracy == kept.accuracy
    assert trial.validation_loss == pytest.approx(kept.loss, rel=1e-5)


def test_a_run_that_diverges_is_a_trial_with_an_error(tiny):
    settings = Settings(learning_rate=1e30, loss="squared-error", validation=0.1)
    trial, content = run_trial(Trial(3, {}), settings, tiny)
    assert trial.error.startswith("training diverged at step")
    assert (trial.validation_accuracy, content) == (None, b"")


# --- which is best -----------------------------------------------------------------------------------


def trial_of(number, accuracy, loss=1.0):
    if accuracy is None:
        return Trial(number, {"learning_rate": number // 2, "seed": number % 2}, 1.0, error="diverged")
    return Trial(number, {"learning_rate": number // 2, "seed": number % 2}, 1.0, None, accuracy, loss)


def test_the_ranking_is_by_the_mean_then_the_loss_and_failures_come_last():
    plan = plan_of(learning_rate=tuple(map(float, range(1, 7))), seed=(0, 1))
    accuracies = [0.5, 0.7, 0.9, None, 0.8, 0.6, 0.6, 0.6, None, None, 0.7, 0.7]
    losses = [1.0] * 4 + [2.0] * 2 + [1.0] * 4 + [1.0, 1.0]
    trials = [trial_of(n, *pair) for n, pair in enumerate(zip(accuracies, losses, strict=True))]
    found = ranked(plan, reversed(trials))
    # 5 and 2 have the same mean, and 5 the smaller loss; 1 has a failure, and 4 nothing else.
    assert [group.settings["learning_rate"] for group in found] == [5, 2, 0, 3, 1, 4]
    best = found[1]
    assert best.mean("validation_accuracy") == pytest.approx(statistics.fmean([0.8, 0.6]))
    assert best.deviation("validation_accuracy") == pytest.approx(np.std([0.8, 0.6], ddof=1))
    assert best.best.trial == 4
    assert found[4].deviation("validation_accuracy") is None
    assert found[5].mean("validation_loss") is None
    assert found[5].error == "diverged"


def test_settings_in_words():
    words = described({"batch_size": "full", "hidden": [64, 32], "standardise": True, "weight_decay": 1e-3})
    assert words == "batch size full, hidden 64+32, standardise yes, weight decay 0.001"


# --- what is kept ------------------------------------------------------------------------------------


@pytest.fixture
def swept(tiny, tmp_path):
    """A sweep of four trials and its folder, and what came of each."""
    plan = plan_of(learning_rate=(0.01, 1.0), seed=(0, 1), epochs=(2,))
    plan = dataclasses.replace(plan, sha256=tiny.sha256)
    ended = [run_trial(Trial.of(plan, n), plan.settings(n), tiny) for n in range(4)]
    sweep_folder.begin(tmp_path / "sweep", plan, "mnistgd sweep")
    return tmp_path / "sweep", plan, ended


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


@pytest.mark.parametrize(
    "change",
    [
        {"validation_accuracy": None},
        {"validation_accuracy": float("nan")},
        {"validation_loss": "1"},
        {"validation_loss": 10**400},
        {"seconds": -1},
        {"seconds": "1"},
        {"error": 7},
    ],
)
def test_a_trial_without_its_numbers(swept, change):
    _, plan, ended = swept
    found = json.loads(json.dumps(ended[0][0].as_json()))
    assert Trial.from_json(found, plan) == ended[0][0]
    with pytest.raises(ValueError, match=r"cannot be|is no such number"):
        Trial.from_json(found | change, plan)


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


def test_a_group_of_one_has_no_deviation():
    assert Group((trial_of(0, 0.5),)).deviation("validation_accuracy") is None


@pytest.mark.parametrize("name", ["sweep.json", "trials.jsonl", "winner.npz", "trial-3.npz"])
def test_a_pipe_in_the_folder_is_not_waited_for(swept, name):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    folder, plan, _ = swept
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(DataError, match="is no file"):
        sweep_folder.load_plan(folder) if name == "sweep.json" else SweepFolder(folder, plan)
