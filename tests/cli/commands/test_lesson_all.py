"""``mnistgd lesson``: one that takes long, and all of them."""

import json
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mnistgd.lessons import LESSONS
from mnistgd.lessons.lesson import Lesson, Outcome, Report, Table


@dataclass(frozen=True)
class Settings:
    """None at all."""


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

        lesson = Lesson.watched(Settings, reports, None)
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


@pytest.fixture
def each_the_same(monkeypatch):
    """Let every lesson be one that says nothing but "So."."""
    lesson = Lesson(Settings, lambda settings: Outcome([], {}, [Table(["a"], [["1"]])], "So."), None)
    monkeypatch.setattr("mnistgd.cli.commands.lesson.load", lambda name: lesson)


def test_all_is_one_document_a_line(each_the_same, mnistgd):
    lines = mnistgd("lesson", "all", "--json").stdout.splitlines()
    assert {json.loads(line)["lesson"] for line in lines} == set(LESSONS)
    text = mnistgd("lesson", "all").stdout
    assert text.count("Notice: So.") == len(LESSONS)
    first, entry = next(iter(LESSONS.items()))
    assert text.startswith(f"{first}: {entry.title}\n=====")


def test_all_ends_with_those_that_take_long(each_the_same, mnistgd, monkeypatch):
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
        lambda name: Lesson(Settings, run, plot),
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
