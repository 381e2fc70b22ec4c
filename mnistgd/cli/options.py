"""The options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    str,
    typer.Option(
        "--data",
        envvar="MNISTGD_DATA",
        metavar="mnist|PATH",
        help="The images: MNIST, or a folder of IDX files, or an .npz file.",
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels", metavar="NAME,NAME,…", help="Names of the classes, in order.", show_default="digits"
    ),
]
Offline = Annotated[
    bool,
    typer.Option("--offline", envvar="MNISTGD_OFFLINE", help="Do not ask OpenML; use the embedded MNIST."),
]
Weights = Annotated[
    Path,
    typer.Option(
        "--weights", "-w", envvar="MNISTGD_WEIGHTS", metavar="FILE", help="The weights file to read."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]

WEIGHTS_FILE = Path("weights.npz")
