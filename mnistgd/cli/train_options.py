"""The options of ``mnistgd train`` that are no settings, and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mnistgd.cli import options
from mnistgd.cli.command import Command

Out = Annotated[str, options.out("The weights file to write.", envvar="MNISTGD_WEIGHTS")]
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
    Path | None,
    typer.Option(metavar="FILE", help="Go on from a checkpoint; all settings but --epochs come from it."),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Let workers of Dask compute the gradients: tcp://HOST:8786, a scheduler file, or local:N.",
        rich_help_panel="Workers",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="How many of them; all unless given.", rich_help_panel="Workers"),
]

LONGEST = 24
"""Of the options that stand in one line with their help, in letters."""
GROUPS = ("Sweep", "Data", "Network", "Descent", "Stopping", "Workers", "Output")
"""The headings of the help; an option that names none is about the output."""


class GroupedCommand(Command):
    """A command whose many options stand in groups."""

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        groups: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for option in self.get_params(ctx):
            if record := option.get_help_record(ctx):
                groups[getattr(option, "rich_help_panel", None) or GROUPS[-1]].append(record)
        names = (name for records in groups.values() for name, _ in records)
        # One that is longer has a line of its own.
        width = max(len(name) for name in names if len(name) <= LONGEST)
        for group, records in groups.items():
            if not records:
                continue
            with formatter.section(group):
                formatter.write_dl([(name.ljust(width), text) for name, text in records], col_max=width)
