"""The recipes of the commands' page, run as they stand there: in bash, with jq and make."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

import mnistgd as package
from mnistgd.model import weights_file

ROOT = Path(package.__file__).parents[1]
PAGE = (ROOT / "mnistgd" / "cli" / "README.md").read_text("utf-8")
SECTION = PAGE.partition("\n## Recipes for scripts\n")[2].partition("\n## ")[0]
RECIPES = {
    text.partition("\n")[0]: re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for text in SECTION.split("\n### ")[1:]
}
"""For each recipe its blocks: the language, and what stands there."""

BEST = "The best of several learning rates"
MAKE = "A picture that is drawn anew when its weights change"
FOLDER = "A folder of pictures as a table"
NIGHTLY = "A nightly run with a gate"
CONTAINER = "In a container"
CLASS = "A class of thirty without a network"


def needs(*programs):
    missing = [program for program in ("bash", *programs) if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


def block(title, kind):
    ((_, content),) = [each for each in RECIPES[title] if each[0] == kind]
    return content


@pytest.fixture
def bash(few, tmp_path):
    """Run a script in a folder of this test, with few images unless told otherwise."""

    def run(script, **environment):
        env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "MNISTGD_DATA": str(few),
            **environment,
        }
        return subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)

    return run


def test_every_recipe_is_tested():
    assert list(RECIPES) == [BEST, MAKE, FOLDER, NIGHTLY, CONTAINER, CLASS]


@needs("jq")
def test_the_best_of_several_learning_rates(bash, tmp_path):
    done = bash(f"{block(BEST, 'bash')}echo $best")
    assert (done.returncode, done.stderr) == (0, "")
    runs = [weights_file.load(path) for path in tmp_path.glob("rate-*.npz")]
    assert {run.settings.learning_rate for run in runs} == {0.03, 0.1, 0.3, 1.0}
    best = weights_file.load(tmp_path / done.stdout.splitlines()[-1])
    scores = [run.record["results"]["validation_accuracy"] for run in runs]
    assert best.record["results"]["validation_accuracy"] == max(scores) > min(scores)
    assert done.stdout.startswith(f"test accuracy  {best.record['results']['test_accuracy']:.2%}")


@needs("make")
def test_a_picture_is_drawn_anew_when_its_weights_change(bash, tmp_path):
    (tmp_path / "Makefile").write_text(block(MAKE, "make"))
    done = bash(f"set -e\n{block(MAKE, 'bash')}")
    assert (done.returncode, done.stderr) == (0, "")
    *_, drawn, nothing = done.stdout.splitlines()
    assert drawn == "weights-all.png"
    assert "up to date" in nothing
    picture = (tmp_path / "weights-all.png").read_bytes()
    assert bash("mnistgd train --seed 1 --quiet && make").returncode == 0
    assert (tmp_path / "weights-all.png").read_bytes() != picture


@needs("jq")
def test_a_folder_of_pictures_as_a_table(bash, mnist, tmp_path):
    assert bash("mnistgd train --quiet").returncode == 0
    (tmp_path / "scans").mkdir()
    names = [f"scans/{place} of 20.png" for place in range(20)]
    for name, image in zip(names, mnist.test_images, strict=False):
        Image.fromarray(255 - image).resize((112, 112)).save(tmp_path / name)
    (tmp_path / "scans" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    first, second = block(FOLDER, "bash").splitlines()
    done = bash(first)
    assert done.returncode == 1
    assert "scans/torn.png" in done.stderr
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8") as file:
        answers = {row["image"]: float(row["probability"]) for row in csv.DictReader(file)}
    assert set(answers) == set(names)
    unsure = [name for name in sorted(names) if answers[name] < 0.9]
    assert 0 < len(unsure) < len(names)
    assert bash(second).stdout.splitlines() == unsure


@needs()
def test_a_nightly_run_with_a_gate(bash, few, tmp_path):
    (tmp_path / "weights.npz").write_text("the last good one")
    missed = bash(block(NIGHTLY, "bash").replace("0.92", "1"))
    assert missed.returncode == 3
    assert missed.stderr.startswith("error: the accuracy, 0.")
    assert (tmp_path / "weights.npz").read_text() == "the last good one"
    met = bash(block(NIGHTLY, "bash"), MNISTGD_DATA="mnist", MNISTGD_OFFLINE="1")
    assert (met.returncode, met.stdout, met.stderr) == (0, "", "")
    nights = [json.loads(line) for line in (tmp_path / "nights.jsonl").read_text().splitlines()]
    assert [night["test_accuracy"] >= 0.92 for night in nights] == [False, True]
    found = weights_file.load(tmp_path / "weights.npz")
    assert found.record["results"]["test_accuracy"] == nights[1]["test_accuracy"]


def test_the_container_begins_with_what_the_package_has():
    """No image is built: here is held what its lines take from the package."""
    base, _, install, _, entry = block(CONTAINER, "dockerfile").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = re.fullmatch(r"FROM python:(\d\.\d+)-slim", base)[1]
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
    assert install == "RUN pip install --no-cache-dir /source"
    assert json.loads(entry.removeprefix("ENTRYPOINT ")) == list(project["scripts"])
    assert "No test builds this image" in SECTION


def test_the_class_installs_what_is_in_a_folder():
    """What these commands do, with the wheel of the package alone, is in tests/test_packaging.py."""
    scripts = "".join(content for _, content in RECIPES[CLASS])
    assert "pip wheel --wheel-dir wheels ." in scripts
    assert "pip install --no-index --find-links wheels mnistgd" in scripts
