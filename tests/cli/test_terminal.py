"""Where pictures are drawn in the terminal, and where they are not."""

import numpy as np
import pytest
from PIL import Image
from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console

from mnistgd.model import weights_file
from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import build_record

CONSOLE = Console()
TRUE_COLOUR = {"COLORTERM": "truecolor"}


def save(path, names=tuple("0123456789")):
    weights = np.random.default_rng(0).normal(size=(784, len(names))).astype(np.float32)
    params = {"weights": weights, "bias": np.zeros(len(names), np.float32)}
    settings = Settings()
    record = build_record(settings, names, data={"source": "embedded", "sha256": "0" * 64}, results={})
    weights_file.save(Model(params, settings, names, record), path)


@pytest.fixture
def weights(tmp_path):
    save(tmp_path / "weights.npz")


def decoded(text):
    return list(AnsiDecoder().decode(text.rstrip("\n")))


def test_the_terminal_shows_the_pixels_of_the_file(on_terminal, weights, tmp_path):
    """Read by another program's reader of terminal codes, and compared with the PNG, read by Pillow."""
    result = on_terminal("show-weights", 7, "--no-legend", "--size", 28, env=TRUE_COLOUR)
    assert result.code == 0
    lines = decoded(result.stdout)
    assert lines[0].plain.strip() == "digit 7"
    shown = np.zeros((28, 28, 3), int)
    for row, line in enumerate(lines[1:15]):
        assert line.plain == "▀" * 28
        for column in range(28):
            style = line.get_style_at_offset(CONSOLE, column)
            shown[2 * row, column] = style.color.get_truecolor()
            shown[2 * row + 1, column] = style.bgcolor.get_truecolor()
    np.testing.assert_array_equal(shown, np.asarray(Image.open(tmp_path / "weights-7.png")))
    assert lines[-1].plain == "weights-7.png"


@pytest.mark.parametrize(
    ("env", "codes"),
    [
        (TRUE_COLOUR, "\x1b[38;2;"),
        ({}, "\x1b[38;5;"),
        ({"TERM": "xterm"}, "\x1b[31;"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, ""),
        ({**TRUE_COLOUR, "NO_COLOR": "1"}, ""),
        ({**TRUE_COLOUR, "PYTHONIOENCODING": "ascii"}, ""),
        ({**TRUE_COLOUR, "PYTHONIOENCODING": "latin-1"}, ""),
    ],
)
def test_colours_are_those_that_the_terminal_has(on_terminal, weights, env, codes):
    result = on_terminal("show-weights", 2, env=env, terminals=("stdout",))
    assert (result.code, result.stderr) == (0, "")
    if codes:
        assert codes in result.stdout
        assert "▀" in result.stdout
    else:
        assert "\x1b" not in result.stdout
        assert result.stdout.isascii()
        assert "blank: no influence" in result.stdout


@pytest.mark.parametrize(("columns", "abreast"), [(150, 5), (80, 2), (30, 1), (20, 1)])
def test_it_fits_the_terminal(on_terminal, weights, columns, abreast):
    lines = decoded(on_terminal("show-weights", columns=columns, lines=200).stdout)
    assert max(cell_len(line.plain) for line in lines) <= columns
    assert lines[0].plain.count("digit") == abreast
    assert sum(line.plain.count("digit") for line in lines) == 10
    assert lines[-1].plain == "weights-all.png"


@pytest.mark.parametrize(("columns", "lines"), [(5, 24), (80, 8)])
def test_too_small_for_anything(on_terminal, weights, columns, lines):
    result = on_terminal("show-weights", columns=columns, lines=lines, terminals=("stdout",))
    assert (result.code, result.stdout) == (0, "weights-all.png\n")
    assert result.stderr == f"the terminal is too small for pictures: {columns}×{lines}\n"


COMMANDS = ["show-weights", "show-weights 2 7 --out .", "explain --index 8 --offline", "evaluate --offline",
            "compare weights.npz weights.npz", "predict --index 8 --offline", "predict 0.png 1.png 2.png"]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory, few, in_terminal):
    """A folder with a network that knows a little, and three pictures."""
    folder = tmp_path_factory.mktemp("trained")
    options = ("--data", few, "--epochs", 1, "--quiet")
    assert in_terminal("train", *options, cwd=folder, terminals=()).code == 0
    with np.load(few) as data:
        for number in range(3):
            Image.fromarray(255 - data["test_images"][number]).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_scrolls_off(in_terminal, trained, command):
    """On screens of many sizes: all that is printed is there when the prompt is, or nothing is drawn."""
    words = command.split()
    alone = in_terminal(*words, cwd=trained, terminals=()).stdout
    heights = set()
    for size in [(80, 24), (80, 43), (200, 60), (44, 30), (15, 24)]:
        env = {"NO_COLOR": "1"} if size == (44, 30) else {}
        result = in_terminal(*words, cwd=trained, columns=size[0], lines=size[1], env=env)
        shown = decoded(result.stdout)
        taken = sum(max(1, -(-cell_len(line.plain) // size[0])) for line in shown)
        assert result.code == 0
        assert taken <= size[1] - 1 or result.stdout == alone, size
        heights.add(len(shown))
    assert len(heights) > 1


def test_nothing_is_said_of_pictures_where_that_would_scroll_the_text_off(in_terminal, trained):
    command = ("compare", "weights.npz", "weights.npz")
    alone = in_terminal(*command, cwd=trained, terminals=()).stdout
    filled = len(alone.splitlines()) + 1  # with the prompt
    assert in_terminal(*command, cwd=trained, lines=filled).stdout == alone
    told = in_terminal(*command, cwd=trained, lines=filled + 1).stdout
    assert f"too small for pictures: 80×{filled + 1}" in told
    assert len(told.splitlines()) == filled


def test_what_a_screen_of_80_by_24_shows(in_terminal, trained):
    """All ten digits, and why an image got its answer, at half the size; below the tables of the others nothing."""

    def shown(*words):
        return [line.plain for line in decoded(in_terminal(*words, cwd=trained, env=TRUE_COLOUR).stdout)]

    weights, why = shown("show-weights"), shown("explain", "--index", 8, "--offline")
    assert max(len(weights), len(why)) <= 23
    assert weights[1].split("  ") == ["▀" * 14] * 5
    assert ["▀" * 14] * 3 in [line.split("  ") for line in why]
    for words in ["evaluate", "--offline"], ["compare", "weights.npz", "weights.npz"]:
        assert "▀" not in "".join(shown(*words))


def test_of_too_many_units_the_first_are_drawn(on_terminal, few):
    train = ("train", "--data", few, "--epochs", 1, "--quiet", "--hidden", 20)
    assert on_terminal(*train, terminals=()).code == 0
    lines = decoded(on_terminal("show-weights", "--layer", 1, lines=20, env=TRUE_COLOUR).stdout)
    assert lines[0].plain.split() == [word for number in range(5) for word in ("unit", str(number))]
    assert lines[1].plain.split("  ") == ["▀" * 14] * 5
    assert len(lines) <= 19


def test_each_limit_is_told(on_terminal, weights):
    shown = on_terminal("show-weights", 2, 7, "--scale", "each", "--out", ".").stdout
    titles, *_ = decoded(shown)
    assert titles.plain.count("limit") == 2
    assert "−limit" in shown
    assert shown.endswith("weights-2.png\nweights-7.png\n")


def test_the_name_of_a_class_cannot_move_the_cursor(on_terminal, tmp_path):
    save(tmp_path / "weights.npz", ("\x1b[2Jcat", "dog\n\r"))
    shown = on_terminal("show-weights")
    assert shown.code == 1
    assert "\x1b" not in shown.stdout
    assert len(shown.stdout.splitlines()) == 2


def test_never_in_a_pipe(shell, weights):
    """Whatever the environment pretends."""
    env = {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    for args in ([], ["--no-terminal"]):
        result = shell("show-weights", 2, *args, env=env)
        assert (result.code, result.stdout, result.stderr) == (0, "weights-2.png\n", "")


def test_each_stream_counts_for_itself(on_terminal, weights):
    result = on_terminal("show-weights", 2, terminals=("stderr",))
    assert (result.stdout, result.stderr) == ("weights-2.png\n", "")


@pytest.mark.parametrize(
    ("args", "env"), [(["--no-terminal"], {}), ([], {"TERM": "dumb"})], ids=["not-asked-for", "dumb"]
)
def test_no_drawing(on_terminal, weights, args, env):
    assert on_terminal("show-weights", 2, *args, env=env).stdout == "weights-2.png\n"


def test_json_is_alone_on_stdout(on_terminal, weights):
    result = on_terminal("show-weights", 2, "--json")
    assert result.stdout.count("\n") == 1
    assert result.json["pictures"][0]["digit"] == 2


def test_evaluate_shows_the_most_confident_mistakes(on_terminal, few, tmp_path):
    """As many as fill two rows, below the tables, and the images that numpy finds."""
    command = ("train", "--data", few, "--epochs", 1, "--quiet")
    assert on_terminal(*command, terminals=()).code == 0
    result = on_terminal("evaluate", columns=90, lines=80, env=TRUE_COLOUR)
    tables, _, drawn = result.stdout.partition(
        "\nthe most confident mistakes: image: true → predicted, probability\n\n"
    )
    assert tables == on_terminal("evaluate", terminals=()).stdout
    lines = decoded(drawn)
    with np.load(few) as data, np.load(tmp_path / "weights.npz") as file:
        images, labels = data["test_images"], data["test_labels"]
        logits = images.reshape(-1, 784) / 255 @ file["weights"].astype(float) + file["bias"]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answers = logits.argmax(axis=1)
    worst = max(np.flatnonzero(answers != labels), key=lambda index: probabilities[index].max())
    titles = lines[0].plain.split("  ")
    title = f"{worst}: {labels[worst]} → {answers[worst]}, {probabilities[worst].max():.0%}"
    assert title in lines[0].plain[:28]
    assert "".join(titles).count("→") == 3
    assert len(lines) == 2 * 15 + 1
    shown = [
        lines[1 + y].get_style_at_offset(CONSOLE, x).color.get_truecolor()[0]
        for y in range(14)
        for x in range(28)
    ]
    np.testing.assert_array_equal(shown, 255 - images[worst][::2].ravel())


def test_evaluate_of_hidden_layers(on_terminal, few, tmp_path):
    command = ("train", "--data", few, "--epochs", 1, "--quiet", "--hidden", 8)
    assert on_terminal(*command, terminals=()).code == 0
    result = on_terminal("evaluate", "--confusion", "c.png", "--mistakes", "m.png", lines=80)
    assert result.code == 0
    assert "▀" in result.stdout
    with Image.open(tmp_path / "m.png") as picture:
        assert len(picture.text["weights-sha256"].split()) == 2
