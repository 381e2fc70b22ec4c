"""What every test shares: a home, a cache and an environment of its own."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

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

# Otherwise scikit-learn asks another program how many processors there are.
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")

# Hundreds of processes would each compile the package anew, and each run all of the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# With it a stream keeps nothing back that could still fail when a process ends, as it does for everybody else.
os.environ.pop("PYTHONUNBUFFERED", None)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnistgd.datasets.dataset import Dataset
    from tests.openml_standin import StandIn


ROOT = Path(__file__).parents[1]
QUICK = {"engine", "figures", "handwriting", "lessons", "model", "training"}
"""The rooms whose tests need nothing but what is called: no command, no server, no file of somebody else."""
ABOUT_SOURCES = {"test_architecture.py", "test_quality.py"}
"""Quick as well, though what checks the sources is a process of its own."""
COSTLY = {"mnist", "reader"}
"""Fixtures that take longer than many tests: all of MNIST, and a network that has learned it."""


def pytest_configure(config: pytest.Config) -> None:
    """Let matplotlib keep the list of its fonts in one place, which every home of a test would be without."""
    assert config.cache is not None
    os.environ["MPLCONFIGDIR"] = str(config.cache.mkdir("matplotlib"))


@pytest.hookimpl(tryfirst=True)  # before those that -m does not ask for are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what answers at once, for ``pytest -m quick --no-cov``: by what it needs, so that nobody has to.

    The other files come first, so that no processor is left alone with a long one at the end.
    """
    for item in items:
        if _is_quick(item) and not any(map(item.get_closest_marker, ("slow", "long"))):
            item.add_marker("quick")
    longer = {
        item.path for item in items if item.path.name in ABOUT_SOURCES or not item.get_closest_marker("quick")
    }
    items.sort(key=lambda item: item.path not in longer)


def _is_quick(item: pytest.Item) -> bool:
    top, room, *_ = item.path.relative_to(ROOT).parts
    if top != "tests" or room in ABOUT_SOURCES:  # examples in docstrings
        return True
    needs = set(getattr(item, "fixturenames", ()))
    calls = item.function.__code__.co_names if isinstance(item, pytest.Function) else ()
    return room in QUICK and not needs & COSTLY and "subprocess" not in calls


@pytest.fixture(autouse=True)
def _quick_is_quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold a quick test to it: it starts no process and asks nobody."""
    if request.node.get_closest_marker("quick") and request.path.name not in ABOUT_SOURCES:
        start = subprocess.Popen.__init__
        refused = "this test starts a process or opens a connection: why is it marked quick?"

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError(refused)

        def start_or_refuse(process: Any, args: Any, *more: Any, **named: Any) -> None:
            assert args[0] == "fc-list", refused  # matplotlib, when it looks for fonts the first time
            start(process, args, *more, **named)

        monkeypatch.setattr(subprocess.Popen, "__init__", start_or_refuse)
        monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where they are: among its own folders, pytest looks at each that there is to number a new one."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def _own_environment(_homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a test from the user's home, cache, settings and network."""
    for name in list(os.environ):
        # A proxy in small letters would count for more than the one that is set below.
        if (
            name.startswith("MNISTGD_")
            or name.lower().endswith("_proxy")
            or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "SSL_CERT_FILE", "SSL_CERT_DIR"}
        ):
            monkeypatch.delenv(name)
    home = Path(tempfile.mkdtemp(dir=_homes))
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
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
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

    It knows no data set until it is told: `serve(images, labels)`, or `serve_mnist(count)`.
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
