"""``mnistgd train --live``: the pictures forming in the terminal."""

import re

import numpy as np
import pytest
from rich.ansi import AnsiDecoder
from rich.console import Console

from mnistgd.figures.palettes import GROKKING
from mnistgd.model import weights_file

CONSOLE = Console()


@pytest.fixture
def train(on_terminal, few):
    def run(*args, terminals=("stderr",), **options):
        command = ("train", "--live", "--data", few, "--out", "w.npz", "--epochs", 3, *args)
        return on_terminal(*command, terminals=terminals, **options)

    return run


def test_the_last_drawing_is_that_of_the_file(train, tmp_path):
    """Read by another program's reader of terminal codes, all ten digits, pixel by pixel."""
    result = train(columns=150, lines=45, env={"COLORTERM": "truecolor"})
    assert result.code == 0
    assert [line.split("  ")[0] for line in result.stdout.splitlines()] == [
        "test accuracy", "test loss", "trained in", "weights",
    ]  # fmt: skip
    last = result.stderr[result.stderr.rindex("digit 0") :]
    weights = weights_file.load(tmp_path / "w.npz").weights
    pictures = GROKKING.colours(weights / np.abs(weights).max()).reshape(28, 28, 10, 3)
    lines = list(AnsiDecoder().decode(last))
    for digit in range(10):
        row, column = divmod(digit, 5)
        assert f"digit {digit}" in lines[16 * row].plain
        shown = np.zeros((28, 28, 3), int)
        for y in range(14):
            for x in range(28):
                style = lines[16 * row + 1 + y].get_style_at_offset(CONSOLE, 30 * column + x)
                shown[2 * y, x] = style.color.get_truecolor()
                shown[2 * y + 1, x] = style.bgcolor.get_truecolor()
        np.testing.assert_array_equal(shown, pictures[:, :, digit])
    assert "ink here speaks for it" in last
    assert "epoch 3/3" in last
    assert last.rstrip().endswith("next: mnistgd show-weights --weights w.npz")


def test_what_was_drawn_is_drawn_over(train):
    """As often as the pictures are drawn, but for the first time, the cursor has gone up as many lines."""
    shown = train(columns=150, lines=45).stderr
    drawings, heights = shown.count("digit 7"), re.findall(r"(?:\x1b\[1A\x1b\[2K)+", shown)
    assert drawings >= 2
    full = [height for height in heights if height.count("\x1b[1A") >= 31 + 3]
    assert len(full) >= drawings - 1


@pytest.mark.parametrize(
    ("columns", "lines", "pixels"),
    [(150, 45, 28), (80, 24, 14), (60, 18, 7)],
    ids=["whole", "half", "quarter"],
)
def test_it_fits_the_terminal(train, columns, lines, pixels):
    shown = train(columns=columns, lines=lines, env={"COLORTERM": "truecolor"}).stderr
    last = list(AnsiDecoder().decode(shown[shown.rindex("digit 0") :].split("epoch")[0]))
    assert len(last) - 1 <= lines - 2  # the last one is the bar
    assert last[1].plain.split("  ")[0] == "▀" * pixels


@pytest.mark.parametrize(
    ("lines", "args"),
    [(24, []), (36, []), (18, []), (28, ["--validation", 0.5, "--target-loss", 9, "--frames", 3])],
)
def test_what_stays_is_on_the_screen_with_the_result(train, lines, args):
    """And with the line of the next prompt; where there is no room for them the pictures go."""
    shown = train(*args, terminals=("stdout", "stderr"), lines=lines).stdout
    assert "digit 9" in shown
    last = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown[shown.rindex("\x1b[2K") :])
    assert last.rstrip().endswith(f"next: mnistgd {'animate' if args else 'show-weights'} --weights w.npz")
    assert last.count("digit") == (0 if lines == 18 else 10)
    assert sum(-(-max(1, len(line)) // 80) for line in last.splitlines()) <= lines - 1


def test_without_colours(train):
    shown = train(env={"NO_COLOR": "1"}).stderr
    assert not re.search(r"\x1b\[[\d;]*m", shown)
    assert "▀" not in shown
    assert "blank: no influence" in shown


@pytest.mark.parametrize(("columns", "lines"), [(80, 10), (20, 24)])
def test_too_small(train, columns, lines):
    result = train(columns=columns, lines=lines)
    assert result.code == 0
    assert result.stderr.splitlines()[0] == f"the terminal is too small for --live: {columns}×{lines}"
    assert "digit 0" not in result.stderr


def test_where_nobody_looks(shell, few, tmp_path):
    result = shell("train", "--live", "--data", few, "--out", "w.npz", "--epochs", 2)
    assert result.code == 0
    first, *rest = result.stderr.splitlines()
    assert first == "--live needs a terminal whose cursor can move, and stderr is none"
    assert [line.split("  ")[0] for line in rest] == [
        "epoch 1/2", "epoch 2/2", "next: mnistgd show-weights --weights w.npz",
    ]  # fmt: skip
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "env", [{"TERM": "dumb"}, {"TERM": "xterm-color", "PAGER": "cat"}], ids=["dumb", "notebook"]
)
def test_where_the_cursor_cannot_move(train, env):
    shown = train(env=env).stderr
    assert shown.splitlines()[0] == "--live needs a terminal whose cursor can move, and stderr is none"
    assert "digit 0" not in shown
    assert "\x1b[1A" not in shown
    assert "epoch 3/3" in shown


def test_with_json_stdout_is_one_document(train):
    result = train("--json", columns=150, lines=45)
    assert result.stdout.count("\n") == 1
    assert "test_accuracy" in result.json


def test_a_run_that_diverges_says_so(train, tmp_path):
    result = train("--loss", "squared-error", "--learning-rate", "5")
    assert result.code == 1
    assert "error: training diverged at step " in result.stderr
    assert result.stderr.rindex("\x1b[?25h") > result.stderr.rindex("\x1b[?25l")  # the cursor is back
    assert not (tmp_path / "w.npz").exists()


def test_standardised_pixels_do_not_change_what_the_pictures_mean(train, tmp_path):
    shown = train("--standardise", columns=150, lines=45).stderr
    limit = np.abs(weights_file.load(tmp_path / "w.npz").weights).max()
    assert f"+{limit:#.3g}" in shown[shown.rindex("digit 0") :]


@pytest.mark.parametrize(
    ("args", "words"), [(["--quiet"], "contradict"), (["--hidden", "8"], "hidden layers")]
)
def test_what_cannot_be(mnistgd, few, tmp_path, args, words):
    result = mnistgd("train", "--live", "--data", few, "--out", tmp_path / "w.npz", *args)
    assert (result.code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert words in error
    assert hint.startswith("hint: leave ")
