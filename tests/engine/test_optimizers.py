"""Optimizers: their first updates worked by hand, then long runs against recursions and scikit-learn."""

import io
from math import sqrt

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from mnistgd.engine import optimizers, wrappers
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.schedules import constant
from mnistgd.engine.training import gradient_of, train
from mnistgd.engine.wrappers import masked, tied

STREAM = [1, 10, 0.1, -0.5, 3, 0, 0, 0, -2, 0.01, 5, -5]
RATE = 0.1


def updates_of(optimizer, gradients, rate=RATE, dtype=np.float64):
    """The update for each gradient of a stream, from a fresh start."""
    params = {"weights": np.zeros(1, dtype)}
    state = optimizer.init(params)
    for gradient in gradients:
        grads = {"weights": np.array([gradient], dtype)}
        updates, state = optimizer.update(grads, state, params, rate)
        params = {"weights": params["weights"] + updates["weights"]}
        yield updates["weights"]


# Where ε matters it is 1 here, to tell ε outside the root from ε inside.
BY_HAND = {
    "sgd": (optimizers.sgd(), [1, 10], [-0.1, -1]),
    # V: 0.1·1 = 0.1;  0.9·0.1 + 0.1·10 = 1.09
    "momentum": (optimizers.momentum(0.9), [1, 10], [-0.01, -0.109]),
    # V: 1;  0.9·1 + 10 = 10.9
    "heavy_ball": (optimizers.heavy_ball(0.9), [1, 10], [-0.1, -1.09]),
    # as momentum, for gradients that are already those of the probe; the probe has tests of its own
    "nesterov": (optimizers.nesterov(0.9), [1, 10], [-0.01, -0.109]),
    # S: 9;  9 + 16 = 25
    "adagrad": (optimizers.adagrad(epsilon=1), [3, 4], [-0.1 * 3 / (3 + 1), -0.1 * 4 / (5 + 1)]),
    # S: ¼·16 = 4;  ¾·4 + ¼·4 = 4
    "rmsprop": (optimizers.rmsprop(rho=0.75, epsilon=1), [4, 2], [-0.1 * 4 / (2 + 1), -0.1 * 2 / (2 + 1)]),
    # V: ½·3 = 3/2, /(1 - ½) = 3;  ½·3/2 - ½·3 = -3/4, /(1 - ¼) = -1
    # S: ¼·9 = 9/4, /(1 - ¾) = 9;  ¾·9/4 + ¼·9 = 63/16, /(1 - 9/16) = 9
    "adam": (optimizers.adam(0.5, 0.75, epsilon=1), [3, -3], [-0.1 * 3 / (3 + 1), 0.1 * 1 / (3 + 1)]),
    # as adam, then V: ½·3/2 = 3/4, /(1 - ¼) = 1;  S: ¾·9/4 = 27/16, but the maximum stays 9/4: /(7/16) = 36/7
    "amsgrad": (optimizers.amsgrad(0.5, 0.75, epsilon=1), [3, 0], [-0.075, -0.1 * 1 / (6 / sqrt(7) + 1)]),
    # adam on the same stream: 27/16 / (7/16) = 27/7
    "adam, forgetting": (optimizers.adam(0.5, 0.75, epsilon=1), [3, 0], [-0.075, -0.1 / (sqrt(27 / 7) + 1)]),
}


@pytest.mark.parametrize(("optimizer", "gradients", "updates"), BY_HAND.values(), ids=BY_HAND)
def test_first_updates_by_hand(optimizer, gradients, updates):
    found = [update.item() for update in updates_of(optimizer, gradients)]
    assert found == pytest.approx(updates, rel=1e-14)


def test_every_optimizer_is_worked_by_hand():
    missing = set(optimizers.OPTIMIZERS) - set(BY_HAND)
    assert not missing, "BY_HAND has no updates of these"


def moving_average(gradients):
    v = 0.0
    for g in gradients:
        v += 0.1 * (g - v)
        yield -RATE * v


def all_squares(gradients):
    for t, g in enumerate(gradients):
        yield -RATE * g / (sqrt(sum(earlier**2 for earlier in gradients[: t + 1])) + 1e-10)


def recent_squares(gradients):
    for t, g in enumerate(gradients):
        average = sum(0.1 * 0.9 ** (t - i) * gradients[i] ** 2 for i in range(t + 1))
        yield -RATE * g / (sqrt(average) + 1e-8)


def two_averages(gradients, beta2, largest):
    """Adam from the weighted sums that its recursions stand for; AMSGrad from the largest of them."""
    sums = [
        sum((1 - beta2) * beta2 ** (t - i) * gradients[i] ** 2 for i in range(t + 1))
        for t in range(len(gradients))
    ]
    for t in range(len(gradients)):
        mean = sum(0.1 * 0.9 ** (t - i) * gradients[i] for i in range(t + 1)) / (1 - 0.9 ** (t + 1))
        square = (max(sums[: t + 1]) if largest else sums[t]) / (1 - beta2 ** (t + 1))
        yield -RATE * mean / (sqrt(square) + 1e-8)


RUNS = {
    "momentum": (optimizers.momentum(), moving_average(STREAM)),
    "adagrad": (optimizers.adagrad(), all_squares(STREAM)),
    "rmsprop": (optimizers.rmsprop(), recent_squares(STREAM)),
    "adam": (optimizers.adam(), two_averages(STREAM, 0.999, largest=False)),
    "amsgrad": (optimizers.amsgrad(), two_averages(STREAM, 0.999, largest=True)),
    "amsgrad, short memory": (optimizers.amsgrad(beta2=0.5), two_averages(STREAM, 0.5, largest=True)),
}


@pytest.mark.parametrize(("optimizer", "expected"), RUNS.values(), ids=RUNS)
def test_a_stream_of_gradients_against_plain_sums(optimizer, expected):
    """With the defaults, over a stream that jumps, changes sign and falls silent."""
    found = [update.item() for update in updates_of(optimizer, STREAM)]
    assert found == pytest.approx(list(expected), rel=1e-12)


def scikit_learns(kind, rate, **options):
    """The updates that another library makes of the stream."""
    weights = [np.zeros(1)]
    other = kind(weights, rate, **options)
    for gradient in STREAM:
        before = weights[0].copy()
        other.update_params(weights, [np.array([float(gradient)])])
        yield (weights[0] - before).item()


@pytest.mark.parametrize(
    ("optimizer", "rate", "other"),
    [
        (optimizers.sgd(), 0.1, (SGDOptimizer, 0.1, {"momentum": 0, "nesterov": False})),
        (optimizers.heavy_ball(0.9), 0.1, (SGDOptimizer, 0.1, {"momentum": 0.9, "nesterov": False})),
        # the moving average at rate α is the heavy ball at α · (1 - β)
        (optimizers.momentum(0.9), 0.1, (SGDOptimizer, 0.01, {"momentum": 0.9, "nesterov": False})),
        (optimizers.momentum(0.5), 0.1, (SGDOptimizer, 0.05, {"momentum": 0.5, "nesterov": False})),
        # its ε is not corrected as the rest is: the same without
        (optimizers.adam(epsilon=0), 0.1, (AdamOptimizer, 0.1, {"epsilon": 0})),
        (
            optimizers.adam(0.6, 0.8, 0),
            0.1,
            (AdamOptimizer, 0.1, {"beta_1": 0.6, "beta_2": 0.8, "epsilon": 0}),
        ),
    ],
)
def test_scikit_learn_takes_the_same_steps(optimizer, rate, other):
    kind, other_rate, options = other
    found = [update.item() for update in updates_of(optimizer, STREAM, rate)]
    assert found == pytest.approx(list(scikit_learns(kind, other_rate, **options)), rel=1e-10, abs=1e-14)


def parabola(optimizer, steps, curvatures=(1.0,), rate=RATE):
    """½ · Σ curvature · w² from w = 1: a network whose inputs are the roots of the curvatures."""
    n = len(curvatures)
    return train(
        gradient_of(Linear(n, 1, bias=False), half_squared_error),
        {"weights": np.ones((n, 1))},
        # the loss is a mean over the n rows
        [(np.diag(np.sqrt(curvatures)) * sqrt(n), np.zeros((n, 1)))] * steps,
        optimizer=optimizer,
        schedule=constant(rate),
    )


def test_nesterov_by_hand():
    """On ½·w² from 1, rate 0.1, β 0.9; the gradient at a place is the place.

    place 1 - 0.1·0 = 1;        V = 0.1·1 = 0.1;                  w = 1 - 0.01 = 0.99
    place 0.99 - 0.01 = 0.98;   V = 0.09 + 0.098 = 0.188;         w = 0.99 - 0.0188 = 0.9712
    place 0.9712 - 0.0188 = 0.9524;  V = 0.1692 + 0.09524 = 0.26444;   w = 0.9712 - 0.026444 = 0.944756
    """
    steps = list(parabola(optimizers.nesterov(0.9), 3))
    assert [step.grads["weights"].item() for step in steps] == pytest.approx([1, 0.98, 0.9524])
    assert [step.params["weights"].item() for step in steps] == pytest.approx([0.99, 0.9712, 0.944756])
    assert steps[-1].state["velocity"]["weights"].item() == pytest.approx(0.26444)


def test_looking_ahead_swings_less():
    """In a bowl 25 times as steep one way as the other, from the same start at the same rate."""
    far = {}
    for name in ("momentum", "nesterov"):
        steps = parabola(optimizers.OPTIMIZERS[name](), 100, (1.0, 25.0))
        far[name] = max(abs(step.params["weights"][1, 0]) for step in steps if step.step > 20)
    assert far["nesterov"] < far["momentum"] / 2


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_every_optimizer_goes_down(name):
    losses = [step.loss for step in parabola(optimizers.OPTIMIZERS[name](), 200, (1.0, 25.0), rate=0.03)]
    assert losses[-1] < losses[0] / 5


WRAPPED = {
    **{name: make() for name, make in optimizers.OPTIMIZERS.items()},
    "with_weight_decay": wrappers.with_weight_decay(optimizers.adam(), 0.1),
    "masked": masked(optimizers.nesterov(), {"weights": np.eye(2, 3) == 1}),
    "tied": tied(optimizers.momentum(), ["bias"]),
}


@pytest.mark.parametrize("optimizer", WRAPPED.values(), ids=WRAPPED)
def test_nothing_that_is_passed_in_is_changed(optimizer):
    """Every array is locked before it is passed; what comes back fits the parameters and their precision."""
    rng = np.random.default_rng(0)
    shapes = {"weights": (2, 3), "bias": (3,)}
    params = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    state = optimizer.init(params)
    for _ in range(3):
        grads = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
        for arrays in (params, grads, *state.values()):
            for array in arrays.values():
                array.flags.writeable = False
        probe = optimizer.probe(params, state, RATE)
        updates, state = optimizer.update(grads, state, params, RATE)
        for arrays in (probe, updates):
            assert {name: array.shape for name, array in arrays.items()} == shapes
            assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
        for memory, arrays in state.items():
            assert list(arrays) == list(shapes)
            for name, array in arrays.items():
                assert isinstance(array, np.ndarray)
                expected = ((), np.int64) if memory == "steps" else (shapes[name], np.float32)
                assert (array.shape, array.dtype) == expected


@pytest.mark.parametrize("optimizer", WRAPPED.values(), ids=WRAPPED)
def test_a_run_goes_on_from_a_saved_state_to_the_bit(optimizer):
    """Its state is saved flat, as a file of arrays holds it, and read again."""
    rng = np.random.default_rng(0)
    batches = [(rng.normal(size=(4, 2)), rng.normal(size=(4, 3))) for _ in range(10)]
    options = {"optimizer": optimizer, "schedule": constant(0.01)}
    gradient = gradient_of(Linear(2, 3), half_squared_error)
    start = {"weights": rng.normal(size=(2, 3)), "bias": np.zeros(3)}
    *_, whole = train(gradient, start, batches, **options)
    *_, half = train(gradient, start, batches[:5], **options)

    file = io.BytesIO()
    flat = {f"{memory}/{name}": a for memory, arrays in half.state.items() for name, a in arrays.items()}
    np.savez(file, **flat)
    file.seek(0)
    state = {memory: {} for memory in half.state}
    with np.load(file) as saved:
        for key in saved:
            memory, name = key.split("/")
            state[memory][name] = saved[key]
    *_, rest = train(gradient, half.params, batches[5:], state=state, first_step=5, **options)
    assert {name: array.tobytes() for name, array in rest.params.items()} == {
        name: array.tobytes() for name, array in whole.params.items()
    }


def test_weight_decay_is_added_to_the_gradient_of_weights_alone():
    optimizer = wrappers.with_weight_decay(optimizers.sgd(), 0.5)
    params = {"3.weights": np.array([2.0]), "3.bias": np.array([2.0])}
    grads = {"3.weights": np.array([1.0]), "3.bias": np.array([1.0])}
    updates, _ = optimizer.update(grads, optimizer.init(params), params, 0.1)
    assert updates["3.weights"].item() == pytest.approx(-0.1 * (1 + 0.5 * 2))
    assert updates["3.bias"].item() == pytest.approx(-0.1)
    assert grads["3.weights"].item() == 1
