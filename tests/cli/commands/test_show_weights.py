"""``mnistgd show-weights``: the pictures of what was learned."""

import hashlib
import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures.palettes import PALETTES
from mnistgd.model import weights_file
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import build_record


def save(path, n_classes=10, names=None, weights=None):
    rng = np.random.default_rng(0)
    if weights is None:
        weights = rng.normal(size=(784, n_classes)).astype(np.float32)
    params = {"weights": weights, "bias": np.zeros(n_classes, np.float32)}
    names, settings = tuple(names or "0123456789"[:n_classes]), Settings()
    record = build_record(settings, names, data={"source": "embedded", "sha256": "0" * 64}, results={})
    weights_file.save(Model(params, settings, names, record), path)
    return weights


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return save(tmp_path / "weights.npz")


def chunks(content: bytes) -> dict[str, str]:
    """The tEXt chunks of a PNG, read by hand."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    texts, place = {}, 8
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        assert (
            zlib.crc32(kind + body)
            == struct.unpack(">I", content[place + 8 + length : place + 12 + length])[0]
        )
        if kind == b"tEXt":
            key, _, text = body.partition(b"\0")
            texts[key.decode("latin-1")] = text.decode("latin-1")
        place += 12 + length
    return texts


def test_one_digit(mnistgd, weights, tmp_path):
    result = mnistgd("show-weights", 2)
    assert (result.code, result.stdout, result.stderr) == (0, "weights-2.png\n", "")
    content = (tmp_path / "weights-2.png").read_bytes()
    texts = chunks(content)
    assert texts["digit"] == "2"
    assert texts["palette"] == "grokking"
    assert float(texts["limit"]) == pytest.approx(np.abs(weights).max())
    assert texts["weights-sha256"] == hashlib.sha256(weights.tobytes()).hexdigest()
    mnistgd("show-weights", 2)
    assert (tmp_path / "weights-2.png").read_bytes() == content


def test_the_sheet_is_what_one_gets(mnistgd, weights, tmp_path):
    assert mnistgd("show-weights").stdout == mnistgd("show-weights", "all").stdout == "weights-all.png\n"
    assert chunks((tmp_path / "weights-all.png").read_bytes())["digit"] == "all"


def test_pixels_are_the_books_rule(mnistgd, weights, tmp_path):
    """Zero is red, the higher a weight the whiter, the further below zero the blacker."""
    mnistgd("show-weights", 7, "--no-legend", "--size", 60)
    picture = np.asarray(Image.open(tmp_path / "weights-7.png")).astype(int)
    assert picture.shape == (56, 56, 3)
    v = (
        (weights[:, 7] / np.abs(weights).max())
        .reshape(28, 28)
        .repeat(2, axis=0)
        .repeat(2, axis=1)
        .astype(float)
    )
    red, other = 255 * np.minimum(1 + v, 1), 255 * np.maximum(v, 0)
    assert np.abs(picture - np.stack([red, other, other], axis=-1)).max() <= 0.5 + 1e-4


def test_each_scale_uses_the_full_range(mnistgd, weights):
    shared = mnistgd("show-weights", 3, "--json").json["pictures"][0]["limit"]
    own = mnistgd("show-weights", 3, "--scale", "each", "--json").json["pictures"][0]["limit"]
    assert shared == pytest.approx(np.abs(weights).max())
    assert own == pytest.approx(np.abs(weights[:, 3]).max())
    limits = mnistgd("show-weights", "--scale", "each", "--json").json["pictures"][0]["limit"]
    assert limits == pytest.approx(np.abs(weights).max(axis=0).tolist())


@pytest.mark.parametrize("palette", PALETTES)
def test_palettes(mnistgd, weights, palette, tmp_path):
    assert mnistgd("show-weights", 0, "--palette", palette).code == 0
    assert chunks((tmp_path / "weights-0.png").read_bytes())["palette"] == palette


def test_several_into_a_folder(mnistgd, weights, tmp_path):
    (tmp_path / "pictures").mkdir()
    result = mnistgd("show-weights", 1, 2, "all", 2, "--out", "pictures")
    assert result.stdout.splitlines() == [f"pictures/weights-{n}.png" for n in (1, 2, "all")]
    assert all((tmp_path / line).exists() for line in result.stdout.splitlines())


def test_one_file_of_several_is_one_figure_in_the_order_of_the_words(mnistgd, weights, tmp_path):
    result = mnistgd("show-weights", 8, 3, 8, "--no-legend", "--size", 28, "--out", "pair.png", "--json")
    (picture,) = result.json["pictures"]
    limit = picture.pop("limit")
    assert picture == {
        "digits": [8, 3], "labels": ["8", "3"], "palette": "grokking", "file": "pair.png",
    }  # fmt: skip
    assert limit == pytest.approx(np.abs(weights).max())
    assert chunks((tmp_path / "pair.png").read_bytes())["digits"] == "[8, 3]"
    with Image.open(tmp_path / "pair.png") as drawn:
        blue = np.asarray(drawn)[..., 2].astype(float)
    for digit, left in ((8, 1), (3, 1 + 28 + 1 + 2 + 1)):
        wanted = 255 * np.maximum(weights[:, digit].reshape(28, 28) / limit, 0)
        assert np.abs(blue[1:29, left : left + 28] - wanted).max() <= 0.5 + 1e-4


def test_of_several_each_may_have_its_own_limit(mnistgd, weights):
    result = mnistgd("show-weights", 8, 3, "--scale", "each", "--out", "pair.png", "--json")
    assert result.json["pictures"][0]["limit"] == pytest.approx(
        np.abs(weights[:, [8, 3]]).max(axis=0).tolist()
    )


def test_where_all_is_among_several_one_figure_is_that_of_all(mnistgd, weights, tmp_path):
    assert mnistgd("show-weights", 8, "all", "--out", "x.png", "--json").json["pictures"][0]["digit"] == "all"
    mnistgd("show-weights")
    assert (tmp_path / "x.png").read_bytes() == (tmp_path / "weights-all.png").read_bytes()


def test_a_folder_that_is_named_as_one_is_made(mnistgd, weights, tmp_path):
    result = mnistgd("show-weights", 1, 2, "--out", "new/pictures/")
    assert result.stdout == "new/pictures/weights-1.png\nnew/pictures/weights-2.png\n"
    assert {path.name for path in (tmp_path / "new" / "pictures").iterdir()} == {
        "weights-1.png",
        "weights-2.png",
    }
    assert mnistgd("show-weights", 3, "--out", "one/").stdout == "one/weights-3.png\n"


def test_no_folder_is_made_where_nothing_is_written(mnistgd, weights, tmp_path):
    assert mnistgd("show-weights", 1, "--size", 28, "--font", "no.ttf", "--out", "new/").code == 1
    assert mnistgd("show-weights", "cat", "--out", "new/").code == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_made_is_named(mnistgd, weights, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    result = mnistgd("show-weights", 1, "--out", "closed/a/b/")
    assert result.stderr.splitlines()[0] == "error: cannot write closed/a: permission denied"


def test_the_picture_itself_on_stdout(shell, weights, tmp_path):
    for digits, said in ((["2"], {"digit": "2"}), (["2", "1"], {"digits": "[2, 1]"})):
        command = [sys.executable, "-m", "mnistgd", "show-weights", *digits, "--out", "-"]
        done = subprocess.run(command, capture_output=True, cwd=tmp_path)
        assert done.returncode == 0
        assert done.stderr == b""
        assert chunks(done.stdout).items() >= said.items()


def test_names_of_classes(mnistgd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "weights.npz", 2, ["cat", "Ankle boot"])
    result = mnistgd("show-weights", "Ankle boot", "--json")
    assert result.json["pictures"][0] | {"limit": 0} == {
        "digit": 1, "label": "Ankle boot", "limit": 0, "palette": "grokking", "file": "weights-1.png",
    }  # fmt: skip
    assert mnistgd("show-weights", "1", "--json").json["pictures"][0]["label"] == "Ankle boot"
    unknown = mnistgd("show-weights", "5")
    assert unknown.code == 1
    assert unknown.stderr == "error: this network knows no class 5\nhint: it knows cat, 'Ankle boot'\n"


def test_weights_that_are_all_zero(mnistgd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "weights.npz", weights=np.zeros((784, 10), np.float32))
    assert mnistgd("show-weights").code == 0
    mnistgd("show-weights", 4, "--no-legend")
    assert (np.asarray(Image.open(tmp_path / "weights-4.png")) == (255, 0, 0)).all()


def test_weights_from_the_environment(mnistgd, tmp_path, monkeypatch):
    save(tmp_path / "other.npz")
    monkeypatch.setenv("MNISTGD_WEIGHTS", str(tmp_path / "other.npz"))
    out = tmp_path / "x.png"
    assert mnistgd("show-weights", 2, "--out", out, "--json").json["weights"] == str(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["10"], 1, "knows no class 10"),
        (["--", "-1"], 1, "knows no class -1"),
        (["2", "--size", "27"], 2, "--size"),
        (["2", "--palette", "jet"], 2, "jet"),
        (["2", "--out", "-", "--json"], 2, "both want stdout"),
        (["cat"], 1, "no class cat"),
        (["1", "2", "--out", "no/such/folder"], 1, "does not exist"),
        (["2", "--out", "no/such/folder/2.png"], 1, "does not exist"),
        (["2", "--weights", "missing.npz"], 1, "there is no weights file"),
    ],
)
def test_what_cannot_be(mnistgd, weights, arguments, code, words):
    result = mnistgd("show-weights", *arguments)
    assert (result.code, result.stdout) == (code, "")
    error, hint = result.stderr.splitlines()
    assert words in error
    assert hint.startswith("hint: ")


def test_train_first(mnistgd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = mnistgd("show-weights", 2)
    assert result.code == 1
    assert result.stderr == "error: there is no weights file weights.npz\nhint: train first: mnistgd train\n"


def test_file_names_that_would_break_a_line(shell, tmp_path):
    path = tmp_path / "a\nb [red]x :smile:.npz"
    save(path)
    result = shell("show-weights", 2, "--weights", path, "--out", tmp_path / "c [b]\td.png", "--json")
    assert json.loads(result.stdout)["weights"] == str(path)
    path.write_text("damaged")
    result = shell("show-weights", 2, "--weights", path)
    assert len(result.stderr.splitlines()) == 2
    assert "a\\nb [red]x :smile:.npz" in result.stderr


# --- snapshots -----------------------------------------------------------------------------------------


@pytest.fixture
def kept(mnistgd, few, tmp_path, monkeypatch):
    """The weights of a run at several of its steps, as numpy reads them."""
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--epochs", 2, "--frames", 4).code == 0
    with np.load(tmp_path / "weights.frames.npz") as file:
        return file["weights"], json.loads(str(file["record"]))


SNAPSHOT = ("show-weights", "--weights", "weights.frames.npz", "--step")


def test_a_snapshot(mnistgd, kept, tmp_path):
    weights, record = kept
    for step, place in (("first", 0), (record["steps"][1], 1), ("LAST", -1)):
        result = mnistgd(*SNAPSHOT, step, 2, "--no-legend", "--size", 28, "--json").json
        (picture,) = result["pictures"]
        assert result["weights_sha256"] == hashlib.sha256(weights[place].tobytes()).hexdigest()
        assert (picture["step"], picture["digit"]) == (record["steps"][place], 2)
        assert picture["file"] == f"weights-2-step-{record['steps'][place]}.png"
        assert picture["limit"] == pytest.approx(np.abs(weights).max())  # of all snapshots
        assert chunks((tmp_path / picture["file"]).read_bytes())["step"] == str(picture["step"])
        with Image.open(tmp_path / picture["file"]) as drawn:
            blue = np.asarray(drawn)[..., 2].astype(float)
        wanted = 255 * np.maximum(weights[place][:, 2].reshape(28, 28) / picture["limit"], 0)
        assert np.abs(blue - wanted).max() <= 0.5 + 1e-4


def test_snapshots_may_have_limits_of_their_own_and_are_one_figure_as_well(mnistgd, kept):
    weights, _ = kept
    result = mnistgd(*SNAPSHOT, "last", 1, 0, "--scale", "each", "--out", "x.png", "--json")
    (picture,) = result.json["pictures"]
    assert picture["digits"] == [1, 0]
    assert picture["limit"] == pytest.approx(np.abs(weights[-1][:, [1, 0]]).max(axis=0).tolist())


def test_a_snapshot_from_stdin(tmp_path, kept):
    command = [sys.executable, "-m", "mnistgd", "show-weights", "2", "--weights", "-", "--step", "last"]
    content = (tmp_path / "weights.frames.npz").read_bytes()
    done = subprocess.run(command, input=content, capture_output=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_last_snapshot_in_the_terminal(on_terminal, tmp_path, kept):
    shown = on_terminal(*SNAPSHOT, "last", 2, "--out", "/dev/null", cwd=tmp_path).stdout
    assert f"step {kept[1]['steps'][-1]} of {kept[1]['steps'][-1]}, " in shown


@pytest.mark.parametrize(
    ("arguments", "code", "error", "hint"),
    [
        (
            ["--step", "last"],
            1,
            "weights.npz holds no snapshots of mnistgd: its record tells no steps",
            "its snapshots lie beside it: --weights weights.frames.npz",
        ),
        (
            ["--weights", "weights.frames.npz"],
            1,
            "weights.frames.npz holds snapshots, not a network",
            "name the weights beside them, or draw one: mnistgd show-weights --step last --weights weights.frames.npz",
        ),
        ([*SNAPSHOT[1:], "9999"], 1, "no snapshot was kept at step 9999", "the nearest is --step 20"),
        ([*SNAPSHOT[1:], "last", "cat"], 1, "this network knows no class cat", None),
        (
            [*SNAPSHOT[1:], "last", "--unit", "1"],
            2,
            "no snapshot has hidden units",
            "leave out --step, or --layer and --unit",
        ),
        ([*SNAPSHOT[1:], "middle"], 2, "middle is no step: a number, first or last", None),
        ([*SNAPSHOT[1:], "-1"], 2, "-1 is no step", None),
        ([*SNAPSHOT[1:], "1" * 5000], 2, "is no step", None),
    ],
)
def test_what_is_no_snapshot(mnistgd, kept, arguments, code, error, hint):
    result = mnistgd("show-weights", *arguments)
    assert (result.code, result.stdout) == (code, "")
    said, advised = result.stderr.splitlines()
    assert error in said
    assert hint is None or advised == f"hint: {hint}"


def test_a_network_without_snapshots_beside_it(mnistgd, weights):
    result = mnistgd("show-weights", "--step", "first")
    assert result.stderr.splitlines()[1] == "hint: keep some while training: mnistgd train --frames 60"


# --- hidden units --------------------------------------------------------------------------------------


@pytest.fixture
def hidden(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--hidden", "24,3", "--epochs", 1).code == 0
    return weights_file.load(tmp_path / "weights.npz")


def test_a_hidden_units_weights(mnistgd, hidden, tmp_path):
    result = mnistgd("show-weights", "--layer", 1, "--unit", 5, "--no-legend", "--size", 28, "--json")
    picture = result.json["pictures"][0]
    weights = hidden.params["1.weights"]
    assert picture["limit"] == pytest.approx(np.abs(weights).max())
    assert (picture["layer"], picture["unit"], picture["file"]) == (1, 5, "weights-1-unit-5.png")
    with Image.open(tmp_path / picture["file"]) as drawn:
        blue = np.asarray(drawn)[..., 2].astype(float)
    wanted = 255 * np.maximum(weights[:, 5] / picture["limit"], 0)
    assert np.abs(blue.ravel() - wanted).max() <= 0.5 + 1e-4


def test_all_hidden_units(mnistgd, hidden, tmp_path):
    assert mnistgd("show-weights", "--layer", 1).stdout == "weights-1-unit-all.png\n"
    assert mnistgd("show-weights", "--unit", 3).stdout == "weights-1-unit-3.png\n"
    several = ("show-weights", "--unit", 3, "--unit", 0)
    assert mnistgd(*several).stdout == "weights-1-unit-3.png\nweights-1-unit-0.png\n"
    (pair,) = mnistgd(*several, "--out", "pair.png", "--json").json["pictures"]
    assert (pair["layer"], pair["units"], pair["file"]) == (1, [3, 0], "pair.png")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["2"], 1, "no single weight joins a pixel and a digit"),
        (["--layer", "2"], 1, "layer 2 sees hidden units, not pixels"),
        (["--layer", "4"], 1, "no layer 4"),
        (["--unit", "2", "--unit", "24"], 1, "no unit 24"),
        (["2", "--unit", "1"], 2, "different things"),
    ],
)
def test_hidden_units_that_are_not_there(mnistgd, hidden, arguments, code, words):
    result = mnistgd("show-weights", *arguments)
    assert (result.code, result.stdout) == (code, "")
    assert words in result.stderr


def test_units_of_a_network_without_any(mnistgd, weights):
    assert "has no hidden units" in mnistgd("show-weights", "--unit", 1).stderr
