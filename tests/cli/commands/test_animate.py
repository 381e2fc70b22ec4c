"""``mnistgd train --frames`` and ``mnistgd animate``: how the weights formed."""

import os
import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures import animation
from mnistgd.figures.palettes import DIVERGING, GROKKING
from mnistgd.model import weights_file
from mnistgd.training import snapshots


@pytest.fixture(scope="module")
def folder(tmp_path_factory, few):
    """A network with its snapshots, and one without."""
    place = tmp_path_factory.mktemp("networks")
    for name, *options in (("w.npz", "--frames", 12), ("none.npz",), ("other.npz", "--seed", 1)):
        command = ["train", "--quiet", "--data", few, "--out", place / name, "--epochs", 3, *options]
        subprocess.run([sys.executable, "-m", "mnistgd", *map(str, command)], check=True, capture_output=True)
    shutil.copy(place / "w.frames.npz", place / "other.frames.npz")
    return place


@pytest.fixture
def animate(mnistgd, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *args: mnistgd("animate", "--weights", folder / "w.npz", *args)


def pictures(path):
    """Each picture of the file, and for how many milliseconds it is shown."""
    with Image.open(path) as file:
        for index in range(file.n_frames):
            file.seek(index)
            file.load()
            yield np.asarray(file.convert("RGB")).astype(int), file.info["duration"]


def width_and_colours(path):
    """The width of the last picture of the file, and how many colours it has."""
    with Image.open(path) as file:
        file.seek(file.n_frames - 1)
        return file.width, len(file.convert("RGB").getcolors(file.width * file.height))


def test_train_tells_where_the_snapshots_are(mnistgd, few, tmp_path):
    args = ("train", "--data", few, "--out", tmp_path / "w.npz", "--epochs", 2, "--frames", 5)
    result = mnistgd(*args)
    assert result.code == 0
    assert result.stdout.splitlines()[-1] == f"snapshots      {tmp_path / 'w.frames.npz'}"
    assert result.stderr.splitlines()[-1] == f"next: mnistgd animate --weights {tmp_path / 'w.npz'}"
    again = mnistgd(*args, "--json")
    assert again.json["frames"] == str(tmp_path / "w.frames.npz")
    assert again.json["weights"] == str(tmp_path / "w.npz")
    found = snapshots.load(tmp_path / "w.frames.npz", weights_file.load(tmp_path / "w.npz"))
    assert found.steps == (0, 1, 2, 8, 20)
    assert found.accuracies[-1] == again.json["test_accuracy"]


def test_snapshots_do_not_change_the_run(folder):
    assert (
        weights_file.load(folder / "w.npz").weights.tobytes()
        == weights_file.load(folder / "none.npz").weights.tobytes()
    )
    assert not (folder / "none.frames.npz").exists()


def test_the_sheet_is_what_one_gets(animate, folder, tmp_path):
    result = animate()
    assert (result.code, result.stdout, result.stderr) == (0, "weights.gif\n", "")
    shown = list(pictures(tmp_path / "weights.gif"))
    found = snapshots.load(folder / "w.frames.npz", weights_file.load(folder / "w.npz"))
    assert len(shown) == len(found.steps) == 12
    assert abs(sum(duration for _, duration in shown[:-1]) - 6000) <= 10
    assert shown[-1][1] == 2000
    limit = np.abs(found.weights).max()
    for weights, (picture, _) in zip(found.weights, shown, strict=True):
        for digit in range(10):
            top, left = 50 + 159 * (digit // 5), 21 + 130 * (digit % 5)
            wanted = GROKKING.colours(weights[:, digit].reshape(28, 28) / limit).astype(int)
            assert abs(picture[top : top + 112 : 4, left : left + 112 : 4] - wanted).max() <= 3


@pytest.mark.parametrize("ending", ["gif", "png", "apng", "webp", "GIF"])
def test_the_ending_tells_the_kind(animate, tmp_path, ending):
    assert animate(2, "--out", f"x.{ending}").stdout == f"x.{ending}\n"
    with Image.open(tmp_path / f"x.{ending}") as file:
        assert file.format == {"gif": "GIF", "GIF": "GIF", "webp": "WEBP"}.get(ending, "PNG")
        assert file.n_frames == 12


def test_some_digits_in_another_palette_and_size(animate, folder, tmp_path):
    result = animate(
        7, 3, 7, "--palette", "diverging", "--size", "60", "--seconds", 1.1, "--out", "x.png", "--json"
    )
    found = snapshots.load(folder / "w.frames.npz", weights_file.load(folder / "w.npz"))
    limit = float(np.abs(found.weights).max())
    assert result.json == {
        "weights": str(folder / "w.npz"), "weights_sha256": found.weights_sha256, "digits": [7, 3],
        "steps": list(found.steps), "test_accuracies": list(found.accuracies), "limit": pytest.approx(limit),
        "palette": "diverging", "file": "x.png",
    }  # fmt: skip
    shown = list(pictures(tmp_path / "x.png"))
    assert [duration for _, duration in shown] == [100] * 11 + [2000]
    # 2 · 58 and a gap of 16 pixels, in the middle of a legend of 240.
    left, wanted = (
        20 + (240 - 132) // 2 + 1,
        DIVERGING.colours(found.weights[-1, :, 7].reshape(28, 28) / limit),
    )
    np.testing.assert_array_equal(shown[-1][0][50 : 50 + 56 : 2, left : left + 56 : 2], wanted)


@pytest.mark.parametrize(
    ("count", "widths"),
    # A file of fewer pictures is smaller: PNG and WebP, which are whole with all of 200, are so with 60.
    [(60, {"gif": 674}), (200, {"gif": 394, "png": 674, "webp": 674})],
)
def test_a_full_sheet_of_a_run_on_mnist_is_a_small_file(mnistgd, tmp_path, monkeypatch, count, widths):
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--offline", "--epochs", 3, "--frames", count, "--quiet").code == 0
    for ending, width in widths.items():
        assert mnistgd("animate", "--out", f"x.{ending}").code == 0
        assert (tmp_path / f"x.{ending}").stat().st_size < 2_000_000
        with Image.open(tmp_path / f"x.{ending}") as file:
            assert (file.n_frames, file.width) == (count, width)


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_colours_go_before_size_does(animate, tmp_path, monkeypatch, ending):
    """The same animation, with less and less room for it."""
    found = []
    for most in (2_000_000, 170_000, 90_000, 1):
        monkeypatch.setattr(animation, "MOST_BYTES", most)
        assert animate("--out", f"x.{ending}").code == 0
        size = (tmp_path / f"x.{ending}").stat().st_size
        assert size < most or most == 1  # what is too large even when it is small is written all the same
        found.append((size, *width_and_colours(tmp_path / f"x.{ending}")))
    sizes, widths, colours = zip(*found, strict=True)
    assert sorted(sizes, reverse=True) == list(sizes)
    assert sorted(widths, reverse=True) == list(widths)
    assert (widths[0], widths[-1]) == (674, 280)
    assert (colours[0] <= 255) == (ending == "gif")
    assert max(colours[1 + (ending == "webp") :]) <= 255


def test_a_size_that_was_chosen_stays_and_so_do_its_colours(animate, tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "MOST_BYTES", 1)
    assert animate("--out", "x.png", "--size", 112).code == 0
    width, colours = width_and_colours(tmp_path / "x.png")
    assert width == 674
    assert colours > 255


def test_on_stdout_it_is_a_gif(shell, folder):
    command = [sys.executable, "-m", "mnistgd", "animate", "2", "--weights", "w.npz", "--out", "-"]
    done = subprocess.run(command, capture_output=True, cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"GIF89a")


def test_names_of_classes(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = "zero,one,two,three,four,five,six,seven,eight,nine"
    args = ("train", "--data", few, "--epochs", 1, "--frames", 3, "--class-names", names, "--quiet")
    assert mnistgd(*args).code == 0
    assert mnistgd("animate", "three", "--json").json["digits"] == [3]
    assert mnistgd("animate", "9").code == 0
    unknown = mnistgd("animate", "cat")
    assert unknown.code == 1
    assert "no class cat" in unknown.stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--weights", "none.npz"], 1, "there are no snapshots none.frames.npz"),
        (["--weights", "other.npz"], 1, "belong to other weights"),
        (["--weights", "missing.npz"], 1, "there is no weights file"),
        (["10"], 1, "knows no class 10"),
        (["--out", "x.mp4"], 2, "what kind of animation"),
        (["--out", "gif"], 2, "what kind of animation"),
        (["--out", "-", "--json"], 2, "both want stdout"),
        (["--out", "no/such/folder/x.gif"], 1, "does not exist"),
        (["--seconds", "0.1"], 2, "more than 50 a second"),
        (["--seconds", "nan"], 2, "--seconds"),
        (["--size", "27"], 2, "--size"),
        (["--size", "1000"], 2, "too large"),
        (["--palette", "jet"], 2, "jet"),
    ],
)
def test_what_cannot_be(mnistgd, folder, monkeypatch, args, code, words):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    weights = () if "--weights" in args else ("--weights", "w.npz")
    result = mnistgd("animate", *weights, *args)
    assert (result.code, result.stdout) == (code, "")
    error, hint = result.stderr.splitlines()
    assert words in error
    assert hint.startswith("hint: ")
    assert sorted(folder.iterdir()) == before


def test_the_largest_size_that_works_is_named(mnistgd, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "MOST_PIXELS", 12_000_000)
    draw = ("animate", "--weights", folder / "w.npz", "--out", tmp_path / "x.gif", "--size")
    words, size = mnistgd(*draw, 1000).stderr.splitlines()[1].rsplit(" ", 1)
    assert words == "hint: the largest that works is --size"
    assert mnistgd(*draw, int(size) + 28).code == 2
    assert mnistgd(*draw, size).code == 0


def test_the_hint_says_how_to_keep_snapshots(mnistgd, folder):
    hint = mnistgd("animate", "--weights", folder / "none.npz").stderr.splitlines()[1]
    assert hint == "hint: keep some while training: mnistgd train --frames 60"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--frames", "1"], 2, "--frames"),
        (["--frames", "201"], 2, "--frames"),
        (["--frames", "5", "--hidden", "8"], 2, "hidden layers"),
        (["--frames", "5", "--out", "-"], 2, "--out -"),
    ],
)
def test_what_cannot_be_kept(shell, few, args, code, words):
    result = shell("train", "--data", few, *args)
    assert (result.code, result.stdout) == (code, "")
    assert words in result.stderr.splitlines()[-2]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_whether_snapshots_can_be_written_is_tried_before_training(mnistgd, few, tmp_path):
    (tmp_path / "w.npz").write_bytes(b"")
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    result = mnistgd("train", "--data", few, "--out", tmp_path / "w.npz", "--frames", 5)
    assert result.code == 1
    assert "epoch" not in result.stderr
