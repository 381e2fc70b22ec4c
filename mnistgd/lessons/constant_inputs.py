"""Does a layer learn whose inputs never change? It does, until the prediction is the share of each class."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any

import numpy as np

from mnistgd.engine.activations import Sigmoid, Softmax
from mnistgd.engine.composition import Parallel, Sequential
from mnistgd.engine.layers import Linear
from mnistgd.engine.losses import cross_entropy, softmax_cross_entropy
from mnistgd.engine.types import Array, Params
from mnistgd.figures import plots
from mnistgd.lessons.lesson import Lesson, Outcome, Table
from mnistgd.lessons.trace import descend, number, numbers, shown_steps
from mnistgd.model.fields import setting

BATCH = 100
FIRST_DECAY = 0.8
NEAR = 0.001
"""A loss so many nats above the least that is possible has all but arrived."""

PUBLISHED = range(11)
"""The epochs whose gradients the source prints."""

_GATE = Sequential((Linear(1, 1, bias=False), Sigmoid()))
NETWORK = Sequential(
    (Parallel((_GATE, _GATE, _GATE), (1, 1, 1)), Linear(3, 4), Sigmoid(), Linear(4, 2), Softmax())
)
DECAYS = ("1.1.1.weights", "1.2.1.weights", "1.3.1.weights")
"""The weights of the three inputs, which the source calls decays."""

START: Params = {
    **{name: np.array([[FIRST_DECAY]]) for name in DECAYS},
    "2.weights": np.array(
        [
            [0.56308413, 0.01193587, -0.09959088, -0.82172422],
            [0.25793576, 0.50966063, -0.23877709, -0.51475079],
            [-0.44209047, -0.53736195, -0.63172525, -0.05157415],
        ]
    ),
    "2.bias": np.zeros(4),
    "4.weights": np.array(
        [
            [0.07895673, -0.07895673],
            [0.91951923, -0.91951923],
            [-0.09543361, 0.09543361],
            [0.56262953, -0.56262953],
        ]
    ),
    "4.bias": np.zeros(2),
}
"""The weights with which the published run began, worked out from its gradients."""

LOSSES = {"twice": softmax_cross_entropy, "once": cross_entropy}
"""How often the outputs go through a softmax: the network has one of its own, and the first loss another."""


@dataclass(frozen=True)
class Settings:
    """What the inputs always are, and how the network is trained."""

    learning_rate: float = setting(10.0, "How far a step goes along the gradient.", above=0)
    epochs: int = setting(50, "Updates, each with the whole batch.", minimum=1, maximum=2000)
    inputs: tuple[float, float, float] = setting(
        (1.0, 1.0, 1.0), "What the three inputs always are; 0 is silence."
    )
    softmax: str = setting(
        "twice",
        "How often the outputs go through a softmax. The source does it twice, as happens to "
        "those who give probabilities to a loss that asks for logits.",
        choices=tuple(LOSSES),
    )


def run(settings: Settings) -> Outcome:
    """Train on inputs that say nothing about the labels."""
    inputs, labels = np.tile(settings.inputs, (BATCH, 1)), _labels()
    loss = LOSSES[settings.softmax]
    batches = repeat((inputs, labels), settings.epochs)
    rows: list[dict[str, Any]] = []
    params = START
    for step in descend(NETWORK, loss, START, batches, settings.learning_rate):
        rows.append(
            {
                "epoch": step.step,
                "loss": step.loss,
                "grad_decay": _decays(step.grads),
                "decays": _decays(params),
                "prediction": float(step.outputs[0, 1]),
            }
        )
        params = step.params
    outputs, _ = NETWORK.forward(params, inputs)
    result = {
        "decays": _decays(params),
        "loss": loss(outputs, labels)[0],
        "least_loss": _least_loss(labels),
        "prediction": float(outputs[0, 1]),
        "share_of_ones": float(labels.mean()),
    }
    return Outcome(rows, result, _tables(rows, result), _notice(rows, result))


def _labels() -> Array:
    # The generator of the source. It is a legacy one, whose numbers NumPy has promised never to change.
    return np.random.RandomState(100).randint(2, size=BATCH)


def _least_loss(labels: Array) -> float:
    """What is left if each class is predicted with its share: the entropy of the labels, in nats."""
    shares = np.bincount(labels) / len(labels)
    return float(-(shares * np.log(shares)).sum())


def _decays(params: Params) -> list[float]:
    return [float(params[name][0, 0]) for name in DECAYS]


def _tables(rows: list[dict[str, Any]], result: dict[str, Any]) -> list[Table]:
    # As many digits as the source prints. Its run was in float32, and the weights it began with are known
    # to eight digits: the gradients agree to eight decimals, not to the last.
    moments = [*rows, result]
    shown = shown_steps(len(rows), *(epoch for epoch in PUBLISHED if epoch < len(rows)))
    gradients = [
        [str(epoch), number(rows[epoch]["loss"]), *(f"{value:.17f}" for value in rows[epoch]["grad_decay"])]
        for epoch in shown
        if epoch < len(rows)
    ]
    decays = [
        [str(epoch), number(moments[epoch]["loss"]), *numbers(moments[epoch]["decays"], 7)] for epoch in shown
    ]
    places = range(1, len(DECAYS) + 1)
    return [
        Table(
            ["epoch", "loss", *(f"gradient {i}" for i in places)],
            gradients,
            "each epoch: the loss (nats) and its gradient for each decay",
        ),
        Table(
            ["epochs", "loss", *(f"decay {i}" for i in places)], decays, "after so many epochs: the decays"
        ),
    ]


def _notice(rows: list[dict[str, Any]], result: dict[str, Any]) -> str:
    least, share = result["least_loss"], result["share_of_ones"]
    away = result["loss"] - least
    sentences = [_moved(result["decays"])]
    misses = [row["prediction"] - share for row in rows[: len(PUBLISHED)]]
    if len(misses) > 2 and all(one * next_one < 0 for one, next_one in pairwise(misses)):
        sentences.append("At this learning rate each step goes too far, and the next comes back.")
    sentences.append(
        "As nothing tells the examples apart, the best answer is the share of each class: "
        f"{share:.0%} of the labels are 1, and no loss is below ln 2 = {number(least)} nats."
    )
    gives = f"The network gives a 1 a probability of {result['prediction']:.1%}"
    if away < NEAR:
        sentences.append(f"{gives}, and the gradients have faded: once it is that share, nothing moves.")
    elif not any(rows[-1]["grad_decay"]):
        sentences.append(f"{gives}, and nothing moves any more: its sigmoids have gone where they are flat.")
    else:
        sentences.append(f"{gives}; the loss is {number(away)} nats above that, and the weights still move.")
    return " ".join(sentences)


def _moved(decays: list[float]) -> str:
    stayed = [str(i) for i, decay in enumerate(decays, 1) if decay == FIRST_DECAY]
    if len(stayed) == len(decays):
        return f"The decays stay at {FIRST_DECAY}: their inputs are 0, or so large that a sigmoid is flat."
    told = ", ".join(numbers(decays))
    moved = f"The inputs never change, and yet their weights learn: from {FIRST_DECAY} to {told}."
    if stayed:
        moved += f" ({' and '.join(stayed)} stayed: its input is 0, or so large that its sigmoid is flat.)"
    return moved


def _plot(settings: Settings, outcome: Outcome, figure: plots.Figure) -> None:
    """The loss above its floor, and the three decays."""
    plots.size(figure, 10, 4.4)
    figure.suptitle(f"inputs that are always {', '.join(f'{value:g}' for value in settings.inputs)}")
    moments = [*outcome.rows, outcome.result]
    epochs = range(len(moments))
    losses, decays = figure.subplots(1, 2)
    losses.plot(epochs, plots.drawable([moment["loss"] for moment in moments]), ".-", color=plots.BLUE)
    least = outcome.result["least_loss"]
    plots.level(losses, least, f"ln 2 = {least:.4f}: each class predicted with its share")
    losses.margins(y=0.12)
    losses.set(title="the loss, and the least it can be", xlabel="epochs", ylabel="loss (nats)")
    for k, (colour, marker) in enumerate(((plots.BLACK, "o"), (plots.ORANGE, "s"), (plots.GREEN, "^"))):
        values = plots.drawable([moment["decays"][k] for moment in moments])
        decays.plot(epochs, values, **plots.marked(colour, marker, len(moments), f"input {k + 1}"))
    decays.set(title="the weights of the three inputs", xlabel="epochs", ylabel="decay (weight, no unit)")
    plots.legend_below(figure, decays, len(DECAYS))
    plots.open_frame(losses, decays)


LESSON = Lesson(Settings, run, _plot)
