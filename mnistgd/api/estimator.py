"""The engine as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from mnistgd.engine.layers import Linear
from mnistgd.engine.training import BatchGradient, batch_order, gradient_of, train
from mnistgd.engine.types import Array, Layer, Params, Schedule
from mnistgd.model.environment import one_blas_thread
from mnistgd.model.model import probabilities_of
from mnistgd.model.network import layers_of, loss_of, optimizer_of, schedule_of
from mnistgd.model.settings import Settings

FLOATS = [np.float64, np.float32]
"""What is computed in its own precision; everything else in the first."""


class GradientDescentClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gradient descent as ``mnistgd train`` has it, for any number of features and classes.

    One layer, or hidden layers, trained by the engine of this package: softmax and cross-entropy, or squared
    error. Inputs are taken as they are: for MNIST divide the pixels by 255.

    Parameters
    ----------
    epochs, batch_size, learning_rate, schedule, loss, optimizer, momentum, weight_decay, dropout, init,
    hidden, activation, output, bias, seed
        As the options of ``mnistgd train`` of the same names, with the same defaults; None for
        `learning_rate`, `momentum` and `init` is what suits the others, and for `batch_size` the full batch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (n_classes, n_features), or (1, n_features) for two classes
        Without hidden layers.
    intercept_ : ndarray of shape (n_classes,), or (1,)
        Without hidden layers.
    n_features_in_ : int
    feature_names_in_ : ndarray of str, if the inputs had names
    n_iter_ : int, epochs done
    loss_curve_ : list of float; the mean loss over the batches of each epoch, each taken before its update
    params_ : dict of str to ndarray, what the engine calls its parameters

    Examples
    --------
    >>> import numpy as np
    >>> from mnistgd import GradientDescentClassifier
    >>> X = np.array([[0.0], [0.2], [0.8], [1.0]])
    >>> model = GradientDescentClassifier(epochs=50, batch_size=2).fit(X, ["low", "low", "high", "high"])
    >>> model.predict([[0.1], [0.9]]).tolist()
    ['low', 'high']
    """

    def __init__(
        self,
        *,
        epochs: int = 10,
        batch_size: int | None = 100,
        learning_rate: float | None = None,
        schedule: str = "linear",
        loss: str = "cross-entropy",
        optimizer: str = "sgd",
        momentum: float | None = None,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
        init: str | None = None,
        hidden: int | Sequence[int] = (),
        activation: str = "relu",
        output: str = "none",
        bias: bool = True,
        seed: int = 0,
    ) -> None:
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.loss = loss
        self.optimizer = optimizer
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.init = init
        self.hidden = hidden
        self.activation = activation
        self.output = output
        self.bias = bias
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> GradientDescentClassifier:
        """Train from the beginning.

        Parameters
        ----------
        X : array of shape (n, n_features)
            Float32 and float64 are computed in their own precision, everything else in float64.
        y : array of shape (n,), the class of each row

        Raises
        ------
        ValueError
            If scikit-learn would refuse the arrays, or there is only one class.
        UsageError
            If a parameter is not what it may be.
        DivergedError
            If training leaves the usable numbers.
        """
        inputs, targets = validate_data(self, X, y, dtype=FLOATS)
        self._begin(unique_labels(targets), inputs)
        epochs = self._settings.epochs
        steps = epochs * -(-len(inputs) // self._size(len(inputs)))
        self._descend(inputs, targets, epochs, schedule_of(self._settings, steps))
        return self

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> GradientDescentClassifier:
        """Train one epoch more, at the learning rate of the beginning: no schedule knows when the end is.

        Parameters
        ----------
        X, y : as for `fit`
        classes : array of shape (n_classes,)
            All classes that there will be; must be given the first time.

        Raises
        ------
        ValueError, UsageError, DivergedError
            As `fit`, or if `classes` is missing, or others than the first time.
        """
        first = not hasattr(self, "classes_")
        inputs, targets = validate_data(self, X, y, dtype=FLOATS, reset=first)
        if first:
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit")
            self._begin(unique_labels(classes), inputs)
        elif classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
            raise ValueError(f"classes={classes} is not the same as on the last call to partial_fit")
        self._descend(inputs, targets, 1, lambda _: self._settings.learning_rate)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.floating]:
        """What the last layer gives, of shape (n, n_classes); for two classes the difference, (n,)."""
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """How probable each class is, of shape (n, n_classes); the rows sum to 1."""
        return probabilities_of(self._outputs(X), self._settings)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each row, of shape (n,)."""
        answers = self._outputs(X).argmax(axis=1)
        found: NDArray[Any] = self.classes_[answers]
        return found

    @property
    def coef_(self) -> NDArray[np.floating]:
        """The weights, one row for each class; for two classes what speaks for the second."""
        return self._of_one_layer("weights").T

    @property
    def intercept_(self) -> NDArray[np.floating]:
        """The bias of each class; for two classes what speaks for the second."""
        return self._of_one_layer("bias")

    def _begin(self, classes: NDArray[Any], inputs: Array) -> None:
        check_classification_targets(classes)
        if len(classes) < 2:
            raise ValueError(
                f"there must be at least 2 classes to tell apart; the data has 1 class: {classes}"
            )
        self._settings = Settings.from_values(**self.get_params(deep=False))
        self.classes_ = classes
        self._dtype = inputs.dtype
        params = self._network().init(np.random.default_rng([self._settings.seed, 0]))
        self.params_ = {name: np.asfortranarray(array, self._dtype) for name, array in params.items()}
        self._state = optimizer_of(self._settings).init(self.params_)
        self._step = 0
        self.n_iter_ = 0
        self.loss_curve_: list[float] = []

    def _network(self, step: int | None = None) -> Layer:
        first = partial(Linear, input_gradient=False)
        return layers_of(self._settings, self.n_features_in_, len(self.classes_), first, step=step)

    def _size(self, n: int) -> int:
        return min(self._settings.batch_size or n, n)

    def _descend(self, inputs: Array, targets: NDArray[Any], epochs: int, schedule: Schedule) -> None:
        unknown = np.setdiff1d(targets, self.classes_)
        if len(unknown):
            raise ValueError(f"y has classes that were not named before: {unknown}")
        labels = np.searchsorted(self.classes_, targets)
        with one_blas_thread():
            for _ in range(epochs):
                self._epoch(inputs.astype(self._dtype, copy=False), labels, schedule)

    def _epoch(self, inputs: Array, labels: NDArray[np.intp], schedule: Schedule) -> None:
        rng = np.random.default_rng([self._settings.seed, self.n_iter_ + 1])
        order = batch_order(np.arange(len(inputs)), self._size(len(inputs)), rng)
        network, loss, total = self._network(), loss_of(self._settings), 0.0

        def gradient(step: int, params: Params, batch: tuple[Array, Array]) -> BatchGradient:
            trained = self._network(step) if self._settings.dropout else network
            return gradient_of(trained, loss)(step, params, batch)

        for step in train(
            gradient,
            self.params_,
            ((inputs.take(rows, axis=0), labels.take(rows)) for rows in order),
            optimizer=optimizer_of(self._settings),
            schedule=schedule,
            state=self._state,
            first_step=self._step,
        ):
            self.params_, self._state, self._step = step.params, step.state, step.step + 1
            total += step.loss * len(step.targets)
        self.n_iter_ += 1
        self.loss_curve_.append(total / len(inputs))

    def _outputs(self, X: ArrayLike) -> Array:
        check_is_fitted(self)
        inputs: Array = validate_data(self, X, dtype=FLOATS, reset=False)
        return self._network().forward(self.params_, inputs.astype(self._dtype, copy=False))[0]

    def _of_one_layer(self, name: str) -> Array:
        check_is_fitted(self, "params_")
        if self._settings.hidden:
            raise AttributeError(
                "with hidden layers no single weight joins a feature and a class: see params_"
            )
        values = self.params_[name]
        return values[..., 1:] - values[..., :1] if len(self.classes_) == 2 else values
