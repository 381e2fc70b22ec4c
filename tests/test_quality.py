"""Lint, layout and types are checks like any other: one command runs them all."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "--no-cache", "."], ["ruff", "format", "--no-cache", "--check", "."], ["mypy"]],
    ids=["lint", "layout", "types"],
)
def test_quality(command, request, monkeypatch):
    # What mypy found of numpy and all the others the last time still holds.
    monkeypatch.setenv("MYPY_CACHE_DIR", str(request.config.cache.mkdir("mypy")))
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow():
    """Pinned actions, no rights that are not needed, and no text of a stranger in a script."""
    linter = Path(sys.executable).with_name("zizmor")
    workflows = ROOT / ".github" / "workflows"
    assert list(workflows.glob("*.yml"))
    done = subprocess.run(
        [linter, "--offline", "--persona=pedantic", workflows], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
