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
    in_part : bool, whether the first of them will do where there is no room for all
    """

    drawings: Sequence[Drawing]
    legend: Sequence[str] = ()
    title: str = ""
    in_part: bool = False


TITLE_LINES = 2
"""What the title takes: itself, and a blank line."""

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
    return Screen(screen.width, depth, screen.height)


def draw(sketch: Sketch, above: Sequence[str], below: Sequence[str], results: int = 1) -> bool:
    """Draw to stdout, if it is a terminal, as large as there is room; say so on stderr if there is none.

    Parameters
    ----------
    sketch : what is drawn
    above, below : the lines around it, which with the prompt are to stay on the screen as well
    results : int, how many such results share the screen

    Returns
    -------
    bool, whether something was drawn
    """
    screen = screen_on(sys.stdout)
    if screen is None:
        return False
    taken = height_of([*above, *below], screen.columns)
    room = screen._replace(lines=(screen.lines - 1) // results - taken)
    sheet = sketch(room) if room.lines > 0 else None
    if sheet is None:
        return False
    lines = lines_of(sheet, room, apart=bool(above))
    if lines is not None:
        console.print_drawing(lines)
    elif results == 1 and room.lines > 1:  # it is a line itself, and what is below has a blank one
        console.note(f"the terminal is too small for pictures: {screen.columns}×{screen.lines}")
    return lines is not None


def lines_of(sheet: Sheet, screen: Screen, *, apart: bool = False) -> list[str] | None:
    """A sheet, its drawings as large as the screen has room for; None if it has none.

    Blank lines set its parts apart where lines are left, and all of it from what is above, to be `apart`.
    """
    from mnistgd.figures import blocks

    title = [console.one_line(sheet.title), *[""] * (TITLE_LINES - 1)] if sheet.title else []
    room = screen._replace(lines=screen.lines - len(title) - len(sheet.legend))
    drawings = sheet.drawings
    shrink = blocks.shrink_to_fit(drawings, room)
    if shrink is None and sheet.in_part:
        most = (blocks.most_that_fit(drawings[0], room, shrink) for shrink in blocks.SHRINKS[1:])
        drawings = drawings[: next(filter(None, most), 0)]
        shrink = blocks.shrink_to_fit(drawings, room) if drawings else None
    if shrink is None:
        return None
    # A class may be called anything, even what would move the cursor.
    safe = [replace(drawing, title=console.one_line(drawing.title)) for drawing in drawings]
    drawn = blocks.sheet(safe, screen, shrink)
    blanks = [[""] if left > 0 else [] for left in range(room.lines - len(drawn), -3, -1)]
    between = blanks.pop(0) if sheet.legend else []
    before = blanks.pop(0) if apart else []
    return [*before, *title, *drawn, *between, *sheet.legend, *blanks[0]]


def height_of(lines: Sequence[str], columns: int) -> int:
    """How many lines of a terminal text takes: one that is too long is broken."""
    from mnistgd.figures.columns import text_columns

    return sum(max(1, -(-text_columns(console.one_line(line)) // columns)) for line in lines)
