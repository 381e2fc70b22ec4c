"""Why a linear network gave its answer: every logit is a sum, and here are its terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.engine.types import Array
from mnistgd.model.model import Model


class Rounded(NamedTuple):
    """The terms of a sum with a few decimals, and the sum of what they then are."""

    speaks_for: float
    speaks_against: float
    bias: float
    logit: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """The terms of one sum: logit = total of pixel · weight over all pixels + bias.

    Attributes
    ----------
    weights : ndarray of shape (28, 28)
    products : float64 ndarray of shape (28, 28); pixel in [0, 1] times weight
    bias : float
    """

    weights: Array
    products: NDArray[np.float64]
    bias: float

    @property
    def speaks_for(self) -> float:
        """The sum of all products above zero."""
        return float(self.products[self.products > 0].sum())

    @property
    def speaks_against(self) -> float:
        """The sum of all products below zero; not positive."""
        return float(self.products[self.products < 0].sum())

    @property
    def logit(self) -> float:
        """speaks_for + speaks_against + bias, added in this order."""
        return self.speaks_for + self.speaks_against + self.bias

    def rounded(self, places: int) -> Rounded:
        """The terms, and the sum of what they are rounded to: people add up what they see.

        Parameters
        ----------
        places : int, how many decimals

        Examples
        --------
        >>> evidence = Evidence(np.array([10.184, -1.084]), np.array([10.184, -1.084]), -0.164)
        >>> tuple(evidence.rounded(2))
        (10.18, -1.08, -0.16, 8.94)
        """
        exact = (self.speaks_for, self.speaks_against, self.bias)
        # Adding zero makes a zero of minus zero.
        speaks_for, speaks_against, bias = (round(term, places) + 0.0 for term in exact)
        return Rounded(speaks_for, speaks_against, bias, round(speaks_for + speaks_against + bias, places))

    def minus(self, other: Evidence) -> Evidence:
        """What speaks for this class rather than for the other; its logit is the difference of the two."""
        return Evidence(self.weights - other.weights, self.products - other.products, self.bias - other.bias)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why one image got its answer.

    Attributes
    ----------
    evidence : tuple of Evidence, one for each class
    probabilities : float64 ndarray of shape (n_classes,)
    """

    evidence: tuple[Evidence, ...]
    probabilities: NDArray[np.float64]

    @property
    def ranking(self) -> list[int]:
        """The classes, the largest logit first; where two are equal, the lower number first."""
        return sorted(range(len(self.evidence)), key=lambda digit: -self.evidence[digit].logit)


def explain(model: Model, image: NDArray[np.uint8]) -> Explanation:
    """Take a network's answer to one image apart.

    Parameters
    ----------
    model : Model
    image : uint8 ndarray of shape (28, 28), prepared as the training images were
    """
    inputs = image.astype(np.float64) / 255
    evidence = []
    for weights, bias in zip(model.weights.T, model.params["bias"], strict=True):
        picture = weights.reshape(IMAGE_SHAPE)
        evidence.append(Evidence(picture, inputs * picture, float(bias)))
    return Explanation(tuple(evidence), model.probabilities(image[None])[0])
