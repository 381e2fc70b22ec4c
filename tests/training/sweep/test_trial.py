"""What one trial of a sweep gives."""

import json

import numpy as np
import pytest

from mnistgd.model import weights_file
from mnistgd.model.evaluation import evaluate
from mnistgd.model.settings import Settings
from mnistgd.training.run import Run
from mnistgd.training.sweep.trial import Trial, run_trial


def test_a_trial_is_the_run_but_for_its_test(tiny):
    settings = Settings(epochs=3, batch_size=20, validation=0.25, seed=4)
    trial, content = run_trial(Trial(0, {}), settings, tiny)
    last = Run(tiny, settings).finish()
    model = weights_file.load(content)
    np.testing.assert_array_equal(model.params["weights"], last.params["weights"])
    np.testing.assert_array_equal(model.params["bias"], last.params["bias"])
    assert model.record["results"]["test_accuracy"] is None
    assert (trial.validation_accuracy, trial.validation_loss) == (
        last.validation.accuracy,
        last.validation.loss,
    )
    assert (trial.epochs, trial.steps, trial.error) == (3, last.step, None)
    assert trial.environment["threads"] == 1


def test_with_patience_the_score_is_that_of_the_weights_that_are_kept(tiny):
    settings = Settings(epochs=30, batch_size=5, schedule="constant", validation=0.3, patience=2)
    trial, content = run_trial(Trial(0, {}), settings, tiny)
    run, model = Run(tiny, settings), weights_file.load(content)
    kept = evaluate(model, tiny.train_images[run.validation_rows], tiny.train_labels[run.validation_rows])
    assert trial.stopped is not None
    assert trial.validation_accuracy == kept.accuracy
    assert trial.validation_loss == pytest.approx(kept.loss, rel=1e-5)


def test_a_run_that_diverges_is_a_trial_with_an_error(tiny):
    settings = Settings(learning_rate=1e30, loss="squared-error", validation=0.1)
    trial, content = run_trial(Trial(3, {}), settings, tiny)
    assert trial.error.startswith("training diverged at step")
    assert (trial.validation_accuracy, content) == (None, b"")


@pytest.mark.parametrize(
    "change",
    [
        {"validation_accuracy": None},
        {"validation_accuracy": float("nan")},
        {"validation_loss": "1"},
        {"validation_loss": 10**400},
        {"seconds": -1},
        {"seconds": "1"},
        {"error": 7},
    ],
)
def test_a_trial_without_its_numbers(swept, change):
    _, plan, ended = swept
    found = json.loads(json.dumps(ended[0][0].as_json()))
    assert Trial.from_json(found, plan) == ended[0][0]
    with pytest.raises(ValueError, match=r"cannot be|is no such number"):
        Trial.from_json(found | change, plan)
