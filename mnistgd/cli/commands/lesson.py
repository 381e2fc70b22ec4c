"""``mnistgd lesson``: the textbook systems.

Each lesson is a command of its own, made from its settings when it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from mnistgd.cli import console, displays, fonts, inputs, options, outputs, signals
from mnistgd.cli.command import Command, read_for
from mnistgd.cli.options import ALL
from mnistgd.cli.settings_options import with_settings
from mnistgd.cli.tables import outcome_lines, paragraph, table
from mnistgd.errors import StoppedError, UsageError
from mnistgd.lessons import LESSONS, load
from mnistgd.lessons.books import BOOKS
from mnistgd.lessons.catalogue import chapters
from mnistgd.model import fields

if TYPE_CHECKING:
    from mnistgd.lessons.lesson import Lesson, Outcome

Plot = Annotated[
    str | None, typer.Option("--plot", metavar="FILE|-", help="Draw it: .png, .svg or .pdf; - is a PNG.")
]
Plots = Annotated[
    str | None, typer.Option("--plot", metavar="FOLDER/", help="Draw each into this folder, as NAME.png.")
]
Quick = Annotated[bool, typer.Option("--quick", help="Leave out the lessons that take long.")]
InBook = Annotated[
    Literal["grokking", "nielsen"] | None,
    typer.Option("--book", case_sensitive=False, help="Show which lesson is of which chapter of a book."),
]
OTHERS = " *"
"""Marks a lesson that has what a section of a book is about, but not its numbers."""


class LessonGroup(TyperGroup):
    """A group whose commands exist when they are asked for, so that a list of them loads none."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return [*LESSONS, ALL]

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        with read_for(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        # A lesson takes no words of its own: several are a heading or a subject that has no quotes.
        words = list(takewhile(lambda word: not word.startswith("-"), args)) or args[:1]
        return super().resolve_command(ctx, [" ".join(words), *args[len(words) :]])

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002
        # A book begins a heading with a capital, and so may who copies it.
        name = cmd_name.lower()
        return _all_command() if name == ALL else _lesson_command(name)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        with formatter.section("Lessons, in reading order"):
            titles = [(name, entry.title) for name, entry in LESSONS.items()]
            formatter.write_dl([*titles, (ALL, "every one of them, with its defaults")])


lesson_app = typer.Typer(
    cls=LessonGroup,
    name="lesson",
    help="Run a textbook system and see it learn, number by number.",
    epilog="mnistgd lesson NAME --help shows what can be changed in a lesson.",
    rich_markup_mode=None,
    invoke_without_command=True,
    subcommand_metavar="[NAME [OPTIONS]]",
)


@lesson_app.callback()
def lesson_root(context: typer.Context, book: InBook = None, as_json: options.Json = False) -> None:
    name = context.invoked_subcommand
    if name is not None:
        if book is not None:
            raise UsageError("--book is for the list, not for one lesson", f"mnistgd lesson --book {book}")
        # In front of a lesson's name it means what it means behind.
        context.default_map = {name: {"as_json": as_json}}
    elif book is not None:
        document = {"book": BOOKS[book].citation, "chapters": chapters(book)}
        outputs.claim(as_json=as_json).finish(document, _map_lines(book))
    else:
        lessons = [{"name": name, **entry.as_json()} for name, entry in LESSONS.items()]
        rows = [(name, entry.chapter, entry.title) for name, entry in LESSONS.items()]
        outputs.claim(as_json=as_json).finish({"lessons": lessons}, table(rows))


def _map_lines(book: str) -> list[str]:
    """A row for each heading of the book that a lesson is of; a chapter without one says so."""
    rows = [("chapter", "section", "lesson")]
    for chapter in chapters(book):
        places = [
            (place["section"], place["lesson"] + OTHERS * place["other_numbers"])
            for place in chapter["places"]
        ]
        rows += [(str(chapter["chapter"]), *place) for place in places or [("", "no lesson")]]
    lines = [*paragraph(BOOKS[book].citation), "", *table(rows, "><<")]
    if any(lesson.endswith(OTHERS) for *_, lesson in rows):
        lines += [
            "",
            *paragraph(f"{OTHERS.strip()} what the section is about, with the numbers of another source"),
        ]
    return lines


def _all_command() -> Any:
    def everything(
        quick: Quick = False, plot: Plots = None, as_json: options.Json = False, quiet: options.Quiet = False
    ) -> None:
        arguments = ["--json"] * as_json + ["--quiet"] * quiet
        names = _in_turn(quick=quick)
        plots = {} if plot is None else _plots_in(plot, names, as_json=as_json)
        for position, name in enumerate(names):
            if not as_json:
                heading = f"{name}: {LESSONS[name].title}"
                above = ["", ""] if position else []
                console.print_lines([*above, heading, "=" * len(heading), ""])
            # As a command, so that what the environment says counts here as well.
            command = _lesson_command(name)
            drawn = ["--plot", plots[name]] if name in plots else []
            with command.make_context(name, [*arguments, *drawn]) as context:
                command.invoke(context)

    return _command(everything, ALL, "Run every lesson with its defaults; --json prints one line for each.")


def _in_turn(*, quick: bool) -> list[str]:
    """All lessons in reading order, but those that take long at the end, or not at all."""
    quickly = [name for name, entry in LESSONS.items() if not entry.long]
    return quickly if quick else sorted(LESSONS, key=lambda name: LESSONS[name].long)


def _plots_in(folder: str, lessons: list[str], *, as_json: bool) -> dict[str, str]:
    """Where the plots of these lessons go, by the lessons' names; the folder is made if it ends as one does.

    Raises
    ------
    MissingExtraError
        If nothing can be drawn.
    OutputError
        If they cannot be written.
    """
    from mnistgd.system.files import make_folder

    _check_plots()
    if folder.endswith(("/", os.sep)):
        make_folder(Path(folder))
    written = outputs.several("--plot", folder, [f"{name}.png" for name in lessons])
    outputs.claim(written, as_json=as_json)
    return dict(zip(lessons, written.values(), strict=True))


def _lesson_command(name: str) -> Any:
    lesson = load(name)

    @with_settings(lesson.settings)
    def one(
        plot: Plot = None,
        _font: fonts.Font = None,
        as_json: options.Json = False,
        quiet: options.Quiet = False,
        **values: Any,
    ) -> None:
        settings = lesson.settings(**values)
        if plot is not None:
            _check_plots()
        claimed = outputs.claim(charts={"--plot": plot}, read=_files_of(settings), as_json=as_json)
        if lesson.prepare is not None:
            with displays.Reporter(quiet=quiet) as reporter, console.stage("preparing the lesson"):
                lesson.prepare(settings, reporter)
        with console.stage("the lesson"):
            outcome, stopped = _run(lesson, settings, quiet=quiet)
        files = {} if plot is None else {plot: _plot(lesson, settings, outcome, plot)}
        lines = [*paragraph(f"From: {LESSONS[name].source}."), "", *outcome_lines(outcome)]
        claimed.finish(_document(name, settings, outcome), lines, files=files)
        if stopped is not None:
            raise stopped

    title = LESSONS[name].title
    return _command(one, name, f"{title[0].upper()}{title[1:]}.\n\nFrom: {LESSONS[name].source}.")


def _run(lesson: Lesson[Any], settings: Any, *, quiet: bool) -> tuple[Outcome, StoppedError | None]:
    """What comes of a lesson, and the error to end with if it was told to stop before its end."""
    if lesson.reports is None:
        return lesson.run(settings), None
    with displays.Reporter(quiet=quiet) as reporter, signals.noted() as asked_to_stop:
        for report in lesson.reports(settings):
            reporter.busy(report.words, report.share)
            if asked_to_stop and report.share < 1:
                code = asked_to_stop[0]
                message = f"{signals.WORDS[code]} when {report.share:.0%} was done"
                return report.outcome, StoppedError(message, "the result is as far as it came", code=code)
    return report.outcome, None


def _command(function: Callable[..., None], name: str, text: str) -> Any:
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name, cls=Command, help=text)(function)
    return typer.main.get_command(app)


def _check_plots() -> None:
    """Raise MissingExtraError or FontError before any work, if nothing can be drawn."""
    from mnistgd.figures.plots import new_figure

    new_figure()


def _files_of(settings: Any) -> list[outputs.Place]:
    """The files, and the images, that a lesson is told to read."""
    files = [value for value in vars(settings).values() if isinstance(value, Path)]
    return [*files, inputs.images_place(getattr(settings, "data", None))]


def _plot(lesson: Lesson[Any], settings: Any, outcome: Outcome, plot: str) -> bytes:
    from mnistgd.figures.plots import file_of, new_figure

    figure = new_figure()
    lesson.plot(settings, outcome, figure)
    return file_of(figure, outputs.chart_kind(plot))


def _document(name: str, settings: Any, outcome: Outcome) -> dict[str, Any]:
    return {
        "lesson": name,
        "source": LESSONS[name].source,
        "settings": fields.as_json(settings),
        "rows": outcome.rows,
        "result": outcome.result,
    }
