"""Runs: what is set aside, when they stop, what they keep, and how they are taken up again."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from mnistgd.datasets.augment import augment
from mnistgd.datasets.readers.paths import read_path
from mnistgd.engine.training import gradient_of
from mnistgd.errors import DataError
from mnistgd.model.evaluation import evaluate
from mnistgd.model.freeze import pack_mask
from mnistgd.model.model import Model
from mnistgd.model.network import network_of
from mnistgd.model.settings import OPTIMIZERS, SCHEDULES, Settings
from mnistgd.training.run import Run


@pytest.fixture(scope="module")
def data(few):
    return read_path(few)


def last_of(run, start=None):
    *_, last = run.reports(start)
    return last


def told(now):
    """What a run says of itself after a step."""
    return (
        now.step,
        now.epoch,
        now.epoch_ends,
        now.loss,
        now.accuracy,
        now.learning_rate,
        now.validation,
        now.stopped,
    )


def same(a, b):
    return a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_what_is_set_aside_never_trains(data):
    run = Run(data, Settings(validation=0.3, seed=5))
    assert len(run.validation_rows) == 300
    assert sorted([*run.train_rows, *run.validation_rows]) == list(range(1000))
    assert (
        run.validation_rows.tolist() == Run(data, Settings(validation=0.3, seed=5)).validation_rows.tolist()
    )
    assert (
        run.validation_rows.tolist() != Run(data, Settings(validation=0.3, seed=6)).validation_rows.tolist()
    )
    # Only images that are set aside see pixel 0 inked: its weights must not move.
    images = data.train_images.copy()
    images[run.validation_rows, 0, 0] = 255
    spoiled = type(data)(
        images, data.train_labels, data.test_images, data.test_labels, data.class_names, "", ""
    )
    last = last_of(Run(spoiled, Settings(validation=0.3, seed=5, epochs=2)))
    assert (last.params["weights"][0] == 0).all()


@pytest.mark.parametrize(
    "options",
    [{}, {"validation": 0.3}, {"standardise": True}, {"batch_size": None}, {"augment": True}],
    ids=str,
)
def test_the_first_images_train_as_if_there_were_no_others(data, options):
    """Also those that are set aside are of them, as many as of a set that has no others."""
    fewer = replace(data, train_images=data.train_images[:250], train_labels=data.train_labels[:250])
    wanted, run = (
        Run(fewer, Settings(epochs=2, **options)),
        Run(data, Settings(epochs=2, first=250, **options)),
    )
    assert (run.train_rows.tolist(), run.validation_rows.tolist()) == (
        wanted.train_rows.tolist(),
        wanted.validation_rows.tolist(),
    )
    assert run.steps == wanted.steps
    found, expected = last_of(run), last_of(wanted)
    assert same(run.final_params(found), wanted.final_params(expected))
    assert (found.validation, found.totals) == (expected.validation, expected.totals)


@pytest.mark.parametrize("first", [1, 2, 1000])
def test_so_many_images_there_are(data, first):
    last = last_of(Run(data, Settings(first=first, validation=0.5, patience=1, epochs=2)))
    assert last.totals.seen == (first + 1) // 2
    with pytest.raises(DataError, match="--first 1001 is more than the 1,000 training images"):
        Run(data, Settings(first=1001))


def test_validation_is_what_evaluating_the_set_aside_says(data):
    run = Run(data, Settings(validation=0.2, epochs=3))
    last = last_of(run)
    params, rows = last.params, run.validation_rows
    outputs = data.train_images[rows].reshape(-1, 784) / 255 @ params["weights"] + params["bias"]
    assert last.validation.accuracy == pytest.approx(
        (outputs.argmax(axis=1) == data.train_labels[rows]).mean()
    )


def test_patience_keeps_the_best_epoch(data):
    """A rate that is too large makes validation loss jump about: whatever stops the run, the best is kept."""
    run = Run(data, Settings(validation=0.3, patience=2, epochs=40, learning_rate=2.0, schedule="constant"))
    ends = [progress for progress in run.reports() if progress.epoch_ends]
    losses = [progress.validation.loss for progress in ends]
    best = int(np.argmin(losses))
    assert len(ends) < 40
    assert len(ends) - 1 - best == 2
    assert ends[-1].stopped == "no better validation loss in 2 epochs"
    assert same(run.final_params(ends[-1]), ends[best].params)


@pytest.mark.parametrize(
    ("change", "reached"), [({"target_loss": 0.9}, "loss"), ({"target_accuracy": 0.7}, "accuracy")]
)
def test_targets(data, change, reached):
    last = last_of(Run(data, Settings(validation=0.3, epochs=50, **change)))
    assert last.epoch < 50
    assert f"validation {reached}" in last.stopped
    assert last.validation.loss <= 0.9 if reached == "loss" else last.validation.accuracy >= 0.7


def test_standardised_pixels_are_taken_over_by_the_first_layer(data):
    """What is kept answers plain pixels as the trained network answers standardised ones."""
    for hidden in ((), (6,)):
        run = Run(data, Settings(standardise=True, hidden=hidden, epochs=2))
        pixels = data.train_images.reshape(-1, 1) / 255
        scaler = StandardScaler().fit(pixels)
        assert run.mean == pytest.approx(scaler.mean_[0])
        assert run.deviation == pytest.approx(np.sqrt(scaler.var_[0]))
        last = last_of(run)
        images = data.test_images.reshape(-1, 784)
        trained, _ = run.network.forward(last.params, images)
        plain, _ = network_of(run.settings, 10).forward(run.final_params(last), images)
        assert np.allclose(trained, plain, atol=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_frozen_weights_stay_to_the_bit(data, optimizer):
    frozen = np.random.default_rng(0).random(784) < 0.5
    freeze = pack_mask(frozen)
    run = Run(data, Settings(optimizer=optimizer, freeze=freeze, init="uniform", weight_decay=0.1, epochs=2))
    before, after = run.start().params["weights"], last_of(run).params["weights"]
    assert before[frozen].tobytes() == after[frozen].tobytes()
    # Nearly: steps of one size may lead back to the very start.
    assert (before[~frozen] != after[~frozen]).mean() > 0.9


def test_steps_of_nielsens_network_are_those_of_his_listing(data):
    """Neural Networks and Deep Learning, chapter 1, network.py: update_mini_batch and backprop, image by image."""
    asked = Settings(
        loss="squared-error",
        output="sigmoid",
        hidden=(30,),
        activation="sigmoid",
        init="normal",
        batch_size=10,
        learning_rate=3.0,
        schedule="constant",
        epochs=1,
    )
    run = Run(data, asked)
    start = run.start()
    weights, biases = (
        [start.params[f"{layer}.{name}"].astype(float) for layer in (1, 3)] for name in ("weights", "bias")
    )
    for rows in itertools.islice(run.batches(0), 5):
        d_weights, d_biases = ([np.zeros_like(array) for array in arrays] for arrays in (weights, biases))
        for row in rows:
            image = data.train_images[row].reshape(784) / 255
            hidden = 1 / (1 + np.exp(-(image @ weights[0] + biases[0])))
            outputs = 1 / (1 + np.exp(-(hidden @ weights[1] + biases[1])))
            delta = (outputs - np.eye(10)[data.train_labels[row]]) * outputs * (1 - outputs)
            below = weights[1] @ delta * hidden * (1 - hidden)
            for layer, (entered, error) in enumerate([(image, below), (hidden, delta)]):
                d_weights[layer] += np.outer(entered, error)
                d_biases[layer] += error
        for layer in (0, 1):
            weights[layer] -= 3.0 / len(rows) * d_weights[layer]
            biases[layer] -= 3.0 / len(rows) * d_biases[layer]
    found = run.finish(steps=5).params
    for layer, name in enumerate(("1", "3")):
        assert np.abs(found[f"{name}.weights"] - start.params[f"{name}.weights"]).max() > 0.05
        assert np.allclose(found[f"{name}.weights"], weights[layer], atol=1e-5)
        assert np.allclose(found[f"{name}.bias"], biases[layer], atol=1e-5)


def test_only_what_trains_leaves_units_out(data):
    """The loss of its batches is that of networks of half the units; what is set aside is shown to all of them."""
    options = {"hidden": (20,), "validation": 0.3, "epochs": 8, "seed": 4}
    run = Run(data, Settings(dropout=0.5, **options))
    last = last_of(run)
    model = Model(run.final_params(last), Settings(**options), data.class_names)
    rows = run.validation_rows
    whole = evaluate(model, data.train_images[rows], data.train_labels[rows])
    assert last.validation.accuracy == whole.accuracy
    assert last.validation.loss == pytest.approx(whole.loss, rel=1e-6)
    assert last.loss > last.validation.loss
    assert last.validation.accuracy > 0.7


def test_only_what_trains_is_changed(data):
    """Anew in each epoch, by the numbers of the images; moments and validation are of the images as they are."""
    plain, run = (
        Run(data, Settings(validation=0.3, standardise=True, augment=augment, hidden=(6,)))
        for augment in (False, True)
    )
    assert (run.mean, run.deviation) == (plain.mean, plain.deviation)
    params = run.start().params
    assert run.score(params) == plain.score(params)
    rows = run.train_rows[::10]
    steps = [0, 1, run.steps_per_epoch]
    shown = [run.gradient(step, params, rows).outputs for step in steps]
    assert np.array_equal(shown[0], shown[1])
    for outputs, epoch in zip(shown, (0, 0, 1), strict=True):
        images = augment(run.images[rows], rows, (0, 0, 3, epoch))
        assert np.array_equal(outputs, run.network.forward(params, images)[0])
        assert not np.array_equal(outputs, plain.gradient(0, params, rows).outputs)
    assert not np.array_equal(shown[0], shown[2])


@pytest.mark.parametrize(
    "settings", [{}, {"hidden": (6,), "dropout": 0.4}, {"hidden": (6, 5), "dropout": 0.4}], ids=str
)
def test_a_gradient_of_parts_is_that_of_the_batch(data, settings):
    run = Run(data, Settings(**settings, init="uniform"))
    params, rows = run.start().params, np.random.default_rng(0).permutation(1000)[:90].astype(np.uint32)
    whole = run.gradient(7, params, rows)
    owners = np.random.default_rng(1).permutation(np.arange(90) % 3)
    shares = [np.flatnonzero(owners == owner) for owner in range(3)]
    parts = [
        gradient_of(network_of(run.settings, run.n_classes, step=7, places=places), run.loss)(
            7, params, (run.images[rows[places]], run.labels[rows[places]])
        )
        for places in shares
    ]
    for places, part in zip(shares, parts, strict=True):
        assert np.allclose(part.outputs, whole.outputs[places], atol=1e-6)
    assert np.mean([part.loss for part in parts]) == pytest.approx(whole.loss, rel=1e-6)
    for name, grad in whole.grads.items():
        assert np.allclose(np.mean([part.grads[name] for part in parts], axis=0), grad, atol=1e-6)
    other = run.gradient(8, params, rows)
    assert np.array_equal(other.outputs, whole.outputs) == ("dropout" not in settings)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("hidden", [(), (6,)])
def test_without_bias_there_is_none(data, optimizer, hidden):
    """Whatever is asked for besides: momentum, decay, a mask, a random start."""
    options = {
        "optimizer": optimizer,
        "hidden": hidden,
        "weight_decay": 0.01,
        "freeze": pack_mask(np.arange(784) < 392),
    }
    start = Run(data, Settings(bias=False, init="normal", epochs=2, **options)).start()
    last = last_of(start.run, start)
    for name, array in last.params.items():
        assert (array == 0).all() == name.endswith("bias")
    assert (last.params[start.run.settings.layer_prefix(1) + "weights"][:392] != 0).any()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_optimizer_and_schedule_learns(data, optimizer, schedule):
    last = last_of(Run(data, Settings(optimizer=optimizer, schedule=schedule, epochs=6, batch_size=20)))
    assert last.accuracy > 0.7


def test_hidden_layers_learn_what_one_layer_cannot(data):
    assert last_of(Run(data, Settings(hidden=(32,), epochs=40))).accuracy == 1.0


@settings(max_examples=20, deadline=None)
@example(
    optimizer="sgd", schedule="linear", hidden=(), patience=None, dropout=0.0, augment=True, stop=9
)  # where an epoch ends
@example(optimizer="adam", schedule="cosine", hidden=(3,), patience=1, dropout=0.5, augment=False, stop=18)
@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    schedule=st.sampled_from(SCHEDULES),
    hidden=st.sampled_from([(), (3,)]),
    patience=st.sampled_from([None, 1]),
    dropout=st.sampled_from([0.0, 0.5]),
    augment=st.booleans(),
    stop=st.integers(1, 26),
)
def test_a_run_goes_on_from_any_step_as_if_never_interrupted(
    data, optimizer, schedule, hidden, patience, dropout, augment, stop
):
    asked = Settings(
        optimizer=optimizer,
        schedule=schedule,
        hidden=hidden,
        dropout=dropout if hidden else 0.0,
        augment=augment,
        epochs=3,
        batch_size=90,
        validation=0.2,
        patience=patience,
    )
    whole = list(Run(data, asked).reports())
    stop = min(stop, len(whole))
    place = next(itertools.islice(Run(data, asked).reports(), stop - 1, None))
    if place.step == len(whole):
        assert list(Run(data, asked).reports(place)) == []
        return
    rest = list(Run(data, asked).reports(place))
    assert [told(now) for now in rest] == [told(now) for now in whole[stop:]]
    run = Run(data, asked)
    assert same(run.final_params(rest[-1]), run.final_params(whole[-1]))
