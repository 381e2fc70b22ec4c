"""``mnistgd predict``: which digit a picture shows."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console, inputs, options, outputs, terminal
from mnistgd.cli.data_options import with_data_options
from mnistgd.cli.terminal import Sheet
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import ImageError, UsageError

if TYPE_CHECKING:
    from mnistgd.cli.outputs import Claim
    from mnistgd.figures.blocks import Screen
    from mnistgd.model.model import Model


COLUMNS = ("image", "digit", "class", "probability")
"""Of the table that ``--csv`` prints."""


@with_data_options
def predict(
    context: typer.Context,
    images: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE|-]…",
            help="Pictures of one digit each: PNG, JPEG, …; or one .csv file of images, with --out.",
            show_default=False,
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
    out: Annotated[
        str | None, options.out("Where the answers for a .csv file go, as Kaggle takes them; - is stdout.")
    ] = None,
    no_terminal: terminal.NoTerminal = False,
    data: options.OtherData = None,
    reading: DataOptions = PLAINLY,
    offline: options.Offline = False,
    as_json: options.Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the answers as a table: image, digit, class, probability.")
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Say which digit a photo, a drawing or an image shows."""
    from mnistgd.datasets.readers.csv_files.sets import is_csv

    sources = images or []
    inputs.check_one(context, sources[0] if sources else None, index)
    if out is not None or any(map(is_csv, sources)):
        _check_table(sources, out, as_is=as_is, saw=saw, as_csv=as_csv)
        place, endings = {"--out": out}, {"--out": ".csv"}
        claimed = outputs.claim(files=place, read=[weights, *sources], endings=endings, as_json=as_json)
        from mnistgd.sharing.tables import answers_csv

        labels = inputs.answers_for(inputs.network(weights, claimed), sources[0], reading, quiet=quiet)
        answers = {str(out): answers_csv(labels)}
        claimed.finish({"images": len(labels), "out": out}, files=answers, last=[str(out)])
        return
    names = _names_of(sources or [f"image-{number}" for number in index or ()])
    written = {} if saw is None else outputs.several("--saw", saw, names)
    files: list[str | None] = [*written.values()] or [None for _ in names]
    claimed = outputs.claim(
        written,
        read=[weights, *sources],
        folder=saw,
        as_json=as_json,
        as_csv=as_csv,
        drawing=not no_terminal,
        results=len(names) or 1,
    )
    model = inputs.network(weights, claimed, data, reading)
    if index:
        chosen = inputs.images_at(model, index, split, data, reading, offline=offline, quiet=quiet)
        _head(claimed)
        for seen, file in zip(chosen, files, strict=True):
            _answer(claimed, model, seen, file)
        return
    failed = False
    _head(claimed)
    with closing(inputs.pictures(model, sources, as_is=as_is)) as pictures:
        for file in files:
            with console.stage("reading the picture"):
                picture = next(pictures)
            if isinstance(picture, ImageError):
                console.report_error(picture.message, picture.hint)
                failed = True
            else:
                if not quiet:
                    picture.note_doubt()
                _answer(claimed, model, picture, file)
    if failed:
        raise typer.Exit(1)


def _check_table(sources: list[str], out: str | None, *, as_is: bool, saw: str | None, as_csv: bool) -> None:
    """Check that one CSV file is to be answered, and that no option would go unheard.

    Raises
    ------
    UsageError
        If not.
    """
    from mnistgd.datasets.readers.csv_files.sets import is_csv

    if not any(map(is_csv, sources)):
        raise UsageError("--out is for the answers to a .csv file", "leave it out, or name such a file")
    if len(sources) > 1:
        raise UsageError("a .csv file is answered alone", "name nothing beside it")
    if out is None:
        raise UsageError("the answers to a .csv file need a place", "name one with --out answers.csv")
    for option, given in (("--as-is", as_is), ("--saw", saw is not None), ("--csv", as_csv)):
        if given:
            raise UsageError(f"{option} means nothing for a .csv file", "leave it out")


def _head(claimed: Claim) -> None:
    """Say what the columns are, before there is anything in them: a table may be empty."""
    if claimed.as_csv:
        console.print_row(COLUMNS)


def _answer(claimed: Claim, model: Model, seen: inputs.Seen, saw: str | None) -> None:
    """Print what one image shows, and write what the network saw of it if that is asked for."""
    from mnistgd.model.model import ranked

    outputs = model.outputs(seen.pixels[None])
    probabilities, ranking = model.probabilities_of(outputs)[0], ranked(outputs[0])
    first, second = (
        {"digit": digit, "label": model.class_names[digit], "probability": float(probabilities[digit])}
        for digit in ranking[:2]
    )
    document: dict[str, Any] = {"image": seen.name, **first, "runner_up": second}
    document["probabilities"] = probabilities.tolist()
    document |= seen.held_against(ranking[0])
    files = {}
    if saw is not None:
        from PIL import Image

        from mnistgd.figures.png import png_bytes

        document["saw"] = saw
        files[saw] = png_bytes(Image.fromarray(seen.pixels))
    answer, other = (f"{each['label']} ({each['probability']:.1%})" for each in (first, second))
    verdict = seen.verdict(ranking[0], model.class_names)
    line = f"{seen.name}: {answer}, then {other}"
    claimed.finish(
        document,
        [f"{line}; {verdict}" if verdict else line],
        files=files,
        sketch=lambda screen: _sheet(screen, seen),
        row=[seen.name, *first.values()],
    )


def _sheet(screen: Screen, seen: inputs.Seen) -> Sheet:
    from mnistgd.figures.blocks import image_drawing, ink_legend

    return Sheet([image_drawing("what the network saw", seen.pixels)], ink_legend(screen))


def _names_of(sources: list[str]) -> list[str]:
    """What files are called that show what the network saw: after the images, each name once."""
    stems = ["stdin" if source == "-" else Path(source).stem for source in sources]
    names: dict[str, None] = {}
    counts: dict[str, int] = {}
    for stem in stems:
        count = counts.get(stem, 0) + 1
        name = f"{stem}-saw.png" if count == 1 else f"{stem}-{count}-saw.png"
        while name in names:
            count += 1
            name = f"{stem}-{count}-saw.png"
        names[name] = None
        counts[stem] = count
    return list(names)
