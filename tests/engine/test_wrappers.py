"""Frozen weights stay as they are to the bit, whatever is done around them; shared weights stay one."""

import numpy as np
import pytest

from mnistgd.engine.gradient_check import numeric_gradient
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.optimizers import OPTIMIZERS, momentum, nesterov, sgd
from mnistgd.engine.schedules import constant
from mnistgd.engine.training import gradient_of, train
from mnistgd.engine.wrappers import masked, tied, with_weight_decay
from mnistgd.errors import ShapeError

MASK = np.array([[True, False, False], [True, True, False]])  # the last column is free, the first is not
FROZEN = {"weights": MASK}


def problem(dtype=np.float64):
    rng = np.random.default_rng(0)
    params = {"weights": rng.normal(size=(2, 3)).astype(dtype), "bias": np.zeros(3, dtype)}
    params["weights"][0, 0] = -0.0  # its sign is a bit, too
    batches = [
        (rng.normal(size=(4, 2)).astype(dtype), rng.normal(size=(4, 3)).astype(dtype)) for _ in range(8)
    ]
    return params, batches


def run(optimizer, params, batches, **options):
    schedule = constant(0.05)
    return list(
        train(
            gradient_of(Linear(2, 3), half_squared_error),
            params,
            batches,
            optimizer=optimizer,
            schedule=schedule,
            **options,
        )
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decay", ["none", "inside", "around"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_frozen_weights_stay_to_the_bit_and_the_others_train(name, decay, dtype):
    params, batches = problem(dtype)
    plain, optimizer = OPTIMIZERS[name](), masked(OPTIMIZERS[name](), FROZEN)
    if decay != "none":
        plain = with_weight_decay(plain, 0.1)
        inside = masked(plain, FROZEN)
        optimizer = inside if decay == "inside" else with_weight_decay(optimizer, 0.1)
    steps = run(optimizer, params, batches)
    for step in steps:
        assert step.params["weights"][MASK].tobytes() == params["weights"][MASK].tobytes()
    last = steps[-1].params
    assert (last["weights"][~MASK] != params["weights"][~MASK]).all()
    assert (last["bias"] != params["bias"]).all()
    # outputs do not meet in this loss: the column without frozen weights trains as if there were none
    unmasked = run(plain, params, batches)[-1].params
    assert last["weights"][:, 2].tolist() == unmasked["weights"][:, 2].tolist()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nothing_is_remembered_of_frozen_weights(name):
    params, batches = problem()
    state = run(with_weight_decay(masked(OPTIMIZERS[name](), FROZEN), 0.1), params, batches)[-1].state
    for memory, arrays in state.items():
        if memory != "steps":
            assert (arrays["weights"][MASK] == 0).all()
            assert (arrays["weights"][~MASK] != 0).all()


@pytest.mark.parametrize("make", [momentum, nesterov])
def test_a_velocity_from_before_they_were_frozen_does_not_move_them(make):
    params, batches = problem()
    moving = run(make(), params, batches[:4])[-1]
    assert (moving.state["velocity"]["weights"] != 0).all()
    optimizer = masked(make(), FROZEN)
    probe = optimizer.probe(moving.params, moving.state, 0.05)
    assert probe["weights"][MASK].tobytes() == moving.params["weights"][MASK].tobytes()
    steps = run(optimizer, moving.params, batches[4:], state=moving.state)
    assert steps[-1].params["weights"][MASK].tobytes() == moving.params["weights"][MASK].tobytes()


def test_no_gradient_however_bad_moves_a_frozen_weight():
    params = {"weights": np.array([1.0, 2.0, 3.0])}
    grads = {"weights": np.array([np.nan, np.inf, 1.0])}
    optimizer = masked(momentum(), {"weights": np.array([True, True, False])})
    updates, _ = optimizer.update(grads, optimizer.init(params), params, 0.1)
    assert (params["weights"] + updates["weights"]).tolist() == [1, 2, 3 - 0.01]


def test_a_row_of_a_mask_stands_for_all_outputs():
    params, batches = problem()
    last = run(masked(sgd(), {"weights": np.array([[True], [False]])}), params, batches)[-1].params
    assert (last["weights"] == params["weights"]).tolist() == [[True] * 3, [False] * 3]


@pytest.mark.parametrize(
    ("frozen", "words"),
    [
        ({"weight": MASK}, "a mask for weight, but the parameters are weights, bias"),
        ({"weights": MASK.T}, "mask of shape .3, 2. for weights of shape .2, 3."),
        ({"bias": MASK}, "mask of shape .2, 3. for bias of shape .3,."),  # it must not make the bias grow
    ],
)
def test_a_mask_that_does_not_fit(frozen, words):
    with pytest.raises(ShapeError, match=words):
        run(masked(sgd(), frozen), *problem())


def test_a_shared_weight_moves_by_the_slope_of_the_one_it_is():
    """One bias for all three outputs: its gradient, measured on that single number."""
    params, batches = problem()
    inputs, targets = batches[0]
    shared = np.array([0.3])

    def loss() -> float:
        outputs, _ = Linear(2, 3).forward({**params, "bias": np.repeat(shared, 3)}, inputs)
        return half_squared_error(outputs, targets)[0]

    slope = numeric_gradient(loss, shared).item()
    assert abs(slope) > 0.1
    start = {**params, "bias": np.repeat(shared, 3)}
    (step,) = run(tied(sgd(), {"bias"}), start, batches[:1])
    assert step.params["bias"] == pytest.approx(0.3 - 0.05 * slope)
    (free,) = run(sgd(), start, batches[:1])
    assert step.params["weights"].tolist() == free.params["weights"].tolist()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_shared_weights_stay_equal(name):
    params, batches = problem()
    bias = run(tied(OPTIMIZERS[name](), ["bias"]), params, batches)[-1].params["bias"]
    assert bias[0] != 0
    assert (bias == bias[0]).all()
