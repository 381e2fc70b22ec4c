"""What the fields of a settings dataclass may be: as text, as JSON, and in words.

A field says once all there is to know of a setting: its name, its type, its default, and in its metadata

    help                what it is, in a sentence
    choices             the names that it may have
    minimum, maximum    the least and the largest number, both inclusive
    above, below        numbers that it is beyond
    none                the word for None, where that is a value and not the default
    commas              (True) for a tuple that is one text with commas, and not an option that is repeated
    default             in words, what a default of None or of nothing stands for
    metavar, envvar     of its option: what the help writes for a value; a variable that it is read from
    group               the heading of the help below which its option stands

A field is a bool (a flag), an int, float, str or Path, or one of these or None; a ``tuple[T, ...]`` of them
(an option that may be repeated); a ``tuple[float, float]`` (that many numbers, with commas) or a
``tuple[tuple[float, ...], ...]`` (numbers with commas, repeatable). Only where None is its default may it be
None.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from mnistgd.errors import UsageError


def setting(value: Any, text: str, /, **about: Any) -> Any:
    """A field of a settings dataclass: its default `value`, its help and what else is `about` it."""
    return field(default=value, metadata={"help": text, **about})


@dataclass(frozen=True)
class SettingField:
    """One field of a settings dataclass.

    Attributes
    ----------
    name : str
    default : its default
    about : mapping, its metadata
    item : type of its value, or of what its value is a tuple of
    numbers : int or None; of how many numbers, with commas, a value is made; 0 for any number of them
    repeatable : bool; its value is a tuple, with an option for each item
    """

    name: str
    default: Any
    about: Mapping[str, Any]
    item: type
    numbers: int | None = None
    repeatable: bool = False

    def from_text(self, text: str) -> Any:
        """The value that `text` stands for; of a repeatable field, one item of it.

        Raises
        ------
        ValueError
            If it may not be that. The message says what it may be.
        """
        if self.numbers is None:
            return None if text.lower() == self.about.get("none") else self._read(text, text)
        parts = text.split(",")
        if self.numbers and len(parts) != self.numbers:
            raise ValueError(f"{text!r} are not {self.numbers} numbers with commas between them")
        return tuple(self._read(part, part if self.repeatable else text) for part in parts)

    def from_json(self, value: Any) -> Any:
        """The value that JSON has as `value`: a tuple is a list there, and None may have a word.

        Raises
        ------
        ValueError
            If it may not be that.
        """
        if (value is None and self.default is None) or ("none" in self.about and value == self.about["none"]):
            return None
        many = self.repeatable or self.numbers is not None
        items = value if many and isinstance(value, list) else [value]
        if many == isinstance(value, list) and all(map(self._fits, items)):
            return tuple(map(self.item, items)) if many else self.item(value)
        raise ValueError(f"{self.name} cannot be {value!r:.40}")

    def from_value(self, value: Any) -> Any:
        """The value that a program gives: None where JSON has a word for it, and one item for a tuple of one.

        Raises
        ------
        UsageError
            If it may not be that.
        """
        if value is None and (self.default is None or "none" in self.about):
            return None
        many = self.repeatable or self.numbers is not None
        items = value if many and isinstance(value, Iterable) and not isinstance(value, str) else [value]
        plain = [item.tolist() if hasattr(item, "tolist") else item for item in items]  # numpy's numbers
        try:
            return self.from_json(plain if many else plain[0])
        except ValueError as problem:
            raise UsageError(f"{self.name}={value!r:.40} is {self.refusal()}") from problem

    def to_json(self, value: Any) -> Any:
        """What JSON has for a value."""
        if value is None:
            return self.about.get("none")
        if isinstance(value, tuple):
            return list(value)
        return str(value) if isinstance(value, Path) else value

    def _read(self, part: str, text: str) -> Any:
        try:
            value = self.item(part.lower() if "choices" in self.about else part)
        except ValueError:
            value = None
        if self._fits(value):
            return value
        raise ValueError(f"{text!r} is {self.refusal()}")

    def _fits(self, value: Any) -> bool:
        """Whether an item is of the right type, finite, and within what it may be."""
        about = self.about
        # To JSON every number is one, whole or not.
        types = (int, float) if self.item is float else self.item
        if not isinstance(value, types) or isinstance(value, bool) != (self.item is bool):
            return False
        if not isinstance(value, int | float):
            return value in about.get("choices", (value,))
        return bool(
            about.get("minimum", value) <= value <= about.get("maximum", value)
            and about.get("above", -math.inf) < value < about.get("below", math.inf)
            and (self.item is int or abs(value) <= sys.float_info.max)
        )

    def refusal(self) -> str:
        """What a text that is no such value is not, in words.

        >>> SettingField("", None, {"choices": ("a", "b")}, str).refusal()
        'not one of a, b'
        >>> SettingField("", 1, {"minimum": 1, "none": "full"}, int).refusal()
        "neither a whole number from 1 up nor 'full'"
        >>> SettingField("", (), {"minimum": 1, "maximum": 9}, int, numbers=0).refusal()
        'not a list of whole numbers from 1 to 9, with commas between them'
        """
        if self.item is bool:
            return "neither True nor False"
        if "choices" in self.about:
            return f"not one of {', '.join(self.about['choices'])}"
        noun, limits = _noun(self.item, self.about), _limits(self.about)
        if self.numbers is not None and not self.repeatable:
            return f"not a list of {noun}s{limits}, with commas between them"
        if "none" in self.about:
            return f"neither a {noun}{limits} nor {self.about['none']!r}"
        return f"not a {noun}{limits}"


def setting_fields(settings: type[Any]) -> list[SettingField]:
    """The fields of a settings dataclass, in order."""
    hints = get_type_hints(settings)
    found = []
    for each in fields(settings):
        kind = _kind(hints[each.name], "commas" in each.metadata)
        found.append(SettingField(each.name, each.default, each.metadata, *kind))
    return found


def as_json(settings: Any) -> dict[str, Any]:
    """All settings as JSON has them."""
    return {each.name: each.to_json(getattr(settings, each.name)) for each in setting_fields(type(settings))}


def _kind(hint: Any, commas: bool = False) -> tuple[type, int | None, bool]:
    """`item`, `numbers` and `repeatable` of a field.

    >>> _kind(float | None)
    (<class 'float'>, None, False)
    >>> _kind(tuple[float, float])
    (<class 'float'>, 2, False)
    >>> _kind(tuple[str, ...]), _kind(tuple[int, ...], commas=True)
    ((<class 'str'>, None, True), (<class 'int'>, 0, False))
    >>> _kind(tuple[tuple[float, ...], ...])
    (<class 'float'>, 0, True)
    """
    if type(None) in get_args(hint):
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is not tuple:
        return hint, None, False
    first, *rest = get_args(hint)
    if rest != [Ellipsis]:
        return first, 1 + len(rest), False
    if get_origin(first) is tuple:
        return get_args(first)[0], 0, True
    return (first, 0, False) if commas else (first, None, True)


def _noun(item: type, about: Mapping[str, Any]) -> str:
    if item is int:
        return "whole number"
    if about.get("minimum") == 0 and about.get("maximum", math.inf) <= 1:
        return "fraction"
    bounded = {"minimum", "above"} & set(about) and {"maximum", "below"} & set(about)
    return "number" if bounded else "finite number"


def _limits(about: Mapping[str, Any]) -> str:
    """
    >>> _limits({"above": 0}), _limits({"above": 0, "maximum": 1}), _limits({})
    (' above 0', ' above 0, at most 1', '')
    >>> _limits({"minimum": 0}), _limits({"minimum": 0, "maximum": 1000}), _limits({"minimum": 0, "below": 1})
    (' from 0 up', ' from 0 to 1,000', ' from 0 to below 1')
    """
    words = f" above {about['above']:,}" if "above" in about else ""
    begins = "minimum" in about
    words += f" from {about['minimum']:,}" if begins else ""
    if "maximum" in about:
        return f"{words}{' to' if begins else ', at most'} {about['maximum']:,}"
    return f"{words} to below {about['below']:,}" if "below" in about else f"{words} up" if begins else words
