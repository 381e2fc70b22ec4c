"""The loop, its batches, the initializers and metrics."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix
from sklearn.neural_network import MLPClassifier

from mnistgd.engine import initializers, layers, losses, metrics, optimizers, schedules, training
from mnistgd.errors import DivergedError, ShapeError

RATE = 0.1


def test_one_step_by_hand():
    """Three inputs, one output: pred 0.86, delta -0.14, the numbers of Grokking Deep Learning, chapter 5."""
    params = {"weights": np.array([[0.1], [0.2], [-0.1]])}
    game = np.array([[8.5, 0.65, 1.2]])
    steps = training.train(
        training.gradient_of(layers.Linear(3, 1, bias=False), losses.half_squared_error),
        params,
        [(game, np.array([[1.0]]))],
        optimizer=optimizers.sgd(),
        schedule=schedules.constant(0.01),
    )
    (step,) = steps
    assert step.outputs.item() == pytest.approx(0.86)
    assert step.loss == pytest.approx(0.14**2 / 2)
    assert step.grads["weights"].ravel() == pytest.approx([-0.14 * 8.5, -0.14 * 0.65, -0.14 * 1.2])
    assert step.params["weights"].ravel() == pytest.approx([0.1119, 0.20091, -0.09832])
    assert params["weights"].ravel().tolist() == [0.1, 0.2, -0.1]  # where it started is not changed


def test_the_loop_is_scikit_learns_gradient_descent():
    """The same start, data, order and rate give the same network as MLPClassifier without hidden layers."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 4))
    labels = rng.integers(0, 3, 60)
    other = MLPClassifier(
        hidden_layer_sizes=(), solver="sgd", alpha=0, momentum=0, nesterovs_momentum=False,
        learning_rate_init=RATE, batch_size=60, shuffle=False, max_iter=1, random_state=0,
    )  # fmt: skip
    other.partial_fit(inputs, labels, classes=[0, 1, 2])
    params = {"weights": other.coefs_[0].copy(), "bias": other.intercepts_[0].copy()}
    for _ in range(20):
        other.partial_fit(inputs, labels)
    steps = training.train(
        training.gradient_of(layers.Linear(4, 3), losses.softmax_cross_entropy),
        params,
        [(inputs, labels)] * 20,
        optimizer=optimizers.sgd(),
        schedule=schedules.constant(RATE),
    )
    *_, last = steps
    assert np.allclose(last.params["weights"], other.coefs_[0], atol=1e-12)
    assert np.allclose(last.params["bias"], other.intercepts_[0], atol=1e-12)


def squared(start: float, rate: float, steps: int = 10_000, **options):
    """Gradient descent on ½·w², which shrinks by (1 - rate) each step and leaves above 2."""
    return training.train(
        training.gradient_of(layers.Linear(1, 1, bias=False), losses.half_squared_error),
        {"weights": np.array([[start]])},
        [(np.ones((1, 1)), np.zeros((1, 1)))] * steps,
        optimizer=optimizers.sgd(),
        schedule=schedules.constant(rate),
        **options,
    )


@given(st.floats(0.01, 1.9), st.integers(1, 30))
def test_a_quadratic_in_closed_form(rate, n):
    *_, last = squared(1.0, rate, n)
    assert last.params["weights"].item() == pytest.approx((1 - rate) ** n)
    assert last.step == n - 1


@pytest.mark.parametrize("rate", [3.0, 1e200])
def test_divergence_stops_at_once_and_names_the_step(rate):
    steps = []
    with pytest.raises(DivergedError, match="diverged at step") as caught:
        steps.extend(squared(1.0, rate))
    assert caught.value.step == len(steps)
    assert f"at learning rate {rate:.3g}" in caught.value.message
    # ½ · (1 - 3)^(2n) passes a million at n = 11
    assert caught.value.step == (11 if rate == 3.0 else 1)


def test_divergence_may_be_watched_until_the_numbers_overflow():
    """The weight is (1 - 3)^n, its square 4^n: at n = 512 that is 2^1024, the first that float64 has not."""
    steps = []
    with pytest.raises(DivergedError, match=r"step 512: .* the loss is inf"):
        steps.extend(squared(1.0, 3.0, bound=math.inf))
    assert [abs(step.params["weights"].item()) for step in steps] == [2.0**n for n in range(1, 513)]


def test_a_nan_is_divergence():
    with pytest.raises(DivergedError, match="step 0"):
        next(squared(float("nan"), 0.1))


def test_a_schedule_and_a_name_for_the_first_step():
    steps = list(
        training.train(
            training.gradient_of(layers.Linear(1, 1, bias=False), losses.half_squared_error),
            {"weights": np.ones((1, 1))},
            [(np.ones((1, 1)), np.zeros((1, 1)))] * 3,
            optimizer=optimizers.sgd(),
            schedule=schedules.linear(1.0, 10),
            first_step=4,
        )
    )
    assert [step.step for step in steps] == [4, 5, 6]
    assert [step.learning_rate for step in steps] == pytest.approx([0.6, 0.5, 0.4])


def test_the_gradient_may_come_from_anywhere():
    """It is told the step and where to take it; what a batch is concerns nobody else."""
    told = []

    def gradient(step, params, batch):
        told.append((step, params["weights"].item(), batch))
        return training.BatchGradient(1.0, {"weights": np.ones(1)}, np.zeros((1, 1)), np.zeros(1))

    start, options = {"weights": np.zeros(1)}, {"optimizer": optimizers.sgd(), "first_step": 3}
    list(training.train(gradient, start, ["a", None], schedule=schedules.constant(0.5), **options))
    assert told == [(3, 0.0, "a"), (4, -0.5, None)]


@given(n=st.integers(1, 200), batch_size=st.integers(1, 250), seed=st.integers(0, 2**32 - 1))
def test_an_epoch_uses_everything_once(n, batch_size, seed):
    batches = list(training.batch_order(np.arange(n), batch_size, np.random.default_rng(seed)))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert 1 <= len(batches[-1]) <= batch_size


def test_an_epoch_is_shuffled_and_repeatable():
    first, second = (
        np.concatenate(list(training.batch_order(np.arange(500), 50, np.random.default_rng(7)))) for _ in "ab"
    )
    assert first.tolist() == second.tolist()
    assert first.tolist() != list(range(500))


@pytest.mark.parametrize(
    ("initializer", "bound"),
    [
        (initializers.uniform, 1 / np.sqrt(600)),
        (initializers.glorot_uniform, np.sqrt(6 / 1000)),
        (initializers.uniform_between(-0.1, 0.1), 0.1),
    ],
)
def test_uniform_initializers_fill_their_interval(initializer, bound):
    weights = initializer(np.random.default_rng(0), 600, 400)
    assert weights.shape == (600, 400)
    assert np.abs(weights).max() < bound
    assert np.abs(weights).max() > 0.999 * bound
    assert abs(weights.mean()) < bound / 100
    assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.01)  # of a uniform distribution


def test_normal_weights_and_biases():
    layer = layers.Linear(
        600, 400, initializer=initializers.normal, bias_initializer=initializers.BIAS_INITIALIZERS["normal"]
    )
    params = layer.init(np.random.default_rng(0))
    assert (params["weights"].shape, params["bias"].shape) == ((600, 400), (400,))
    for name, rows in (("weights", 240_000), ("bias", 400)):
        assert abs(params[name].mean()) < 4 / np.sqrt(rows)
        assert params[name].std() == pytest.approx(1, abs=4 / np.sqrt(2 * rows))


def test_the_stream_of_a_book_is_met_to_the_bit():
    """As the listings have it: 0.2 * np.random.random((784, 40)) - 0.1 after np.random.seed(1)."""
    book = np.random.RandomState(1)
    first, second = (0.2 * book.random_sample(shape) - 0.1 for shape in [(784, 40), (40, 10)])
    initializer = initializers.uniform_between(-0.1, 0.1, np.random.RandomState(1))
    rng = np.random.default_rng(0)
    assert (initializer(rng, 784, 40) == first).all()
    assert (initializer(rng, 40, 10) == second).all()
    assert rng.random() == np.random.default_rng(0).random()


def test_every_initializer_has_a_name():
    for name, initializer in initializers.INITIALIZERS.items():
        assert initializer.__name__ == name
        assert initializer(np.random.default_rng(0), 3, 2).shape == (3, 2)


@given(st.integers(1, 40), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_metrics_agree_with_scikit_learn(n, n_classes, seed):
    rng = np.random.default_rng(seed)
    outputs, labels = rng.normal(size=(n, n_classes)), rng.integers(0, n_classes, n).astype(np.uint8)
    predicted = outputs.argmax(axis=1)
    counts = metrics.confusion_matrix(predicted, labels, n_classes)
    assert counts.tolist() == confusion_matrix(labels, predicted, labels=range(n_classes)).tolist()
    assert metrics.accuracy(outputs, labels) == pytest.approx(np.trace(counts) / n)


@pytest.mark.parametrize(
    ("outputs", "labels"),
    [((0, 3), (0,)), ((2, 0), (2,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((2,), (2,)), ((2, 3), ())],
)
def test_an_accuracy_wants_rows_and_a_label_for_each(outputs, labels):
    with pytest.raises(ShapeError, match="one label a row"):
        metrics.accuracy(np.zeros(outputs), np.zeros(labels, np.uint8))


@pytest.mark.parametrize(
    ("predicted", "labels", "words"),
    [
        ([0, 1], [0], "do not pair"),
        ([[0], [1]], [[0], [1]], "do not pair"),
        ([0, 3], [0, 1], "0 to 2, not 0 to 3"),
        ([0, 1], [-1, 1], "0 to 2, not -1 to 1"),
        ([0, 1], [3, 0], "0 to 2, not 0 to 3"),
    ],
)
def test_a_confusion_matrix_counts_pairs_of_classes(predicted, labels, words):
    with pytest.raises(ShapeError, match=words):
        metrics.confusion_matrix(np.array(predicted), np.array(labels), 3)


def test_nothing_is_confused_with_nothing():
    nothing = np.array([], np.uint8)
    assert metrics.confusion_matrix(nothing, nothing, 2).tolist() == [[0, 0], [0, 0]]


@given(st.integers(1, 40), st.integers(2, 6), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_of_several_largest_outputs_the_first_counts(n, n_classes, values, seed):
    """Few different values, so that most rows have ties; NumPy's argmax is the first of them by promise."""
    rng = np.random.default_rng(seed)
    outputs = rng.integers(0, values + 1, (n, n_classes)).astype(np.float32)
    labels = rng.integers(0, n_classes, n).astype(np.uint8)
    assert metrics.answered_rightly(outputs, labels).tolist() == (outputs.argmax(axis=1) == labels).tolist()
