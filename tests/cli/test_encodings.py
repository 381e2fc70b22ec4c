"""What is said, in encodings that lack some of its signs: it is said in plainer ones, and is no error."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from mnistgd.cli.app import app

WHOLE: dict[str, str] = {}
"""Every help in UTF-8."""
ENCODINGS = ["cp1252", "cp437", "cp850", "latin-1", "koi8-r", "cp1250", "cp1251"]


def pages() -> Iterator[list[str]]:
    """Every command that has a help of its own, and every group of them."""

    def below(command: object, path: list[str]) -> Iterator[list[str]]:
        yield path
        if hasattr(command, "list_commands"):
            context = typer.Context(command)  # type: ignore[arg-type]
            for name in command.list_commands(context):
                yield from below(command.get_command(context, name), [*path, name])  # type: ignore[attr-defined]

    yield from below(typer.main.get_command(app), [])


Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, in_process: Callable[..., int]) -> Say:
    """Run ``mnistgd ARGS`` with streams as Python opens them in an encoding."""

    def said(encoding: str, *args: str) -> tuple[int, str, str]:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        for name, stream in zip(("stdout", "stderr"), streams, strict=True):
            monkeypatch.setattr(sys, name, stream)
        code = in_process(*args)
        texts = [stream.buffer.getvalue().decode(encoding) for stream in streams]  # type: ignore[attr-defined]
        return code, texts[0], texts[1]

    return said


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_help_is_said(say: Say, encoding: str) -> None:
    """Word for word as in UTF-8, but for signs that have a likeness."""
    lacking = set()
    for words in pages():
        code, text, errors = say(encoding, *words, "--help")
        assert (code, errors) == (0, "")
        assert "\\" not in text, words
        name = " ".join(words)
        whole = WHOLE[name] = WHOLE.get(name) or say("utf-8", *words, "--help")[1]
        missing = {sign for sign in whole if not sign.encode(encoding, "ignore")}
        assert len(text.splitlines()) == len(whole.splitlines())
        assert text.count("?") == whole.count("?")
        assert missing or text == whole
        lacking |= missing
    assert "→" in lacking


@pytest.mark.parametrize("encoding", [*ENCODINGS, "ascii"])
def test_results_and_errors_are_said(say: Say, encoding: str) -> None:
    """Those of lessons have powers, Greek letters and fractions; an error names what a user typed."""
    for name in ("toes", "outputs", "optimizers"):
        code, text, _ = say(encoding, "lesson", name)
        assert code == 0
        assert "\\" not in text
        assert "Notice: " in text
    code, text, errors = say(encoding, "evaluate", "--weights", "コ→.npz")
    assert (code, text) == (1, "")
    assert errors.startswith("error: ")
    assert "\\u30b3->.npz" in errors


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_the_same_in_all(say: Say, encoding: str) -> None:
    for words in (["lesson", "toes"], ["lesson"]):
        assert say(encoding, *words, "--json") == say("utf-8", *words, "--json")


def test_in_a_process_of_its_own(run_anew: Callable[..., object], tmp_path: Path) -> None:
    done = run_anew(["--help"], {**os.environ, "PYTHONIOENCODING": "cp1252"}, tmp_path)
    assert done.returncode == 0  # type: ignore[attr-defined]
    assert b"Train a 784->10 network" in done.stdout  # type: ignore[attr-defined]
