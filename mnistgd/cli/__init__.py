"""The command line: the only place that prints, draws progress or exits."""

from __future__ import annotations

import os
import sys
import warnings

BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Run the ``mnistgd`` command; ends the process with its exit code."""
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
    except (KeyboardInterrupt, signals.Terminated) as stopped:
        code = signals.INTERRUPTED if isinstance(stopped, KeyboardInterrupt) else signals.TERMINATED
        if sys.stderr is not None:
            sys.stderr.write(f"error: {signals.WORDS[code]}\n")
        sys.exit(code)
    run()
