"""Every error that this package raises on purpose.

::

    MnistgdError              exit code 1: it could not be done
    ├── UsageError            exit code 2: wrong in the command line alone
    ├── GateError             exit code 3: a gate that was asked for is not met
    ├── DataError             a data set that is missing, damaged or not of a kind that works
    │   └── DownloadError     OpenML did not deliver
    ├── WeightsError          a weights file that is missing, damaged or not one of ours
    ├── ImageError            an image that cannot be read, or that shows nothing
    ├── FontError             a font that cannot be read, or lacks what every picture needs
    ├── OutputError           a file that cannot be written
    ├── MissingExtraError     an optional package is not installed
    ├── ClusterError          workers that cannot be reached, or were lost
    ├── ShapeError            arrays that do not fit together; also a ValueError
    ├── DivergedError         training left the finite numbers
    └── StoppedError          exit code 129, 130 or 143: a run was told to stop; 1: no memory

Each carries one line that says what is wrong and, where there is one, a hint that says what to do
about it. The command line turns them into ``error: …`` and ``hint: …`` at one place.
"""

from __future__ import annotations


def lack_of_memory(error: BaseException | None) -> MemoryError | None:
    """The lack of memory that `error` is, or came of while that was handled; None if it has other reasons."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__context__
    return error


class MnistgdError(Exception):
    """Something that could not be done.

    Parameters
    ----------
    message : str
        What is wrong, in one line, without a full stop.
    hint : str
        What to do about it, in one line; empty if there is nothing to advise.

    Examples
    --------
    >>> import mnistgd
    >>> try:
    ...     mnistgd.load("none.npz")
    ... except mnistgd.MnistgdError as error:
    ...     print(error.message, "-", error.hint)
    there is no weights file none.npz - train first: mnistgd train --out none.npz
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MnistgdError):
    """The command line alone is wrong."""

    exit_code = 2


class GateError(MnistgdError):
    """A gate that was asked for, such as ``--min-accuracy``, is not met."""

    exit_code = 3


class DataError(MnistgdError):
    """A data set is missing, damaged, or not of a kind that works here."""


class DownloadError(DataError):
    """OpenML did not deliver what was asked of it."""


class WeightsError(MnistgdError):
    """A weights file is missing, damaged, or not one of ours."""


class ImageError(MnistgdError):
    """An image cannot be read, or shows nothing."""


class FontError(MnistgdError):
    """A font cannot be read, or lacks what every picture needs."""


class OutputError(MnistgdError):
    """A file cannot be written."""


class MissingExtraError(MnistgdError):
    """An optional package is not installed.

    Parameters
    ----------
    extra : str
        The extra of this package that brings it, which the hint names.
    """

    def __init__(self, message: str, extra: str) -> None:
        super().__init__(message, f"pip install 'mnistgd[{extra}]', or '.[{extra}]' in a checkout")


class ClusterError(MnistgdError):
    """Workers cannot be reached, are not such as they must be, or were lost."""


class ShapeError(MnistgdError, ValueError):
    """Arrays do not fit together."""


class DivergedError(MnistgdError):
    """Training left the finite numbers.

    Parameters
    ----------
    step : int
        The step, counted from 0, at which the loss stopped being a usable number.
    """

    def __init__(self, message: str, hint: str = "", *, step: int = 0) -> None:
        super().__init__(message, hint)
        self.step = step


class StoppedError(MnistgdError):
    """A run ended before its end; `code` is what its process ends with.

    130, 143 or 129 where it was interrupted, terminated or hung up, and 1 where memory ran out.
    """

    def __init__(self, message: str, hint: str = "", *, code: int) -> None:
        super().__init__(message, hint)
        self.exit_code = code
