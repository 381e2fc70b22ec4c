"""``--font``: what the words in pictures are drawn with."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from mnistgd.cli import console
from mnistgd.errors import FontError

MAX_BYTES = 50_000_000
MOST = 20
"""Letters that a line on stderr names."""


def _use(context: typer.Context, place: Path | None) -> None:
    """Until the command ends, draw with the font in that file, which is read when the first word is drawn."""
    from mnistgd.figures import letters

    if place is not None:
        letters.use_font(str(place), cache(partial(_read, place)))
    context.call_on_close(partial(_leave, context))


def _leave(context: typer.Context) -> None:
    """Say what the font lacked, and let whatever this process draws next have Pillow's own."""
    from mnistgd.figures import letters

    signs = list(letters.lacking)
    letters.use_font()
    if signs and not context.params.get("quiet"):
        named = " ".join(signs[:MOST]) + " …" * (len(signs) > MOST)
        console.note(f"the font lacks {named}: name one that has them with --font FILE or MNISTGD_FONT")


def _read(place: Path) -> bytes:
    try:
        if not place.is_file():  # nothing, a folder, or a pipe, which would be waited for
            raise FontError(f"there is no font file {place}", "name a TrueType or OpenType font")
        with place.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        from mnistgd.system.files import reason

        raise FontError(f"cannot read the font {place}: {reason(error)}", "check its permissions") from error
    if len(content) > MAX_BYTES:
        raise FontError(f"the font {place} is larger than {MAX_BYTES:,} bytes", "name a smaller one")
    return content


Font = Annotated[
    Path | None,
    typer.Option(
        "--font",
        envvar="MNISTGD_FONT",
        metavar="FILE",
        callback=_use,
        expose_value=False,
        help="TrueType or OpenType font for the words in pictures; any script that it has.",
        show_default="one with little more than ASCII",
    ),
]
