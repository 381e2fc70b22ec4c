"""``mnistgd show-weights``: what the network learned, as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs, terminal
from mnistgd.cli.terminal import Sheet
from mnistgd.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from mnistgd.engine.types import Array
    from mnistgd.figures.blocks import Screen
    from mnistgd.figures.palettes import Palette
    from mnistgd.model.model import Model
    from mnistgd.training.snapshots import Snapshots


def _checked_step(value: str | None) -> str | None:
    value = value and value.lower()
    if value in (None, "first", "last") or (value.isascii() and value.isdigit() and len(value) < 13):
        return value
    raise typer.BadParameter(f"{value} is no step: a number, first or last")


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
    step: Annotated[
        str | None,
        typer.Option(
            metavar="N|first|last",
            callback=_checked_step,
            help="Draw a snapshot: --weights names what train --frames wrote.",
        ),
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
    from mnistgd.figures.heatmap import weights_picture
    from mnistgd.figures.palettes import PALETTES, limit_of
    from mnistgd.figures.png import sized_png
    from mnistgd.model.weights_file import weights_sha256

    columns, chosen = _asked(weights, digits, layer, unit, step)
    every = columns.every
    # A file is one figure of all that is named; without a file each has a figure of its own.
    apart = [[index] for index in chosen] if out is None or outputs.folder_in(out) else [chosen]
    figures = [inputs.columns_of(some, len(every)) for some in apart]
    names = [columns.file.format(options.ALL if shown == every else shown[0]) for shown in figures]
    written = outputs.several("--out", out, names)
    claimed = outputs.claim(written, read=[weights], folder=out, as_json=as_json, drawing=not no_terminal)

    colours = PALETTES[palette]
    shared = [columns.limit] * len(every)
    limits = shared if scale == "shared" else [limit_of(column) for column in columns.weights.T]
    sha256 = weights_sha256(columns.weights)
    files, pictures = {}, []
    for shown, file in zip(figures, written.values(), strict=True):
        limit = _common([limits[index] for index in shown])
        facts = columns.facts(shown) | {"limit": limit, "palette": palette}
        titles = [columns.titles[index] for index in shown]
        texts = {key: str(value) for key, value in facts.items()} | {"weights-sha256": sha256}
        with console.stage("drawing"):
            draw = partial(weights_picture, columns.weights[:, shown], titles, limit, colours)
            draw = partial(draw, caption=columns.caption, bare=no_legend)
            files[file] = sized_png(draw, size, texts)
        pictures.append(facts | {"file": file})

    claimed.finish(
        {"weights": str(weights), "weights_sha256": sha256, "pictures": pictures},
        files=files,
        sketch=partial(_sheet, columns, inputs.columns_of(chosen, len(every)), limits, colours, no_legend),
        last=list(files),
    )


def _common(limits: list[float]) -> float | list[float]:
    """The limit that all have, or else that of each."""
    return limits[0] if len(set(limits)) == 1 else limits


def _sheet(
    columns: Columns, chosen: list[int], limits: list[float], palette: Palette, bare: bool, screen: Screen
) -> Sheet:
    """All that was chosen on one sheet, of which the first have room."""
    from mnistgd.figures.blocks import legend, weights_drawings
    from mnistgd.figures.heatmap import MANY

    some = chosen[:MANY]
    titles, limit = [columns.titles[index] for index in some], _common([limits[index] for index in some])
    drawings = weights_drawings(titles, columns.weights[:, some], limit, palette)
    key = () if bare else legend(None if isinstance(limit, list) else limit, palette, screen)
    return Sheet(drawings, key, ", ".join(columns.caption or ()), in_part=True)


class Columns(NamedTuple):
    """What can be drawn: a column of 784 weights for each digit, or for each hidden unit.

    Attributes
    ----------
    weights : ndarray of shape (784, n)
    titles : list of str, one for each column
    file : str, what a picture's file is called, with a place for the column's number or ``all``
    common : dict; what JSON says of every picture
    known : mapping of str to sequences; what JSON says of each column, under the word for one of it
    limit : float, the one that all share
    caption : two str, what is written below, if anything is
    """

    weights: Array
    titles: list[str]
    file: str
    common: dict[str, Any]
    known: Mapping[str, Sequence[Any]]
    limit: float
    caption: tuple[str, str] | None = None

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


def _asked(
    weights: Path, digits: list[str] | None, layer: int | None, units: list[int] | None, step: str | None
) -> tuple[Columns, list[int | None]]:
    """What can be drawn, and which of its columns are to be; None is all of them on one sheet."""
    hidden = layer is not None or bool(units)
    if hidden and digits:
        raise UsageError("digits and hidden units are different things", "leave out one of them")
    if hidden and step:
        raise UsageError("no snapshot has hidden units", "leave out --step, or --layer and --unit")
    if hidden:
        columns = _units(inputs.network(weights), layer or 1)
        return columns, _chosen_units(columns, units)
    if step:
        found = inputs.snapshots(weights)
        return _snapshot(found, found.at(step)), inputs.classes_of(found, digits)
    model = inputs.network(weights)
    return _digits(model.weights, model.class_names), inputs.classes_of(model, digits)


def _digits(weights: Array, class_names: tuple[str, ...]) -> Columns:
    from mnistgd.figures.captions import class_titles
    from mnistgd.figures.palettes import limit_of

    known = {"digit": range(len(class_names)), "label": class_names}
    return Columns(weights, class_titles(class_names), "weights-{}.png", {}, known, limit_of(weights))


def _snapshot(found: Snapshots, place: int) -> Columns:
    """One of several snapshots; all of them share one limit, so that they can be compared, too."""
    from mnistgd.figures.captions import snapshot_caption
    from mnistgd.figures.palettes import limit_of

    step = found.steps[place]
    return _digits(found.weights[place], found.class_names)._replace(
        file=f"weights-{{}}-step-{step}.png",
        common={"step": step},
        limit=limit_of(found.weights),
        caption=snapshot_caption(step, found.steps[-1], found.accuracies[place]),
    )


def _units(model: Model, layer: int) -> Columns:
    from mnistgd.figures.palettes import limit_of

    weights = model.layer_weights(layer)
    if not model.settings.hidden:
        raise WeightsError("this network has no hidden units", "leave out --layer and --unit: it has digits")
    if layer > 1:
        raise WeightsError(f"layer {layer} sees hidden units, not pixels", "only --layer 1 has pictures")
    known: dict[str, Sequence[int]] = {"unit": range(weights.shape[1])}
    titles = [f"unit {index}" for index in known["unit"]]
    file = f"weights-{layer}-unit-{{}}.png"
    return Columns(weights, titles, file, {"layer": layer}, known, limit_of(weights))


def _chosen_units(columns: Columns, units: list[int] | None) -> list[int | None]:
    """The units that ``--unit`` names, each once; None is all of them on one sheet."""
    for unit in units or []:
        if unit not in columns.every:
            raise WeightsError(f"layer 1 has no unit {unit}", f"its units are 0 to {columns.every[-1]}")
    return list(dict.fromkeys(units)) if units else [None]
