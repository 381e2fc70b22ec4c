"""``mnistgd evaluate``: how well a trained network does, and where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mnistgd.cli import console, inputs, options, outputs, terminal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnistgd.evaluation import Evaluation
    from mnistgd.images.terminal import Screen
    from mnistgd.models import Model

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
    in_terminal: terminal.Terminal = None,
    data: options.OtherData = None,
    offline: options.Offline = False,
    min_accuracy: options.MinAccuracy = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say how well the network does, digit by digit."""
    from mnistgd import evaluation

    screen = terminal.screen_for(in_terminal, as_json=as_json)
    model = inputs.network(weights)
    outputs.check_apart(
        {"--confusion": confusion, "--mistakes": mistakes}, weights, inputs.images_place(data, model)
    )
    for out in (confusion, mistakes):
        if out is not None:
            outputs.check(out, as_json=as_json)
    with console.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
        dataset = evaluation.images_for(model, data, offline=offline, listener=reporter)
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
                    for digit, name in enumerate(model.names)
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
    wide = max(5, *(len(name) for name in model.names))
    lines = [
        f"{split} accuracy  {found.accuracy:.2%} ({right:,} of {total:,})",
        f"{split} loss      {found.loss:.4f}",
        "",
        f"{'digit':>{wide}}  images  precision  recall",
    ]
    for digit, name in enumerate(model.names):
        precision, recall = _percent(found.precision[digit]), _percent(found.recall[digit])
        lines.append(f"{name:>{wide}}  {found.confusion[digit].sum():6d}  {precision:>9}  {recall:>6}")
    cell = max(5, *(len(name) + 1 for name in model.names)) if wide <= 7 else 6
    heads = [name if len(name) < cell else str(digit) for digit, name in enumerate(model.names)]
    lines += ["", "confusion: a row for each true digit, a column for each answer"]
    lines.append(" " * wide + "".join(f"{head:>{cell}}" for head in heads))
    for name, counts in zip(model.names, found.confusion, strict=True):
        lines.append(f"{name:>{wide}}" + "".join(f"{count or '·':>{cell}}" for count in counts))
    return "\n".join(lines)


def _percent(share: float) -> str:
    return "–" if share != share else f"{share:.1%}"


def _draw_confusion(found: Evaluation, model: Model, title: str, out: str) -> None:
    from mnistgd.images.confusion import confusion_figure
    from mnistgd.images.png import png_bytes

    picture = confusion_figure(found.confusion, model.names, title)
    outputs.deliver(png_bytes(picture, _facts(model)), out)


def _facts(model: Model) -> dict[str, str]:
    """Whose picture it is: a hash for each layer."""
    from mnistgd.images.png import weights_sha256

    layers = range(1, len(model.settings.hidden) + 2)
    return {"weights-sha256": " ".join(weights_sha256(model.layer_weights(layer)) for layer in layers)}


def _mistakes(
    model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8], count: int
) -> tuple[NDArray[np.uint8], list[str]]:
    """The images that the network is most confidently wrong about, and a caption for each."""
    from mnistgd.evaluation import confident_mistakes

    probabilities = model.probabilities(images)
    worst = confident_mistakes(probabilities, labels, count)
    truths, answers = (
        [model.names[digit] for digit in digits]
        for digits in (labels[worst], probabilities[worst].argmax(axis=1))
    )
    sure = probabilities[worst].max(axis=1)
    captions = [f"{a} → {b}, {p:.0%}" for a, b, p in zip(truths, answers, sure, strict=True)]
    return images[worst], captions


def _draw_mistakes(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8], out: str) -> None:
    from mnistgd.errors import ImageError
    from mnistgd.images.montage import contact_sheet
    from mnistgd.images.png import png_bytes

    worst, captions = _mistakes(model, images, labels, MISTAKES)
    if not captions:
        raise ImageError("there is no mistake to draw", "leave out --mistakes")
    title = f"the {len(worst)} most confident mistakes: true → predicted, probability"
    size = 84 if max(map(len, captions)) < 14 else 196
    picture = contact_sheet(worst, title=title, captions=captions, columns=8, size=size)
    outputs.deliver(png_bytes(picture, _facts(model)), out)


def _show_mistakes(
    screen: Screen, model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> None:
    from mnistgd.images.terminal import abreast, image_drawing

    worst, captions = _mistakes(model, images, labels, IN_TERMINAL * abreast(images.shape[2], screen))
    if captions:
        console.print_result("\nthe most confident mistakes: true → predicted, probability\n")
        drawings = [image_drawing(title, image) for title, image in zip(captions, worst, strict=True)]
        terminal.show(screen, drawings)
