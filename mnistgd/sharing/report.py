"""What a report says of a trained network: the facts, tables and pictures that its page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.named import MNIST, spec_of
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.figures.captions import class_word
from mnistgd.figures.palettes import Palette
from mnistgd.figures.png import png_bytes
from mnistgd.model.evaluation import Evaluation, Mistake, evaluate
from mnistgd.model.freeze import unpack_mask
from mnistgd.model.model import INTERRUPTED, Model
from mnistgd.model.weights_file import network_sha256
from mnistgd.sharing.report_answers import Explained, explained_of, mistakes_of
from mnistgd.sharing.report_parts import (
    Compared,
    Confusion,
    Curves,
    Epoch,
    Sheet,
    compared_of,
    confusion_of,
    curves_of,
    sheet_of,
)
from mnistgd.sharing.report_pictures import Legend, Picture
from mnistgd.system.files import quoted

MOST = 20
"""Of what a record says in one of its parts: about twice as many as it has."""


class Line(NamedTuple):
    """Of the table of classes."""

    name: str
    images: int
    recall: float
    precision: float


@dataclass(frozen=True, eq=False)
class Report:
    """All that a page says of a network.

    Attributes
    ----------
    weights : str, the file
    sizes : tuple of int, pixels, units of each hidden layer and classes
    parameters : int, how many weights and biases there are
    names, word : the classes, and what one of them is called
    foreign : bool, whether another program trained it
    settings, data, file, versions : mappings of what to how
    again, verify, explain : str, commands; the first two empty where nobody knows how it was trained, and the
        first where no command stops training there
    mask : Picture or None, what ``--freeze`` was given
    others : str, where the test images come from, if they are not those of its record; else empty
    loss : str, what the loss of `found` is
    found : Evaluation, on the test images
    commonest : (str, float), the class that has most of them, and its share
    curves : Curves or None, if there is a history
    sheet, confusion : Sheet, Confusion
    lines : list of Line, one for each class
    mistakes : list of (Mistake, Picture), the surest first
    explained, legends : list of Explained, and the legends of its weights and of its evidence
    compared : Compared or None, if there is another network
    """

    weights: str
    sizes: tuple[int, ...]
    parameters: int
    names: tuple[str, ...]
    word: str
    foreign: bool
    settings: Mapping[str, str]
    data: Mapping[str, str]
    file: Mapping[str, str]
    versions: Mapping[str, str]
    again: str
    verify: str
    explain: str
    mask: Picture | None
    others: str
    loss: str
    found: Evaluation
    commonest: tuple[str, float]
    curves: Curves | None
    sheet: Sheet
    confusion: Confusion
    lines: list[Line]
    mistakes: list[tuple[Mistake, Picture]]
    explained: list[Explained]
    legends: tuple[Legend, Legend]
    compared: Compared | None


def report_of(
    model: Model,
    dataset: Dataset,
    weights: str,
    palette: Palette,
    history: tuple[str, Sequence[Epoch]] | None = None,
    other: tuple[str, Model] | None = None,
) -> Report:
    """All that is to be said of `model` and its answers to the test images of `dataset`.

    Parameters
    ----------
    model : Model
    dataset : Dataset, prepared as the training images were
    weights : str, what the file of the model is called
    palette : Palette, of all weights and evidence
    history : (name, epochs) of its log, if there is one
    other : (name, model) of another network to compare it with, if there is one

    Raises
    ------
    WeightsError
        If the weights are so large that an answer is no number, or cannot be compared.
    MissingExtraError
        If there is a history and matplotlib is not installed.
    """
    compared = other and compared_of(model, *other, palette)
    curves = history and curves_of(*history, model)
    images, labels = dataset.split("test")
    found = evaluate(model, images, labels)
    explained, legends = explained_of(model, found, images, labels, palette)
    names = model.class_names
    frequent = int(found.images.argmax())
    is_whole = not model.is_foreign and model.results.get("stopped") != INTERRUPTED
    return Report(
        weights=weights,
        sizes=model.sizes,
        parameters=sum(array.size for array in model.params.values()),
        names=names,
        word=class_word(names),
        foreign=model.is_foreign,
        settings={name.replace("_", " "): model.setting_in_words(name) for name in model.known_settings},
        data=_data(model, dataset),
        file=_file(model, weights),
        versions=_flat(model.record.get("environment")),
        again="" if not is_whole else _again(model, dataset, weights, logged=history is not None),
        verify="" if model.is_foreign else f"mnistgd verify {quoted(weights)}",
        explain=_explain(model, dataset, weights),
        mask=_mask(model),
        others="" if model.trained_on(dataset) else dataset.source,
        loss="cross-entropy" if model.settings.loss == "cross-entropy" else "half squared error",
        found=found,
        commonest=(names[frequent], found.images[frequent] / found.images.sum()),
        curves=curves,
        sheet=sheet_of(model, palette),
        confusion=confusion_of(found, names),
        lines=list(map(Line, names, found.images.tolist(), found.recall.tolist(), found.precision.tolist())),
        mistakes=mistakes_of(found, images, labels),
        explained=explained,
        legends=legends,
        compared=compared,
    )


def _data(model: Model, dataset: Dataset) -> dict[str, str]:
    counts = {"to train": len(dataset.train_images), "to test": len(dataset.test_images)}
    same = model.trained_on(dataset)
    return {
        "source": model.data_source,
        **{name: f"{count:,}" for name, count in counts.items() if same},
        "SHA-256 of the pixels": model.data_sha256,
    }


def _file(model: Model, weights: str) -> dict[str, str]:
    """What it is called, when it was saved, what it records of the run, and the hash of each layer."""
    named = {"file": weights, "saved": str(model.record.get("date"))}
    hashes = {"SHA-256 of the weights": network_sha256(model)}
    return named | _flat(model.results) | hashes


def _flat(part: object) -> dict[str, str]:
    """What a record says in a part of it; a record may be anyone's."""
    found = list(part.items())[:MOST] if isinstance(part, dict) else []
    return {
        name.replace("_", " "): _shown(value)
        for name, value in found
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def _shown(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:#.4g}"


def _again(model: Model, dataset: Dataset, weights: str, *, logged: bool) -> str:
    """The command that trains it again, to files that are not there yet as far as one can tell."""
    out = f"{Path(weights).stem}-again"
    words = [] if model.data_spec == MNIST.name else [f"--data {quoted(model.data_spec)}"]
    words.append(model.reading.words())
    if model.trained_on(dataset) and dataset.class_names != model.class_names:
        words.append(f"--class-names {quoted(','.join(model.class_names))}")
    words += [model.settings.words(), f"--out {quoted(out + '.npz')}"]
    if logged:
        words.append(f"--log {quoted(out + '.jsonl')}")
    return " ".join(filter(None, ["mnistgd train", *words]))


def _explain(model: Model, dataset: Dataset, weights: str) -> str:
    """The command that explains one of the test images, but for its number."""
    spec = spec_of(dataset.source)
    others = f"--data {quoted(spec)} {dataset.options.words()}".rstrip() if spec != model.data_spec else ""
    return " ".join(filter(None, ["mnistgd explain --weights", quoted(weights), others, "--index"]))


def _mask(model: Model) -> Picture | None:
    """The picture that ``--freeze`` was given, as large as it has to be."""
    if model.settings.freeze is None:
        return None
    frozen = unpack_mask(model.settings.freeze).reshape(IMAGE_SHAPE)
    picture = Image.fromarray(np.where(frozen, 0, 255).astype(np.uint8))
    return Picture(png_bytes(picture), "the mask: its black pixels are frozen", "MASK.png")
