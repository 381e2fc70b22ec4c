"""What lessons need to make a run and to tell of it: its steps up to an overflow, those to show, as text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count, takewhile
from typing import Any

import numpy as np

from mnistgd.engine.optimizers import Optimizer, sgd
from mnistgd.engine.schedules import constant
from mnistgd.engine.training import Step, gradient_of, train
from mnistgd.engine.types import Array, Layer, Loss, Params, Schedule
from mnistgd.errors import DivergedError
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Table

FEW = 20
"""As many steps as this are all shown."""


def descend(
    layer: Layer,
    loss: Loss,
    params: Params,
    batches: Iterable[tuple[Array, Array]],
    learning_rate: float | Schedule,
    optimizer: Optimizer | None = None,
) -> Iterator[Step]:
    """Gradient descent, however far it leads away, up to where the loss is no number any more.

    The update of the last step may have overflowed already, after its loss; see `until_overflow`.

    Parameters
    ----------
    layer, loss
        As `gradient_of` takes them.
    params, batches
        As `train` does.
    learning_rate : float, or Schedule
    optimizer : Optimizer, optional
        Plain gradient descent if there is none.
    """
    with suppress(DivergedError):
        yield from train(
            gradient_of(layer, loss),
            params,
            batches,
            optimizer=optimizer or sgd(),
            schedule=learning_rate if callable(learning_rate) else constant(learning_rate),
            bound=math.inf,
        )


def until_overflow(steps: Iterable[Step]) -> Iterator[Step]:
    """Those of the `steps` of a run whose update did not overflow."""
    return takewhile(lambda step: all(np.isfinite(p).all() for p in step.params.values()), steps)


def shown_steps(last: int, *also: int | None) -> list[int]:
    """Which of the steps 0 … `last` a person wants to see: all of a few, of many 1, 2, 5, 10, 20, 50, ….

    Parameters
    ----------
    last : int
    also : int or None
        Steps to be shown in any case; None is none.

    Examples
    --------
    >>> shown_steps(3)
    [0, 1, 2, 3]
    >>> shown_steps(224, 24, None)
    [0, 1, 2, 5, 10, 20, 24, 50, 100, 200, 224]
    """
    if last <= FEW:
        return list(range(last + 1))
    round_ones = takewhile(lambda step: step <= last, (m * 10**p for p in count() for m in (1, 2, 5)))
    return sorted({0, last, *round_ones, *(step for step in also if step is not None)})


def step_table(
    title: str, columns: Mapping[str, Sequence[str]], step: str = "step", missing: str = "overflow"
) -> Table:
    """A row for each step that `shown_steps` chooses, a column for each run.

    Parameters
    ----------
    title : str
    columns : mapping of headings to one text for each step, from step 0
        One that is shorter than the longest has overflowed.
    step : str, heading of the first column
    missing : str, where a run has overflowed
    """
    rows = [
        [str(i), *(texts[i] if i < len(texts) else missing for texts in columns.values())]
        for i in shown_steps(max(map(len, columns.values())) - 1)
    ]
    return Table([step, *columns], rows, title)


def drawn(rows: Iterable[Mapping[str, Any]], x: str, y: str) -> tuple[list[float], list[float]]:
    """Two columns of a trace, as a plot takes them; a gap is where a number is too large for one."""
    pairs = [(row[x], row[y]) for row in rows]
    return [place for place, _ in pairs], plots.drawable([height for _, height in pairs])


def numbers(values: Iterable[float], decimals: int = 4) -> list[str]:
    """Each of them as a `number`."""
    return [number(value, decimals) for value in values]


def number(value: float, decimals: int = 4) -> str:
    """A number for a table: with that many decimals, or in powers of ten where those would not do.

    Examples
    --------
    >>> number(-0.25), number(0.0), number(1.2345e-7), number(3e8, 2)
    ('-0.2500', '0.0000', '1.23e-07', '3.00e+08')
    """
    if value == 0 or 10.0**-decimals <= abs(value) < 1e5:
        return f"{value:.{decimals}f}"
    return f"{value:.2e}"


def printed(values: Iterable[float]) -> list[str]:
    """Each with all its digits, as the listing of a book prints it, that is as Python does.

    Examples
    --------
    >>> printed([0.5 * 0.7, 1e-7])
    ['0.35', '1e-07']
    """
    return [str(value) for value in values]
