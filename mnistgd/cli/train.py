"""``mnistgd train``: images in, a weights file out."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mnistgd.cli import console, options

if TYPE_CHECKING:
    from mnistgd.fitting import Progress
    from mnistgd.history import Epoch


def _batch_size(value: str | int) -> int:
    """0 for the whole training set; typer hands the default through here as well."""
    text = str(value)
    if text == "full":
        return 0
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise typer.BadParameter(f"{text!r} is neither a number from 1 up nor 'full'")
    return int(text)


def _positive(value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise typer.BadParameter(f"{value} is not a finite number above 0")
    return value


def _not_negative(value: float) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise typer.BadParameter(f"{value} is not a finite number from 0 up")
    return value


def train(
    epochs: Annotated[int, typer.Option(min=1, metavar="N", help="Passes over the training images.")] = 10,
    batch_size: Annotated[
        int, typer.Option(parser=_batch_size, metavar="N|full", help="Images for each step.")
    ] = 100,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            callback=_positive,
            metavar="X",
            show_default="1.0; 0.02 for squared-error",
            help="How far a step goes along the gradient.",
        ),
    ] = None,
    schedule: Annotated[
        Literal["linear", "constant"], typer.Option(help="The rate over time; linear falls to zero.")
    ] = "linear",
    loss: Annotated[
        Literal["cross-entropy", "squared-error"],
        typer.Option(help="squared-error is the book's network: no softmax, delta = pred - true."),
    ] = "cross-entropy",
    weight_decay: Annotated[
        float,
        typer.Option(
            callback=_not_negative, metavar="X", help="This times the weights is added to their gradient."
        ),
    ] = 0.0,
    init: Annotated[
        Literal["zeros", "uniform", "glorot_uniform"] | None,
        typer.Option(show_default="zeros", help="Where the weights start."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Decides the order of the images and random weights.")
    ] = 0,
    deskew: Annotated[
        bool, typer.Option("--deskew", help="Straighten and centre each image first, then and later.")
    ] = False,
    data: options.Data = "mnist",
    labels: options.Labels = None,
    offline: options.Offline = False,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", envvar="MNISTGD_WEIGHTS", metavar="FILE", help="The weights file to write."
        ),
    ] = options.WEIGHTS_FILE,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Write how each epoch went, a JSON object a line."),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train the network and write its weights to a file."""
    from mnistgd import datasets, history, models
    from mnistgd.cli.progress import TrainingProgress
    from mnistgd.evaluation import evaluate
    from mnistgd.files import check_writable
    from mnistgd.fitting import fit
    from mnistgd.settings import Settings

    settings = Settings(
        epochs=epochs,
        batch_size=batch_size or None,
        learning_rate=learning_rate,
        schedule=schedule,
        loss=loss,
        weight_decay=weight_decay,
        init=init,
        seed=seed,
        deskew=deskew,
    ).resolved()
    names = datasets.parse_names(labels) if labels is not None else None
    check_writable(out)
    if log is not None:
        history.begin(log)

    with console.Reporter(quiet=quiet) as reporter:
        dataset = datasets.load(data, offline=offline, names=names, deskew=deskew, listener=reporter)

    started = time.perf_counter()
    with TrainingProgress(quiet=quiet) as show:
        for progress in fit(dataset, settings):
            show(progress)
            if log is not None and progress.epoch_ends:
                history.add(log, _epoch(progress, time.perf_counter() - started))
    seconds = time.perf_counter() - started

    model = models.Model(progress.params, settings, dataset.names)
    test = evaluate(model, dataset.test_images, dataset.test_labels)
    figures = {"test_accuracy": test.accuracy, "test_loss": test.loss, "train_loss": progress.loss}
    source = {"source": dataset.source, "sha256": dataset.sha256}
    models.save(models.with_record(model, data=source, results=figures), out)

    if as_json:
        console.print_json(
            {
                **figures,
                "epochs": settings.epochs,
                "steps": progress.steps,
                "seconds": round(seconds, 3),
                "weights": str(out),
                "data": source,
                "settings": settings.as_json(),
            }
        )
        return
    console.print_result(
        f"test accuracy  {test.accuracy:.2%}\n"
        f"test loss      {test.loss:.4f}\n"
        f"trained in     {seconds:.1f} s, {progress.steps} steps in {settings.epochs} epochs\n"
        f"weights        {out}"
    )
    if not quiet:
        console.note("next: mnistgd show-weights")


def _epoch(progress: Progress, seconds: float) -> Epoch:
    from mnistgd.history import Epoch

    return Epoch(
        epoch=progress.epoch,
        step=progress.step,
        loss=progress.loss,
        accuracy=progress.accuracy,
        learning_rate=progress.learning_rate,
        seconds=round(seconds, 3),
    )
