"""``mnistgd import``: weights that another program trained."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mnistgd.cli import console, inputs, options, outputs
from mnistgd.errors import UsageError


def import_weights(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="Weights with PyTorch's names and layout: safetensors, .npz."),
    ],
    mean: Annotated[
        float | None,
        typer.Option(
            callback=options.between(-1000, 1000, "a number from -1000 to 1000"),
            metavar="X",
            help="What was subtracted from pixels in [0, 1].",
        ),
    ] = None,
    std: Annotated[
        float | None,
        typer.Option(
            callback=options.between(1e-6, 1000, "a number from 0.000001 to 1000"),
            metavar="X",
            help="What they were then divided by.",
        ),
    ] = None,
    activation: Annotated[
        Literal["relu", "tanh", "sigmoid"] | None, typer.Option(help="What hidden units do with their total.")
    ] = None,
    output: Annotated[
        Literal["sigmoid", "tanh"] | None,
        typer.Option(help="What the outputs do with theirs, where no softmax follows."),
    ] = None,
    class_names: options.ClassNames = None,
    out: Annotated[str, options.out("The weights file to write.", envvar="MNISTGD_WEIGHTS")] = str(
        options.WEIGHTS_FILE
    ),
    as_json: options.Json = False,
) -> None:
    """Make a weights file of weights that another program trained."""
    from mnistgd.model import weights_file
    from mnistgd.sharing import elsewhere

    if (mean is None) != (std is None):
        missing = "--mean" if mean is None else "--std"
        raise UsageError(f"{missing} is missing", "--mean 0 --std 1 is for pixels in [0, 1]")
    names = inputs.class_names(class_names)
    claimed = outputs.claim(files={"--out": out}, read=[source], endings={"--out": ".npz"}, as_json=as_json)
    normalisation = None if mean is None or std is None else elsewhere.Normalisation(mean, std)
    with console.stage("reading the weights"):
        model = elsewhere.imported(inputs.tensors(source), source, normalisation, activation, names, output)
    if model.is_foreign:
        console.note("nobody knows its settings and images: verify cannot train it again")
    claimed.finish(
        {
            "imported": source,
            "weights": out,
            "weights_sha256": weights_file.network_sha256(model),
            "settings": model.known_settings,
            "data": model.record["data"],
        },
        files={out: weights_file.file_bytes(model)},
        last=[out],
    )
