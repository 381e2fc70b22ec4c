"""``mnistgd lesson``: the list, one lesson, all of them, and what can be wrong with the words."""

import json
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from mnistgd.lessons import LESSONS
from mnistgd.lessons.books import BOOKS
from mnistgd.lessons.lesson import Lesson, Outcome, Report, Table


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


# --- a lesson whose settings are of every kind ------------------------------------------------------


@dataclass(frozen=True)
class EveryKind:
    flag: bool = field(default=False, metadata={"help": "A flag."})
    on: bool = field(default=True, metadata={"help": "Another."})
    word: str = field(default="one", metadata={"help": "A word.", "choices": ("one", "two")})
    file: Path = field(default=Path("f.npz"), metadata={"help": "A file.", "envvar": "MNISTGD_WEIGHTS"})
    rate: float | None = field(default=None, metadata={"help": "A rate.", "default": "as it comes"})
    pair: tuple[float, float] = field(default=(1.0, 2.0), metadata={"help": "Two numbers."})
    some: tuple[int, ...] = field(default=(3,), metadata={"help": "Whole numbers.", "minimum": 1})
    lists: tuple[tuple[float, ...], ...] = field(default=((1.0, 0.0),), metadata={"help": "Lists."})


@pytest.fixture
def every_kind(monkeypatch, mnistgd):
    def run(settings):
        return Outcome([{"nan": float("nan")}], {"inf": float("inf")}, [Table(["a"], [["1"]], "A")], "So.")

    lesson = Lesson(EveryKind, run, lambda settings, outcome, figure: None)
    monkeypatch.setattr("mnistgd.cli.commands.lesson.load", lambda name: lesson)
    return lambda *arguments: mnistgd("lesson", "toes", *arguments)


def test_defaults_of_every_kind(every_kind):
    assert every_kind("--json").json["settings"] == {
        "flag": False,
        "on": True,
        "word": "one",
        "file": "f.npz",
        "rate": None,
        "pair": [1, 2],
        "some": [3],
        "lists": [[1, 0]],
    }


def test_values_of_every_kind(every_kind, monkeypatch):
    monkeypatch.setenv("MNISTGD_WEIGHTS", "mine.npz")
    options = "--flag --no-on --word two --rate 2 --pair=-1,.5 --some 4 --some 5 --lists -1,0,2 --lists 3"
    assert every_kind("--json", *options.split()).json["settings"] == {
        "flag": True,
        "on": False,
        "word": "two",
        "file": "mine.npz",
        "rate": 2,
        "pair": [-1, 0.5],
        "some": [4, 5],
        "lists": [[-1, 0, 2], [3]],
    }


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--lists", "1,2,x"], "'x' is not a finite number"),
        (["--lists", "1,,2"], "'' is not a finite number"),
        (["--lists", ""], "'' is not a finite number"),
        (["--pair", "1"], "'1' are not 2 numbers"),
        (["--pair", "1,2,3"], "'1,2,3' are not 2 numbers"),
        (["--some", "4", "--some", "0"], "'0' is not a whole number from 1 up"),
        (["--word", "three"], "'three' is not one of one, two"),
    ],
)
def test_wrong_values_of_every_kind(every_kind, arguments, error):
    result = every_kind(*arguments)
    assert (result.code, result.stdout) == (2, "")
    assert error in result.stderr


def test_help_of_every_kind(every_kind):
    text = " ".join(every_kind("--help").stdout.split())
    for part in ("--on / --no-on", "--word one|two", "--file FILE", "env var: MNISTGD_WEIGHTS"):
        assert part in text
    for part in ("[default: (as it comes)]", "--pair X,X", "[default: 1.0,2.0]", "--lists X,X,… Lists."):
        assert part in text


def test_numbers_that_are_not_finite_are_null(every_kind):
    document = every_kind("--json").json
    assert document["rows"] == [{"nan": None}]
    assert document["result"] == {"inf": None}


@pytest.fixture
def long_one(monkeypatch, mnistgd):
    """A lesson of three steps, during one of which there may be a signal; its steps that were begun."""
    begun = []

    def run(*arguments, strike=None, number=signal.SIGINT):
        def reports(settings):
            rows = []
            for step in (1, 2, 3):
                begun.append(step)
                rows.append({"step": step})
                if step == strike:
                    signal.raise_signal(number)
                table = Table(["step"], [[str(row["step"])] for row in rows])
                yield Report(
                    f"step {step} of 3", step / 3, Outcome(list(rows), {"steps": step}, [table], "So.")
                )

        lesson = Lesson.watched(EveryKind, reports, None)
        monkeypatch.setattr("mnistgd.cli.commands.lesson.load", lambda name: lesson)
        return mnistgd("lesson", "toes", *arguments), begun

    return run


def test_a_long_one_says_how_far_it_is(long_one):
    result, _ = long_one()
    assert result.stderr == "step 1 of 3 …\nstep 2 of 3 …\nstep 3 of 3 …\n"
    assert result.stdout.endswith("step\n   1\n   2\n   3\n\nNotice: So.\n")
    assert long_one("--quiet", "--json")[0].stderr == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_long_one_that_is_stopped_shows_what_there_is(long_one, number, code):
    result, begun = long_one("--quiet", strike=2, number=number)
    assert begun == [1, 2]
    assert result.code == code
    assert result.stdout.endswith("step\n   1\n   2\n\nNotice: So.\n")
    what = "interrupted" if code == 130 else "terminated"
    assert result.stderr == f"error: {what} when 67% was done\nhint: the result is as far as it came\n"
    document = long_one("--json", strike=1, number=number)[0].json
    assert (document["rows"], document["result"]) == ([{"step": 1}], {"steps": 1})


def test_one_that_is_done_when_it_is_stopped_is_done(long_one):
    assert long_one(strike=3)[0].code == 0


def test_all_is_one_document_a_line(every_kind, mnistgd):
    lines = mnistgd("lesson", "all", "--json").stdout.splitlines()
    assert {json.loads(line)["lesson"] for line in lines} == set(LESSONS)
    text = mnistgd("lesson", "all").stdout
    assert text.count("Notice: So.") == len(LESSONS)
    first, entry = next(iter(LESSONS.items()))
    assert text.startswith(f"{first}: {entry.title}\n=====")


def test_all_ends_with_those_that_take_long(every_kind, mnistgd, monkeypatch):
    monkeypatch.setitem(LESSONS, "toes", replace(LESSONS["toes"], long=True))
    names = [name for name, entry in LESSONS.items() if not entry.long]
    long = [name for name, entry in LESSONS.items() if entry.long]

    def ran(*arguments):
        return [
            json.loads(line)["lesson"]
            for line in mnistgd("lesson", "all", "--json", *arguments).stdout.splitlines()
        ]

    assert ran() == [*names, *long]
    assert ran("--quick") == names
    assert "toes" in long


def test_all_plots_go_into_a_folder(monkeypatch, mnistgd, tmp_path):
    """Which is made if it ends as one does."""

    def run(settings):
        return Outcome([], {}, [], "So.")

    def plot(settings, outcome, figure):
        figure.suptitle("So.")

    monkeypatch.setattr(
        "mnistgd.cli.commands.lesson.load",
        lambda name: Lesson(EveryKind, run, plot),
    )
    monkeypatch.chdir(tmp_path)
    plain = mnistgd("lesson", "all").stdout
    for folder in ("a/b/", "a/b"):  # there is one by now
        assert mnistgd("lesson", "all", "--plot", folder).stdout == plain
        assert {path.name for path in Path("a/b").iterdir()} == {f"{name}.png" for name in LESSONS}
    assert len(mnistgd("lesson", "all", "--json", "--plot", "b/").stdout.splitlines()) == len(LESSONS)


def test_no_lesson_begins_whose_plot_has_no_place(mnistgd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for folder in ("new", "-"):
        assert mnistgd("lesson", "all", "--plot", folder).stdout == ""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert mnistgd("lesson", "all", "--plot", "new/").stdout == ""
    assert not list(tmp_path.iterdir())


def test_all_of_the_real_ones(shell):
    """In reading order, one document a line, each with its source."""
    result = shell("lesson", "all", "--quick", "--json", "--quiet", env={"MNISTGD_OFFLINE": "1"})
    assert (result.code, result.stderr) == (0, "")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [document["lesson"] for document in documents] == [
        name for name, entry in LESSONS.items() if not entry.long
    ]
    for document in documents:
        assert list(document) == ["lesson", "source", "settings", "rows", "result"]
        assert document["source"] == LESSONS[document["lesson"]].source


def test_nielsen_prints_the_command_that_does_the_same(mnistgd, few, tmp_path):
    result = mnistgd("lesson", "nielsen", "--epochs", 2, "--seed", 3, "--data", few, "--json").json["result"]
    name, *words = shlex.split(result["command"])
    assert name == "mnistgd"
    trained = mnistgd(*words, "--json", "--out", tmp_path / "w.npz").json
    assert trained["test_accuracy"] == result["test_accuracy"]
