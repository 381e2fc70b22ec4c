"""``mnistgd train``: images in, a weights file out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mnistgd.cli import console, options, outputs
from mnistgd.cli import train_options as asked

if TYPE_CHECKING:
    from mnistgd.fitting import Progress
    from mnistgd.history import Epoch
    from mnistgd.models import Model


def train(
    epochs: asked.Epochs = 10,
    batch_size: asked.BatchSize = 100,
    learning_rate: asked.LearningRate = None,
    schedule: asked.Schedule = "linear",
    loss: asked.LossName = "cross-entropy",
    optimizer: asked.OptimizerName = "sgd",
    momentum: asked.Momentum = None,
    weight_decay: asked.WeightDecay = 0.0,
    init: asked.Init = None,
    hidden: asked.Hidden = None,
    activation: asked.Activation = "relu",
    freeze: asked.Freeze = None,
    standardise: asked.Standardise = False,
    deskew: asked.Deskew = False,
    seed: asked.Seed = 0,
    validation: asked.Validation = 0.0,
    target_loss: asked.TargetLoss = None,
    target_accuracy: asked.TargetAccuracy = None,
    patience: asked.Patience = None,
    data: options.Data = "mnist",
    labels: options.Labels = None,
    offline: options.Offline = False,
    out: asked.Out = str(options.WEIGHTS_FILE),
    log: asked.Log = None,
    min_accuracy: options.MinAccuracy = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train the network and write its weights to a file."""
    from mnistgd import datasets, history, models
    from mnistgd.cli.progress import TrainingProgress
    from mnistgd.fitting import Run
    from mnistgd.mask import read_mask
    from mnistgd.outcome import conclude
    from mnistgd.settings import Settings, pack_mask

    settings = Settings(
        epochs=epochs,
        batch_size=batch_size or None,
        learning_rate=learning_rate,
        schedule=schedule,
        loss=loss,
        optimizer=optimizer,
        momentum=momentum,
        weight_decay=weight_decay,
        init=init,
        hidden=tuple(int(units) for units in hidden.split(",")) if hidden else (),
        activation=activation,
        freeze=None if freeze is None else pack_mask(read_mask(freeze)),
        standardise=standardise,
        seed=seed,
        deskew=deskew,
        validation=validation,
        target_loss=target_loss,
        target_accuracy=target_accuracy,
        patience=patience,
    ).resolved()
    names = datasets.parse_names(labels) if labels is not None else None
    outputs.check(out, as_json=as_json)
    if log is not None:
        history.begin(log)

    with console.Reporter(quiet=quiet) as reporter:
        dataset = datasets.load(data, offline=offline, names=names, deskew=deskew, listener=reporter)

    started = time.perf_counter()
    run = Run(dataset, settings)
    with TrainingProgress(quiet=quiet) as show:
        for progress in run.go():
            show(progress)
            if log is not None and progress.epoch_ends:
                history.add(log, _epoch(progress, time.perf_counter() - started))
    seconds = time.perf_counter() - started

    model = conclude(dataset, run, progress)
    outputs.deliver(models.file_bytes(model), out)
    _report(model, seconds, out, as_json=as_json, quiet=quiet)
    outputs.check_gate(model.record["results"]["test_accuracy"], min_accuracy)


def _report(model: Model, seconds: float, out: str, *, as_json: bool, quiet: bool) -> None:
    results: dict[str, Any] = model.record["results"]
    if as_json:
        console.print_json(
            {
                **results,
                "seconds": round(seconds, 3),
                "weights": out,
                "data": model.record["data"],
                "settings": model.settings.as_json(),
            }
        )
        return
    lines = [
        f"test accuracy  {results['test_accuracy']:.2%}",
        f"test loss      {results['test_loss']:.4f}",
        f"trained in     {seconds:.1f} s, {results['steps']} steps in {results['epochs']} epochs",
    ]
    if "validation_loss" in results:
        lines.insert(
            2, f"validation     {results['validation_accuracy']:.2%}, loss {results['validation_loss']:.4f}"
        )
    if results.get("stopped"):
        lines.append(f"stopped        {results['stopped']}")
    if out == outputs.STDOUT:
        return
    console.print_result("\n".join([*lines, f"weights        {out}"]))
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
        validation_loss=progress.validation.loss if progress.validation else None,
        validation_accuracy=progress.validation.accuracy if progress.validation else None,
    )
