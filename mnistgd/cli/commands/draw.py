"""``mnistgd draw``: a page to draw on, with the network in it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mnistgd.cli import console, inputs, options, outputs
from mnistgd.cli.data_options import with_data_options
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import DataError, UsageError

if TYPE_CHECKING:
    from mnistgd.datasets.dataset import Dataset
    from mnistgd.model.model import Model
    from mnistgd.sharing.draw_page import Samples

SAMPLES = 10
"""Test images that come with the page, and mistakes."""


@with_data_options
def draw(
    weights: options.Weights = options.WEIGHTS_FILE,
    out: Annotated[str, options.out("The page to write.")] = "draw.html",
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    data: options.OtherData = None,
    reading: DataOptions = PLAINLY,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a page to draw on: your network in one HTML file."""
    from mnistgd.model.weights_file import network_sha256
    from mnistgd.sharing.draw_page import draw_page

    if open_it and out == outputs.STDOUT:
        raise UsageError("--open shows a file, not stdout", "name a file with --out")
    claimed = outputs.claim(
        files={"--out": out}, read=[weights], endings={"--out": outputs.PAGE}, as_json=as_json
    )
    model = inputs.network(weights, claimed, data, reading)
    samples: list[Samples] = []
    try:
        dataset = inputs.images_for(model, data, reading, offline=offline, quiet=quiet)
    except DataError as error:
        if data is not None:
            raise
        if not quiet:
            console.note(f"the page goes without images: {error.message}")
    else:
        with console.stage("testing"):
            samples = _samples(model, dataset)
    page = draw_page(model, samples)
    claimed.finish(
        {
            "file": out,
            "bytes": len(page),
            "images": sum(len(some.images) for some in samples),
            "weights": str(weights),
            "weights_sha256": network_sha256(model),
        },
        files={out: page},
        last=[out],
    )
    if open_it:
        _show(out)


def _samples(model: Model, dataset: Dataset) -> list[Samples]:
    """Test images of all classes, and those that the network is most surely wrong about."""
    from mnistgd.datasets.examples import of_each_class
    from mnistgd.model.evaluation import confident_mistakes, evaluate
    from mnistgd.sharing.draw_page import Sample, Samples

    images, labels = dataset.split("test")
    some = of_each_class(labels, SAMPLES).ravel()[:SAMPLES].tolist()
    worst = confident_mistakes(evaluate(model, images, labels), images, labels, SAMPLES)

    def taken(indices: list[int]) -> list[Sample]:
        return [Sample(f"Test image {index}", images[index], int(labels[index])) for index in indices]

    return [
        Samples("Test images", taken(some)),
        Samples("Its worst mistakes", taken([each.index for each in worst])),
    ]


def _show(page: str) -> None:
    """Open it in the browser, or say where it is."""
    import webbrowser
    from pathlib import Path

    place = Path(page).absolute()
    # Without a display some browser of the terminal would take it over.
    has_display = sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if not (has_display and webbrowser.open(place.as_uri())):
        console.note(f"there is no browser to show it here: open {place}")
