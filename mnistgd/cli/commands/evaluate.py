"""``mnistgd evaluate``: how well a trained network does, and where it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mnistgd.cli import console, inputs, options, outputs, terminal
from mnistgd.cli.tables import class_word, confusion_table, percent, table
from mnistgd.cli.terminal import Sheet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnistgd.figures.blocks import Screen
    from mnistgd.model.evaluation import Evaluation, Mistake
    from mnistgd.model.model import Model

MISTAKES = 40
HEADING = "the most confident mistakes: true → predicted, probability"


def evaluate(
    weights: options.Weights = options.WEIGHTS_FILE,
    split: Annotated[Literal["test", "train"], typer.Option(help="Which images.")] = "test",
    confusion: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Draw the confusion matrix to this PNG.")
    ] = None,
    mistakes: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Draw the most confident mistakes to this PNG.")
    ] = None,
    no_terminal: terminal.NoTerminal = False,
    data: options.OtherData = None,
    offline: options.Offline = False,
    min_accuracy: options.MinAccuracy = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say how well the network does, digit by digit."""
    from mnistgd.model import evaluation

    claimed = outputs.claim(
        {"--confusion": confusion, "--mistakes": mistakes},
        read=[weights],
        as_json=as_json,
        drawing=not no_terminal,
    )
    model = inputs.network(weights, claimed, data)
    dataset = inputs.images_for(model, data, offline=offline, quiet=quiet)
    images, labels = dataset.split(split)
    with console.stage("testing"):
        found = evaluation.evaluate(model, images, labels)

    def worst(count: int) -> list[Mistake]:
        return evaluation.confident_mistakes(model, images, labels, count)

    files = {}
    if confusion is not None:
        title = f"{len(labels):,} {split} images: {found.accuracy:.2%} right"
        files[confusion] = _confusion_picture(found, model, title)
    if mistakes is not None:
        files[mistakes] = _mistakes_picture(model, images, worst(MISTAKES))
    claimed.finish(
        {
            "accuracy": found.accuracy,
            "loss": found.loss,
            "split": split,
            "images": len(labels),
            "per_digit": _per_digit(found, model),
            "confusion": found.confusion.tolist(),
            "weights": str(weights),
            "data": {"source": dataset.source, "sha256": dataset.sha256},
        },
        _summary(found, model, split),
        files=files,
        sketch=lambda screen: _sheet(screen, model, images, worst),
    )
    outputs.check_gate(found.accuracy, min_accuracy)


def _per_digit(found: Evaluation, model: Model) -> list[dict[str, Any]]:
    return [
        {
            "digit": digit,
            "label": name,
            "images": int(found.images[digit]),
            "precision": float(found.precision[digit]),
            "recall": float(found.recall[digit]),
        }
        for digit, name in enumerate(model.class_names)
    ]


def _summary(found: Evaluation, model: Model, split: str) -> list[str]:
    columns = (found.images, map(percent, found.precision), map(percent, found.recall))
    rows = [[name, *map(str, cells)] for name, *cells in zip(model.class_names, *columns, strict=True)]
    return [
        f"{split} accuracy  {found.accuracy:.2%} ({found.right:,} of {len(found.predicted):,})",
        f"{split} loss      {found.loss:.4f}",
        "",
        *table([[class_word(model.class_names), "images", "precision", "recall"], *rows], ">"),
        "",
        *confusion_table(found.confusion, model.class_names),
    ]


def _confusion_picture(found: Evaluation, model: Model, title: str) -> bytes:
    from mnistgd.figures.confusion import confusion_figure
    from mnistgd.figures.png import png_bytes
    from mnistgd.model.weights_file import network_sha256

    picture = confusion_figure(found.confusion, model.class_names, title)
    return png_bytes(picture, {"weights-sha256": network_sha256(model)})


def _mistakes_picture(model: Model, images: NDArray[np.uint8], worst: Sequence[Mistake]) -> bytes:
    from mnistgd.errors import ImageError
    from mnistgd.figures.captions import class_name, is_digit
    from mnistgd.figures.montage import contact_sheet
    from mnistgd.figures.png import png_bytes
    from mnistgd.figures.text import text_width
    from mnistgd.model.weights_file import network_sha256

    if not worst:
        raise ImageError("there is no mistake to draw", "leave out --mistakes")
    title = f"the {len(worst)} most confident mistakes: true → predicted, probability"
    names = [class_name(model.class_names, digit) for digit in range(len(model.class_names))]
    size = 84 if all(map(is_digit, names)) else 196
    captions = _captions(worst, names, lambda text: text_width(text) <= size)
    shown = images[[mistake.image for mistake in worst]]
    picture = contact_sheet(shown, title=title, captions=captions, columns=8, size=size)
    return png_bytes(picture, {"weights-sha256": network_sha256(model)})


def _sheet(
    screen: Screen, model: Model, images: NDArray[np.uint8], worst: Callable[[int], list[Mistake]]
) -> Sheet | None:
    """Two rows of mistakes, as long as the screen is wide."""
    from mnistgd.figures.blocks import abreast, image_drawing, title_columns
    from mnistgd.figures.columns import text_columns

    mistakes = worst(abreast(images.shape[2], screen, rows=2))
    if not mistakes:
        return None
    drawings = [image_drawing("", images[mistake.image]) for mistake in mistakes]
    wide = title_columns(drawings, screen)
    captions = _captions(mistakes, model.class_names, lambda text: text_columns(text) <= wide)
    pairs = zip(drawings, captions, strict=True)
    return Sheet([replace(drawing, title=caption) for drawing, caption in pairs], title=HEADING)


def _captions(worst: Sequence[Mistake], names: Sequence[str], fits: Callable[[str], bool]) -> list[str]:
    from mnistgd.figures.captions import mistake_caption

    return [mistake_caption(names[each.label], names[each.answer], each.probability, fits) for each in worst]
