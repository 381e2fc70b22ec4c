"""``--size``: it is one option of all commands that draw, and what is too large is refused with a size that works."""

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures import montage


@pytest.fixture
def trained(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--epochs", 1, "--quiet").code == 0


DRAWING = [
    "show-weights --out x.png",
    "compare weights.npz weights.npz --out x.png",
    "explain --index 0 --out x.png",
    "evaluate --confusion x.png",
    "evaluate --mistakes x.png",
]


@pytest.mark.parametrize("command", DRAWING)
def test_a_larger_size_is_a_larger_picture(mnistgd, trained, tmp_path, command):
    sizes = []
    for options in ([], ["--size", 300], ["--size", 307]):
        assert mnistgd(*command.split(), *options).code == 0
        with Image.open("x.png") as picture:
            sizes.append(picture.size)
    usual, larger, same = np.array(sizes)
    assert (larger > usual).all()
    assert (same == larger).all()  # it is rounded down to a multiple of 28


@pytest.mark.parametrize("command", DRAWING)
def test_what_is_too_large_is_refused_with_the_largest_that_is_not(
    mnistgd, trained, tmp_path, monkeypatch, command
):
    monkeypatch.setattr(montage, "MOST_PIXELS", 2_000_000)
    result = mnistgd(*command.split(), "--size", 4000)
    assert (result.code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error.endswith("pixels is too large")
    words, size = hint.rsplit(" ", 1)
    assert words == "hint: the largest that works is --size"
    assert int(size) % 28 == 0
    assert not (tmp_path / "x.png").exists()


def test_one_digit_may_have_the_largest_size_that_there_is(mnistgd, trained):
    assert mnistgd("show-weights", 2, "--size", 4000, "--out", "x.png").code == 0
    with Image.open("x.png") as picture:
        assert picture.width > 142 * 28
