"""The fields of a settings dataclass as options of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from mnistgd.model.fields import SettingField, setting_fields
from mnistgd.model.values import is_one_text, values_from_text

Command = TypeVar("Command", bound=Callable[..., None])


def with_settings(
    settings: type[Any], *, several: Mapping[str, str] | None = None
) -> Callable[[Command], Command]:
    """Give a command an option for each field of `settings`; it takes their values as ``**values``.

    Typer reads what is declared here, which is more than the function itself says.

    Parameters
    ----------
    settings : a dataclass
    several : mapping, optional
        If there is one, each option takes several values, and the command a tuple of them; of the names in it
        these texts are the default.
    """

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [
            *(
                _parameter(each) if several is None else _several(each, several.get(each.name))
                for each in setting_fields(settings)
            ),
            *(each.replace(kind=each.KEYWORD_ONLY) for each in own if each.kind is not each.VAR_KEYWORD),
        ]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return decorate


def _parameter(field: SettingField) -> inspect.Parameter:
    about, default = field.about, field.default
    name, common = _common(field)
    if field.item is bool:
        names = [name] if not default else [f"{name}/--no-{name[2:]}"]
        return _keyword(field.name, Annotated[bool, typer.Option(*names, **common)], default)

    option = typer.Option(
        name,
        metavar=about.get("metavar") or _metavar(field),
        show_default=about.get("default", default is not None),
        autocompletion=_completion(field),
        callback=_converter(field),
        **common,
    )
    # Typer is told the texts of the default, and hands them through the callback like any others.
    if field.repeatable:
        return _keyword(field.name, Annotated[list[str], option], list(map(_text, default)))
    text = None if default in (None, ()) else _text(default)
    return _keyword(field.name, Annotated[str | None, option], text)


def _several(field: SettingField, default: str | None) -> inspect.Parameter:
    """As `_parameter`, of an option that takes what `values_from_text` reads."""
    name, common = _common(field)
    one = "yes|no" if field.item is bool else field.about.get("metavar") or _metavar(field)
    plain = ("no", "yes")[field.default] if field.item is bool else _text(field.default or "")
    text = default or plain or None

    def convert(given: str | None) -> tuple[Any, ...]:
        try:
            return (field.default,) if given is None else values_from_text(field, given)
        except ValueError as problem:
            raise typer.BadParameter(str(problem)) from problem

    option = typer.Option(
        name,
        metavar=one if is_one_text(field) else f"{one.replace(',', '+')},…",
        show_default=field.about.get("default", text is not None),
        autocompletion=_completion(field),
        callback=convert,
        **common,
    )
    return _keyword(field.name, Annotated[str | None, option], text)


def _common(field: SettingField) -> tuple[str, dict[str, Any]]:
    """The name of an option, and what else is the same for all."""
    about = field.about
    listed = f" One of {', '.join(about['choices'])}." if "choices" in about and "metavar" in about else ""
    return "--" + field.name.replace("_", "-"), {
        "help": about["help"] + listed,
        "envvar": about.get("envvar"),
        "rich_help_panel": about.get("group"),
    }


def _completion(field: SettingField) -> Callable[[], list[str]] | None:
    choices = field.about.get("choices")
    return (lambda: list(choices)) if choices else None


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _converter(field: SettingField) -> Callable[[Any], Any]:
    """What makes a value of the texts of an option; where it is not given, the default."""

    def convert(given: Any) -> Any:
        if given in (None, [], ()):
            return field.default
        try:
            return tuple(map(field.from_text, given)) if field.repeatable else field.from_text(given)
        except ValueError as problem:
            raise typer.BadParameter(str(problem)) from problem

    return convert


def _metavar(field: SettingField) -> str:
    if "choices" in field.about:
        return "|".join(field.about["choices"])
    one = {int: "N", float: "X", Path: "FILE"}.get(field.item, "TEXT")
    if field.numbers is None:
        return one
    return ",".join([one] * field.numbers) if field.numbers else f"{one},{one},…"


def _text(value: Any) -> str:
    return ",".join(map(_text, value)) if isinstance(value, tuple) else str(value)
