"""``mnistgd verify``: train again from the record, and compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistgd.cli import console, inputs, options, outputs
from mnistgd.cli.data_options import with_data_options
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import DataError, MnistgdError, WeightsError

SAYS = {
    "identical": "identical: the same bytes of weights",
    "rounding": "rounding: the same weights, but for the last digits",
    "different": "different: not the weights that these settings and images give",
}


@with_data_options
def verify(
    weights: Annotated[
        Path,
        typer.Argument(envvar="MNISTGD_WEIGHTS", metavar="[FILE|-]", help="The weights file to check."),
    ] = options.WEIGHTS_FILE,
    data: options.OtherData = None,
    reading: DataOptions = PLAINLY,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train again from a file's record, and compare the weights."""
    from mnistgd.cli.progress import TrainingProgress
    from mnistgd.training import reproduction
    from mnistgd.training.run import Run

    claimed = outputs.claim(read=[weights], as_json=as_json)
    model = inputs.network(weights)
    if model.is_foreign:
        raise WeightsError(
            f"{weights} was trained by another program", "nobody knows its settings and images"
        )
    dataset = inputs.images_for(model, data, reading, offline=offline, quiet=quiet)
    if not model.trained_on(dataset):
        hint = f"name them with --data PATH {model.reading.words()}".rstrip()
        raise DataError(f"{weights} was trained on other images, or other labels, than these", hint)
    with TrainingProgress(quiet=quiet) as show, console.stage("training"):
        # Ctrl-C in Python ends a run earlier than its settings say.
        last = Run(dataset, model.settings).finish(show, steps=model.results.get("steps"))
    found = reproduction.reproduce(model, last)

    lines = [SAYS[found.verdict], f"largest difference   {found.max_difference:.3g}"]
    if found.environment_differs:
        lines.append(f"environment differs  in {', '.join(found.environment_differs)}")
    document = {
        "verdict": found.verdict,
        "max_difference": found.max_difference,
        "environment_differs": found.environment_differs,
        "weights": str(weights),
    }
    claimed.finish(document, lines)
    if found.verdict == "different":
        raise MnistgdError(f"{weights} cannot be reproduced", "it was changed, or made by other code")
