"""The ``mnistgd`` command: its sub-commands, and the one place where errors become messages."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from mnistgd import __version__
from mnistgd.cli import console, displays, meant, options, signals, train_options
from mnistgd.cli.command import Command
from mnistgd.cli.commands.animate import animate
from mnistgd.cli.commands.compare import compare
from mnistgd.cli.commands.curves import curves
from mnistgd.cli.commands.data import data_app
from mnistgd.cli.commands.draw import draw
from mnistgd.cli.commands.evaluate import evaluate
from mnistgd.cli.commands.explain import explain
from mnistgd.cli.commands.export import export
from mnistgd.cli.commands.import_weights import import_weights
from mnistgd.cli.commands.lesson import lesson_app
from mnistgd.cli.commands.predict import predict
from mnistgd.cli.commands.report import report
from mnistgd.cli.commands.show_weights import show_weights
from mnistgd.cli.commands.sweep import sweep
from mnistgd.cli.commands.train import train
from mnistgd.cli.commands.verify import verify
from mnistgd.errors import MnistgdError, lack_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable

EPILOG = """\b
Begin with:
  mnistgd train
  mnistgd show-weights 2

\b
Exit codes:
  0 done    1 it could not be done    2 wrong usage
  3 a gate that was asked for is not met    129 hung up
  130 interrupted    143 terminated
"""
ASKED_BY_SHELL = "_MNISTGD_COMPLETE"
ASKED_BY_NONE = (f"{ASKED_BY_SHELL} is set, but by no shell that completes", "unset it")
COMPLETION = {"--install-completion", "--show-completion"}

app = typer.Typer(
    name="mnistgd",
    help="Train a 784→10 network on MNIST with plain gradient descent, and see what it learned.",
    epilog=EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        # Of options, commands and choices; capitals do not matter.
        "token_normalize_func": lambda word: options.OLD_NAMES.get(word.lower(), word.lower()),
    },
)
for command in (train, sweep):
    app.command(cls=train_options.GroupedCommand)(command)
for command in (
    show_weights,
    evaluate,
    predict,
    explain,
    draw,
    compare,
    animate,
    curves,
    report,
    export,
    verify,
):
    app.command(cls=Command)(command)
app.command("import", cls=Command)(import_weights)
app.add_typer(lesson_app)
app.add_typer(data_app)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.print_lines([f"mnistgd {__version__}"])
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="MNISTGD_DEBUG", help="Show where an error comes from.")
    ] = False,
) -> None:
    os.environ["MNISTGD_DEBUG"] = "1" if debug else "0"  # for all that asks later, whatever words it had
    console.let_libraries_speak(console.debugging())
    if context.invoked_subcommand is None:
        console.print_lines(context.get_help().splitlines())


def run() -> None:
    """Run the command line of this process and end it with the exit code of the shell contract."""
    code = 1
    try:
        signals.watch()
        console.open_streams()
        _take_words()
        with console.stage("all of it"):
            code = _command()(standalone_mode=False, prog_name="mnistgd") or 0
        if code == signals.INTERRUPTED:  # typer turns Ctrl-C into this code
            _report_stop(code)
    except MnistgdError as error:
        code = _report(error.message, error.hint, error.exit_code)
    except typer.TyperException as error:
        code = _report(*meant.message_and_hint(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort, signals.Terminated):
        code = _report_stop(signals.asked_to_end() or signals.INTERRUPTED)
    except SystemExit as left:
        # For typer, help whose reader has seen enough of it is an error.
        code = 0 if isinstance(left.__context__, BrokenPipeError) else int(left.code or 0)
        if code and ASKED_BY_SHELL in os.environ:
            _report(*ASKED_BY_NONE, code)
    except OSError as error:
        from mnistgd.system.files import reason

        # What has no file's name comes from the streams, such as help for a disk that is full.
        what, hint = "cannot write the result to stdout", "MNISTGD_DEBUG=1 shows where this comes from"
        if error.filename:
            what, hint = f"cannot use {error.filename}", f"check its name and permissions; {hint}"
        if _is_gone():
            code = _report("the current folder has been removed", "cd to another one", 1)
        else:
            code = _report(f"{what}: {reason(error)}", hint, 1)
    except Exception as error:
        # What a signal raised, or a lack of memory, may have become another error deep in some library.
        code = signals.asked_to_end()
        if code:
            _report_stop(code)
        elif lack := lack_of_memory(error):
            hint = "close other programs, or allow this one more memory"
            code = _report(console.out_of_memory(lack), hint, 1)
        elif ASKED_BY_SHELL in os.environ:
            code = _report(*ASKED_BY_NONE, 1)
        else:
            hint = "this is a bug in mnistgd; MNISTGD_DEBUG=1 shows where: please report it"
            code = _report(f"{type(error).__name__}: {error}", hint, 1)
    signals.ignore()
    _leave(code)


def _take_words() -> None:
    """Take every path of the command line and of its variables as it is meant."""
    sys.argv[1:] = map(meant.place, sys.argv[1:])
    for name in os.environ:
        if name.startswith("MNISTGD_"):
            os.environ[name] = meant.place(f"--{name}={os.environ[name]}").partition("=")[2]


@cache
def _command() -> Callable[..., Any]:
    """`app`, whose options for completion give a result or an error, as all else does.

    To make it takes longer than many a command: a process that runs several makes it once.
    """
    command = get_command(app)
    for option in command.params:
        if option.callback is not None and COMPLETION.intersection(option.opts):
            option.callback = partial(_complete, option.callback)
    return command


def _complete(callback: Callable[..., Any], *arguments: Any) -> Any:
    said = io.StringIO()  # typer names a shell that it does not know on stdout
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return callback(*arguments)
    except typer.Exit as left:
        message = "completion is not known for this shell"
        raise MnistgdError(message, "it is for bash, zsh and fish") from left
    except SystemExit:
        console.write_stdout(said.getvalue().encode())
        raise


def _report(message: str, hint: str, code: int) -> int:
    signals.ignore()
    console.report_error(message, hint)
    return code


def _is_gone() -> bool:
    """Whether there is no current folder any more."""
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def _report_stop(code: int) -> int:
    return _report(signals.WORDS[code], "", code)


def _leave(code: int) -> None:
    with contextlib.suppress(OSError):
        displays.stop_all()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            # Python would complain once more when it flushes at exit.
            console.silence(stream)
    sys.exit(code)
