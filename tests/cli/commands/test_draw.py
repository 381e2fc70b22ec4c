"""``mnistgd draw``: the page, and where it goes. What it does in a browser is tested in tests/sharing."""

import json
import re
import subprocess
import sys
import webbrowser

import pytest

from mnistgd.model.weights_file import load, network_sha256


@pytest.fixture(scope="module")
def weights(few, tmp_path_factory):
    """Those of a network that knows a few images."""
    path = tmp_path_factory.mktemp("network") / "w.npz"
    command = ["train", "--quiet", "--data", few, "--epochs", 1, "--out", path]
    subprocess.run([sys.executable, "-m", "mnistgd", *map(str, command)], check=True, capture_output=True)
    return path


def data_of(page):
    """What is embedded in a page."""
    text = re.search(r'<script type="application/json" id="model">(.*?)</script>', page, re.DOTALL)[1]
    return json.loads(text)


def test_a_page_is_written_and_named(mnistgd, weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = mnistgd("draw", "--weights", weights)
    assert (result.code, result.stdout, result.stderr) == (0, "draw.html\n", "")
    page = (tmp_path / "draw.html").read_text("utf-8")
    document = mnistgd("draw", "--weights", weights, "--out", "again.html", "--json").json
    assert document == {
        "file": "again.html",
        "bytes": len(page.encode()),
        "images": 20,
        "weights": str(weights),
        "weights_sha256": network_sha256(load(weights)),
    }
    assert (tmp_path / "again.html").read_text("utf-8") == page
    assert len(page.encode()) < 200_000


def test_its_images_are_one_of_each_class_and_the_worst_mistakes(mnistgd, weights, few, tmp_path):
    mnistgd("draw", "--weights", weights, "--data", few, "--out", tmp_path / "d.html")
    some, worst = data_of((tmp_path / "d.html").read_text("utf-8"))["samples"]
    assert [image["label"] for image in some["images"]] == list(range(10))
    found = mnistgd("evaluate", "--weights", weights, "--data", few, "--json", "--most", 10).json["mistakes"]
    assert [image["title"] for image in worst["images"]] == [f"Test image {each['index']}" for each in found]


def test_it_goes_to_stdout(shell, weights):
    result = shell("draw", "--weights", weights, "--out", "-")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.startswith("<!DOCTYPE html>")


def test_without_a_data_set_it_goes_without_images_and_says_so(mnistgd, weights, few, tmp_path):
    moved = tmp_path / "moved.npz"
    moved.write_bytes(few.read_bytes())
    mnistgd("train", "--quiet", "--data", moved, "--epochs", 1, "--out", tmp_path / "w.npz")
    moved.unlink()
    words = ("draw", "--weights", tmp_path / "w.npz", "--out", tmp_path / "d.html")
    result = mnistgd(*words)
    assert result.code == 0
    assert result.stderr.startswith("the page goes without images: ")
    assert data_of((tmp_path / "d.html").read_text("utf-8"))["samples"] == []
    assert mnistgd(*words, "--quiet").stderr == ""
    # What is named has to be there.
    assert mnistgd(*words, "--data", moved).code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--out", "d.png"], 2, "--out writes an HTML page, not .png"),
        (["--out", "nowhere/d.html"], 1, "cannot write nowhere/d.html"),
        (["--out", "-", "--open"], 2, "--open shows a file, not stdout"),
        (["--weights", "none.npz"], 1, "none.npz"),
    ],
)
def test_what_cannot_be_done_is_said(mnistgd, weights, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    result = mnistgd("draw", *([] if "--weights" in words else ["--weights", weights]), *words)
    assert result.code == code
    assert said in result.stderr.splitlines()[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shown", [True, False])
def test_open_shows_it_or_says_where_it_is(mnistgd, weights, tmp_path, monkeypatch, shown):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or shown)
    monkeypatch.setenv("DISPLAY", ":0")
    place = tmp_path / "a page.html"
    result = mnistgd("draw", "--weights", weights, "--out", place, "--open")
    assert opened == [place.as_uri()]
    assert (result.code, result.stdout) == (0, f"{place}\n")
    assert result.stderr == ("" if shown else f"there is no browser to show it here: open {place}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_without_a_display_no_browser_is_asked(mnistgd, weights, tmp_path, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("it was"))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    result = mnistgd("draw", "--weights", weights, "--out", tmp_path / "d.html", "--open")
    assert result.code == 0
    assert result.stderr.startswith("there is no browser to show it here: open ")
