"""``mnistgd explain``: the terms of each sum, in numbers and in a picture."""

import json
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from PIL import Image

from mnistgd.figures.columns import text_columns
from mnistgd.model import weights_file

DIGIT_KEYS = {"digit", "label", "logit", "probability", "evidence_for", "evidence_against", "bias", "bend"}


@pytest.fixture
def trained(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--epochs", 3, "--quiet").code == 0
    return weights_file.load(tmp_path / "weights.npz")


@pytest.mark.parametrize("index", [0, 3, 8, 199])
def test_evidence_adds_up_to_the_logit_exactly(mnistgd, few, trained, index):
    document = mnistgd("explain", "--index", index, "--json").json
    assert [set(digit) for digit in document["digits"]] == [DIGIT_KEYS] * 10
    with np.load(few) as file:
        pixels = file["test_images"][index].reshape(784) / 255
    for digit, found in enumerate(document["digits"]):
        assert found["evidence_for"] + found["evidence_against"] + found["bias"] == found["logit"]
        assert found["bend"] == 0
        products = pixels * trained.weights[:, digit].astype(float)
        assert found["evidence_for"] == pytest.approx(products[products > 0].sum())
        assert found["evidence_against"] == pytest.approx(products[products < 0].sum())
        assert found["logit"] == pytest.approx(
            trained.outputs(np.uint8(pixels * 255 + 0.5)[None])[0, digit], abs=1e-3
        )
    logits = np.array([found["logit"] for found in document["digits"]])
    assert document["digit"] == logits.argmax()
    softmax = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert [found["probability"] for found in document["digits"]] == pytest.approx(softmax.tolist(), abs=1e-5)


def test_against_a_rival(mnistgd, trained):
    document = mnistgd("explain", "--index", 0, "--against", 2, "--json").json
    answer, rival = document["digits"][document["digit"]], document["digits"][2]
    against = document["against"]
    assert against["label"] == "2"
    assert against["evidence_for"] + against["evidence_against"] + against["bias"] == against["logit"]
    assert against["logit"] == pytest.approx(answer["logit"] - rival["logit"])


def test_the_table_and_the_picture(mnistgd, trained, tmp_path):
    result = mnistgd("explain", "--index", 0, "--out", "why.png")
    title, *lines = result.stdout.splitlines()
    assert title.startswith("test image 0 (")
    assert lines[0].split() == ["digit", "for", "against", "bias", "logit", "probability"]
    assert len(lines) == 13
    assert lines[-1] == "why.png"
    logits = [float(line.split()[4]) for line in lines[1:11]]
    assert logits == sorted(logits, reverse=True)
    for line in lines[1:11]:
        _, plus, minus, bias, logit, _ = line.split()
        assert Decimal(plus) + Decimal(minus) + Decimal(bias) == Decimal(logit)
    with Image.open(tmp_path / "why.png") as picture:
        assert picture.width > 800


def test_a_picture_from_stdin_has_no_name(few, trained, tmp_path):
    with np.load(few) as file:
        Image.fromarray(file["test_images"][0]).save(tmp_path / "seven.png")
    with (tmp_path / "seven.png").open("rb") as picture:
        shown = subprocess.run(
            [sys.executable, "-m", "mnistgd", "explain", "-", "--as-is"],
            stdin=picture, capture_output=True, text=True, check=True, cwd=tmp_path,
        ).stdout  # fmt: skip
    assert shown.startswith("why ")


def test_squared_error_networks_are_explained_as_well(mnistgd, few, tmp_path):
    path = tmp_path / "w.npz"
    mnistgd("train", "--data", few, "--loss", "squared-error", "--out", path)
    document = mnistgd("explain", "--index", 1, "--weights", path, "--out", tmp_path / "e.png", "--json").json
    assert sum(found["probability"] for found in document["digits"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "no image is named"),
        (["a.png", "--index", "1"], 2, "contradict each other"),
        (["--index", "-1"], 2, "--index"),
        (["--index", "200"], 1, "there is no test image 200"),
        (["--index", "0", "--against", "10"], 1, "knows no class 10"),
        (["--index", "0", "--out", "-", "--json"], 2, "both want stdout"),
        (["--index", "0", "--out", "no/such/place.png"], 1, "does not exist"),
        (["missing.png"], 1, "missing.png"),
    ],
)
def test_what_cannot_be(mnistgd, trained, arguments, code, words):
    result = mnistgd("explain", *arguments)
    assert (result.code, result.stdout) == (code, "")
    assert words in result.stderr.splitlines()[0]


def test_against_the_answer_itself(mnistgd, trained):
    answer = mnistgd("explain", "--index", 0, "--json").json["digit"]
    assert mnistgd("explain", "--index", 0, "--against", answer).code == 2


def titles_drawn(monkeypatch):
    """The titles and notes of the figures that are drawn from now on."""
    from mnistgd.figures import evidence

    said, draw = [], evidence.evidence_figure

    def figure(*args, **options):
        said.append((options["title"], options["note"]))
        return draw(*args, **options)

    monkeypatch.setattr(evidence, "evidence_figure", figure)
    return said


@pytest.mark.parametrize(
    "options",
    [
        ("--hidden", 8),
        ("--hidden", "8,7,6,5,4", "--deskew"),
        ("--hidden", 8, "--activation", "tanh", "--standardise"),
        ("--hidden", "8,4", "--activation", "sigmoid", "--class-names", "コート,b,c,d,e,f,g,h,i,j"),
    ],
)
def test_hidden_layers_are_explained_around_the_image(mnistgd, few, tmp_path, monkeypatch, options):
    """The terms add up to the logit of the network as it is evaluated, in JSON, table and figure."""
    monkeypatch.chdir(tmp_path)
    assert mnistgd("train", "--data", few, "--epochs", 2, "--quiet", *options).code == 0
    said = titles_drawn(monkeypatch)
    curved = "--activation" in options
    saw = mnistgd("predict", "--index", 3, "--saw", "saw.png", "--json").json
    with Image.open("saw.png") as picture:
        logits = weights_file.load(tmp_path / "weights.npz").outputs(np.asarray(picture)[None])[0]
    document = mnistgd("explain", "--index", 3, "--json").json
    assert document["digit"] == saw["digit"] == logits.argmax()
    for found, logit in zip(document["digits"], logits, strict=True):
        terms = [found[name] for name in ("evidence_for", "evidence_against", "bias", "bend")]
        assert sum(terms) == pytest.approx(found["logit"])
        assert found["logit"] == pytest.approx(logit, abs=1e-4)
        assert (found["bend"] != 0) == curved
    _, heading, *lines = mnistgd("explain", "--index", 3).stdout.splitlines()
    assert ("bend" in heading) == curved
    for line in lines[:10]:
        *terms, logit = map(Decimal, line.split()[1:-1])
        assert sum(terms) == logit
    note = " ".join(lines[10:-2])
    assert note.startswith("The weights hold for this image only: ")
    assert ("tangent" in note) == curved
    assert said[-1][1] == note
    rival = (document["digit"] + 1) % 10
    against = mnistgd("explain", "--index", 3, "--against", rival, "--json").json["against"]
    wanted = logits[document["digit"]] - logits[rival]
    assert against["logit"] == pytest.approx(wanted, abs=2e-4)


def test_the_answer_is_held_against_the_truth(mnistgd, few, trained, tmp_path, monkeypatch):
    """In JSON, line and title; a picture of which nobody says what it is has neither."""
    said = titles_drawn(monkeypatch)
    with np.load(few) as file:
        images, labels = file["test_images"], file["test_labels"]
    answers = trained.outputs(images).argmax(axis=1)
    wrong, right = (int(np.flatnonzero(same)[0]) for same in (answers != labels, answers == labels))
    for index, verdict in ((wrong, f"wrong, it is {labels[wrong]}"), (right, "right")):
        for command in ("explain", "predict"):
            document = mnistgd(command, "--index", index, "--json").json
            assert document["true_digit"] == labels[index]
            assert document["right"] is (index == right)
        line = mnistgd("predict", "--index", index).stdout
        assert line.rstrip("\n").endswith(f"%); {verdict}")
        for options in ((), ("--against", next(k for k in range(10) if k != answers[index]))):
            first = mnistgd("explain", "--index", index, *options).stdout.splitlines()[0]
            assert first.startswith(f"test image {index} ({verdict}): ")
            assert said[-1][0] == first
    Image.fromarray(255 - images[right]).resize((112, 112)).save("picture.png")
    for command in ("explain", "predict"):
        document = mnistgd(command, "picture.png", "--json").json
        assert (document["true_digit"], document["right"]) == (None, None)
    assert mnistgd("explain", "picture.png").stdout.startswith("picture.png: why ")
    assert mnistgd("predict", "picture.png").stdout.endswith("%)\n")


def test_the_split_that_is_asked_for_has_its_own_truth(mnistgd, few, trained):
    with np.load(few) as file:
        labels = file["train_labels"]
    document = mnistgd("explain", "--index", 999, "--split", "train", "--json").json
    assert (document["image"], document["true_digit"]) == ("train image 999", labels[999])


def test_several_images_are_explained_one_after_the_other(mnistgd, trained, tmp_path):
    words = ("--index", 8, "--index", 3, "--index", 8)
    refused = mnistgd("explain", *words, "--out", "folder")
    assert (refused.code, refused.stderr.splitlines()[1]) == (
        1,
        "hint: one that ends in / is made: --out folder/",
    )
    result = mnistgd("explain", *words, "--out", "folder/", "--json")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [document["image"] for document in documents] == ["test image 8", "test image 3"]
    files = ["folder/explain-8.png", "folder/explain-3.png"]
    assert [document["file"] for document in documents] == files
    for document, index in zip(documents, (8, 3), strict=True):
        alone = mnistgd("explain", "--index", index, "--json").json
        assert {**document, "file": "explain.png"} == alone
        assert (tmp_path / document["file"]).read_bytes() == (tmp_path / "explain.png").read_bytes()
    lines = mnistgd("explain", *words).stdout.splitlines()
    titles = [line for line in lines if line.startswith("test image")]
    assert [title.split()[2] for title in titles] == ["8", "3"]
    assert [line for line in lines if line.endswith(".png")] == ["explain-8.png", "explain-3.png"]
    refused = mnistgd("explain", *words, "--out", "-")
    assert (refused.code, refused.stdout) == (2, "")


def test_a_folder_that_is_named_as_one_is_made(mnistgd, trained, tmp_path):
    assert mnistgd("explain", "--index", 8, "--out", "new/one/").stdout.endswith("new/one/explain.png\n")
    result = mnistgd("explain", "--index", 8, "--index", 3, "--out", "new/two/", "--quiet")
    assert result.code == 0
    assert {path.name for path in (tmp_path / "new" / "two").iterdir()} == {"explain-8.png", "explain-3.png"}


@pytest.mark.parametrize("options", [("--index", 200), ("--against", 7)])
def test_of_several_images_none_is_explained_where_one_cannot_be(mnistgd, trained, tmp_path, options):
    """Test image 0 is a 7, and taken for one; there is no test image 200."""
    assert mnistgd("predict", "--index", 0, "--json").json["digit"] == 7
    before = set(tmp_path.iterdir())
    result = mnistgd("explain", "--index", 8, "--index", 0, *options)
    assert result.code != 0
    assert result.stdout == ""
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("index", range(6))
def test_what_the_picture_says_adds_up(mnistgd, trained, monkeypatch, index):
    """Two decimals there, three in the table; all digits of the images."""
    from mnistgd.figures import evidence

    written = []
    draw = evidence._term
    monkeypatch.setattr(
        evidence, "_term", lambda name, number, *size: written.append(number) or draw(name, number, *size)
    )
    for options in ((), ("--against", 3)):
        written.clear()
        if mnistgd("explain", "--index", index, *options).code == 2:
            continue  # it is the answer itself
        assert len(written) == (4 if options else 8)
        for start in range(0, len(written), 4):
            *terms, total = (Decimal(f"{number:.2f}") for number in written[start : start + 4])
            assert sum(terms) == total


def test_the_picture_of_a_network_that_bends_says_by_how_much(mnistgd, few, tmp_path, monkeypatch):
    from mnistgd.figures import evidence

    monkeypatch.chdir(tmp_path)
    words = ("--hidden", 8, "--activation", "tanh")
    assert mnistgd("train", "--data", few, "--epochs", 1, "--quiet", *words).code == 0
    rows, draw = [], evidence.evidence_figure
    monkeypatch.setattr(
        evidence,
        "evidence_figure",
        lambda image, found, *size, **how: rows.extend(found) or draw(image, found, *size, **how),
    )
    assert mnistgd("explain", "--index", 0).code == 0
    for row in rows:
        names, numbers = zip(*row.sums, strict=True)
        assert names == ("for", "against", "bias", "bend", "logit")
        *terms, total = (Decimal(f"{number:.2f}") for number in numbers)
        assert terms[-1] != 0
        assert sum(terms) == total


def test_against_a_rival_the_table_adds_up(mnistgd, trained):
    answer = mnistgd("explain", "--index", 0, "--json").json["digit"]
    lines = mnistgd("explain", "--index", 0, "--against", (answer + 1) % 10).stdout.splitlines()
    plus, minus, bias, logit = map(Decimal, lines[-3].split())
    assert plus + minus + bias == logit


def test_clothes_are_no_digits(mnistgd, few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["コート", *"bcdefghi", "a name of some length"]
    assert (
        mnistgd("train", "--data", few, "--epochs", 1, "--class-names", ",".join(names), "--quiet").code == 0
    )
    _, heading, *lines = mnistgd("explain", "--index", 0).stdout.splitlines()[:12]
    assert heading.split()[0] == "class"
    assert {text_columns(line) for line in lines} == {text_columns(heading)}
    compared = mnistgd("compare", "weights.npz", "weights.npz").stdout
    assert "class  correlation" in compared
    assert "digit" not in compared


def test_the_name_of_the_picture_is_one_line(mnistgd, trained):
    result = mnistgd("explain", "--index", 0, "--out", "two\nlines.png")
    assert result.stdout.splitlines()[-1] == "two\\nlines.png"


def test_without_colours_the_characters_of_the_image_are_explained(on_terminal, few):
    assert on_terminal("train", "--data", few, "--epochs", 1, "--quiet").code == 0
    plain = on_terminal("explain", "--index", 0, "--data", few, env={"NO_COLOR": "1"}).stdout
    assert "image: ink @%#*+=-:. paper\nimage x weights:\n" in plain
    narrow = on_terminal("explain", "--index", 0, "--data", few, env={"NO_COLOR": "1"}, columns=10).stdout
    assert max(map(len, narrow.splitlines()[12:-1])) <= 10
    coloured = on_terminal("explain", "--index", 0, "--data", few).stdout
    assert "paper" not in coloured
