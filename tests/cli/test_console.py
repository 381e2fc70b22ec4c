"""What is said on stderr where no spinner can be drawn."""

import pytest

from mnistgd.cli.console import Reporter, print_json, print_lines


def test_progress_within_one_task_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=False)
    for what in ("downloading", "downloading, 1.5 MB so far", "downloading, 3.1 MB so far", "parsing"):
        reporter.busy(what)
    assert capfd.readouterr() == ("", "downloading …\nparsing …\n")


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=True)
    reporter.busy("downloading")
    reporter.notice("it was damaged")
    assert capfd.readouterr() == ("", "")


def test_numbers_that_are_not_finite_are_null(capfd: pytest.CaptureFixture[str]) -> None:
    print_json({"a": float("nan"), "b": [float("inf"), 1.5, {"c": float("-inf")}], "d": (0.0,)})
    assert capfd.readouterr().out == '{"a": null, "b": [null, 1.5, {"c": null}], "d": [0.0]}\n'


def test_a_result_can_set_no_colour_and_break_no_line(capfd: pytest.CaptureFixture[str]) -> None:
    print_lines(["one \x1b[31m\rred", "two\x07", "a\nb"])
    assert capfd.readouterr().out == "one \\x1b[31m\\rred\ntwo\\x07\na\\nb\n"
