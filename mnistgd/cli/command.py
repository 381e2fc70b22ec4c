"""A command as typer makes it, but for what is named twice, and for errors that name no command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from typer.core import TyperCommand

from mnistgd.errors import UsageError

NAMED_ONCE = frozenset(
    {"weights", "data", "test_data", "resume", "freeze", "_font", "against", "layer", "unit", "digit"}
)
"""Options that name what is read or looked at. Of a setting that is given twice the last one counts, as
everywhere in a shell; but whoever names two of these wants both."""


@contextmanager
def read_for(ctx: typer.Context) -> Iterator[None]:
    """Let an error in the options of a command name it, so that the hint is of its own help."""
    try:
        yield
    except typer.TyperException as error:
        if getattr(error, "ctx", ctx) is None:
            error.ctx = ctx  # type: ignore[attr-defined]
        raise


class Command(TyperCommand):
    """A command that drops none of several inputs: those that it takes one of are refused."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        with read_for(ctx):
            if not ctx.resilient_parsing:
                _, _, order = self.make_parser(ctx).parse_args(list(args))
                for option in order:
                    if option.name in NAMED_ONCE and not option.multiple and order.count(option) > 1:
                        message = f"{option.opts[0]} is given twice, and takes one"
                        raise UsageError(message, "leave one of them out")
            return super().parse_args(ctx, args)
