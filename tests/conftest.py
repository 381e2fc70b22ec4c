"""What every test shares: a home, a cache and an environment of its own."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import hypothesis
import pytest

from mnistgd.figures import letters

# No test asserts a time: a busy machine is no fault of what is tested.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

# As the command does: small products gain nothing from threads, and on a busy machine lose much.
# Before anything here has imported numpy, which reads it then.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Hundreds of processes would each compile the package anew, and each run all of the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnistgd.datasets.dataset import Dataset
    from tests.openml_standin import StandIn


@pytest.fixture(autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a test from the user's home, cache, settings and network."""
    for name in list(os.environ):
        # A proxy in small letters would count for more than the one that is set below.
        if (
            name.startswith("MNISTGD_")
            or name.lower().endswith("_proxy")
            or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "SSL_CERT_FILE", "SSL_CERT_DIR"}
        ):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MNISTGD_CACHE", str(home / "cache"))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(home / "scikit_learn_data"))
    # Nothing listens there: whatever tries to reach out is refused at once.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    # A command line that is refused leaves the font that it named behind.
    letters.use_font()


def _helper(name: str) -> ModuleType:
    """Import a helper module that lies beside this file: tests/ is no package, and not on the path."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def helper() -> Callable[[str], ModuleType]:
    """Import a helper module by its name."""
    return _helper


@pytest.fixture
def openml_standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A local OpenML, which this process and those it starts now reach instead of the real one.

    It knows no data set until it is told: `serve(images, labels)`, or `serve_mnist()`, which is slow.
    """
    server = _helper("openml_standin")
    certificates = tmp_path / "authority.pem"
    server.authority().cert_pem.write_to_path(str(certificates))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    with server.running() as standin:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{standin.port}")
        yield standin


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """The real one, from the copy in this package."""
    from mnistgd.datasets import embedded

    return embedded.read()


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set that trains in a moment: the first 1,000 and 200 images of MNIST, as an .npz file."""
    import numpy as np

    from mnistgd.datasets import embedded

    mnist = embedded.read()
    path = tmp_path_factory.mktemp("few") / "few.npz"
    np.savez(
        path,
        train_images=mnist.train_images[:1000],
        train_labels=mnist.train_labels[:1000],
        test_images=mnist.test_images[:200],
        test_labels=mnist.test_labels[:200],
    )
    return path
