"""Snapshots of the weights on their way through a run, and the file beside the weights that keeps them.

The file is an ``.npz`` without pickle: ``weights`` (n, 784, n_classes) float32, and ``record``, a 0-d array
of text that holds JSON: whose snapshots they are, after which steps, and how well each did on the test
images. The first is where the command began to train, the last is what the weights file holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.class_names import class_names_in
from mnistgd.datasets.dataset import MAX_CLASSES
from mnistgd.datasets.shape import PIXELS
from mnistgd.engine.types import Array, Params
from mnistgd.errors import WeightsError
from mnistgd.model.model import Model
from mnistgd.model.weights_file import weights_sha256
from mnistgd.system.files import called, quoted
from mnistgd.system.npz import json_in, npz_bytes, opened_npz
from mnistgd.training.run import TrainState

FORMAT = 1
MAX_SNAPSHOTS = 200
RECORD_BYTES = 1_000_000
AGAIN = "keep some while training: mnistgd train --frames 60"


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Snapshots of one run.

    Attributes
    ----------
    weights : float32 ndarray of shape (n, 784, n_classes)
    steps : tuple of int; how many steps each snapshot had behind it, rising
    accuracies : tuple of float; the fraction of the test images that each answers rightly
    class_names : tuple of str, one per class
    weights_sha256 : str; of the weights that the run ended with, as `weights_file.weights_sha256` has it
    """

    weights: Array
    steps: tuple[int, ...]
    accuracies: tuple[float, ...]
    class_names: tuple[str, ...]
    weights_sha256: str

    def at(self, step: str) -> int:
        """The place of the snapshot at a step: a number, ``first`` or ``last``.

        Raises
        ------
        WeightsError
            If none was kept there.
        """
        if step in ("first", "last"):
            return 0 if step == "first" else len(self.steps) - 1
        wanted = int(step)
        if wanted not in self.steps:
            nearest = min(self.steps, key=lambda kept: abs(kept - wanted))
            raise WeightsError(f"no snapshot was kept at step {wanted}", f"the nearest is --step {nearest}")
        return self.steps.index(wanted)


def snapshots_path(weights: Path) -> Path:
    """Where the snapshots that belong to a weights file are kept.

    Examples
    --------
    >>> snapshots_path(Path("runs/weights.npz")).as_posix()
    'runs/weights.frames.npz'
    """
    # Not with_name(), which knows no name beside the current folder or the root.
    return weights.parent / f"{weights.name.removesuffix('.npz')}.frames.npz"


def steps_to_keep(count: int, first: int, last: int) -> list[int]:
    """After which of the steps `first` to `last` to keep a snapshot: both, and others in between.

    Weights change fastest at the start. The k-th of `count` snapshots is taken at
    first + (last - first) · (k / (count - 1))³, rounded, which makes about as much change visible from each
    snapshot to the next; no step is taken twice, and no more than there are.

    Examples
    --------
    >>> steps_to_keep(6, 0, 1000)
    [0, 8, 64, 216, 512, 1000]
    >>> steps_to_keep(10, 0, 3)
    [0, 1, 2, 3]
    """
    count = min(count, last - first + 1)
    steps: list[int] = []
    for k in range(count):
        step = first + round((last - first) * (k / max(1, count - 1)) ** 3)
        steps.append(max(step, steps[-1] + 1 if steps else first))
    return steps


class Recorder:
    """Keeps snapshots of a run; it reads the reports of a `Run`.

    Parameters
    ----------
    start : TrainState, where the run begins
    count : int; how many snapshots, at least 2
    """

    def __init__(self, start: TrainState, count: int) -> None:
        self.wanted = frozenset(steps_to_keep(count, start.step, start.run.steps))
        self.kept: dict[int, Params] = {}
        self(start)

    def __call__(self, now: TrainState) -> None:
        if now.step in self.wanted:
            self.kept[now.step] = now.run.fold_scaling(now.params)

    def snapshots(self, last: TrainState, model: Model) -> Snapshots:
        """What was kept, up to the weights that the run ends with, each tried on the test images.

        Parameters
        ----------
        last : TrainState, where the run ended
        model : Model that it ended with, with its record
        """
        run, dataset = last.run, last.run.dataset
        final = last.step if last.chosen is None else last.chosen.epoch * run.steps_per_epoch
        kept = {step: params for step, params in self.kept.items() if step < final} | {final: model.params}
        accuracies = _accuracies(list(kept.values()), dataset.test_images, dataset.test_labels)
        # Many networks at once round differently than one alone, by an image in ten thousand.
        accuracies[-1] = model.record["results"]["test_accuracy"]
        return Snapshots(
            np.stack([params["weights"] for params in kept.values()]),
            tuple(kept),
            tuple(accuracies),
            model.class_names,
            weights_sha256(model.weights),
        )


def _accuracies(
    networks: Sequence[Params], images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> list[float]:
    """The fraction of the images that each of several networks without hidden layers answers rightly."""
    weights = np.concatenate([params["weights"] for params in networks], axis=1)
    bias = np.concatenate([params["bias"] for params in networks])
    right = np.zeros(len(networks), np.int64)
    for start in range(0, len(images), 1000):
        inputs = images[start : start + 1000].reshape(-1, PIXELS).astype(np.float32) / np.float32(255)
        outputs = (inputs @ weights + bias).reshape(len(inputs), len(networks), -1)
        right += (outputs.argmax(axis=2) == labels[start : start + 1000, None]).sum(axis=0)
    return [int(count) / len(images) for count in right]


def file_bytes(snapshots: Snapshots) -> bytes:
    """What is in the file of `snapshots`."""
    record = {
        "format": FORMAT,
        "weights_sha256": snapshots.weights_sha256,
        "names": list(snapshots.class_names),
        "steps": list(snapshots.steps),
        "test_accuracies": list(snapshots.accuracies),
    }
    return npz_bytes(record, {"weights": snapshots.weights})


def load(source: Path | bytes, model: Model | None = None) -> Snapshots:
    """Read snapshots, believing nothing before it has been checked.

    Parameters
    ----------
    source : Path, or bytes
        A file, or what stdin held.
    model : Model that they must belong to, if one is given

    Raises
    ------
    WeightsError
        If they are missing or damaged, or belong to other weights.
    """
    place = called(source)
    if isinstance(source, Path) and not source.exists():
        raise WeightsError(f"there are no snapshots {place} of how these weights formed", AGAIN)
    try:
        with opened_npz(source, WeightsError, AGAIN) as read:
            found = _checked(
                read("record", RECORD_BYTES), read("weights", MAX_SNAPSHOTS * PIXELS * MAX_CLASSES * 4)
            )
    except ValueError as problem:
        raise WeightsError(f"{place} holds no snapshots of mnistgd: {problem}", _beside(source)) from problem
    if model is None:
        return found
    if (found.weights_sha256, found.class_names) != (weights_sha256(model.weights), model.class_names):
        raise WeightsError(f"the snapshots {place} belong to other weights", AGAIN)
    return found


def _beside(source: Path | bytes) -> str:
    """What to do about a file that holds no snapshots: name those that lie beside it, or keep some."""
    if isinstance(source, Path) and snapshots_path(source).exists():
        return f"its snapshots lie beside it: --weights {quoted(snapshots_path(source))}"
    return AGAIN


def _checked(document: NDArray[Any] | None, weights: NDArray[Any] | None) -> Snapshots:
    record = json_in(document)
    if record.get("format") != FORMAT:
        raise ValueError(f"its record is not of format {FORMAT}")
    names = class_names_in(record.get("names"))
    steps, accuracies = record.get("steps"), record.get("test_accuracies")
    if not (isinstance(steps, list) and 1 <= len(steps) <= MAX_SNAPSHOTS and all(map(_is_step, steps))):
        raise ValueError("its record tells no steps")
    if sorted(set(steps)) != steps:
        raise ValueError("its steps do not rise")
    if not (
        isinstance(accuracies, list) and len(accuracies) == len(steps) and all(map(_is_share, accuracies))
    ):
        raise ValueError("its record tells no accuracies")
    shape = (len(steps), PIXELS, len(names))
    if weights is None or weights.shape != shape or weights.dtype != np.float32:
        raise ValueError(f"its weights are not {shape} of float32")
    if not np.isfinite(weights).all():
        raise ValueError("not all of its numbers are finite")
    return Snapshots(
        weights, tuple(steps), tuple(map(float, accuracies)), names, str(record.get("weights_sha256"))
    )


def _is_step(value: object) -> bool:
    return type(value) is int and 0 <= value < 10**12


def _is_share(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]
