"""What several commands read: a trained network, and the images that go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from mnistgd.errors import DataError, UsageError, WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mnistgd.cli.console import Reporter
    from mnistgd.datasets import Dataset
    from mnistgd.models import Model

MNIST = "mnist"


class Seen(NamedTuple):
    """An image as the network sees it.

    Attributes
    ----------
    name : str; its file, or which image of the data it is
    pixels : uint8 ndarray of shape (28, 28), prepared as the training images were
    """

    name: str
    pixels: NDArray[np.uint8]


def class_of(model: Model, word: str) -> int:
    """The class that `word`, its name or its number, stands for.

    Raises
    ------
    WeightsError
        If the network knows none that is called so.
    """
    if word in model.names:
        return model.names.index(word)
    if word.isascii() and word.isdigit() and int(word) < len(model.names):
        return int(word)
    raise WeightsError(f"this network knows no class {word}", f"it knows {', '.join(model.names)}")


def images_for(model: Model, data: str | None, *, offline: bool, reporter: Reporter) -> Dataset:
    """The images that `model` is asked about, prepared as those it was trained on.

    Parameters
    ----------
    model : Model
    data : str or None
        What ``--data`` says; None for the images that the network's file records.

    Raises
    ------
    DataError
        If they cannot be read, or have other classes than the network.
    """
    from mnistgd import datasets

    recorded = model.data_source
    spec = data or (MNIST if recorded in ("openml", "embedded") else recorded)
    dataset = datasets.load(spec, offline=offline, deskew=model.settings.deskew, listener=reporter)
    if len(dataset.names) > len(model.names):
        raise DataError(
            f"{dataset.source} has {len(dataset.names)} classes, and this network knows {len(model.names)}",
            "choose other images with --data",
        )
    if dataset.sha256 != model.data_sha256:
        reporter.notice(
            f"these images ({dataset.source}) are not those that the network was trained and tested on"
        )
    return dataset


def check_one(image: Path | None, index: int | None) -> None:
    """Exactly one of an image's file and an image's number must be named.

    Raises
    ------
    UsageError
        If none or both are.
    """
    if image is None and index is None:
        raise UsageError("no image is named", "name a file, or an image of the data with --index N")
    if image is not None and index is not None:
        raise UsageError("an image and --index contradict each other", "name one of them")


def image_at(
    model: Model,
    index: int,
    split: Literal["test", "train"],
    data: str | None,
    *,
    offline: bool,
    reporter: Reporter,
) -> Seen:
    """Image `index` of a split, counted from 0.

    Raises
    ------
    DataError
        If there are fewer.
    """
    images, _ = images_for(model, data, offline=offline, reporter=reporter).split(split)
    if index >= len(images):
        raise DataError(f"there is no {split} image {index}", f"they are numbered 0 to {len(images) - 1}")
    return Seen(f"{split} image {index}", images[index])
