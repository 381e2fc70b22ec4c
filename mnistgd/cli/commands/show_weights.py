"""``mnistgd show-weights``: what the network learned, as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from mnistgd.cli import console, inputs, options, outputs, terminal
from mnistgd.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from PIL.Image import Image

    from mnistgd.engine.types import Array
    from mnistgd.figures.blocks import Screen
    from mnistgd.model.model import Model

ALL = options.ALL
MANY = 20
"""More heatmaps than this are drawn small, and only these in the terminal."""


def show_weights(
    digits: options.Digits = None,
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
    layer: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Draw the units of this layer instead; only layer 1 sees pixels."
        ),
    ] = None,
    unit: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Draw this hidden unit, counted from 0.")
    ] = None,
    palette: options.Palette = "grokking",
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
    no_terminal: terminal.NoTerminal = False,
    as_json: options.Json = False,
) -> None:
    """Draw each digit's 784 weights as a picture."""
    from mnistgd.figures.png import png_bytes
    from mnistgd.model.weights_file import weights_sha256

    screen = terminal.screen_for(no_terminal, as_json=as_json)
    model = inputs.network(weights)
    if layer is None and unit is None:
        columns = _digits(model)
        asked = digits or [ALL]
        chosen = [None if digit == ALL else inputs.class_of(model, digit) for digit in dict.fromkeys(asked)]
    elif digits:
        raise UsageError("digits and hidden units are different things", "leave out one of them")
    else:
        columns = _units(model, layer or 1)
        chosen = [unit]
        if unit is not None and unit >= len(columns.titles):
            raise WeightsError(f"layer 1 has no unit {unit}", f"its units are 0 to {len(columns.titles) - 1}")
    names = [columns.file.format(ALL if index is None else index) for index in chosen]
    files = outputs.several(out, names)
    for file in files:
        outputs.check_png(file, as_json=as_json)
    outputs.check_apart({f"--out {file}": file for file in files}, weights)

    pictures = []
    for index, file in zip(chosen, files, strict=True):
        limits = _limits(columns, index, scale)
        facts = columns.facts(index) | {
            "limit": limits[0] if len(set(limits)) == 1 else limits,
            "palette": palette,
        }
        with console.stage("drawing"):
            picture = _draw(columns, index, limits, palette, size, legend=not no_legend)
        texts = {key: str(value) for key, value in facts.items()}
        texts["weights-sha256"] = weights_sha256(columns.weights)
        outputs.deliver(png_bytes(picture, texts), file)
        pictures.append(facts | {"file": file})

    if screen is not None:
        _show(screen, columns, chosen, scale, palette, legend=not no_legend)
    if as_json:
        document = {
            "weights": str(weights),
            "weights_sha256": weights_sha256(columns.weights),
            "pictures": pictures,
        }
        console.print_json(document)
    elif files != [outputs.STDOUT]:
        console.print_result("\n".join(files))


class Columns(NamedTuple):
    """What can be drawn: a column of 784 weights for each digit, or for each hidden unit.

    Attributes
    ----------
    weights : ndarray of shape (784, n)
    titles : list of str, one for each column
    file : str, what a picture's file is called, with a place for the column's number or ``all``
    facts : callable; what JSON says of a column, or of all where it is None
    """

    weights: Array
    titles: list[str]
    file: str
    facts: Callable[[int | None], dict[str, Any]]


def _digits(model: Model) -> Columns:
    from mnistgd.figures.captions import class_title

    def facts(index: int | None) -> dict[str, Any]:
        if index is None:
            return {"digit": ALL, "label": ALL}
        return {"digit": index, "label": model.class_names[index]}

    titles = [class_title(model.class_names, index) for index in range(len(model.class_names))]
    return Columns(model.weights, titles, "weights-{}.png", facts)


def _units(model: Model, layer: int) -> Columns:
    weights = model.layer_weights(layer)
    if not model.settings.hidden:
        raise WeightsError("this network has no hidden units", "leave out --layer and --unit: it has digits")
    if layer > 1:
        raise WeightsError(f"layer {layer} sees hidden units, not pixels", "only --layer 1 has pictures")

    def facts(index: int | None) -> dict[str, Any]:
        return {"layer": layer, "unit": ALL if index is None else index}

    titles = [f"unit {index}" for index in range(weights.shape[1])]
    return Columns(weights, titles, f"weights-{layer}-unit-{{}}.png", facts)


def _limits(columns: Columns, index: int | None, scale: str) -> list[float]:
    """The limit of each heatmap of the picture."""
    from mnistgd.figures.palettes import limit_of

    drawn = range(len(columns.titles)) if index is None else [index]
    if scale == "shared":
        return [limit_of(columns.weights)] * len(drawn)
    return [limit_of(columns.weights[:, column]) for column in drawn]


def _draw(
    columns: Columns, index: int | None, limits: list[float], palette: str, size: int | None, *, legend: bool
) -> Image:
    from mnistgd.figures import heatmap
    from mnistgd.figures.palettes import PALETTES

    colours = PALETTES[palette]
    if index is not None:
        values, limit, size = columns.weights[:, index], limits[0], size or heatmap.SIZE
        if not legend:
            return heatmap.heatmap(values, limit, colours, size)
        return heatmap.heatmap_figure(values, columns.titles[index], limit, colours, size)
    shared = limits[0] if len(set(limits)) == 1 else limits
    size = size or (heatmap.SHEET_SIZE if len(limits) <= MANY else heatmap.SMALL_SIZE)
    if not legend:
        return heatmap.bare_sheet(columns.weights.T, shared, colours, size)
    return heatmap.heatmap_sheet(columns.weights.T, columns.titles, shared, colours, size)


def _show(
    screen: Screen, columns: Columns, chosen: list[int | None], scale: str, palette: str, *, legend: bool
) -> None:
    """All that was chosen as one sheet in the terminal."""
    from mnistgd.figures import blocks as drawings
    from mnistgd.figures.legend import plain
    from mnistgd.figures.palettes import PALETTES

    every = range(min(MANY, len(columns.titles)))
    drawn = every if None in chosen else [index for index in chosen if index is not None]
    sheet = []
    for column in drawn:
        limit = _limits(columns, column, scale)[0]
        title = columns.titles[column]
        if scale == "each":
            title += f", limit {plain(limit)}"
        sheet.append(drawings.weights_drawing(title, columns.weights[:, column], limit, PALETTES[palette]))
    shared = None if scale == "each" and len(sheet) > 1 else limit
    terminal.show(screen, sheet, drawings.legend(shared, PALETTES[palette], screen) if legend else ())
