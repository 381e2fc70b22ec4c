"""``mnistgd curves``: what it says, and what it leaves out; the picture is tested in test_curves.py above."""

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib")

from matplotlib import get_data_path


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


def test_the_ending_says_what_kind_of_file_it_is(mnistgd, log, tmp_path):
    """Each is the same whenever it is drawn, tells no date, and has the words in it that a PNG shows."""
    first = {}
    for name in ("x.png", "x.odd", "x.svg", "x.SVG", "x.pdf", "y.pdf"):
        assert mnistgd("curves", "run.jsonl", "--out", name).stdout == f"{name}\n"
        first[name] = (tmp_path / name).read_bytes()
    assert first["x.png"] == first["x.odd"]
    assert first["x.svg"] == first["x.SVG"]
    assert first["x.pdf"] == first["y.pdf"]
    assert first["x.png"].startswith(b"\x89PNG")
    root = ElementTree.fromstring(first["x.svg"])
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [each for each in root.iter() if each.tag.endswith("}text")]  # letters are outlines
    assert b"<dc:date>" not in first["x.svg"]
    assert first["x.pdf"].startswith(b"%PDF-")
    assert b"/FontFile2" in first["x.pdf"]
    assert b"/CreationDate" not in first["x.pdf"]


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_words_are_in_the_font_that_is_named(mnistgd, log, tmp_path, kind):
    serif = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
    for name, *font in (("usual",), ("serif", "--font", serif)):
        assert mnistgd("curves", "run.jsonl", "--out", f"{name}.{kind}", *font).code == 0
    usual, other = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("usual", "serif"))
    assert usual != other
    if kind == "pdf":
        assert b"DejaVuSans" in usual
        assert b"DejaVuSerif" in other
        assert b"/Type3" in other


@pytest.mark.parametrize("place", ["folder", "fifo", "variable", "home", "backend"])
def test_nobody_else_sets_matplotlib_up(mnistgd, shell, log, tmp_path, place):
    """Such settings may ask for TeX, for a billion pixels or for another program."""
    assert mnistgd("curves", log, "--out", "plain.png").code == 0
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
