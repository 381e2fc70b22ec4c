"""The options that several commands share, each written once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mnistgd.datasets.named import NAMED
from mnistgd.errors import UsageError
from mnistgd.model import settings


def between(least: float, most: float, words: str) -> Callable[[float | None], float | None]:
    """What refuses a number that is not `words`: outside of `least` to `most`.

    An option's own min and max let NaN pass in some versions of typer.
    """

    def check(value: float | None) -> float | None:
        if value is None or least <= value <= most:
            return value
        raise typer.BadParameter(f"{value} is not {words}")

    return check


def is_typed(context: typer.Context, name: str) -> bool:
    """Whether the command line names an option: neither the environment nor a default alone does."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def out(words: str, metavar: str = "FILE|-", **more: Any) -> Any:
    """The option that says where a command writes."""
    return typer.Option("--out", "-o", metavar=metavar, help=words, **more)


def picture_size(most: int, **more: Any) -> Any:
    """The option that says how large the heatmaps and images of a picture are."""
    words = "Width of each heatmap, image or cell; a multiple of 28 at most this."

    def rounded(value: int | None) -> int | None:
        return value and value // 28 * 28

    return typer.Option(min=28, max=most, metavar="PIXELS", help=words, callback=rounded, **more)


_data = partial(
    typer.Option, "--data", envvar="MNISTGD_DATA", metavar="NAME|PATH", autocompletion=lambda: list(NAMED)
)

Data = Annotated[
    str,
    _data(
        help="The images: mnist, fashion-mnist, kuzushiji-mnist, or a folder or file of your own.",
        rich_help_panel="Data",
    ),
]
OtherData = Annotated[
    str | None, _data(help="Other images than those the network was trained and tested on.")
]
ClassNames = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,…",
        help="What the classes are called, in order.",
        show_default="digits",
        rich_help_panel="Data",
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        envvar="MNISTGD_OFFLINE",
        help="Do not ask OpenML; use the embedded MNIST.",
        rich_help_panel="Data",
    ),
]
Weights = Annotated[
    Path,
    typer.Option(
        "--weights", "-w", envvar="MNISTGD_WEIGHTS", metavar="FILE|-", help="The weights file to read."
    ),
]
Image = Annotated[
    str | None,
    typer.Argument(metavar="[IMAGE|-]", help="A picture of one digit: PNG, JPEG, …", show_default=False),
]
Index = Annotated[
    list[int] | None,
    typer.Option(
        min=0,
        metavar="N",
        callback=lambda indices: list(dict.fromkeys(indices or ())),
        help="Take image N of the data instead, counted from 0; several if repeated.",
        show_default=False,
    ),
]
ALL = "all"
DIGITS = [ALL, *"0123456789"]


def _digit(value: str) -> str:
    if value.lower().endswith(".npz"):
        from mnistgd.system.files import quoted

        raise UsageError(f"{value} is not a digit, nor the name of a class", f"say --weights {quoted(value)}")
    return value


Digits = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[DIGIT|NAME|all]…",
        parser=_digit,
        autocompletion=lambda: DIGITS,
        help="Which digits, or classes by their names or numbers; all is one sheet of all.",
        show_default=ALL,
    ),
]
Size = Annotated[int | None, picture_size(4000)]
Split = Annotated[Literal["test", "train"], typer.Option(help="Which images --index counts.")]
AsIs = Annotated[
    bool, typer.Option("--as-is", help="The picture is 28×28 and white on black already: change nothing.")
]
Palette = Annotated[
    Literal["grokking", "diverging", "gray"],
    typer.Option(help="grokking: red is zero, white for, black against; diverging: blue for, red against."),
]
MinAccuracy = Annotated[
    float | None,
    typer.Option(
        callback=between(0, 1, "a fraction from 0 to 1"),
        metavar="X",
        help="Exit with 3 if the accuracy, from 0 to 1, is below this.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]

OLD_NAMES = {"labels": "class-names"}
"""Of options: what they were called once, and are still taken as."""

WEIGHTS_FILE = settings.WEIGHTS_FILE
