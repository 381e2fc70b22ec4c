"""``mnistgd train --cluster``: the run of one machine, whoever computes its gradients."""

import json
import signal

import numpy as np
import pytest

from mnistgd.datasets.load import load_dataset
from mnistgd.training import checkpoint


def weights(path):
    with np.load(path) as file:
        return {name: file[name] for name in file if file[name].dtype.kind == "f"}


def assert_near(path, other, share=1e-5):
    """The largest difference is a small share of the largest weight."""
    first, second = weights(path), weights(other)
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert np.abs(array - second[name]).max() <= share * np.abs(array).max(), name


def test_it_is_the_epoch_of_one_machine(mnistgd, site, tmp_path):
    args = ("train", "--offline", "--epochs", 1, "--batch-size", 6000, "--json")
    alone = mnistgd(*args, "--out", tmp_path / "alone.npz").json
    for count in (1, 2):
        out = tmp_path / f"{count}.npz"
        found = mnistgd(*args, "--out", out, "--cluster", site.address, "--workers", count)
        assert found.code == 0
        assert_near(tmp_path / "alone.npz", out)
        assert found.json["test_accuracy"] == pytest.approx(alone["test_accuracy"], abs=1e-3)
        assert found.json["train_loss"] == pytest.approx(alone["train_loss"])
    assert not checkpoint.checkpoint_path(out).exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--standardise", "--validation", "0.1"),
        ("--deskew", "--optimizer", "momentum", "--weight-decay", "0.001"),
        ("--hidden", "8", "--loss", "squared-error", "--batch-size", "full"),
        ("--batch-size", "3", "--optimizer", "adam", "--validation", "0.9"),
        ("--hidden", "30", "--dropout", "0.5", "--batch-size", "50", "--first", "150"),
        ("--augment", "--deskew", "--validation", "0.1", "--batch-size", "90"),
    ],
    ids=" ".join,
)
def test_whatever_the_settings_are(mnistgd, site, few, tmp_path, options):
    """Batches of three are such that a worker has nothing of some of them."""
    args = ("train", "--data", few, "--epochs", 2, *options)
    mnistgd(*args, "--out", tmp_path / "alone.npz", "--log", tmp_path / "alone.jsonl")
    there = ("--cluster", site.file, "--log", tmp_path / "far.jsonl")
    assert mnistgd(*args, "--out", tmp_path / "far.npz", *there).code == 0
    assert_near(tmp_path / "alone.npz", tmp_path / "far.npz", 1e-4)
    for lines in zip(*(open_lines(tmp_path / f"{name}.jsonl") for name in ("alone", "far")), strict=True):
        near, far = (json.loads(line) for line in lines)
        assert near.keys() == far.keys()
        for key in near.keys() - {"seconds"}:
            assert far[key] == (near[key] and pytest.approx(near[key], rel=1e-3)), key


def open_lines(path):
    return path.read_text().splitlines()


def test_it_is_recorded_how_many_there_were(mnistgd, site, few, tmp_path):
    """Of a run that was divided the last bits may be others, which its record explains."""
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--epochs", 3, "--out", path, "--cluster", site.address)
    found = mnistgd("verify", path, "--json")
    assert found.code == 0
    assert found.json["verdict"] in ("identical", "rounding")
    assert found.json["environment_differs"] == ["workers"]


def test_small_batches_do_not_pay(mnistgd, site, few, tmp_path):
    words = ("--out", tmp_path / "w.npz", "--cluster", site.address, "--workers", 1)
    said = mnistgd("train", "--data", few, *words).stderr.splitlines()
    assert "with batches of 100 one machine is quicker than 1 worker" in said


def test_workers_of_nobody(mnistgd, few, tmp_path):
    found = mnistgd("train", "--data", few, "--out", tmp_path / "w.npz", "--workers", 2)
    assert (found.code, found.stdout) == (2, "")
    assert "--workers means nothing without --cluster" in found.stderr


def test_whoever_is_lost_nothing_that_was_done_is(begin, mnistgd, own_site, few, tmp_path, wait_for):
    """A worker is killed, the run goes on with the other one; then the scheduler is, and it goes on alone."""
    args = ("--data", few, "--epochs", 400, "--batch-size", 500, "--schedule", "constant")
    out, log = tmp_path / "w.npz", tmp_path / "h.jsonl"

    def ended(process, victim, epochs):
        wait_for(lambda: log.exists() and log.read_text().count("\n") >= epochs)
        victim.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Traceback" not in said
        error, hint = said.splitlines()[-2:]
        assert not out.exists()
        return error, hint

    scheduler, first, _ = own_site.processes
    begun = begin("train", *args, "--out", out, "--log", log, "--cluster", own_site.address)
    error, hint = ended(begun, first, 3)
    assert error.startswith("error: the worker tcp://127.0.0.1:")
    assert "was lost after step" in error
    saved = checkpoint.checkpoint_path(out)
    assert hint == f"hint: go on with: mnistgd train --resume {saved} --cluster {own_site.address}"
    step = checkpoint.load(saved).step
    assert step >= 6

    done = log.read_text().count("\n")
    begun = begin("train", "--resume", saved, "--cluster", own_site.address)
    error, hint = ended(begun, scheduler, done + 2)
    assert error.startswith(f"error: the scheduler at {own_site.address} was lost after step")
    assert hint == f"hint: go on with: mnistgd train --resume {saved}"
    assert checkpoint.load(saved).step > step

    epochs = len(checkpoint.load(saved).history) + 2
    assert mnistgd("train", "--resume", saved, "--epochs", epochs).code == 0
    mnistgd("train", *args[:3], epochs, *args[4:], "--out", tmp_path / "alone.npz")
    assert_near(tmp_path / "alone.npz", out, 1e-3)
    assert len(open_lines(log)) == epochs


def test_a_rescue_is_no_file_of_somebody_else(mnistgd, site, few, tmp_path):
    """Where the place of a lost run would go is claimed before it begins."""
    (tmp_path / "w.checkpoint.npz").mkdir()
    found = mnistgd("train", "--data", few, "--out", tmp_path / "w.npz", "--cluster", site.address)
    assert found.code == 1
    assert "w.checkpoint.npz" in found.stderr


def test_memory_of_the_images(few):
    """Half of the images are looked at where they lie, not copied."""
    from mnistgd.model.settings import Settings
    from mnistgd.training.cluster.gradients import Gradients, Part
    from mnistgd.training.cluster.images import DatasetKey, _held

    dataset = load_dataset(few)
    wanted = DatasetKey.of(dataset)
    _held[wanted] = dataset
    part = Gradients(Part(wanted, 0, 500, "client"), Settings(), 10, 0.0, 1.0, 10)
    assert np.shares_memory(part._images, dataset.train_images)
    del _held[wanted]
