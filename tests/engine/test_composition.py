"""Networks of layers against scikit-learn's, and against the same layers called by hand."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from mnistgd.engine import losses, optimizers, schedules, training, wrappers
from mnistgd.engine.activations import ACTIVATIONS, Sigmoid, Tanh
from mnistgd.engine.composition import Parallel, Sequential
from mnistgd.engine.initializers import glorot_uniform
from mnistgd.engine.layers import FromBytes, InPieces, Linear
from mnistgd.errors import ShapeError


def linear(n_inputs: int, n_outputs: int, **options) -> Linear:
    return Linear(n_inputs, n_outputs, initializer=glorot_uniform, **options)


def fresh(network, seed: int = 0):
    """Parameters of which none is zero."""
    rng = np.random.default_rng(seed)
    return {name: array + rng.normal(size=array.shape) for name, array in network.init(rng).items()}


@pytest.mark.parametrize(("name", "theirs"), [("tanh", "tanh"), ("sigmoid", "logistic"), ("relu", "relu")])
@pytest.mark.parametrize("beta", [0, 0.9])
def test_hidden_layers_train_as_scikit_learns_do(name, theirs, beta):
    """Same start, data, order, rate, momentum and weight decay: the same network after 20 epochs."""
    rng = np.random.default_rng(1)
    inputs, labels = rng.normal(size=(60, 4)), rng.integers(0, 3, 60)
    decay = 0.05  # scikit-learn divides it by the size of the batch
    other = MLPClassifier(
        hidden_layer_sizes=(6, 5), activation=theirs, solver="sgd", alpha=20 * decay, momentum=beta,
        nesterovs_momentum=False, learning_rate_init=0.1, batch_size=20, shuffle=False, random_state=0,
    )  # fmt: skip
    other.partial_fit(inputs, labels, classes=[0, 1, 2])
    params = {}
    for position, weights, bias in zip((1, 3, 5), other.coefs_, other.intercepts_, strict=True):
        params |= {f"{position}.weights": weights.copy(), f"{position}.bias": bias.copy()}
    del other._optimizer  # its velocity, of the one epoch above, would be a start of its own
    for _ in range(20):
        other.partial_fit(inputs, labels)

    bend = ACTIVATIONS[name]()
    network = Sequential((linear(4, 6), bend, linear(6, 5), bend, linear(5, 3)))
    assert list(network.init(rng)) == list(params)
    batches = [(inputs[i : i + 20], labels[i : i + 20]) for i in (0, 20, 40)] * 20
    *_, last = training.train(
        training.gradient_of(network, losses.softmax_cross_entropy),
        params,
        batches,
        optimizer=wrappers.with_weight_decay(optimizers.heavy_ball(beta), decay),
        schedule=schedules.constant(0.1),
    )
    for position, weights, bias in zip((1, 3, 5), other.coefs_, other.intercepts_, strict=True):
        assert np.allclose(last.params[f"{position}.weights"], weights, atol=1e-10)
        assert np.allclose(last.params[f"{position}.bias"], bias, atol=1e-10)


def test_the_first_layers_take_the_parameters_of_the_whole():
    network = Sequential((linear(3, 4), Sigmoid(), linear(4, 2)))
    params, inputs = fresh(network), np.random.default_rng(1).normal(size=(5, 3))
    totals = inputs @ params["1.weights"] + params["1.bias"]
    assert np.allclose(Sequential(network.layers[:1]).forward(params, inputs)[0], totals)
    hidden, backward = Sequential(network.layers[:2]).forward(params, inputs)
    assert np.allclose(hidden, 1 / (1 + np.exp(-totals)))
    assert set(backward(hidden)[1]) == {"1.weights", "1.bias"}


def test_twelve_layers_are_not_mixed_up_by_their_names():
    """1 is the beginning of 10, 11 and 12, but not of their names."""
    network = Sequential((linear(2, 2),) * 12)
    params, inputs = fresh(network), np.ones((1, 2))
    expected = inputs
    for position in range(1, 13):
        expected = expected @ params[f"{position}.weights"] + params[f"{position}.bias"]
    assert np.allclose(network.forward(params, inputs)[0], expected)


def test_names_of_parts_within_parts():
    branch = Sequential((linear(1, 1, bias=False), Sigmoid()))
    network = Sequential((Parallel((branch, branch), (1, 1)), linear(2, 3)))
    params = network.init(np.random.default_rng(0))
    assert {name: array.shape for name, array in params.items()} == {
        "1.1.1.weights": (1, 1),
        "1.2.1.weights": (1, 1),
        "2.weights": (2, 3),
        "2.bias": (3,),
    }


def test_parallel_is_a_block_matrix():
    """Two linear layers side by side are one whose weights between the two are zero."""
    network = Parallel((linear(2, 3), linear(1, 2)), (2, 1))
    params = fresh(network)
    block = np.zeros((3, 5))
    block[:2, :3], block[2:, 3:] = params["1.weights"], params["2.weights"]
    bias = np.concatenate([params["1.bias"], params["2.bias"]])
    rng = np.random.default_rng(1)
    inputs, d_outputs = rng.normal(size=(4, 3)), rng.normal(size=(4, 5))
    outputs, backward = network.forward(params, inputs)
    whole, whole_backward = linear(3, 5).forward({"weights": block, "bias": bias}, inputs)
    assert np.allclose(outputs, whole)
    gradient, grads = backward(d_outputs)
    whole_gradient, whole_grads = whole_backward(d_outputs)
    assert np.allclose(gradient, whole_gradient)
    assert np.allclose(grads["1.weights"], whole_grads["weights"][:2, :3])
    assert np.allclose(grads["2.weights"], whole_grads["weights"][2:, 3:])


def test_a_first_layer_may_spare_the_gradient_of_its_inputs():
    for spare in (False, True):
        network = Sequential((linear(3, 4, input_gradient=not spare), Tanh(), linear(4, 2)))
        outputs, backward = network.forward(fresh(network), np.ones((1, 3)))
        gradient, grads = backward(outputs)
        assert (gradient is None) == spare
        assert list(grads) == list(network.init(np.random.default_rng(0)))
    network = Parallel((linear(1, 2), linear(1, 2, input_gradient=False)), (1, 1))
    outputs, backward = network.forward(fresh(network), np.ones((1, 2)))
    assert backward(outputs)[0] is None


def test_a_layer_within_may_not():
    network = Sequential((linear(3, 4), linear(4, 2, input_gradient=False)))
    outputs, backward = network.forward(fresh(network), np.ones((1, 3)))
    with pytest.raises(ShapeError, match="only the first layer"):
        backward(outputs)


def test_hidden_layers_train_on_bytes_in_float32():
    first = FromBytes(6, 5, initializer=glorot_uniform)
    network = InPieces(lambda _: Sequential((first, Tanh(), linear(5, 2))), rows=3)
    params = {name: array.astype(np.float32) for name, array in fresh(network).items()}
    images = np.random.default_rng(0).integers(0, 256, (8, 6), dtype=np.uint8)
    labels = (images[:, 0] > 127).astype(np.int64)
    steps = list(
        training.train(
            training.gradient_of(network, losses.softmax_cross_entropy),
            params,
            [(images, labels)] * 200,
            optimizer=optimizers.adam(),
            schedule=schedules.cosine(0.05, 200),
        )
    )
    assert steps[-1].loss < 0.05 < steps[0].loss
    assert {array.dtype for array in steps[-1].params.values()} == {np.dtype(np.float32)}
    assert steps[-1].outputs.dtype == np.float32
