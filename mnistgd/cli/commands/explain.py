"""``mnistgd explain``: why one image got its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console, inputs, options, outputs, tables, terminal
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
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE|-", help="The picture to write.")
    ] = "explain.png",
    palette: options.Palette = "diverging",
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
    inputs.check_stdin(weights, image)
    screen = terminal.screen_for(no_terminal, as_json=as_json)
    model = inputs.network(weights)
    outputs.check_png(out, as_json=as_json)
    outputs.check_apart({"--out": out}, weights, inputs.images_place(data, model), image)
    rival = None if against is None else inputs.class_of(model, against)
    if index is None:
        with console.stage("reading the picture"):
            seen = inputs.picture(model, image or "-", as_is=as_is)
    else:
        with console.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
            seen = inputs.image_at(model, index, split, data, offline=offline, reporter=reporter)
    found = explanation.explain(model, seen.pixels)
    answer, second = found.ranking[:2]
    if rival == answer:
        raise UsageError(
            f"{model.class_names[answer]} is the answer itself", "name another digit with --against"
        )

    if rival is None:
        rows = [_row(model, found, digit) for digit in (answer, second)]
        names = [class_name(model.class_names, digit) for digit in (answer, second)]
        title = f"{seen.name}: why {names[0]}, and not {names[1]}"
        weights_name, limit = "weights", limit_of(model.weights)
    else:
        rows = [_difference(model, found, answer, rival)]
        names = [class_name(model.class_names, digit) for digit in (answer, rival)]
        title = f"{seen.name}: what speaks for {names[0]} rather than {names[1]}"
        weights_name, limit = "difference of weights", limit_of(rows[0].weights)
    picture = evidence_figure(
        seen.pixels,
        rows,
        title=title,
        weights_name=weights_name,
        weight_limit=limit,
        palette=PALETTES[palette],
    )
    outputs.deliver(png_bytes(picture, {"weights-sha256": weights_sha256(model.weights)}), out)

    if as_json:
        console.print_json(_document(model, found, rival) | {"image": seen.name, "file": out})
    elif out != outputs.STDOUT:
        console.print_result(f"{_table(model, found, rival)}\n\n{console.one_line(out)}")
        if screen is not None:
            _show(screen, seen, rows, PALETTES[palette])


def _row(model: Model, found: Explanation, digit: int) -> Row:
    from mnistgd.figures.captions import class_title
    from mnistgd.figures.evidence import Row

    evidence = found.evidence[digit]
    return Row(
        f"{class_title(model.class_names, digit)}: {found.probabilities[digit]:.1%}",
        model.weights[:, digit].reshape(28, 28),
        evidence.products,
        _sums(evidence, "logit"),
    )


def _difference(model: Model, found: Explanation, answer: int, rival: int) -> Row:
    from mnistgd.figures.captions import class_name
    from mnistgd.figures.evidence import Row

    evidence = found.evidence[answer].minus(found.evidence[rival])
    weights = (model.weights[:, answer] - model.weights[:, rival]).reshape(28, 28)
    title = f"{class_name(model.class_names, answer)} − {class_name(model.class_names, rival)}"
    return Row(title, weights, evidence.products, _sums(evidence, "logits"))


def _show(screen: Screen, seen: inputs.Seen, rows: list[Row], palette: Palette) -> None:
    """The image, and what spoke for and against each answer, in the terminal."""
    from mnistgd.figures import blocks as drawings
    from mnistgd.figures.evidence import SPOKE
    from mnistgd.figures.palettes import limit_of

    limit = max(limit_of(row.products) for row in rows)
    sheet = [drawings.image_drawing("image", seen.pixels)]
    sheet += [drawings.weights_drawing(row.title, row.products, limit, palette) for row in rows]
    key = drawings.ink_legend(screen)
    if key:
        key.append(drawings.fitted("image x weights:", screen.columns))
    terminal.show(screen, sheet, [*key, *drawings.legend(limit, palette, screen, meaning=SPOKE)])


def _sums(evidence: Evidence, total: str) -> list[tuple[str, float]]:
    return list(zip(("for", "against", "bias", total), evidence.rounded(2), strict=True))


def _document(model: Model, found: Explanation, rival: int | None) -> dict[str, Any]:
    def terms(evidence: Evidence) -> dict[str, float]:
        return {
            "logit": evidence.logit,
            "evidence_for": evidence.speaks_for,
            "evidence_against": evidence.speaks_against,
            "bias": evidence.bias,
        }

    answer = found.ranking[0]
    document: dict[str, Any] = {
        "digit": answer,
        "label": model.class_names[answer],
        "digits": [
            {
                "digit": digit,
                "label": model.class_names[digit],
                "probability": float(found.probabilities[digit]),
            }
            | terms(evidence)
            for digit, evidence in enumerate(found.evidence)
        ],
    }
    if rival is not None:
        difference = found.evidence[answer].minus(found.evidence[rival])
        document["against"] = {"digit": rival, "label": model.class_names[rival]} | terms(difference)
    return document


def _table(model: Model, found: Explanation, rival: int | None) -> str:
    """All digits, the likeliest first; each line adds up from left to right."""
    heading, *names = tables.beside([tables.class_word(model.class_names), *model.class_names])
    lines = [f"{heading}      for  against     bias    logit  probability"]

    def line(name: str, evidence: Evidence, probability: str) -> str:
        numbers = "".join(f"{number:9.3f}" for number in evidence.rounded(3))
        return f"{name}{numbers}  {probability:>11}".rstrip()

    lines += [
        line(names[digit], found.evidence[digit], f"{found.probabilities[digit]:.2%}")
        for digit in found.ranking
    ]
    if rival is not None:
        answer = found.ranking[0]
        difference = found.evidence[answer].minus(found.evidence[rival])
        lines += [
            "",
            f"{model.class_names[answer]} rather than {model.class_names[rival]}:",
            line(" " * len(heading), difference, ""),
        ]
    return "\n".join(lines)
