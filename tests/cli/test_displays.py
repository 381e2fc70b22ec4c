"""What is said on stderr where no spinner can be drawn."""

import time

import pytest

from mnistgd.cli.displays import Reporter


def test_progress_within_one_task_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=False)
    for what in ("downloading", "downloading, 1.5 MB so far", "downloading, 3.1 MB so far", "parsing"):
        reporter.busy(what)
    assert capfd.readouterr() == ("", "downloading …\nparsing …\n")


def test_a_bar_is_one_line_where_none_can_be_drawn(capfd: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=False)
    for share in (0.0, 0.5):
        reporter.busy("reading 6 pictures", share)
    assert capfd.readouterr() == ("", "reading 6 pictures …\n")


def test_a_bar_says_how_far_it_is(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    with Reporter(quiet=False) as reporter:
        reporter.drawing = True
        reporter.busy("reading 6 pictures", 0.0)
        reporter.busy("reading 6 pictures", 0.5)
        time.sleep(0.3)
    err = capfd.readouterr().err
    assert "reading 6 pictures" in err
    assert "50%" in err
    assert "━" in err


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=True)
    reporter.busy("downloading")
    reporter.notice("it was damaged")
    assert capfd.readouterr() == ("", "")


def test_a_spinner_without_threads_is_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    reporter = Reporter(quiet=False)
    reporter.drawing = True
    with reporter:
        reporter.busy("reading")
        reporter.busy("reading, 1 MB so far")
    assert capsys.readouterr().err.splitlines()[-1].endswith("reading …")
