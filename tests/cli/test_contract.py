"""The contract with the shell, held against every command there is.

A new command fails here until `EXAMPLES` shows how it is called.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import typer

from mnistgd.cli.app import app

ODD = "a [bold]b :smile: é – \"c' $(d)\nf"
"""What a file may be called: markup, emoji, quotes, what a shell would run, and a second line."""

EXAMPLES = {
    "train": "--data {few} --epochs 1 --out {out}.npz",
    "sweep": "--data {few} --epochs 1 --learning-rate 0.1,1 --out {out}",
    "show-weights": "2 --weights {weights} --out {out}.png",
    "evaluate": "--weights {weights} --confusion {out}.png",
    "predict": "{picture} --weights {weights} --saw {out}.png",
    "explain": "{picture} --weights {weights} --out {out}.png",
    "draw": "--weights {weights} --data {few} --out {out}.html",
    "compare": "{weights} {weights} --out {out}.png",
    "animate": "2 --weights {weights} --size 28 --out {out}.gif",
    "export": "--to json --weights {weights} --out {out}.json",
    "import": "{theirs} --mean 0 --std 1 --out {out}.npz",
    "curves": "{log} --out {out}.png",
    "report": "--weights {weights} --log {log} --out {out}.html",
    "verify": "{weights}",
    "lesson": "",
    "lesson NAME": "",
    "data info": "--data {few}",
    "data show": "--data {few} --count 10 --out {out}.png",
    "data fetch": "--offline",
    "data verify": "",
    "data clear": "",
}
"""How each command is called; {out} is where it may write, and the other names are files to read."""

PRETENDED = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "FORCE_COLOR": "1",
    "PY_COLORS": "1",
    "CLICOLOR_FORCE": "1",
    "TTY_COMPATIBLE": "1",
    "COLORTERM": "truecolor",
    "TERM": "xterm-256color",
}
"""With what an environment may say that a pipe can be drawn on."""


def commands() -> list[str]:
    """Every command as it is typed; of the lessons, which are all made in one way, one."""

    def leaves(command, path):
        if not hasattr(command, "list_commands"):
            yield path
        elif path == "lesson":
            yield from (path, "lesson NAME")
        else:
            context = typer.Context(command)
            for name in command.list_commands(context):
                yield from leaves(command.get_command(context, name), f"{path} {name}".strip())

    return list(leaves(typer.main.get_command(app), ""))


def test_every_command_has_an_example():
    assert set(commands()) == set(EXAMPLES)


@pytest.fixture(scope="module")
def files(few, tmp_path_factory):
    """One of each file that a command reads, in a folder of an odd name; and a cache with MNIST."""
    folder = tmp_path_factory.mktemp("files") / ODD
    folder.mkdir()
    found = {"few": folder / "few.npz", "weights": folder / "w.npz", "log": folder / "l.jsonl"}
    found |= {
        "picture": folder / "p.png",
        "theirs": folder / "t.npz",
        "cache": tmp_path_factory.mktemp("cache"),
    }
    found["few"].write_bytes(few.read_bytes())
    options = ["--data", found["few"], "--epochs", "2", "--out", found["weights"], "--log", found["log"]]
    first = [
        ["train", *options, "--frames", "3", "--quiet"],
        ["data", "fetch", "--offline", "--quiet"],
        ["curves", found["log"], "--out", os.devnull],  # so that matplotlib looks for its fonts once
    ]
    for words in first:
        command = [sys.executable, "-m", "mnistgd", *words]
        subprocess.run(command, check=True, env=environment(found["cache"]), stdout=subprocess.DEVNULL)

    from PIL import Image

    np.savez(found["theirs"], weight=np.ones((2, 784), np.float32))
    with np.load(few) as data:
        ink = Image.fromarray(255 - data["test_images"][0])
    ink.resize((112, 112)).save(found["picture"])
    return {name: str(path) for name, path in found.items()}


def environment(cache):
    """That of a test is not there yet when what lasts for a module is made."""
    plain = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("MNISTGD_") and not key.lower().endswith("_proxy") and key not in PRETENDED
    }
    return plain | {"MNISTGD_CACHE": str(cache), "HOME": str(cache), "HTTPS_PROXY": "http://127.0.0.1:9"}


@pytest.fixture(scope="module", params=EXAMPLES)
def call(request, files, tmp_path_factory, run_anew, run_forked, in_terminal):
    return Call(request.param, files, tmp_path_factory.mktemp("call"), run_anew, run_forked, in_terminal)


class Call:
    """A command that works, called with files of odd names in every way that there is to call it."""

    def __init__(self, command, files, folder, run_anew, run_forked, in_terminal):
        self.folder, self.run_anew, self.run_forked, self.in_terminal = (
            folder,
            run_anew,
            run_forked,
            in_terminal,
        )
        self.env = environment(folder / "cache" if command == "data clear" else files["cache"])
        self.words = ["lesson", "toes"] if command == "lesson NAME" else command.split()
        self.arguments = EXAMPLES[command].split()
        self.files = files
        self.odd = []
        self.quiet = ["--quiet"] if has_option(self.words, "--quiet") else []
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            names = ["json", "text", "reader", "full", "closed", "deaf", "xterm", "dumb", "plain", "progress"]
            self.done = dict(
                zip(names, pool.map(lambda name: getattr(self, f"_{name}")(), names), strict=True)
            )

    def _command(self, scenario):
        place = self.folder / scenario / ODD
        place.mkdir(parents=True)
        words = [word.format(**self.files, out=place / "out") for word in self.arguments]
        self.odd += [word for word in words if ODD in word]
        return [*self.words, *words]

    def _run(self, command, env, **streams):
        return self.run_forked(command, self.env | env, self.folder, **streams)

    def _json(self):
        return self._run([*self._command("json"), "--json"], PRETENDED | {"COLUMNS": "40"}, stdin=None)

    def _text(self):
        """As a shell calls it, from the beginning of Python on."""
        env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONWARNINGS": "default", "NO_COLOR": "1"}
        env = self.env | PRETENDED | {"COLUMNS": "40"} | env
        return self.run_anew([*self._command("text"), *self.quiet], env, self.folder, stdin=None)

    def _reader(self):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return self._run(self._command("reader"), {}, stdout=writer)
        finally:
            os.close(writer)

    def _full(self):
        if not FULL.exists():
            return None
        with FULL.open("wb") as full:
            return self._run(self._command("full"), {}, stdout=full.fileno())

    def _closed(self):
        return self._run(self._command("closed"), {}, stdout=None)

    def _deaf(self):
        """What cannot be said on stderr keeps no result from being made."""
        if not FULL.exists():
            return self._run(self._command("deaf"), {}, stderr=None)
        with FULL.open("wb") as full:
            return self._run(self._command("deaf"), {}, stderr=full.fileno())

    def _xterm(self):
        return self._shown("xterm", ("stdout",), TERM="xterm")

    def _dumb(self):
        return self._shown("dumb", ("stdout", "stderr"), TERM="dumb")

    def _plain(self):
        return self._shown("plain", ("stdout", "stderr"), TERM="xterm", NO_COLOR="1")

    def _progress(self):
        return self._shown("progress", ("stderr",), "--json", TERM="xterm")

    def _shown(self, scenario, terminals, *options, **env):
        command = [*self._command(scenario), *options]
        return self.in_terminal(
            *command, cwd=self.folder, terminals=terminals, columns=20, env=self.env | env
        )


FULL = Path("/dev/full")


def has_option(words, option):
    command = typer.main.get_command(app)
    for word in words:
        command = command.get_command(typer.Context(command), word)
    return any(option in parameter.opts for parameter in command.params)


def texts_in(value):
    """All strings of a JSON document."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_in(item)


def test_json_in_a_pipe(call):
    """One document in one line, names as they are, and no codes; whatever the environment pretends."""
    done = call.done["json"]
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.isascii()
    assert done.stdout.count(b"\n") == 1
    assert b"\x1b" not in done.stdout + done.stderr
    texts = list(texts_in(json.loads(done.stdout)))
    assert not call.odd or any(odd in texts for odd in call.odd)


def test_text_in_a_pipe(call):
    """Nothing but the result, which holds no codes and no letters that the pipe has not."""
    done = call.done["text"]
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.endswith(b"\n")
    assert done.stdout.isascii()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stdout + done.stderr)
    assert b"Warning" not in done.stderr
    assert done.stderr == b"" or not call.quiet


def test_the_reader_leaves(call):
    """As of ``| head -1``, but gone before anything is written: no error, and no complaint."""
    done = call.done["reader"]
    assert done.returncode == 0
    assert not re.search(rb"error|Traceback|Broken|Exception", done.stderr)


READERS = [
    (command, name)
    for command, example in EXAMPLES.items()
    for name in ("weights", "picture", "log", "theirs")
    if f"{{{name}}}" in example and (command, name) != ("animate", "weights")  # its snapshots lie beside it
]


@pytest.mark.parametrize(("command", "name"), READERS)
def test_stdin_is_a_file(command, name, files, tmp_path, run_forked):
    """What comes through a pipe as ``-`` is read as the file is."""
    example = EXAMPLES[command].replace("{out}", str(tmp_path / "out"))

    def document(example, **streams):
        words = [*command.split(), *(word.format(**files) for word in example.split()), "--json"]
        done = run_forked(words, environment(files["cache"]), tmp_path, **streams)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    content = Path(files[name]).read_bytes()
    assert len(content) <= PIPE_HOLDS
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    piped = document(example.replace(f"{{{name}}}", "-", 1), stdin=reader)
    os.close(reader)
    assert without_names(piped) == without_names(document(example))


PIPE_HOLDS = 1 << 16
"""Bytes that a pipe takes before anybody reads."""


def without_names(value):
    """A JSON document without the names of files."""
    if isinstance(value, dict):
        named = ("weights", "image", "history", "saw", "file", "imported")
        return {key: without_names(item) for key, item in value.items() if key not in named}
    return [without_names(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("full", "error: cannot write the result to stdout: no space left on device"),
        ("closed", "error: cannot write the result: stdout is closed"),
    ],
)
def test_stdout_takes_nothing(call, how, message):
    done = call.done[how]
    if done is None:
        pytest.skip("this system has no /dev/full")
    assert done.returncode == 1
    error, hint = done.stderr.decode().splitlines()[-2:]
    assert error == message
    assert hint.startswith("hint: ")


def test_nobody_hears_stderr(call):
    assert call.done["deaf"].returncode == 0
    assert call.done["deaf"].stdout


COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CODE = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")


def lines_of(text):
    """What stands on each line, but for the numbers, which may be times, and for the scenario's folder."""
    return [re.sub(r"[0-9.]+|/(deaf|xterm)/", "0", line).rstrip() for line in CODE.sub("", text).splitlines()]


def test_a_terminal_of_20_columns(call):
    """It says what it says in a pipe, line by line: nothing is cut or wrapped."""
    shown = call.done["xterm"]
    assert shown.code == 0, shown.stderr
    found = lines_of(shown.stdout)
    for line in lines_of(call.done["deaf"].stdout.decode()):
        assert line in found


def test_a_terminal_that_knows_no_codes(call):
    assert call.done["dumb"].code == 0
    assert "\x1b" not in call.done["dumb"].stdout


def test_no_colour(call):
    assert call.done["plain"].code == 0
    assert not COLOUR.search(call.done["plain"].stdout)


def test_progress_on_a_terminal_of_20_columns(call):
    """Beside it, stdout is a pipe and holds the result alone."""
    shown = call.done["progress"]
    assert shown.code == 0, shown.stderr
    assert isinstance(shown.json, dict)
    assert "Traceback" not in shown.stderr
