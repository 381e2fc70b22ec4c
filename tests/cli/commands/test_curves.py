"""``mnistgd curves``: what it says, and what it leaves out; the picture is tested in test_curves.py above."""

import pytest

pytest.importorskip("matplotlib")


@pytest.fixture
def log(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    args = ("--data", few, "--epochs", 3, "--validation", 0.2, "--log", "run.jsonl", "--quiet")
    assert mnistgd("train", *args).code == 0
    return tmp_path / "run.jsonl"


def test_a_log_that_is_being_written_is_drawn_up_to_its_last_whole_line(mnistgd, log):
    log.write_bytes(log.read_bytes()[:-20])
    result = mnistgd("curves", "run.jsonl", "--json")
    assert result.code == 0
    assert [run["epochs"] for run in result.json["runs"]] == [2]
    assert result.stderr == "line 3 of run.jsonl is not whole yet; it is left out\n"


def test_two_runs_in_one_log_are_refused(mnistgd, log):
    log.write_bytes(log.read_bytes() * 2)
    result = mnistgd("curves", "run.jsonl")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == "error: line 4 of run.jsonl is epoch 1, after epoch 3"


def test_a_name_of_two_lines_is_one_in_the_legend_and_itself_in_json(mnistgd, log):
    log.rename("two\nlines.jsonl")
    assert mnistgd("curves", "two\nlines.jsonl", "--out", "two\nlines.png").stdout == "two\\nlines.png\n"
    assert mnistgd("curves", "two\nlines.jsonl", "--json").json["runs"][0]["history"] == "two\nlines.jsonl"
