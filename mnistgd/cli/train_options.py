"""The options of ``mnistgd train`` that are no settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[
    str,
    typer.Option(
        "--out", "-o", envvar="MNISTGD_WEIGHTS", metavar="FILE|-", help="The weights file to write."
    ),
]
Frames = Annotated[
    int | None,
    typer.Option(
        min=2, max=200, metavar="N", help="Keep N snapshots beside the weights file, for mnistgd animate."
    ),
]
Live = Annotated[
    bool, typer.Option("--live", help="Watch the pictures form in the terminal while it trains.")
]
Log = Annotated[
    Path | None, typer.Option(metavar="FILE.jsonl", help="Write how each epoch went, a JSON object a line.")
]
Checkpoint = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Keep a place to go on from in this file.")
]
Every = Annotated[int, typer.Option(min=1, metavar="N", help="Epochs from one checkpoint to the next.")]
Resume = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Go on from a checkpoint; all settings come from it.")
]
