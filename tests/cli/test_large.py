"""Data sets that are mapped, from the command line; small ones, for what is large is a matter of a constant."""

import json

import numpy as np
import pytest

from mnistgd.datasets import streams
from mnistgd.model import weights_file
from mnistgd.training.run import Run


@pytest.fixture
def folder(few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(streams, "LARGE", 10_000)
    (tmp_path / "set").mkdir()
    with np.load(few) as arrays:
        for name, array in arrays.items():
            np.save(tmp_path / "set" / f"{name}.npy", array)
    return tmp_path


def test_info_says_where_images_are(mnistgd, folder, few):
    assert (
        "\nheld          where it lies: the file is mapped, not read\n"
        in mnistgd("data", "info", "set").stdout
    )
    told = mnistgd("data", "info", few).stdout
    assert "\nheld          unpacked and in form, in the cache: mapped, not read\n" in told
    document = json.loads(mnistgd("data", "info", "set", "--json").stdout)
    assert document["read"]["held"] == "mapped"
    assert document["cache"]["large"] == 2


def test_every_command_as_from_memory(mnistgd, folder, few, monkeypatch):
    train = ("train", "--epochs", 2, "--quiet", "--out")
    assert mnistgd(*train, "mapped.npz", "--data", "set", "--checkpoint", "run.npz").code == 0
    assert mnistgd(*train, "cached.npz", "--data", few).code == 0
    with monkeypatch.context() as patch:
        patch.setattr(streams, "LARGE", 10**9)
        assert mnistgd(*train, "held.npz", "--data", few).code == 0
    models = [weights_file.load(folder / f"{name}.npz") for name in ("held", "mapped", "cached")]
    for model in models[1:]:
        assert model.weights.tobytes() == models[0].weights.tobytes()
        assert model.record["results"] == models[0].record["results"]
    told = [mnistgd("evaluate", "--weights", f"{name}.npz", "--json").stdout for name in ("held", "mapped")]
    held, mapped = map(json.loads, told)
    for key in ("accuracy", "loss", "confusion", "mistakes"):
        assert held[key] == mapped[key]
    assert mnistgd("verify", "mapped.npz", "--quiet").code == 0
    assert mnistgd("predict", "--index", 3, "--weights", "mapped.npz").code == 0
    assert mnistgd("data", "show", "set", "--deskew", "--out", "sheet.png").code == 0


def test_a_run_goes_on_where_it_was(mnistgd, folder):
    args = ("train", "--data", "set", "--quiet", "--schedule", "constant", "--checkpoint", "run.npz", "--out")
    assert mnistgd(*args, "w.npz", "--epochs", 1).code == 0
    assert mnistgd("train", "--resume", "run.npz", "--epochs", 3, "--quiet").code == 0
    assert mnistgd(*args[:-3], "--out", "whole.npz", "--epochs", 3).code == 0
    whole, resumed = (weights_file.load(folder / name) for name in ("whole.npz", "w.npz"))
    assert whole.weights.tobytes() == resumed.weights.tobytes()


def test_whoever_writes_to_a_file_in_use_ends_the_run(mnistgd, folder, monkeypatch):
    path = folder / "set" / "train_images.npy"
    take = Run.batches

    def batches(*args):
        for batch in take(*args):
            content = path.read_bytes()
            with path.open("r+b") as file:
                file.write(content)
            yield batch

    monkeypatch.setattr(Run, "batches", batches)
    result = mnistgd("train", "--data", "set", "--epochs", 3, "--quiet", "--out", "w.npz")
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error == f"error: {path} was changed while it was read"
    assert hint == "hint: begin again when nobody writes to it"
    assert not (folder / "w.npz").exists()


def test_verify_reads_what_is_mapped(mnistgd, folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(streams, "LARGE", 10**9)
        assert mnistgd("data", "fetch", "--source", "embedded", "--quiet").code == 0
    assert mnistgd("data", "info", "set").code == 0
    result = mnistgd("data", "verify", "--json")
    assert (result.code, json.loads(result.stdout)["cache"]["large"]) == (0, 1)


def test_verify_without_mnist_says_what_is_whole_and_what_is_not_there(mnistgd, folder):
    assert mnistgd("data", "info", "set").code == 0
    result = mnistgd("data", "verify")
    assert (result.code, result.stdout) == (0, f"{folder / 'set'}: whole\n")
    assert "MNIST is not cached in" in result.stderr
    assert json.loads(mnistgd("data", "verify", "--json").stdout)["source"] is None
    named = mnistgd("data", "verify", "mnist")
    assert (named.code, named.stdout) == (1, "")
    assert "error: MNIST is not cached in" in named.stderr
