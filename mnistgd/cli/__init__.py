"""The command line: the only place that prints, draws progress or exits."""

from __future__ import annotations

import os
import sys
import warnings

TYPE_CHECKING = False  # typing would take longer to load than all of this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Run the ``mnistgd`` command; ends the process with its exit code."""
    try:
        _load()()
    except KeyboardInterrupt:  # before `_load` has come to watch, or after all has been said
        _leave("interrupted", 130)


def _load() -> Callable[[], None]:
    """What runs the command line, once all that takes a while to import is there."""
    from mnistgd.cli import signals

    try:
        signals.watch()
        # What a library warns of is for its programmers; `mnistgd --debug` shows it.
        warnings.simplefilter("ignore")
        # One thread adds up in one order: the same weights on a laptop and on a server. A batch of 100
        # images is too small to gain from more. numpy reads this when it is first imported.
        for name in BLAS_THREADS:
            os.environ.setdefault(name, "1")
        # matplotlib would load what this names, or stop at a name that it does not know.
        os.environ.pop("MPLBACKEND", None)
        from mnistgd.cli.app import run
    except (Exception, KeyboardInterrupt, signals.Terminated):
        code = signals.asked_to_end()
        if not code:
            raise
        signals.ignore()
        _leave(signals.WORDS[code], code)
    return run


def _leave(word: str, code: int) -> NoReturn:
    if sys.stderr is not None:
        sys.stderr.write(f"error: {word}\n")
    sys.exit(code)
