"""What is named twice: of inputs none is dropped without a word, of settings the last one counts."""

import pytest
import typer

from mnistgd.cli.app import app
from mnistgd.cli.command import NAMED_ONCE

WRITTEN = {"out", "saw", "confusion", "mistakes", "log", "checkpoint", "plot"}


def options():
    """Every option of every command that takes a value, with the words that call the command."""

    def leaves(command, words):
        if hasattr(command, "list_commands"):
            context = typer.Context(command)
            for name in command.list_commands(context):
                yield from leaves(command.get_command(context, name), [*words, name])
        else:
            yield from ((words, each) for each in command.params if each.param_type_name == "option")

    return [(words, each) for words, each in leaves(typer.main.get_command(app), []) if not each.is_flag]


ONE_OF = [(words, each.opts[0]) for words, each in options() if each.name in NAMED_ONCE and not each.multiple]


@pytest.mark.parametrize(("words", "option"), ONE_OF, ids=[" ".join([*w, o]) for w, o in ONE_OF])
def test_an_input_that_is_named_twice_is_refused(mnistgd, tmp_path, monkeypatch, words, option):
    monkeypatch.chdir(tmp_path)
    result = mnistgd(*words, option, 1, option, 2)
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {option} is given twice, and takes one\nhint: ")


def test_every_option_that_names_what_is_read_is_known():
    named = {
        each.name
        for _, each in options()
        if any(word in (each.metavar or "") for word in ("FILE", "PATH", "MASK", "DIGIT"))
        and not each.multiple
    }
    assert named - WRITTEN <= NAMED_ONCE


def test_of_a_setting_the_last_one_counts(mnistgd, few, tmp_path):
    out = tmp_path / "w.npz"
    command = ("train", "--data", few, "--out", out, "--epochs", 5, "--epochs", 1, "--quiet", "--json")
    assert mnistgd(*command).json["settings"]["epochs"] == 1
