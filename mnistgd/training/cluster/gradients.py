"""What a worker computes of a run: the gradients of its share of the images."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import PIXELS
from mnistgd.datasets.stored import Known
from mnistgd.engine.training import gradient_of
from mnistgd.engine.types import Params
from mnistgd.model.environment import one_blas_thread
from mnistgd.model.network import loss_of, network_of, shown
from mnistgd.model.settings import Settings
from mnistgd.training.cluster.images import DatasetKey, find, handed_over


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
    settings, mean, deviation, n_classes : as `network_of` takes them
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
        sent = handed_over(part)
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
        self._network = partial(network_of, settings, n_classes, mean, deviation)
        self._shown, self._steps_per_epoch = partial(shown, settings), steps_per_epoch
        self._loss = loss_of(settings)
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
