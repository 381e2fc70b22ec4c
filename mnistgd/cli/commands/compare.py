"""``mnistgd compare``: two trained networks beside each other."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs, tables, terminal
from mnistgd.cli.terminal import Sheet

if TYPE_CHECKING:
    from mnistgd.figures.blocks import Screen
    from mnistgd.model.comparison import Comparison
    from mnistgd.model.model import Model


def compare(
    first: Annotated[Path, typer.Argument(metavar="A.npz|-", help="A weights file.")],
    second: Annotated[Path, typer.Argument(metavar="B.npz|-", help="Another one.")],
    out: Annotated[str, options.out("The picture to write.")] = "compare.png",
    palette: options.Palette = "diverging",
    size: options.Size = None,
    _font: fonts.Font = None,
    no_terminal: terminal.NoTerminal = False,
    as_json: options.Json = False,
) -> None:
    """Compare the settings, accuracy and weights of two networks."""
    from mnistgd.figures.captions import class_titles
    from mnistgd.figures.comparison import comparison_limit, comparison_sheet
    from mnistgd.figures.palettes import PALETTES
    from mnistgd.figures.png import sized_png
    from mnistgd.model import comparison
    from mnistgd.model.weights_file import weights_sha256

    claimed = outputs.claim({"--out": out}, read=[first, second], as_json=as_json, drawing=not no_terminal)
    a, b = inputs.network(first), inputs.network(second)
    found = comparison.compare(a, b)
    titles = class_titles(a.class_names)
    heads = [_head(path, accuracy) for path, accuracy in zip((first, second), found.accuracies, strict=True)]
    both, colours = (heads[0], heads[1]), PALETTES[palette]
    facts = {
        "limit": str(comparison_limit(a.weights, b.weights)),
        "palette": palette,
        "weights-sha256": f"{weights_sha256(a.weights)} {weights_sha256(b.weights)}",
    }
    with console.stage("drawing"):
        draw = partial(comparison_sheet, a.weights, b.weights, titles, both, colours)
        picture = sized_png(draw, size, facts)

    claimed.finish(
        _document(first, second, a, b, found) | {"file": out},
        [f"A  {first}", f"B  {second}", "", *_summary(a, b, found)],
        files={out: picture},
        sketch=lambda screen: _sheet(screen, found, titles, palette),
        last=[out],
    )


def _head(path: Path, accuracy: float | None) -> str:
    return f"{path}" if accuracy is None else f"{path}, {accuracy:.2%} of its test images right"


def _document(first: Path, second: Path, a: Model, b: Model, found: Comparison) -> dict[str, Any]:
    from mnistgd.model.weights_file import weights_sha256

    networks = [
        {
            "weights": str(path),
            "weights_sha256": weights_sha256(model.weights),
            "test_accuracy": accuracy,
            "data": {"source": model.data_source, "sha256": model.data_sha256},
        }
        for path, model, accuracy in zip((first, second), (a, b), found.accuracies, strict=True)
    ]
    return {
        "networks": networks,
        "same_data": found.same_data,
        "settings": {name: list(values) for name, values in found.settings.items()},
        "per_digit": [
            {"digit": digit, "label": name, "correlation": float(found.correlations[digit])}
            for digit, name in enumerate(a.class_names)
        ],
    }


def _summary(a: Model, b: Model, found: Comparison) -> list[str]:
    from mnistgd.figures.captions import class_word

    one, other = ("not recorded" if accuracy is None else f"{accuracy:.2%}" for accuracy in found.accuracies)
    rows = [["", "A", "B"], ["test accuracy", one, other]]
    if not found.same_data:
        rows.append(["images", _data(a), _data(b)])
    rows += [
        [name.replace("_", " "), a.setting_in_words(name), b.setting_in_words(name)]
        for name in found.settings
    ]
    lines = tables.table(rows, "<>")
    if not found.settings:
        lines.append("settings       the same")
    if not found.same_data:
        lines.append("The images differ, so the accuracies are not of one test.")
    word = class_word(a.class_names)
    numbers = ["–" if r != r else f"{r:.3f}" for r in found.correlations]
    if len(numbers) > tables.MANY:
        found_there = tables.table([(word, ""), *zip(a.class_names, numbers, strict=True)], ">")
        return [*lines, "", "correlation of the weights in A and B", *tables.abreast(found_there)]
    per_class = [(word, "correlation of the weights in A and B")]
    per_class += [(name, f"{number:>11}") for name, number in zip(a.class_names, numbers, strict=True)]
    return [*lines, "", *tables.table(per_class, "><")]


def _data(model: Model) -> str:
    return "unknown" if model.is_foreign else f"{model.data_source} ({model.data_sha256[:8]}…)"


def _sheet(screen: Screen, found: Comparison, titles: list[str], palette: str) -> Sheet:
    """The difference of each digit, of many that of the first; the rest is in the picture."""
    from mnistgd.figures.blocks import legend, weights_drawings
    from mnistgd.figures.comparison import DIFFERS
    from mnistgd.figures.heatmap import MANY
    from mnistgd.figures.palettes import PALETTES, limit_of

    limit, colours = limit_of(found.difference), PALETTES[palette]
    heads = [f"{title}: A − B" for title in titles[:MANY]]
    drawings = weights_drawings(heads, found.difference[:, :MANY], limit, colours)
    return Sheet(drawings, legend(limit, colours, screen, DIFFERS), in_part=len(titles) > MANY)
