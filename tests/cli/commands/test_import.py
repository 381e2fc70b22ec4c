"""``mnistgd import``: weights that another program trained."""

import numpy as np
import pytest

WEIGHT, BIAS = np.linspace(-1, 1, 7840, dtype=np.float32).reshape(10, 784), np.zeros(10, np.float32)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "theirs.npz", **{"fc.weight": WEIGHT, "fc.bias": BIAS})
    return tmp_path


def test_the_other_commands_read_it(mnistgd, here, few):
    result = mnistgd("import", "theirs.npz", "--mean", 0, "--std", 1)
    assert (result.code, result.stdout) == (0, "weights.npz\n")
    assert result.stderr == "nobody knows its settings and images: verify cannot train it again\n"
    for command in (
        "show-weights 2",
        "explain --index 1",
        "evaluate",
        "predict --index 1",
        "export --to json",
    ):
        data = ("--data", few) if command.split()[0] in ("explain", "evaluate", "predict") else ()
        result = mnistgd(*command.split(), *data)
        assert result.code == 0, result.stderr
    unknown = f"nobody knows what the network was trained on; these images ({few}) may be others\n"
    assert mnistgd("evaluate", "--data", few).stderr == unknown
    result = mnistgd("compare", "weights.npz", "weights.npz")
    assert "unknown" in result.stdout
    result = mnistgd("verify")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == "error: weights.npz was trained by another program"


def test_the_document_says_what_is_known(mnistgd, here):
    document = mnistgd("import", "theirs.npz", "--mean", 0.1307, "--std", 0.3081, "--json").json
    assert document["settings"]["epochs"] is None
    assert document["settings"]["loss"] == "cross-entropy"
    assert document["data"] is None
    assert document["weights"] == "weights.npz"


def test_stdin_is_read(shell, here):
    import subprocess
    import sys

    with (here / "theirs.npz").open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "mnistgd", "import", "-", "--mean", "0", "--std", "1"],
            stdin=file, capture_output=True, cwd=here,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b"weights.npz\n")


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        ("theirs.npz", 2, "theirs.npz does not say how its inputs were normalised"),
        ("theirs.npz --mean 0", 2, "--std is missing"),
        ("theirs.npz --mean nan --std 1", 2, "nan is not a number from -1000 to 1000"),
        ("theirs.npz --mean 0 --std 0", 2, "0.0 is not a number from 0.000001 to 1000"),
        ("none.npz --mean 0 --std 1", 1, "cannot read none.npz: no such file"),
        ("theirs.npz --mean 0 --std 1 --out theirs.npz", 2, "would write over theirs.npz"),
        ("theirs.npz --mean 0 --std 1 --class-names a,b", 1, "theirs.npz has 10 classes, not 2"),
        ("theirs.npz --mean 0 --std 1 --out w.csv", 2, "--out writes an .npz file, not .csv"),
        ("text.txt --mean 0 --std 1", 1, "text.txt is neither safetensors nor an .npz file"),
    ],
)
def test_what_cannot_be_imported(mnistgd, here, words, code, error):
    (here / "text.txt").write_text("weights")
    before = {path: path.read_bytes() for path in here.iterdir()}
    result = mnistgd("import", *words.split())
    assert (result.code, result.stdout) == (code, "")
    first, second = result.stderr.splitlines()
    assert error in first
    assert second.startswith("hint: ")
    assert {path: path.read_bytes() for path in here.iterdir()} == before


def test_what_follows_the_outputs_can_be_said(mnistgd, here):
    document = mnistgd("import", "theirs.npz", "--mean", 0, "--std", 1, "--output", "sigmoid", "--json").json
    assert (document["settings"]["loss"], document["settings"]["output"]) == ("squared-error", "sigmoid")
    result = mnistgd("export", "--to", "csv")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr == "error: csv cannot say that the outputs have a sigmoid\nhint: --to json can\n"


def test_a_weights_file_needs_no_import(mnistgd, here, few):
    assert mnistgd("train", "--data", few, "--epochs", 1, "--quiet").code == 0
    result = mnistgd("import", "weights.npz", "--out", "other.npz")
    assert result.code == 1
    assert "is no file of another program" in result.stderr
