"""``mnistgd explain``: why an image got its answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs, terminal
from mnistgd.cli.data_options import with_data_options
from mnistgd.cli.tables import MANY, paragraph, table
from mnistgd.cli.terminal import Sheet
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnistgd.cli.outputs import Claim
    from mnistgd.figures.blocks import Screen
    from mnistgd.figures.evidence import Row
    from mnistgd.figures.palettes import Palette
    from mnistgd.model.explanation import Evidence, Explanation
    from mnistgd.model.model import Model


LIKELIEST = 10
"""Classes that are listed, where there are many."""


@with_data_options
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
        str | None,
        options.out(
            "The picture to write, a folder for several, or - for stdout.",
            metavar="FILE|FOLDER|-",
            show_default="explain.png",
        ),
    ] = None,
    palette: options.Palette = "diverging",
    size: options.Size = None,
    _font: fonts.Font = None,
    as_is: options.AsIs = False,
    no_terminal: terminal.NoTerminal = False,
    data: options.OtherData = None,
    reading: DataOptions = PLAINLY,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show why an image got its answer: image × weights, summed."""
    from mnistgd.figures.palettes import PALETTES
    from mnistgd.model import explanation

    inputs.check_one(context, image, index)
    several = index if index and len(index) > 1 else ()
    files = [f"explain-{number}.png" for number in several] or ["explain.png"]
    written = outputs.several("--out", out, files)
    claimed = outputs.claim(
        written,
        read=[weights, image],
        folder=out,
        as_json=as_json,
        drawing=not no_terminal,
        results=len(written),
    )
    model = inputs.network(weights, claimed, data, reading)
    rival = None if against is None else inputs.class_of(model, against)
    if index:
        chosen = inputs.images_at(model, index, split, data, reading, offline=offline, quiet=quiet)
    else:
        chosen = [inputs.picture(model, image or "-", as_is=as_is)]
        if not quiet:
            chosen[0].note_doubt()
    # Before anything is said; of thousands of images the evidence would fill the memory, if it were kept.
    if rival is not None and any(
        rival == explanation.explain(model, seen.pixels).ranking[0] for seen in chosen
    ):
        message = f"{model.class_names[rival]} is the answer itself"
        raise UsageError(message, "name another digit with --against")
    for position, (seen, file) in enumerate(zip(chosen, written.values(), strict=True)):
        if position and not as_json:
            console.print_lines([""])
        _show(claimed, model, seen, rival, file, PALETTES[palette], size)


def _show(
    claimed: Claim,
    model: Model,
    seen: inputs.Seen,
    rival: int | None,
    file: str,
    palette: Palette,
    size: int | None,
) -> None:
    """Print the terms of one image's logits, and write them as a picture."""
    from mnistgd.figures.captions import class_name
    from mnistgd.figures.evidence import evidence_figure
    from mnistgd.figures.palettes import limit_of
    from mnistgd.figures.png import sized_png
    from mnistgd.model import explanation
    from mnistgd.model.weights_file import network_sha256

    found = explanation.explain(model, seen.pixels)
    answer, second = found.ranking[:2]
    names = [class_name(model.class_names, digit) for digit in range(len(model.class_names))]
    document = _document(model, seen, found)
    lines = _table(model, found, seen.truth)
    if rival is None:
        rows = [_class_row(model, found, digit) for digit in (answer, second)]
        weights_name, limit = "weights", limit_of(found.weights)
    else:
        difference = found.evidence[answer].minus(found.evidence[rival])
        rows = [_row(f"{names[answer]} − {names[rival]}", found, difference, "logits")]
        weights_name, limit = "difference of weights", limit_of(difference.weights)
        document["against"] = {"digit": rival, "label": model.class_names[rival]} | _terms(difference)
        *lines, last = _table(model, found, seen.truth, rival, difference)
        lines += ["", f"{model.class_names[answer]} rather than {model.class_names[rival]}:", last]
    note = found.note(model)
    with console.stage("drawing"):
        figure = partial(
            evidence_figure,
            seen.pixels,
            rows,
            title=_title(seen, names, answer, second, rival),
            note=note,
            weights_name=weights_name,
            weight_limit=limit,
            palette=palette,
        )
        picture = sized_png(figure, size, {"weights-sha256": network_sha256(model)})
    claimed.finish(
        document | {"image": seen.name, "file": file},
        [_title(seen, model.class_names, answer, second, rival), *lines, *paragraph(note)],
        files={file: picture},
        sketch=lambda screen: _sheet(screen, seen, rows, palette),
        last=[file],
    )


def _title(seen: inputs.Seen, names: Sequence[str], answer: int, second: int, rival: int | None) -> str:
    """What is explained, and before it, since a long line is cut at its end, whether that is right."""
    verdict = seen.verdict(answer, names)
    what = f"why {names[answer]}, and not {names[second]}"
    if rival is not None:
        what = f"what speaks for {names[answer]} rather than {names[rival]}"
    if seen.name == outputs.STDOUT:  # stdin, rather, of which there is nothing to say
        return what
    return f"{seen.name} ({verdict}): {what}" if verdict else f"{seen.name}: {what}"


def _class_row(model: Model, found: Explanation, digit: int) -> Row:
    from mnistgd.figures.captions import class_title

    title = f"{class_title(model.class_names, digit)}: {found.probabilities[digit]:.1%}"
    return _row(title, found, found.evidence[digit], "logit")


def _row(title: str, found: Explanation, evidence: Evidence, total: str) -> Row:
    from mnistgd.figures.evidence import Row

    *terms, (_, number) = found.sums(evidence, 2).items()
    return Row(title, evidence.weights, evidence.products, [*terms, (total, number)])


def _terms(evidence: Evidence) -> dict[str, float]:
    return {
        "logit": evidence.logit,
        "evidence_for": evidence.speaks_for,
        "evidence_against": evidence.speaks_against,
        "bias": evidence.bias,
        "bend": evidence.bend,
    }


def _document(model: Model, seen: inputs.Seen, found: Explanation) -> dict[str, Any]:
    digits = [
        {"digit": digit, "label": name, "probability": float(found.probabilities[digit])}
        | _terms(found.evidence[digit])
        for digit, name in enumerate(model.class_names)
    ]
    answer = found.ranking[0]
    document = {"digit": answer, "label": model.class_names[answer]}
    return document | seen.held_against(answer) | {"digits": digits}


def _table(
    model: Model,
    found: Explanation,
    truth: int | None,
    rival: int | None = None,
    difference: Evidence | None = None,
) -> list[str]:
    """All digits, the likeliest first, and below them a difference; each line adds up from left to right.

    Of many classes there are the likeliest, the true one and the rival.
    """

    from mnistgd.figures.captions import class_word

    def row(name: str, evidence: Evidence, probability: str = "") -> list[str]:
        return [name, *(f"{number:7.3f}" for number in found.sums(evidence, 3).values()), probability]

    first, *_ = found.evidence
    rows = [[class_word(model.class_names), *found.sums(first, 3), "probability"]]
    ranking = found.ranking
    if len(ranking) > MANY:
        ranking = [
            digit for place, digit in enumerate(ranking) if place < LIKELIEST or digit in (truth, rival)
        ]
    rows += [
        row(model.class_names[digit], found.evidence[digit], f"{found.probabilities[digit]:.2%}")
        for digit in ranking
    ]
    lines = table([*rows, row("", difference)] if difference else rows, ">")
    if len(ranking) < len(found.ranking):
        left = f"and {len(found.ranking) - len(ranking)} less likely classes: --json lists all of them"
        lines.insert(1 + len(ranking), left)
    return lines


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
