"""Snapshots of a run: which, whose, and what a file of them may not be."""

import io
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistgd.datasets.load import load_dataset
from mnistgd.errors import WeightsError
from mnistgd.model import weights_file
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.training import snapshots
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run


def test_as_many_classes_and_as_long_names_as_there_can_be(tmp_path) -> None:
    names = tuple(f"{'🂡' * 37}{k:03}" for k in range(100))
    weights = np.zeros((200, 784, 100), np.float32)
    found = snapshots.Snapshots(
        weights,
        tuple(range(10**11, 10**11 + 200)),
        (1 / 3,) * 200,
        names,
        weights_file.weights_sha256(weights[0]),
    )
    place = tmp_path / "w.frames.npz"
    place.write_bytes(snapshots.file_bytes(found))
    params = {"weights": weights[0], "bias": np.zeros(100, np.float32)}
    assert snapshots.load(place, Model(params, Settings(), names)).class_names == names


@given(st.integers(2, 200), st.integers(0, 10**6), st.integers(0, 10**6))
def test_steps_rise_from_the_first_to_the_last(count: int, first: int, more: int) -> None:
    steps = snapshots.steps_to_keep(count, first, first + more)
    assert steps[0] == first
    assert steps[-1] == first + more
    assert len(steps) == min(count, more + 1)
    assert all(one < other for one, other in itertools.pairwise(steps))


def test_early_steps_lie_closer_together() -> None:
    gaps = np.diff(snapshots.steps_to_keep(60, 0, 6000))
    assert gaps[0] == 1
    assert (np.diff(gaps) >= -1).all()
    assert 200 < gaps[-1] < 400


def recorded(few, count: int, **settings):
    dataset = load_dataset(str(few))
    run = Run(dataset, Settings(**settings))
    recorder = snapshots.Recorder(run.start(), count)
    last = run.finish(recorder)
    model = finished_model(last)
    return recorder.snapshots(last, model), model, run, dataset


@pytest.mark.parametrize(
    "settings", [{}, {"standardise": True, "init": "uniform"}], ids=["plain", "standardised"]
)
def test_snapshots_are_the_weights_after_those_steps(few, settings) -> None:
    found, model, run, dataset = recorded(few, 7, epochs=3, **settings)
    assert found.steps == tuple(snapshots.steps_to_keep(7, 0, 30)) == (0, 1, 2, 4, 9, 17, 30)
    assert found.class_names == dataset.class_names
    again = {0: run.fold_scaling(run.start().params)}
    again |= {progress.step: run.fold_scaling(progress.params) for progress in run.reports()}
    for step, weights in zip(found.steps, found.weights, strict=True):
        np.testing.assert_array_equal(weights, again[step]["weights"])
    np.testing.assert_array_equal(found.weights[-1], model.weights)


def test_accuracies_are_those_of_the_test_images(few) -> None:
    """Each network on its own, in float64, without any of our code."""
    found, _, run, dataset = recorded(few, 7, epochs=3)
    again = {0: run.start().params} | {done.step: done.params for done in run.reports()}
    inputs = dataset.test_images.reshape(-1, 784) / 255
    for step, accuracy in zip(found.steps, found.accuracies, strict=True):
        answers = (inputs @ again[step]["weights"].astype(float) + again[step]["bias"]).argmax(axis=1)
        assert accuracy == pytest.approx((answers == dataset.test_labels).mean(), abs=0.0051)
    assert found.accuracies[0] < 0.2 < 0.7 < found.accuracies[-1]


def test_the_last_accuracy_is_that_of_the_record(few) -> None:
    """To the last image, though many networks at once may round one of ten thousand differently."""
    run = Run(load_dataset(str(few)), Settings(epochs=1))
    recorder = snapshots.Recorder(run.start(), 3)
    last = run.finish(recorder)
    model = finished_model(last)
    model.record["results"]["test_accuracy"] = 0.125
    first, *_, final = recorder.snapshots(last, model).accuracies
    assert first != 0.125
    assert final == 0.125


def test_with_patience_the_last_one_is_what_was_kept(few) -> None:
    found, model, run, _ = recorded(few, 20, epochs=40, validation=0.2, patience=2, learning_rate=2.0)
    best = model.record["results"]["best_epoch"]
    assert best < model.record["results"]["epochs"] < 40
    assert found.steps[-1] == best * run.steps_per_epoch
    np.testing.assert_array_equal(found.weights[-1], model.weights)
    assert sorted(set(found.steps)) == list(found.steps)


def test_a_run_that_is_taken_up_again_begins_where_it_was(few) -> None:
    dataset = load_dataset(str(few))
    run = Run(dataset, Settings(epochs=2))
    start = next(itertools.islice(run.reports(), 9, None))
    recorder = snapshots.Recorder(start, 5)
    last = run.finish(recorder, start=start)
    found = recorder.snapshots(last, finished_model(last))
    assert found.steps == (10, 11, 12, 14, 20)
    np.testing.assert_array_equal(found.weights[0], start.params["weights"])


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("w.npz", "w.frames.npz"),
        ("a/b.npz", "a/b.frames.npz"),
        ("w", "w.frames.npz"),
        ("w.v1", "w.v1.frames.npz"),
    ],
)
def test_the_file_lies_beside_the_weights(tmp_path, weights, expected) -> None:
    assert snapshots.snapshots_path(tmp_path / weights) == tmp_path / expected


@pytest.fixture(scope="module")
def saved(few, tmp_path_factory):
    found, model, *_ = recorded(few, 5, epochs=1)
    path = tmp_path_factory.mktemp("saved") / "w.frames.npz"
    path.write_bytes(snapshots.file_bytes(found))
    return path, found, model


def test_what_is_read_is_what_was_written(saved) -> None:
    path, found, model = saved
    again = snapshots.load(path, model)
    np.testing.assert_array_equal(again.weights, found.weights)
    assert replace(again, weights=found.weights).__dict__ == found.__dict__


def test_they_are_read_without_the_weights_as_well_and_from_memory(saved) -> None:
    path, found, _ = saved
    for source in (path, path.read_bytes()):
        again = snapshots.load(source)
        np.testing.assert_array_equal(again.weights, found.weights)
        assert replace(again, weights=found.weights).__dict__ == found.__dict__


def test_a_snapshot_is_found_by_its_step(saved) -> None:
    found = saved[1]
    assert [found.at(str(step)) for step in found.steps] == list(range(len(found.steps)))
    assert (found.at("first"), found.at("last"), found.at("00")) == (0, len(found.steps) - 1, 0)
    with pytest.raises(WeightsError, match="no snapshot was kept at step 1000") as refused:
        found.at("1000")
    assert refused.value.hint == f"the nearest is --step {found.steps[-1]}"


def test_numpy_reads_it_without_pickle(saved) -> None:
    path, found, _ = saved
    with np.load(path, allow_pickle=False) as file:
        assert sorted(file) == ["record", "weights"]
        np.testing.assert_array_equal(file["weights"], found.weights)
        assert json.loads(str(file["record"])) == {
            "format": 1, "weights_sha256": found.weights_sha256, "names": list("0123456789"),
            "steps": list(found.steps), "test_accuracies": list(found.accuracies),
        }  # fmt: skip


def test_snapshots_of_other_weights(saved) -> None:
    path, _, model = saved
    weights = model.weights.copy()
    weights[400, 3] += 1e-6
    with pytest.raises(WeightsError, match="belong to other weights"):
        snapshots.load(path, Model({**model.params, "weights": weights}, model.settings, model.class_names))
    names = ("zero", *model.class_names[1:])
    with pytest.raises(WeightsError, match="belong to other weights"):
        snapshots.load(path, Model(model.params, model.settings, names))


def changed(saved, tmp_path, weights=None, **record):
    """The file with other arrays, or another record; a value of None leaves it out."""
    path, found, _ = saved
    with np.load(path) as file:
        told = json.loads(str(file["record"])) | record
    told = {key: value for key, value in told.items() if value is not None}
    out = tmp_path / "x.npz"
    np.savez(out, weights=found.weights if weights is None else weights, record=np.array(json.dumps(told)))
    return out


@pytest.mark.parametrize(
    "record",
    [
        {"format": 2}, {"format": None}, {"names": None}, {"names": "0123456789"}, {"names": [1] * 10},
        {"names": ["a"]}, {"names": ["a"] * 10}, {"names": ["a\n", *"bcdefghij"]}, {"steps": None}, {"steps": []}, {"steps": [0, 1, 1, 3, 10]}, {"steps": [4, 3, 2, 1, 0]},
        {"steps": [0, 1, 2, 3, 1e3]}, {"steps": [-1, 1, 2, 3, 10]}, {"steps": [0, 1, 2, 3, 10**15]},
        {"steps": [False, 1, 2, 3, 10]}, {"steps": list(range(201))}, {"test_accuracies": None},
        {"test_accuracies": [0.5]}, {"test_accuracies": [0.5] * 4 + [1.5]}, {"test_accuracies": ["0.5"] * 5},
        {"test_accuracies": [float("nan")] * 5}, {"weights_sha256": None}, {"weights_sha256": "0" * 64},
    ],
)  # fmt: skip
def test_records_that_are_not_believed(saved, tmp_path, record) -> None:
    path = changed(saved, tmp_path, **record)
    with pytest.raises(WeightsError):
        snapshots.load(path, saved[2])
    if "weights_sha256" not in record:  # whose they are is asked only where weights are there
        with pytest.raises(WeightsError):
            snapshots.load(path)


@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((4, 784, 10), np.float32), np.zeros((5, 784, 10)), np.zeros((5, 784, 9), np.float32),
        np.zeros(39200, np.float32), np.full((5, 784, 10), np.nan, np.float32), np.zeros((5, 784, 10), "<U1"),
        np.zeros((300, 784, 10), np.float32),
    ],
    ids=["too few", "float64", "a class less", "flat", "nan", "text", "too many"],
)  # fmt: skip
def test_arrays_that_are_not_believed(saved, tmp_path, weights) -> None:
    with pytest.raises(WeightsError):
        snapshots.load(changed(saved, tmp_path, weights), saved[2])


def test_files_that_are_something_else(saved, tmp_path) -> None:
    path, _, model = saved
    content = path.read_bytes()
    missing = tmp_path / "missing.npz"
    with pytest.raises(WeightsError, match="there are no snapshots") as raised:
        snapshots.load(missing, model)
    assert raised.value.hint == "keep some while training: mnistgd train --frames 60"
    buffer = io.BytesIO()
    np.savez(buffer, record=np.array({"a": 1}, dtype=object))
    for wrong in (b"", b"text", content[:-100], content[:1000], buffer.getvalue()):
        (tmp_path / "x.npz").write_bytes(wrong)
        with pytest.raises(WeightsError):
            snapshots.load(tmp_path / "x.npz", model)
    with pytest.raises(WeightsError):
        snapshots.load(tmp_path, model)
    weights_file.save(replace(model, record=model.record), tmp_path / "weights.npz")
    with pytest.raises(WeightsError, match="holds no snapshots"):
        snapshots.load(tmp_path / "weights.npz", model)
