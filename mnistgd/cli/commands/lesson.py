"""``mnistgd lesson``: the textbook systems.

Each lesson is a command of its own, made from its settings when it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mnistgd.cli import console, displays, fonts, inputs, options, outputs
from mnistgd.cli.command import Command
from mnistgd.cli.options import ALL
from mnistgd.cli.settings_options import with_settings
from mnistgd.cli.tables import outcome_lines, table
from mnistgd.errors import UsageError
from mnistgd.lessons import LESSONS, load
from mnistgd.model import fields

if TYPE_CHECKING:
    from mnistgd.lessons.lesson import Lesson, Outcome

Plot = Annotated[
    str | None, typer.Option("--plot", metavar="FILE|-", help="Draw it: .png, .svg or .pdf; - is a PNG.")
]
Plots = Annotated[
    str | None, typer.Option("--plot", metavar="FOLDER/", help="Draw each into this folder, as NAME.png.")
]
DRAWING = ("--plot", "--font")


class LessonGroup(TyperGroup):
    """A group whose commands exist when they are asked for, so that a list of them loads none."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return [*LESSONS, ALL]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002
        return _all_command() if cmd_name == ALL else _lesson_command(cmd_name)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        with formatter.section("Lessons, in reading order"):
            formatter.write_dl([*_titles(), (ALL, "every one of them, with its defaults")])


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
def lesson_root(context: typer.Context, as_json: options.Json = False) -> None:
    name = context.invoked_subcommand
    if name is not None:
        # In front of a lesson's name it means what it means behind.
        context.default_map = {name: {"as_json": as_json}}
    else:
        document = {"lessons": [{"name": name, "title": title} for name, title in _titles()]}
        outputs.claim(as_json=as_json).finish(document, table(_titles()))


def _titles() -> list[tuple[str, str]]:
    return [(name, entry.title) for name, entry in LESSONS.items()]


def _all_command() -> Any:
    def everything(plot: Plots = None, as_json: options.Json = False, quiet: options.Quiet = False) -> None:
        arguments = ["--json"] * as_json + ["--quiet"] * quiet
        plots = {} if plot is None else _plots_in(plot, as_json=as_json)
        for position, (name, title) in enumerate(_titles()):
            if not as_json:
                heading = f"{name}: {title}"
                above = ["", ""] if position else []
                console.print_lines([*above, heading, "=" * len(heading), ""])
            # As a command, so that what the environment says counts here as well.
            command = _lesson_command(name)
            drawn = ["--plot", plots[name]] if name in plots else []
            with command.make_context(name, [*arguments, *drawn]) as context:
                command.invoke(context)

    return _command(everything, ALL, "Run every lesson with its defaults; --json prints one line for each.")


def _plots_in(folder: str, *, as_json: bool) -> dict[str, str]:
    """Where the plots of all lessons go, by the lessons' names; the folder is made if it ends as one does.

    Raises
    ------
    MissingExtraError
        If nothing can be drawn.
    OutputError
        If they cannot be written.
    """
    from mnistgd.figures.plots import new_figure
    from mnistgd.system.files import make_folder

    new_figure()
    if folder.endswith(("/", os.sep)):
        make_folder(Path(folder))
    names = [name for name in LESSONS if load(name).plot is not None]
    written = outputs.several("--plot", folder, [f"{name}.png" for name in names])
    outputs.claim(written, as_json=as_json)
    return dict(zip(names, written.values(), strict=True))


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
            _check_plot(name, lesson)
        claimed = outputs.claim(charts={"--plot": plot}, read=_files_of(settings), as_json=as_json)
        if lesson.prepare is not None:
            with displays.Reporter(quiet=quiet) as reporter, console.stage("preparing the lesson"):
                lesson.prepare(settings, reporter)
        with console.stage("the lesson"):
            outcome = lesson.run(settings)
        files = {} if plot is None else {plot: _plot(lesson, settings, outcome, plot)}
        claimed.finish(_document(name, settings, outcome), outcome_lines(outcome), files=files)

    title = LESSONS[name].title
    command = _command(one, name, f"{title[0].upper()}{title[1:]}.\n\nFrom: {LESSONS[name].source}.")
    for option in command.params:
        # What draws nothing offers neither; whoever asks for it is told.
        option.hidden |= lesson.plot is None and option.opts[0] in DRAWING
    return command


def _command(function: Callable[..., None], name: str, text: str) -> Any:
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name, cls=Command, help=text)(function)
    return typer.main.get_command(app)


def _check_plot(name: str, lesson: Lesson[Any]) -> None:
    from mnistgd.figures.plots import new_figure

    if lesson.plot is None:
        raise UsageError(f"the lesson {name} has no plot", "its table says it all")
    new_figure()


def _files_of(settings: Any) -> list[outputs.Place]:
    """The files, and the images, that a lesson is told to read."""
    files = [value for value in vars(settings).values() if isinstance(value, Path)]
    return [*files, inputs.images_place(getattr(settings, "data", None))]


def _plot(lesson: Lesson[Any], settings: Any, outcome: Outcome, plot: str) -> bytes:
    from mnistgd.figures.plots import file_of, new_figure

    assert lesson.plot is not None
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
