"""The images that a trained network is asked about."""

from __future__ import annotations

from mnistgd.datasets.dataset import Dataset, Listener
from mnistgd.datasets.load import load_dataset
from mnistgd.errors import DataError
from mnistgd.model.model import Model


def images_for(model: Model, data: str | None, *, offline: bool, listener: Listener) -> Dataset:
    """The images that `model` is asked about, prepared as those it was trained on.

    Parameters
    ----------
    model : Model
    data : str or None
        The data set, as `load_dataset` takes it; None for the one that the network's file records.
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
        data or model.data_spec, offline=offline, deskew=model.settings.deskew, listener=listener
    )
    if len(dataset.class_names) > len(model.class_names):
        raise other_classes(dataset, model)
    if dataset.sha256 != model.data_sha256:
        listener.notice(
            f"these images ({dataset.source}) are not those that the network was trained and tested on"
        )
    return dataset


def other_classes(dataset: Dataset, model: Model) -> DataError:
    """What to raise if `dataset` has more classes, or fewer, than can be shown to `model`."""
    found, known = len(dataset.class_names), len(model.class_names)
    return DataError(
        f"{dataset.source} has {found} classes, and this network knows {known}",
        "choose other images with --data",
    )
