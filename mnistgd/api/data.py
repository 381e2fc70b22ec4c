"""Images for the Python interface."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from mnistgd.datasets import dataset
from mnistgd.datasets.examples import of_each_class
from mnistgd.datasets.load import load_dataset
from mnistgd.datasets.options import DataOptions
from mnistgd.errors import UsageError
from mnistgd.figures.montage import contact_sheet
from mnistgd.figures.png import png_bytes

SHOWN = 100
"""Images of a sample, about."""


class Dataset(dataset.Dataset):
    """Images and their labels, none of which can be written to; in a notebook it shows a sample.

    Attributes
    ----------
    train_images, test_images : uint8 ndarray of shape (n, 28, 28), 0 is background and 255 is ink
    train_labels, test_labels : uint8 ndarray of shape (n,), each in [0, len(class_names))
    class_names : tuple of str, one for each class

    Examples
    --------
    >>> import mnistgd
    >>> mnistgd.load_data(offline=True)
    <Dataset: 60,000 + 10,000 images of 10 classes, from embedded>
    """

    def __repr__(self) -> str:
        counts = f"{len(self.train_labels):,} + {len(self.test_labels):,} images"
        return f"<Dataset: {counts} of {len(self.class_names)} classes, from {self.source}>"

    def _repr_png_(self) -> bytes:
        chosen = of_each_class(self.train_labels, SHOWN)
        names = [self.class_names[self.train_labels[row[0]]] for row in chosen]
        sheet = contact_sheet(
            self.train_images[chosen.ravel()], row_labels=names, columns=chosen.shape[1], size=28
        )
        return png_bytes(sheet)


class Warn:
    """A listener that makes a warning of what a person should know."""

    def busy(self, what: str, share: float | None = None) -> None:
        """Say nothing."""

    def notice(self, what: str) -> None:
        """Warn, where `mnistgd` was called."""
        warnings.warn(what, stacklevel=2)


def load_data(
    spec: str | Path = "mnist",
    *,
    offline: bool = False,
    class_names: Sequence[object] | None = None,
    test_data: str | Path | None = None,
    test_share: float | None = None,
    transpose: bool | None = None,
    handwriting: bool = False,
    skip_bad: bool = False,
) -> Dataset:
    """MNIST, or a data set of your own.

    Parameters
    ----------
    spec : str or Path
        ``"mnist"``, ``"fashion-mnist"``, ``"kuzushiji-mnist"``, or a path, as ``--data`` takes it.
    offline : bool
        Whether OpenML is left out: MNIST is then the copy in this package.
    class_names : sequence, optional
        What the classes are called; a number stands for its figures.
    test_data, test_share, transpose, handwriting, skip_bad
        How the images at a path are read, as the options of ``mnistgd train`` of these names.

    Warns
    -----
    UserWarning
        Of what a person should know, such as that OpenML did not answer.

    Raises
    ------
    DataError
        If the images are missing, damaged or not of a kind that works.
    UsageError
        If `test_share` is not between 0 and 1, or another of these is not of its kind.

    Examples
    --------
    >>> import mnistgd
    >>> data = mnistgd.load_data(offline=True)
    >>> data.train_images.shape, data.train_images.dtype, data.class_names[2]
    ((60000, 28, 28), dtype('uint8'), '2')
    """
    given = {
        "test_data": None if test_data is None else str(test_data),
        "transpose": transpose,
        "handwriting": handwriting,
        "skip_bad": skip_bad,
    }
    try:
        # What a weights file could not record is refused before anything is trained with it.
        share = None if test_share is None else float(test_share)
        options = DataOptions.from_json({**given, "test_share": share})
    except (TypeError, ValueError) as problem:
        raise UsageError(str(problem), "help(mnistgd.load_data) says what it takes") from problem
    names = None if class_names is None else [str(name) for name in class_names]
    found = load_dataset(spec, offline=offline, class_names=names, options=options, listener=Warn())
    return Dataset(**{each.name: getattr(found, each.name) for each in fields(found)})
