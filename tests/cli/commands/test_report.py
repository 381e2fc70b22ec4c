"""``mnistgd report``: all about a network on one page."""

import re
import shlex
import signal
import subprocess
import sys
from html import unescape

import numpy as np
import pytest

from mnistgd.model import weights_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory, few):
    """Networks, each with its history."""
    place = tmp_path_factory.mktemp("networks")
    for name, options in {
        "w": "",
        "b": "--weight-decay 0.1",
        "h": "--hidden 8,4 --activation tanh --seed 7 --validation 0.2 --patience 3",
        "s": "--loss squared-error --optimizer momentum --batch-size full --deskew --standardise",
        "n": "--class-names zero,1,2,3,4,5,6,7,8,'n i n e' --learning-rate 0.125 --init uniform",
    }.items():
        words = f"train --quiet --data {few} --epochs 2 --out {name}.npz --log {name}.jsonl {options}"
        command = [sys.executable, "-m", "mnistgd", *shlex.split(words)]
        subprocess.run(command, cwd=place, check=True, capture_output=True)
    return place


@pytest.fixture
def place(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return folder


def test_a_page_is_written_and_named(mnistgd, place):
    result = mnistgd("report", "--weights", "w.npz")
    assert (result.code, result.stdout, result.stderr) == (0, "report.html\n", "")
    html = (place / "report.html").read_text("utf-8")
    assert html.startswith("<!doctype html>")
    assert "No log was given" in html
    document = mnistgd(
        "report", "--weights", "w.npz", "--log", "w.jsonl", "--compare", "b.npz", "--json"
    ).json
    assert document["file"] == "report.html"
    assert document["weights_sha256"] == weights_file.network_sha256(weights_file.load(place / "w.npz"))
    assert document["accuracy"] == mnistgd("evaluate", "--weights", "w.npz", "--json").json["accuracy"]
    assert document["log_of_this_run"] is True
    kinds = [each["true_digit"] == each["digit"] for each in document["explained"]]
    assert kinds[:2] == [True, False]
    assert "Beside another network" in (place / "report.html").read_text("utf-8")


def test_the_same_bytes_in_another_process(shell, place):
    words = ["report", "--weights", "w.npz", "--log", "w.jsonl", "--compare", "b.npz"]
    for name, seed in (("1.html", "1"), ("2.html", "2")):
        result = shell(*words, "--out", name, env={"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"}, cwd=place)
        assert result.code == 0, result.stderr
    assert (place / "1.html").read_bytes() == (place / "2.html").read_bytes()


@pytest.mark.parametrize("name", ["w", "b", "h", "s", "n"])
def test_its_commands_make_the_same_weights_again(mnistgd, place, name):
    assert mnistgd("report", "--weights", f"{name}.npz", "--log", f"{name}.jsonl").code == 0
    html = unescape((place / "report.html").read_text("utf-8"))
    train, verify = (re.search(rf"mnistgd {word} [^<\n]*", html)[0] for word in ("train", "verify"))
    assert mnistgd(*shlex.split(train)[1:], "--quiet").code == 0
    first, again = (weights_file.load(place / f"{name}{ending}.npz") for ending in ("", "-again"))
    assert first.settings == again.settings
    assert first.class_names == again.class_names
    assert all((array == again.params[key]).all() for key, array in first.params.items())
    assert (place / f"{name}-again.jsonl").exists()
    assert mnistgd(*shlex.split(verify)[1:], "--quiet").stdout.startswith("identical")


def test_no_command_is_said_to_make_an_interrupted_run_again(mnistgd, few, tmp_path):
    from mnistgd import load_data, train

    path = tmp_path / "i.npz"
    train(load_data(few), epochs=50, on_epoch=lambda _: signal.raise_signal(signal.SIGINT)).save(path)
    assert mnistgd("report", "--weights", path, "--out", tmp_path / "i.html").code == 0
    html = (tmp_path / "i.html").read_text("utf-8")
    assert "mnistgd train --" not in html.partition("How training went")[0]
    assert "Its training was interrupted." in html
    assert "mnistgd verify " in html


def test_a_log_of_another_run_is_said(mnistgd, place):
    result = mnistgd("report", "--weights", "w.npz", "--log", "b.jsonl")
    assert (result.code, result.stdout) == (0, "report.html\n")
    assert result.stderr == "b.jsonl is the log of another run, or not of all of this one\n"
    result = mnistgd("report", "--weights", "w.npz", "--log", "b.jsonl", "--json", "--quiet")
    assert (result.stderr, result.json["log_of_this_run"]) == ("", False)


def test_streams(shell, place):
    command = [sys.executable, "-m", "mnistgd", "report", "--weights", "-", "--out", "-"]
    with (place / "w.npz").open("rb") as stream:
        done = subprocess.run(command, stdin=stream, capture_output=True, cwd=place)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"<!doctype html>")
    assert b"mnistgd verify weights.npz" in done.stdout


@pytest.mark.parametrize(("missing", "extra"), [("jinja2", "report"), ("matplotlib", "plots")])
def test_an_extra_that_is_missing_is_named(shell, place, tmp_path, missing, extra):
    (tmp_path / f"{missing}.py").write_text("raise ImportError", "utf-8")
    words = ["report", "--weights", "w.npz", "--log", "w.jsonl", "--out", tmp_path / "r.html"]
    result = shell(*words, env={"PYTHONPATH": str(tmp_path)}, cwd=place)
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-2].startswith("error: ")
    hint = f"hint: pip install 'mnistgd[{extra}]', or '.[{extra}]' in a checkout"
    assert result.stderr.splitlines()[-1] == hint
    assert not (tmp_path / "r.html").exists()


def test_without_a_log_there_is_no_need_of_matplotlib(shell, place, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError", "utf-8")
    result = shell("report", "--weights", "w.npz", env={"PYTHONPATH": str(tmp_path)}, cwd=place)
    assert result.code == 0


def test_other_images_are_said(mnistgd, place, few, tmp_path):
    with np.load(few) as file:
        np.savez(tmp_path / "other.npz", **dict(file) | {"test_images": file["test_images"][::-1]})
    result = mnistgd("report", "--weights", "w.npz", "--data", tmp_path / "other.npz")
    assert (result.code, result.stdout) == (0, "report.html\n")
    assert "are not those that the network was trained and tested on" in result.stderr
    assert "are not those" in (place / "report.html").read_text("utf-8")
