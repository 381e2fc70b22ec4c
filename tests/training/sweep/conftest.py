"""A few images, a plan of a sweep of them, and such a sweep that has been run."""

import dataclasses

import pytest

from mnistgd.training.sweep import folder
from mnistgd.training.sweep.plan import FIELDS, Plan
from mnistgd.training.sweep.trial import Trial, run_trial


@pytest.fixture(scope="session")
def plan_of():
    """A plan of the values that are given; each other setting has its default."""

    def plan(draws=None, draw_seed=0, keep_all=False, **values):
        default = {name: (field.default,) for name, field in FIELDS.items()} | {"validation": (0.25,)}
        return Plan(
            {name: values.get(name, default[name]) for name in FIELDS},
            draws=draws,
            draw_seed=draw_seed,
            keep_all=keep_all,
        )

    return plan


@pytest.fixture(scope="session")
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


@pytest.fixture
def swept(plan_of, tiny, tmp_path):
    """A sweep of four trials and its folder, and what came of each."""
    plan = plan_of(learning_rate=(0.01, 1.0), seed=(0, 1), epochs=(2,))
    plan = dataclasses.replace(plan, sha256=tiny.sha256)
    ended = [run_trial(Trial.of(plan, n), plan.settings(n), tiny) for n in range(4)]
    folder.begin(tmp_path / "sweep", plan, "mnistgd sweep")
    return tmp_path / "sweep", plan, ended
