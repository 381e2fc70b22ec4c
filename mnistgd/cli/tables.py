"""Tables as plain text: for a terminal, a pipe or a file alike."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnistgd.lessons.lesson import Outcome, Table

WIDTH = 80
"""How wide running text may be."""

GAP = "  "


def outcome_text(outcome: Outcome) -> str:
    """The tables of a lesson, and below them what to notice."""
    notice = paragraph(f"Notice: {outcome.notice}")
    return "\n\n".join([*(table_text(table) for table in outcome.tables), notice])


def paragraph(text: str) -> str:
    """`text` in lines of at most `WIDTH`; a number or a name is never broken."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def table_text(table: Table) -> str:
    """A title, the headings and the rows; columns of numbers to the right, of words to the left."""
    columns = [_column(list(cells)) for cells in zip(table.headings, *table.rows, strict=True)]
    lines = [GAP.join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return "\n".join([*([paragraph(table.title)] if table.title else []), *lines])


def _column(cells: list[str]) -> list[str]:
    width = max(map(len, cells))
    numbers = any(map(_is_number, cells[1:]))
    return [cell.rjust(width) if numbers else cell.ljust(width) for cell in cells]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def class_word(names: Sequence[str]) -> str:
    """What a column of these classes is headed by: digits are digits, and the others classes.

    Examples
    --------
    >>> class_word("0123456789"), class_word(("T-shirt", "Trouser"))
    ('digit', 'class')
    """
    from mnistgd.figures.captions import is_digit

    return "digit" if all(map(is_digit, names)) else "class"


def beside(names: Sequence[str], *, left: bool = False) -> list[str]:
    """The names filled up with blanks until all are equally wide on a terminal, and at least five columns.

    Examples
    --------
    >>> beside(["Coat", "コート"])
    ['  Coat', 'コート']
    """
    from mnistgd.figures.blocks import text_columns

    wide = max(5, *map(text_columns, names))
    blanks = [" " * (wide - text_columns(name)) for name in names]
    pairs = zip(names, blanks, strict=True)
    return [name + blank if left else blank + name for name, blank in pairs]
