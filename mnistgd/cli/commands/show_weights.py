"""``mnistgd show-weights``: what the network learned, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs, terminal
from mnistgd.cli.terminal import Sheet
from mnistgd.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from mnistgd.engine.types import Array
    from mnistgd.figures.blocks import Screen
    from mnistgd.model.model import Model


def show_weights(
    digits: options.Digits = None,
    weights: options.Weights = options.WEIGHTS_FILE,
    out: Annotated[
        str | None,
        options.out(
            "One picture of all that is named; or a folder, for one of each.",
            metavar="FILE|FOLDER|-",
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
        list[int] | None,
        typer.Option(min=0, metavar="N", help="Draw this hidden unit, counted from 0; may be repeated."),
    ] = None,
    palette: options.Palette = "grokking",
    scale: Annotated[
        Literal["shared", "each"],
        typer.Option(help="One limit for all digits, so that they can be compared, or one for each."),
    ] = "shared",
    size: options.Size = None,
    no_legend: Annotated[bool, typer.Option("--no-legend", help="Just the pixels, for figures.")] = False,
    _font: fonts.Font = None,
    no_terminal: terminal.NoTerminal = False,
    as_json: options.Json = False,
) -> None:
    """Draw each digit's 784 weights as a picture."""
    from mnistgd.figures.blocks import legend, weights_drawings
    from mnistgd.figures.heatmap import MANY, weights_picture
    from mnistgd.figures.montage import at_size
    from mnistgd.figures.palettes import PALETTES, limits_of
    from mnistgd.figures.png import png_bytes
    from mnistgd.model.weights_file import weights_sha256

    model = inputs.network(weights)
    if layer is None and not unit:
        columns, chosen = _digits(model), inputs.classes_of(model, digits)
    elif digits:
        raise UsageError("digits and hidden units are different things", "leave out one of them")
    else:
        columns = _units(model, layer or 1)
        chosen = _chosen_units(columns, unit)
    folder = outputs.folder_in(out)
    every = columns.every
    # A file is one figure of all that is named; without a file each has a figure of its own.
    apart = [[index] for index in chosen] if out is None or folder is not None else [chosen]
    figures = [inputs.columns_of(some, len(every)) for some in apart]
    names = [columns.file.format(options.ALL if shown == every else shown[0]) for shown in figures]
    written = outputs.several("--out", out, names)
    claimed = outputs.claim(written, read=[weights], folder=folder, as_json=as_json, drawing=not no_terminal)

    colours = PALETTES[palette]
    limits = limits_of(columns.weights, shared=scale == "shared")
    sha256 = weights_sha256(columns.weights)
    files, pictures = {}, []
    for shown, file in zip(figures, written.values(), strict=True):
        each = [limits[index] for index in shown]
        limit = each[0] if len(set(each)) == 1 else each
        facts = columns.facts(shown) | {"limit": limit, "palette": palette}
        titles = [columns.titles[index] for index in shown]
        with console.stage("drawing"):
            values = columns.weights[:, shown]
            draw = partial(weights_picture, values, titles, limit, colours, bare=no_legend)
            picture = at_size(draw, size)
        texts = {key: str(value) for key, value in facts.items()} | {"weights-sha256": sha256}
        files[file] = png_bytes(picture, texts)
        pictures.append(facts | {"file": file})

    def sketch(screen: Screen) -> Sheet:
        """All that was chosen on one sheet, of which the first have room."""
        some = inputs.columns_of(chosen, len(limits))[:MANY]
        titles, each = [columns.titles[index] for index in some], [limits[index] for index in some]
        limit = each[0] if scale == "shared" else each
        drawings = weights_drawings(titles, columns.weights[:, some], limit, colours)
        one = each[0] if scale == "shared" or len(each) == 1 else None
        return Sheet(drawings, () if no_legend else legend(one, colours, screen), in_part=True)

    claimed.finish(
        {"weights": str(weights), "weights_sha256": sha256, "pictures": pictures},
        files=files,
        sketch=sketch,
        last=list(files),
    )


class Columns(NamedTuple):
    """What can be drawn: a column of 784 weights for each digit, or for each hidden unit.

    Attributes
    ----------
    weights : ndarray of shape (784, n)
    titles : list of str, one for each column
    file : str, what a picture's file is called, with a place for the column's number or ``all``
    common : dict; what JSON says of every picture
    known : dict of str to sequences; what JSON says of each column, under the word for one of it
    """

    weights: Array
    titles: list[str]
    file: str
    common: dict[str, Any]
    known: dict[str, Sequence[Any]]

    @property
    def every(self) -> list[int]:
        """The numbers of all columns."""
        return list(range(len(self.titles)))

    def facts(self, shown: list[int]) -> dict[str, Any]:
        """What JSON says of a picture of these columns."""
        if shown == self.every:
            return self.common | dict.fromkeys(self.known, options.ALL)
        found = {word: [values[index] for index in shown] for word, values in self.known.items()}
        if len(shown) == 1:
            return self.common | {word: values[0] for word, values in found.items()}
        return self.common | {f"{word}s": values for word, values in found.items()}


def _digits(model: Model) -> Columns:
    from mnistgd.figures.captions import class_titles

    known = {"digit": range(len(model.class_names)), "label": model.class_names}
    return Columns(model.weights, class_titles(model.class_names), "weights-{}.png", {}, known)


def _units(model: Model, layer: int) -> Columns:
    weights = model.layer_weights(layer)
    if not model.settings.hidden:
        raise WeightsError("this network has no hidden units", "leave out --layer and --unit: it has digits")
    if layer > 1:
        raise WeightsError(f"layer {layer} sees hidden units, not pixels", "only --layer 1 has pictures")
    count = weights.shape[1]
    titles = [f"unit {index}" for index in range(count)]
    return Columns(
        weights, titles, f"weights-{layer}-unit-{{}}.png", {"layer": layer}, {"unit": range(count)}
    )


def _chosen_units(columns: Columns, units: list[int] | None) -> list[int | None]:
    """The units that ``--unit`` names, each once; None is all of them on one sheet."""
    for unit in units or []:
        if unit not in columns.every:
            raise WeightsError(f"layer 1 has no unit {unit}", f"its units are 0 to {columns.every[-1]}")
    return list(dict.fromkeys(units)) if units else [None]
