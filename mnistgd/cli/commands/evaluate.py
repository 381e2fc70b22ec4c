"""``mnistgd evaluate``: how well a trained network does, and where it fails."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs, terminal
from mnistgd.cli.data_options import with_data_options
from mnistgd.cli.tables import abreast, confusion_table, table
from mnistgd.cli.terminal import Sheet
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.system.words import counted, percent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL.Image import Image

    from mnistgd.figures.blocks import Screen
    from mnistgd.model.evaluation import Evaluation, Mistake
    from mnistgd.model.model import Model


@with_data_options
def evaluate(
    weights: options.Weights = options.WEIGHTS_FILE,
    split: Annotated[Literal["test", "train"], typer.Option(help="Which images.")] = "test",
    confusion: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Draw the confusion matrix to this PNG.")
    ] = None,
    mistakes: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Draw the most confident mistakes to this PNG.")
    ] = None,
    most: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many mistakes are drawn, or listed by --json.")
    ] = 40,
    size: options.Size = None,
    _font: fonts.Font = None,
    no_terminal: terminal.NoTerminal = False,
    data: options.OtherData = None,
    reading: DataOptions = PLAINLY,
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
    model = inputs.network(weights, claimed, data, reading)
    dataset = inputs.images_for(model, data, reading, offline=offline, quiet=quiet)
    images, labels = dataset.split(split)
    with console.stage("testing"):
        found = evaluation.evaluate(model, images, labels)
        worst = evaluation.confident_mistakes(found, images, labels, most)
    dataset.check_files()

    files = {}
    if confusion is not None:
        title = f"{counted(len(labels), f'{split} image', ',')}: {found.accuracy:.2%} right"
        files[confusion] = _confusion_picture(found, model, title, size)
    if mistakes is not None:
        files[mistakes] = _mistakes_picture(worst, model, size)
    claimed.finish(
        {
            "accuracy": found.accuracy,
            "loss": found.loss,
            "split": split,
            "images": len(labels),
            "per_digit": _per_digit(found, model),
            "confusion": found.confusion.tolist(),
            "mistakes": [_mistake(each) for each in worst],
            "weights": str(weights),
            "data": {"source": dataset.source, "sha256": dataset.sha256},
        },
        [*_summary(found, model, split), *_way_on(worst, split, weights, data)],
        files=files,
        sketch=partial(_sheet, worst, model) if worst else None,
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


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {
        "index": mistake.index,
        "true_digit": mistake.label,
        "digit": mistake.answer,
        "probability": mistake.probability,
    }


def _way_on(worst: list[Mistake], split: str, weights: Path, data: str | None) -> list[str]:
    """How to ask why the surest mistake was made; nothing where there is none, or a pipe held the network."""
    from mnistgd.system.files import is_stream, quoted

    if not worst or str(weights) == outputs.STDOUT or is_stream(weights):
        return []
    command = f"mnistgd explain --index {worst[0].index}"
    if split != "test":
        command += f" --split {split}"
    if weights != options.WEIGHTS_FILE:
        command += f" --weights {quoted(weights)}"
    if data is not None:
        command += f" --data {quoted(data)}"
    return ["", f"why the surest mistake: {command}"]


def _summary(found: Evaluation, model: Model, split: str) -> list[str]:
    from mnistgd.figures.captions import class_word

    columns = (found.images, map(percent, found.precision), map(percent, found.recall))
    rows = [[name, *map(str, cells)] for name, *cells in zip(model.class_names, *columns, strict=True)]
    return [
        f"{split} accuracy  {found.accuracy:.2%} ({found.right:,} of {found.images.sum():,})",
        f"{split} loss      {found.loss:.4f}",
        "",
        *abreast(table([[class_word(model.class_names), "images", "precision", "recall"], *rows], ">")),
        "",
        *confusion_table(found.confusion, model.class_names),
    ]


def _confusion_picture(found: Evaluation, model: Model, title: str, size: int | None) -> bytes:
    from mnistgd.figures.confusion import confusion_figure

    return _png(partial(confusion_figure, found.confusion, model.class_names, title), model, size)


def _mistakes_picture(worst: list[Mistake], model: Model, size: int | None) -> bytes:
    from mnistgd.errors import ImageError
    from mnistgd.figures.mistakes import mistakes_sheet

    if not worst:
        raise ImageError("there is no mistake to draw", "leave out --mistakes")
    return _png(partial(mistakes_sheet, worst, model.class_names), model, size)


def _png(draw: Callable[[int | None], Image], model: Model, size: int | None) -> bytes:
    from mnistgd.figures.png import sized_png
    from mnistgd.model.weights_file import network_sha256

    return sized_png(draw, size, {"weights-sha256": network_sha256(model)})


def _sheet(worst: list[Mistake], model: Model, screen: Screen) -> Sheet:
    from mnistgd.figures.mistakes import HEADING, mistake_drawings, mistakes_abreast

    drawn = worst[: mistakes_abreast(worst[0].image.shape[1], screen)]
    room = screen._replace(lines=screen.lines - terminal.TITLE_LINES)
    return Sheet(mistake_drawings(drawn, model.class_names, room), title=HEADING)
