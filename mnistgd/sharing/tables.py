"""A network as text: JSON for programs, CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.engine.types import Array
from mnistgd.errors import WeightsError
from mnistgd.model.model import Model

# A spreadsheet takes a cell that begins so for a formula, and may run it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WHOLE = re.compile("0|-?[1-9][0-9]*")


def json_bytes(model: Model) -> bytes:
    """The network as one JSON document: its record, and of each layer ``weights`` and ``bias``.

    Returns
    -------
    bytes
        ``layers[0].weights`` is a list of 784 lists, one for each pixel, with a number for each output.
        Every number has just the digits that give the same float32 again.
    """
    layers = [{"weights": _numbers(weights), "bias": _numbers(bias)} for weights, bias in model.layers]
    return (json.dumps({"record": model.record, "layers": layers}) + "\n").encode()


def csv_bytes(model: Model) -> bytes:
    """The network as a table.

    Returns
    -------
    bytes
        Without hidden layers a row for each pixel, ``pixel, x, y`` and a column for each class by its name;
        the last row is the bias. With hidden layers a row for each weight: ``layer, input, output, weight``.
        Where images must be deskewed first, the head says so: ``deskewed pixel``, or ``deskewed input``.

    Raises
    ------
    WeightsError
        If the outputs have an activation, for which the table has no place.
    """
    if model.settings.output != "none":
        raise WeightsError(f"csv cannot say that the outputs have a {model.settings.output}", "--to json can")
    return csv_text(_rows(model) if len(model.layers) == 1 else _long_rows(model)).encode()


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    r"""The rows as comma-separated values; no text among them is taken for a formula.

    References
    ----------
    Y. Shafranovich (2005), RFC 4180. OWASP, CSV Injection: the apostrophe says that text follows.

    Examples
    --------
    >>> csv_text([["image", "digit"], ["=1+1.png", -1]])
    "image,digit\r\n'=1+1.png,-1\r\n"
    """
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def answers_csv(labels: Iterable[str]) -> bytes:
    r"""What Kaggle takes for answers: the number of each image, counted from 1, and what it shows.

    Examples
    --------
    >>> answers_csv(["7", "-1", "=cmd()"])
    b"ImageId,Label\r\n1,7\r\n2,-1\r\n3,'=cmd()\r\n"
    """
    # A class that is called by a number is one: -1 is no formula.
    found = (int(label) if _WHOLE.fullmatch(label) else label for label in labels)
    return csv_text([("ImageId", "Label"), *enumerate(found, 1)]).encode()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _head(word: str, model: Model) -> str:
    return f"deskewed {word}" if model.settings.deskew else word


def _rows(model: Model) -> Iterator[list[Any]]:
    ((weights, bias),) = model.layers
    yield [_head("pixel", model), "x", "y", *model.class_names]
    for pixel, numbers in enumerate(_numbers(weights)):
        y, x = divmod(pixel, IMAGE_SHAPE[1])
        yield [pixel, x, y, *numbers]
    yield ["bias", "", "", *_numbers(bias)]


def _long_rows(model: Model) -> Iterator[list[Any]]:
    yield ["layer", _head("input", model), "output", "weight"]
    for layer, (weights, bias) in enumerate(model.layers, 1):
        outputs = model.class_names if layer == len(model.layers) else range(len(bias))
        for name, numbers in [*enumerate(_numbers(weights)), ("bias", _numbers(bias))]:
            yield from ([layer, name, *pair] for pair in zip(outputs, numbers, strict=True))


def _numbers(array: Array) -> Any:
    """The numbers as lists; each with the fewest digits that give the same float32 again."""
    return array.astype("U32").astype(float).tolist()
