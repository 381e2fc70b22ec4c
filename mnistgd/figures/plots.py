"""Plots of curves and paths, drawn with matplotlib where it is installed.

Weights, evidence and images are drawn by the other modules of this room; this is for what has axes. `Figure`
and `Axes` are names for types alone, so that who draws on one need not load matplotlib to say so.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from mnistgd.errors import MissingExtraError
from mnistgd.figures import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE, GREY = COLOURS = (
    "#000000",
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#999999",
)
"""Colours that people with any colour vision tell apart.

They are those of Okabe and Ito (2008), Color universal design, with a grey in place of their yellow,
which is too pale for a line on white.
"""

SIGNED = "RdBu"
"""Colour map for numbers of either sign: red below zero, white at zero, blue above."""

CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Of lines that share a plot: they are told apart by shape as well as by colour."""


def new_figure(width: float = 8.0, height: float = 5.0) -> Figure:
    """An empty figure of `width` × `height` inches, with no global state behind it.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    FontError
        If a font is named that cannot be used.
    """
    try:
        with _defaults_alone():
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("plots need matplotlib", "plots") from error
    letters.checked_font()
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def _defaults_alone() -> Iterator[None]:
    """Let matplotlib, when it is first imported, find its own settings and nobody else's.

    The first ``matplotlibrc`` that it looks for, before that of the environment and of the home, is one in
    the current folder: whatever lies there. So it looks where its defaults are.
    """
    found = find_spec("matplotlib")
    with ExitStack() as stack:
        with suppress(OSError):  # in a folder that has been removed there is nothing to find
            for folder in (found and found.submodule_search_locations) or ():
                stack.enter_context(chdir(f"{folder}/mpl-data"))
        yield


Kind = Literal["png", "svg", "pdf"]

_UNDATED: dict[Kind, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Creator": None, "Date": None},
    "pdf": {"Creator": None, "CreationDate": None, "Producer": None},
}


def file_of(figure: Figure, kind: Kind = "png") -> bytes:
    """The figure as a file of that kind; the same figure gives the same bytes.

    In an SVG letters are outlines, which look the same wherever it is opened. A PDF has them as text, which
    can be searched and copied, in a font that it carries: as TrueType, which journals ask for, or where a
    font is named, which may be of another kind, as Type 3.
    """
    from matplotlib import rc_context

    stream = io.BytesIO()
    # Names within an SVG are made from the salt; without one they are other names every time.
    fonttype = 42 if letters.named_font() is None else 3
    with lettering(figure), rc_context({"svg.hashsalt": "mnistgd", "pdf.fonttype": fonttype}):
        figure.savefig(stream, format=kind, metadata=_UNDATED[kind])
    return stream.getvalue()


@contextmanager
def lettering(figure: Figure) -> Iterator[None]:
    """Measure and draw all words of `figure` in the named font, if there is one.

    What that lacks is drawn in matplotlib's own; what both lack is a box, and goes to `letters.lacking`.
    """
    from matplotlib.font_manager import FontEntry, fontManager
    from matplotlib.text import Text

    place = letters.checked_font()
    if place is not None:
        if place not in [entry.name for entry in fontManager.ttflist]:
            fontManager.ttflist.append(FontEntry(place, name=place))
        for text in figure.findobj(Text):
            text.set_fontfamily([place, "DejaVu Sans"])
    with letters.sound_font(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    for warning in said:
        words = str(warning.message).split()
        if words[:1] == ["Glyph"]:  # … 12362 (\N{HIRAGANA LETTER O}) missing from font(s) DejaVu Sans.
            letters.lacking[chr(int(words[1]))] = None
        else:
            warnings.warn(warning.message, stacklevel=2)


def drawable(values: Sequence[float]) -> list[float]:
    """The same, with NaN, which leaves a gap, for what is too far out for the arithmetic of an axis."""
    return [value if abs(value) < 1e200 else math.nan for value in values]


def size(figure: Figure, width: float, height: float) -> None:
    """Make `figure` that many inches wide and high, and let it place its parts without overlaps."""
    figure.set_size_inches(width, height)
    figure.set_layout_engine("constrained")


def level(axes: Axes, value: float, words: str, *, colour: str = VERMILLION, above: bool = False) -> None:
    """A dashed line across the plot at `value` of the y axis, and at its right end what that is."""
    axes.axhline(value, color=colour, linestyle="--", linewidth=1)
    axes.annotate(
        words,
        (0.99, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, 4 if above else -5),
        textcoords="offset points",
        ha="right",
        va="bottom" if above else "top",
        color=colour,
    )


def count_along(axes: Axes) -> None:
    """Number the x axis, which counts something, at whole numbers alone."""
    axes.locator_params(axis="x", integer=True)


def open_frame(*panels: Axes) -> None:
    """Leave out the frame above and on the right, where it measures nothing."""
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)


def marked(colour: str, marker: str, length: int, label: str) -> dict[str, Any]:
    """How a line of that many points is drawn that has some ten marks along it, and its name."""
    return {"color": colour, "marker": marker, "markevery": max(1, length // 10), "label": label}


def legend_below(figure: Figure, axes: Axes, columns: int) -> None:
    """What is drawn in `axes`, named below all panels of `figure`."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
