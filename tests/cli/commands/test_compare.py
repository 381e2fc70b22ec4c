"""``mnistgd compare``: two networks beside each other."""

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures.palettes import DIVERGING
from mnistgd.model import weights_file


@pytest.fixture(scope="module")
def networks(tmp_path_factory, few):
    """Two that were really trained, and one that tells other classes apart."""
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("networks")
    with np.load(few) as file:
        np.savez(folder / "fewer.npz", **{name: array[:150] for name, array in file.items()})
    names = "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
    for name, *options in (
        ("a.npz", "--epochs", "2"),
        ("b.npz", "--epochs", "3", "--deskew", "--weight-decay", "0.1"),
        ("clothes.npz", "--epochs", "1", "--class-names", names),
        ("hidden.npz", "--epochs", "1", "--hidden", "8"),
        ("other.npz", "--epochs", "2", "--data", folder / "fewer.npz"),
    ):
        images = () if "--data" in options else ("--data", few)
        command = [sys.executable, "-m", "mnistgd", "train", "--quiet", "--out", folder / name, *images]
        subprocess.run([*map(str, command), *map(str, options)], check=True, capture_output=True)
    return folder


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_summary_for_people(mnistgd, networks):
    result = mnistgd("compare", networks / "a.npz", networks / "b.npz")
    assert (result.code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == f"A  {networks / 'a.npz'}"
    assert lines[1] == f"B  {networks / 'b.npz'}"
    found = {line[:13].strip(): line[13:].split() for line in lines[3:8]}
    accuracies = [
        weights_file.load(networks / name).record["results"]["test_accuracy"] for name in ("a.npz", "b.npz")
    ]
    assert found["test accuracy"] == [f"{accuracy:.2%}" for accuracy in accuracies]
    assert found["epochs"] == ["2", "3"]
    assert found["deskew"] == ["no", "yes"]
    assert found["weight decay"] == ["0", "0.1"]
    assert lines[-1] == "compare.png"
    correlations = [float(line.split()[1]) for line in lines[-12:-2]]
    assert all(0.2 < correlation < 1 for correlation in correlations)


def test_json(mnistgd, networks):
    result = mnistgd("compare", networks / "a.npz", networks / "b.npz", "--json", "--out", "x.png")
    assert set(result.json) == {"networks", "same_data", "settings", "per_digit", "file"}
    assert result.json["settings"] == {
        "epochs": [2, 3], "weight_decay": [0.0, 0.1], "deskew": [False, True],
    }  # fmt: skip
    assert result.json["same_data"] is True
    a, b = (weights_file.load(networks / name).weights for name in ("a.npz", "b.npz"))
    wanted = [np.corrcoef(a[:, digit], b[:, digit])[0, 1] for digit in range(10)]
    assert [each["correlation"] for each in result.json["per_digit"]] == pytest.approx(wanted, abs=1e-5)


def test_the_picture_shows_a_and_b_and_their_difference_on_one_scale(mnistgd, networks, tmp_path):
    assert mnistgd("compare", networks / "a.npz", networks / "b.npz").code == 0
    a, b = (weights_file.load(networks / name).weights for name in ("a.npz", "b.npz"))
    picture = Image.open(tmp_path / "compare.png")
    limit = max(np.abs(array).max() for array in (a, b, a - b))
    assert float(picture.text["limit"]) == pytest.approx(limit)
    pixels = np.asarray(picture)
    for row, weights in enumerate((a, b, a - b)):
        shown = pixels[116 + row * 122 :: 4, 97 + 7 * 122 :: 4][:28, :28]
        np.testing.assert_array_equal(shown, DIVERGING.colours(weights[:, 7].reshape(28, 28) / limit))


def test_a_network_and_itself(mnistgd, networks):
    result = mnistgd("compare", networks / "a.npz", networks / "a.npz")
    assert "settings       the same\n" in result.stdout
    assert result.stdout.count(" 1.000\n") == 10


def test_different_images_are_told(mnistgd, networks):
    result = mnistgd("compare", networks / "a.npz", networks / "other.npz")
    assert str(networks / "fewer.npz") in result.stdout
    assert "The images differ, so the accuracies are not of one test." in result.stdout


def test_the_picture_on_stdout(shell, networks):
    import subprocess
    import sys

    command = [sys.executable, "-m", "mnistgd", "compare", "a.npz", "b.npz", "--out", "-"]
    done = subprocess.run(command, capture_output=True, cwd=networks)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"\x89PNG")


def test_in_the_terminal(on_terminal, networks):
    shown = on_terminal(
        "compare", "a.npz", "b.npz", "--out", "/dev/null", cwd=networks, columns=150, lines=80
    ).stdout
    assert (
        shown.index("test accuracy")
        < shown.index("digit 3: A − B")
        < shown.index("ink speaks more for it in A")
    )
    assert shown.endswith("/dev/null\n")
    assert (
        "▀"
        not in on_terminal("compare", "a.npz", "b.npz", "--json", "--out", "/dev/null", cwd=networks).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["a.npz", "clothes.npz"], 1, "different classes"),
        (["a.npz", "hidden.npz"], 1, "hidden layers"),
        (["a.npz", "missing.npz"], 1, "there is no weights file"),
        (["a.npz", "."], 1, "is a folder"),
        (["a.npz"], 2, "Missing argument"),
        (["a.npz", "b.npz", "--out", "-", "--json"], 2, "both want stdout"),
        (["a.npz", "b.npz", "--out", "no/such/folder/x.png"], 1, "does not exist"),
        (["a.npz", "b.npz", "--palette", "jet"], 2, "jet"),
    ],
)
def test_what_cannot_be(mnistgd, networks, monkeypatch, arguments, code, words):
    monkeypatch.chdir(networks)
    before = sorted(networks.iterdir())
    result = mnistgd("compare", *arguments)
    assert (result.code, result.stdout) == (code, "")
    error, hint = result.stderr.splitlines()
    assert words in error
    assert hint.startswith("hint: ")
    assert sorted(networks.iterdir()) == before


def test_names_of_files_are_one_line_each(mnistgd, networks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a\nb.npz").write_bytes((networks / "a.npz").read_bytes())
    shown = mnistgd("compare", "a\nb.npz", "a\nb.npz", "--out", "c\nd.png").stdout.splitlines()
    assert shown[:2] == ["A  a\\nb.npz", "B  a\\nb.npz"]
    assert shown[-1] == "c\\nd.png"
