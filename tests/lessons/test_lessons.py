"""What holds for every lesson there is."""

import json
import subprocess
import sys
from dataclasses import fields

import pytest

from mnistgd import lessons
from mnistgd.errors import UsageError
from mnistgd.figures.plots import file_of, new_figure
from mnistgd.lessons import LESSONS
from mnistgd.lessons.books import BOOKS


@pytest.fixture(scope="module", params=LESSONS)
def lesson(request):
    return lessons.load(request.param)


SHORT = {"iterations": 11, "epochs": 1}
"""What makes a lesson short that takes long."""


@pytest.fixture(scope="module")
def settings(lesson, tmp_path_factory):
    """The defaults, but for what takes long; who reads files finds none, and asks nobody else."""
    names = {field.name for field in fields(lesson.settings)}
    if "offline" not in names:
        yield lesson.settings()
        return
    folder = tmp_path_factory.mktemp("lesson")
    # What lasts for a module is made before the environment of a single test is.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MNISTGD_CACHE", str(folder / "cache"))
        environment.chdir(folder)
        short = {name: value for name, value in SHORT.items() if lesson.reports and name in names}
        yield lesson.settings(offline=True, **short)


@pytest.fixture(scope="module")
def outcome(lesson, settings):
    return lesson.run(settings)


@pytest.mark.parametrize("entry", LESSONS.values(), ids=LESSONS)
def test_it_says_where_it_is_from(entry):
    """As it can be looked up: a work with its year, and of a book the chapter and a heading in it."""
    assert entry.source.strip(".") == entry.source
    assert len(entry.title) <= 52
    for place in entry.places:
        assert place.chapter in BOOKS[place.book].chapters
        assert place.section
    if not entry.other:
        assert f", chapter {entry.places[0].chapter}: " in entry.source
        assert f'"{entry.places[0].section}"' in entry.source


def test_every_setting_explains_itself(lesson):
    for field in fields(lesson.settings):
        assert field.metadata["help"].endswith(".")
        assert not set(field.metadata) - {
            "help",
            "choices",
            "minimum",
            "maximum",
            "above",
            "metavar",
            "envvar",
            "default",
        }


def test_what_comes_of_it_is_plain_and_finite(outcome):
    assert outcome.rows
    assert outcome.result
    assert all(isinstance(row, dict) for row in outcome.rows)
    assert all(set(row) == set(outcome.rows[0]) for row in outcome.rows)
    for part in (outcome.rows, outcome.result):
        assert json.loads(json.dumps(part, allow_nan=False)) == part


def test_its_tables_are_rectangles_of_text(outcome):
    assert outcome.tables
    for table in outcome.tables:
        assert table.rows
        assert all(len(row) == len(table.headings) for row in table.rows)
        assert all(isinstance(cell, str) for row in (table.headings, *table.rows) for cell in row)


def test_its_notice_is_a_few_sentences(outcome):
    assert outcome.notice.endswith((".", "?"))
    assert len(outcome.notice) < 800


def test_it_says_the_same_again(lesson, settings, outcome):
    again = lesson.run(settings)
    assert (again.rows, again.result, again.notice) == (outcome.rows, outcome.result, outcome.notice)


@pytest.fixture(scope="module")
def plot(lesson, settings, outcome):
    """A function that draws it on a new figure, and a figure that it has drawn on, with its picture."""

    def draw():
        figure = new_figure()
        lesson.plot(settings, outcome, figure)
        return figure, file_of(figure)

    return draw, *draw()


def test_its_plot_is_drawn(plot):
    _, figure, _ = plot
    drawn = [axes for axes in figure.axes if axes.axison and axes.get_label() != "<colorbar>"]
    assert all(axes.get_xlabel() or axes.get_ylabel() or axes.get_title() for axes in drawn)


def test_its_plot_is_the_same_again(plot):
    draw, _, picture = plot
    assert draw()[1] == picture


@pytest.mark.parametrize(("name", "nearest"), [("tose", "toes"), ("constant_inputs", "constant-inputs")])
def test_an_unknown_lesson_suggests_the_nearest(name, nearest):
    with pytest.raises(UsageError) as caught:
        lessons.load(name)
    assert caught.value.hint == f"do you mean {nearest}?"


def test_a_name_like_none_lists_them_all():
    with pytest.raises(UsageError) as caught:
        lessons.load("zzz")
    assert caught.value.hint == f"lessons: {', '.join(LESSONS)}"


def test_the_list_loads_no_lesson():
    program = (
        "import sys, mnistgd.lessons\n"
        "print([m for m in sys.modules if m.startswith('mnistgd.lessons.') or m == 'numpy'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"{[f'mnistgd.lessons.{name}' for name in ('books', 'catalogue', 'finding')]}\n"


@pytest.mark.parametrize("name", LESSONS)
def test_one_that_takes_long_can_be_watched(name):
    assert LESSONS[name].long is (lessons.load(name).reports is not None)
