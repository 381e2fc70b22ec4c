"""The data set of a lesson that learns from one: how its settings name it, and how it is brought."""

from __future__ import annotations

from typing import Any

from mnistgd.datasets.dataset import SILENT, Dataset, Listener
from mnistgd.datasets.named import MNIST
from mnistgd.model.fields import setting


def data_setting(text: str) -> Any:
    """Which images, as ``data`` of the settings."""
    return setting(MNIST.name, text, envvar="MNISTGD_DATA", metavar="NAME|PATH")


def offline_setting() -> Any:
    """Whether OpenML is left out, as ``offline`` of the settings."""
    return setting(False, "Do not ask OpenML; use the embedded MNIST.", envvar="MNISTGD_OFFLINE")


def bring(settings: Any, listener: Listener = SILENT) -> Dataset:
    """The data set that the settings ``data`` and ``offline`` name; errors as for `load_dataset`."""
    from mnistgd.datasets.load import load_dataset

    return load_dataset(settings.data, offline=settings.offline, listener=listener)


def prepare(settings: Any, listener: Listener) -> None:
    """Bring it into the cache."""
    bring(settings, listener)
