"""The classifier, held against scikit-learn's own checks and estimators."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import mnistgd
from mnistgd import GradientDescentClassifier
from mnistgd.model.settings import Settings

SKIPPED = {"check_array_api_input", "check_classifier_data_not_an_array"}
"""The checks that take what is not installed: an array API, and pandas."""


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hidden": 8},
        {"optimizer": "adam", "learning_rate": 0.1},
        {"hidden": 8, "activation": "sigmoid", "init": "normal"},
        {"loss": "squared-error", "output": "sigmoid"},
        {"hidden": 16, "dropout": 0.2},
        {"bias": False},
    ],
)
def test_it_passes_the_checks_of_scikit_learn(options):
    results = check_estimator(GradientDescentClassifier(**options))
    assert {each["status"] for each in results} <= {"passed", "skipped"}
    assert {each["check_name"] for each in results if each["status"] == "skipped"} <= SKIPPED


def test_its_parameters_are_options_of_train_with_their_defaults():
    parameters = GradientDescentClassifier().get_params()
    defaults = {each: Settings.__dataclass_fields__[each].default for each in parameters}
    assert parameters == defaults
    # Its inputs need not be images.
    assert not {"standardise", "deskew", "augment"} & set(parameters)


def test_on_mnist_it_learns_the_weights_of_train(mnist):
    inputs = mnist.train_images.reshape(-1, 784) / np.float32(255)
    found = GradientDescentClassifier(epochs=2).fit(inputs, mnist.train_labels)
    model = mnistgd.train(mnist, epochs=2)
    assert np.abs(found.coef_.T - model.weights).max() < 1e-5 * np.abs(model.weights).max()
    assert np.abs(found.intercept_ - model.bias).max() < 1e-5 * np.abs(model.weights).max()
    assert found.coef_.dtype == np.float32
    assert found.loss_curve_ == pytest.approx([epoch.loss for epoch in model.history], rel=1e-5)
    assert found.n_iter_ == 2


def test_it_finds_the_optimum_that_logistic_regression_finds():
    """With the full batch and weight decay, the minimum of one convex function, found by another program."""
    inputs, labels = load_iris(return_X_y=True)
    inputs = StandardScaler().fit_transform(inputs)
    decay = 0.01
    ours = GradientDescentClassifier(
        epochs=4000, batch_size=None, learning_rate=1.0, schedule="constant", weight_decay=decay
    ).fit(inputs, labels)
    theirs = LogisticRegression(C=1 / (decay * len(inputs)), tol=1e-10, max_iter=10_000).fit(inputs, labels)
    assert np.abs(ours.coef_ - theirs.coef_).max() < 1e-4
    assert np.abs(ours.predict_proba(inputs) - theirs.predict_proba(inputs)).max() < 1e-4


@pytest.mark.parametrize(
    ("output", "curve"), [("sigmoid", lambda z: 1 / (1 + np.exp(-z))), ("tanh", np.tanh)]
)
def test_outputs_with_an_activation_are_trained_and_read_through_it(output, curve):
    inputs, labels = load_digits(return_X_y=True)
    found = GradientDescentClassifier(loss="squared-error", output=output, epochs=10).fit(inputs / 16, labels)
    predictions = curve(inputs / 16 @ found.coef_.T + found.intercept_)
    shares = np.clip(predictions, 0, 1)
    assert found.predict_proba(inputs / 16) == pytest.approx(shares / shares.sum(axis=1, keepdims=True))
    assert found.score(inputs / 16, labels) > 0.85
    half = ((predictions - np.eye(10)[labels]) ** 2).sum(axis=1).mean() / 2
    assert half < found.loss_curve_[-1] < 2 * half


def test_without_bias_it_finds_the_optimum_that_logistic_regression_finds():
    inputs, labels = load_iris(return_X_y=True)
    decay = 0.01
    ours = GradientDescentClassifier(
        epochs=4000, batch_size=None, learning_rate=0.1, schedule="constant", weight_decay=decay, bias=False
    ).fit(inputs, labels)
    theirs = LogisticRegression(
        C=1 / (decay * len(inputs)), tol=1e-10, max_iter=10_000, fit_intercept=False
    ).fit(inputs, labels)
    assert not ours.intercept_.any()
    assert np.abs(ours.coef_ - theirs.coef_).max() < 1e-3


def test_dropout_is_for_what_trains_alone():
    inputs, labels = load_digits(return_X_y=True)
    found = GradientDescentClassifier(hidden=50, dropout=0.5, epochs=30, batch_size=32).fit(
        inputs / 16, labels
    )
    hidden = np.maximum(inputs / 16 @ found.params_["1.weights"] + found.params_["1.bias"], 0)
    outputs = hidden @ found.params_["3.weights"] + found.params_["3.bias"]
    assert found.decision_function(inputs / 16) == pytest.approx(outputs)
    again = GradientDescentClassifier(hidden=50, dropout=0.5, epochs=30, batch_size=32).fit(
        inputs / 16, labels
    )
    assert (again.params_["1.weights"] == found.params_["1.weights"]).all()
    truth = np.exp(outputs)[np.arange(len(labels)), labels] / np.exp(outputs).sum(axis=1)
    assert found.loss_curve_[-1] > 2 * -np.log(truth).mean()


def test_two_classes_have_one_row_of_weights_as_in_scikit_learn():
    inputs, labels = load_iris(return_X_y=True)
    inputs, labels = (
        StandardScaler().fit_transform(inputs[labels < 2]),
        np.array(["no", "yes"])[labels[labels < 2]],
    )
    found = GradientDescentClassifier(epochs=20).fit(inputs, labels)
    assert found.coef_.shape == (1, 4)
    assert found.intercept_.shape == (1,)
    decision = found.decision_function(inputs)
    assert decision == pytest.approx((inputs @ found.coef_.T + found.intercept_).ravel())
    assert (found.predict(inputs) == np.where(decision > 0, "yes", "no")).all()
    assert found.predict_proba(inputs)[:, 1] == pytest.approx(1 / (1 + np.exp(-decision)))


def test_it_computes_in_the_precision_of_its_inputs():
    inputs, labels = load_iris(return_X_y=True)
    inputs = StandardScaler().fit_transform(inputs)
    for kind in (np.float32, np.float64):
        found = GradientDescentClassifier().fit(inputs.astype(kind), labels)
        assert found.coef_.dtype == kind
        assert found.decision_function(inputs.astype(kind)).dtype == kind
        assert found.predict_proba(inputs.astype(kind)).dtype == kind


def test_it_works_where_classifiers_work():
    inputs, labels = load_digits(return_X_y=True)
    scores = cross_val_score(GradientDescentClassifier(epochs=20, batch_size=32), inputs / 16, labels, cv=3)
    assert scores.min() > 0.85
    pipeline = make_pipeline(StandardScaler(), GradientDescentClassifier(epochs=5))
    name = "gradientdescentclassifier__learning_rate"
    search = GridSearchCV(pipeline, {name: [1e-5, 0.1]}, cv=3).fit(inputs, labels)
    assert search.best_params_ == {name: 0.1}
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert (again.predict(inputs) == search.predict(inputs)).all()
    assert clone(pipeline).get_params()[name] is None


def test_partial_fit_goes_on_where_fit_left_off():
    inputs, labels = load_digits(return_X_y=True)
    options = {"schedule": "constant", "learning_rate": 0.1, "optimizer": "adam"}
    whole = GradientDescentClassifier(epochs=3, **options).fit(inputs / 16, labels)
    pieces = GradientDescentClassifier(**options)
    for _ in range(3):
        pieces.partial_fit(inputs / 16, labels, classes=range(10))
    assert (pieces.coef_ == whole.coef_).all()
    assert pieces.loss_curve_ == whole.loss_curve_
    with pytest.raises(ValueError, match="not the same"):
        pieces.partial_fit(inputs, labels, classes=range(5))
    with pytest.raises(ValueError, match="not named before"):
        pieces.partial_fit(inputs, labels + 1)
    with pytest.raises(ValueError, match="first call"):
        GradientDescentClassifier().partial_fit(inputs, labels)


def test_hidden_layers_have_no_coefficients():
    inputs, labels = load_digits(return_X_y=True)
    found = GradientDescentClassifier(hidden=(16, 8), epochs=20, batch_size=32).fit(inputs / 16, labels)
    assert found.score(inputs / 16, labels) > 0.9
    assert not hasattr(found, "coef_")
    assert set(found.params_) == {f"{layer}.{name}" for layer in (1, 3, 5) for name in ("weights", "bias")}


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (np.zeros((4, 2, 2)), [0, 1, 0, 1], "dim"),
        ([[np.nan], [1.0]], [0, 1], "NaN"),
        ([["a"], ["b"]], [0, 1], "string|numeric|float"),
        ([[1.0], [2.0]], [1, 1], "1 class"),
        ([[1.0], [2.0]], [0.5, 1.5], "label type"),
        ([[1.0], [2.0]], [0], "inconsistent"),
    ],
)
def test_what_scikit_learn_refuses_is_refused_in_its_words(inputs, labels, message):
    with pytest.raises(ValueError, match=message):
        GradientDescentClassifier().fit(inputs, labels)


@pytest.mark.parametrize("options", [{"epochs": 0}, {"loss": "hinge"}, {"momentum": 0.9}, {"hidden": 0}])
def test_a_parameter_that_may_not_be_is_refused_when_it_is_fitted(options):
    with pytest.raises(mnistgd.MnistgdError):
        GradientDescentClassifier(**options).fit([[0.0], [1.0]], [0, 1])


def test_tables_of_pandas_keep_the_names_of_their_columns():
    pytest.importorskip("pandas")
    inputs, labels = load_iris(return_X_y=True, as_frame=True)
    found = GradientDescentClassifier().fit(inputs, labels)
    assert found.feature_names_in_.tolist() == inputs.columns.tolist()
    with pytest.raises(ValueError, match="feature names"):
        found.predict(inputs[inputs.columns[::-1]])
    pipeline = make_pipeline(StandardScaler(), GradientDescentClassifier()).set_output(transform="pandas")
    assert pipeline.fit(inputs, labels)[-1].feature_names_in_.tolist() == inputs.columns.tolist()
