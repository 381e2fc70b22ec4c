"""``mnistgd curves``: what it says, and what it leaves out; the picture is tested in test_curves.py above."""

import os

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


@pytest.mark.parametrize("place", ["folder", "fifo", "variable", "home", "backend"])
def test_nobody_else_sets_matplotlib_up(shell, log, tmp_path, place):
    """Such settings may ask for TeX, for a billion pixels or for another program."""
    assert shell("curves", log, "--out", "plain.png").code == 0
    hostile = "text.usetex: true\nsavefig.dpi: 30000\naxes.facecolor: black\n"
    folder, env = tmp_path / "else", {}
    folder.mkdir()
    if place == "fifo":
        os.mkfifo(folder / "matplotlibrc")
    elif place == "backend":
        env = {"MPLBACKEND": "bogus"}
    else:
        where = folder if place == "folder" else tmp_path / "settings"
        where.mkdir(exist_ok=True)
        (where / "matplotlibrc").write_text(hostile)
        env = {"variable": {"MATPLOTLIBRC": str(where)}, "home": {"MPLCONFIGDIR": str(where)}}.get(place, {})
    result = shell("curves", log, "--out", "there.png", env=env, cwd=folder)
    assert (result.code, result.stdout, result.stderr) == (0, "there.png\n", "")
    assert (folder / "there.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
