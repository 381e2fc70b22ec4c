"""A recurrent network that learns to spell a word, and what becomes of it without its memory."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mnistgd.engine.types import Params
from mnistgd.errors import UsageError
from mnistgd.figures import plots
from mnistgd.lessons import spelling
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import drawn, number, numbers, shown_steps
from mnistgd.model.fields import setting
from mnistgd.system.words import counted

LONGEST = 40
"""Letters of a word that a table can still show."""


@dataclass(frozen=True)
class Settings:
    """The word, the network and how it is trained."""

    word: str = setting("namaskar", "What to spell.")
    hidden: int = setting(8, "Numbers in the memory.", minimum=1, maximum=64)
    learning_rate: float = setting(0.1, "How far a step goes along the gradient.", above=0)
    reduce: str = setting(
        "sum", "The loss: of the whole word, or the mean of its letters.", choices=("sum", "mean")
    )
    more: int = setting(200, "Updates after every letter is right.", minimum=0, maximum=2000)
    most: int = setting(2000, "Updates at most.", minimum=1, maximum=5000)


def run(settings: Settings) -> Outcome:
    """Train with memory and without."""
    _check(settings.word)
    task = spelling.task_of(settings.word, settings.hidden, mean=settings.reduce == "mean")
    start = spelling.initial_params(len(task.letters), settings.hidden)

    rows: list[dict[str, Any]] = []
    until_right, last = None, settings.most
    steps = spelling.trained(task, start, settings.learning_rate, settings.most)
    for step, (params, loss, right) in enumerate(steps):
        rows.append({"step": step, "loss": loss, "right": right, "spelled": spelling.spelled(task, params)})
        if until_right is None and right == len(task.labels):
            until_right, last = step, min(step + settings.more, settings.most)
        if step == last:
            break

    result = {
        "steps_until_all_right": until_right,
        "loss_first": rows[0]["loss"],
        "loss": rows[-1]["loss"],
        "spelled": rows[-1]["spelled"],
        "overflowed_at": len(rows) if len(rows) <= last else None,
        "memory_off": _without_memory(task, start, settings),
        "copy_gradients": spelling.copy_gradients(task, start).tolist(),
        "shared_gradient": spelling.hidden_gradient(task, start).tolist(),
    }
    return Outcome(rows, result, _tables(settings, rows, result), _notice(settings, result))


def _check(word: str) -> None:
    if not word.isprintable() or len(word) > LONGEST or len(set(word)) < 2:
        raise UsageError(
            f"{word[:LONGEST]!r} is not a word that this lesson can spell",
            f"at most {LONGEST} letters, at least two of them different",
        )


def _without_memory(task: spelling.Task, start: Params, settings: Settings) -> dict[str, Any]:
    """W_hh is 0 and stays so: how far that gets, and how far it could."""
    start = {**start, spelling.HIDDEN: np.zeros_like(start[spelling.HIDDEN])}
    steps = spelling.trained(task, start, settings.learning_rate, settings.most, frozen=[spelling.HIDDEN])
    ((params, loss, right),) = deque(steps, maxlen=1)

    # Without memory a letter has one answer: at best the shares of those that follow it.
    after = spelling.followers(settings.word)
    least = sum(
        count * math.log(counts.total() / count) for counts in after.values() for count in counts.values()
    )
    return {
        "right": right,
        "best_right": sum(max(counts.values()) for counts in after.values()),
        "loss": loss,
        "least_loss": least / len(task.labels) if settings.reduce == "mean" else least,
        "spelled": spelling.spelled(task, params),
        "why": _why({letter: list(counts) for letter, counts in after.items() if len(counts) > 1}),
    }


def _why(several: dict[str, list[str]]) -> str:
    if not several:
        return "each letter is followed by one and the same: this word can be spelled without memory"
    each = [
        f"{letter!r} is followed by {', '.join(labels[:-1])} and {labels[-1]}"
        for letter, labels in several.items()
    ]
    return f"{', '.join(each)}, and without memory one letter has one answer"


def _tables(settings: Settings, rows: list[dict[str, Any]], result: dict[str, Any]) -> list[Table]:
    moments = len(settings.word) - 1
    off = result["memory_off"]

    def cells(name: str, row: dict[str, Any]) -> list[str]:
        return [name, number(row["loss"]), f"{row['right']} of {moments}", row["spelled"]]

    shown = shown_steps(len(rows) - 1, result["steps_until_all_right"])
    trace = [cells(str(step), rows[step]) for step in shown]
    best = {"loss": off["least_loss"], "right": off["best_right"], "spelled": ""}
    memory = [
        cells("with memory", rows[-1]),
        cells("W_hh = 0, frozen", off),
        cells("the best without", best),
    ]
    sizes = numbers(map(_size, result["copy_gradients"]))
    pairs = zip(pairwise(settings.word), sizes, strict=True)
    hears = [[str(moment), *pair, size] for moment, (pair, size) in enumerate(pairs, 1)]
    together = number(_size(np.sum(result["copy_gradients"], axis=0)))
    shared = number(_size(result["shared_gradient"]))
    return [
        Table(["step", "loss (nats)", "right", "spelled"], trace),
        Table(["network", "loss (nats)", "right", "spelled"], memory, "what the memory is for"),
        Table(
            ["moment", "hears", "next", "size of gradient"],
            [*hears, ["sum", "", "", together], ["shared", "", "", shared]],
            "unrolled in time: the gradient of each copy of W_hh at step 0, their sum, and the shared one's",
        ),
    ]


def _size(gradient: Any) -> float:
    return float(np.linalg.norm(gradient))


def _notice(settings: Settings, result: dict[str, Any]) -> str:
    moments = len(settings.word) - 1
    off = result["memory_off"]
    if result["overflowed_at"] is not None:
        learned = f"It diverges: the numbers overflow at step {result['overflowed_at']}."
    elif result["steps_until_all_right"] is None:
        learned = f"After {counted(settings.most, 'update', ',')} not all {moments} letters are right yet."
    else:
        learned = (
            f"After {counted(result['steps_until_all_right'], 'update')} all {moments} letters are right; "
            f"in the end, hearing only itself, the network spells {result['spelled']}."
        )
    return (
        f"{learned} Without memory at most {off['best_right']} of {moments} can be right: {off['why']}. "
        "Unrolled in time there is a copy of W_hh at each moment; the gradients of the copies add up to that "
        "of the one W_hh they are. The first is 0: there is nothing to remember yet."
    )


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The loss, with what is spelled on the way, and how much each moment has to say about W_hh."""
    rows, result = outcome.rows, outcome.result
    plots.size(figure, 11, 4.6)
    curve, moments = figure.subplots(1, 2, width_ratios=[5, 3])
    curve.semilogy(*drawn(rows, "step", "loss"), color=plots.BLUE)
    least = result["memory_off"]["least_loss"]
    if least:
        plots.level(curve, least, "the least that is possible without memory", above=True)
    until_right = result["steps_until_all_right"]
    for step in {0, until_right} - {None}:
        curve.plot(step, rows[step]["loss"], "o", color=plots.BLACK)
        curve.annotate(
            f"{rows[step]['spelled']}, step {step}",
            (step, rows[step]["loss"]),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            parse_math=False,
        )
    curve.set(xlabel="updates", ylabel="loss (nats)")
    curve.set_title(f"a network that spells {settings.word}", parse_math=False)

    sizes = [_size(gradient) for gradient in result["copy_gradients"]]
    moments.bar(range(len(sizes)), sizes, color=plots.SKY)
    moments.set(
        title="each copy of W_hh, at step 0",
        xlabel="letter that is heard, moment by moment",
        ylabel="size of its gradient (nats per weight)",
    )
    moments.set_xticks(range(len(sizes)), list(settings.word[:-1]), parse_math=False)
    plots.open_frame(curve, moments)


LESSON = Lesson(Settings, run, _plot)
