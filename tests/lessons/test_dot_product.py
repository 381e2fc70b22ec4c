"""Weights and mean images: against sums written out, and against scikit-learn's cosines."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics.pairwise import cosine_similarity

from mnistgd.datasets.deskew import deskew
from mnistgd.datasets.load import load_dataset
from mnistgd.errors import DataError, WeightsError
from mnistgd.lessons import load
from mnistgd.lessons.dot_product import compare
from mnistgd.model import weights_file
from mnistgd.model.settings import Settings
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run

LESSON = load("dot-product")


@pytest.fixture
def train(few, tmp_path):
    """Train on a few images and name the weights file."""

    def run(data=few, names=None, **settings):
        settings = Settings(**{"epochs": 2, **settings})
        dataset = load_dataset(data, class_names=names, deskew=settings.deskew)
        run = Run(dataset, settings)
        last = run.finish()
        path = tmp_path / "trained.npz"
        weights_file.save(finished_model(last), path)
        return path

    return run


def means_of(images, labels):
    return np.array([images[labels == c].astype(float).mean(axis=0).ravel() / 255 for c in range(10)])


def test_a_dot_product_by_hand():
    """Two classes. Class 0 is full ink at pixel 0, or half at pixel 1; class 1 is full at pixel 2."""
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 0, 0], images[1, 0, 1], images[2, 0, 2] = 255, 51, 255
    weights = np.zeros((784, 2), np.float32)
    weights[:3, 0], weights[:3, 1] = [3, -5, 1], [-2, 0, 4]
    likeness = compare(weights, images, np.array([0, 0, 1]))
    # The mean of class 0 is ½ at pixel 0 and 0.1 at pixel 1.
    assert np.allclose(likeness.dots, [[3 / 2 - 5 / 10, 1], [-2 / 2, 4]])
    lengths = [[35**0.5 * 0.26**0.5, 35**0.5], [20**0.5 * 0.26**0.5, 20**0.5]]
    assert np.allclose(likeness.cosines, likeness.dots / lengths)


def test_what_has_no_length_has_no_direction():
    weights = np.zeros((784, 2), np.float32)
    weights[:, 1] = 1
    likeness = compare(weights, np.full((1, 28, 28), 255, np.uint8), np.array([1]))
    assert likeness.dots.tolist() == [[0, 0], [0, 784]]
    assert np.allclose(likeness.cosines, [[0, 0], [0, 1]])


@pytest.mark.parametrize("options", [{}, {"deskew": True}, {"standardise": True, "loss": "squared-error"}])
def test_a_weights_file(train, few, options):
    path = train(**options)
    outcome = LESSON.run(LESSON.settings(weights=path))
    with np.load(path) as file, np.load(few) as images:
        weights, pictures, labels = file["weights"], images["train_images"], images["train_labels"]
    means = means_of(deskew(pictures) if "deskew" in options else pictures, labels)
    for row in outcome.rows:
        assert row["dot"] == pytest.approx(means @ weights[:, row["digit"]].astype(float), rel=1e-9, abs=1e-9)
    assert outcome.result["matrix"] == [row["dot"] for row in outcome.rows]
    assert np.allclose(outcome.result["cosine"], cosine_similarity(weights.T.astype(float), means))
    own = sum(max(range(10), key=lambda c: row["dot"][c]) == row["digit"] for row in outcome.rows)
    assert outcome.result["own_highest"] == own >= 8
    assert outcome.result["weights"] == str(path)
    assert f"In {own} of 10 rows" in outcome.notice
    assert "There is no" not in outcome.notice


def test_without_a_weights_file_it_trains_with_the_defaults(train, few, tmp_path, monkeypatch):
    """The very weights that a training run with the defaults leaves in a file."""
    monkeypatch.chdir(tmp_path)
    trained = LESSON.run(LESSON.settings(data=str(few)))
    assert trained.result["weights"] is None
    assert "There is no weights.npz" in trained.notice
    assert not list(tmp_path.iterdir())

    train(epochs=Settings().epochs).rename("weights.npz")
    read = LESSON.run(LESSON.settings())
    assert read.result["weights"] == "weights.npz"
    assert read.result["matrix"] == trained.result["matrix"]


def test_other_images(train, few, tmp_path):
    with np.load(few) as images:
        turned = {name: array[:, ::-1] if "images" in name else array for name, array in images.items()}
    other = tmp_path / "turned.npz"
    np.savez(other, **turned)
    path = train()
    outcome = LESSON.run(LESSON.settings(weights=path, data=str(other)))
    means = means_of(turned["train_images"], turned["train_labels"])
    assert np.allclose(outcome.result["matrix"], weights_file.load(path).weights.T.astype(float) @ means.T)


def test_images_of_other_classes_are_refused(train, few, tmp_path):
    with np.load(few) as images:
        halves = {name: array // 2 if "labels" in name else array for name, array in images.items()}
    other = tmp_path / "halves.npz"
    np.savez(other, **halves)
    with pytest.raises(DataError, match="has 5 classes, and this network knows 10"):
        LESSON.run(LESSON.settings(weights=train(), data=str(other)))


def test_a_network_with_hidden_layers_is_refused_before_its_images_are_read(train, few, tmp_path):
    copy = tmp_path / "copy.npz"
    copy.write_bytes(few.read_bytes())
    path = train(hidden=(4,), data=copy)
    copy.unlink()
    with pytest.raises(WeightsError, match="hidden layers"):
        LESSON.run(LESSON.settings(weights=path))


def test_a_damaged_file_is_an_error_and_not_a_reason_to_train(tmp_path):
    path = tmp_path / "weights.npz"
    path.write_bytes(b"nonsense")
    with pytest.raises(WeightsError):
        LESSON.run(LESSON.settings(weights=path))


@pytest.mark.parametrize("names", ["0,1,2,3,4,5,6,7,8,9", "$a$,b_,Ankle boot,d,e,f,g,h,i,j"])
def test_the_plot_shows_both_matrices(train, names):
    settings = LESSON.settings(weights=train(names=names.split(",")))
    outcome, figure = LESSON.run(settings), Figure()
    LESSON.plot(settings, outcome, figure)
    dots, cosines = [axes for axes in figure.axes if axes.images]
    assert np.array_equal(dots.images[0].get_array(), outcome.result["matrix"])
    assert np.array_equal(cosines.images[0].get_array(), outcome.result["cosine"])
    assert [label.get_text() for label in dots.get_xticklabels()] == names.split(",")
    figure.draw_without_rendering()
