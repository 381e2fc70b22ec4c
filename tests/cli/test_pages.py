"""What the pages list is what the program has: help texts, keys of JSON, variables, exit codes.

``RENEW_HELP=1 pytest --no-cov tests/cli/test_pages.py`` writes the help of every command into the pages anew.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import mnistgd as package
from mnistgd.cli.app import EPILOG, app

PACKAGE = Path(package.__file__).parent
PAGES = [PACKAGE / room / "README.md" for room in ("cli", "lessons", "model")]
TEXTS = {page: page.read_text("utf-8") for page in PAGES}

HELP = re.compile(r"(<!-- help: (.*?) -->\n```text\n)(.*?)(```)", re.DOTALL)
KEYS = re.compile(r"<!-- json: (.*?) -->\n\n\| key \|.*\n\|---.*\n((?:\|.*\n)+)")


def commands() -> dict[str, typer.Context]:
    """Every command and group of commands, as it is typed."""

    def below(command, context):
        yield context.command_path, context
        for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
            sub = command.get_command(context, name)
            yield from below(sub, sub.make_context(name, [], parent=context, resilient_parsing=True))

    root = typer.main.get_command(app)
    return dict(below(root, root.make_context("mnistgd", [], resilient_parsing=True)))


COMMANDS = commands()


def test_every_command_has_its_help_on_a_page(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    wanted = {path: context.get_help() for path, context in COMMANDS.items()}
    if os.environ.get("RENEW_HELP"):
        for page in PAGES:
            text = HELP.sub(lambda m: f"{m[1]}{wanted[m[2]]}\n{m[4]}", page.read_text("utf-8"))
            page.write_text(text, "utf-8")
    said = [match[2] for text in TEXTS.values() for match in HELP.finditer(text)]
    assert sorted(said) == sorted(wanted)
    for page in PAGES:
        for _, path, shown, _ in HELP.findall(page.read_text("utf-8")):
            assert shown.rstrip("\n") == wanted[path].rstrip("\n"), f"{path}: RENEW_HELP=1 writes it anew"


def paths(value, path=""):
    """The keys of a JSON document, down to where there are no more."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{path}[]")
        if not value:
            yield f"{path}[]"
    else:
        yield path


def listed(document: str) -> dict[str, str]:
    """Key → the option with which it is there, as a page says; empty for always."""
    (rows,) = [rows for text in TEXTS.values() for name, rows in KEYS.findall(text) if name == document]
    found = {}
    for row in rows.splitlines():
        first, *_, last = [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|"))]
        condition = last.replace("`", "") if re.fullmatch(r"(without )?`--[a-z-]+`", last) else ""
        found |= dict.fromkeys(re.findall(r"`([^`]+)`", first), condition)
    return found


def assert_listed(name: str, document: object, option: str) -> None:
    table = listed(name)
    # Of an object whose keys are names, the page lists none.
    named = [key.removesuffix("{}") for key in table if key.endswith("{}")]
    found = set()
    for path in paths(document):
        whole = [key for key in named if path == key or path.startswith((f"{key}.", f"{key}["))]
        found.add(f"{whole[0]}{{}}" if whole else path)
    assert found == {key for key, condition in table.items() if holds(condition, option)}


def holds(condition: str, option: str) -> bool:
    """Whether a key that is there under `condition` is there where `option`, or none, is given."""
    if condition.startswith("without "):
        return condition != f"without {option}"
    return condition in ("", option)


DOCUMENTS = {
    "mnistgd train": [
        "train --data {few} --epochs 1 --out t.npz",
        "train --data {few} --epochs 1 --out t.npz --validation 0.1",
        "train --data {few} --epochs 1 --out t.npz --frames 2",
        "train --data {few} --epochs 1 --out t.npz --test-data part.npz",
        "train --data part.npz --epochs 1 --out t.npz --test-share 0.5",
        "train --data {few} --epochs 1 --out t.npz --transpose",
    ],
    "mnistgd sweep": [
        "sweep --data {few} --epochs 1 --learning-rate 0.1,1 --out swept",
        "sweep --data {few} --epochs 1 --learning-rate 0.1,1 --out drawn --plot drawn.png",
    ],
    "mnistgd show-weights": [
        "show-weights 2",
        "show-weights --weights hidden.npz --layer 1",
        "show-weights 2 --weights weights.frames.npz --step last",
    ],
    "mnistgd animate": ["animate 2 --size 28"],
    "mnistgd evaluate": ["evaluate"],
    "mnistgd predict": [
        "predict --index 1",
        "predict --index 1 --saw saw.png",
        "predict test.csv --out a.csv",
    ],
    "mnistgd explain": [
        "explain --index 1",
        "explain --index 1 --against 9",
        "explain --index 1 --weights hidden.npz",
    ],
    "mnistgd draw": ["draw"],
    "mnistgd compare": ["compare weights.npz other.npz"],
    "mnistgd export": ["export --to json"],
    "mnistgd import": ["import theirs.npz --mean 0 --std 1 --out imported.npz"],
    "mnistgd curves": ["curves log.jsonl"],
    "mnistgd report": ["report --log log.jsonl"],
    "mnistgd verify": ["verify"],
    "mnistgd lesson": ["lesson", "lesson --book grokking"],
    "mnistgd lesson toes": ["lesson toes"],
    "mnistgd data info": ["data info"],
    "mnistgd data show": ["data show --data {few}"],
    "mnistgd data fetch": ["data fetch --offline"],
    "mnistgd data verify": ["data verify"],
    "mnistgd data clear": ["data clear"],
}
"""For each document, the commands that print it: as it is, and with each option that adds to it."""


@pytest.fixture(scope="module")
def made(few, tmp_path_factory):
    """What the documents are about: a few short runs, images without a test part, and a cache with MNIST."""
    import numpy as np

    folder = tmp_path_factory.mktemp("made")
    np.savez(folder / "theirs.npz", weight=np.ones((10, 784), np.float32))
    with np.load(few) as file:
        np.savez(folder / "part.npz", images=file["train_images"], labels=file["train_labels"])
    training = f"train --data {few} --epochs 1"
    for words in (
        f"{training} --frames 2 --log log.jsonl",
        f"{training} --hidden 4 --out hidden.npz",
        f"{training} --weight-decay 0.1 --out other.npz",
        "data fetch --offline",
    ):
        command = [sys.executable, "-m", "mnistgd", *words.split()]
        env = {**os.environ, "MNISTGD_CACHE": str(folder / "cache")}
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=env)
    row = ",".join(["0"] * 784)
    (folder / "test.csv").write_text(f"{row}\n{row}\n", "utf-8")
    return folder


def test_every_command_has_its_keys_on_a_page():
    groups = {"mnistgd", "mnistgd data"}
    lessons = {path for path in COMMANDS if path.startswith("mnistgd lesson ")} - {"mnistgd lesson toes"}
    assert set(DOCUMENTS) == set(COMMANDS) - groups - lessons
    assert {name for text in TEXTS.values() for name, _ in KEYS.findall(text)} == {*DOCUMENTS, "record"}


@pytest.mark.parametrize(
    ("name", "example"), [(name, example) for name, examples in DOCUMENTS.items() for example in examples]
)
def test_json_has_the_keys_that_its_page_lists(mnistgd, made, few, monkeypatch, name, example):
    monkeypatch.chdir(made)
    if name != "mnistgd data clear":
        monkeypatch.setenv("MNISTGD_CACHE", str(made / "cache"))
    result = mnistgd(*example.format(few=few).split(), "--json")
    assert result.code == 0, result.stderr
    options = {condition.removeprefix("without ") for condition in listed(name).values()} & set(
        example.split()
    )
    assert_listed(name, result.json, options.pop() if options else "")


@pytest.mark.parametrize(
    "words", ["", "--validation 0.1", "--test-data part.npz", "--test-share 0.5", "--transpose"]
)
def test_the_record_has_the_keys_that_its_page_lists(mnistgd, few, made, tmp_path, monkeypatch, words):
    import numpy as np

    monkeypatch.chdir(made)
    out, option = tmp_path / "w.npz", words.partition(" ")[0]
    data = "part.npz" if option == "--test-share" else few
    assert mnistgd("train", "--data", data, "--epochs", 1, "--out", out, *words.split()).code == 0
    with np.load(out) as file:
        assert_listed("record", json.loads(str(file["record"])), option)


def test_every_variable_is_on_the_page():
    sources = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    rows = re.findall(r"^\| (`MNISTGD_.*?) \|", TEXTS[PAGES[0]], re.MULTILINE)
    assert set(re.findall(r"`(MNISTGD_[A-Z]+)`", " ".join(rows))) == set(
        re.findall(r"(?<!_)MNISTGD_[A-Z]+", sources)
    )


def test_every_exit_code_is_on_the_page():
    rows = re.findall(r"^\| (\d+) \|", TEXTS[PAGES[0]], re.MULTILINE)
    assert rows == re.findall(r"\b(\d+) [a-z]", EPILOG)
