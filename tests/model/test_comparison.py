"""Two networks beside each other, against numpy's own correlation."""

import numpy as np
import pytest

from mnistgd.errors import WeightsError
from mnistgd.model.comparison import compare, correlations, recorded_accuracy
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings


def model(
    seed: int = 0, names: str = "0123456789", sha256: str = "0" * 64, results=None, **settings
) -> Model:
    weights = np.random.default_rng(seed).normal(size=(784, len(names))).astype(np.float32)
    params = {"weights": weights, "bias": np.zeros(len(names), np.float32)}
    record = {"data": {"source": "embedded", "sha256": sha256}, "results": results}
    return Model(params, Settings(**settings), tuple(names), record)


def test_correlations_are_those_of_numpy() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=(784, 10)).astype(np.float32)
    b = (0.3 * a + rng.normal(size=a.shape)).astype(np.float32)
    wanted = [np.corrcoef(one, other)[0, 1] for one, other in zip(a.T, b.T, strict=True)]
    np.testing.assert_allclose(correlations(a, b), wanted, atol=1e-6)
    np.testing.assert_allclose(correlations(a, a * 5 - 2), 1)
    np.testing.assert_allclose(correlations(a, -a), -1)


def test_constant_weights_correlate_with_nothing() -> None:
    a = np.random.default_rng(1).normal(size=(784, 2)).astype(np.float32)
    for constant in (0.0, 0.1, 1e30):
        assert np.isnan(correlations(a, np.full_like(a, constant))).all()


def test_only_settings_that_differ_are_told() -> None:
    found = compare(model(epochs=3, seed=0), model(epochs=5, deskew=True))
    assert found.settings == {"epochs": (3, 5), "deskew": (False, True)}
    assert compare(model(), model()).settings == {}
    found = compare(model(), model(loss="squared-error"))
    assert found.settings == {"learning_rate": (1.0, 0.02), "loss": ("cross-entropy", "squared-error")}


def test_whether_the_images_are_the_same() -> None:
    assert compare(model(), model(1)).same_data
    assert not compare(model(), model(sha256="1" * 64)).same_data


@pytest.mark.parametrize(("other", "same"), [({}, True), ({"labels": "2"}, True), ({"labels": "3"}, False)])
def test_labels_count_where_both_record_them(other, same):
    a, b = model(), model()
    a.record["data"]["labels_sha256"] = "2"
    b.record["data"] |= {f"{key}_sha256": value for key, value in other.items()}
    assert compare(a, b).same_data is same
    assert compare(b, a).same_data is same


@pytest.mark.parametrize(
    "results", [None, {}, [], "x", {"test_accuracy": float("nan")},
                {"test_accuracy": True}, {"test_accuracy": "0.9"}, {"test_accuracy": 1.5}]
)  # fmt: skip
def test_an_accuracy_that_is_none(results) -> None:
    assert recorded_accuracy(model(results=results)) is None
    assert compare(model(results=results), model(results={"test_accuracy": 0.9})).accuracies == (None, 0.9)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(WeightsError, match="different classes"):
        compare(model(), model(names="012345678"))
    with pytest.raises(WeightsError, match="different classes"):
        compare(model(), model(names="0123456798"))
    with pytest.raises(WeightsError, match="hidden layers"):
        compare(model(), model(hidden=(5,)))
