"""What every test shares: a home, a cache and an environment of its own."""

import os

import pytest


@pytest.fixture(autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a test from the user's home, cache, settings and network."""
    for name in list(os.environ):
        if name.startswith("MNISTGD_") or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}:
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MNISTGD_CACHE", str(home / "cache"))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(home / "scikit_learn_data"))
    # Nothing listens there: whatever tries to reach out is refused at once.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
