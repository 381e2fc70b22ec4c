"""What is said on stderr where no spinner can be drawn."""

import pytest

from mnistgd.cli.displays import Reporter


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
