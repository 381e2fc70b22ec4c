"""What is said on stderr where no spinner can be drawn."""

import pytest

from mnistgd.cli.console import Reporter


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
