"""``mnistgd explain``: why one image got its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs, terminal
from mnistgd.cli.tables import class_word, table
from mnistgd.cli.terminal import Sheet
from mnistgd.errors import UsageError

if TYPE_CHECKING:
    from mnistgd.figures.blocks import Screen
    from mnistgd.figures.evidence import Row
    from mnistgd.figures.palettes import Palette
    from mnistgd.model.explanation import Evidence, Explanation
    from mnistgd.model.model import Model


def explain(
    context: typer.Context,
    image: options.Image = None,
    index: options.Index = None,
    split: options.Split = "test",
    against: Annotated[
        str | None,
        typer.Option(metavar="DIGIT|NAME", help="What speaks for the answer rather than for this one."),
    ] = None,
    weights: options.Weights = options.WEIGHTS_FILE,
    out: Annotated[str, options.out("The picture to write.")] = "explain.png",
    palette: options.Palette = "diverging",
    _font: fonts.Font = None,
    as_is: options.AsIs = False,
    no_terminal: terminal.NoTerminal = False,
    data: options.OtherData = None,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show why one image got its answer: image × weights, summed."""
    from mnistgd.figures.captions import class_name
    from mnistgd.figures.evidence import evidence_figure
    from mnistgd.figures.palettes import PALETTES, limit_of
    from mnistgd.figures.png import png_bytes
    from mnistgd.model import explanation
    from mnistgd.model.weights_file import weights_sha256

    inputs.check_one(context, image, index)
    claimed = outputs.claim({"--out": out}, read=[weights, image], as_json=as_json, drawing=not no_terminal)
    model = inputs.network(weights, claimed, data)
    rival = None if against is None else inputs.class_of(model, against)
    if index is None:
        seen = inputs.picture(model, image or "-", as_is=as_is)
    else:
        seen = inputs.image_at(model, index, split, data, offline=offline, quiet=quiet)
    found = explanation.explain(model, seen.pixels)
    answer, second = found.ranking[:2]
    if rival == answer:
        message = f"{model.class_names[answer]} is the answer itself"
        raise UsageError(message, "name another digit with --against")

    names = [class_name(model.class_names, digit) for digit in (answer, second if rival is None else rival)]
    colours = PALETTES[palette]
    if rival is None:
        difference = None
        rows = [_class_row(model, found, digit) for digit in (answer, second)]
        title = f"{seen.name}: why {names[0]}, and not {names[1]}"
        weights_name, limit = "weights", limit_of(model.weights)
    else:
        difference = found.evidence[answer].minus(found.evidence[rival])
        rows = [_row(" − ".join(names), difference, "logits")]
        title = f"{seen.name}: what speaks for {names[0]} rather than {names[1]}"
        weights_name, limit = "difference of weights", limit_of(difference.weights)
    with console.stage("drawing"):
        picture = evidence_figure(
            seen.pixels, rows, title=title, weights_name=weights_name, weight_limit=limit, palette=colours
        )

    document = _document(model, found)
    lines = _table(model, found, difference)
    if rival is not None and difference is not None:
        document["against"] = {"digit": rival, "label": model.class_names[rival]} | _terms(difference)
        *lines, last = lines
        lines += ["", f"{model.class_names[answer]} rather than {model.class_names[rival]}:", last]
    claimed.finish(
        document | {"image": seen.name, "file": out},
        [*lines, ""],
        files={out: png_bytes(picture, {"weights-sha256": weights_sha256(model.weights)})},
        sketch=lambda screen: _sheet(screen, seen, rows, colours),
        last=[out],
    )


def _class_row(model: Model, found: Explanation, digit: int) -> Row:
    from mnistgd.figures.captions import class_title

    title = f"{class_title(model.class_names, digit)}: {found.probabilities[digit]:.1%}"
    return _row(title, found.evidence[digit], "logit")


def _row(title: str, evidence: Evidence, total: str) -> Row:
    from mnistgd.figures.evidence import Row

    sums = zip(("for", "against", "bias", total), evidence.rounded(2), strict=True)
    return Row(title, evidence.weights, evidence.products, list(sums))


def _terms(evidence: Evidence) -> dict[str, float]:
    return {
        "logit": evidence.logit,
        "evidence_for": evidence.speaks_for,
        "evidence_against": evidence.speaks_against,
        "bias": evidence.bias,
    }


def _document(model: Model, found: Explanation) -> dict[str, Any]:
    digits = [
        {"digit": digit, "label": name, "probability": float(found.probabilities[digit])}
        | _terms(found.evidence[digit])
        for digit, name in enumerate(model.class_names)
    ]
    answer = found.ranking[0]
    return {"digit": answer, "label": model.class_names[answer], "digits": digits}


def _table(model: Model, found: Explanation, difference: Evidence | None) -> list[str]:
    """All digits, the likeliest first, and below them a difference; each line adds up from left to right."""

    def row(name: str, evidence: Evidence, probability: str = "") -> list[str]:
        return [name, *(f"{number:7.3f}" for number in evidence.rounded(3)), probability]

    rows = [[class_word(model.class_names), "for", "against", "bias", "logit", "probability"]]
    rows += [
        row(model.class_names[digit], found.evidence[digit], f"{found.probabilities[digit]:.2%}")
        for digit in found.ranking
    ]
    return table([*rows, row("", difference)] if difference else rows, ">")


def _sheet(screen: Screen, seen: inputs.Seen, rows: list[Row], palette: Palette) -> Sheet:
    """The image, and what spoke for and against each answer."""
    from mnistgd.figures import blocks
    from mnistgd.figures.columns import fitted
    from mnistgd.figures.evidence import SPOKE, evidence_limit

    limit = evidence_limit(rows)
    drawings = [blocks.image_drawing("image", seen.pixels)]
    drawings += [blocks.weights_drawing(row.title, row.products, limit, palette) for row in rows]
    key = blocks.ink_legend(screen)
    if key:
        key.append(fitted("image x weights:", screen.columns))
    return Sheet(drawings, [*key, *blocks.legend(limit, palette, screen, meaning=SPOKE)])
