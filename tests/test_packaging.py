"""What is installed: the wheel and the sdist carry everything, and work away from this checkout."""

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from mnistgd import __version__

ROOT = Path(__file__).parent.parent
DATA = {
    "README.md",
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel made from it."""
    place = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", place, ROOT],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,), (wheel,) = place.glob("*.tar.gz"), place.glob("*.whl")
    return sdist, wheel


def test_the_wheel_carries_data_types_and_licences(built):
    names = set(zipfile.ZipFile(built[1]).namelist())
    assert {f"mnistgd/data/{name}" for name in DATA} <= names
    assert "mnistgd/py.typed" in names
    pages = ("page.css", "draw.html", "draw.css", "draw.js", "report.css", "report.html")
    assert {f"mnistgd/sharing/page/{name}" for name in pages} <= names
    assert {
        f"mnistgd/{room}/README.md"
        for room in ("api", "cli", "datasets", "lessons", "model", "training/cluster")
    } <= names
    licences = f"mnistgd-{__version__}.dist-info/licenses"
    assert {f"{licences}/LICENSE", f"{licences}/data/README.md"} <= names
    assert not {name for name in names if name.startswith("tests")}


def test_the_metadata(built):
    metadata = zipfile.ZipFile(built[1]).read(f"mnistgd-{__version__}.dist-info/METADATA").decode()
    lines = metadata.splitlines()
    assert "License-Expression: MIT AND CC-BY-SA-3.0" in lines
    assert "Requires-Python: >=3.11" in lines
    needs = {
        re.match(r"Requires-Dist: ([a-z-]+)", line)[1]
        for line in lines
        if line.startswith("Requires-Dist") and "extra" not in line
    }
    assert needs == {"numpy", "scikit-learn", "pillow", "typer", "rich"}
    extras = re.findall(
        r"^Requires-Dist: ([a-z0-9-]+).*; extra == '(?!test)([a-z]+)'$", metadata, re.MULTILINE
    )
    cluster = [("cryptography", "cluster"), ("distributed", "cluster")]
    report = [("jinja2", "report"), ("matplotlib", "report")]
    assert extras == [
        *cluster,
        ("onnx", "onnx"),
        ("matplotlib", "plots"),
        *report,
        ("safetensors", "safetensors"),
    ]


def test_an_extra_that_an_error_names_is_one():
    """And the tests install what each of them brings."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "mnistgd").rglob("*.py"))
    assert set(re.findall(r'MissingExtraError\("[^"]*", "(\w+)"\)', sources)) == set(extras) - {"test"}
    assert {need for name, needs in extras.items() if name != "test" for need in needs} <= set(extras["test"])


def test_the_sdist_can_be_tested(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"data/{name}" for name in DATA} <= names
    assert {"LICENSE", "README.md", "pyproject.toml", "tests/conftest.py", "assets/weights-all.png"} <= names


def test_an_installed_wheel_trains(built, tmp_path):
    """In an environment of its own; the dependencies are lent, this checkout is not."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    bin_folder = "Scripts" if sys.platform == "win32" else "bin"
    python = tmp_path / "env" / bin_folder / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python]
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--find-links", built[1].parent, "mnistgd"], check=True
    )
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "lent.pth").write_text(
        sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n"
    )

    where = [python, "-c", "from mnistgd.datasets import embedded; print(embedded.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert found.startswith(str(packages))
    command = [python.with_name("mnistgd"), "train", "--offline", "--epochs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "reading the embedded copy" in done.stderr
    assert done.stdout.startswith("test accuracy  91.")
    assert (tmp_path / "weights.npz").exists()
