"""A page to draw on: one HTML file with a network in it that answers while one draws."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from string import Template
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistgd import __version__
from mnistgd.figures.evidence import SPOKE
from mnistgd.figures.legend import MEANING
from mnistgd.figures.palettes import DIVERGING, GROKKING
from mnistgd.model.explanation import note_of
from mnistgd.model.model import Model
from mnistgd.model.weights_file import network_sha256
from mnistgd.sharing import pages

_PALETTES = (DIVERGING, GROKKING)


class Sample(NamedTuple):
    """An image that comes with the page.

    Attributes
    ----------
    title : str; which image of the data it is
    pixels : uint8 ndarray of shape (28, 28), prepared as the training images were
    label : int, the class that it is of
    """

    title: str
    pixels: NDArray[np.uint8]
    label: int


class Samples(NamedTuple):
    """Some of them, below one heading."""

    title: str
    images: Sequence[Sample]


def draw_page(model: Model, samples: Sequence[Samples] = ()) -> bytes:
    """One HTML file that needs nothing else: styles, script, network and images are inside.

    A policy in it forbids every connection and every script and style but its own, which it knows by their
    hashes. The network and all words of it are JSON that the script reads, so that no class name is markup.

    Parameters
    ----------
    model : Model
    samples : sequence of Samples; groups without images are left out

    Returns
    -------
    bytes
        The same network and images give the same bytes.
    """
    style, script = pages.style("draw.css"), pages.text("draw.js")
    page = Template(pages.text("draw.html")).substitute(
        policy=pages.policy(style, script),
        version=__version__,
        style=style,
        # In a script element only "<" could be the beginning of something else.
        model=json.dumps(_model(model, samples), separators=(",", ":")).replace("<", "\\u003c"),
        script=script,
    )
    return page.encode()


def _model(model: Model, samples: Sequence[Samples]) -> dict[str, Any]:
    settings = model.settings
    bends = bool(settings.hidden) and settings.activation != "relu"
    return {
        "about": f"A network of {' → '.join(map(str, model.sizes))}.",
        "classNames": model.class_names,
        "loss": settings.loss,
        "activation": settings.activation,
        "output": settings.output,
        "deskew": settings.deskew,
        "bends": bends,
        "note": note_of(settings, bends=bends),
        "layers": [
            {"weights": _base64(weights.astype("<f4")), "bias": _base64(bias.astype("<f4"))}
            for weights, bias in model.layers
        ],
        "palettes": {each.name: {"anchors": each.anchors, "words": each.words} for each in _PALETTES},
        "meanings": {"weights": MEANING, "evidence": SPOKE},
        "samples": [
            {
                "title": title,
                "images": [
                    {"title": each.title, "label": each.label, "pixels": _base64(each.pixels)}
                    for each in images
                ],
            }
            for title, images in samples
            if images
        ],
        "sha256": network_sha256(model),
    }


def _base64(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()
