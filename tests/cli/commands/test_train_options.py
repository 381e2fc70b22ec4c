"""The options of ``mnistgd train`` that change what is trained, from the command line to the file."""

import json

import numpy as np
import pytest
from PIL import Image

from mnistgd.model import weights_file


def train(mnistgd, few, path, *options):
    result = mnistgd("train", "--data", few, "--out", path, "--epochs", 2, "--quiet", "--json", *options)
    assert result.code == 0, result.stderr
    return result.json, weights_file.load(path)


def test_hidden_layers_reach_what_is_promised(mnistgd, tmp_path):
    result = mnistgd("train", "--offline", "--hidden", 64, "--json", "--quiet", "--out", tmp_path / "w.npz")
    assert result.json["test_accuracy"] >= 0.975
    assert result.json["settings"]["optimizer"] == "sgd"


@pytest.mark.long
def test_changed_images_reach_what_is_promised(mnistgd, tmp_path):
    """The command of the page."""
    words = "train --offline --hidden 256 --deskew --augment --epochs 60 --json --quiet --out"
    assert mnistgd(*words.split(), tmp_path / "w.npz").json["test_accuracy"] >= 0.99


def test_the_file_holds_every_layer(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    document, model = train(mnistgd, few, path, "--hidden", "6,5", "--activation", "tanh")
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
        record = json.loads(str(arrays.pop("record")))
    assert record["format"] == 2
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == {
        "weights_1": (784, 6), "bias_1": (6,), "weights_2": (6, 5), "bias_2": (5,), "weights_3": (5, 10), "bias_3": (10,),
    }  # fmt: skip
    # Numpy alone answers as the model does.
    images = np.random.default_rng(0).integers(0, 256, (4, 784), np.uint8)
    signal = images / 255
    for layer in (1, 2, 3):
        signal = signal @ arrays[f"weights_{layer}"] + arrays[f"bias_{layer}"]
        signal = np.tanh(signal) if layer < 3 else signal
    assert np.allclose(signal, model.outputs(images.reshape(4, 28, 28)), atol=1e-4)
    assert document["settings"]["hidden"] == [6, 5]


@pytest.mark.parametrize("hidden", [(), ("--hidden", 6)])
def test_outputs_may_have_an_activation(mnistgd, few, tmp_path, hidden):
    """Half the squared error of what it makes of the totals is the loss, and these are its probabilities."""
    path = tmp_path / "w.npz"
    document, model = train(mnistgd, few, path, "--loss", "squared-error", "--output", "sigmoid", *hidden)
    assert document["settings"]["output"] == "sigmoid"
    with np.load(few) as file:
        images, labels = file["test_images"], file["test_labels"]
    predictions = 1 / (1 + np.exp(-model.outputs(images).astype(float)))
    half = ((predictions - np.eye(10)[labels]) ** 2).sum(axis=1).mean() / 2
    found = mnistgd("evaluate", "--weights", path, "--data", few, "--json").json
    assert found["loss"] == pytest.approx(half, rel=1e-5)
    assert found["loss"] == document["test_loss"]
    assert found["accuracy"] == (predictions.argmax(axis=1) == labels).mean()
    for number in (0, 1):
        answer = mnistgd("predict", "--weights", path, "--data", few, "--index", number, "--json").json
        shares = predictions[number] / predictions[number].sum()
        assert answer["probabilities"] == pytest.approx(shares.tolist(), rel=1e-4)
        why = mnistgd(
            "explain", "--weights", path, "--data", few, "--index", number, "--json", "--no-terminal"
        )
        assert [each["probability"] for each in why.json["digits"]] == pytest.approx(
            shares.tolist(), rel=1e-4
        )
    assert mnistgd("verify", path, "--data", few, "--json").json["verdict"] == "identical"


def test_a_run_with_dropout_goes_on_as_if_it_had_never_stopped(mnistgd, few, tmp_path):
    options = ["--hidden", 8, "--dropout", 0.5, "--schedule", "constant", "--optimizer", "momentum"]
    place = tmp_path / "run.npz"
    _, first = train(mnistgd, few, tmp_path / "w.npz", *options, "--checkpoint", place)
    again = mnistgd(
        "train", "--resume", place, "--epochs", 4, "--quiet", "--json", "--out", tmp_path / "4.npz"
    )
    assert again.json["settings"]["dropout"] == 0.5
    _, whole = train(mnistgd, few, tmp_path / "whole.npz", *options, "--epochs", 4)
    resumed = weights_file.load(tmp_path / "4.npz")
    for name, array in whole.params.items():
        assert array.tobytes() == resumed.params[name].tobytes()
        assert array.tobytes() != first.params[name].tobytes()
    wrong = mnistgd("train", "--resume", place, "--dropout", 0.4)
    assert (wrong.code, wrong.stdout) == (2, "")
    assert f"--dropout contradicts {place}" in wrong.stderr


def test_without_bias_a_network_is_its_weights(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    document, model = train(mnistgd, few, path, "--no-bias")
    assert document["settings"]["bias"] is False
    assert not model.params["bias"].any()
    why = mnistgd("explain", "--weights", path, "--data", few, "--index", 0, "--json", "--no-terminal").json
    assert {each["bias"] for each in why["digits"]} == {0}
    assert mnistgd("show-weights", 3, "--weights", path, "--out", tmp_path / "3.png").code == 0
    # One step of the full batch from zero, by hand: the rate times images · (truth - 1/10), over their number.
    options = [
        "--no-bias",
        "--batch-size",
        "full",
        "--epochs",
        1,
        "--learning-rate",
        0.5,
        "--schedule",
        "constant",
    ]
    _, one = train(mnistgd, few, path, *options)
    with np.load(few) as file:
        images, labels = file["train_images"].reshape(-1, 784) / 255, file["train_labels"]
    assert np.allclose(one.weights, 0.5 * images.T @ (np.eye(10)[labels] - 0.1) / len(images), atol=1e-6)


def test_a_mask_freezes_black_pixels(mnistgd, few, tmp_path):
    mask = np.full((28, 28), 255, np.uint8)
    mask[:, 14:] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    _, model = train(mnistgd, few, tmp_path / "w.npz", "--freeze", tmp_path / "mask.png")
    picture = model.weights.reshape(28, 28, 10)
    assert (picture[:, 14:] == 0).all()
    assert (picture[8:20, 8:14] != 0).any()

    over = mnistgd("train", "--data", few, "--freeze", tmp_path / "mask.png", "--log", tmp_path / "mask.png")
    assert over.code == 2
    assert "which is read" in over.stderr

    ink = Image.new("RGBA", (28, 28))  # black all over, and transparent but for its right half
    ink.paste((0, 0, 0, 255), (14, 0, 28, 28))
    ink.save(tmp_path / "ink.png")
    _, again = train(mnistgd, few, tmp_path / "again.npz", "--freeze", tmp_path / "ink.png")
    assert np.array_equal(again.weights, model.weights)


def test_a_rate_left_unset_suits_the_model(mnistgd, few, tmp_path):
    def rate(*options):
        return train(mnistgd, few, tmp_path / "w.npz", *options)[0]["settings"]["learning_rate"]

    assert rate() == 1.0
    assert rate("--loss", "squared-error") == 0.02
    assert rate("--hidden", "4") == 0.5
    assert rate("--hidden", "4", "--loss", "squared-error") == 0.1
    assert rate("--loss", "squared-error", "--output", "sigmoid") == 1.0
    assert rate("--standardise") == 0.1
    assert rate("--standardise", "--hidden", "4") == 0.2
    assert rate("--optimizer", "adam") == rate("--optimizer", "adam", "--hidden", "4") == 0.001
    assert rate("--optimizer", "heavy_ball", "--momentum", "0.5") == 0.5


@pytest.mark.parametrize(
    ("option", "value"),
    [("--seed", 1_764_103_169_123_456_789), ("--batch-size", 10**15), ("--batch-size", "full")],
)
def test_what_the_command_line_takes_is_read_back(mnistgd, few, tmp_path, option, value):
    document, model = train(mnistgd, few, tmp_path / "w.npz", option, value)
    name = option[2:].replace("-", "_")
    assert document["settings"][name] == value
    assert model.settings.as_json() == document["settings"]


def test_stopping_is_reported(mnistgd, few, tmp_path):
    options = ["--validation", "0.2", "--target-accuracy", "0.5", "--epochs", "30"]
    document, _ = train(mnistgd, few, tmp_path / "w.npz", *options)
    assert document["epochs"] < 30
    assert document["validation_accuracy"] >= 0.5
    assert document["best_epoch"] <= document["epochs"]
    assert "reached 50.00%" in document["stopped"]


def test_the_weights_themselves_on_stdout(shell, few, tmp_path):
    import subprocess
    import sys

    command = [
        sys.executable,
        "-m",
        "mnistgd",
        "train",
        "--data",
        few,
        "--epochs",
        "1",
        "--quiet",
        "--out",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path)
    (tmp_path / "w.npz").write_bytes(done.stdout)
    assert weights_file.load(tmp_path / "w.npz").class_names == tuple("0123456789")
    assert done.stderr == b""


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_gate_that_is_missed(mnistgd, few, tmp_path, command):
    path = tmp_path / "w.npz"
    train(mnistgd, few, path)
    options = ["--data", few, "--out", path] if command == "train" else ["--weights", path]
    missed = mnistgd(command, *options, "--min-accuracy", "0.999", "--json")
    assert missed.code == 3
    assert missed.json
    assert "is below 0.999" in missed.stderr
    assert weights_file.load(path)
    assert mnistgd(command, *options, "--min-accuracy", "0.1").code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--momentum", "0.5"], "--momentum means nothing to sgd"),
        (["--momentum", "1", "--optimizer", "momentum"], "not a number from 0 to below 1"),
        (["--patience", "2"], "nothing is set aside"),
        (["--patience", "0", "--validation", "0.1"], "--patience"),
        (["--validation", "1"], "not a fraction from 0 to 0.9"),
        (["--target-accuracy", "92"], "not a fraction from 0 to 1"),
        (["--hidden", "64;32"], "not a list of whole numbers"),
        (["--hidden", "0"], "not a list of whole numbers"),
        (["--hidden", "5000"], "not a list of whole numbers"),
        (["--hidden", "9,9,9,9,9,9"], "6 hidden layers are more than 5"),
        (["--hidden", "4", "--init", "zeros"], "would all stay the same"),
        (["--optimizer", "guess"], "'guess' is not one of sgd, momentum"),
        (["--epochs", "ten"], "'ten' is not a whole number from 1 to"),
        (["--epochs", str(10**13)], "is not a whole number from 1 to 1,000,000,000,000"),
        (["--seed", str(2**64)], "is not a whole number from 0 to 18,446,744,073,709,551,615"),
        (["--min-accuracy", "93"], "--min-accuracy"),
        (["--out", "-", "--json"], "both want stdout"),
    ],
)
def test_wrong_usage(mnistgd, few, options, words):
    result = mnistgd("train", "--data", few, *options)
    assert (result.code, result.stdout) == (2, "")
    assert words in result.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "mask.png does not exist"),
        ("text", "mask.png is not a picture of a kind that is read here"),
        ("program", "mask.png is not a picture of a kind that is read here"),
        ("large", "hint: --freeze takes a 28×28 picture"),
    ],
)
def test_masks_that_are_none(mnistgd, few, tmp_path, kind, words):
    path = tmp_path / "mask.png"
    if kind == "text":
        path.write_text("black")
    if kind == "program":  # which Pillow would have Ghostscript run
        path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n%%EndComments\nshowpage\n")
    if kind == "large":
        Image.new("L", (280, 280)).save(path)
    result = mnistgd("train", "--data", few, "--freeze", path)
    assert result.code == 1
    assert words in result.stderr


def test_the_old_word_for_class_names_is_still_taken(mnistgd, few, tmp_path):
    names = ",".join("abcdefghij")
    _, model = train(mnistgd, few, tmp_path / "w.npz", "--labels", names)
    assert model.class_names == tuple("abcdefghij")
    assert mnistgd("data", "info", "--data", few, f"--labels={names}", "--json").json["names"] == list(
        "abcdefghij"
    )
    for command in (["train"], ["data", "info"], ["data", "show"]):
        text = mnistgd(*command, "--help").stdout
        assert "--class-names NAME,…" in text
        assert "--labels" not in text
