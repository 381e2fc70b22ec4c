"""Pictures in the terminal: whether, where and in how many colours they are drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NamedTuple, TextIO

import typer

from mnistgd.cli import console

if TYPE_CHECKING:
    from mnistgd.figures.blocks import Drawing, Screen

NoTerminal = Annotated[bool, typer.Option("--no-terminal", help="Draw nothing in the terminal.")]


class Sheet(NamedTuple):
    """What is drawn.

    Attributes
    ----------
    drawings : of one size; as many beside each other as fit
    legend : lines of text below them
    title : str, above them; empty for none
    """

    drawings: Sequence[Drawing]
    legend: Sequence[str] = ()
    title: str = ""


Sketch = Callable[["Screen"], Sheet | None]
"""Makes the sheet for a screen; None if there is nothing to see."""


def screen_on(stream: TextIO) -> Screen | None:
    """The screen that shows what is written to `stream`; None if there is none."""
    if not console.is_terminal(stream):
        return None
    from rich.console import Console

    from mnistgd.figures.blocks import Depth, Screen

    depths: dict[str | None, Depth] = {"truecolor": "24-bit", "256": "256", "standard": "16"}
    screen = Console(file=stream)
    depth = depths.get(screen.color_system, "none")
    if screen.no_color or not console.can_show("▀−→…", stream):
        depth = "none"
    return Screen(screen.width, depth)


def draw(sketch: Sketch) -> None:
    """Draw to stdout, if it is a terminal, as large as it is wide; say so on stderr if it is too narrow."""
    screen = screen_on(sys.stdout)
    sheet = sketch(screen) if screen is not None else None
    if screen is None or sheet is None:
        return
    from mnistgd.figures import blocks

    if sheet.title:
        console.print_lines(["", sheet.title, ""])
    shrink = blocks.shrink_to_fit(sheet.drawings, screen)
    if shrink is None:
        console.note(f"too narrow for pictures: the terminal has {screen.columns} columns")
        return
    # A class may be called anything, even what would move the cursor.
    safe = [replace(drawing, title=console.one_line(drawing.title)) for drawing in sheet.drawings]
    lines = [*blocks.sheet(safe, screen, shrink), "", *sheet.legend, *([""] if sheet.legend else [])]
    console.print_drawing(lines)
