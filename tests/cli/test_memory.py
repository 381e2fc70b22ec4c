"""Where memory runs out, the message says so, no file is called damaged, and a trained network is kept."""

import zipfile

import numpy as np
import pytest

from mnistgd.handwriting import pictures
from mnistgd.model import weights_file
from mnistgd.training.run import Run

WANTED = "Unable to allocate 16.0 MiB for an array with shape (4096, 1024) and data type float32"
SAID = "error: memory ran out: unable to allocate 16.0 MiB for an array with shape (4096, 1024) and data type"
NAMES = ("--data", "few.npz", "--quiet")


def run_out(*_, **__):
    raise MemoryError(WANTED)


@pytest.fixture
def trained(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.npz").write_bytes(few.read_bytes())
    assert mnistgd("train", *NAMES, "--epochs", 1, "--log", "run.jsonl").code == 0
    return tmp_path


def test_what_was_trained_is_kept_untested(mnistgd, trained):
    before = weights_file.load(trained / "weights.npz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnistgd.training.result.evaluate", run_out)
        result = mnistgd("train", *NAMES, "--epochs", 1, "--out", "untested.npz", "--json")
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith(SAID)
    assert error.endswith("; the weights went to untested.npz, untested")
    assert hint == "hint: mnistgd evaluate tests them"
    model = weights_file.load(trained / "untested.npz")
    np.testing.assert_array_equal(model.weights, before.weights)
    assert model.record["results"] == before.record["results"] | {"test_accuracy": None, "test_loss": None}
    for args in (
        ("evaluate", "--weights", "untested.npz", "--quiet"),
        ("verify", "untested.npz", "--quiet"),
        ("show-weights", 2, "--weights", "untested.npz"),
        ("explain", "--index", 0, "--weights", "untested.npz", "--quiet"),
        ("compare", "untested.npz", "weights.npz"),
        ("compare", "untested.npz", "weights.npz", "--json"),
    ):
        done = mnistgd(*args)
        assert done.code == 0, (args, done.stderr)


@pytest.mark.parametrize(
    ("place", "args"),
    [
        ("numpy.frombuffer", ("show-weights", 2)),
        ("numpy.lib.format.read_array_header_1_0", ("show-weights", 2)),
        ("numpy.lib.format.read_array_header_1_0", ("evaluate", "--quiet")),
        ("mnistgd.datasets.readers.npy.read_array", ("evaluate", "--quiet")),
        ("mnistgd.training.history.json.loads", ("curves", "run.jsonl")),
        ("PIL.ImageFont.truetype", ("show-weights", 2, "--font", "font.ttf")),
    ],
)
def test_no_sound_file_is_called_damaged(mnistgd, trained, monkeypatch, place, args):
    (trained / "font.ttf").write_bytes(b"")
    monkeypatch.setattr(place, run_out)
    result = mnistgd(*args)
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.startswith(SAID)
    assert "bug" not in result.stderr


def test_a_picture_names_its_file(mnistgd, trained, monkeypatch):
    monkeypatch.setattr(pictures.Image, "open", run_out)
    (trained / "seven.png").write_bytes(b"\x89PNG")
    result = mnistgd("predict", "seven.png")
    assert result.code == 1
    assert result.stderr.startswith("error: memory ran out while seven.png was read\n")


def test_another_error_that_comes_of_it_is_no_bug(mnistgd, trained, monkeypatch):
    """As an archive complains when it is left half way."""

    class Full(zipfile.ZipFile):
        def open(self, *_, **__):
            try:
                run_out()
            finally:
                raise ValueError("I/O operation on closed file")

    monkeypatch.setattr("zipfile.ZipFile", Full)
    for args in (("show-weights", 2), ("evaluate", "--quiet")):
        result = mnistgd(*args)
        assert result.code == 1
        assert result.stderr.startswith(SAID)


def test_a_result_that_cannot_be_packed_is_no_bug(mnistgd, trained, monkeypatch):
    def closed(*_):
        try:
            run_out()
        finally:
            raise ValueError("I/O operation on closed file")

    monkeypatch.setattr(weights_file, "file_bytes", closed)
    result = mnistgd("train", *NAMES, "--epochs", 1)
    assert result.code == 1
    assert result.stderr.startswith(SAID)


@pytest.mark.parametrize("place", [(), ("--checkpoint", "run.npz")])
def test_a_run_ends_as_one_that_is_interrupted(mnistgd, trained, monkeypatch, place):
    """The place of its last step is kept, from which it goes on to the same weights."""
    take, left = Run.batches, [15]  # one epoch has ten

    def batches(*args):
        for batch in take(*args):
            left[0] -= 1
            if not left[0]:
                run_out()
            yield batch

    args = ("train", *NAMES, "--epochs", 2, "--log", "run.jsonl", "--every", 5, "--out", "w.npz")
    assert mnistgd(*args[:-1], "whole.npz").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(Run, "batches", batches)
        result = mnistgd(*args, *place)
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith(SAID)
    assert error.endswith(" after step 14 of 20")
    assert not (trained / "w.npz").exists()
    if not place:
        assert hint == "hint: --checkpoint FILE would keep a place to go on from"
        return
    assert hint == "hint: go on with: mnistgd train --resume run.npz"
    assert mnistgd("train", "--resume", "run.npz", "--quiet").code == 0
    whole, resumed = (weights_file.load(trained / name) for name in ("whole.npz", "w.npz"))
    np.testing.assert_array_equal(resumed.weights, whole.weights)
