"""Tables as plain text: for a terminal, a pipe or a file alike."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnistgd.system.words import percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnistgd.lessons.lesson import Outcome

WIDTH = 80
"""How wide running text may be."""

MANY = 20
"""Rows, beyond which a table is parted or cut."""


def table(rows: Sequence[Sequence[str]], align: str = "", *, gap: str = "  ", least: int = 0) -> list[str]:
    """The lines of a table, each column as wide as its widest cell is on a terminal.

    Parameters
    ----------
    rows : of as many cells each; the first may hold headings
    align : str
        ``<`` or ``>`` for each column, the last sign for all that follow. If empty, a column that has a
        number below its heading goes to the right, another one to the left.
    gap : str, between two columns
    least : int, how wide each column is at least

    Examples
    --------
    >>> table([("", "images"), ("Coat", "7"), ("コート", "12")])
    ['        images', 'Coat         7', 'コート      12']
    """
    columns = list(zip(*rows, strict=True))
    signs = align.ljust(len(columns), align[-1:] or " ")
    aligned = [_column(cells, sign, least) for cells, sign in zip(columns, signs, strict=True)]
    return [gap.join(cells).rstrip() for cells in zip(*aligned, strict=True)]


def _column(cells: Sequence[str], sign: str, least: int) -> list[str]:
    from mnistgd.figures.columns import text_columns

    wide = max(least, *map(text_columns, cells))
    blanks = [" " * (wide - text_columns(cell)) for cell in cells]
    right = any(map(_is_number, cells[1:])) if sign == " " else sign == ">"
    pairs = zip(cells, blanks, strict=True)
    return [blank + cell if right else cell + blank for cell, blank in pairs]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def outcome_lines(outcome: Outcome) -> list[str]:
    """The tables of a lesson, and below them what to notice."""
    lines: list[str] = []
    for each in outcome.tables:
        lines += [*paragraph(each.title), *table([each.headings, *each.rows]), ""]
    return [*lines, *paragraph(f"Notice: {outcome.notice}")]


def paragraph(text: str) -> list[str]:
    """`text` in lines of at most `WIDTH`; a number or a name is never broken."""
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def abreast(lines: Sequence[str]) -> list[str]:
    """A table with a heading, in parts beside each other if it has more rows than a screen: as many as fit.

    Examples
    --------
    >>> print("\\n".join(abreast(["class", *map(str, range(24))])))
    class    class    class    class    class    class    class    class
    0        3        6        9        12       15       18       21
    1        4        7        10       13       16       19       22
    2        5        8        11       14       17       20       23
    """
    from mnistgd.figures.columns import text_columns

    head, *rows = lines
    gap = 4
    wide = max(map(text_columns, lines))
    parts = (WIDTH + gap) // (wide + gap) if len(rows) > MANY else 1
    if parts < 2:
        return list(lines)
    high = math.ceil(len(rows) / parts)
    columns = [[head, *rows[top : top + high]] for top in range(0, len(rows), high)]
    padded = ([line + " " * (wide + gap - text_columns(line)) for line in column] for column in columns)
    return ["".join(line).rstrip() for line in itertools.zip_longest(*padded, fillvalue="")]


def confusion_table(counts: NDArray[np.int64], names: Sequence[str]) -> list[str]:
    """The counts, below and beside the names; where those are too wide to stand above, they are numbered.

    Of more classes than there is room for, the classes that were most often taken for each other.
    """
    from mnistgd.figures.captions import class_word
    from mnistgd.figures.columns import fitted, text_columns

    cells = [[str(count or "·") for count in row] for row in counts.tolist()]
    least = max(4, len(str(counts.max())))

    def lines(heads: Sequence[str], sides: Sequence[str], align: str, least: int) -> list[str]:
        rows = [[side, *row] for side, row in zip(sides, cells, strict=True)]
        return table([["     ", *heads], *rows], align, gap=" ", least=least)

    named = lines(names, names, ">", max(least, *map(text_columns, names)))
    if text_columns(named[0]) <= WIDTH:
        return [f"confusion: a row for each true {class_word(names)}, a column for each answer", *named]
    numbers = [str(number) for number in range(len(names))]
    room = WIDTH - len(names) * (least + 1) - 2
    if room < 8:
        return _confusions(counts, names)
    sides = [f"{number} {fitted(name, room)}" for number, name in zip(numbers, names, strict=True)]
    title = "confusion: rows are true classes, columns are answers, by their numbers"
    return [title, *lines(numbers, sides, "<>", least)]


def _confusions(counts: NDArray[np.int64], names: Sequence[str]) -> list[str]:
    """Which class was most often taken for which, and for what share of its images."""
    from mnistgd.figures.columns import fitted

    wrong = [
        (-count, true, answer)
        for true, row in enumerate(counts.tolist())
        for answer, count in enumerate(row)
        if count and true != answer
    ]
    if not wrong:
        return ["confusion: none"]
    totals = counts.sum(axis=1).tolist()
    rows = [
        [fitted(names[true], 24), fitted(names[answer], 24), f"{-count:,}", percent(-count / totals[true])]
        for count, true, answer in sorted(wrong)[:MANY]
    ]
    left = len(wrong) - len(rows)
    more = [f"and {left:,} more pairs: --json lists, and --confusion draws, all of them"] if left else []
    head = ["true", "answer", "images", "of its class"]
    return ["confusion: which class was most often taken for which", *table([head, *rows], "<<>>"), *more]
