"""Every layer and loss, against the slope that can be measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.engine import activations, composition, layers, losses, recurrent
from mnistgd.engine.gradient_check import check_layer, check_loss, gradient_error, numeric_gradient
from mnistgd.engine.initializers import glorot_uniform
from mnistgd.engine.types import Layer, Params
from mnistgd.errors import ShapeError

EXACT = 1e-6  # of central differences in float64; a wrong gradient is off by the order of 1
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def linear(n_inputs: int, n_outputs: int) -> layers.Linear:
    return layers.Linear(n_inputs, n_outputs, initializer=glorot_uniform)


LAYERS = {
    "linear": linear,
    "linear without bias": lambda n, m: layers.Linear(n, m, bias=False, initializer=glorot_uniform),
    "dropout": lambda n, m: layers.Dropout(0.4, seed=(n, m), places=range(m, 99)),
    "dropout within sequential": lambda n, m: composition.Sequential(
        (linear(n, 4), layers.Dropout(0.5, seed=(n, m)), linear(4, m))
    ),
    **{name: lambda n, m, kind=kind: kind() for name, kind in activations.ACTIVATIONS.items()},
    "softmax": lambda n, m: activations.Softmax(),
    "sequential": lambda n, m: composition.Sequential((linear(n, 4), activations.Tanh(), linear(4, m))),
    "sequential of one": lambda n, m: composition.Sequential((linear(n, m),)),
    "parallel": lambda n, m: composition.Parallel((linear(1, m),) * n, (1,) * n),
    "parallel of unequal parts": lambda n, m: composition.Parallel(
        (linear(n - 1, m), activations.Sigmoid()), (n - 1, 1)
    ),
    "parallel within sequential": lambda n, m: composition.Sequential(
        (
            composition.Parallel(
                (composition.Sequential((linear(1, 2), activations.Sigmoid())),) * n, (1,) * n
            ),
            linear(2 * n, m),
            activations.Softmax(),
        )
    ),
    "elman": recurrent.Elman,
    "elman within sequential": lambda n, m: composition.Sequential(
        (recurrent.Elman(n, 3), layers.Linear(3, m, bias=False, initializer=glorot_uniform))
    ),
}


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
@given(batch=sizes, n_inputs=sizes, n_outputs=sizes, seed=seeds)
def test_layer_gradients(make, batch, n_inputs, n_outputs, seed):
    rng = np.random.default_rng(seed)
    layer: Layer = make(n_inputs, n_outputs)
    params = {name: array + rng.normal(size=array.shape) for name, array in layer.init(rng).items()}
    inputs = rng.normal(size=(batch, n_inputs))
    inputs += 0.01 * np.sign(inputs)  # central differences are wrong across the kink of a ReLU
    outputs, _ = layer.forward(params, inputs)
    errors = check_layer(layer, params, inputs, rng.normal(size=outputs.shape))
    assert set(errors) == {"inputs", *params}
    assert max(errors.values()) < EXACT, errors


def random_labels(rng: np.random.Generator, batch: int, n: int) -> np.ndarray:
    return rng.integers(0, n, batch)


def random_targets(rng: np.random.Generator, batch: int, n: int) -> np.ndarray:
    return rng.normal(size=(batch, n))


def random_logits(rng: np.random.Generator, batch: int, n: int) -> np.ndarray:
    return rng.normal(size=(batch, n))


def random_probabilities(rng: np.random.Generator, batch: int, n: int) -> np.ndarray:
    return rng.uniform(0.01, 0.99, (batch, n))


LOSSES = {
    "softmax_cross_entropy": (losses.softmax_cross_entropy, random_logits, random_labels),
    "cross_entropy": (losses.cross_entropy, random_probabilities, random_labels),
    "half_squared_error": (losses.half_squared_error, random_logits, random_targets),
    **{
        f"half_squared_error of {name}": (
            losses.activated(losses.half_squared_error, kind()),
            random_logits,
            random_targets,
        )
        for name, kind in activations.ACTIVATIONS.items()
    },
    "summed": (losses.summed(losses.half_squared_error), random_logits, random_targets),
}


@pytest.mark.parametrize(("loss", "outputs", "targets"), LOSSES.values(), ids=LOSSES)
@given(batch=sizes, n=sizes, seed=seeds)
def test_loss_gradients(loss, outputs, targets, batch, n, seed):
    rng = np.random.default_rng(seed)
    assert check_loss(loss, outputs(rng, batch, n), targets(rng, batch, n)) < EXACT


@given(
    batch=st.integers(1, 25),
    rows=st.integers(1, 9),
    seed=seeds,
    mean=st.sampled_from([0.0, 0.13]),
    deviation=st.sampled_from([1.0, 0.31]),
)
def test_pixels_in_pieces_are_the_same_network(batch, rows, seed, mean, deviation):
    """However many rows are held as floats at a time, outputs and gradients are those of one piece."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (batch, 5), dtype=np.uint8)
    params = linear(5, 3).init(rng)
    d_outputs = rng.normal(size=(batch, 3))
    network = layers.InPieces(lambda _: layers.FromBytes(5, 3, mean=mean, deviation=deviation), rows)
    outputs, backward = network.forward(params, images)
    whole_outputs, whole_backward = linear(5, 3).forward(params, (images / 255 - mean) / deviation)
    assert np.allclose(outputs, whole_outputs)
    nothing, grads = backward(d_outputs)
    assert nothing is None  # bytes cannot move
    for name, grad in whole_backward(d_outputs)[1].items():
        assert np.allclose(grads[name], grad)


def test_pixels_compute_in_the_precision_of_the_weights():
    for dtype in (np.float32, np.float64):
        params: Params = {"weights": np.ones((4, 2), dtype), "bias": np.zeros(2, dtype)}
        outputs, _ = layers.FromBytes(4, 2).forward(params, np.full((3, 4), 255, np.uint8))
        assert outputs.dtype == dtype
        assert outputs == pytest.approx(4)


def test_no_more_rows_than_that_are_in_work_at_a_time():
    """All of a training set as floats would take four or eight times its memory."""
    seen, rows = [], 10

    class Watched(layers.FromBytes):
        def forward(self, params, inputs):
            seen.append(len(inputs))
            return super().forward(params, inputs)

    network = layers.InPieces(lambda _: Watched(5, 3), rows)
    params = network.init(np.random.default_rng(0))
    _, backward = network.forward(params, np.zeros((2 * rows + 3, 5), np.uint8))
    backward(np.zeros((2 * rows + 3, 3)))
    assert seen == 2 * [rows, rows, 3]


@given(rate=st.floats(0, 0.95), rows=st.integers(1, 9), cut=st.integers(0, 9), seed=seeds)
def test_a_part_of_a_batch_is_left_out_as_in_the_whole(rate, rows, cut, seed):
    inputs = np.random.default_rng(seed).normal(size=(rows, 5))
    whole, _ = layers.Dropout(rate, (seed, 3)).forward({}, inputs)
    assert (whole == layers.Dropout(rate, (seed, 3)).forward({}, inputs)[0]).all()
    parts = [
        layers.Dropout(rate, (seed, 3), range(row, rows)).forward({}, part)[0]
        for row, part in ((0, inputs[:cut]), (min(cut, rows), inputs[cut:]))
    ]
    assert (whole == np.concatenate(parts)).all()
    for places in (np.arange(rows)[::2], np.arange(rows)[1::2]):
        assert (layers.Dropout(rate, (seed, 3), places).forward({}, inputs[places])[0] == whole[places]).all()


@given(batch=st.integers(1, 25), rows=st.integers(1, 9), seed=seeds)
def test_dropout_in_pieces_is_dropout_of_the_whole(batch, rows, seed):
    rng = np.random.default_rng(seed)
    inputs, d_outputs = rng.normal(size=(batch, 3)), rng.normal(size=(batch, 2))

    def network(row):
        left_out = layers.Dropout(0.5, (seed,), layers.EVERY[row:])
        return composition.Sequential((linear(3, 4), left_out, linear(4, 2)))

    params = network(0).init(rng)
    whole, whole_backward = network(0).forward(params, inputs)
    outputs, backward = layers.InPieces(network, rows).forward(params, inputs)
    assert np.allclose(outputs, whole)
    for name, grad in whole_backward(d_outputs)[1].items():
        assert np.allclose(backward(d_outputs)[1][name], grad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_dropout_leaves_out_its_share_and_keeps_the_mean(rate, dtype):
    inputs = np.full((400, 500), 3, dtype, order="F")
    outputs, backward = layers.Dropout(rate, (1, 2)).forward({}, inputs)
    assert (outputs.dtype, outputs.flags.f_contiguous) == (dtype, True)
    dropped = outputs == 0
    error = 4 * np.sqrt(rate * (1 - rate) / dropped.size)
    assert abs(dropped.mean() - rate) <= error
    assert np.allclose(outputs[~dropped], 3 / (1 - rate))
    d_inputs, grads = backward(np.ones_like(inputs))
    assert grads == {}
    assert np.allclose(d_inputs, outputs / 3)
    other, _ = layers.Dropout(rate, (1, 3)).forward({}, inputs)
    assert rate == 0 or ((other == 0) != dropped).any()


def test_pixels_take_an_empty_batch():
    network = layers.InPieces(lambda _: layers.FromBytes(4, 2))
    outputs, _ = network.forward(network.init(np.random.default_rng(0)), np.empty((0, 4), np.uint8))
    assert outputs.shape == (0, 2)


def test_a_first_layer_may_spare_the_gradient_of_its_inputs():
    layer = layers.Linear(3, 2, input_gradient=False)
    _, backward = layer.forward(layer.init(np.random.default_rng(0)), np.ones((1, 3)))
    assert backward(np.ones((1, 2)))[0] is None


def test_a_wrong_gradient_is_noticed():
    """The check itself: a factor of two, the commonest mistake with squared errors, does not pass."""

    def doubled(outputs, targets):
        value, d_outputs = losses.half_squared_error(outputs, targets)
        return value, 2 * d_outputs

    rng = np.random.default_rng(0)
    assert check_loss(doubled, rng.normal(size=(3, 2)), rng.normal(size=(3, 2))) > 0.1


def test_numeric_gradient_of_a_known_function():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert gradient_error(3 * x**2, numeric_gradient(lambda: float((x**3).sum()), x)) < 1e-8
    assert x.tolist() == [[1.0, -2.0], [0.5, 3.0]]  # put back as it was


def test_what_the_step_of_a_numeric_gradient_costs():
    """Of x³ at 1, whose third derivative is 6: a long step misses by its square, a short one by rounding."""

    def error(step):
        x = np.array([1.0])
        return abs(numeric_gradient(lambda: x.item() * x.item() * x.item(), x, step).item() - 3)

    for step in (1e-1, 1e-2, 1e-3):
        assert error(step) == pytest.approx(step**2, rel=1e-4)
    for step in (1e-6, 1e-8, 1e-10):
        assert step**2 < error(step) < 2**-52 / step


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: linear(3, 2).forward(linear(3, 2).init(np.random.default_rng(0)), np.ones((2, 4))),
            "3 inputs",
        ),
        (lambda: linear(3, 2).forward(linear(3, 2).init(np.random.default_rng(0)), np.ones(3)), "3 inputs"),
        (lambda: losses.softmax_cross_entropy(np.ones((2, 3)), np.array([1])), "one label a row"),
        (lambda: losses.cross_entropy(np.ones((2, 3)), np.array([1])), "probabilities .* one label a row"),
        (lambda: losses.half_squared_error(np.ones((2, 3)), np.ones(3)), "targets of that shape"),
        (lambda: recurrent.Elman(3, 2).forward({}, np.ones((2, 4))), "3 inputs"),
        (lambda: recurrent.FadingMemory((1, 0)).forward({}, np.ones((2, 4))), "one decay a row"),
        (lambda: composition.Parallel((activations.Tanh(),), (1, 1)), "a width each"),
        (lambda: composition.Parallel((activations.Tanh(),), (2,)).forward({}, np.ones((2, 3))), "shape"),
    ],
)
def test_arrays_that_do_not_fit(call, words):
    with pytest.raises(ShapeError, match=words):
        call()
