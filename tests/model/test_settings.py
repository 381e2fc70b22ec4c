"""Settings: each is written once, and the command line and files hold it to the same."""

import json
from dataclasses import FrozenInstanceError, fields, replace
from inspect import signature

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnistgd.engine import activations, initializers, optimizers, schedules
from mnistgd.errors import DivergedError, UsageError
from mnistgd.model import settings as written
from mnistgd.model.fields import setting_fields
from mnistgd.model.freeze import pack_mask, unpack_mask
from mnistgd.model.settings import LOSSES, OPTIMIZERS, OUTPUTS, WITH_MOMENTUM, Settings
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run

FIELDS = {field.name: field for field in setting_fields(Settings)}


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("OPTIMIZERS", optimizers.OPTIMIZERS),
        ("SCHEDULES", schedules.SCHEDULES),
        ("INITS", initializers.INITIALIZERS),
        ("ACTIVATIONS", activations.ACTIVATIONS),
    ],
)
def test_names_are_those_of_the_engine(name, engine):
    names = getattr(written, name)
    assert set(names) == set(engine), f"{name} of mnistgd/model/settings.py does not list what the engine has"


def test_outputs_have_activations_of_the_engine():
    assert set(written.OUTPUTS) - {"none"} == set(written.OUTPUT_RATES) < set(activations.ACTIVATIONS)
    assert FIELDS["output"].default in written.OUTPUTS


def test_kinds_of_optimizers_are_listed():
    takes = {name: set(signature(make).parameters) for name, make in optimizers.OPTIMIZERS.items()}
    with_momentum = {name for name in takes if "beta" in takes[name]}
    assert set(WITH_MOMENTUM) == with_momentum, "WITH_MOMENTUM of mnistgd/model/settings.py"
    assert all(name in FIELDS["momentum"].about["help"] for name in WITH_MOMENTUM), "the help of momentum"
    adaptive = {name for name in takes if "epsilon" in takes[name]}
    assert set(optimizers.ADAPTIVE) == adaptive, "ADAPTIVE of mnistgd/engine/optimizers.py"


def test_settings_are_complete_when_they_are_made():
    plain = Settings()
    assert (plain.learning_rate, plain.momentum, plain.init) == (1.0, None, "zeros")
    hidden = Settings(hidden=(4,), optimizer="nesterov")
    assert (hidden.learning_rate, hidden.momentum, hidden.init) == (0.5, 0.9, "glorot_uniform")
    asked = Settings(hidden=(4,), learning_rate=3.0, optimizer="momentum", momentum=0.0, init="uniform")
    assert (asked.learning_rate, asked.momentum, asked.init) == (3.0, 0.0, "uniform")
    with pytest.raises(FrozenInstanceError):
        plain.seed = 1


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"hidden": (7, 5), "batch_size": None},
        {"optimizer": "adam"},
        {"optimizer": "heavy_ball"},
        {"loss": "squared-error", "output": "tanh"},
        {"first": 1000, "augment": True},
        {"hidden": (4,), "dropout": 0.5, "bias": False},
        {"freeze": "f0" * 98},
        {"validation": 0.1, "target_loss": 0.3, "patience": 2, "seed": 2**64 - 1},
    ],
)
def test_settings_survive_json(change):
    wanted = Settings(**change)
    assert Settings.from_json(json.loads(json.dumps(wanted.as_json()))) == wanted


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_that_a_file_lacks_has_its_default(name):
    document = Settings(hidden=(4,), loss="squared-error", validation=0.1).as_json()
    missing = document.pop(name)
    found = Settings.from_json(document).as_json()
    assert found == Settings(**{n: FIELDS[n].from_json(value) for n, value in document.items()}).as_json()
    if FIELDS[name].default is not None and name not in ("hidden", "loss", "validation"):
        assert found[name] == missing


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"epochs": True},
        {"epochs": 1.0},
        {"epochs": 10**400},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"learning_rate": 10**400},
        {"learning_rate": "1"},
        {"weight_decay": -1},
        {"weight_decay": None},
        {"hidden": [0]},
        {"hidden": [1] * 6},
        {"hidden": 5},
        {"hidden": "64"},
        {"hidden": [4.0]},
        {"freeze": "xyz"},
        {"freeze": 5},
        {"validation": 1.0},
        {"patience": 0},
        {"optimizer": []},
        {"optimizer": "guess"},
        {"output": "relu"},
        {"output": "sigmoid"},
        {"momentum": 1.0},
        {"first": 0},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": 0.5},
        {"bias": 1},
        {"first": "1000"},
        {"batch_size": "all"},
        {"batch_size": None},
        {"deskew": 1},
        {"augment": "yes"},
        {"seed": -1},
        {"seed": 2**64},
    ],
    ids=str,
)
def test_settings_that_no_run_could_have_had(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))}|contradict"):
        Settings.from_json(Settings().as_json() | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"momentum": 0.5}, "means nothing to sgd"),
        ({"patience": 3}, "nothing is set aside"),
        ({"target_accuracy": 0.9}, "nothing is set aside"),
        ({"hidden": (4,), "init": "zeros"}, "would all stay the same"),
        ({"hidden": (4,) * 6}, "6 hidden layers are more than 5"),
        ({"dropout": 0.5}, "leaves out hidden units, and there are none"),
        ({"output": "sigmoid"}, "means nothing to cross-entropy"),
        ({"freeze": "mask.png"}, "not written as a mask is"),
    ],
)
def test_settings_that_make_no_sense_together(change, words):
    with pytest.raises(UsageError, match=words):
        Settings(**change)


def outcome(read, value):
    """What `read` makes of a value, or nothing."""
    try:
        return [read(value)]
    except ValueError:
        return []


NUMBERS = [field for field in FIELDS.values() if field.item in (int, float) and not field.about.get("commas")]


@pytest.mark.parametrize("field", NUMBERS, ids=lambda field: field.name)
@given(number=st.integers() | st.floats())
@example(number=10**12)
@example(number=10**12 + 1)
@example(number=1_764_103_169_123_456_789)
@example(number=2**64)
@example(number=10**400)
@example(number=0)
@example(number=0.9)
@example(number=1.0)
@example(number=float("nan"))
@example(number=float("inf"))
def test_the_command_line_takes_what_files_hold(field, number):
    assert outcome(field.from_text, str(number)) == outcome(field.from_json, number)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if "choices" in field.about])
@given(word=st.text())
@example(word="NONE")
@example(word="Linear")
def test_names_are_the_same_in_both(name, word):
    """But for capitals, which a person may type, and no file has."""
    field = FIELDS[name]
    assert outcome(field.from_text, word) == outcome(field.from_json, word.lower())
    assert word.lower() in field.about["choices"] or outcome(field.from_text, word) == []
    for choice in field.about["choices"]:
        assert field.from_text(choice) == field.from_json(choice) == choice


@given(sizes=st.lists(st.integers(-1, 1100), min_size=1))
def test_hidden_layers_are_the_same_in_both(sizes):
    field = FIELDS["hidden"]
    assert outcome(field.from_text, ",".join(map(str, sizes))) == outcome(field.from_json, sizes)


def test_a_full_batch_has_a_word():
    assert FIELDS["batch_size"].from_text("full") is FIELDS["batch_size"].from_json("full") is None
    assert Settings(batch_size=None).as_json()["batch_size"] == "full"


KEYS = {"help", "choices", "minimum", "maximum", "above", "below", "none", "commas", "default", "metavar", "envvar", "group"}  # fmt: skip


def test_every_setting_explains_itself():
    for field in fields(Settings):
        assert field.metadata["help"].endswith(".")
        assert not set(field.metadata) - KEYS, field.name


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("hidden", [(), (32,)])
@pytest.mark.parametrize(
    "loss",
    [*({"loss": loss} for loss in LOSSES), *({"loss": LOSSES[1], "output": each} for each in OUTPUTS[1:])],
    ids=str,
)
def test_neither_a_tenth_of_a_default_rate_nor_ten_times_it_does_better(mnist, loss, hidden, standardise):
    data = replace(mnist, train_images=mnist.train_images[:6000], train_labels=mnist.train_labels[:6000])
    recipe = {**loss, "hidden": hidden, "standardise": standardise, "epochs": 2}

    def accuracy(rate):
        try:
            last = Run(data, Settings(**recipe, learning_rate=rate)).finish()
        except DivergedError:
            return 0.0
        return finished_model(last).record["results"]["test_accuracy"]

    rate = Settings(**recipe).learning_rate
    tenth, default, tenfold = (accuracy(rate * factor) for factor in (0.1, 1, 10))
    assert default > max(tenth, tenfold)


@pytest.mark.parametrize(
    ("recipe", "rate"),
    [
        ({}, 1.0),
        ({"hidden": (4,)}, 0.5),
        ({"loss": "squared-error"}, 0.02),
        ({"loss": "squared-error", "hidden": (4,)}, 0.1),
        ({"loss": "squared-error", "output": "sigmoid"}, 1.0),
        ({"loss": "squared-error", "output": "tanh", "hidden": (4,)}, 0.2),
        ({"standardise": True}, 0.1),
        ({"standardise": True, "hidden": (4,)}, 0.2),
        ({"standardise": True, "loss": "squared-error"}, 0.002),
        ({"standardise": True, "loss": "squared-error", "hidden": (4,)}, 0.04),
        ({"optimizer": "momentum"}, 1.0),
        ({"optimizer": "nesterov", "momentum": 0.5}, 1.0),
        ({"optimizer": "heavy_ball"}, 0.1),
        ({"optimizer": "heavy_ball", "momentum": 0.5}, 0.5),
        *(({"optimizer": name}, 0.001) for name in optimizers.ADAPTIVE),
        ({"optimizer": "adam", "hidden": (4,), "standardise": True}, 0.001),
    ],
    ids=str,
)
def test_default_rates(recipe, rate):
    assert Settings(**recipe).learning_rate == pytest.approx(rate)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_has_its_momentum_or_none(name):
    assert Settings(optimizer=name).momentum == (0.9 if name in WITH_MOMENTUM else None)


@given(st.integers(0, 2**784 - 1))
def test_masks_survive_packing(bits):
    mask = np.array([bits >> place & 1 for place in range(784)], bool)
    assert (unpack_mask(pack_mask(mask)) == mask).all()


def test_schedules_that_are_open_ended_have_one_rate_however_long_the_run():
    same = {
        name
        for name, schedule in schedules.SCHEDULES.items()
        if all(schedule(0.5, 10)(step) == schedule(0.5, 20)(step) for step in range(10))
    }
    assert same == set(written.OPEN_ENDED)
