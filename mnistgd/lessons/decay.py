"""A memory that fades, and a fading that is learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import repeat, zip_longest
from typing import Any

import numpy as np

from mnistgd.engine.activations import Sigmoid
from mnistgd.engine.composition import Sequential
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import half_squared_error
from mnistgd.engine.recurrent import FadingMemory
from mnistgd.engine.types import Params
from mnistgd.errors import UsageError
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, drawn, numbers, step_table
from mnistgd.model.fields import setting
from mnistgd.system.words import counted

SEQUENCE = (1.0, 0.0, 0.0, -1.0, 0.0)
"""What the source shows its memory; the decay is learned on it."""

WANTED = 0.2
"""The decay that is to be learned."""

ONE = np.ones((1, 1))

_DECAY = Sequential((Linear(1, 1, bias=False), Sigmoid()))
_NETWORK = Sequential((*_DECAY.layers, FadingMemory(SEQUENCE)))


@dataclass(frozen=True)
class Settings:
    """What the memories are shown and how fast they fade; and how the decay is learned."""

    inputs: tuple[tuple[float, ...], ...] = setting(
        (SEQUENCE,), "What a memory is shown, moment by moment; 0 is nothing. Repeat for more memories."
    )
    decay: tuple[float, ...] = setting(
        (WANTED,),
        "What a memory loses in a moment; repeat, one for each --inputs or all for the same.",
        minimum=0,
    )
    weight: float = setting(-0.4, "Where the weight w starts; the decay is sigmoid(w).")
    learning_rate: float = setting(1.0, "How far a step goes along the gradient.", above=0)
    steps: int = setting(200, "Steps of learning the decay.", minimum=1, maximum=20_000)


def run(settings: Settings) -> Outcome:
    """Let the memories fade; then learn the decay that the source had to set."""
    channels = _channels(settings)
    states = [_states(inputs, decay) for inputs, decay in channels]
    rows, weight = _learn(settings)
    result = {
        "states": states[0] if len(states) == 1 else states,
        "learned_decay": rows[-1]["decay"],
        "weight": weight,
    }
    return Outcome(rows, result, [_state_table(channels, states), _step_table(rows)], _notice(rows))


def _channels(settings: Settings) -> list[tuple[tuple[float, ...], float]]:
    """The inputs and the decay of each memory; what is given once holds for all."""
    inputs, decays = settings.inputs, settings.decay
    count = max(len(inputs), len(decays))
    if {len(inputs), len(decays)} - {1, count}:
        raise UsageError(
            f"{len(inputs)} --inputs and {len(decays)} --decay do not pair",
            "give one of either for all, or as many",
        )
    return list(zip(inputs * (count // len(inputs)), decays * (count // len(decays)), strict=True))


def _states(inputs: tuple[float, ...], decay: float) -> list[float]:
    states, _ = FadingMemory(inputs).forward({}, np.array([[decay]]))
    return [float(state) for state in states[0]]


def _learn(settings: Settings) -> tuple[list[dict[str, Any]], float]:
    """The decay and the loss after each number of steps, and the weight at the end."""
    params: Params = {"1.weights": np.array([[settings.weight]])}
    rows: list[dict[str, Any]] = []
    weight = settings.weight
    batches = repeat((ONE, np.array([_states(SEQUENCE, WANTED)])), settings.steps + 1)
    for step in descend(_NETWORK, half_squared_error, params, batches, settings.learning_rate):
        decay, _ = _DECAY.forward(params, ONE)
        weight = params["1.weights"].item()
        rows.append({"step": step.step, "decay": decay.item(), "loss": step.loss})
        params = step.params
    return rows, weight


def _state_table(channels: list[tuple[tuple[float, ...], float]], states: list[list[float]]) -> Table:
    columns: list[list[str]] = []
    for (inputs, _), values in zip(channels, states, strict=True):
        columns += [f"{value:g}" for value in inputs], [f"{value:.10g}" for value in values]
    ends = [""] if len(channels) == 1 else [f" {i}" for i in range(1, len(channels) + 1)]
    headings = ["moment", *(f"{what}{end}" for end in ends for what in ("input", "state"))]
    rows = [[str(i), *row] for i, row in enumerate(zip_longest(*columns, fillvalue=""), 1)]
    decays = ", ".join(f"{decay:g}" for _, decay in channels)
    return Table(headings, rows, f"decay {decays}")


def _step_table(rows: list[dict[str, Any]]) -> Table:
    columns = {name: numbers((row[name] for row in rows), 6) for name in ("decay", "loss")}
    return step_table(f"learning the decay {WANTED:g}: decay = sigmoid(w)", columns)


def _notice(rows: list[dict[str, Any]]) -> str:
    first, last = rows[0]["decay"], rows[-1]["decay"]
    notice = (
        "An input that is not 0 replaces the state; then the state fades by the decay, down to 0 and not "
        "beyond. The decay need not be set: every faded state says how it would change with the decay, and "
        f"so it has a gradient. It went from {first:.4f} to {last:.4f} in {counted(len(rows) - 1, 'step')}"
    )
    if abs(last - WANTED) < 5e-4:
        return f"{notice}."
    return (
        f"{notice}, which is not yet {WANTED:g}: near 0 and 1 a sigmoid is flat, and where a memory is empty "
        "nothing tells it to fade more slowly."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The memories, moment by moment, and the decay on its way to the one that is wanted."""
    plots.size(figure, 11, 4.6)
    memories, learning = figure.subplots(1, 2)
    channels = _channels(settings)
    states = outcome.result["states"]
    _draw_memories(memories, channels, [states] if len(channels) == 1 else states)
    learning.plot(*drawn(outcome.rows, "step", "decay"), color=plots.BLUE, lw=1.8)
    plots.level(learning, WANTED, f"wanted: {WANTED:g}")
    learning.set(title="the decay that is learned", xlabel="steps", ylim=(0, None))
    learning.set_ylabel("decay = sigmoid(w), per moment")
    plots.open_frame(learning)


def _draw_memories(
    axes: plots.Axes, channels: list[tuple[tuple[float, ...], float]], states: list[list[float]]
) -> None:
    for k, ((inputs, decay), values) in enumerate(zip(channels, states, strict=True)):
        colour = plots.COLOURS[(4 + k) % len(plots.COLOURS)]
        places: list[float] = []
        heights: list[float] = []
        for moment, (shown, value) in enumerate(zip(inputs, values, strict=True), 1):
            if shown != 0:  # what was there before does not fade into it
                places, heights = [*places, math.nan], [*heights, math.nan]
                axes.plot(moment, value, "o", ms=13, mfc="none", mec=colour)
            places, heights = [*places, moment], [*heights, value]
        axes.plot(places, heights, "o-", color=colour, label=f"decay {decay:g}", lw=1.5, ms=5)
    axes.axhline(0, color=plots.GREY, lw=0.8)
    axes.set(title="memories that fade (a ring is an input)", xlabel="moment", ylabel="state (no unit)")
    plots.count_along(axes)
    axes.legend(frameon=False)
    plots.open_frame(axes)


LESSON = Lesson(Settings, run, _plot)
