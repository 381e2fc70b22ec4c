"""``mnistgd predict``: pictures in, digits out."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from mnistgd.cli.commands.predict import _names_of
from mnistgd.datasets.deskew import deskew
from mnistgd.model import weights_file
from mnistgd.system.parallel import processors

KEYS = {"image", "digit", "label", "probability", "probabilities"}


@pytest.fixture(autouse=True)
def _beside_it(straightening, monkeypatch, tmp_path):
    monkeypatch.setenv("MNISTGD_WEIGHTS", str(straightening))
    monkeypatch.setenv("MNISTGD_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)


def photo(mnist, index, path, *, size=300, margin=60):
    """A test image of MNIST as somebody else might hand it in: large, dark on light, off-centre."""
    ink = Image.fromarray(mnist.test_images[index]).resize((size, size), Image.Resampling.BICUBIC)
    page = Image.new("L", (size + 3 * margin, size + 2 * margin), 225)
    page.paste(30, (2 * margin, margin), ink)
    page.save(path)
    return int(mnist.test_labels[index])


def test_a_picture(mnistgd, mnist, tmp_path):
    label = photo(mnist, 0, tmp_path / "seven.png")
    result = mnistgd("predict", "seven.png")
    assert result.code == 0
    assert result.stdout.startswith(f"seven.png: {label} (")
    assert ", then " in result.stdout


def test_what_else_is_on_a_picture_is_told(mnistgd, mnist, tmp_path):
    digits = [np.pad(mnist.test_images[index], ((30, 30), (8, 8))) for index in (0, 2)]
    Image.fromarray(255 - np.hstack(digits)).save(tmp_path / "two.png")
    for command in ("predict", "explain"):
        result = mnistgd(command, tmp_path / "two.png", "--json")
        assert result.json["found"] == 2
        assert "two.png: 2 things could be digits, and the likeliest was taken\n" in result.stderr
        assert mnistgd(command, tmp_path / "two.png", "--quiet", "--no-terminal").stderr == ""
    photo(mnist, 0, tmp_path / "one.png")
    assert mnistgd("predict", tmp_path / "one.png", "--json").json["found"] == 1
    assert mnistgd("predict", "--index", 0, "--json").json["found"] is None


def test_ink_that_looks_like_no_digit_is_told_of(mnistgd, tmp_path):
    grid = np.full((300, 300), 255, np.uint8)
    for place in range(100, 201, 25):
        grid[place : place + 6, 100:206] = grid[100:206, place : place + 6] = 0
    Image.fromarray(grid).save(tmp_path / "grid.png")
    result = mnistgd("predict", tmp_path / "grid.png", "--json")
    assert result.json["found"] == 0
    assert "the ink looks like no digit" in result.stderr


def test_many_pictures_as_json_lines(mnistgd, mnist, tmp_path):
    labels = [photo(mnist, index, tmp_path / f"{index}.png") for index in range(20)]
    result = mnistgd("predict", *[f"{index}.png" for index in range(20)], "--json")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(set(document) >= KEYS for document in documents)
    assert [document["image"] for document in documents] == [f"{index}.png" for index in range(20)]
    assert sum(document["digit"] == label for document, label in zip(documents, labels, strict=True)) >= 18
    for document in documents:
        assert sum(document["probabilities"]) == pytest.approx(1)
        assert document["probability"] == max(document["probabilities"])


def test_an_image_of_the_data(mnistgd, mnist, straightening):
    document = mnistgd("predict", "--index", 7, "--json").json
    model = weights_file.load(straightening)
    wanted = model.probabilities(deskew(mnist.test_images[7:8]))[0]
    assert document["probabilities"] == pytest.approx(wanted.tolist())
    assert document["image"] == "test image 7"


def test_several_images_of_the_data_are_all_answered(mnistgd, mnist, tmp_path):
    (tmp_path / "saw").mkdir()
    result = mnistgd("predict", "--index", 7, "--index", 3, "--index", 7, "--saw", "saw", "--json")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [document["image"] for document in documents] == ["test image 7", "test image 3"]
    assert [document["true_digit"] for document in documents] == mnist.test_labels[[7, 3]].tolist()
    assert [document["saw"] for document in documents] == ["saw/image-7-saw.png", "saw/image-3-saw.png"]
    for document, index in zip(documents, (7, 3), strict=True):
        with Image.open(document["saw"]) as saw:
            assert np.array_equal(np.asarray(saw), deskew(mnist.test_images[[index]])[0])


def test_stdin(mnist, tmp_path):
    label = photo(mnist, 3, tmp_path / "zero.jpg")
    with (tmp_path / "zero.jpg").open("rb") as stream:
        command = [sys.executable, "-m", "mnistgd", "predict", "-", "--json"]
        done = subprocess.run(command, stdin=stream, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["digit"] == label


def test_as_is_changes_nothing(mnistgd, mnist, straightening, tmp_path):
    Image.fromarray(mnist.test_images[5]).save(tmp_path / "5.png")
    document = mnistgd("predict", "5.png", "--as-is", "--saw", "saw.png", "--json").json
    straight = deskew(mnist.test_images[5:6])
    assert document["probabilities"] == pytest.approx(
        weights_file.load(straightening).probabilities(straight)[0].tolist()
    )
    with Image.open("saw.png") as saw:
        assert np.array_equal(np.asarray(saw), straight[0])


def test_files_of_pictures_that_are_called_alike():
    assert _names_of(["a/x.png", "b/x.png", "x-2.png", "c/x.png", "-"]) == [
        *("x-saw.png", "x-2-saw.png", "x-2-2-saw.png", "x-3-saw.png", "stdin-saw.png")
    ]
    # Asked for one by one, each after all before it, these would take hours.
    assert _names_of(["x.png"] * 30_000)[-1] == "x-30000-saw.png"


def test_what_the_network_saw(mnistgd, mnist, tmp_path):
    for index in (0, 1):
        photo(mnist, index, tmp_path / f"{index}.png")
    result = mnistgd("predict", "0.png", "1.png", "--saw", "saw/", "--json")
    files = [json.loads(line)["saw"] for line in result.stdout.splitlines()]
    assert files == ["saw/0-saw.png", "saw/1-saw.png"]
    for file in files:
        with Image.open(file) as saw:
            pixels = np.asarray(saw)
        assert pixels.shape == (28, 28)
        rows, columns = np.nonzero(pixels > 128)
        assert abs(np.average(rows) - 13.5) < 2  # centred, as MNIST is
        assert abs(np.average(columns) - 13.5) < 2


def test_one_bad_image_among_many(mnistgd, mnist, tmp_path):
    photo(mnist, 0, tmp_path / "good.png")
    (tmp_path / "bad.png").write_text("this is text")
    result = mnistgd("predict", "good.png", "bad.png", "good.png", "--json")
    assert result.code == 1
    assert [json.loads(line)["image"] for line in result.stdout.splitlines()] == ["good.png", "good.png"]
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert "bad.png" in error
    assert hint.startswith("hint: ")


def test_answers_as_a_table(mnistgd, mnist, tmp_path, straightening):
    """As RFC 4180 has it; a spreadsheet takes no name for a formula; what cannot be read has no row."""
    names = ["=cmd(),2.png", 'a "b".png', "a\nb.png", "-1.png", "none.png", "plain.png"]
    labels = [photo(mnist, index, tmp_path / name) for index, name in enumerate(names) if name != "none.png"]
    table = mnistgd("predict", "--csv", "--", *names)
    documents = mnistgd("predict", "--json", "--", *names).stdout.splitlines()
    assert table.code == 1
    assert table.stderr.splitlines()[0] == "error: none.png does not exist"
    assert table.stdout.startswith('image,digit,class,probability\r\n"\'=cmd(),2.png",')
    header, *rows = csv.reader(io.StringIO(table.stdout, newline=""))
    assert header == ["image", "digit", "class", "probability"]
    assert [row[0] for row in rows] == ["'=cmd(),2.png", 'a "b".png', "a\nb.png", "'-1.png", "plain.png"]
    assert [int(row[1]) for row in rows] == labels
    for (_, digit, name, probability), document in zip(rows, map(json.loads, documents), strict=True):
        wanted = (document["digit"], document["label"], document["probability"])
        assert (int(digit), name, float(probability)) == wanted


def test_images_of_the_data_and_class_names_as_a_table(mnistgd, few, mnist, monkeypatch):
    names = '=1,"1",two,three,four,five,six,seven,eight,コート'
    command = ("train", "--data", few, "--class-names", names, "--epochs", 1, "--out", "names.npz", "--quiet")
    assert mnistgd(*command).code == 0
    monkeypatch.setenv("MNISTGD_WEIGHTS", "names.npz")
    indices = [option for label in (0, 1, 9) for option in ("--index", (mnist.test_labels == label).argmax())]
    _, *rows = csv.reader(io.StringIO(mnistgd("predict", *indices, "--csv").stdout, newline=""))
    assert [row[1:3] for row in rows] == [["0", "'=1"], ["1", '"1"'], ["9", "コート"]]
    assert [row[0] for row in rows] == ["test image 3", "test image 2", "test image 7"]


def test_a_table_without_answers_has_its_columns(mnistgd, tmp_path):
    result = mnistgd("predict", "none.png", "--csv")
    assert (result.code, result.stdout) == (1, "image,digit,class,probability\r\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
def test_a_name_that_is_no_text_is_the_same_in_the_table(mnist, tmp_path):
    name = os.fsdecode(b"b\xff.png")
    photo(mnist, 0, tmp_path / name)
    command = [sys.executable, "-m", "mnistgd", "predict", name, "--csv"]
    found = subprocess.run(command, capture_output=True, check=True).stdout
    assert found.splitlines()[1].startswith(b"b\xff.png,7,7,0.")


def test_on_a_terminal_no_name_breaks_a_row_or_is_drawn_beside(on_terminal, mnist, tmp_path):
    photo(mnist, 0, tmp_path / "a\n\033[31mb.png")
    shown = on_terminal("predict", "a\n\033[31mb.png", "--csv").stdout.splitlines()
    assert len(shown) == 2
    assert shown[1].startswith("a\\n\\x1b[31mb.png,7,7,0.")


def test_a_name_of_two_lines_is_one_line_of_the_answer(mnistgd, mnist, tmp_path):
    photo(mnist, 0, tmp_path / "a\nb.png")
    result = mnistgd("predict", "a\nb.png")
    assert result.stdout.count("\n") == 1
    assert result.stdout.startswith("a\\nb.png: ")


def test_so_many_that_several_processes_read_them(shell, mnist, tmp_path):
    labels = [photo(mnist, index, tmp_path / f"{index}.png", size=84, margin=8) for index in range(6)]
    (tmp_path / "bad.png").write_text("this is text")
    names = [f"{index}.png" for index in range(6)]
    result = shell("predict", *names * 12, "-", "bad.png", *names, "--json", stdin="no picture", cwd=tmp_path)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.code == 1
    assert [line["image"] for line in lines] == names * 13
    assert [line["digit"] for line in lines] == labels * 13
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert [error.split()[1] for error in errors] == ["stdin", "bad.png"]
    alone = shell("predict", *names, "--json", cwd=tmp_path)
    assert alone.stdout.splitlines() == result.stdout.splitlines()[:6]


# Pictures that are never read, and a second Ctrl-C while what the first one began is under way.
TWICE = """
import os, signal, sys, time
from mnistgd.cli import main
from mnistgd.handwriting import read
def never(source, see):
    with open("ids", "a") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(1000)
read._read, wait = never, os.waitpid
def strike(*which):
    os.waitpid = wait
    signal.raise_signal(signal.SIGINT)
    return wait(*which)
os.waitpid = strike
sys.argv = ["mnistgd", "predict", *(f"{number}.png" for number in range(64))]
main()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system copies no process")
def test_a_second_ctrl_c_ends_it_all(tmp_path):
    ids = tmp_path / "ids"
    with subprocess.Popen([sys.executable, "-c", TWICE], stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not (ids.exists() and len(ids.read_text().split()) == processors()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10)[1] == "error: interrupted\n"
    assert process.returncode == 130
    # Whoever adopted them may not have asked yet how they ended.
    states = ["ps", "-o", "stat=", "-p", ",".join(ids.read_text().split())]
    assert not subprocess.run(states, capture_output=True).stdout.replace(b"Z", b"").strip(b"+sN< \n")


def blank(colour):
    return lambda path: Image.new("RGB", (200, 200), colour).save(path)


def truncated(path):
    buffer = io.BytesIO()
    Image.effect_noise((300, 300), 80).save(buffer, "JPEG")
    path.write_bytes(buffer.getvalue()[:2000])


def bomb(path):
    """A PNG of a few hundred bytes whose header promises 30,000 × 30,000 pixels."""
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "make",
    [blank("black"), blank("white"), blank((90, 120, 30)), truncated, bomb, lambda p: Image.new("L", (1, 1)).save(p),
     lambda p: p.mkdir(), lambda p: p.write_bytes(b""), lambda p: None],
    ids=["all-black", "all-white", "one colour", "truncated", "bomb", "1x1", "folder", "empty", "missing"],
)  # fmt: skip
def test_pictures_that_show_no_digit(mnistgd, tmp_path, make):
    path = tmp_path / ("x.jpg" if make is truncated else "x.png")
    make(path)
    result = mnistgd("predict", path)
    assert (result.code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert str(path) in error
    assert hint.startswith("hint: ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no image is named"),
        (["a.png", "--index", "3"], "contradict each other"),
        (["-", "-"], "stdin holds one file, and - is named twice"),
        (["--index", "x"], "--index"),
        (["--index", "1", "--saw", "-", "--json"], "both want stdout"),
    ],
)
def test_wrong_usage(mnistgd, arguments, words):
    result = mnistgd("predict", *arguments)
    assert (result.code, result.stdout) == (2, "")
    assert words in result.stderr


def test_no_such_image_of_the_data(mnistgd, tmp_path):
    result = mnistgd("predict", "--index", 10_000)
    assert result.code == 1
    assert "there is no test image 10000" in result.stderr


def test_scikit_learn_is_not_loaded(mnist, tmp_path):
    photo(mnist, 0, tmp_path / "a.png")
    program = (
        "import sys\nfrom mnistgd.cli import main\nsys.argv = ['mnistgd', 'predict', 'a.png']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\nprint([m for m in ('sklearn', 'scipy', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
