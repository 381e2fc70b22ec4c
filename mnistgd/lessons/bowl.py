"""The bowl that optimizers and schedules go down: f(w) = ½ · (w1² + curvature · w2²)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat, takewhile
from typing import Any, NamedTuple

import numpy as np

from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error, summed
from mnistgd.engine.optimizers import Optimizer
from mnistgd.engine.types import Array, Params, Schedule
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Table
from mnistgd.lessons.trace import descend, numbers, step_table, until_overflow
from mnistgd.model.fields import setting

START = (1.0, 1.0)

_LAYER = Linear(2, 1, bias=False, input_gradient=False)
_LOSS = summed(half_squared_error)
_TARGETS = np.zeros((2, 1))


def curvature_setting() -> Any:
    """The field of a lesson's settings that says how steep the bowl is."""
    return setting(25.0, "How much steeper the bowl is along w2 than along w1.", above=0, maximum=1_000_000)


class Point(NamedTuple):
    """Where a run stands.

    Attributes
    ----------
    w : list of two floats
    f : float, the height of the bowl there
    """

    w: list[float]
    f: float


def path_of(optimizer: Optimizer, schedule: Schedule, steps: int, curvature: float) -> list[Point]:
    """The path from `START`: a point before every step and one after the last.

    It ends early where the numbers overflow.

    The bowl is a network: one linear neuron, whose weights are w, that is shown (1, 0) and
    (0, √curvature) and should answer 0 to both. Half its squared error is f.
    """
    inputs = np.diag([1.0, math.sqrt(curvature)])
    start: Params = {"weights": np.array(START)[:, None]}
    run = descend(_LAYER, _LOSS, start, repeat((inputs, _TARGETS), steps), schedule, optimizer)
    path = [_point(params, inputs) for params in (start, *(step.params for step in until_overflow(run)))]
    # Where the weights are finite still, their squares may not be.
    return list(takewhile(lambda point: math.isfinite(point.f), path))


def _point(params: Params, inputs: Array) -> Point:
    # The loss of a step will not do: an optimizer that looks ahead takes it elsewhere.
    with np.errstate(over="ignore", invalid="ignore"):
        value, _ = _LOSS(_LAYER.forward(params, inputs)[0], _TARGETS)
    return Point(params["weights"][:, 0].tolist(), value)


def ends(paths: Mapping[str, Sequence[Point]], steps: int) -> dict[str, dict[str, Any]]:
    """Where each path ends, and the step at which its numbers overflowed, None if they did not.

    Parameters
    ----------
    paths : mapping of names to what `path_of` made
    steps : int, as it was asked to take
    """
    return {
        name: {
            "w": path[-1].w,
            "f": path[-1].f,
            "overflowed_at": len(path) if len(path) <= steps else None,
        }
        for name, path in paths.items()
    }


def tables(paths: Mapping[str, Sequence[Point]]) -> list[Table]:
    """The height and both weights after each step, a column for each path."""

    def table(title: str, of: Callable[[Point], float]) -> Table:
        columns = {name: numbers(map(of, path)) for name, path in paths.items()}
        return step_table(title, columns)

    return [
        table("f(w) after each step", lambda point: point.f),
        table("w1, along which the bowl is shallow", lambda point: point.w[0]),
        table("w2, along which it is steep", lambda point: point.w[1]),
    ]


def diverging(paths: Mapping[str, Sequence[Point]], steps: int) -> str:
    """Which paths end higher than they began, and where their numbers overflow; empty if none does.

    Parameters
    ----------
    paths : mapping of names to what `path_of` made
    steps : int, as it was asked to take
    """
    lost = [
        f"{name} (overflow at step {len(path)})" if len(path) <= steps else name
        for name, path in paths.items()
        if len(path) <= steps or path[-1].f > path[0].f
    ]
    return f"Diverging: {', '.join(lost)}." if lost else ""


def draw_bowl(axes: plots.Axes, curvature: float, reach: float) -> None:
    """Contour lines of the bowl, for weights from -`reach` to `reach`; each is twice as high as the last."""
    line = np.linspace(-reach, reach, 201)
    w1, w2 = np.meshgrid(line, line)
    heights = (w1**2 + curvature * w2**2) / 2
    top = heights.max()
    axes.contour(w1, w2, heights, top / 2.0 ** np.arange(12, -1, -1), colors=plots.GREY, linewidths=0.5)
    axes.plot(0, 0, "+", color=plots.BLACK, markersize=9)
    axes.set(
        xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="weight w1", ylabel="weight w2"
    )
    axes.label_outer()
