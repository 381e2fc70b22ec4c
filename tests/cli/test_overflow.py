"""Weights so large that what they answer is no number: an error, and no ``nan%``."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mnistgd.model import weights_file

ROOT = Path(__file__).parents[2]
SAID = "error: the weights are so large that their answers are no numbers\n"


@pytest.fixture
def weights(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--epochs", 1, "--quiet").code == 0
    return tmp_path / "weights.npz"


@pytest.mark.parametrize(
    "args", [("evaluate", "--quiet"), ("explain", "--index", 0, "--quiet"), ("predict", "three.png")]
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_answer_that_is_no_number(mnistgd, weights, args, options):
    shutil.copy(ROOT / "assets" / "three.png", "three.png")
    with np.load(weights) as file:
        arrays = dict(file)
    arrays["weights"] = arrays["weights"] / np.abs(arrays["weights"]).max() * np.float32(3e38)
    np.savez(weights, **arrays)
    result = mnistgd(*args, *options)
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.startswith(SAID)


def test_what_was_trained_is_written_all_the_same(mnistgd, few, weights, monkeypatch):
    def overflow(self, images):
        return np.full((len(images), 10), np.finfo(np.float32).max) * np.array([1, -1] * 5, np.float32)

    monkeypatch.setattr("mnistgd.model.model.Model.outputs", overflow)
    result = mnistgd("train", "--data", few, "--epochs", 1, "--quiet", "--out", "untested.npz")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.startswith(SAID.strip() + "; the weights went to untested.npz, untested\n")
    assert weights_file.load(weights.with_name("untested.npz")).record["results"]["test_accuracy"] is None
