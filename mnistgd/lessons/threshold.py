"""A neuron that answers yes or no: 1 if its weighted total is above a threshold, else 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnistgd.engine.layers import Linear
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.model.fields import setting

PATTERNS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
WANTED = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1]}

ABOVE = "#c6dbef"

_NEURON = Linear(2, 1, bias=False)


@dataclass(frozen=True)
class Settings:
    """The two weights, and how much is enough for either gate."""

    weights: tuple[float, float] = setting((1.0, 1.0), "Weights of the two inputs.")
    and_threshold: float = setting(1.5, "AND answers 1 above this.")
    or_threshold: float = setting(0.5, "OR answers 1 above this.")


def run(settings: Settings) -> Outcome:
    """Ask both gates all four questions."""
    with np.errstate(over="ignore", invalid="ignore"):
        totals, _ = _NEURON.forward({"weights": np.array(settings.weights)[:, None]}, PATTERNS)
    thresholds = {"AND": settings.and_threshold, "OR": settings.or_threshold}
    rows = [
        {
            "gate": gate,
            "inputs": inputs,
            "total": total,
            "threshold": threshold,
            "answer": int(total > threshold),
            "wanted": wanted,
        }
        for gate, threshold in thresholds.items()
        for inputs, total, wanted in zip(
            PATTERNS.astype(int).tolist(), totals[:, 0].tolist(), WANTED[gate], strict=True
        )
    ]
    answers = {gate: [row["answer"] for row in rows if row["gate"] == gate] for gate in WANTED}
    right = {gate: sum(map(int.__eq__, answers[gate], WANTED[gate])) for gate in WANTED}
    result = {
        "and": answers["AND"],
        "or": answers["OR"],
        "and_right": right["AND"],
        "or_right": right["OR"],
    }
    return Outcome(rows, result, [_table(gate, rows) for gate in WANTED], _notice(rows, right))


def _table(gate: str, rows: list[dict[str, Any]]) -> Table:
    headings = ["input 1", "input 2", "total", "threshold", "answer", gate]
    lines = [
        (*row["inputs"], row["total"], row["threshold"], row["answer"], row["wanted"])
        for row in rows
        if row["gate"] == gate
    ]
    return Table(headings, [[f"{value:g}" for value in line] for line in lines])


def _notice(rows: list[dict[str, Any]], right: dict[str, int]) -> str:
    notice = "The same two weights make AND and OR: only how much is enough differs."
    wrong = [f"{gate} for {4 - n} of 4" for gate, n in right.items() if n < 4]
    if wrong:
        notice = f"With these weights and thresholds the neuron is wrong: {' and '.join(wrong)}."
    tie = " A total that equals the threshold is not above it, and the answer is 0"
    tie += "." if any(row["total"] == row["threshold"] for row in rows) else " (try --and-threshold 2)."
    return (
        f"{notice}{tie} The border between yes and no is a straight line, and so there are "
        f"questions that no weights and no threshold can answer: see the lesson xor."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The four questions on the plane of the two inputs, and the line where the answer changes."""
    plots.size(figure, 9, 5)
    for axes, gate in zip(figure.subplots(1, 2), WANTED, strict=True):
        _draw_gate(axes, gate, [row for row in outcome.rows if row["gate"] == gate], settings.weights)
    plots.legend_below(figure, figure.axes[0], 3)


def _draw_gate(axes: plots.Axes, gate: str, rows: list[dict[str, Any]], weights: tuple[float, float]) -> None:
    x, y = np.meshgrid(np.linspace(-0.5, 1.5, 401), np.linspace(-0.5, 1.5, 401))
    with np.errstate(over="ignore", invalid="ignore"):
        above = weights[0] * x + weights[1] * y > rows[0]["threshold"]
    axes.contourf(x, y, above.astype(float), levels=[-0.5, 0.5, 1.5], colors=["white", ABOVE])
    axes.plot([], [], "s", ms=11, color=ABOVE, label="total above the threshold")
    for answer, fill in ((1, plots.BLUE), (0, "white")):
        places = np.reshape([row["inputs"] for row in rows if row["answer"] == answer], (-1, 2))
        look: dict[str, Any] = {"ms": 15, "mfc": fill, "mec": plots.BLUE, "mew": 1.5}
        axes.plot(places[:, 0], places[:, 1], "o", **look, label=f"answer {answer}")
    axes.set(
        title=f"{gate}: {weights[0]:g} · input 1 + {weights[1]:g} · input 2 > {rows[0]['threshold']:g}",
        xlabel="input 1 (0 or 1)",
        ylabel="input 2 (0 or 1)",
        xticks=[0, 1],
        yticks=[0, 1],
    )


LESSON = Lesson(Settings, run, _plot)
