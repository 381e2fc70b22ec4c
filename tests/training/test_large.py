"""Runs on sets that are not held in memory: the same steps, and no step on images that somebody changed."""

import signal
import subprocess
import sys

import numpy as np
import pytest

from mnistgd.datasets import streams
from mnistgd.datasets.load import load_dataset
from mnistgd.errors import DataError
from mnistgd.model.evaluation import confident_mistakes, evaluate
from mnistgd.model.settings import Settings
from mnistgd.training import run as training
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run

TRAIN_IMAGES = "train_images.npy"


@pytest.fixture(scope="module")
def folder(few, tmp_path_factory):
    """The images of `few`, as files that can be mapped."""
    folder = tmp_path_factory.mktemp("mapped")
    with np.load(few) as arrays:
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
    return folder


@pytest.fixture(scope="module")
def held(few):
    dataset = load_dataset(few)
    assert dataset.about.held == "memory"
    return dataset


@pytest.fixture
def mapped(folder, monkeypatch):
    monkeypatch.setattr(streams, "LARGE", 10_000)
    dataset = load_dataset(folder)
    assert dataset.about.held == "mapped"
    return dataset


SETTINGS = {
    "plain": Settings(epochs=2),
    "validation": Settings(epochs=2, validation=0.3),
    "standardised": Settings(epochs=2, validation=0.1, standardise=True),
    "augmented": Settings(epochs=2, validation=0.1, augment=True),
    "hidden, all at once": Settings(epochs=2, batch_size=None, hidden=(5,), learning_rate=0.1),
}


def weights_of(model):
    return {name: array.tobytes() for name, array in model.params.items()}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_same_weights_to_the_last_bit(held, mapped, settings):
    model, expected = (finished_model(Run(dataset, settings).finish()) for dataset in (mapped, held))
    assert weights_of(model) == weights_of(expected)
    assert model.record["results"] == expected.record["results"]
    assert model.data_sha256 == expected.data_sha256


def test_a_run_is_taken_up_in_the_middle_of_an_epoch(mapped):
    run = Run(mapped, Settings(epochs=2))
    reports = [*run.reports()]
    *_, last = Run(mapped, Settings(epochs=2)).reports(reports[4])
    assert all((last.params[name] == array).all() for name, array in reports[-1].params.items())


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_four_bytes_come_in_the_order_of_those_of_eight(seed):
    """The order of an epoch is a promise: what trained with the older rows trains to the same weights."""
    for count in (1, 10, 70_001):
        for key in ([seed, 1], [seed, 0, 1], 0):
            orders = [
                np.random.default_rng(key).permutation(rows)
                for rows in (count, np.arange(count), np.arange(count, dtype=np.uint32))
            ]
            assert np.array_equal(orders[0], orders[1])
            assert np.array_equal(orders[1], orders[2])


def test_validation_in_pieces(mapped, monkeypatch):
    settings = Settings(epochs=1, validation=0.3)
    whole = Run(mapped, settings).finish().validation
    monkeypatch.setattr(training, "_ROWS", 7)
    pieces = Run(mapped, settings).finish().validation
    assert pieces.accuracy == whole.accuracy
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-6)


def test_evaluation_in_pieces(mapped, monkeypatch):
    model = finished_model(Run(mapped, Settings(epochs=1)).finish())
    images, labels = mapped.split("train")
    whole = evaluate(model, images, labels)
    monkeypatch.setattr("mnistgd.model.evaluation._ROWS", 7)
    pieces = evaluate(model, images, labels)
    assert np.array_equal(pieces.confusion, whole.confusion)
    assert np.array_equal(pieces.wrong, whole.wrong)
    assert np.array_equal(pieces.answers, whole.answers)
    assert pieces.sure == pytest.approx(whole.sure, abs=1e-6)
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-6)
    assert pieces.accuracy == whole.accuracy
    answers = model.outputs(images).argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    assert np.array_equal(whole.wrong, wrong)
    sure = model.probabilities(images)[wrong].max(axis=1)
    mistakes = confident_mistakes(whole, images, labels, 10)
    assert [mistake.index for mistake in mistakes] == wrong[np.argsort(-sure, kind="stable")][:10].tolist()


def test_no_epoch_on_images_that_somebody_changed(folder, mapped):
    path, reports = folder / TRAIN_IMAGES, Run(mapped, Settings(epochs=3)).reports()
    for _ in range(9):
        next(reports)
    with path.open("r+b") as file:
        file.write(path.read_bytes())
    with pytest.raises(DataError, match=f"{TRAIN_IMAGES} was changed while it was read"):
        next(reports)  # the last step of the first epoch


# A run during whose third step its file is cut short.
CUT = """
import os, sys
from mnistgd.datasets import streams
from mnistgd.datasets.load import load_dataset
from mnistgd.model.settings import Settings
from mnistgd.training.run import Run

streams.LARGE = 10_000
for now in Run(load_dataset(sys.argv[1]), Settings(epochs=3)).reports():
    if now.step == 3:
        os.truncate(sys.argv[1] + "/train_images.npy", 5000)
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there no file that is mapped can be cut short")
def test_a_file_that_is_cut_short_ends_the_run(few, tmp_path):
    """With a signal, by the system: nothing in a process can catch that. It is not silent, and nothing is made."""
    with np.load(few) as arrays:
        for name, array in arrays.items():
            np.save(tmp_path / f"{name}.npy", array)
    run = subprocess.run(
        [sys.executable, "-c", CUT, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.stdout == ""
    assert run.returncode == -signal.SIGBUS
