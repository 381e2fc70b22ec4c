"""What a finished run leaves: a network, how well it does, and a record of how it came about."""

from __future__ import annotations

from typing import Any

from mnistgd import records
from mnistgd.datasets.dataset import Dataset
from mnistgd.evaluation import evaluate
from mnistgd.fitting import Progress, Run
from mnistgd.models import Model


def conclude(dataset: Dataset, run: Run, last: Progress) -> Model:
    """The network that `run` ends with after `last`, tested on the test images, with its record.

    The record's ``results`` are ``test_accuracy``, ``test_loss``, ``train_loss`` (of the last epoch's
    batches), ``epochs`` and ``steps`` done; with images set aside also ``validation_loss``,
    ``validation_accuracy``, ``best_epoch`` and ``stopped`` (why, or None).
    """
    model = Model(run.kept(last.checkpoint), run.settings, dataset.names)
    test = evaluate(model, dataset.test_images, dataset.test_labels)
    results: dict[str, Any] = {
        "test_accuracy": test.accuracy,
        "test_loss": test.loss,
        "train_loss": last.loss,
        "epochs": last.epoch,
        "steps": last.step,
    }
    if last.validation is not None and last.checkpoint.best is not None:
        results |= {
            "validation_loss": last.validation.loss,
            "validation_accuracy": last.validation.accuracy,
            "best_epoch": last.checkpoint.best.epoch,
            "stopped": last.stopped or None,
        }
    data = {"source": dataset.source, "sha256": dataset.sha256}
    record = records.build(run.settings, dataset.names, data=data, results=results)
    return Model(model.params, model.settings, model.names, record)
