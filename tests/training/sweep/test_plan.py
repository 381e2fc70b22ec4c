"""Which trials a sweep has."""

import dataclasses
import itertools
import json

import pytest

from mnistgd.datasets.options import DataOptions
from mnistgd.errors import UsageError
from mnistgd.training.sweep.plan import Plan, described


def test_the_grid_is_every_combination_once_and_seeds_follow_each_other(plan_of):
    plan = plan_of(learning_rate=(0.1, 1.0), batch_size=(10, None), seed=(7, 8, 9))
    found = [plan.settings(number) for number in range(len(plan))]
    wanted = [
        (batch, rate, seed) for batch, rate, seed in itertools.product((10, None), (0.1, 1.0), (7, 8, 9))
    ]
    assert [(each.batch_size, each.learning_rate, each.seed) for each in found] == wanted
    assert plan.varied == ["batch_size", "learning_rate", "seed"]
    assert plan.varying(3) == {"batch_size": 10, "learning_rate": 1.0, "seed": 7}
    assert plan.varying(11) == {"batch_size": "full", "learning_rate": 1.0, "seed": 9}


def test_draws_are_of_the_grid_none_twice_and_decided_by_their_seed(plan_of):
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


def test_draws_from_a_grid_that_no_memory_holds(plan_of):
    many = tuple(float(n) for n in range(1, 1000))
    plan = plan_of(draws=3, learning_rate=many, weight_decay=many, momentum=(0.5,), optimizer=("momentum",))
    assert len({plan.settings(number) for number in range(len(plan))}) == 3


def test_a_plan_is_read_as_it_was_written(plan_of):
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
def test_a_plan_of_nobody(plan_of, change, words):
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
def test_what_train_refuses_is_refused_before_any_trial(plan_of, values, words):
    with pytest.raises(UsageError, match=words):
        plan_of(**values).check()


def test_the_command_of_a_trial_says_all_that_decides_it(plan_of):
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


def test_settings_in_words():
    words = described({"batch_size": "full", "hidden": [64, 32], "standardise": True, "weight_decay": 1e-3})
    assert words == "batch size full, hidden 64+32, standardise yes, weight decay 0.001"
