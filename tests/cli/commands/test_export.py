"""``mnistgd export``: the network for other programs."""

import json
import subprocess
import sys

import numpy as np
import pytest

from mnistgd.model import weights_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory, few):
    """A network of each kind."""
    place = tmp_path_factory.mktemp("networks")
    for name, *options in (("w.npz",), ("d.npz", "--deskew"), ("h.npz", "--hidden", 8)):
        command = ["train", "--quiet", "--data", few, "--out", place / name, "--epochs", 1, *options]
        subprocess.run([sys.executable, "-m", "mnistgd", *map(str, command)], check=True, capture_output=True)
    return place


@pytest.mark.parametrize("kind", ["onnx", "safetensors", "json", "csv"])
def test_a_file_is_written_and_named(mnistgd, folder, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    result = mnistgd("export", "--to", kind, "--weights", folder / "w.npz")
    assert (result.code, result.stdout, result.stderr) == (0, f"weights.{kind}\n", "")
    document = mnistgd("export", "--to", kind, "--weights", folder / "w.npz", "--out", "again", "--json").json
    model = weights_file.load(folder / "w.npz")
    assert document == {
        "weights": str(folder / "w.npz"),
        "weights_sha256": weights_file.network_sha256(model),
        "kind": kind,
        "file": "again",
    }
    assert (tmp_path / "again").read_bytes() == (tmp_path / f"weights.{kind}").read_bytes()


def test_json_goes_to_stdout(shell, folder):
    result = shell("export", "--to", "json", "--weights", folder / "h.npz", "--out", "-")
    assert (result.code, result.stderr) == (0, "")
    model = weights_file.load(folder / "h.npz")
    assert (np.array(json.loads(result.stdout)["layers"][1]["bias"], np.float32) == model.layers[1][1]).all()


def test_what_must_be_done_to_images_is_said(mnistgd, folder, tmp_path):
    args = ("export", "--weights", folder / "d.npz", "--out", tmp_path / "d")
    for kind in ("onnx", "safetensors", "json", "csv"):
        result = mnistgd(*args, "--to", kind)
        assert result.code == 0
        assert result.stderr == "its images must be deskewed first, as they were in training\n"
    assert mnistgd(*args, "--to", "onnx", "--with-deskew").stderr == ""


@pytest.mark.parametrize(
    ("weights", "words", "code", "error", "hint"),
    [
        ("d.npz", "--to csv --with-deskew", 2, "csv cannot say what deskewing is", "--to onnx can"),
        (
            "w.npz",
            "--to onnx --with-deskew",
            1,
            "this network was trained without --deskew",
            "leave out --with-deskew",
        ),
        ("none.npz", "--to csv", 1, "there is no weights file", "train first: mnistgd train"),
        ("w.npz", "--to csv --out no/where.csv", 1, "cannot write no/where.csv", ""),
        (
            "w.npz",
            "--to json --out - --json",
            2,
            "--out - and --json both want stdout",
            "write the file to a path",
        ),
    ],
)
def test_what_cannot_be_exported(mnistgd, folder, tmp_path, monkeypatch, weights, words, code, error, hint):
    monkeypatch.chdir(tmp_path)
    result = mnistgd("export", "--weights", folder / weights, *words.split())
    assert (result.code, result.stdout) == (code, "")
    first, second = result.stderr.splitlines()
    assert first.startswith(f"error: {error}")
    assert second.startswith(f"hint: {hint}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("extra", ["onnx", "safetensors"])
def test_an_extra_that_is_missing_is_named(mnistgd, folder, tmp_path, monkeypatch, extra):
    monkeypatch.setitem(sys.modules, extra, None)
    monkeypatch.setitem(sys.modules, f"{extra}.numpy", None)
    result = mnistgd("export", "--to", extra, "--weights", folder / "w.npz", "--out", tmp_path / "w")
    assert (result.code, result.stdout) == (1, "")
    assert f"hint: pip install 'mnistgd[{extra}]'" in result.stderr.splitlines()[1]
    assert not list(tmp_path.iterdir())
