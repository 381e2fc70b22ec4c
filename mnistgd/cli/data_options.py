"""The options that say how the images at a path are read, for every command that reads images."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from mnistgd.cli.options import between
from mnistgd.datasets.options import PLAINLY, DataOptions

READING = "reading"
"""The parameter of a command that these options are handed to, as one `DataOptions`."""

_Command = Callable[..., None]

_panel: dict[str, Any] = {"rich_help_panel": "Data"}
_ANNOTATIONS = {
    "test_data": Annotated[
        str | None, typer.Option(metavar="PATH", help="Test with the images here instead.", **_panel)
    ],
    "test_share": Annotated[
        float | None,
        typer.Option(
            callback=between(0.001, 0.999, "a share from 0.001 to 0.999"),
            metavar="X",
            help="Set this share aside to test, where the data have no test part.",
            show_default="1/7",
            **_panel,
        ),
    ],
    "transpose": Annotated[
        bool | None,
        typer.Option(
            "--transpose/--no-transpose",
            help="Turn images upright that lie on their side, as EMNIST's do.",
            show_default="files called emnist-*",
            **_panel,
        ),
    ],
    "handwriting": Annotated[
        bool,
        typer.Option(
            "--handwriting",
            help="Find the digit on each picture of a folder, of any size, and bring it to 28×28.",
            **_panel,
        ),
    ],
    "skip_bad": Annotated[
        bool,
        typer.Option("--skip-bad", help="Leave out pictures and lines that cannot be read.", **_panel),
    ],
}


def with_data_options(command: _Command) -> _Command:
    """Give a command the options that make up its parameter ``reading``, in the place of that.

    Typer reads what is declared here, which is more than the function itself says.
    """
    own = inspect.signature(command, eval_str=True).parameters.values()
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for (name, annotation), default in zip(_ANNOTATIONS.items(), PLAINLY, strict=True)
    ]
    parameters = []
    for each in own:
        if each.name == READING:
            parameters += options
        else:
            more = each.kind is each.VAR_KEYWORD
            parameters.append(each if more else each.replace(kind=each.KEYWORD_ONLY))

    @functools.wraps(command)
    def called(**values: Any) -> None:
        reading = DataOptions(**{name: values.pop(name) for name in _ANNOTATIONS})
        command(**values, **{READING: reading})

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called
