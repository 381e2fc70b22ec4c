"""``mnistgd predict``: which digit a picture shows."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console, inputs, options, outputs, terminal
from mnistgd.errors import ImageError

if TYPE_CHECKING:
    from mnistgd.figures.blocks import Screen
    from mnistgd.model.model import Model


def predict(
    context: typer.Context,
    images: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE|-]…", help="Pictures of one digit each: PNG, JPEG, …", show_default=False
        ),
    ] = None,
    index: options.Index = None,
    split: options.Split = "test",
    weights: options.Weights = options.WEIGHTS_FILE,
    as_is: options.AsIs = False,
    saw: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|FOLDER", help="Write what the network saw, 28×28; a folder for several images."
        ),
    ] = None,
    no_terminal: terminal.NoTerminal = False,
    data: options.OtherData = None,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say which digit a picture shows: a photo, a drawing, or an image of the data."""
    sources = images or []
    inputs.check_one(context, sources[0] if sources else None, index)
    inputs.check_stdin(weights, *sources)
    screen = terminal.screen_for(no_terminal, as_json=as_json)
    model = inputs.network(weights)
    files: list[str | None] = [None] * max(1, len(sources))
    if saw is not None:
        files = [*outputs.several(saw, _names_of(sources), option="--saw")]
    for file in files:
        if file is not None:
            outputs.check_png(file, as_json=as_json, option="--saw")
    written = {f"--saw {file}": file for file in files if file is not None}
    outputs.check_apart(written, weights, inputs.images_place(data, model), *sources)

    if index is not None:
        with console.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
            seen = inputs.image_at(model, index, split, data, offline=offline, reporter=reporter)
        _answer(model, seen, files[0], screen, as_json=as_json)
        return
    failed = False
    with closing(inputs.pictures(model, sources, as_is=as_is)) as pictures:
        for file in files:
            with console.stage("reading the picture"):
                picture = next(pictures)
            if isinstance(picture, ImageError):
                console.report_error(picture.message, picture.hint)
                failed = True
            else:
                _answer(model, picture, file, screen, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _answer(
    model: Model, seen: inputs.Seen, saw: str | None, screen: Screen | None, *, as_json: bool
) -> None:
    """Print what one image shows, and write what the network saw of it if that is asked for."""
    probabilities = model.probabilities(seen.pixels[None])[0]
    first, second = (int(digit) for digit in probabilities.argsort(kind="stable")[::-1][:2])
    if saw is not None:
        from PIL import Image

        from mnistgd.figures.png import png_bytes

        outputs.deliver(png_bytes(Image.fromarray(seen.pixels)), saw)
    if as_json:
        document: dict[str, Any] = {
            "image": seen.name,
            "digit": first,
            "label": model.class_names[first],
            "probability": float(probabilities[first]),
            "runner_up": {
                "digit": second,
                "label": model.class_names[second],
                "probability": float(probabilities[second]),
            },
            "probabilities": probabilities.tolist(),
        }
        console.print_json(document if saw is None else document | {"saw": saw})
    elif saw != outputs.STDOUT:
        name, other = model.class_names[first], model.class_names[second]
        answer = f"{name} ({probabilities[first]:.1%}), then {other} ({probabilities[second]:.1%})"
        console.print_result(f"{console.one_line(seen.name)}: {answer}")
        if screen is not None:
            from mnistgd.figures.blocks import image_drawing, ink_legend

            terminal.show(screen, [image_drawing("what the network saw", seen.pixels)], ink_legend(screen))


def _names_of(sources: list[str]) -> list[str]:
    """What files are called that show what the network saw: after the images, each name once."""
    stems = ["stdin" if source == "-" else Path(source).stem for source in sources] or ["image"]
    names: list[str] = []
    for stem in stems:
        name, count = f"{stem}-saw.png", 2
        while name in names:
            name, count = f"{stem}-{count}-saw.png", count + 1
        names.append(name)
    return names
