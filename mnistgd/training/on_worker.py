"""What runs on a worker: it finds images, or receives them, and computes gradients of its share of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.named import spec_of
from mnistgd.datasets.options import DataOptions
from mnistgd.datasets.shape import PIXELS
from mnistgd.datasets.stored import Known
from mnistgd.engine.training import gradient_of
from mnistgd.engine.types import Params
from mnistgd.errors import DataError, MnistgdError
from mnistgd.model.environment import one_blas_thread
from mnistgd.model.settings import Settings

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
"""Those of a data set, in the order in which they are sent."""


class DatasetKey(NamedTuple):
    """Which data set is meant, as one process tells another.

    Attributes
    ----------
    spec, options, deskew : as `load_dataset` takes them
    class_names : tuple of str
    sha256 : str, of its pixels
    labels_sha256 : str, of its labels
    """

    spec: str
    options: DataOptions
    deskew: bool
    class_names: tuple[str, ...]
    sha256: str
    labels_sha256: str

    @classmethod
    def of(cls, dataset: Dataset, *, deskew: bool = False) -> DatasetKey:
        """What to ask for, to have this data set elsewhere."""
        return cls(
            spec_of(dataset.source),
            dataset.options.absolute(),
            deskew,
            dataset.class_names,
            dataset.sha256,
            dataset.labels_sha256,
        )


_held: dict[DatasetKey, Dataset] = {}
_arriving: dict[Hashable, dict[str, NDArray[np.uint8]]] = {}
_received: dict[Hashable, dict[str, NDArray[np.uint8]]] = {}
"""What was sent and is whole."""


def find(wanted: DatasetKey) -> Dataset:
    """The data set: held already, or sent, or found by its name or path and known by its SHA-256.

    Raises
    ------
    DataError
        If it is not to be had here, and must be sent.
    """
    if wanted in _held:
        try:
            _held[wanted].check_files()
        except DataError:  # whoever wrote to them since then: what they hold now may be anything
            del _held[wanted]
    if wanted not in _held:
        sent = _received.pop(wanted, None)
        _held[wanted] = _loaded(wanted) if sent is None else _made(wanted, sent)
    return _held[wanted]


def has(wanted: DatasetKey) -> bool:
    """Whether `find` finds it."""
    try:
        find(wanted)
    except MnistgdError:
        return False
    return True


def receive(key: Hashable, name: str, shape: tuple[int, ...], start: int, piece: NDArray[np.uint8]) -> None:
    """Take rows of one of the arrays that are sent under a key, from row `start` on.

    Several commands may send the same at once, or one go on where another was killed.
    """
    if key in _held or key in _received:
        return
    arrays = _arriving.setdefault(key, {})
    if name not in arrays:
        arrays[name] = np.empty(shape, np.uint8)
    arrays[name][start : start + len(piece)] = piece


def received(key: Hashable) -> None:
    """Let the arrays that were sent under a key count: a command has sent all of them."""
    if key in _arriving:
        _received[key] = _arriving.pop(key)


class Part(NamedTuple):
    """A share of the images to train.

    Attributes
    ----------
    wanted : DatasetKey, the data set that they are of
    first, last : int, its rows from `first` on, up to but without `last`
    whose : str, the client whose run it is: of several each takes what it has sent itself
    """

    wanted: DatasetKey
    first: int
    last: int
    whose: str


class Gradients:
    """What a worker does of a run: the gradients of its share of each batch.

    Parameters
    ----------
    part : Part
        Its share: the rows were sent under it, or the data set is found here.
    settings, mean, deviation, n_classes : as `Settings.network` takes them
    steps_per_epoch : int
    """

    def __init__(
        self,
        part: Part,
        settings: Settings,
        n_classes: int,
        mean: float,
        deviation: float,
        steps_per_epoch: int,
    ) -> None:
        sent = _received.pop(part, None)
        self._files: tuple[Known, ...] = ()
        if sent is None:
            dataset = find(part.wanted)
            self._files = dataset.files
            sent = {
                "images": dataset.train_images[part.first : part.last],
                "labels": dataset.train_labels[part.first : part.last],
            }
        self._first = part.first
        self._images, self._labels = sent["images"].reshape(-1, PIXELS), sent["labels"]
        self._network = partial(settings.network, n_classes, mean, deviation)
        self._shown, self._steps_per_epoch = settings.shown, steps_per_epoch
        self._loss = settings.loss_function()
        # As in the command: a worker of somebody else may have more.
        self._one = one_blas_thread()
        self._one.__enter__()

    def gradient(
        self, step: int, params: Params, rows: NDArray[np.uint32], places: NDArray[np.intp]
    ) -> tuple[float, Params, NDArray[np.uint8]]:
        """Mean loss of the images of some rows, its gradient, and the class that each is taken for.

        `places` are those that the rows have in the batch of the step.

        Raises
        ------
        DataError
            If somebody has written to the files of the images since.
        """
        for file in self._files:
            file.check()
        own = rows - np.uint32(self._first)
        images = self._shown(self._images.take(own, axis=0), rows, step // self._steps_per_epoch)
        batch = images, self._labels.take(own)
        with np.errstate(over="ignore", invalid="ignore"):
            found = gradient_of(self._network(step=step, places=places), self._loss)(step, params, batch)
        return found.loss, found.grads, found.outputs.argmax(axis=1).astype(np.uint8)


def _loaded(wanted: DatasetKey) -> Dataset:
    # What is in the cache of another user, or in none, is sent rather than asked of OpenML by each worker.
    dataset = load_dataset(
        wanted.spec,
        offline=True,
        class_names=wanted.class_names,
        deskew=wanted.deskew,
        options=wanted.options,
    )
    if not dataset.is_of(wanted.sha256, wanted.labels_sha256):
        raise DataError(f"{wanted.spec} is another data set here")
    return dataset


def _made(wanted: DatasetKey, arrays: Mapping[str, NDArray[np.uint8]]) -> Dataset:
    train_images, train_labels, test_images, test_labels = (arrays[name] for name in ARRAYS)
    return Dataset(
        train_images,
        train_labels,
        test_images,
        test_labels,
        wanted.class_names,
        wanted.spec,
        wanted.sha256,
        wanted.options,
    )
