"""Losses: how wrong the outputs are, and in which direction they should move.

Each is a function ``(outputs, targets) -> (value, d_outputs)``; the value is a mean over the batch, so
that a learning rate means the same whatever the batch size. ``summed`` makes a sum of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mnistgd.engine.types import Array, Layer, Loss
from mnistgd.errors import ShapeError


def softmax(logits: Array) -> Array:
    """Probabilities: exp(logits) / sum(exp(logits)) along the last axis.

    The largest logit of each row is subtracted first, which changes nothing but keeps exp finite.

    Parameters
    ----------
    logits : ndarray of shape (..., n_classes)

    Returns
    -------
    ndarray of the same shape; each row sums to 1.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 4.104.
    """
    exponentials: Array = np.exp(logits - logits.max(axis=-1, keepdims=True))
    exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return exponentials


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """Mean cross-entropy of softmax(logits), and its gradient.

    loss     = -(1/batch) · sum_i log p[i, labels[i]],   p = softmax(logits)
    d_logits = (p - one_hot(labels)) / batch

    Parameters
    ----------
    logits : ndarray of shape (batch, n_classes)
    labels : integer ndarray of shape (batch,), each in [0, n_classes)

    Returns
    -------
    loss : float, in nats; log(n_classes) for a uniform guess
    d_logits : ndarray of shape (batch, n_classes)

    Raises
    ------
    ShapeError
        If there is not one label per row of `logits`, no row at all, or a label of no class.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 4.3.4.

    Examples
    --------
    >>> loss, d_logits = softmax_cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> round(loss, 4), d_logits.tolist()
    (1.3863, [[0.25, 0.25, -0.75, 0.25]])
    """
    check_labels("logits", logits, labels)
    batch = len(logits)
    # A row for each class, as the layers leave them in memory: sums over the classes then run along long
    # rows, and one index finds the class of each label.
    by_class = np.subtract(logits.T, np.maximum.reduce(logits.T), order="C")
    flat = by_class.reshape(-1)
    own = labels.astype(np.intp)
    own *= batch
    own += np.arange(batch)
    # log p from the logits, never from p: a p that rounds to 0 would make the loss infinite.
    chosen = _pick(flat, own, labels, logits.shape[1])
    np.exp(by_class, out=by_class)
    totals = np.add.reduce(by_class)
    loss = float(np.add.reduce(np.log(totals) - chosen)) / batch
    totals *= batch
    by_class /= totals
    flat[own] -= 1 / batch
    return loss, by_class.T


def cross_entropy(probabilities: Array, labels: Array) -> tuple[float, Array]:
    """Mean cross-entropy of probabilities that are given as they are, and its gradient.

    loss            = -(1/batch) · sum_i log p[i, labels[i]]
    d_probabilities = -one_hot(labels) / (p · batch)

    A probability below the precision of its dtype counts as that, 2.2e-16 in float64, so that loss and
    gradient stay finite. Where there are logits, `softmax_cross_entropy` needs no such limit.

    Parameters
    ----------
    probabilities : ndarray of shape (batch, n_classes), each in [0, 1]
    labels : integer ndarray of shape (batch,), each in [0, n_classes)

    Returns
    -------
    loss : float, in nats
    d_probabilities : ndarray of shape (batch, n_classes)

    Raises
    ------
    ShapeError
        If there is not one label per row of `probabilities`, no row at all, or a label of no class.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 4.108.

    Examples
    --------
    >>> loss, d_probabilities = cross_entropy(np.array([[0.25, 0.5, 0.25]]), np.array([1]))
    >>> round(loss, 4), d_probabilities.tolist()
    (0.6931, [[0.0, -2.0, 0.0]])
    """
    check_labels("probabilities", probabilities, labels)
    batch = len(probabilities)
    rows = np.arange(batch)
    chosen = _pick(probabilities, (rows, labels), labels, probabilities.shape[1])
    chosen = np.maximum(chosen, np.finfo(probabilities.dtype).eps)
    d_probabilities = np.zeros_like(probabilities)
    d_probabilities[rows, labels] = -1 / (chosen * batch)
    return float(-np.log(chosen).mean()), d_probabilities


def half_squared_error(outputs: Array, targets: Array) -> tuple[float, Array]:
    """Half the squared error, summed over the outputs, mean over the batch; and its gradient.

    loss      = (1/batch) · sum_i ½ · sum_j (outputs[i, j] - targets[i, j])²
    d_outputs = (outputs - targets) / batch

    With a batch of one the gradient is ``delta = pred - true``.

    Parameters
    ----------
    outputs, targets : ndarray of shape (batch, n_outputs)

    Returns
    -------
    loss : float
    d_outputs : ndarray of shape (batch, n_outputs)

    Raises
    ------
    ShapeError
        If the two differ in shape, or are empty.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 5.11.

    Examples
    --------
    >>> half_squared_error(np.array([[3.0]]), np.array([[1.0]]))
    (2.0, array([[2.]]))
    """
    if outputs.ndim != 2 or outputs.shape != targets.shape or not outputs.size:
        raise ShapeError(
            f"outputs of shape {outputs.shape} want rows, and targets of that shape, not {targets.shape}"
        )
    difference = outputs - targets
    batch = len(outputs)
    loss = float(np.vdot(difference, difference)) / (2 * batch)
    difference /= batch
    return loss, difference


def summed(loss: Loss) -> Loss:
    """The sum over the batch of a loss that is a mean over it: batch · loss, and its gradient.

    Examples
    --------
    >>> summed(half_squared_error)(np.array([[3.0], [3.0]]), np.array([[1.0], [1.0]]))
    (4.0, array([[2.],
           [2.]]))
    """

    def sum_loss(outputs: Array, targets: Array) -> tuple[float, Array]:
        value, d_outputs = loss(outputs, targets)
        return value * len(outputs), d_outputs * len(outputs)

    return sum_loss


def activated(loss: Loss, activation: Layer) -> Loss:
    """The loss of what an activation makes of the outputs, and its gradient by the outputs themselves.

    value     = loss(activation(outputs), targets)
    d_outputs = the activation's ``backward`` of the loss's own gradient

    It is to squared error what the softmax is to cross-entropy: with the activation in the loss, a network
    ends with its totals, whatever is made of them.

    Examples
    --------
    >>> from mnistgd.engine.activations import Sigmoid
    >>> activated(half_squared_error, Sigmoid())(np.array([[0.0]]), np.array([[1.0]]))
    (0.125, array([[-0.125]]))
    """

    def activated_loss(outputs: Array, targets: Array) -> tuple[float, Array]:
        activations, backward = activation.forward({}, outputs)
        value, d_activations = loss(activations, targets)
        d_outputs, _ = backward(d_activations)
        assert d_outputs is not None
        return value, d_outputs

    return activated_loss


def one_hot(labels: Array, n_classes: int, dtype: type = np.float64) -> Array:
    """A row for each label, 1 in the label's column and 0 elsewhere; shape (batch, n_classes).

    Raises
    ------
    ShapeError
        If a label is no integer in [0, n_classes).

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return _pick(np.eye(n_classes, dtype=dtype), labels, labels, n_classes)


def check_labels(name: str, outputs: Array, labels: Array) -> None:
    """Raise ShapeError unless `outputs`, called `name`, have rows and there is one label for each."""
    if outputs.ndim != 2 or not outputs.size or labels.shape != (len(outputs),):
        raise ShapeError(
            f"{name} of shape {outputs.shape} want rows, and one label a row, not labels of {labels.shape}"
        )


def _pick(array: Array, index: Any, labels: Array, n_classes: int) -> Array:
    """What ``array[index]`` holds; `index` is made of labels, each of which is to be in [0, n_classes)."""
    # NumPy itself refuses an index that is too large, but counts a negative one from the end. The bytes that
    # MNIST is trained with have no sign, and so a batch of them pays for no more than a look at the dtype.
    kind = labels.dtype.kind
    if kind == "u" or (kind == "i" and labels.min(initial=0) >= 0):
        try:
            picked: Array = array[index]
        except IndexError:
            pass
        else:
            return picked
    found = f"{labels.min()} to {labels.max()}" if kind in "iu" else str(labels.dtype)
    raise ShapeError(f"labels want to be integers from 0 to {n_classes - 1}, not {found}")
