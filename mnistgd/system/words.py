"""Words for numbers of things."""

from __future__ import annotations


def counted(count: int, noun: str, form: str = "") -> str:
    """So many of a thing, `form` as in a format string.

    Examples
    --------
    >>> counted(1, "epoch"), counted(0, "step"), counted(6000, "test image", ",")
    ('1 epoch', '0 steps', '6,000 test images')
    """
    return f"{count:{form}} {noun}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """A fraction as people write it; a dash for NaN, where there is nothing to take a fraction of."""
    return "–" if share != share else f"{share:.1%}"
