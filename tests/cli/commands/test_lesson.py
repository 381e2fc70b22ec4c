"""``mnistgd lesson``: the list, one lesson, and what can be wrong with the words."""

import shlex
import subprocess
import sys

import pytest

from mnistgd.lessons import LESSONS
from mnistgd.lessons.books import BOOKS


def test_the_list_is_in_reading_order(mnistgd):
    lines = mnistgd("lesson").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(LESSONS)
    assert max(map(len, lines)) <= 80
    listed = mnistgd("lesson", "--json").json["lessons"]
    assert [(each["name"], each["title"]) for each in listed] == [
        (name, entry.title) for name, entry in LESSONS.items()
    ]


def test_the_list_says_of_what_book_and_chapter_each_is(mnistgd):
    lines = {line.split()[0]: line for line in mnistgd("lesson").stdout.splitlines()}
    listed = {each["name"]: each for each in mnistgd("lesson", "--json").json["lessons"]}
    assert lines["hot-cold"].split()[1:3] == ["Grokking", "4"]
    assert lines["saturation"].split()[1:3] == ["Nielsen", "3"]
    assert lines["xor"].split()[1] == "what"
    for name, book, chapter in (
        ("hot-cold", "grokking", 4),
        ("saturation", "nielsen", 3),
        ("xor", None, None),
    ):
        assert (listed[name]["book"], listed[name]["chapter"]) == (book, chapter)
        assert listed[name]["source"] == LESSONS[name].source


def test_the_map_of_a_book_has_every_chapter(mnistgd):
    lines = mnistgd("lesson", "--book", "grokking").stdout.splitlines()
    assert lines[0] == "A. Trask, Grokking Deep Learning (2019)"
    assert lines[2].split() == ["chapter", "section", "lesson"]
    assert max(map(len, lines)) <= 80
    rows = [line.split() for line in lines[3:]]
    assert {int(row[0]) for row in rows} == set(range(1, 17))
    assert ["4", "Hot", "and", "Cold", "Learning", "hot-cold"] in rows
    assert ["7", "no", "lesson"] in rows


def test_the_map_says_where_the_numbers_are_not_those_of_the_book(mnistgd):
    result = mnistgd("lesson", "--book", "NIELSEN")
    lines = result.stdout.splitlines()
    assert result.stdout.startswith("M. Nielsen, Neural Networks and Deep Learning (2015)\n")
    assert [line.split()[-1] for line in lines if "backprop" in line.split()] == ["*"]
    assert lines[-1].startswith("* ")
    document = mnistgd("lesson", "--book", "nielsen", "--json").json
    assert [chapter["chapter"] for chapter in document["chapters"]] == [1, 2, 3, 4, 5, 6]
    places = {place["lesson"]: place for chapter in document["chapters"] for place in chapter["places"]}
    assert places["backprop"]["other_numbers"]
    assert not places["saturation"]["other_numbers"]


def test_every_lesson_of_a_book_is_on_its_map(mnistgd):
    for book in BOOKS:
        chapters = mnistgd("lesson", "--book", book, "--json").json["chapters"]
        found = [place["lesson"] for chapter in chapters for place in chapter["places"]]
        assert set(found) == {
            name for name, entry in LESSONS.items() if any(place.book == book for place in entry.places)
        }


def test_help_lists_them_too(mnistgd):
    text = mnistgd("lesson", "--help").stdout
    assert [text.index(f"\n  {name} ") for name in LESSONS] == sorted(
        text.index(f"\n  {n} ") for n in LESSONS
    )
    assert "\n  all " in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["lesson"],
        ["lesson", "--json"],
        ["lesson", "--help"],
        ["lesson", "--book", "grokking"],
        ["lesson", "5"],
    ],
)
def test_a_list_loads_nothing_heavy(arguments):
    program = (
        "import sys\n"
        "from mnistgd.cli import main\n"
        f"sys.argv = ['mnistgd', *{arguments!r}]\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print('loaded:', [m for m in ('numpy', 'matplotlib', 'rich', 'mnistgd.lessons.toes') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_a_lesson_as_a_table(shell):
    result = shell("lesson", "toes", env={"COLUMNS": "40", "FORCE_COLOR": "1"})
    assert (result.code, result.stderr) == (0, "")
    source, rows = result.stdout.split("\n\n")[:2]
    assert " ".join(source.split()) == f"From: {LESSONS['toes'].source}."
    assert rows.split("\n")[0].split() == ["iteration", "pred", "error", "delta"]
    assert [float(cell) for cell in rows.split("\n")[1].split()] == pytest.approx([1, 0.86, 0.0196, -0.14])
    _, notice = result.stdout.rsplit("\n\n", 1)
    assert notice.startswith("Notice: ")
    assert max(map(len, notice.splitlines())) <= 80
    assert "\x1b" not in result.stdout
    assert not any(line.endswith(" ") for line in result.stdout.splitlines())


def test_a_lesson_as_json(mnistgd):
    result = mnistgd("lesson", "toes", "--freeze", "toes", "--freeze", "nfans", "--iterations", 2, "--json")
    assert result.stdout.count("\n") == 1
    assert list(result.json) == ["lesson", "source", "settings", "rows", "result"]
    assert result.json["lesson"] == "toes"
    assert result.json["settings"] == {"learning_rate": 0.01, "iterations": 2, "freeze": ["toes", "nfans"]}
    assert list(result.json["rows"][0]) == [
        "iteration", "pred", "error", "delta", "weights", "weight_deltas",
    ]  # fmt: skip
    assert [row["weight_deltas"][0] for row in result.json["rows"]] == [0, 0]


def test_the_settings_are_the_options(mnistgd):
    text = mnistgd("lesson", "toes", "--help").stdout
    assert "--learning-rate X" in text
    assert "[default: 0.01]" in text
    assert "--freeze toes|wlrec|nfans" in text
    assert "Grokking Deep Learning" in text


def test_a_divergence_is_shown_and_is_no_failure(mnistgd):
    result = mnistgd("lesson", "toes", "--learning-rate", 1, "--iterations", 1000, "--json")
    assert result.code == 0
    assert result.json["result"]["error"] is None
    assert result.json["rows"][-1]["error"] > 1e300
    shown = mnistgd("lesson", "toes", "--learning-rate", 1, "--iterations", 1000)
    assert shown.code == 0
    assert "the numbers overflowed" in " ".join(shown.stdout.split())


def test_a_name_may_begin_with_a_capital(mnistgd):
    assert mnistgd("lesson", "Hot-Cold", "--iterations", 2) == mnistgd(
        "lesson", "hot-cold", "--iterations", 2
    )


def test_json_may_stand_in_front_of_the_name(mnistgd):
    assert mnistgd("lesson", "--json", "xor") == mnistgd("lesson", "xor", "--json")


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["tose"], "there is no lesson tose", "do you mean toes?"),
        (["hotcold"], "there is no lesson hotcold", "do you mean hot-cold?"),
        (["toes and fans"], "there is no lesson toes and fans", "do you mean toes?"),
        (["toes", "and", "fans", "--json"], "there is no lesson toes and fans", "do you mean toes?"),
        (["hot", "cold", "--help"], "there is no lesson hot cold", "do you mean hot-cold?"),
        (["Trask", "chapter", "6"], "there is no lesson trask chapter 6", "Grokking 6 has streetlights"),
        (["6"], "there is no lesson 6", "Grokking 6 has streetlights"),
        (["--book", "bishop"], "'bishop' is not one of 'grokking', 'nielsen'", "mnistgd lesson --help"),
        (["--book", "nielsen", "toes"], "--book is for the list, not for one lesson", "mnistgd lesson --book nielsen"),
        (["hot-cold", "--step", "0"], "'0' is not a number above 0, at most 1,000,000", "mnistgd lesson hot-cold --help"),
        (["hot-cold", "--iterations", "0"], "is not a whole number from 1", "mnistgd lesson hot-cold --help"),
        (["one-weight", "--iterations", "0"], "is not a whole number from 1", "mnistgd lesson one-weight --help"),
        (["one-weight", "--learning-rate", "0"], "'0' is not a finite number above 0", "mnistgd lesson one-weight --help"),
        (["one-weight", "--weight", "1e7"], "'1e7' is not a number from -1,000,000", "mnistgd lesson one-weight --help"),
        (["streetlights", "--batch", "two"], "'two' is not one of one, full", "mnistgd lesson streetlights --help"),
        (["forward", "--inputs", "1,2"], "'1,2' are not 3 numbers", "mnistgd lesson forward --help"),
        (["toes", "--freeze", "fans"], "'fans' is not one of toes, wlrec, nfans", "mnistgd lesson toes --help"),
        (["toes", "--learning-rate", "0"], "'0' is not a finite number above 0", "mnistgd lesson toes --help"),
        (["toes", "--learning-rate", "nan"], "'nan' is not a finite number above 0", "mnistgd lesson toes --help"),
        (["toes", "--learning-rate", "inf"], "'inf' is not a finite number above 0", "mnistgd lesson toes --help"),
        (["toes", "--learning-rate", ""], "'' is not a finite number above 0", "mnistgd lesson toes --help"),
        (["toes", "--iterations", "0"], "is not a whole number from 1 to 100,000", "mnistgd lesson toes --help"),
        (["toes", "--iterations", "2.5"], "is not a whole number", "mnistgd lesson toes --help"),
        (["toes", "--iterations", "9" * 5000], "is not a whole number", "mnistgd lesson toes --help"),
        (["toes", "--iteration", "2"], "--iteration", "say --iterations"),
        (["toes", "--plot", "-", "--json"], "--plot - and --json both want stdout", "write the file to a path"),
    ],
)  # fmt: skip
def test_wrong_usage(mnistgd, arguments, error, hint):
    result = mnistgd("lesson", *arguments)
    assert result.code == 2
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert error in first
    assert second == f"hint: {hint}"


def test_a_plot_is_a_file_beside_the_table(mnistgd, tmp_path):
    out = tmp_path / "toes.png"
    result = mnistgd("lesson", "toes", "--plot", out)
    assert result.code == 0
    assert result.stdout == mnistgd("lesson", "toes").stdout
    assert out.read_bytes().startswith(b"\x89PNG")
    document = mnistgd("lesson", "toes", "--plot", tmp_path / "again.png", "--json")
    assert document.json["lesson"] == "toes"
    assert (tmp_path / "again.png").read_bytes() == out.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.png", "toes.png"]


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF-"), ("png", b"\x89PNG")])
def test_a_plot_is_of_the_kind_that_its_name_says(mnistgd, tmp_path, ending, start):
    assert mnistgd("lesson", "toes", "--plot", tmp_path / f"toes.{ending}").code == 0
    assert (tmp_path / f"toes.{ending}").read_bytes().startswith(start)


def test_a_plot_on_stdout_is_alone_there(shell, tmp_path):
    picture = tmp_path / "toes.png"
    assert shell("lesson", "toes", "--plot", picture).code == 0
    done = subprocess.run(
        [sys.executable, "-m", "mnistgd", "lesson", "toes", "--plot", "-"], capture_output=True, check=True
    )
    assert done.stdout == picture.read_bytes()


def test_a_plot_that_cannot_be_written(mnistgd, tmp_path):
    result = mnistgd("lesson", "toes", "--plot", tmp_path / "nowhere" / "toes.png")
    assert (result.code, result.stdout) == (1, "")
    assert "does not exist" in result.stderr


def test_without_matplotlib(mnistgd, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = mnistgd("lesson", "toes", "--plot", tmp_path / "toes.png")
    assert (result.code, result.stdout) == (1, "")
    assert "hint: pip install 'mnistgd[plots]', or '.[plots]' in a checkout\n" in result.stderr
    assert mnistgd("lesson", "toes").code == 0


def test_nielsen_prints_the_command_that_does_the_same(mnistgd, few, tmp_path):
    result = mnistgd("lesson", "nielsen", "--epochs", 2, "--seed", 3, "--data", few, "--json").json["result"]
    name, *words = shlex.split(result["command"])
    assert name == "mnistgd"
    trained = mnistgd(*words, "--json", "--out", tmp_path / "w.npz").json
    assert trained["test_accuracy"] == result["test_accuracy"]
