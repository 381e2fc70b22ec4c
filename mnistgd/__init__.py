"""Train a 784→10 network on MNIST with plain gradient descent, and see what it learned.

The package is a house of rooms, floor above floor; imports go downwards only::

    cli, api                   the typer commands: the only place that prints or exits; and this interface
    lessons, sharing           textbook systems, each a small client of the engine; files for other programs
    training                   a run, and what it writes down
    model                      a trained network, its file, and what can be asked of it
    datasets                   images that somebody labelled
    handwriting                from a picture that somebody drew to an image like MNIST's
    engine, figures, system    pure numpy; arrays in and pictures out; files, archives and processes
    errors                     every error this package raises on purpose

What is in ``__all__`` is public, and mnistgd/api/README.md is its page; everything else may change. Importing
``mnistgd`` itself imports nothing heavy: a name is looked up when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to import than all of this
if TYPE_CHECKING:
    from mnistgd.api.data import Dataset, load_data
    from mnistgd.api.estimator import GradientDescentClassifier
    from mnistgd.api.model import Model, load
    from mnistgd.api.pictures import read_picture
    from mnistgd.api.training import train
    from mnistgd.errors import MnistgdError

__version__ = "0.2.0"

__all__ = [
    "Dataset",
    "GradientDescentClassifier",
    "MnistgdError",
    "Model",
    "load",
    "load_data",
    "read_picture",
    "train",
]

_MODULES = {
    "Dataset": "api.data",
    "GradientDescentClassifier": "api.estimator",
    "MnistgdError": "errors",
    "Model": "api.model",
    "load": "api.model",
    "load_data": "api.data",
    "read_picture": "api.pictures",
    "train": "api.training",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
