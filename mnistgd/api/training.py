"""Training from Python: what ``mnistgd train`` does, with its options by their names."""

from __future__ import annotations

import inspect
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mnistgd.api.bar import EpochBar
from mnistgd.api.model import Model
from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.load import deskewed
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.errors import ShapeError
from mnistgd.model.environment import one_blas_thread
from mnistgd.model.fields import setting_fields
from mnistgd.model.freeze import pack_mask
from mnistgd.model.settings import Settings
from mnistgd.training.history import Epoch
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run


def train(data: Dataset, *, on_epoch: Callable[[Epoch], None] | None = None, **options: Any) -> Model:
    """Train a network, and test it on the test images: the very weights that ``mnistgd train`` gives.

    In a notebook and on a terminal a bar shows how far it is. Ctrl-C, or the notebook's stop button, ends it
    where it is: the model is what there is by then.

    Parameters
    ----------
    data : Dataset
    on_epoch : callable, optional
        Called with the `Epoch` at each one's end: ``epoch``, ``step``, ``loss``, ``accuracy``, …
    **options
        The settings of ``mnistgd train``, with ``_`` for ``-``, as they are listed below. None leaves one to
        what suits the others, and is the full batch for ``batch_size``. ``freeze`` is a boolean array of
        shape (28, 28), True where weights stay as they are.

    Raises
    ------
    TypeError
        If there is no such option.
    UsageError, ShapeError
        If one is not what it may be, or they make no sense together.
    DivergedError
        If training leaves the usable numbers.

    Examples
    --------
    >>> import mnistgd
    >>> data = mnistgd.load_data(offline=True)
    >>> mnistgd.train(data, epochs=1)  # doctest: +ELLIPSIS
    <Model 784→10: 91...% of the test images right>
    """
    _SIGNATURE.bind(data, on_epoch=on_epoch, **options)
    if options.get("freeze") is not None:
        mask = np.asarray(options["freeze"])
        if mask.dtype != bool or mask.shape != IMAGE_SHAPE:
            message = f"freeze is a boolean array of shape (28, 28), not {mask.dtype} of shape {mask.shape}"
            raise ShapeError(message, "True is where weights stay as they are")
        options["freeze"] = pack_mask(mask)
    settings = Settings.from_values(**options)
    history = []
    with one_blas_thread():
        run = Run(deskewed(data) if settings.deskew else data, settings)
        last, begun = run.start(), time.perf_counter()
        with EpochBar(run.steps) as bar, _interrupts() as asked_to_stop:
            for last in run.reports(last):  # noqa: B020
                bar(last)
                if last.epoch_ends:
                    history.append(Epoch.of(last, time.perf_counter() - begun))
                    if on_epoch is not None:
                        on_epoch(history[-1])
                if asked_to_stop:
                    break
        return Model(finished_model(last), history)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Note Ctrl-C instead of raising it in the middle of a step; a second one is raised all the same."""
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, _: object) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _signature() -> inspect.Signature:
    """Of `train`, with the settings by their names."""
    data, on_epoch, _ = inspect.signature(train).parameters.values()
    settings = [
        inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default)
        for each in setting_fields(Settings)
    ]
    return inspect.Signature([data, *settings, on_epoch], return_annotation="Model")


def _described() -> str:
    """The docstring of `train`, with what each setting is, in the words of the command's help."""
    words = ""
    for each in setting_fields(Settings):
        choices = ", ".join(each.about.get("choices", ()))
        words += f"    {each.name}{choices and f' : {choices}'}\n        {each.about['help']}\n"
    before, raises, after = (train.__doc__ or "").partition("    Raises\n")
    return f"{before}    Other Parameters\n    ----------------\n{words}\n{raises}{after}" if before else ""


_SIGNATURE = train.__signature__ = _signature()  # type: ignore[attr-defined]
train.__doc__ = _described()
