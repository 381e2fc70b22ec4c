"""The images that a trained network is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mnistgd.datasets.dataset import Dataset, Listener
from mnistgd.datasets.deskew import deskew
from mnistgd.datasets.form.plan import unlabelled
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import DataError
from mnistgd.model.model import Model


def images_for(
    model: Model, data: str | None, reading: DataOptions = PLAINLY, *, offline: bool, listener: Listener
) -> Dataset:
    """The images that `model` is asked about, prepared as those it was trained on.

    Parameters
    ----------
    model : Model
    data : str or None
        The data set, as `load_dataset` takes it; None for the one that the network's file records.
    reading : DataOptions
        How it is read; of the recorded one, where that is to differ from the record.
    offline : bool
        Whether OpenML is left out.
    listener : Listener
        Hears, among other things, if these are not the images of the record.

    Raises
    ------
    DataError
        If they cannot be read, or have more classes than the network.
    """
    dataset = load_dataset(
        data or model.data_spec,
        offline=offline,
        deskew=model.settings.deskew,
        options=model.reading_of(data, reading),
        listener=listener,
    )
    dataset = _numbered_as(model, dataset, listener)
    if model.is_foreign:
        listener.notice(
            f"nobody knows what the network was trained on; these images ({dataset.source}) may be others"
        )
    elif not model.trained_on(dataset):
        what = "the labels of these" if dataset.sha256 == model.data_sha256 else "these"
        listener.notice(
            f"{what} images ({dataset.source}) are not those that the network was trained and tested on"
        )
    return dataset


def answers_for(model: Model, path: Path, reading: DataOptions, listener: Listener) -> list[str]:
    """What the images in a CSV file show: the name of a class for each, in order; labels count for nothing.

    They are taken to lie as those of the training did, unless `reading` says how they lie.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    from mnistgd.datasets.readers.csv_files.reader import read_csv

    # The answers are told by the numbers of their rows.
    part, notes = read_csv(path, skip_bad=None, listener=listener)
    for note in notes:
        listener.notice(note)
    answers: list[str] = []
    for images in unlabelled(part, str(path), reading.over(model.reading), listener):
        outputs = model.outputs(deskew(images) if model.settings.deskew else images)
        answers += [model.class_names[digit] for digit in outputs.argmax(axis=1)]
    return answers


def _numbered_as(model: Model, dataset: Dataset, listener: Listener) -> Dataset:
    """The same images, their classes numbered as the network numbers them: by their names, if it knows those.

    The images of the record are numbered as they were, whatever their classes were called since, and names
    that are the numbers from 0 up are no names.
    """
    names, known = dataset.class_names, model.class_names
    if len(names) > len(known):
        raise other_classes(dataset, model)
    recorded = model.trained_on(dataset) and len(names) == len(known)
    if recorded or names == tuple(map(str, range(len(names)))):
        return dataset
    if set(names) <= set(known):
        places = np.array([known.index(name) for name in names], np.uint8)
        train_labels, test_labels = places[dataset.train_labels], places[dataset.test_labels]
        return replace(dataset, train_labels=train_labels, test_labels=test_labels, class_names=known)
    if len(names) < len(known):
        raise other_classes(dataset, model)
    listener.notice(f"the classes {', '.join(names)} are taken for {', '.join(known)}")
    return dataset


def other_classes(dataset: Dataset, model: Model) -> DataError:
    """What to raise if `dataset` has more classes, or fewer, than can be shown to `model`."""
    found, known = len(dataset.class_names), len(model.class_names)
    return DataError(
        f"{dataset.source} has {found} classes, and this network knows {known}",
        "choose other images with --data",
    )
