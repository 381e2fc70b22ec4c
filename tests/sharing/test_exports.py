"""Networks in files of other kinds, each answered from, or read, by a program that nobody here wrote."""

import csv
import io
import itertools
import json

import numpy as np
import pytest

from mnistgd.datasets.deskew import deskew
from mnistgd.errors import WeightsError
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import build_record
from mnistgd.sharing.tables import csv_bytes, json_bytes
from mnistgd.training.run import initial_params

NETWORKS = {
    "one layer": {},
    "deskewing": {"deskew": True},
    "squared error": {"loss": "squared-error"},
    "relu": {"hidden": (32,)},
    "tanh, two hidden layers": {"hidden": (32, 16), "activation": "tanh", "deskew": True},
    "sigmoid output": {"loss": "squared-error", "output": "sigmoid"},
    "sigmoid everywhere": {
        "hidden": (16,),
        "activation": "sigmoid",
        "loss": "squared-error",
        "output": "sigmoid",
    },
    "tanh output": {"hidden": (16,), "loss": "squared-error", "output": "tanh"},
    "sigmoid, squared error": {"hidden": (16,), "activation": "sigmoid", "loss": "squared-error"},
}
NAMES = tuple("0123456789")


def network(**options):
    """One with weights that make every answer possible, as large as training leaves them."""
    settings = Settings(**options, init="glorot_uniform")
    record = build_record(settings, NAMES, data={"source": "embedded", "sha256": "0"}, results={})
    rng = np.random.default_rng(1)
    params = {
        name: (array + rng.normal(0, 0.1, array.shape)).astype(np.float32)
        for name, array in initial_params(settings, 10).items()
    }
    return Model(params, settings, NAMES, record)


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def model(request):
    return network(**request.param)


def by_hand(model, pixels):
    """Its logits in float64, from what any textbook says of such a network."""
    between = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    values = pixels.reshape(len(pixels), 784).astype(np.float64)
    for place, (weights, bias) in enumerate(model.layers):
        if place:
            values = between[model.settings.activation](values)
        values = values @ weights.astype(np.float64) + bias
    return values


def onnx_answers(content, images):
    runtime = pytest.importorskip("onnxruntime")
    return runtime.InferenceSession(content).run(["probabilities", "logits"], {"images": np.array(images)})


@pytest.mark.parametrize("inside", [False, True])
def test_onnxruntime_answers_every_test_image_as_the_network_does(model, mnist, inside):
    pytest.importorskip("onnx")
    from mnistgd.sharing.onnx_file import onnx_bytes

    if inside and not model.settings.deskew:
        pytest.skip("nothing is done to its images")
    prepared = deskew(mnist.test_images) if model.settings.deskew else mnist.test_images
    probabilities, logits = onnx_answers(
        onnx_bytes(model, with_deskew=inside), mnist.test_images if inside else prepared
    )
    assert np.abs(logits - by_hand(model, prepared / 255)).max() < 1e-4
    expected = model.probabilities(prepared)
    assert np.abs(probabilities - expected).max() < 1e-5
    assert (probabilities.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_images_without_ink_or_in_one_line_are_deskewed_alike():
    pytest.importorskip("onnx")
    from mnistgd.sharing.onnx_file import onnx_bytes

    images = np.zeros((4, 28, 28), np.uint8)
    images[1, 3], images[2, :, 5], images[3, 27, 27] = 255, 7, 1
    model = network(deskew=True)
    _, logits = onnx_answers(onnx_bytes(model, with_deskew=True), images)
    assert np.abs(logits - by_hand(model, deskew(images) / 255)).max() < 1e-5


def test_an_onnx_file_says_what_it_is(model):
    onnx = pytest.importorskip("onnx")
    from mnistgd.sharing.onnx_file import onnx_bytes

    content = onnx_bytes(model)
    assert content == onnx_bytes(model)
    proto = onnx.load_from_string(content)
    onnx.checker.check_model(proto, full_check=True)
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(facts["class_names"]) == list(NAMES)
    assert json.loads(facts["record"]) == model.record
    assert json.loads(facts["preprocessing"]) == (["deskew"] if model.settings.deskew else [])
    assert proto.producer_name == "mnistgd"
    (images,), outputs = proto.graph.input, proto.graph.output
    shape = [each.dim_param or each.dim_value for each in images.type.tensor_type.shape.dim]
    assert (images.name, shape) == ("images", ["batch", 28, 28])
    assert [each.name for each in outputs] == ["probabilities", "logits"]
    assert ("must be deskewed" in images.doc_string) == model.settings.deskew
    assert all(each.doc_string for each in [proto, proto.graph, images, *outputs])
    assert proto.doc_string.endswith(" network trained by mnistgd with gradient descent.")
    names = [node.name for node in proto.graph.node]
    assert len(set(names)) == len(names) == len(list(filter(None, names)))


def test_an_onnx_file_of_an_imported_network_does_not_say_that_it_was_trained_here(mnist):
    onnx = pytest.importorskip("onnx")
    from mnistgd.sharing.elsewhere import Normalisation, Tensors, imported
    from mnistgd.sharing.onnx_file import onnx_bytes

    weight = np.random.default_rng(0).normal(0, 0.1, (26, 784)).astype(np.float32)
    names = ["a,b", "=c", 'd"', "コ", *"efghijklmnopqrstuvwxyz"]
    model = imported(Tensors({"weight": weight}), "x", Normalisation(0.1307, 0.3081), None, names)
    proto = onnx.load_from_string(onnx_bytes(model))
    assert proto.doc_string == "A 784→26 network that mnistgd imported."
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(facts["class_names"]) == names
    assert json.loads(facts["record"])["data"] is None
    probabilities, _ = onnx_answers(proto.SerializeToString(), mnist.test_images[:500])
    assert np.abs(probabilities - model.probabilities(mnist.test_images[:500])).max() < 1e-5


def test_a_safetensors_file_is_what_a_linear_layer_of_pytorch_holds(model):
    numpy = pytest.importorskip("safetensors.numpy")
    from mnistgd.sharing.safetensors_file import safetensors_bytes

    content = safetensors_bytes(model)
    state = numpy.load(content)
    if model.settings.hidden:
        names = [f"{2 * place}.{kind}" for place in range(len(model.layers)) for kind in ("weight", "bias")]
    else:
        names = ["weight", "bias"]
    assert set(state) == set(names)
    # As https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html has it: y = x Aᵀ + b.
    for (weights, bias), (weight_name, bias_name) in zip(
        model.layers, zip(names[::2], names[1::2], strict=True), strict=True
    ):
        assert (weights == state[weight_name].T).all()
        assert state[weight_name].dtype == np.float32
        assert (state[bias_name] == bias).all()


def test_pytorch_takes_a_safetensors_file(model, mnist):
    torch = pytest.importorskip("torch")
    load = pytest.importorskip("safetensors.torch").load
    from mnistgd.sharing.safetensors_file import safetensors_bytes

    sizes = [784, *model.settings.hidden, 10]
    between = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}
    modules = []
    for n_inputs, n_outputs in itertools.pairwise(sizes):
        modules += [torch.nn.Linear(n_inputs, n_outputs), between[model.settings.activation]()]
    network = torch.nn.Sequential(*modules[:-1]) if model.settings.hidden else modules[0]
    network.load_state_dict(load(safetensors_bytes(model)))
    images = mnist.test_images[:1000]
    with torch.no_grad():
        logits = network(torch.tensor(images.reshape(-1, 784) / np.float32(255))).numpy()
    assert np.abs(logits - model.outputs(images)).max() < 1e-4


def test_json_holds_every_number_exactly(model):
    document = json.loads(json_bytes(model))
    assert document["record"] == model.record
    for layer, (weights, bias) in zip(document["layers"], model.layers, strict=True):
        assert (np.array(layer["weights"], np.float32) == weights).all()
        assert (np.array(layer["bias"], np.float32) == bias).all()


def test_csv_is_a_row_for_each_pixel():
    model = network()
    header, *rows, last = csv.reader(io.StringIO(csv_bytes(model).decode(), newline=""))
    assert header == ["pixel", "x", "y", *NAMES]
    assert [row[:3] for row in rows[27:30]] == [["27", "27", "0"], ["28", "0", "1"], ["29", "1", "1"]]
    assert (np.array([row[3:] for row in rows], np.float32) == model.weights).all()
    assert last[:3] == ["bias", "", ""]
    assert (np.array(last[3:], np.float32) == model.params["bias"]).all()


def test_csv_of_hidden_layers_is_a_row_for_each_weight():
    model = network(hidden=(3, 2))
    header, *rows = csv.reader(io.StringIO(csv_bytes(model).decode(), newline=""))
    assert header == ["layer", "input", "output", "weight"]
    assert len(rows) == 785 * 3 + 4 * 2 + 3 * 10
    for layer, name, output, number in rows:
        weights, bias = model.layers[int(layer) - 1]
        column = bias if name == "bias" else weights[int(name)]
        assert np.float32(number) == column[int(output)]


@pytest.mark.parametrize("hidden", [(), (3,)])
def test_csv_has_no_place_for_an_activation_of_the_outputs(hidden):
    with pytest.raises(WeightsError, match="cannot say that the outputs have a sigmoid") as refused:
        csv_bytes(network(hidden=hidden, loss="squared-error", output="sigmoid"))
    assert refused.value.hint == "--to json can"


@pytest.mark.parametrize(
    ("hidden", "head"), [((), "deskewed pixel,x,y,0,"), ((3,), "layer,deskewed input,output,weight\r\n")]
)
def test_csv_says_that_images_must_be_deskewed(hidden, head):
    assert csv_bytes(network(hidden=hidden, deskew=True)).decode().startswith(head)


def test_no_class_is_taken_for_a_formula():
    names = ("=cmd()", "+1", "-1", "@x", "a,b", 'c"d')
    settings = Settings()
    model = Model(
        {"weights": np.zeros((784, 6), np.float32), "bias": np.zeros(6, np.float32)}, settings, names, {}
    )
    content = csv_bytes(model).decode()
    assert content.startswith('pixel,x,y,\'=cmd(),\'+1,\'-1,\'@x,"a,b","c""d"\r\n')
    header = next(csv.reader(io.StringIO(content, newline="")))
    assert header[3:] == ["'=cmd()", "'+1", "'-1", "'@x", "a,b", 'c"d']
