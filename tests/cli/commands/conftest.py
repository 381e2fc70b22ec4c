"""A network that several files ask, which takes a while to train."""

import pytest

from mnistgd.datasets.deskew import deskew
from mnistgd.datasets.embedded import read
from mnistgd.model import weights_file
from mnistgd.model.settings import Settings
from mnistgd.training.result import finished_model
from mnistgd.training.run import Run


@pytest.fixture(scope="session")
def straightening(tmp_path_factory):
    """The weights file of a deskewing network, trained on all of MNIST."""
    data = read()
    straight = type(data)(
        deskew(data.train_images),
        data.train_labels,
        deskew(data.test_images),
        data.test_labels,
        data.class_names,
        data.source,
        data.sha256,
    )
    run = Run(straight, Settings(deskew=True, epochs=4))
    last = run.finish()
    path = tmp_path_factory.mktemp("network") / "weights.npz"
    weights_file.save(finished_model(last), path)
    return path
