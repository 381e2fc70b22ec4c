"""Textbook systems, each a small client of the engine.

The list is known without loading any of them: a lesson is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mnistgd.errors import UsageError
from mnistgd.lessons.lesson import Lesson

TITLES = {
    "toes": "gradient descent with three inputs, iteration by iteration",
    "freeze": "what happens to a weight that is frozen while the others learn",
    "outputs": "one input, three outputs; three inputs, three outputs",
    "normalise": "why inputs of one size learn faster",
    "threshold": "a neuron that answers yes or no: AND, OR",
    "xor": "what no single layer can do, and two can",
    "backprop": "back-propagation through a 2-2-2 network, number by number",
    "decay": "a memory that fades, and a fading that is learned",
    "constant-inputs": "whether a layer learns whose inputs never change",
    "optimizers": "from plain gradient descent to AMSGrad, side by side",
    "schedules": "the learning rate by the clock",
    "rnn": "a recurrent network that spells a word",
    "association": "a network that cleans pictures",
    "rbm": "a restricted Boltzmann machine and the parts it finds",
    "dot-product": "how alike a digit's weights and its mean image are",
}
"""Name → what it shows, in reading order."""


def load(name: str) -> Lesson[Any]:
    """The lesson called `name`.

    Raises
    ------
    UsageError
        If there is none; it suggests the nearest name.
    """
    if name not in TITLES:
        from difflib import get_close_matches

        near = get_close_matches(name, TITLES, 1)
        hint = f"do you mean {near[0]}?" if near else f"lessons: {', '.join(TITLES)}"
        raise UsageError(f"there is no lesson {name}", hint)
    module = import_module(f"mnistgd.lessons.{name.replace('-', '_')}")
    lesson: Lesson[Any] = module.LESSON
    return lesson
