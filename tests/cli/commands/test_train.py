"""``mnistgd train``, from images to a weights file."""

import json
import os
import shlex
import stat
import subprocess
import sys

import numpy as np
import pytest

from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.named import MNIST
from mnistgd.model import weights_file

KEYS = {
    "test_accuracy", "test_loss", "train_loss", "epochs", "steps", "seconds", "weights", "data", "settings",
}  # fmt: skip


def test_the_main_job(mnistgd, tmp_path, monkeypatch):
    """MNIST, nothing asked for: about 92.5 %, as published for linear classifiers trained this way."""
    monkeypatch.chdir(tmp_path)
    result = mnistgd("train", "--offline", "--json")
    assert result.code == 0
    assert set(result.json) >= KEYS
    assert 0.920 < result.json["test_accuracy"] < 0.930
    assert 0.26 < result.json["test_loss"] < 0.28
    assert result.json["epochs"] == 10
    assert result.json["steps"] == 6000
    assert result.json["weights"] == "weights.npz"
    digests = {"sha256": MNIST.pixels_sha256, "labels_sha256": MNIST.labels_sha256}
    assert result.json["data"] == {"source": "embedded", **digests}
    assert result.json["settings"]["learning_rate"] == 1.0
    assert result.json["settings"]["init"] == "zeros"
    lines = [line for line in result.stderr.splitlines() if line.startswith("epoch ")]
    assert len(lines) == 10
    assert lines[9].startswith("epoch 10/10  loss 0.2")

    # The file alone answers as the report says, without any of our code.
    with np.load("weights.npz") as file:
        weights, bias = file["weights"], file["bias"]
    data = load_dataset(offline=True)
    predicted = (data.test_images.reshape(-1, 784) / 255 @ weights + bias).argmax(axis=1)
    assert (predicted == data.test_labels).mean() == pytest.approx(result.json["test_accuracy"], abs=2e-4)
    assert (
        weights_file.load(tmp_path / "weights.npz").record["results"]["test_accuracy"]
        == result.json["test_accuracy"]
    )


@pytest.mark.parametrize(
    ("options", "low", "high"),
    [(["--loss", "squared-error"], 0.855, 0.870), (["--deskew"], 0.953, 0.962)],
    ids=["squared-error", "deskew"],
)
def test_other_recipes_on_mnist(mnistgd, tmp_path, options, low, high):
    result = mnistgd("train", "--offline", "--json", "--out", tmp_path / "w.npz", *options)
    assert low < result.json["test_accuracy"] < high


def test_the_summary_for_people(mnistgd, few, tmp_path):
    out = tmp_path / "w.npz"
    result = mnistgd("train", "--data", few, "--epochs", 2, "--out", out)
    lines = result.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["test accuracy", "test loss", "trained in", "weights"]
    assert "20 steps in 2 epochs" in result.stdout
    assert lines[-1].endswith(str(out))
    assert result.stderr.splitlines()[-1] == f"next: mnistgd show-weights --weights {out}"


@pytest.mark.parametrize(
    "options", [(), ("--out", "my weights.npz"), ("--hidden", 4), ("--frames", 3, "--out", "x.npz")]
)
def test_what_it_says_to_do_next_can_be_done(mnistgd, few, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    last = mnistgd("train", "--data", few, "--epochs", 1, *options).stderr.splitlines()[-1]
    done = mnistgd(*shlex.split(last.removeprefix("next: mnistgd ")), "--json")
    assert done.code == 0, done.stderr
    assert done.json["weights"] == dict(zip(options[::2], options[1::2], strict=True)).get(
        "--out", "weights.npz"
    )


def test_quiet(mnistgd, few, tmp_path):
    result = mnistgd("train", "--data", few, "--epochs", 1, "--out", tmp_path / "w.npz", "--quiet")
    assert result.code == 0
    assert result.stderr == ""
    assert result.stdout


def train(mnistgd, few, path, *options):
    result = mnistgd("train", "--data", few, "--out", path, "--epochs", 2, "--quiet", "--json", *options)
    assert result.code == 0, result.stderr
    return weights_file.load(path).params


def test_the_seed_decides(mnistgd, few, tmp_path):
    first, again, other = (train(mnistgd, few, tmp_path / "w.npz", "--seed", seed) for seed in (1, 1, 2))
    assert first["weights"].tobytes() == again["weights"].tobytes()
    assert first["weights"].tobytes() != other["weights"].tobytes()


def test_a_full_batch_needs_no_order(mnistgd, few, tmp_path):
    options = ["--batch-size", "full", "--learning-rate", "0.1"]
    first, second = (train(mnistgd, few, tmp_path / "w.npz", *options, "--seed", seed) for seed in (1, 2))
    assert np.allclose(first["weights"], second["weights"], atol=1e-5)


def test_one_full_batch_step_by_hand(mnistgd, few, tmp_path):
    """From zero weights: 10 equal probabilities, so the step is the rate times mean of pixels · (truth - 0.1)."""
    path = tmp_path / "w.npz"
    options = ["--batch-size", "full", "--learning-rate", "0.5", "--epochs", "1", "--schedule", "constant"]
    assert mnistgd("train", "--data", few, "--out", path, *options).code == 0
    with np.load(few) as file:
        inputs, labels = file["train_images"].reshape(-1, 784) / 255, file["train_labels"]
    truth = np.eye(10)[labels] - 0.1
    assert np.allclose(weights_file.load(path).weights, 0.5 * inputs.T @ truth / len(inputs), atol=1e-6)
    assert np.allclose(weights_file.load(path).params["bias"], 0.5 * truth.mean(axis=0), atol=1e-6)


def test_weight_decay_shrinks_weights(mnistgd, few, tmp_path):
    plain = train(mnistgd, few, tmp_path / "w.npz")["weights"]
    decayed = train(mnistgd, few, tmp_path / "w.npz", "--weight-decay", "0.1")["weights"]
    assert np.linalg.norm(decayed) < 0.9 * np.linalg.norm(plain)


@pytest.mark.parametrize("init", ["uniform", "glorot_uniform", "normal"])
def test_init(mnistgd, few, tmp_path, init):
    weights = train(mnistgd, few, tmp_path / "w.npz", "--init", init)[
        "weights"
    ]  # row 0 is a pixel without ink
    assert np.abs(weights[0]).min() > 0


def test_divergence_leaves_the_old_file(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    train(mnistgd, few, path)
    before = path.read_bytes()
    result = mnistgd("train", "--data", few, "--out", path, "--loss", "squared-error", "--learning-rate", "5")
    assert result.code == 1
    assert result.stdout == ""
    error, hint = result.stderr.splitlines()[-2:]
    assert error.startswith("error: training diverged at step ")
    assert hint == "hint: try a smaller learning rate"
    assert path.read_bytes() == before


def test_divergence_in_the_last_step(mnistgd, few, tmp_path):
    options = ["--epochs", "1", "--batch-size", "full", "--learning-rate", "1e39"]
    result = mnistgd("train", "--data", few, "--out", tmp_path / "w.npz", *options)
    assert result.code == 1
    assert "diverged at step 0" in result.stderr
    assert not (tmp_path / "w.npz").exists()


def test_names_of_classes(mnistgd, few, tmp_path):
    names = "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
    result = mnistgd(
        "train", "--data", few, "--class-names", names, "--epochs", 1, "--out", tmp_path / "w.npz"
    )
    assert result.code == 0
    assert weights_file.load(tmp_path / "w.npz").class_names == tuple(names.split(","))


def test_where_the_images_came_from_is_remembered_by_the_cache(mnistgd, tmp_path):
    options = ["train", "--epochs", "1", "--json", "--out", tmp_path / "w.npz"]
    assert mnistgd(*options, "--offline").json["data"]["source"] == "embedded"
    again = mnistgd(*options)  # the network is not asked: the cache answers
    assert again.json["data"]["source"] == "embedded"
    assert "OpenML" not in again.stderr


@pytest.mark.parametrize("place", ["no/such/folder/w.npz", "."])
def test_where_to_write_is_tried_before_training(mnistgd, few, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    result = mnistgd("train", "--data", few, "--out", place)
    assert result.code == 1
    assert result.stderr.startswith("error: cannot write ")
    assert "epoch" not in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_no_file(mnistgd, few, tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert mnistgd("train", "--data", few, "--out", tmp_path / "w.npz").code == 1


def test_two_trainings_that_write_the_same_file(few, tmp_path):
    """Whoever is last, the file is whole and is one of theirs."""
    command = [
        sys.executable,
        "-m",
        "mnistgd",
        "train",
        "--data",
        few,
        "--epochs",
        "2",
        "--out",
        tmp_path / "w.npz",
    ]
    both = [subprocess.Popen([*command, "--seed", seed], stderr=subprocess.DEVNULL) for seed in ("1", "2")]
    assert [process.wait(60) for process in both] == [0, 0]
    assert weights_file.load(tmp_path / "w.npz").record["seed"] in (1, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]


def test_result_is_one_json_document_in_a_pipe(shell, few, tmp_path):
    name = "w [bold]x\ny' \".npz"
    result = shell(
        "train",
        "--data",
        few,
        "--epochs",
        1,
        "--json",
        "--out",
        tmp_path / name,
        env={"COLUMNS": "40", "CI": "true"},
    )
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout)["weights"] == str(tmp_path / name)
    assert "\x1b" not in result.stdout + result.stderr
