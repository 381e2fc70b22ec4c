"""``mnistgd animate``: how the weights formed while the network trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs
from mnistgd.errors import UsageError

if TYPE_CHECKING:
    from mnistgd.figures.animation import Kind
    from mnistgd.training.snapshots import Snapshots


def animate(
    digits: options.Digits = None,
    weights: options.Weights = options.WEIGHTS_FILE,
    out: Annotated[
        str, options.out("What to write: .gif, .apng, .png or .webp; - is a GIF.")
    ] = "weights.gif",
    palette: options.Palette = "grokking",
    size: Annotated[
        int | None,
        options.picture_size(1000, show_default="112, one alone 336; less where the file would reach 2 MB"),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            callback=options.between(0.1, 600, "a number from 0.1 to 600"),
            metavar="X",
            help="From the first picture to the last.",
        ),
    ] = 6.0,
    _font: fonts.Font = None,
    as_json: options.Json = False,
) -> None:
    """Show the weights forming: what mnistgd train --frames kept."""
    from mnistgd.figures.animation import animation_file, frame_times
    from mnistgd.figures.captions import class_title
    from mnistgd.figures.palettes import PALETTES, limit_of
    from mnistgd.training import snapshots

    kind = _kind(out)
    if str(weights) == "-":
        raise UsageError("the snapshots lie beside a weights file, and stdin has none", "name the file")
    place = snapshots.snapshots_path(weights)
    claimed = outputs.claim(files={"--out": out}, read=[weights, place], as_json=as_json)
    model = inputs.network(weights)
    columns = inputs.columns_of(inputs.classes_of(model, digits), len(model.class_names))
    found = snapshots.load(place, model)

    limit = limit_of(found.weights)
    facts = {
        "digits": ", ".join(model.class_names[column] for column in columns),
        "limit": str(limit),
        "palette": palette,
        "weights-sha256": found.weights_sha256,
    }
    milliseconds = frame_times(len(found.steps), seconds)
    with console.stage("drawing"):
        content = animation_file(
            found.weights[:, :, columns],
            [class_title(model.class_names, column) for column in columns],
            _captions(found),
            limit,
            kind,
            milliseconds,
            facts,
            PALETTES[palette],
            size,
        )

    document = {
        "weights": str(weights),
        "weights_sha256": found.weights_sha256,
        "digits": columns,
        "steps": found.steps,
        "test_accuracies": found.accuracies,
        "limit": limit,
        "palette": palette,
        "file": out,
    }
    claimed.finish(document, files={out: content}, last=[out])


def _kind(out: str) -> Kind:
    from mnistgd.figures.animation import KINDS

    if out == outputs.STDOUT:
        return "GIF"
    ending = Path(out).suffix.lower()
    if ending not in KINDS:
        raise UsageError(
            f"{out} does not say what kind of animation it is", f"end its name in {', '.join(KINDS)}"
        )
    return KINDS[ending]


def _captions(found: Snapshots) -> list[tuple[str, str]]:
    from mnistgd.figures.captions import snapshot_caption

    pairs = zip(found.steps, found.accuracies, strict=True)
    return [snapshot_caption(step, found.steps[-1], accuracy) for step, accuracy in pairs]
