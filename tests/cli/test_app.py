"""The command itself: its help, its version, and what it loads."""

import os
import re
import subprocess
import sys

import pytest

HEAVY = ["numpy", "PIL", "sklearn", "scipy", "rich", "matplotlib"]


def test_alone_it_prints_help(mnistgd):
    result = mnistgd()
    assert result.code == 0
    assert result.stderr == ""
    assert result.stdout.index("train") < result.stdout.index("show-weights") < result.stdout.index("data")
    assert result.stdout.index("mnistgd train\n") < result.stdout.index("mnistgd show-weights 2\n")


def test_help_and_no_arguments_say_the_same(mnistgd):
    assert mnistgd("--help").stdout == mnistgd("-h").stdout == mnistgd().stdout


def test_every_description_fits(mnistgd):
    for command in ([], ["data"], ["lesson"]):
        text = mnistgd(*command, "--help").stdout
        assert "..." not in text.replace("[ARGS]...", "")
        assert max(map(len, text.splitlines())) <= 80


def test_the_options_of_train_stand_in_groups(mnistgd):
    import typer

    from mnistgd.cli.app import app
    from mnistgd.cli.train_options import GROUPS

    text = mnistgd("train", "--help").stdout
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line[:-1] for line in lines if re.fullmatch(r"[A-Z]\w+:", line)] == [
        name for name in GROUPS if name != "Sweep"
    ]
    listed = text.partition("\nData:\n")[2]
    (train,) = (c for name, c in typer.main.get_command(app).commands.items() if name == "train")
    for option in train.params:
        assert getattr(option, "rich_help_panel", None) in {*GROUPS, None}
        assert len(re.findall(rf"^  (?:-\w, )?{option.opts[0]}[ ,/\n]", listed, re.MULTILINE)) == 1
    order = [listed.index(each) for each in ("Network:", "--hidden", "Descent:", "--seed")]
    assert order == sorted(order)
    # The texts of all groups begin below each other.
    assert {len(line) - len(line.lstrip()) for line in lines[3:]} <= {0, 2, 24}


def test_version(mnistgd):
    from mnistgd import __version__

    assert mnistgd("--version").stdout == f"mnistgd {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], [], ["train", "--help"], ["--version"], ["--no-such-option"]]
)
def test_help_loads_nothing_heavy(arguments):
    program = (
        "import sys\n"
        "from mnistgd.cli import main\n"
        f"sys.argv = ['mnistgd', *{arguments!r}]\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        f"print('loaded:', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], "trian"),
        (["train", "--epochs", "0"], "--epochs"),
        (["train", "--epochs", "ten"], "--epochs"),
        (["train", "--batch-size", "0"], "neither a whole number from 1 up nor 'full'"),
        (["train", "--batch-size", "-3"], "--batch-size"),
        (["train", "--learning-rate", "0"], "not a finite number above 0"),
        (["train", "--learning-rate", "nan"], "not a finite number above 0"),
        (["train", "--learning-rate", "inf"], "not a finite number above 0"),
        (["train", "--weight-decay", "-1"], "not a finite number from 0 up"),
        (["train", "--loss", "hinge"], "hinge"),
        (["train", "--no-such-option"], "--no-such-option"),
    ],
)
def test_wrong_usage(mnistgd, arguments, words):
    result = mnistgd(*arguments)
    assert result.code == 2
    assert result.stdout == ""
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert words in error
    assert hint.startswith("hint: mnistgd ")
    assert hint.endswith("--help")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["-h"], [], ["train", "--help"], ["lesson"], ["data", "--help"], ["--show-completion"]],
)
def test_help_for_nobody(run_anew, tmp_path, arguments):
    done = run_anew(arguments, dict(os.environ), tmp_path, stdout=None)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: cannot write the result: stdout is closed\n")


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that is in use cannot be removed elsewhere")
@pytest.mark.parametrize("command", ["data show --offline", "train --offline --epochs 1 --quiet"])
def test_a_folder_that_is_gone(tmp_path, command):
    (tmp_path / "gone").mkdir()
    script = f'rmdir ../gone; exec "{sys.executable}" -m mnistgd {command}'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path / "gone", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-2:] == [
        "error: the current folder has been removed",
        "hint: cd to another one",
    ]


@pytest.mark.parametrize(
    "words", [{}, {"COMP_WORDS": "mnistgd", "COMP_CWORD": "x"}, {"_MNISTGD_COMPLETE": "bash_complete"}]
)
def test_asked_to_complete_by_no_shell(shell, words):
    result = shell(env={"_MNISTGD_COMPLETE": "complete_bash"} | words)
    assert (result.code, result.stdout) == (1, "")
    assert "error: _MNISTGD_COMPLETE is set, but by no shell that completes\n" in result.stderr
