"""Checkpoints that say what cannot be, and places of a run that are looked at before they are kept."""

import dataclasses
import json
import os
import zipfile

import numpy as np
import pytest

from mnistgd.errors import WeightsError
from mnistgd.model.settings import Settings
from mnistgd.training import checkpoint, history
from mnistgd.training.run import Run


@pytest.fixture
def saved(few, tmp_path, mnistgd):
    """A checkpoint after two of two epochs, and what `few` is trained with."""
    path = tmp_path / "run.npz"
    out = tmp_path / "w.npz"
    result = mnistgd("train", "--data", few, "--epochs", 2, "--checkpoint", path, "--out", out, "--quiet")
    assert result.code == 0, result.stderr
    return path


def changed(path, **values):
    """The same checkpoint, with other values in its record."""
    with np.load(path) as archive:
        arrays = dict(archive)
    text = json.dumps(json.loads(str(arrays["record"])) | values)
    np.savez(path, **arrays | {"record": np.array(text)})
    return path


@pytest.mark.parametrize(
    "values",
    [
        {"seconds": 10**400},
        {"step": -1},
        {"step": 10**400},
        {"step": 1.5},
        {"tally": [1]},
        {"settings": Settings(optimizer="sgd").as_json() | {"momentum": 0.5}},
        {"settings": Settings().as_json() | {"patience": 2}},
        {"settings": Settings().as_json() | {"learning_rate": 10**400}},
        {"history": [{"epoch": 1}]},
    ],
    ids=lambda values: str(values)[:30],
)
def test_a_record_that_no_run_has(saved, values):
    with pytest.raises(WeightsError, match="is not a checkpoint of mnistgd, or a damaged one"):
        checkpoint.load(changed(saved, **values))


def test_a_checkpoint_that_is_replaced_while_it_is_read_gives_one_place_not_two_halves(
    saved, tmp_path, monkeypatch
):
    with np.load(saved) as archive:
        arrays = dict(archive)
    new = tmp_path / "new.npz"
    np.savez(new, **arrays | {"params/weights": arrays["params/weights"] * 0})
    json_in = checkpoint.json_in

    def replaced_meanwhile(array):
        new.replace(saved)
        return json_in(array)

    monkeypatch.setattr(checkpoint, "json_in", replaced_meanwhile)
    found = checkpoint.load(saved)
    assert np.array_equal(found.params["weights"], arrays["params/weights"])


def test_a_record_too_deep_to_read(saved):
    with np.load(saved) as archive:
        arrays = dict(archive)
    np.savez(saved, **arrays | {"record": np.array("[" * 100_000)})
    with pytest.raises(WeightsError, match="or a damaged one"):
        checkpoint.load(saved)


@pytest.mark.parametrize("change", ["step", "history", "zero"])
def test_a_place_where_its_run_never_was(saved, mnistgd, change):
    with np.load(saved) as archive:
        arrays = dict(archive)
    step = json.loads(str(arrays["record"]))["step"]
    if change == "history":
        np.savez(saved, **arrays | {"history": arrays["history"][:1]})
    before = changed(saved, step={"step": step + 1, "history": step, "zero": 0}[change]).read_bytes()
    result = mnistgd("train", "--resume", saved, "--quiet")
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: the checkpoint is damaged: it is of step ")
    assert hint == "hint: start the run anew"
    assert saved.read_bytes() == before


def test_an_update_that_is_not_finite_is_never_kept(few, tmp_path, mnistgd):
    path = tmp_path / "run.npz"
    options = ["--data", few, "--batch-size", "full", "--learning-rate", 1e39, "--checkpoint", path]
    result = mnistgd("train", *options, "--out", tmp_path / "w.npz", "--quiet")
    assert result.code == 1
    assert "training diverged at step 0: its update is not finite" in result.stderr
    assert not path.exists()


def test_a_checkpoint_of_the_first_format_goes_on(saved, mnistgd, few, tmp_path):
    """Its history is a part of its record; such files were written before 0.2."""
    with np.load(saved) as archive:
        arrays = dict(archive)
    columns = [field.name for field in dataclasses.fields(history.Epoch)]
    epochs = [dict(zip(columns, row, strict=True)) for row in arrays.pop("history").tolist()]
    for epoch in epochs:
        epoch |= {"epoch": int(epoch["epoch"]), "step": int(epoch["step"])}
        epoch |= {"validation_loss": None, "validation_accuracy": None}
    record = json.loads(str(arrays["record"])) | {"format": 1, "history": epochs, "first_loss": 2.3}
    np.savez(saved, **arrays | {"record": np.array(json.dumps(record))})
    log = tmp_path / "again.jsonl"
    result = mnistgd("train", "--resume", saved, "--log", log, "--quiet", "--json")
    assert (result.code, result.json["epochs"]) == (0, 2)
    assert [epoch.epoch for epoch in history.read(log)] == [1, 2]


@pytest.mark.parametrize("damage", ["missing", "weights", "truncated", "params", "record"])
def test_checkpoints_that_are_none(mnistgd, saved, tmp_path, damage):
    if damage == "missing":
        saved.unlink()
    elif damage == "weights":
        saved.write_bytes((tmp_path / "w.npz").read_bytes())
    elif damage == "truncated":
        saved.write_bytes(saved.read_bytes()[:1000])
    else:
        with np.load(saved) as file:
            arrays = dict(file)
        key = "record" if damage == "record" else "params/weights"
        arrays[key] = (
            np.array('{"kind": "checkpoint", "format": 1}') if damage == "record" else arrays[key][:5]
        )
        np.savez(saved, **arrays)
    with pytest.raises(WeightsError):
        checkpoint.load(saved)
    result = mnistgd("train", "--resume", saved)
    assert result.code == 1
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize("key", ["out", "log", "data"])
@pytest.mark.parametrize("place", ["a\0b", "\ud800", "x" * 5000, ""])
def test_a_checkpoint_with_names_that_are_none(mnistgd, saved, key, place):
    changed(saved, **{key: place})
    result = mnistgd("train", "--resume", saved)
    assert (result.code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 2
    assert "a bug" not in result.stderr


@pytest.mark.parametrize("key", ["out", "log"])
@pytest.mark.parametrize("place", ["../x", "{folder}/../x", "/etc/x", "/dev/null", "linked", "sub/linked"])
def test_a_checkpoint_names_no_place_elsewhere(mnistgd, saved, tmp_path, monkeypatch, key, place):
    """It may be anyone's, and is not to decide what of mine is written over."""
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    (here / "linked").symlink_to("../x")
    (here / "sub" / "linked").symlink_to("../../x")
    monkeypatch.chdir(here)
    moved = here / "c.npz"
    saved.rename(moved)
    changed(moved, **{"out": "w.npz", "log": None, key: place.format(folder=here)})
    result = mnistgd("train", "--resume", moved)
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert "outside this folder and its own" in error
    assert hint.startswith(f"hint: name it yourself: --{key} ")
    assert not (tmp_path / "x").exists()
    assert not (here / "w.npz").exists()


@pytest.mark.parametrize("key", ["out", "log"])
def test_a_checkpoint_replaces_nothing_of_another_kind(mnistgd, saved, tmp_path, key):
    """What begins as ours does is another kind still: a document is a ZIP, a notebook is JSON."""
    with zipfile.ZipFile(tmp_path / "thesis.docx", "w") as document:
        document.writestr("word/document.xml", "years of work")
    for name, content in (("notebook.ipynb", b'{"cells": []}'), (".profile", b"precious"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
    for name in ("thesis.docx", "notebook.ipynb", ".profile", "empty"):
        mine = tmp_path / name
        before = mine.read_bytes()
        changed(saved, **{key: str(mine)})
        result = mnistgd("train", "--resume", saved)
        assert (result.code, result.stdout) == (1, "")
        assert f"would replace {mine}, which is no " in result.stderr
        assert mine.read_bytes() == before
    assert mnistgd("train", "--resume", saved, f"--{key}", mine).code == 0


def test_a_checkpoint_replaces_no_weights_with_a_history_nor_the_reverse(mnistgd, saved, tmp_path):
    for key, name in (("log", "w.npz"), ("out", "h.jsonl")):
        changed(saved, out="w.npz", log="h.jsonl")
        assert (
            mnistgd(
                "train", "--resume", saved, "--out", tmp_path / "w.npz", "--log", tmp_path / "h.jsonl"
            ).code
            == 0
        )
        changed(saved, **{"log": None, "out": "new.npz", key: str(tmp_path / name)})
        assert "which is no" in mnistgd("train", "--resume", saved).stderr


@pytest.mark.parametrize(("key", "moment"), [("out", "finish"), ("log", "__init__")])
def test_a_link_that_comes_during_the_run_leads_nowhere(mnistgd, saved, tmp_path, monkeypatch, key, moment):
    """The place was looked at when the run was taken up; it is asked once more before it is written."""
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    monkeypatch.chdir(here)
    moved = here / "c.npz"
    saved.rename(moved)
    changed(moved, **{"out": "w.npz", "log": None, key: "x"})
    usual = getattr(Run, moment)

    def with_a_link(*arguments, **options):
        (here / "x").symlink_to(elsewhere)
        return usual(*arguments, **options)

    monkeypatch.setattr(Run, moment, with_a_link)
    result = mnistgd("train", "--resume", moved)
    assert result.code == 1
    assert "outside this folder and its own" in result.stderr
    assert not elsewhere.exists()


def test_a_pipe_is_no_place_for_weights(mnistgd, saved, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    changed(saved, out=str(tmp_path / "pipe"))
    assert "which is no weights file" in mnistgd("train", "--resume", saved).stderr


def test_stdout_is_no_history(mnistgd, saved):
    changed(saved, log="-")
    result = mnistgd("train", "--resume", saved)
    assert (result.code, result.stdout) == (1, "")
