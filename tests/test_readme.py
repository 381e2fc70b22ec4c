"""The pages keep their word: every command on them is run, every output and picture compared.

What they list, from options to keys of JSON, is held against the program in tests/cli/test_pages.py.
``RENEW_ASSETS=1 pytest --no-cov tests/test_readme.py`` makes the pictures anew; look at every one of them.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    *(
        ROOT / "mnistgd" / room / "README.md"
        for room in ("api", "cli", "datasets", "lessons", "model", "training/cluster")
    ),
]
"""In the order in which they are read: a page finds the files that those before it made."""
ASSETS = ROOT / "assets"
OTHER_PAGES = [ROOT / "data" / "README.md", *sorted((ROOT / ".github").glob("*.md"))]


class Example(NamedTuple):
    """Something on a page that is run: a command or a program, and the lines that it is said to print."""

    command: list[str]
    shown_as: str
    lines: list[str]


def examples() -> list[Example]:
    """Those of all pages, in reading order."""
    found: list[Example] = []
    blocks = re.compile(r"```(console|python)\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
    for page in PAGES:
        for kind, content, output in blocks.findall(page.read_text("utf-8")):
            if kind == "python":
                found.append(Example([sys.executable, "-c", content], content, output.splitlines()))
                continue
            for line in content.splitlines():
                if line.startswith("$ "):
                    found.append(Example(["bash", "-c", line[2:]], line, []))
                else:
                    found[-1].lines.append(line)
    return found


DECIMAL = re.compile(r"\d[\d,]*\.\d+")


def assert_same(example: Example, shown: str) -> None:
    """… stands for anything, seconds for any seconds; a decimal may differ as another processor rounds."""
    wanted = "\n".join(example.lines)
    pattern = r"(\d[\d,]*\.\d+)".join(map(re.escape, DECIMAL.split(wanted))).replace("…", ".*")
    found = re.fullmatch(pattern, shown.rstrip("\n"), re.DOTALL)
    assert found, f"{example.shown_as}\n{shown}"
    for number, said in zip(DECIMAL.finditer(wanted), found.groups(), strict=True):
        if not wanted[number.end() :].startswith(" s"):
            assert float(said) == pytest.approx(float(number.group()), rel=0.02), (
                f"{example.shown_as}\n{shown}"
            )


def draw_three(path: Path) -> None:
    """The drawing that the reader has at hand: thin, blue, and in poor light."""
    light = Image.linear_gradient("L").resize((480, 360)).point(lambda v: 150 + v * 90 // 255)
    page = Image.merge("RGB", (light, light.point(lambda v: v - 8), light.point(lambda v: v - 40)))
    corners = [
        (190, 110),
        (235, 80),
        (290, 100),
        (285, 150),
        (235, 180),
        (300, 205),
        (305, 260),
        (250, 290),
        (185, 265),
    ]
    ImageDraw.Draw(page).line(corners, (40, 50, 120), 9, joint="curve")
    page.filter(ImageFilter.GaussianBlur(1)).save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands of the pages are run, one after another, as their reader does: a checkout's folder."""
    place = tmp_path_factory.mktemp("reader")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MNISTGD_") and name not in {"NO_COLOR", "FORCE_COLOR"}
    }
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(place),
        "MNISTGD_CACHE": str(place / "cache"),
        "MNISTGD_OFFLINE": "1",
        "COLUMNS": "80",
    }
    (place / "work").mkdir()
    (place / "work" / "data").symlink_to(ROOT / "data")
    draw_three(place / "work" / "three.png")
    for example in examples():
        done = subprocess.run(
            example.command,
            cwd=place / "work",
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        wrong = bool(example.lines) and example.lines[0].startswith("error:")
        assert (done.returncode != 0) == wrong, f"{example.shown_as}\n{done.stderr}"
        assert_same(example, done.stderr if wrong else done.stdout)
    return place / "work"


def test_every_command_prints_what_its_page_shows(folder):
    assert (folder / "weights.npz").exists()


def asset_names() -> list[str]:
    """The pictures of all pages, each once."""
    named = (
        name for page in PAGES for name in re.findall(r"\]\([./]*assets/([^)]+)\)", page.read_text("utf-8"))
    )
    return list(dict.fromkeys(named))


def last_picture(path: Path) -> np.ndarray:
    """The pixels of a picture, or of the last one of an animation."""
    with Image.open(path) as picture:
        picture.seek(getattr(picture, "n_frames", 1) - 1)
        return np.asarray(picture.convert("RGB")).astype(int)


LETTERS, COLOURS = 85, 8
"""Of 255: how much a pixel may differ; tests/figures/test_golden.py shows that a wrong letter differs by more."""


def same_picture(name: str, ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Equal up to what another build of the font engine or another processor's rounding may change.

    Colours are data, but for those of matplotlib's plots, whose lines and letters are drawn alike. Through hidden
    layers rounding grows, step by step, until it shows in the colours and in the number that stands for the full one.
    """
    if ours.shape != theirs.shape:
        return False
    apart = np.abs(ours - theirs)
    colours = LETTERS if name.startswith(("curves", "lesson-", "hidden")) else COLOURS
    if name == "hidden.png":
        apart, theirs = (np.delete(pixels, range(826, 841), axis=0) for pixels in (apart, theirs))
    coloured = apart[np.ptp(theirs, axis=2) > 0]
    return apart.mean() < 1 and apart.max() <= LETTERS and coloured.max(initial=0) <= colours


@pytest.mark.parametrize("name", asset_names())
def test_a_picture_that_is_not_the_same_does_not_pass(name):
    """Letters that are missing, and a spot of another colour."""
    theirs = last_picture(ASSETS / name)
    assert same_picture(name, theirs, theirs)
    dark = np.argwhere(theirs.max(axis=2) < 60)
    top = int(dark[0, 0]) if len(dark) else 0
    blank = theirs.copy()
    blank[top : top + 12] = 255
    assert not len(dark) or not same_picture(name, blank, theirs)
    spot = theirs.copy()
    spot[len(spot) // 2, len(spot[0]) // 2] ^= 0x60
    assert not same_picture(name, spot, theirs)


@pytest.mark.parametrize("name", asset_names())
def test_every_picture_is_made_by_a_command_of_its_page(folder, name):
    made = folder / name
    if os.environ.get("RENEW_ASSETS"):
        (ASSETS / name).write_bytes(made.read_bytes())
    ours, theirs = (last_picture(path) for path in (made, ASSETS / name))
    assert same_picture(name, ours, theirs)


def test_no_picture_is_left_over():
    assert {path.name for path in ASSETS.iterdir()} == set(asset_names())


def anchors(page: Path) -> set[str]:
    """What can stand behind the # of a link to a page, as GitHub makes it of the headings."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, *OTHER_PAGES], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("https:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [*PAGES, *OTHER_PAGES], ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page):
    named = re.findall(r"`((?:mnistgd|tests|\.ci|\.github)/[a-z_./]+)`", page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_is_read_in_ten_minutes():
    lines = PAGES[0].read_text("utf-8").splitlines()
    assert len(lines) <= 300
    linked = {(ROOT / link).resolve() for link in re.findall(r"\]\(([^)#]+)\)", "\n".join(lines))}
    assert set(PAGES[1:]) <= linked


def test_the_ci_runs_what_the_readme_says():
    _, command = re.findall(
        r"```sh\n(pip install -e '\.\[test\]' && (.*))\n```", PAGES[0].read_text("utf-8")
    )[0]
    script = (ROOT / ".ci" / "run").read_text()
    assert "-e '.[test]'" in script
    assert f"\n{command} -m 'not long'\n" in script
