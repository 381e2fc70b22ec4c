"""A trained network, as Python programs and notebooks have it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistgd.datasets.dataset import Dataset
from mnistgd.datasets.deskew import deskew
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.engine.types import Array
from mnistgd.errors import ShapeError, UsageError
from mnistgd.figures.captions import class_titles
from mnistgd.figures.heatmap import weights_picture
from mnistgd.figures.palettes import PALETTES, limit_of
from mnistgd.figures.png import png_bytes
from mnistgd.model import comparison, evaluation, explanation, model, weights_file
from mnistgd.model.data import other_classes
from mnistgd.training.history import Epoch

PaletteName = Literal["grokking", "diverging", "gray"]


class Model:
    """A trained network; in a notebook it shows its sheet.

    Images are uint8 of shape (n, 28, 28), 0 is background and 255 is ink, as a data set has them: what the
    network needs done to them, such as deskewing, is done here.

    Attributes
    ----------
    history : tuple of Epoch
        How training went, epoch by epoch: ``epoch``, ``step``, ``loss``, ``accuracy``, ``learning_rate``,
        ``seconds`` and, with validation, ``validation_loss`` and ``validation_accuracy``. Empty for a model
        that was read from a file.

    Examples
    --------
    >>> import mnistgd
    >>> data = mnistgd.load_data(offline=True)
    >>> model = mnistgd.train(data, epochs=1)
    >>> model.predict(data.test_images[:3])
    array([7, 2, 1])
    >>> model.weights.shape, model.heatmap(2).mode
    ((784, 10), 'RGB')
    """

    def __init__(self, network: model.Model, history: Sequence[Epoch] = ()) -> None:
        self._network = network
        self.history = tuple(history)

    def __repr__(self) -> str:
        accuracy = comparison.recorded_accuracy(self._network)
        tested = "" if accuracy is None else f": {accuracy:.2%} of the test images right"
        return f"<Model {'→'.join(map(str, self._network.sizes))}{tested}>"

    @property
    def weights(self) -> Array:
        """float32, of shape (784, n_classes); ``weights[:, 2].reshape(28, 28)`` is digit 2's picture.

        Raises
        ------
        WeightsError
            If the network has hidden layers; `layers` has the weights of each.
        """
        return self._network.weights

    @property
    def bias(self) -> Array:
        """float32, of shape (n_classes,): of the last layer."""
        return self._network.layers[-1][1]

    @property
    def layers(self) -> list[tuple[Array, Array]]:
        """Weights of shape (inputs, outputs) and bias of shape (outputs,) of each layer, first to last."""
        return self._network.layers

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called."""
        return self._network.class_names

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The likeliest class of each image, as a number; shape (n,).

        Raises
        ------
        ShapeError
            If `images` are not uint8 of shape (n, 28, 28).
        WeightsError
            If the weights are so large that an answer is no number.
        """
        answers: NDArray[np.intp] = self._network.outputs(self._prepared(images)).argmax(axis=1)
        return answers

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """How probable each class is; shape (n, n_classes), each row sums to 1.

        Raises
        ------
        ShapeError, WeightsError
            As `predict`.
        """
        return self._network.probabilities(self._prepared(images))

    def evaluate(self, data: Dataset, split: Literal["test", "train"] = "test") -> evaluation.Evaluation:
        """How well the network does on the test images, or the training images, of a data set.

        Returns
        -------
        Evaluation
            ``accuracy``, a fraction; ``loss``; ``confusion`` of shape (n_classes, n_classes), whose rows are
            the true classes; ``precision`` and ``recall`` of each class; and of the images that are answered
            wrongly ``wrong``, their numbers, ``answers`` and ``sure``, how probable those are to the network.

        Raises
        ------
        DataError
            If the data set has more classes than the network.
        UsageError
            If there is no such split.
        WeightsError
            As `predict`.
        """
        if split not in ("test", "train"):
            raise UsageError(f"there is no split {split}", "there are test and train")
        if len(data.class_names) > len(self.class_names):
            raise other_classes(data, self._network)
        images, labels = data.split(split)
        return evaluation.evaluate(self._network, self._prepared(images), labels)

    def explain(self, image: NDArray[np.uint8]) -> explanation.Explanation:
        """Why one image, of shape (28, 28), gets its answer.

        Returns
        -------
        Explanation
            ``evidence[d].products``, of shape (28, 28), is pixel × weight for digit d, which with
            ``evidence[d].bias`` adds up to ``evidence[d].logit``; ``ranking`` has the likeliest digit first.

        Raises
        ------
        ShapeError
            If `image` is not uint8 of that shape.
        """
        return explanation.explain(self._network, self._prepared(np.asarray(image)[None])[0])

    def heatmap(
        self, digit: int | str, *, palette: PaletteName = "grokking", size: int | None = None
    ) -> Image.Image:
        """The picture of one class, by its number or its name, as ``mnistgd show-weights`` draws it.

        Parameters
        ----------
        digit : int or str
        palette : str
        size : int, the heatmap's width in pixels

        Raises
        ------
        WeightsError
            If the network has hidden layers.
        UsageError
            If there is no such class or palette, or the picture would be too small or too large.
        """
        titles = class_titles(self.class_names)
        if digit in self.class_names:
            digit = self.class_names.index(str(digit))
        if not isinstance(digit, int | np.integer) or isinstance(digit, bool) or not 0 <= digit < len(titles):
            raise UsageError(
                f"this network knows no class {digit}", f"it knows {', '.join(self.class_names)}"
            )
        values = self.weights
        return _picture(values[:, [digit]], [titles[digit]], limit_of(values), palette, size)

    def sheet(self, *, palette: PaletteName = "grokking", size: int | None = None) -> Image.Image:
        """The pictures of all classes on one sheet; with hidden layers, of the units of the first layer.

        Raises
        ------
        UsageError
            As `heatmap`.
        """
        values = self._network.layer_weights(1)
        hidden = self._network.settings.hidden
        titles = [f"unit {unit}" for unit in range(hidden[0])] if hidden else class_titles(self.class_names)
        return _picture(values, titles, limit_of(values), palette, size)

    def save(self, path: str | Path) -> None:
        """Write the file that ``mnistgd train`` writes; what is at `path` is replaced whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        weights_file.save(self._network, Path(path))

    def _repr_png_(self) -> bytes:
        return png_bytes(self.sheet())

    def _prepared(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        found = np.asarray(images)
        if found.dtype != np.uint8 or found.shape[1:] != IMAGE_SHAPE:
            message = f"images are uint8 of shape (n, 28, 28), not {found.dtype} of shape {found.shape}"
            raise ShapeError(message, "0 is background and 255 is ink; read_picture brings a file to that")
        return deskew(found) if self._network.settings.deskew else found


def _picture(
    values: Array, titles: Sequence[str], limit: float, palette: PaletteName, size: int | None
) -> Image.Image:
    if palette not in PALETTES:
        raise UsageError(f"there is no palette {palette}", f"there are {', '.join(PALETTES)}")
    if size is not None and size < IMAGE_SHAPE[1]:
        raise UsageError(f"size={size} is no width of a heatmap", "28 pixels is the least")
    return weights_picture(values, titles, limit, PALETTES[palette], size)


def load(path: str | Path) -> Model:
    """The network in a file that ``mnistgd train`` or `Model.save` wrote.

    Raises
    ------
    WeightsError
        If it is missing, damaged or not a weights file.

    Examples
    --------
    >>> import mnistgd
    >>> mnistgd.load("none.npz")
    Traceback (most recent call last):
        ...
    mnistgd.errors.WeightsError: there is no weights file none.npz
    """
    return Model(weights_file.load(Path(path)))
