"""``mnistgd evaluate``: how well a trained network does, and where it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mnistgd.cli import console, inputs, options, outputs, tables, terminal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnistgd.figures.blocks import Screen
    from mnistgd.model.evaluation import Evaluation
    from mnistgd.model.model import Model

MISTAKES = 40
IN_TERMINAL = 2
"""How many rows of mistakes are drawn there."""


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
    from mnistgd.model.data import images_for

    screen = terminal.screen_for(no_terminal, as_json=as_json)
    model = inputs.network(weights)
    outputs.check_apart(
        {"--confusion": confusion, "--mistakes": mistakes}, weights, inputs.images_place(data, model)
    )
    for option, out in (("--confusion", confusion), ("--mistakes", mistakes)):
        if out is not None:
            outputs.check_png(out, as_json=as_json, option=option)
    with console.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
        dataset = images_for(model, data, offline=offline, listener=reporter)
    images, labels = dataset.split(split)
    with console.stage("testing"):
        found = evaluation.evaluate(model, images, labels)

    if confusion is not None:
        _draw_confusion(
            found, model, f"{len(labels):,} {split} images: {found.accuracy:.2%} right", confusion
        )
    if mistakes is not None:
        _draw_mistakes(model, images, labels, mistakes)
    if as_json:
        console.print_json(
            {
                "accuracy": found.accuracy,
                "loss": found.loss,
                "split": split,
                "images": len(labels),
                "per_digit": [
                    {
                        "digit": digit,
                        "label": name,
                        "images": int(found.confusion[digit].sum()),
                        "precision": float(found.precision[digit]),
                        "recall": float(found.recall[digit]),
                    }
                    for digit, name in enumerate(model.class_names)
                ],
                "confusion": found.confusion.tolist(),
                "weights": str(weights),
                "data": {"source": dataset.source, "sha256": dataset.sha256},
            }
        )
    elif outputs.STDOUT not in (confusion, mistakes):
        console.print_result(_summary(found, model, split))
        if screen is not None:
            _show_mistakes(screen, model, images, labels)
    outputs.check_gate(found.accuracy, min_accuracy)


def _summary(found: Evaluation, model: Model, split: str) -> str:
    right, total = found.confusion.trace(), found.confusion.sum()
    heading, *names = tables.beside([tables.class_word(model.class_names), *model.class_names])
    lines = [
        f"{split} accuracy  {found.accuracy:.2%} ({right:,} of {total:,})",
        f"{split} loss      {found.loss:.4f}",
        "",
        f"{heading}  images  precision  recall",
    ]
    for digit, name in enumerate(names):
        precision, recall = _percent(found.precision[digit]), _percent(found.recall[digit])
        lines.append(f"{name}  {found.confusion[digit].sum():6d}  {precision:>9}  {recall:>6}")
    return "\n".join([*lines, "", *_confusion_lines(found.confusion, model.class_names)])


def _confusion_lines(counts: NDArray[np.int64], names: Sequence[str]) -> list[str]:
    """The counts, below and beside the names; where those are too wide to stand above, they are numbered."""
    from mnistgd.figures.blocks import fitted, text_columns

    title = f"confusion: a row for each true {tables.class_word(names)}, a column for each answer"
    cell = max(4, len(str(counts.max()))) + 1
    widest = max(map(text_columns, names))
    if max(5, widest) + len(names) * max(cell, widest + 1) <= tables.WIDTH:
        cell = max(cell, widest + 1)
        heads, sides = list(names), tables.beside(names)
    else:
        title = "confusion: rows are true classes, columns are answers, by their numbers"
        room = tables.WIDTH - len(names) * cell - 2
        heads = [str(number) for number in range(len(names))]
        sides = tables.beside([f"{n} {fitted(name, room)}" for n, name in enumerate(names)], left=True)
    above = "".join(" " * (cell - text_columns(head)) + head for head in heads)
    lines = [
        side + "".join(f"{count or '·':>{cell}}" for count in row)
        for side, row in zip(sides, counts, strict=True)
    ]
    return [title, " " * text_columns(sides[0]) + above, *lines]


def _percent(share: float) -> str:
    return "–" if share != share else f"{share:.1%}"


def _draw_confusion(found: Evaluation, model: Model, title: str, out: str) -> None:
    from mnistgd.figures.confusion import confusion_figure
    from mnistgd.figures.png import png_bytes

    picture = confusion_figure(found.confusion, model.class_names, title)
    outputs.deliver(png_bytes(picture, _facts(model)), out)


def _facts(model: Model) -> dict[str, str]:
    """Whose picture it is: a hash for each layer."""
    from mnistgd.model.weights_file import weights_sha256

    layers = range(1, len(model.settings.hidden) + 2)
    return {"weights-sha256": " ".join(weights_sha256(model.layer_weights(layer)) for layer in layers)}


def _mistakes(
    model: Model,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    count: int,
) -> tuple[NDArray[np.uint8], list[tuple[int, int, float]]]:
    """The images that the network is most confidently wrong about; what each is, the answer, and how sure."""
    from mnistgd.model.evaluation import confident_mistakes

    probabilities = model.probabilities(images)
    worst = confident_mistakes(probabilities, labels, count)
    answers, sure = probabilities[worst].argmax(axis=1), probabilities[worst].max(axis=1)
    return images[worst], list(zip(labels[worst].tolist(), answers.tolist(), sure.tolist(), strict=True))


def _caption(names: Sequence[str], mistake: tuple[int, int, float], fits: Callable[[str], bool]) -> str:
    """What was taken for what, and how surely: names may be cut to make it fit, the number never."""
    true, answer, probability = mistake
    for kept in range(max(len(names[true]), len(names[answer])), 0, -1):
        one, other = (
            name if len(name) <= kept else f"{name[: kept - 1]}…" for name in (names[true], names[answer])
        )
        caption = f"{one} → {other}, {probability:.0%}"
        if fits(caption):
            return caption
    return f"{probability:.0%}"


def _draw_mistakes(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8], out: str) -> None:
    from mnistgd.errors import ImageError
    from mnistgd.figures.captions import class_name, is_digit
    from mnistgd.figures.montage import contact_sheet
    from mnistgd.figures.png import png_bytes
    from mnistgd.figures.text import text_width

    worst, mistakes = _mistakes(model, images, labels, MISTAKES)
    if not mistakes:
        raise ImageError("there is no mistake to draw", "leave out --mistakes")
    title = f"the {len(worst)} most confident mistakes: true → predicted, probability"
    names = [class_name(model.class_names, digit) for digit in range(len(model.class_names))]
    size = 84 if all(map(is_digit, names)) else 196
    captions = [_caption(names, mistake, lambda text: text_width(text) <= size) for mistake in mistakes]
    picture = contact_sheet(worst, title=title, captions=captions, columns=8, size=size)
    outputs.deliver(png_bytes(picture, _facts(model)), out)


def _show_mistakes(
    screen: Screen, model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> None:
    from mnistgd.figures.blocks import abreast, image_drawing, shrink_to_fit, text_columns

    side = images.shape[2]
    worst, mistakes = _mistakes(model, images, labels, IN_TERMINAL * abreast(side, screen))
    if not mistakes:
        return
    console.print_result("\nthe most confident mistakes: true → predicted, probability\n")
    drawings = [image_drawing("", image) for image in worst]
    wide = side // (shrink_to_fit(drawings, screen) or 1)
    captions = [
        _caption(model.class_names, each, lambda text: text_columns(text) <= wide) for each in mistakes
    ]
    pairs = zip(drawings, captions, strict=True)
    terminal.show(screen, [replace(drawing, title=caption) for drawing, caption in pairs])
