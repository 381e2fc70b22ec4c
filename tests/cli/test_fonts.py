"""``--font`` and MNISTGD_FONT: what is drawn with them, and what is said where letters are lacking."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

matplotlib = pytest.importorskip("matplotlib")
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SANS, SERIF = FONTS / "DejaVuSans.ttf", FONTS / "DejaVuSerif.ttf"

# Every command that draws words; {} is where the picture goes.
DRAWING = [
    "show-weights all -w w.npz --out {}",
    "evaluate -w w.npz --confusion {}",
    "evaluate -w w.npz --mistakes {}",
    "explain --index 0 -w w.npz --out {}",
    "compare w.npz w.npz --out {}",
    "animate -w w.npz --out {}",
    "curves l.jsonl é.jsonl --out {}",
    "data show --data few.npz --labels é,お,c,d,e,f,g,h,i,j --out {}",
    "lesson rnn --word éaéb --plot {}",
]
NOTE = "the font lacks {}: name one that has them with --font FILE or MNISTGD_FONT"


@pytest.fixture(scope="module")
def made(few, tmp_path_factory):
    """A network whose classes have names in several scripts, and what was kept of its training."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "few.npz").write_bytes(few.read_bytes())
    names = "é,お,ألف,Straße,e,f,g,h,i,j"
    options = f"--data few.npz --labels {names} --out w.npz --log l.jsonl --frames 2 --quiet --epochs 1"
    command = [sys.executable, "-m", "mnistgd", "train", *options.split()]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (folder / "é.jsonl").write_bytes((folder / "l.jsonl").read_bytes())
    return folder


@pytest.fixture
def place(made, monkeypatch):
    monkeypatch.chdir(made)
    return made


@pytest.mark.parametrize("command", DRAWING)
def test_every_command_that_draws_words_takes_a_font(mnistgd, place, monkeypatch, command):
    def drawn(name, *more):
        result = mnistgd(*shlex.split(command.format(name)), *more)
        assert result.code == 0, result.stderr
        return (place / name).read_bytes()

    usual, serif = drawn("usual.png"), drawn("serif.png", "--font", SERIF)
    assert usual != serif != drawn("sans.png", "--font", str(SANS))
    assert drawn("again.png") == usual
    monkeypatch.setenv("MNISTGD_FONT", str(SERIF))
    assert drawn("variable.png") == serif
    monkeypatch.setenv("MNISTGD_FONT", "")
    assert drawn("empty.png") == usual


def test_what_is_lacking_is_said_once(mnistgd, place):
    for command in ("show-weights 0 1 2", "show-weights all", "evaluate --confusion c.png --mistakes m.png"):
        result = mnistgd(*command.split(), "-w", "w.npz")
        assert result.stderr.splitlines() == [NOTE.format("é お أ ل ف ß")]
        assert mnistgd(*command.split(), "-w", "w.npz", "--font", SANS).stderr.splitlines() == [
            NOTE.format("お")
        ]
    assert mnistgd("evaluate", "-w", "w.npz", "--confusion", "c.png", "--quiet").stderr == ""
    assert mnistgd("evaluate", "-w", "w.npz").stderr == ""
    names = "é,è,ê,ë,á,à,â,ä,ó,ò"
    assert mnistgd("data", "show", "--data", "few.npz", "--labels", names, "--font", SANS).stderr == ""


def test_many_letters_that_are_lacking_are_not_all_named(mnistgd, place):
    names = ",".join(chr(0x4E00 + 3 * k) + chr(0x4E01 + 3 * k) + chr(0x4E02 + 3 * k) for k in range(10))
    result = mnistgd("data", "show", "--data", "few.npz", "--labels", names)
    assert result.stderr.startswith("the font lacks 一 丁 丂 ")
    assert " …: name one" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["curves l.jsonl おé.jsonl", "lesson rnn --word おおé"])
def test_plots_say_it_too(mnistgd, place, command):
    (place / "おé.jsonl").write_bytes((place / "l.jsonl").read_bytes())
    out = ["--plot" if "rnn" in command else "--out", "p.png"]
    # What matplotlib draws without one has é.
    assert mnistgd(*command.split(), *out).stderr.splitlines()[-1] == NOTE.format("お")
    assert mnistgd(*command.split(), *out, "--font", SERIF).stderr.splitlines()[-1] == NOTE.format("お")


def test_who_draws_nothing_reads_no_font(mnistgd, place, monkeypatch):
    monkeypatch.setenv("MNISTGD_FONT", "no.ttf")
    for command in ("evaluate -w w.npz", "lesson toes", "lesson toes --help", "data info --data few.npz"):
        assert mnistgd(*command.split()).code == 0
    program = "import sys; from mnistgd.cli.app import run; sys.argv[1:] = ['lesson', 'toes']\n"
    program += "try: run()\nfinally: print('PIL' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["False"]


def test_a_pipe_is_not_waited_for(mnistgd, place):
    import os

    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    os.mkfifo("pipe.ttf")
    result = mnistgd("show-weights", "-w", "w.npz", "--font", "pipe.ttf")
    assert result.code == 1
    assert "there is no font file pipe.ttf" in result.stderr
