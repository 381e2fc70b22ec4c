"""``mnistgd report``: all about a trained network on one page, to hand in or to keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs
from mnistgd.cli.data_options import with_data_options
from mnistgd.datasets.options import PLAINLY, DataOptions


@with_data_options
def report(
    weights: options.Weights = options.WEIGHTS_FILE,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl|-", help="Its history, as mnistgd train --log writes it."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="B.npz|-", help="Another weights file to set beside it.")
    ] = None,
    out: Annotated[str, options.out("The HTML page to write.")] = "report.html",
    palette: options.Palette = "diverging",
    _font: fonts.Font = None,
    data: options.OtherData = None,
    reading: DataOptions = PLAINLY,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write all about the network on one page, to hand in or keep."""
    from mnistgd.figures.palettes import PALETTES
    from mnistgd.model.weights_file import network_sha256
    from mnistgd.sharing import report_page
    from mnistgd.sharing.report import report_of

    claimed = outputs.claim(
        files={"--out": out}, read=[weights, log, compare], endings={"--out": outputs.PAGE}, as_json=as_json
    )
    page = report_page.template()
    model = inputs.network(weights, claimed, data, reading)
    history = None if log is None else (str(log), inputs.epochs(log))
    other = None if compare is None else (str(compare), inputs.network(compare))
    dataset = inputs.images_for(model, data, reading, offline=offline, quiet=quiet)
    name = str(options.WEIGHTS_FILE if str(weights) == outputs.STDOUT else weights)
    with console.stage("writing the report"):
        found = report_of(model, dataset, name, PALETTES[palette], history, other)
        content = report_page.page_bytes(page, found)
    of_this_run = found.curves and found.curves.of_this_run
    if of_this_run is False and not quiet:
        console.note(f"{log} is the log of another run, or not of all of this one")
    claimed.finish(
        {
            "weights": str(weights),
            "weights_sha256": network_sha256(model),
            "file": out,
            "accuracy": found.found.accuracy,
            "log_of_this_run": of_this_run,
            "explained": [
                {"index": each.index, "true_digit": each.true, "digit": each.answer}
                for each in found.explained
            ],
        },
        files={out: content},
        last=[out],
    )
