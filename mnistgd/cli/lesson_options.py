"""The settings of a lesson as options of the command line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from functools import partial
from inspect import Parameter
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import typer


def option_parameters(settings: type[Any]) -> list[Parameter]:
    """A keyword parameter, annotated as typer wants it, for each field of a settings dataclass."""
    hints = get_type_hints(settings)
    return [_parameter(field, hints[field.name]) for field in fields(settings)]


def settings_of(settings: type[Any], values: Mapping[str, Any]) -> Any:
    """The settings that options came to; an option that was not given leaves the field's default."""
    given = {name: value for name, value in values.items() if value is not None}
    return settings(**{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()})


class _Kind(NamedTuple):
    """What the values of a field are: `item`, or `numbers` of them with commas (0 is any number of them)."""

    item: type
    numbers: int | None = None
    repeatable: bool = False


def _kind(hint: Any) -> _Kind:
    """
    >>> _kind(float | None)
    _Kind(item=<class 'float'>, numbers=None, repeatable=False)
    >>> _kind(tuple[float, float])
    _Kind(item=<class 'float'>, numbers=2, repeatable=False)
    >>> _kind(tuple[str, ...])
    _Kind(item=<class 'str'>, numbers=None, repeatable=True)
    >>> _kind(tuple[tuple[float, ...], ...])
    _Kind(item=<class 'float'>, numbers=0, repeatable=True)
    """
    if NoneType in get_args(hint):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is not tuple:
        return _Kind(hint)
    first, *rest = get_args(hint)
    if rest != [Ellipsis]:
        return _Kind(first, numbers=1 + len(rest))
    if get_origin(first) is not tuple:
        return _Kind(first, repeatable=True)
    return _Kind(get_args(first)[0], numbers=0, repeatable=True)


def _parameter(field: Field[Any], hint: Any) -> Parameter:
    about = field.metadata
    kind = _kind(hint)
    default = field.default if field.default is not MISSING else None
    name = "--" + field.name.replace("_", "-")
    common: dict[str, Any] = {"help": about["help"], "envvar": about.get("envvar")}
    if kind.item is bool:
        names = [name] if not default else [f"{name}/--no-{name[2:]}"]
        return _keyword(field.name, Annotated[bool, typer.Option(*names, **common)], default)

    # Typer is told the texts of the default, and hands them through the callback like any others.
    choices = about.get("choices", ())
    convert = partial(_convert, kind=kind, limits=about)
    option = typer.Option(
        name,
        metavar=about.get("metavar") or _metavar(kind, about),
        show_default=about.get("default", default is not None),
        autocompletion=(lambda: list(choices)) if choices else None,
        callback=_each(convert) if kind.repeatable else _single(convert),
        **common,
    )
    if kind.repeatable:
        texts = [_text(value) for value in default] if default else None
        return _keyword(field.name, Annotated[list[str] | None, option], texts)
    return _keyword(field.name, Annotated[str | None, option], None if default is None else _text(default))


def _keyword(name: str, annotation: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _single(convert: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def _each(convert: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda values: [convert(value) for value in values] if values else None


def _metavar(kind: _Kind, about: Mapping[str, Any]) -> str:
    if "choices" in about:
        return "|".join(about["choices"])
    one = {int: "N", float: "X", Path: "FILE"}.get(kind.item, "TEXT")
    if kind.numbers is None:
        return one
    return ",".join([one] * kind.numbers) if kind.numbers else f"{one},{one},…"


def _text(value: Any) -> str:
    return ",".join(map(_text, value)) if isinstance(value, tuple) else str(value)


def _convert(text: str, *, kind: _Kind, limits: Mapping[str, Any]) -> Any:
    if text not in limits.get("choices", [text]):
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(limits['choices'])}")
    if kind.item not in (int, float):
        return kind.item(text)
    if kind.numbers is None:
        return _number(text, kind.item, limits)
    parts = text.split(",")
    if kind.numbers and len(parts) != kind.numbers:
        raise typer.BadParameter(f"{text!r} are not {kind.numbers} numbers with commas between them")
    return tuple(_number(part, kind.item, limits) for part in parts)


def _number(text: str, item: type, limits: Mapping[str, Any]) -> Any:
    try:
        value = item(text)
        fits = math.isfinite(value) and (
            limits.get("minimum", value) <= value <= limits.get("maximum", value)
            and value > limits.get("above", -math.inf)
        )
    except (ValueError, OverflowError):
        fits = False
    if not fits:
        raise typer.BadParameter(f"{text!r} is not {_wanted(item, limits)}")
    return value


def _wanted(item: type, limits: Mapping[str, Any]) -> str:
    """
    >>> _wanted(int, {"minimum": 1, "maximum": 9}), _wanted(float, {"above": 0}), _wanted(float, {})
    ('a whole number from 1 to 9', 'a finite number above 0', 'a finite number')
    """
    what = "a whole number" if item is int else "a finite number"
    if "above" in limits:
        what += f" above {limits['above']:,}"
    if "minimum" in limits:
        what += f" from {limits['minimum']:,}"
    if "maximum" in limits:
        return (
            f"{what} to {limits['maximum']:,}"
            if "minimum" in limits
            else f"{what}, at most {limits['maximum']:,}"
        )
    return what + " up" if "minimum" in limits else what
