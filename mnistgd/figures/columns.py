"""How wide text is in a terminal."""

from __future__ import annotations

import unicodedata


def text_columns(text: str) -> int:
    """How many columns of a terminal `text` takes.

    Examples
    --------
    >>> text_columns("Pâte"), text_columns("コート")
    (4, 6)
    """
    return sum(map(_columns, text))


def fitted(text: str, columns: int) -> str:
    """`text`, cut short with ``…`` if it takes more than `columns`."""
    if text_columns(text) <= columns:
        return text
    while text and text_columns(text) > columns - 1:
        text = text[:-1]
    return text + "…" if columns > 0 else ""


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
