"""``mnistgd curves``: how one or more runs went."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistgd.cli import console, fonts, inputs, options, outputs


def curves(
    histories: Annotated[
        list[Path],
        typer.Argument(metavar="FILE.jsonl|-…", help="Histories, as mnistgd train --log writes them."),
    ],
    out: Annotated[str, options.out("The plot to write: .png, .svg or .pdf; - is a PNG.")] = "curves.png",
    _font: fonts.Font = None,
    as_json: options.Json = False,
) -> None:
    """Draw loss and accuracy of one or more runs, epoch by epoch."""
    from mnistgd.figures.curves import curves_figure
    from mnistgd.figures.plots import file_of

    claimed = outputs.claim(charts={"--out": out}, read=histories, as_json=as_json)
    runs = {str(path): inputs.epochs(path) for path in histories}
    with console.stage("drawing"):
        picture = file_of(curves_figure(runs), outputs.chart_kind(out))
    summary = [
        {"history": name, "epochs": len(epochs), "loss": epochs[-1].loss, "accuracy": epochs[-1].accuracy}
        for name, epochs in runs.items()
    ]
    claimed.finish({"file": out, "runs": summary}, files={out: picture}, last=[out])
