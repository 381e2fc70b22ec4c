"""Weights that another program trained."""

import itertools
import json

import numpy as np
import pytest

from mnistgd.errors import MnistgdError, UsageError, WeightsError
from mnistgd.model import weights_file
from mnistgd.sharing.elsewhere import Normalisation, Tensors, imported, read_tensors

RNG = np.random.default_rng(2)
RECIPE = Normalisation(0.1307, 0.3081)


def linear(n_inputs, n_outputs, kind=np.float32):
    """What ``nn.Linear`` holds."""
    return RNG.normal(0, 0.1, (n_outputs, n_inputs)).astype(kind), RNG.normal(0, 0.1, n_outputs).astype(kind)


def state(*sizes, names="{}.", kind=np.float32):
    """What the ``state_dict`` of such layers holds, one after the other."""
    found = {}
    for place, (n_inputs, n_outputs) in enumerate(itertools.pairwise(sizes)):
        prefix = names.format(2 * place)
        found[f"{prefix}weight"], found[f"{prefix}bias"] = linear(n_inputs, n_outputs, kind)
    return found


def by_hand(arrays, images, between, mean, std):
    values = (images.reshape(len(images), 784) / 255 - mean) / std
    prefixes = list(dict.fromkeys(name.removesuffix("weight").removesuffix("bias") for name in arrays))
    for place, prefix in enumerate(prefixes):
        values = between(values) if place else values
        values = values @ arrays[f"{prefix}weight"].T.astype(float) + arrays[f"{prefix}bias"]
    return values


@pytest.mark.parametrize("sizes", [(784, 10), (784, 32, 10), (784, 12, 12, 12, 10), (784, 26)])
@pytest.mark.parametrize("normalisation", [RECIPE, Normalisation(0, 1), Normalisation(0.5, 0.5)])
def test_it_answers_as_the_other_program_would(mnist, sizes, normalisation):
    images = mnist.test_images[:200]
    arrays = state(*sizes)
    model = imported(Tensors(arrays), "x", normalisation, "relu" if len(sizes) > 2 else None)
    expected = by_hand(arrays, images, lambda x: np.maximum(x, 0), *normalisation)
    assert np.abs(model.outputs(images) - expected).max() < 1e-4
    assert model.class_names == tuple(map(str, range(sizes[-1])))


def test_pytorch_answers_the_same(mnist):
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save
    layers = torch.nn.Sequential(torch.nn.Linear(784, 16), torch.nn.Tanh(), torch.nn.Linear(16, 10))
    model = imported(read_tensors(save(layers.state_dict())), "x", RECIPE, "tanh")
    images = mnist.test_images[:200]
    with torch.no_grad():
        seen = (torch.tensor(images.reshape(-1, 784) / np.float32(255)) - RECIPE.mean) / RECIPE.std
        expected = layers(seen).numpy()
    assert np.abs(model.outputs(images) - expected).max() < 1e-4


@pytest.mark.parametrize("output", ["sigmoid", "tanh"])
def test_outputs_with_an_activation_are_predictions(mnist, output):
    arrays, images = state(784, 12, 10), mnist.test_images[:200]
    model = imported(Tensors(arrays), "x", RECIPE, "sigmoid", output=output)
    again = weights_file.load(weights_file.file_bytes(model))
    assert again.known_settings["output"] == output
    assert again.known_settings["loss"] == "squared-error"
    curve = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh}
    totals = by_hand(arrays, images, curve["sigmoid"], *RECIPE)
    shares = np.clip(curve[output](totals), 0, 1)
    shares[shares.sum(axis=1) == 0] = 1
    assert np.abs(again.probabilities(images) - shares / shares.sum(axis=1, keepdims=True)).max() < 1e-5


@pytest.mark.parametrize("names", ["fc{}.", "module.layers.{}.", "_orig_mod.{}."])
def test_names_may_be_any_and_are_counted_as_people_count(names):
    arrays = state(784, *[8] * 5, 10, names=names)
    model = imported(Tensors(dict(sorted(arrays.items()))), "x", RECIPE, "relu")
    for place, (weights, _) in enumerate(model.layers[1:], 1):
        assert (arrays[f"{names.format(2 * place)}weight"] == weights.T).all()


def test_a_layer_without_bias_has_none():
    weight, _ = linear(784, 10)
    assert not imported(Tensors({"weight": weight}), "x", Normalisation(0, 1)).params["bias"].any()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_any_precision_is_read(tmp_path, kind):
    arrays = state(784, 10, names="", kind=kind)
    np.savez(tmp_path / "x.npz", **arrays)
    save_file = pytest.importorskip("safetensors.numpy").save_file
    save_file(arrays, tmp_path / "x.safetensors")
    for name in ("x.npz", "x.safetensors"):
        model = imported(read_tensors(tmp_path / name), "x", Normalisation(0, 1))
        assert (model.weights == arrays["weight"].T.astype(np.float32)).all()


def test_what_nobody_knows_is_null_and_the_file_reads_back():
    model = imported(Tensors(state(784, 8, 10)), "x", RECIPE, "tanh")
    again = weights_file.load(weights_file.file_bytes(model))
    assert again.record == model.record
    assert again.is_foreign
    record = again.record
    assert (record["format"], record["data"], record["seed"], record["results"]) == (4, None, None, {})
    known = {name: value for name, value in again.known_settings.items() if value is not None}
    assert known == {
        "hidden": [8],
        "activation": "tanh",
        "loss": "cross-entropy",
        "output": "none",
        "deskew": False,
    }


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hidden": (6,), "activation": "sigmoid", "deskew": True},
        {"loss": "squared-error", "output": "tanh"},
    ],
)
def test_an_export_comes_back_whole(options):
    pytest.importorskip("safetensors")
    from mnistgd.model.model import Model
    from mnistgd.model.settings import Settings
    from mnistgd.sharing.safetensors_file import safetensors_bytes
    from mnistgd.training.run import initial_params

    settings = Settings(**options, init="uniform")
    names = tuple("abcdefghij")
    record = weights_file.build_record(settings, names, data={"source": "x", "sha256": "y"}, results={})
    model = Model(initial_params(settings, 10), settings, names, record)
    again = imported(read_tensors(safetensors_bytes(model)), "x")
    assert again.settings == settings
    assert again.class_names == names
    assert again.record == json.loads(json.dumps(record))
    assert {k: v.tobytes("C") for k, v in again.params.items()} == {
        k: v.tobytes("C") for k, v in model.params.items()
    }
    with pytest.raises(UsageError, match="says itself"):
        imported(read_tensors(safetensors_bytes(model)), "x", RECIPE)


WEIGHT, BIAS = linear(784, 10)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "do not lead from 784 pixels to 2 to 100 classes: nothing"),
        ({"weight": WEIGHT.T, "bias": BIAS}, r"weight of shape \(784, 10\) and bias of shape \(10,\)"),
        ({"weight": WEIGHT.T}, r"do not lead from .*: \(784, 10\)"),
        ({"weight": WEIGHT, "bias": BIAS[:9]}, "do not go together"),
        ({"weight": WEIGHT[:1], "bias": BIAS[:1]}, r"do not lead from .*: \(1, 784\)"),
        ({"bias": BIAS}, r"bias of shape \(10,\), which is no fully connected layer"),
        ({"conv.weight": np.ones((8, 1, 3, 3), np.float32)}, r"conv.weight of shape \(8, 1, 3, 3\)"),
        ({"bn.running_mean": BIAS}, "bn.running_mean"),
        ({"weight": WEIGHT.astype(int), "bias": BIAS}, "no finite number"),
        ({"weight": WEIGHT, "bias": BIAS * np.nan}, "no finite number"),
        ({"weight": np.full((10, 784), 1e300), "bias": BIAS}, "too large for float32"),
        (state(784, 8, 9, 10) | {"2.weight": linear(7, 9)[0]}, "do not lead"),
        (state(784, 2000, 10), "a larger network than"),
        (state(784, *[4] * 6, 10), "a larger network than"),
    ],
)
def test_what_is_no_network_is_refused_by_what_it_is(arrays, message):
    with pytest.raises(WeightsError, match=message):
        imported(Tensors(arrays), "x", RECIPE, "relu")


def test_what_cannot_be_known_is_asked_for():
    with pytest.raises(UsageError, match="how its inputs were normalised") as refused:
        imported(Tensors(state(784, 10)), "x")
    assert "--mean 0.1307 --std 0.3081" in refused.value.hint
    with pytest.raises(UsageError, match="hidden units"):
        imported(Tensors(state(784, 8, 10)), "x", RECIPE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04pickle",
        b"\x08" + bytes(7) + b"{}",
        b"\xff" * 16,
        b"\x02" + bytes(7) + b"{}" + b"x",
        b"PK\x03\x04",
    ],
)
def test_what_is_no_such_file_is_refused(content):
    pytest.importorskip("safetensors")
    with pytest.raises(MnistgdError):
        imported(read_tensors(content), "x", RECIPE)


def test_what_is_wrong_is_said_of_the_file_that_is_named(tmp_path):
    np.savez(tmp_path / "x.npz", weight=np.array([[None]]))
    with pytest.raises(WeightsError, match=r"x\.npz is damaged: its array 'weight'"):
        read_tensors(tmp_path / "x.npz")
