"""README.md keeps its word: every command on it is run, every output and picture compared.

``RENEW_ASSETS=1 pytest tests/test_readme.py`` makes the pictures anew; look at every one of them.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ASSETS = ROOT / "assets"


def console_blocks() -> list[tuple[str, list[str]]]:
    """(command, lines of output) for each command of each console block, in reading order."""
    commands: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
    return commands


DECIMAL = re.compile(r"\d[\d,]*\.\d+")


def assert_same(command: str, lines: list[str], shown: str) -> None:
    """… stands for anything, seconds for any seconds; a decimal may differ as another processor rounds."""
    wanted = "\n".join(lines)
    pattern = r"(\d[\d,]*\.\d+)".join(map(re.escape, DECIMAL.split(wanted))).replace("…", ".*")
    found = re.fullmatch(pattern, shown.rstrip("\n"), re.DOTALL)
    assert found, f"$ {command}\n{shown}"
    for number, said in zip(DECIMAL.finditer(wanted), found.groups(), strict=True):
        if not wanted[number.end() :].startswith(" s"):
            assert float(said) == pytest.approx(float(number.group()), rel=0.02), f"$ {command}\n{shown}"


def draw_three(path: Path) -> None:
    """The drawing that the README's reader has at hand: thin, blue, and in poor light."""
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
    """Where the README's commands are run, one after another, as its reader does."""
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
    draw_three(place / "work" / "three.png")
    for command, lines in console_blocks():
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=place / "work",
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        shown = done.stderr if lines and lines[0].startswith("error:") else done.stdout
        assert_same(command, lines, shown)
    return place / "work"


def test_every_command_prints_what_the_readme_shows(folder):
    assert (folder / "weights.npz").exists()


def asset_names() -> list[str]:
    return re.findall(r"\]\(assets/([^)]+)\)", README)


def last_picture(path: Path) -> np.ndarray:
    """The pixels of a picture, or of the last one of an animation."""
    with Image.open(path) as picture:
        picture.seek(getattr(picture, "n_frames", 1) - 1)
        return np.asarray(picture.convert("RGB")).astype(int)


LETTERS, COLOURS = 85, 8
"""Of 255: how much a pixel may differ; tests/figures/test_golden.py shows that a wrong letter differs by more."""


def same_picture(name: str, ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Equal up to what another build of the font engine or another processor's rounding may change.

    Colours are data, but for those of matplotlib's plots, whose lines and letters are drawn alike.
    """
    if ours.shape != theirs.shape:
        return False
    apart = np.abs(ours - theirs)
    plot = name.startswith(("curves", "lesson-"))
    coloured = apart[np.ptp(theirs, axis=2) > 0]
    return apart.mean() < 1 and apart.max() <= LETTERS and (plot or coloured.max(initial=0) <= COLOURS)


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
def test_every_picture_is_made_by_a_command_of_the_readme(folder, name):
    made = folder / name
    if os.environ.get("RENEW_ASSETS"):
        (ASSETS / name).write_bytes(made.read_bytes())
    ours, theirs = (last_picture(path) for path in (made, ASSETS / name))
    assert same_picture(name, ours, theirs)


def test_no_picture_is_left_over():
    assert {path.name for path in ASSETS.iterdir()} == set(asset_names())


def test_every_command_is_on_the_page():
    """A command, an option or a variable that the README does not name does not exist for its reader."""
    import typer

    from mnistgd.cli.app import app

    def leaves(command, path):
        if hasattr(command, "commands"):
            for name, sub in command.commands.items():
                yield from leaves(sub, [*path, name])
        else:
            yield " ".join(path), command

    for path, _ in leaves(typer.main.get_command(app), []):
        assert (
            f"mnistgd {path}" in README or f"`{path}`" in README or f"`data {path.split()[-1]}`" in README
        ), path


def test_the_ci_runs_what_the_readme_says():
    _, command = re.findall(r"```sh\n(pip install -e '\.\[test\]' && (.*))\n```", README)[0]
    script = (ROOT / ".ci" / "run").read_text()
    assert "-e '.[test]'" in script
    assert f"\n{command}\n" in script
