"""What a command reads and writes: claimed in one call before its work, and handed over in one at its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistgd.cli import console, terminal
from mnistgd.errors import GateError, OutputError, UsageError

if TYPE_CHECKING:
    from mnistgd.cli.terminal import Sketch
    from mnistgd.figures.plots import Kind

STDOUT = "-"

Place = str | Path | None
"""A file; ``-``, which is stdin where it is read and stdout where it is written; None if none is named."""

CHART = ".png .svg .pdf"
PAGE = ".html"
WRITTEN = {
    ".png": "a PNG",
    CHART: "PNG, SVG or PDF",
    ".npz": "an .npz file",
    ".jsonl": "JSON Lines",
    ".onnx": "an ONNX file",
    ".safetensors": "a safetensors file",
    ".json": "JSON",
    ".csv": "CSV",
    PAGE: "an HTML page",
}
"""The endings that a kind of file has → what such a file is."""

_CHARTS: dict[str, Kind] = {".svg": "svg", ".pdf": "pdf"}
# What looks for one of these finds no other kind of file.
_ENDINGS = {
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".pdf", ".svg", ".eps", ".ps"),
    *(".npz", ".npy", ".zip", ".json", ".jsonl", ".csv", ".tsv", ".xlsx", ".yaml", ".xml", ".html"),
    *(".pt", ".pth", ".h5", ".hdf5", ".keras", ".onnx", ".pkl", ".pickle", ".safetensors"),
}


@dataclass(frozen=True)
class Claim:
    """What a command may write, and in what form it gives its result.

    Attributes
    ----------
    written : mapping of options to the places that they name
    as_json : bool, whether the result is a JSON document
    as_csv : bool, whether it is a row of a table
    drawing : bool, whether the result is also drawn where stdout is a terminal
    results : int, how many such results follow each other
    folder : the folder that is made before the first file is written; None if none is named
    """

    written: Mapping[str, str | Path]
    as_json: bool
    drawing: bool
    results: int = 1
    folder: str | None = None
    as_csv: bool = False

    def keep(self, *read: Place) -> None:
        """Let nothing be written over what is `read`, whatever it is called.

        Raises
        ------
        UsageError
            If something would be.
        """
        options = {_identity(place): option for option, place in self.written.items()}
        for place in read:
            if place is not None and str(place) != STDOUT and _identity(place) in options:
                message = f"{options[_identity(place)]} would write over {place}, which is read"
                raise UsageError(message, "name another file to write")

    def finish(
        self,
        document: Mapping[str, Any],
        lines: Sequence[str] = (),
        *,
        files: Mapping[str, bytes] | None = None,
        sketch: Sketch | None = None,
        last: Sequence[str] = (),
        row: Sequence[object] = (),
    ) -> None:
        """Write what a command made, and print its result: the document, the row, or else the lines.

        Nothing else is printed where the content of a file goes to stdout.

        Parameters
        ----------
        document : what ``--json`` prints
        lines : what people read; a blank line, or the drawing, parts them from the last ones
        files : mapping of places to what is written there
        sketch : what is drawn below the lines, if it may be
        last : lines below the drawing, such as the names of the files; no name can break its line
        row : what ``--csv`` prints
        """
        if files and self.folder is not None:
            from mnistgd.system.files import make_folder

            make_folder(Path(self.folder))
        for place, content in (files or {}).items():
            deliver(content, place)
        if self.as_json:
            console.print_json(document)
        elif self.as_csv:
            console.print_row(row)
        elif STDOUT not in map(str, self.written.values()):
            console.print_lines(lines)
            drawn = sketch is not None and self.drawing and terminal.draw(sketch, lines, last, self.results)
            console.print_lines(["", *last] if lines and last and not drawn else last)


def claim(
    pictures: Mapping[str, Place] | None = None,
    *,
    charts: Mapping[str, Place] | None = None,
    files: Mapping[str, Place] | None = None,
    on_disk: Mapping[str, Place] | None = None,
    read: Sequence[Place] = (),
    endings: Mapping[str, str] | None = None,
    folder: str | None = None,
    as_json: bool,
    as_csv: bool = False,
    drawing: bool = False,
    results: int = 1,
) -> Claim:
    """Claim what a command reads and writes; what could not work is refused before any work is done.

    Parameters
    ----------
    pictures, charts, files, on_disk : mappings of options to the places that they name
        PNG files; plots, of the kind that `chart_kind` says; other files; and those that stdout cannot be,
        since they grow or are replaced while the command runs. Where an option stands for several files, so
        do as many keys: see `several`.
    read : the places that are read beside the font; the same file may be there twice, but for stdin
    endings : mapping of options to what their files end in, of `WRITTEN`; of pictures and charts it is known
    folder : what may name the folder of all that is written, see `folder_in`; it is made when that is
    as_json, as_csv, drawing, results : see `Claim`

    Raises
    ------
    UsageError
        If stdin would be two files, or stdout two things, or a terminal would get bytes; if two options
        name one file, or one that is read; if a file is called as a folder is, or as those of another kind.
    OutputError
        If a file cannot be written.
    """
    from mnistgd.figures.letters import named_font
    from mnistgd.system.files import check_writable, has_to_be_made

    pictures, charts, on_disk = pictures or {}, charts or {}, on_disk or {}
    every = {**(files or {}), **on_disk, **pictures, **charts}
    named = {option: place for option, place in every.items() if place is not None}
    folder = folder_in(folder)
    claimed = Claim(named, as_json, drawing, results, folder, as_csv)
    if as_json and as_csv:
        raise UsageError("--json and --csv contradict each other", "leave one of them out")
    if [str(place) for place in read].count(STDOUT) > 1:
        raise UsageError("stdin holds one file, and - is named twice", "name the others")
    for option, place in claimed.written.items():
        word = option.partition(" ")[0]
        if str(place) == STDOUT:
            form = "--json" if as_json else "--csv" if as_csv else None
            _check_stdout(word, form, on_disk=option in on_disk)
        if _ends_as_folder(str(place)):
            raise UsageError(f"{word} takes a file, and {place} can only be a folder", "name a file")
    _check_apart(claimed.written)
    claimed.keep(*read, named_font())
    endings = dict.fromkeys(pictures, ".png") | dict.fromkeys(charts, CHART) | dict(endings or {})
    for option, place in claimed.written.items():
        if option in endings:
            _check_ending(option.partition(" ")[0], Path(place), endings[option])
    if folder is not None and has_to_be_made(Path(folder)):
        return claimed  # nothing is in it that could stand in the way
    for place in claimed.written.values():
        if str(place) != STDOUT:
            check_writable(Path(place))
    return claimed


def chart_kind(place: str) -> Kind:
    """What a plot is that is written there, as its name ends: SVG, PDF, or else PNG, also on stdout."""
    return _CHARTS.get(Path(place).suffix.lower(), "png")


def folder_in(out: str | None) -> str | None:
    """`out` where it names a folder: it is one, or ends as only the name of one does; else None."""
    return out if out is not None and (_ends_as_folder(out) or Path(out).is_dir()) else None


def several(option: str, out: str | None, names: Sequence[str]) -> dict[str, str]:
    """Where files called `names` go: into the folder that `out` names, or a single one to the file `out`.

    Returns
    -------
    dict of str to str, for `claim`: ``--out FILE`` to each file, in the order of `names`

    Raises
    ------
    UsageError
        If several are to share one stream.
    OutputError
        If several are to share one file.
    """
    from mnistgd.system.files import quoted

    if out is None:
        files = list(names)
    elif folder_in(out) is not None:
        files = [str(Path(out) / name) for name in names]
    elif len(names) == 1:
        files = [out]
    elif out == STDOUT:
        raise UsageError(f"{option} - takes one picture, not several", "name a folder")
    else:
        folder = quoted(f"{Path(out).with_suffix('')}/")
        hint = f"one that ends in / is made: {option} {folder}"
        raise OutputError(f"cannot write several pictures to {out}: it is not a folder", hint)
    return {f"{option} {file}": file for file in files}


def _ends_as_folder(place: str) -> bool:
    return place.endswith(("/", os.sep))


def deliver(content: bytes, out: str, *, follow: bool = True) -> None:
    """Write `content` to the path `out`, whole or not at all, or to stdout; see `write_atomically`."""
    if out == STDOUT:
        console.write_stdout(content)
        return
    from mnistgd.system.files import write_atomically

    with console.stage(f"writing {out}"):
        write_atomically(Path(out), content, follow=follow)


def check_gate(accuracy: float, least: float | None) -> None:
    """Hold a result that has been printed against the gate that was asked for.

    Raises
    ------
    GateError
        If it is missed.
    """
    if least is not None and accuracy < least:
        raise GateError(f"the accuracy, {accuracy:.4f}, is below {least:g}")


def _check_stdout(option: str, form: str | None, *, on_disk: bool) -> None:
    if on_disk:
        raise UsageError(f"{option} takes a file, not stdout", "name a file")
    if form is not None:
        raise UsageError(f"{option} - and {form} both want stdout", "write the file to a path")
    if sys.stdout is not None and sys.stdout.isatty():
        message = f"{option} - would write bytes to a terminal"
        raise UsageError(message, f"redirect it: mnistgd … {option} - > FILE")


def _check_ending(option: str, place: Path, endings: str) -> None:
    from mnistgd.system.files import quoted

    usual, *others = endings.split()
    if place.suffix.lower() in _ENDINGS - {usual, *others}:
        better = place.with_suffix(usual)
        # A hint that is followed writes over nothing.
        hint = f"end its name in {usual}" if os.path.lexists(better) else f"{option} {quoted(better)}"
        raise UsageError(f"{option} writes {WRITTEN[endings]}, not {place.suffix}", hint)


def _check_apart(written: Mapping[str, str | Path]) -> None:
    seen: dict[object, str] = {}
    for option, place in written.items():
        other = seen.setdefault(_identity(place), option)
        if other != option and str(place) == STDOUT:
            raise UsageError(f"{other} - and {option} - both want stdout", "write one of them to a file")
        if other != option:
            raise UsageError(f"{other} and {option} name the same file", "give each a file of its own")


def _identity(place: str | Path) -> object:
    """The same for all names of one file, also through links, or in capitals where they do not count."""
    if str(place) == STDOUT:
        return STDOUT
    try:
        found = Path(place).stat()
    except OSError:  # nothing is there yet
        return os.path.realpath(place)
    except ValueError:  # no file can be called so, as whoever opens it will say
        return str(place)
    return found.st_dev, found.st_ino
