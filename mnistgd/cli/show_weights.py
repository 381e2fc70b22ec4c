"""``mnistgd show-weights``: what the network learned, as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mnistgd.cli import console, inputs, options, outputs, terminal

if TYPE_CHECKING:
    from PIL.Image import Image

    from mnistgd.images.terminal import Screen
    from mnistgd.models import Model

ALL = "all"
DIGITS = [ALL, *"0123456789"]


def _digit(value: str) -> str:
    if value.lstrip("+-").isdigit() and value not in DIGITS:
        raise typer.BadParameter(f"{value} is not a digit from 0 to 9")
    return value


def show_weights(
    digits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DIGIT|NAME|all]…",
            parser=_digit,
            autocompletion=lambda: DIGITS,
            help="Which digits, or classes by their names; all is one sheet of all.",
            show_default=ALL,
        ),
    ] = None,
    weights: options.Weights = options.WEIGHTS_FILE,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE|FOLDER|-",
            help="The picture to write, a folder for several, or - for stdout.",
            show_default="weights-DIGIT.png",
        ),
    ] = None,
    palette: Annotated[
        Literal["grokking", "diverging", "gray"],
        typer.Option(
            help="grokking: red is zero, white for, black against; diverging: blue for, red against."
        ),
    ] = "grokking",
    scale: Annotated[
        Literal["shared", "each"],
        typer.Option(help="One limit for all digits, so that they can be compared, or one for each."),
    ] = "shared",
    size: Annotated[
        int | None,
        typer.Option(
            min=28, max=4000, metavar="PIXELS", help="Width of a heatmap; a multiple of 28 at most this."
        ),
    ] = None,
    no_legend: Annotated[bool, typer.Option("--no-legend", help="Just the pixels, for figures.")] = False,
    in_terminal: terminal.Terminal = None,
    as_json: options.Json = False,
) -> None:
    """Draw each digit's 784 weights as a picture."""
    from mnistgd import models
    from mnistgd.images.png import png_bytes, weights_sha256

    screen = terminal.screen_for(in_terminal, as_json=as_json)
    model = models.load(weights)
    chosen = [
        None if digit == ALL else inputs.class_of(model, digit) for digit in dict.fromkeys(digits or [ALL])
    ]
    files = outputs.several(out, [f"weights-{ALL if index is None else index}.png" for index in chosen])
    for file in files:
        outputs.check(file, as_json=as_json)

    pictures = []
    for index, file in zip(chosen, files, strict=True):
        limits = _limits(model, index, scale)
        facts = {
            "digit": ALL if index is None else index,
            "label": ALL if index is None else model.names[index],
            "limit": limits[0] if len(set(limits)) == 1 else limits,
            "palette": palette,
        }
        picture = _draw(model, index, limits, palette, size, legend=not no_legend)
        texts = {key: str(value) for key, value in facts.items()} | {
            "weights-sha256": weights_sha256(model.weights)
        }
        outputs.deliver(png_bytes(picture, texts), file)
        pictures.append(facts | {"file": file})

    if screen is not None:
        _show(screen, model, chosen, scale, palette, legend=not no_legend)
    if as_json:
        document = {
            "weights": str(weights),
            "weights_sha256": weights_sha256(model.weights),
            "pictures": pictures,
        }
        console.print_json(document)
    elif files != [outputs.STDOUT]:
        console.print_result("\n".join(files))


def _limits(model: Model, index: int | None, scale: str) -> list[float]:
    """The limit of each heatmap of the picture."""
    from mnistgd.images.palettes import limit_of

    columns = range(len(model.names)) if index is None else [index]
    return [limit_of(model.weights if scale == "shared" else model.weights[:, column]) for column in columns]


def _draw(
    model: Model, index: int | None, limits: list[float], palette: str, size: int | None, *, legend: bool
) -> Image:
    from mnistgd.images import heatmap
    from mnistgd.images.letters import class_title
    from mnistgd.images.palettes import PALETTES

    colours = PALETTES[palette]
    if index is not None:
        values, limit, size = model.weights[:, index], limits[0], size or heatmap.SIZE
        if not legend:
            return heatmap.heatmap(values, limit, colours, size)
        return heatmap.heatmap_figure(values, class_title(model.names, index), limit, colours, size)
    shared = limits[0] if len(set(limits)) == 1 else limits
    size = size or heatmap.SHEET_SIZE
    if not legend:
        return heatmap.bare_sheet(model.weights.T, shared, colours, size)
    titles = [class_title(model.names, column) for column in range(len(model.names))]
    return heatmap.heatmap_sheet(model.weights.T, titles, shared, colours, size)


def _show(
    screen: Screen, model: Model, chosen: list[int | None], scale: str, palette: str, *, legend: bool
) -> None:
    """All that was chosen as one sheet in the terminal."""
    from mnistgd.images import terminal as drawings
    from mnistgd.images.legend import plain
    from mnistgd.images.letters import class_title
    from mnistgd.images.palettes import PALETTES

    columns = range(len(model.names)) if None in chosen else [index for index in chosen if index is not None]
    sheet = []
    for column in columns:
        limit = _limits(model, column, scale)[0]
        title = class_title(model.names, column)
        if scale == "each":
            title += f", limit {plain(limit)}"
        sheet.append(drawings.weights_drawing(title, model.weights[:, column], limit, PALETTES[palette]))
    shared = None if scale == "each" and len(sheet) > 1 else limit
    terminal.show(screen, sheet, drawings.legend(shared, PALETTES[palette], screen) if legend else ())
