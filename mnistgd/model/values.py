"""Several values of a setting, as one text says them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mnistgd.model.fields import SettingField

MOST = 1_000_000
"""Values of one setting."""


def is_one_text(field: SettingField) -> bool:
    """Whether a value may be any text, such as the name of a file, which may have commas itself."""
    return field.item is str and "choices" not in field.about


def values_from_text(field: SettingField, text: str) -> tuple[Any, ...]:
    """The values that `text` stands for, each once, as `SettingField.from_text` has them.

    They have commas between them. One may be a range: ``0:5`` and ``0:10:2`` are whole numbers, the end
    excluded, as Python has them; ``log:FROM:TO:N`` are N numbers, both ends among them, each as many times
    the one before it, of four digits. Where a value has commas itself it has ``+`` instead, and ``none`` for
    no number at all; a flag is ``yes`` or ``no``. What may be any text is one value.

    Raises
    ------
    ValueError
        If one may not be that. The message says what it may be.

    Examples
    --------
    >>> values_from_text(SettingField("seed", 0, {"minimum": 0}, int), "7,0:6:2")
    (7, 0, 2, 4)
    >>> values_from_text(SettingField("learning_rate", None, {"above": 0}, float), "log:1e-3:1:4")
    (0.001, 0.01, 0.1, 1.0)
    >>> values_from_text(SettingField("hidden", (), {}, int, numbers=0), "none,64,64+32")
    ((), (64,), (64, 32))
    """
    if is_one_text(field):
        return (field.from_text(text),)
    values = [value for part in text.split(",") for value in _values(field, part.strip())]
    return tuple(dict.fromkeys(values))


def _values(field: SettingField, part: str) -> Sequence[Any]:
    if field.item is bool:
        if part.lower() not in {"yes", "no"}:
            raise ValueError(f"{part!r} is neither yes nor no")
        return [part.lower() == "yes"]
    if field.numbers is not None:
        if part.lower() == "none":
            return [()]
        try:
            return [field.from_text(part.replace("+", ","))]
        except ValueError:
            raise ValueError(f"{part!r} is {field.refusal().replace('commas', '+')}, nor none") from None
    if part.startswith("log:") or (":" in part and field.item is float):
        return [field.from_text(number) for number in _spread(part, whole=field.item is int)]
    if ":" in part and field.item is int:
        found = _range(part)
        return [field.from_text(str(number)) for number in found]
    return [field.from_text(part)]


def _range(part: str) -> range:
    try:
        found = range(*map(int, part.split(":")))
    except (TypeError, ValueError):
        raise ValueError(f"{part!r} is not FROM:END or FROM:END:STEP, of whole numbers") from None
    if not found:
        raise ValueError(f"{part!r} is empty: its end is excluded")
    if found[MOST:]:
        raise ValueError(f"{part!r} are more than {MOST:,} values")
    return found


def _spread(part: str, *, whole: bool) -> list[str]:
    """The numbers of a ``log:`` range, as they are typed."""
    try:
        kind, *words = part.split(":")
        first, last, count = (number(word) for number, word in zip((float, float, int), words, strict=True))
        if kind != "log" or not (0 < first < float("inf") and 0 < last < float("inf") and 2 <= count <= MOST):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{part!r} is not log:FROM:TO:N, of two numbers above 0 and how many, from 2"
        ) from None
    low, high = math.log(first), math.log(last)
    numbers = (math.exp(low + (high - low) * step / (count - 1)) for step in range(count))
    return [f"{number:.0f}" if whole else f"{number:.4g}" for number in numbers]
