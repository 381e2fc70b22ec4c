"""Pictures in the terminal: whether, where and in how many colours they are drawn."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console
from mnistgd.errors import UsageError

if TYPE_CHECKING:
    from mnistgd.figures.blocks import Drawing, Screen

Terminal = Annotated[
    bool | None,
    typer.Option(
        "--terminal/--no-terminal",
        help="Draw in the terminal as well; never in a pipe or a file.",
        show_default="if stdout is a terminal",
    ),
]


def screen_for(asked: bool | None, *, as_json: bool) -> Screen | None:
    """What a command draws on beside its result: stdout if that is a terminal; None for nothing.

    Parameters
    ----------
    asked : bool or None
        What ``--terminal/--no-terminal`` says; None if neither is given.
    as_json : bool

    Raises
    ------
    UsageError
        If drawing is asked for where there is no terminal, or together with JSON.
    """
    if asked and as_json:
        raise UsageError("--terminal and --json both want stdout", "leave one of them out")
    screen = None if asked is False or as_json else screen_on(sys.stdout)
    if screen is None and asked:
        raise UsageError("--terminal: stdout is not a terminal that can be drawn on", "leave it out")
    return screen


def screen_on(stream: Any) -> Screen | None:
    """The screen that shows what is written to `stream`; None if there is none."""
    if not console.is_terminal(stream):
        return None
    from rich.console import Console

    from mnistgd.figures.blocks import Depth, Screen

    depths: dict[str | None, Depth] = {"truecolor": "24-bit", "256": "256", "standard": "16"}
    screen = Console(file=stream)
    depth = depths.get(screen.color_system, "none")
    if screen.no_color or not _has_blocks(stream):
        depth = "none"
    return Screen(screen.width, depth)


def show(screen: Screen, drawings: Sequence[Drawing], legend: Sequence[str] = ()) -> None:
    """Draw to stdout, as large as the screen is wide; say so on stderr if it is too narrow.

    Parameters
    ----------
    screen : Screen
    drawings : of one size; as many beside each other as fit
    legend : lines of text below them
    """
    from mnistgd.figures.blocks import sheet, shrink_to_fit

    shrink = shrink_to_fit(drawings, screen)
    if shrink is None:
        console.note(f"too narrow for pictures: the terminal has {screen.columns} columns")
        return
    # A class may be called anything, even what would move the cursor.
    safe = [replace(drawing, title=console.one_line(drawing.title)) for drawing in drawings]
    console.print_drawing("\n".join([*sheet(safe, screen, shrink), "", *legend, *([""] if legend else [])]))


def _has_blocks(stream: Any) -> bool:
    try:
        "▀−→…".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
