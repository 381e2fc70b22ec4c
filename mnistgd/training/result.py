"""What a finished run leaves: a network, how well it does, and a record of how it came about."""

from __future__ import annotations

from typing import Any

from mnistgd.model.evaluation import evaluate
from mnistgd.model.model import INTERRUPTED, Model
from mnistgd.model.weights_file import build_record
from mnistgd.training.run import TrainState


def finished_model(last: TrainState, *, tested: bool = True) -> Model:
    """The network that a run ends with, tested on the test images, with its record.

    The record's ``results`` are ``test_accuracy``, ``test_loss``, ``train_loss`` (of the last epoch's
    batches), ``epochs`` and ``steps`` done; with images set aside also ``validation_loss``,
    ``validation_accuracy``, ``best_epoch`` and ``stopped`` (why, or None); that also where a run was
    interrupted.

    Without `tested` the images are not looked at, and what they would say is None: of what a run makes, its
    weights must outlive a lack of memory.
    """
    run, dataset = last.run, last.run.dataset
    model = Model(run.final_params(last), run.settings, dataset.class_names)
    test = evaluate(model, dataset.test_images, dataset.test_labels) if tested else None
    if tested:
        dataset.check_files()
    results: dict[str, Any] = {
        "test_accuracy": test and test.accuracy,
        "test_loss": test and test.loss,
        "train_loss": last.loss,
        "epochs": last.epoch,
        "steps": last.step,
    }
    if last.validation is not None and last.best is not None:
        results |= {
            "validation_loss": last.validation.loss,
            "validation_accuracy": last.validation.accuracy,
            "best_epoch": last.best.epoch,
            "stopped": last.stopped or None,
        }
    if not last.ends:
        results["stopped"] = INTERRUPTED
    digests = {"sha256": dataset.sha256, "labels_sha256": dataset.labels_sha256}
    data = {"source": dataset.source, **digests, **dataset.options.as_json()}
    record = build_record(run.settings, dataset.class_names, data=data, results=results, workers=run.workers)
    return Model(model.params, model.settings, model.class_names, record)
