"""``mnistgd lesson``: the options of a lesson, whose settings may be of every kind."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mnistgd.lessons.lesson import Lesson, Outcome, Table


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
