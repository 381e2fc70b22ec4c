"""``mnistgd predict FILE.csv``: a file of images in, a file of answers out."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mnistgd.datasets.deskew import deskew
from mnistgd.model import weights_file


@pytest.fixture(autouse=True)
def _beside_it(straightening, monkeypatch, tmp_path):
    monkeypatch.setenv("MNISTGD_WEIGHTS", str(straightening))
    monkeypatch.setenv("MNISTGD_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)


def write_csv(path, images, header=None):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([*([header] if header else []), *images.reshape(-1, 784).tolist()])


def test_a_csv_file_is_answered_as_kaggle_takes_it(mnistgd, mnist, straightening):
    write_csv(Path("test.csv"), mnist.test_images[:300], [f"pixel{place}" for place in range(784)])
    result = mnistgd("predict", "test.csv", "--out", "answers.csv")
    assert result.code == 0, result.stderr
    assert result.stdout == "answers.csv\n"
    header, *rows = csv.reader(Path("answers.csv").read_text().splitlines())
    assert header == ["ImageId", "Label"]
    assert [number for number, _ in rows] == [str(number) for number in range(1, 301)]
    model = weights_file.load(straightening)
    expected = model.outputs(deskew(mnist.test_images[:300])).argmax(axis=1)
    assert [int(label) for _, label in rows] == expected.tolist()
    assert np.mean(expected == mnist.test_labels[:300]) > 0.9


def test_a_csv_file_of_fractions_is_answered_alike(mnistgd, mnist):
    np.savetxt("test.csv", mnist.test_images[:50].reshape(-1, 784) / 255, delimiter=";")
    write_csv(Path("bytes.csv"), mnist.test_images[:50])
    answers = [mnistgd("predict", name, "--out", "-").stdout for name in ("test.csv", "bytes.csv")]
    assert answers[0] == answers[1]
    assert answers[0].count("\n") == 51


def test_a_csv_file_of_more_images_than_are_held_is_answered_alike(mnistgd, mnist, monkeypatch):
    write_csv(Path("test.csv"), mnist.test_images[:50])
    expected = mnistgd("predict", "test.csv", "--out", "-").stdout
    monkeypatch.setattr("mnistgd.datasets.streams.LARGE", 5000)
    monkeypatch.setattr("mnistgd.datasets.stored.CHUNK", 9)
    assert mnistgd("predict", "test.csv", "--out", "-").stdout == expected


def test_a_class_in_the_answers_is_taken_for_no_formula(mnistgd, few, mnist, monkeypatch):
    names = ",".join(["=cmd()", "-1", *"23456789"])
    trained = mnistgd(
        "train", "--data", few, "--class-names", names, "--epochs", 1, "--out", "n.npz", "--quiet"
    )
    assert trained.code == 0
    monkeypatch.setenv("MNISTGD_WEIGHTS", "n.npz")
    write_csv(Path("test.csv"), mnist.test_images[2:4])  # a 1 and a 0
    answers = mnistgd("predict", "test.csv", "--out", "-").stdout.split()
    assert answers == ["ImageId,Label", "1,-1", "2,'=cmd()"]


def test_of_a_csv_file_without_its_first_row_that_is_said(mnistgd, mnist):
    first = mnist.test_images[0].ravel().tolist()
    names = [f"{name}.{first[:place].count(name)}".removesuffix(".0") for place, name in enumerate(first)]
    write_csv(Path("test.csv"), mnist.test_images[1:5], names)
    result = mnistgd("predict", "test.csv", "--out", "-")
    assert len(result.stdout.splitlines()) == 1 + 4
    assert "test.csv: line 1 is taken for names" in result.stderr


def test_json_of_a_csv_file(mnistgd, mnist):
    write_csv(Path("test.csv"), mnist.test_images[:5])
    result = mnistgd("predict", "test.csv", "--out", "answers.csv", "--json")
    assert result.json == {"images": 5, "out": "answers.csv"}


def test_a_csv_file_that_is_not_there(mnistgd, straightening):
    result = mnistgd("predict", "absent.csv", "--out", "answers.csv")
    assert result.code == 1
    assert "error: there is no file absent.csv\n" in result.stderr
    # Which predict has not.
    assert "--data" not in result.stderr


@pytest.mark.parametrize("labels", [0, 1])
def test_a_bad_line_leaves_no_answers(mnistgd, mnist, labels):
    rows = mnist.test_images[:5].reshape(5, 784)
    np.savetxt("test.csv", np.pad(rows, ((0, 0), (labels, 0))), fmt="%d", delimiter=",")
    with Path("test.csv").open("a") as stream:
        stream.write("1,2,3\n")
    result = mnistgd("predict", "test.csv", "--out", "answers.csv")
    assert result.code == 1
    assert f"test.csv: line 6 has 3 columns, not {784 + labels}" in result.stderr
    assert "--skip-bad" not in result.stderr
    assert not Path("answers.csv").exists()


def test_images_that_lie_as_those_of_the_training_did_are_turned(mnistgd, mnist, monkeypatch):
    """A network of EMNIST's files, which have every image on its side, is asked about a file of that kind."""
    sideways = mnist.train_images[:3000].transpose(0, 2, 1)
    rows = np.column_stack([mnist.train_labels[:3000], sideways.reshape(-1, 784)])
    np.savetxt("emnist-digits-train.csv", rows, fmt="%d", delimiter=",")
    trained = mnistgd("train", "--data", "emnist-digits-train.csv", "--epochs", 3, "--out", "w.npz")
    assert "turned upright" in trained.stderr
    monkeypatch.setenv("MNISTGD_WEIGHTS", "w.npz")
    write_csv(Path("some.csv"), mnist.test_images[:200].transpose(0, 2, 1))
    write_csv(Path("upright.csv"), mnist.test_images[:200])
    for name, option, said in (("some.csv", [], True), ("upright.csv", ["--no-transpose"], False)):
        result = mnistgd("predict", name, *option, "--out", "-")
        labels = [int(answer.partition(",")[2]) for answer in result.stdout.split()[1:]]
        assert np.mean(labels == mnist.test_labels[:200]) > 0.7
        assert ("turned upright (else --no-transpose)" in result.stderr) is said
