"""Why a network gave its answer: every logit is a sum, and here are its terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.shape import IMAGE_SHAPE, PIXELS
from mnistgd.engine.activations import ACTIVATIONS
from mnistgd.engine.layers import Linear
from mnistgd.engine.types import Array, Layer, Params
from mnistgd.model.model import Model, ranked
from mnistgd.model.settings import Settings


@dataclass(frozen=True, eq=False)
class Evidence:
    """The terms of one sum: logit = total of pixel · weight over all pixels + bias + bend.

    Attributes
    ----------
    weights : ndarray of shape (28, 28)
        The slope of the logit along each pixel. Through hidden layers it is that at the image itself.
    products : float64 ndarray of shape (28, 28); pixel in [0, 1] times weight
    bias : float
        The biases of all layers, each times the slope of the logit along it.
    bend : float
        What the units' curves add to their tangents; 0 where they are straight (relu) or there are none.
    """

    weights: Array
    products: NDArray[np.float64]
    bias: float
    bend: float = 0.0

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
        """speaks_for + speaks_against + bias + bend, added in this order."""
        return self.speaks_for + self.speaks_against + self.bias + self.bend

    def rounded(self, places: int) -> tuple[float, ...]:
        """The four terms, and the sum of what they are rounded to: people add up what they see.

        Parameters
        ----------
        places : int, how many decimals

        Examples
        --------
        >>> evidence = Evidence(np.array([10.184, -1.084]), np.array([10.184, -1.084]), -0.164)
        >>> evidence.rounded(2)
        (10.18, -1.08, -0.16, 0.0, 8.94)
        """
        exact = (self.speaks_for, self.speaks_against, self.bias, self.bend)
        # Adding zero makes a zero of minus zero.
        terms = [round(term, places) + 0.0 for term in exact]
        return *terms, round(sum(terms), places)

    def minus(self, other: Evidence) -> Evidence:
        """What speaks for this class rather than for the other; its logit is the difference of the two."""
        return Evidence(
            self.weights - other.weights,
            self.products - other.products,
            self.bias - other.bias,
            self.bend - other.bend,
        )


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

    def __repr__(self) -> str:
        first, second = (f"{digit} ({self.probabilities[digit]:.1%})" for digit in self.ranking[:2])
        return f"<Explanation: {first}, then {second}>"

    @property
    def weights(self) -> Array:
        """Those of all classes, of shape (n_classes, 28, 28)."""
        return np.stack([each.weights for each in self.evidence])

    @property
    def bends(self) -> bool:
        """Whether the weights are a tangent alone, to which something has to be added."""
        return any(each.bend for each in self.evidence)

    def sums(self, evidence: Evidence, places: int) -> dict[str, float]:
        """The terms that people see, and the logit that they add up to; no bend where nothing bends."""
        words = ("for", "against", "bias", "bend", "logit")
        sums = dict(zip(words, evidence.rounded(places), strict=True))
        return {name: number for name, number in sums.items() if self.bends or name != "bend"}

    def note(self, model: Model) -> str:
        """What is to be known of these weights, see `note_of`; `model` is the network that they are of."""
        return note_of(model.settings, bends=self.bends)

    @property
    def ranking(self) -> list[int]:
        """The classes, ranked by their logits."""
        return ranked(np.array([each.logit for each in self.evidence]))


def note_of(settings: Settings, *, bends: bool) -> str:
    """What is to be known of weights that lead through hidden layers; nothing where there are none."""
    if not settings.hidden:
        return ""
    if not bends:
        return "The weights hold for this image only: hidden layers give every image its own."
    return (
        "The weights hold for this image only: they are the tangent there, and bend is what the curves of "
        f"{settings.activation} add to it."
    )


def explain(model: Model, image: NDArray[np.uint8]) -> Explanation:
    """Take a network's answer to one image apart.

    With d_outputs and d_inputs the gradients of a logit by what leaves a layer and by what enters it, as its
    ``backward`` has them, and d_pixels that by what enters the first,

        logit = sum of pixels · d_pixels
              + sum over linear layers of d_outputs · bias
              + sum over activations of (d_outputs · outputs - d_inputs · inputs)

    exactly: a linear layer has d_outputs · outputs = d_inputs · inputs + d_outputs · bias, and what leaves
    one layer enters the next. What a unit of relu adds to the last sum is 0: it passes its input on, or
    nothing. So around each image such a network is linear.

    Parameters
    ----------
    model : Model
    image : uint8 ndarray of shape (28, 28), prepared as the training images were

    Raises
    ------
    WeightsError
        If the weights are so large that an answer is no number.

    References
    ----------
    Montúfar, Pascanu, Cho, Bengio (2014), On the number of linear regions of deep neural networks, section 2.
    """
    probabilities = model.probabilities(image[None])[0]
    classes = len(model.class_names)
    pixels = image.astype(np.float64) / 255
    outputs: Array = np.tile(pixels.reshape(PIXELS), (classes, 1))  # a row for the gradient of each logit
    passes = []
    for layer, params in _layers(model):
        inputs = outputs
        outputs, backward = layer.forward(params, inputs)
        passes.append((params, inputs, outputs, backward))

    d_outputs: Array = np.eye(classes)
    biases, bends = np.zeros(classes), np.zeros(classes)
    for params, inputs, outputs, backward in reversed(passes):
        d_inputs, _ = backward(d_outputs)
        assert d_inputs is not None
        if params:
            biases += d_outputs @ params["bias"]
        else:
            bends += (d_outputs * outputs - d_inputs * inputs).sum(axis=1)
        d_outputs = d_inputs
    evidence = []
    for slopes, bias, bend in zip(d_outputs, biases.tolist(), bends.tolist(), strict=True):
        weights = slopes.reshape(IMAGE_SHAPE)
        evidence.append(Evidence(weights, pixels * weights, bias, bend))
    return Explanation(tuple(evidence), probabilities)


def _layers(model: Model) -> Iterator[tuple[Layer, Params]]:
    """The layers of a network that sees pixels from 0 to 1, each with its parameters in float64."""
    for number, sizes in enumerate(model.settings.layer_sizes(len(model.class_names)), 1):
        if number > 1:
            yield ACTIVATIONS[model.settings.activation](), {}
        prefix = model.settings.layer_prefix(number)
        yield (
            Linear(*sizes),
            {name: model.params[prefix + name].astype(np.float64) for name in ("weights", "bias")},
        )
