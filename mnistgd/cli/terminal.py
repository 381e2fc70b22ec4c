"""Pictures in the terminal: whether, where and in how many colours they are drawn."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistgd.cli import console

if TYPE_CHECKING:
    from mnistgd.figures.blocks import Drawing, Screen

NoTerminal = Annotated[bool, typer.Option("--no-terminal", help="Draw nothing in the terminal.")]


def screen_for(no_terminal: bool, *, as_json: bool) -> Screen | None:
    """What a command draws on beside its result: stdout if that is a terminal; None for nothing."""
    return None if no_terminal or as_json else screen_on(sys.stdout)


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
