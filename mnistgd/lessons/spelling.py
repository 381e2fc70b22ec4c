"""Spelling: a network hears the letters of a word one by one and foretells the next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import chain, pairwise, repeat
from typing import NamedTuple

import numpy as np

from mnistgd.engine.composition import Sequential
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import softmax_cross_entropy, summed
from mnistgd.engine.optimizers import sgd
from mnistgd.engine.recurrent import Elman
from mnistgd.engine.types import Array, Loss, Params
from mnistgd.engine.wrappers import masked
from mnistgd.lessons.trace import descend, until_overflow

INPUT, HIDDEN, OUTPUT = "1.input_weights", "1.hidden_weights", "2.weights"
"""The parameters of the network: W_xh, W_hh and W_hy, each transposed, as the engine's layers have them."""


class Task(NamedTuple):
    """A word to spell, and the network that is to do it.

    Attributes
    ----------
    letters : str, the vocabulary, in the order of the word
    inputs : ndarray of shape (n_moments, n_letters); a row is 1 at the letter that is heard, else 0
    labels : integer ndarray of shape (n_moments,), the letter that comes next
    loss : Loss, in nats
    network : Sequential
        h = tanh(W_hh h₋₁ + W_xh x), logits = W_hy h; h is 0 before the first letter.
    """

    letters: str
    inputs: Array
    labels: Array
    loss: Loss
    network: Sequential


def task_of(word: str, hidden: int, *, mean: bool) -> Task:
    """The task of a word of at least two letters, for a memory of `hidden` numbers.

    `mean` is whether the loss is that of a letter; else it is that of the whole word.
    """
    letters = "".join(dict.fromkeys(word))
    numbers = np.array([letters.index(letter) for letter in word])
    network = Sequential((Elman(len(letters), hidden), Linear(hidden, len(letters), bias=False)))
    loss = softmax_cross_entropy if mean else summed(softmax_cross_entropy)
    return Task(letters, np.eye(len(letters))[numbers[:-1]], numbers[1:], loss, network)


def initial_params(n_letters: int, hidden: int) -> Params:
    """w_k = round(0.3 · sin(1.3 k + 0.7), 4), k counting on from 0 through W_xh, W_hh and W_hy by rows."""
    shapes = {INPUT: (hidden, n_letters), HIDDEN: (hidden, hidden), OUTPUT: (n_letters, hidden)}
    ends = np.cumsum([rows * columns for rows, columns in shapes.values()])
    pieces = np.split(np.round(0.3 * np.sin(1.3 * np.arange(ends[-1]) + 0.7), 4), ends[:-1])
    return {name: piece.reshape(shape).T for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}


def trained(
    task: Task, start: Params, learning_rate: float, updates: int, frozen: Collection[str] = ()
) -> Iterator[tuple[Params, float, int]]:
    """Before the first update and after each: the parameters, the loss, and how many letters are right.

    It ends early where the numbers overflow.
    """
    batches = repeat((task.inputs, task.labels), updates)
    optimizer = masked(sgd(), {name: np.array(True) for name in frozen})
    steps = descend(task.network, task.loss, start, batches, learning_rate, optimizer)
    for params in chain([start], (step.params for step in until_overflow(steps))):
        with np.errstate(over="ignore", invalid="ignore"):
            outputs, _ = task.network.forward(params, task.inputs)
            loss, _ = task.loss(outputs, task.labels)
        if not math.isfinite(loss):
            return
        yield params, loss, int((outputs.argmax(axis=1) == task.labels).sum())


def spelled(task: Task, params: Params) -> str:
    """What the network spells when it is given the first letter and then hears itself."""
    heard = task.inputs[:1]
    one_hot = np.eye(len(task.letters))
    for _ in task.labels:
        outputs, _ = task.network.forward(params, heard)
        heard = np.vstack([heard, one_hot[outputs[-1].argmax()]])
    return "".join(task.letters[number] for number in heard.argmax(axis=1))


def hidden_gradient(task: Task, params: Params) -> Array:
    """The gradient of W_hh: a row for each number of the memory, a column for each that it hears."""
    outputs, backward = task.network.forward(params, task.inputs)
    _, grads = backward(task.loss(outputs, task.labels)[1])
    return np.swapaxes(grads[HIDDEN], -1, -2)


def copy_gradients(task: Task, params: Params) -> Array:
    """The gradients of the copies of W_hh, one a moment, when the network is unrolled in time."""
    return hidden_gradient(task, {**params, HIDDEN: np.stack([params[HIDDEN]] * len(task.labels))})


def followers(word: str) -> dict[str, Counter[str]]:
    """Which letters follow each letter of `word`, and how often.

    Examples
    --------
    >>> followers("hello")["l"]
    Counter({'l': 1, 'o': 1})
    """
    found: dict[str, Counter[str]] = {}
    for letter, label in pairwise(word):
        found.setdefault(letter, Counter())[label] += 1
    return found
