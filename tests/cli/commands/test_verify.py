"""``mnistgd verify``: the same result twice."""

import json
import signal

import numpy as np
import pytest

from mnistgd.model import weights_file


def change(path, **changes):
    with np.load(path) as file:
        arrays = dict(file)
    record = json.loads(str(arrays["record"]))
    for key, value in changes.items():
        if key in arrays:
            arrays[key] = value(arrays[key])
        else:
            record[key] = value(record[key])
    np.savez(path, **arrays | {"record": np.array(json.dumps(record))})


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--hidden", "5", "--optimizer", "amsgrad", "--standardise"],
        ["--validation", "0.2", "--patience", "1"],
        ["--first", "300", "--validation", "0.2"],
        ["--hidden", "8,6", "--dropout", "0.5", "--batch-size", "full"],
        ["--no-bias", "--init", "normal", "--standardise"],
        ["--augment", "--deskew", "--validation", "0.2"],
    ],
)
def test_verify_finds_the_same(mnistgd, few, tmp_path, options):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 3, *options)
    result = mnistgd("verify", path, "--json", "--quiet")
    assert result.code == 0
    assert result.json == {
        "verdict": "identical",
        "max_difference": 0.0,
        "environment_differs": [],
        "weights": str(path),
    }
    assert mnistgd("verify", path).stdout.startswith("identical")


def other_blas(environment):
    return environment | {"blas": "another one"}


def test_verify_trains_as_long_as_an_interrupted_run_did(mnistgd, few, tmp_path):
    from mnistgd import load_data, train

    path = tmp_path / "w.npz"
    train(load_data(few), epochs=50, on_epoch=lambda _: signal.raise_signal(signal.SIGINT)).save(path)
    assert weights_file.load(path).results["stopped"] == "interrupted"
    assert mnistgd("verify", path, "--json", "--quiet").json["verdict"] == "identical"


@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        ({"weights": lambda w: w * np.float32(1 + 1e-6)}, "different", 1),  # nothing explains it
        ({"weights": lambda w: w * np.float32(1 + 1e-6), "environment": other_blas}, "rounding", 0),
        ({"weights": lambda w: w * np.float32(1 + 1e-3), "environment": other_blas}, "different", 1),
        ({"environment": other_blas}, "identical", 0),
    ],
)
def test_verify_tells_rounding_from_difference(mnistgd, few, tmp_path, changes, verdict, code):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 2)
    change(path, **changes)
    result = mnistgd("verify", path, "--json", "--quiet")
    assert (result.json["verdict"], result.code) == (verdict, code)
    assert result.json["environment_differs"] == (["blas"] if "environment" in changes else [])


def test_verify_with_hidden_layers_compares_answers(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 2, "--hidden", "5")
    change(path, weights_1=lambda w: w * np.float32(1.001), environment=other_blas)
    assert mnistgd("verify", path, "--json", "--quiet").json["verdict"] == "rounding"
    change(path, weights_1=lambda w: -w)
    assert mnistgd("verify", path, "--json", "--quiet").json["verdict"] == "different"


def test_verify_needs_the_same_images(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--out", path, "--epochs", 1)
    result = mnistgd("verify", path, "--data", "mnist", "--offline")
    assert result.code == 1
    assert "was trained on other images" in result.stderr


def test_the_date_is_all_that_differs(mnistgd, few, tmp_path):
    for name in "ab":
        mnistgd("train", "--data", few, "--out", tmp_path / name, "--epochs", 1)
    first, second = (weights_file.load(tmp_path / name) for name in "ab")
    for name, array in first.params.items():
        assert array.tobytes() == second.params[name].tobytes()
    assert {key for key, value in first.record.items() if value != second.record[key]} <= {"date"}
