"""What is shown of errors, of time and of what libraries say: nothing, or with ``--debug`` all."""

import os
import re
import subprocess
import sys

import pytest

LOUD = """
import logging, sys, warnings
from mnistgd.cli import main
from mnistgd.datasets import load

load_dataset = load.load_dataset
def loud(*args, **kwargs):
    warnings.warn("a library warns", RuntimeWarning)
    warnings.warn("a library is old", DeprecationWarning)
    logging.getLogger("library").warning("a library logs")
    return load_dataset(*args, **kwargs)

load.load_dataset = loud
sys.argv = ["mnistgd", *sys.argv[1:]]
main()
"""


def loud(few, tmp_path, *options, **env):
    command = [sys.executable, "-c", LOUD, *options, "train", "--data", few, "--epochs", "1", "--quiet"]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **env}, check=True
    )


@pytest.mark.parametrize(
    "env", [{}, {"PYTHONWARNINGS": "default"}, {"PYTHONWARNINGS": "error"}, {"MNISTGD_DEBUG": "no"}]
)
def test_what_libraries_say_is_not_for_the_user(few, tmp_path, env):
    assert loud(few, tmp_path, **env).stderr == ""


@pytest.mark.parametrize(("options", "env"), [(["--debug"], {}), ([], {"MNISTGD_DEBUG": "1"})])
def test_it_is_for_who_looks_for_errors(few, tmp_path, options, env):
    said = loud(few, tmp_path, *options, **env).stderr
    for words in ("a library warns", "a library is old", "a library logs"):
        assert words in said


def test_matplotlib_without_a_home(shell, tmp_path, few):
    """It complains where it finds no folder to write to."""
    (tmp_path / "file").write_text("")
    assert shell("train", "--data", few, "--epochs", 1, "--log", "l.jsonl", "--quiet").code == 0
    done = shell(
        "curves",
        "l.jsonl",
        env={"HOME": str(tmp_path / "file"), "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "MPLCONFIGDIR": ""},
    )
    assert (done.code, done.stdout, done.stderr) == (0, "curves.png\n", "")


@pytest.mark.parametrize(
    "command",
    [
        ["train", "--data", "FEW", "--epochs", "1"],
        ["evaluate", "--data", "FEW"],
        ["show-weights", "2"],
        ["predict", "--data", "FEW", "--index", "1"],
        ["explain", "--data", "FEW", "--index", "1"],
        ["compare", "weights.npz", "weights.npz"],
        ["verify"],
        ["data", "show", "--data", "FEW"],
        ["lesson", "toes"],
    ],
    ids=lambda words: " ".join(words),
)
def test_each_stage_tells_its_time(mnistgd, few, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--epochs", 1).code == 0
    words = [few if word == "FEW" else word for word in command]
    plain = mnistgd(*words)
    assert "debug: " not in plain.stderr
    monkeypatch.setenv("MNISTGD_DEBUG", "1")
    result = mnistgd(*words)
    assert (result.code, len(result.stdout.splitlines())) == (0, len(plain.stdout.splitlines()))
    times = [line for line in result.stderr.splitlines() if line.startswith("debug: ")]
    assert len(times) >= 2
    assert all(re.fullmatch(r"debug: .+ took \d+\.\d{3} s", line) for line in times)


@pytest.mark.parametrize(
    "words", [["evaluate", "-w", "no.npz"], ["train", "--epochs", "0"], ["lesson", "tose"]]
)
def test_a_traceback_only_where_it_is_asked_for(mnistgd, monkeypatch, words):
    assert "Traceback" not in mnistgd(*words).stderr
    monkeypatch.setenv("MNISTGD_DEBUG", "1")
    shown = mnistgd(*words)
    assert shown.stdout == ""
    assert "Traceback (most recent call last):" in shown.stderr
    assert shown.stderr.count("\nerror: ") == 1


def test_a_bug_is_named_as_one(mnistgd, monkeypatch):
    """Whatever nobody thought of: one line, a hint, and no traceback."""

    def bug(*args, **kwargs):
        raise ZeroDivisionError("of\ntwo lines")

    monkeypatch.setattr("mnistgd.model.weights_file.load", bug)
    result = mnistgd("evaluate")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: ZeroDivisionError: of\\ntwo lines",
        "hint: this is a bug in mnistgd; MNISTGD_DEBUG=1 shows where: please report it",
    ]


def test_memory_that_runs_out(mnistgd, monkeypatch):
    def full(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("mnistgd.model.weights_file.load", full)
    result = mnistgd("evaluate")
    assert (result.code, result.stderr.splitlines()[0]) == (1, "error: memory ran out")


def test_files_that_fail_where_nobody_thought_of_it(mnistgd, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError(5, "Input/output error", "disk")

    monkeypatch.setattr("mnistgd.model.weights_file.load", broken)
    result = mnistgd("evaluate")
    assert (result.code, result.stderr.splitlines()[0]) == (1, "error: cannot use disk: input/output error")


@pytest.mark.parametrize("command", ["evaluate --weights", "verify", "train --resume"])
def test_a_name_that_no_file_can_have(mnistgd, command):
    result = mnistgd(*command.split(), "x" * 300)
    error, hint = result.stderr.splitlines()
    assert (result.code, result.stdout) == (1, "")
    assert error.endswith("xxx: file name too long")
    assert hint.startswith("hint: check its name")
