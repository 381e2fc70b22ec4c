"""``mnistgd animate``: how the weights formed while the network trained."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistgd.cli import console, inputs, options, outputs
from mnistgd.errors import UsageError

if TYPE_CHECKING:
    from mnistgd.figures.animation import Kind
    from mnistgd.training.snapshots import Snapshots

HOLD = 2000
"""In milliseconds, how long the last picture is shown before it begins again."""


def animate(
    digits: options.Digits = None,
    weights: options.Weights = options.WEIGHTS_FILE,
    out: Annotated[
        str,
        typer.Option(
            "--out", "-o", metavar="FILE|-", help="What to write: .gif, .apng, .png or .webp; - is a GIF."
        ),
    ] = "weights.gif",
    palette: options.Palette = "grokking",
    size: Annotated[
        int | None,
        typer.Option(
            min=28,
            max=1000,
            metavar="PIXELS",
            help="Width of a heatmap; a multiple of 28 at most this.",
            show_default="112, one alone 336; less where the file would reach 2 MB",
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            callback=options.between(0.1, 600, "a number from 0.1 to 600"),
            metavar="X",
            help="From the first picture to the last.",
        ),
    ] = 6.0,
    as_json: options.Json = False,
) -> None:
    """Show the weights forming: snapshots that mnistgd train --frames kept."""
    from mnistgd.figures.animation import animation_bytes, animation_in_bounds, animation_pictures
    from mnistgd.figures.captions import class_title
    from mnistgd.figures.palettes import PALETTES, limit_of
    from mnistgd.training import snapshots

    kind = _kind(out)
    if str(weights) == "-":
        raise UsageError("the snapshots lie beside a weights file, and stdin has none", "name the file")
    model = inputs.network(weights)
    chosen = digits or [options.ALL]
    columns = list(range(len(model.class_names)))
    if options.ALL not in chosen:
        columns = list(dict.fromkeys(inputs.class_of(model, digit) for digit in chosen))
    outputs.check(out, as_json=as_json)
    place = snapshots.snapshots_path(weights)
    outputs.check_apart({"--out": out}, weights, place)
    found = snapshots.load(place, model)

    limit = limit_of(found.weights)
    milliseconds = _milliseconds(len(found.steps), seconds)
    facts = {
        "digits": ", ".join(model.class_names[column] for column in columns),
        "limit": str(limit),
        "palette": palette,
        "weights-sha256": found.weights_sha256,
    }
    shown = (
        found.weights[:, :, columns],
        [class_title(model.class_names, column) for column in columns],
        _captions(found),
        limit,
    )
    with console.stage("drawing"):
        if size is None:
            content = animation_in_bounds(*shown, kind, milliseconds, facts, PALETTES[palette])
        else:
            pictures = animation_pictures(*shown, PALETTES[palette], size)
            content = animation_bytes(pictures, kind, milliseconds, facts, PALETTES[palette])
    outputs.deliver(content, out)

    if as_json:
        console.print_json(
            {
                "weights": str(weights),
                "weights_sha256": found.weights_sha256,
                "digits": columns,
                "steps": found.steps,
                "test_accuracies": found.accuracies,
                "limit": limit,
                "palette": palette,
                "file": out,
            }
        )
    elif out != outputs.STDOUT:
        console.print_result(console.one_line(out))


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


def _milliseconds(count: int, seconds: float) -> list[int]:
    """How long each of `count` pictures is shown; a GIF counts hundredths of a second.

    Raises
    ------
    UsageError
        If that is less than is shown.
    """
    from mnistgd.figures.animation import LEAST_MILLISECONDS

    ends = [10 * round(100 * seconds * k / max(1, count - 1)) for k in range(count)]
    shown = [after - before for before, after in pairwise(ends)]
    if shown and min(shown) < LEAST_MILLISECONDS:
        raise UsageError(
            f"{count} pictures in {seconds:g} seconds are more than 50 a second",
            f"choose at least --seconds {count * LEAST_MILLISECONDS / 1000:g}",
        )
    return [*shown, HOLD]


def _captions(found: Snapshots) -> list[tuple[str, str]]:
    last = f"{found.steps[-1]:,}"
    return [
        (f"step {step:,} of {last}", f"{accuracy:.2%} of the test images right")
        for step, accuracy in zip(found.steps, found.accuracies, strict=True)
    ]
