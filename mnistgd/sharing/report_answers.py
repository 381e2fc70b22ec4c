"""The parts of a report that are about single answers: the worst mistakes, and three of them explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.figures.captions import titled
from mnistgd.figures.evidence import SPOKE, term
from mnistgd.figures.legend import MEANING
from mnistgd.figures.palettes import Palette, limit_of
from mnistgd.model.evaluation import Evaluation, Mistake, confident_mistakes
from mnistgd.model.explanation import Explanation, explain
from mnistgd.model.model import Model
from mnistgd.sharing.report_pictures import Legend, Picture, heatmap_of, image_of, legend_of

MISTAKES = 16
"""That are shown, at most."""

_ROWS = 10_000
"""Images whose answers are held at a time."""


class Answer(NamedTuple):
    """Why a class was, or nearly was, the answer: its weights and evidence, and the terms of its logit."""

    name: str
    probability: float
    weights: Picture
    evidence: Picture
    sums: list[tuple[str, str]]


@dataclass(frozen=True)
class Explained:
    """One image, its answer and the runner-up.

    Attributes
    ----------
    kind : str, why it was chosen
    index : int, of the test image
    true, answer : int, its class, and the one that was named
    image : Picture
    answers : list of Answer, two
    note : str
    """

    kind: str
    index: int
    true: int
    answer: int
    image: Picture
    answers: list[Answer]
    note: str


def mistakes_of(
    found: Evaluation, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> list[tuple[Mistake, Picture]]:
    """The wrong answers that the network is surest of, each with its image."""
    worst = confident_mistakes(found, images, labels, MISTAKES)
    return [(each, image_of(each.image, 84, f"test image {each.index}")) for each in worst]


def explained_of(
    model: Model,
    found: Evaluation,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    palette: Palette,
) -> tuple[list[Explained], tuple[Legend, Legend]]:
    """The surest right answer, the surest wrong one and the least certain of all, on one scale."""
    chosen = _chosen(model, found, images)
    taken = {index: explain(model, images[index]) for index in chosen}
    runners = [each.evidence[digit].products for each in taken.values() for digit in each.ranking[:2]]
    limits = max(limit_of(each.weights) for each in taken.values()), max(map(limit_of, runners))
    every = [
        Explained(
            kind=chosen[index],
            index=index,
            true=int(labels[index]),
            answer=each.ranking[0],
            image=image_of(images[index], 140, f"test image {index}"),
            answers=[_answer(model, each, digit, limits, palette) for digit in each.ranking[:2]],
            note=each.note(model),
        )
        for index, each in taken.items()
    ]
    return every, (legend_of(limits[0], palette, MEANING), legend_of(limits[1], palette, SPOKE))


def _chosen(model: Model, found: Evaluation, images: NDArray[np.uint8]) -> dict[int, str]:
    """Which images are explained → why these."""
    pieces = np.array_split(images, -(-len(images) // _ROWS))
    sure = np.concatenate([model.probabilities(piece).max(axis=1) for piece in pieces])
    right = np.ones(len(images), bool)
    right[found.wrong] = False
    chosen: dict[int, str] = {}
    for kind, among, order in (
        ("the surest right answer", right, -sure),
        ("the surest wrong answer", ~right, -sure),
        ("the least certain answer", np.ones_like(right), sure),
    ):
        places = np.flatnonzero(among)
        if len(places):
            index = int(places[order[places].argmin()])
            chosen[index] = f"{chosen[index]}, and {kind}" if index in chosen else kind
    return chosen


def _answer(
    model: Model, found: Explanation, digit: int, limits: tuple[float, float], palette: Palette
) -> Answer:
    title, evidence = titled(model.class_names[digit]), found.evidence[digit]
    return Answer(
        model.class_names[digit],
        float(found.probabilities[digit]),
        heatmap_of(evidence.weights, limits[0], palette, 140, f"the weights of {title}"),
        heatmap_of(evidence.products, limits[1], palette, 140, f"image × weights of {title}"),
        [(name, term(number)) for name, number in found.sums(evidence, 2).items()],
    )
