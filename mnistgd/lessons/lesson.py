"""What a lesson is: settings in, a trace and what to notice out.

Each lesson is a module of this package with one public name, ``LESSON``. It computes with the engine,
in float64 and deterministically; it prints nothing and draws only on the figure it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mnistgd.datasets.dataset import Listener

SettingsT = TypeVar("SettingsT")


@dataclass(frozen=True)
class Table:
    """What a person sees of a trace: one row an iteration, as the book has it.

    Attributes
    ----------
    headings : sequence of str, one for each column
    rows : sequence of rows, one text for each column; numbers already to as many digits as matter
    title : str, above the table; empty for none
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a lesson.

    Attributes
    ----------
    rows : list of dict
        The trace; plain Python values, as JSON has them.
    result : dict
        Where it ended; plain Python values.
    tables : sequence of Table
        The same for people.
    notice : str
        Two or three sentences: what to notice.
    """

    rows: list[dict[str, Any]]
    result: dict[str, Any]
    tables: Sequence[Table]
    notice: str


class Report(NamedTuple):
    """Where a lesson stands that takes a while.

    Attributes
    ----------
    words : str
        For a person who waits; as long as there is nothing new to say they stay the same.
    share : float, how much of it is done, from 0 to 1
    outcome : Outcome, what has come of it so far
    """

    words: str
    share: float
    outcome: Outcome


@dataclass(frozen=True)
class Lesson(Generic[SettingsT]):
    """One lesson.

    Attributes
    ----------
    settings : type
        A frozen dataclass. Each field is an option of the command line, as `mnistgd.model.fields` says; its
        default is the source's value.
    run : settings → Outcome
        Raises UsageError for settings that make no sense together.
    plot : (settings, Outcome, empty matplotlib Figure) → None
        Draws the outcome.
    prepare : (settings, Listener) → None
        Brings what may take a while, such as a data set, and tells so; `run` then finds it in the cache.
        None for a lesson that brings nothing.
    reports : settings → iterator of Report
        What `run` does, step by step, so that it can be watched, and ended with what there is; see `watched`.
        None for a lesson that takes no longer than a person waits.
    """

    settings: type[SettingsT]
    run: Callable[[SettingsT], Outcome]
    plot: Callable[[SettingsT, Outcome, Figure], None]
    prepare: Callable[[SettingsT, Listener], None] | None = field(default=None)
    reports: Callable[[SettingsT], Iterator[Report]] | None = field(default=None)

    @classmethod
    def watched(
        cls,
        settings: type[SettingsT],
        reports: Callable[[SettingsT], Iterator[Report]],
        plot: Callable[[SettingsT, Outcome, Figure], None],
        prepare: Callable[[SettingsT, Listener], None] | None = None,
    ) -> Lesson[SettingsT]:
        """A lesson that takes a while: it is run by taking its reports to the last one."""

        def run(chosen: SettingsT) -> Outcome:
            for report in reports(chosen):
                outcome = report.outcome
            return outcome

        return cls(settings, run, plot, prepare, reports)
