"""A network as an ONNX graph: one file that any runtime answers from, scaling and softmax inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from mnistgd import __version__
from mnistgd.datasets.deskew import CENTRE, MOMENTS
from mnistgd.datasets.shape import IMAGE_SHAPE
from mnistgd.errors import MissingExtraError
from mnistgd.model.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
"""What ONNX calls the activations of `Settings`."""

# The oldest that say all of this, so that old runtimes read it too.
_HEAD = """
<ir_version: 8, opset_import: ["": 13]>
mnistgd (uint8[batch, {rows}, {columns}] images)
    => (float[batch, {classes}] probabilities, float[batch, {classes}] logits)
{{
"""

# As `mnistgd.datasets.deskew` has it, in the same precision at every step: not a pixel differs.
_DESKEW = """
    bytes = Flatten <axis: int = 1> (images)
    masses = Cast <to: int = 11> (bytes)
    moments = MatMul (masses, moment_table)
    ink, sum_y, sum_x, sum_xy, sum_yy = Split <axis: int = 1> (moments)
    blank = Equal (ink, zero)
    mass = Where (blank, unit, ink)
    mean_y = Div (sum_y, mass)
    mean_x = Div (sum_x, mass)
    off_y = Sub (mean_y, centre)
    off_x = Sub (mean_x, centre)
    dy = Where (blank, zero, off_y)
    dx = Where (blank, zero, off_x)
    mass_yy = Mul (mass, sum_yy)
    square_y = Mul (sum_y, sum_y)
    spread = Sub (mass_yy, square_y)
    mass_xy = Mul (mass, sum_xy)
    product_xy = Mul (sum_x, sum_y)
    joint = Sub (mass_xy, product_xy)
    spreads = Greater (spread, zero)
    divisor = Where (spreads, spread, unit)
    ratio = Div (joint, divisor)
    slope = Where (spreads, ratio, zero)
    slant = Mul (slope, rows_from_centre)
    sideways = Add (dx, slant)
    upwards = Expand (dy, one_row)
    crooked = Cast <to: int = 1> (images)
    upended = Transpose <perm: ints = [0, 2, 1]> (crooked)
{slide_columns}
    centred = Transpose <perm: ints = [0, 2, 1]> (columns)
{slide_rows}
    straight = Round (rows)
    flat = Flatten <axis: int = 1> (straight)
"""

_SLIDE = """
    {out}_whole = Floor ({shift})
    {out}_rest = Sub ({shift}, {out}_whole)
    {out}_part = Cast <to: int = 1> ({out}_rest)
    {out}_fraction = Unsqueeze ({out}_part, last_axis)
    {out}_clipped = Clip ({out}_whole, least, most)
    {out}_start = Cast <to: int = 7> ({out}_clipped)
    {out}_first = Unsqueeze ({out}_start, last_axis)
    {out}_here = Add ({out}_first, places)
    {out}_there = Add ({out}_here, next)
    {out}_padded = Pad ({lines}, margins)
    {out}_left = GatherElements <axis: int = 2> ({out}_padded, {out}_here)
    {out}_right = GatherElements <axis: int = 2> ({out}_padded, {out}_there)
    {out}_step = Sub ({out}_right, {out}_left)
    {out}_moved = Mul ({out}_fraction, {out}_step)
    {out} = Add ({out}_left, {out}_moved)"""

_PLAIN = """
    bytes = Flatten <axis: int = 1> (images)
    flat = Cast <to: int = 1> (bytes)
"""

# A squared-error network estimates the probabilities themselves: see `Model.probabilities_of`.
_PROBABILITIES = {
    "cross-entropy": """
    probabilities = Softmax <axis: int = 1> (logits)
}}
""",
    "squared-error": """
    within = Clip ({predictions}, none, all)
    sum = ReduceSum (within, last_axis_of_two)
    nothing = Equal (sum, none)
    shares = Where (nothing, all, within)
    total = ReduceSum (shares, last_axis_of_two)
    probabilities = Div (shares, total)
}}
""",
}


def onnx_bytes(model: Model, *, with_deskew: bool = False) -> bytes:
    """A file whose graph takes images as bytes and gives probabilities, then logits.

    Parameters
    ----------
    model : Model
    with_deskew : bool
        Whether the graph straightens the images first; else a network that needs that says so.

    Returns
    -------
    bytes
        Input ``images``, uint8 of shape (batch, 28, 28); outputs ``probabilities`` and ``logits``, float32 of
        shape (batch, n_classes). The record and the class names are among its metadata, as JSON.

    Raises
    ------
    MissingExtraError
        If ``onnx`` is not installed.

    References
    ----------
    ONNX: Open Neural Network Exchange, operators of opset 13.
    """
    try:
        import onnx
        from onnx import helper, numpy_helper, parser
    except ImportError as error:
        raise MissingExtraError("an ONNX file needs onnx", "onnx") from error

    text, constants = _graph(model, with_deskew)
    proto = parser.parse_model(text)
    used = {name for node in proto.graph.node for name in node.input}
    proto.graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in constants.items() if name in used
    )
    helper.set_model_props(proto, _metadata(model, with_deskew))
    _describe(proto, model, with_deskew)
    onnx.checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def _graph(model: Model, with_deskew: bool) -> tuple[str, dict[str, NDArray[Any]]]:
    """The text of the graph, and all constants that it may name."""
    rows, columns = IMAGE_SHAPE
    lines = [_HEAD.format(rows=rows, columns=columns, classes=len(model.class_names))]
    if with_deskew:
        slides = {
            "slide_columns": _SLIDE.format(out="columns", lines="upended", shift="upwards"),
            "slide_rows": _SLIDE.format(out="rows", lines="centred", shift="sideways"),
        }
        lines.append(_DESKEW.format(**slides))
    else:
        lines.append(_PLAIN)
    lines.append("    pixels = Mul (flat, pixel_scale)\n")
    constants = _constants()
    value, last = "pixels", len(model.layers)
    for number, (weights, bias) in enumerate(model.layers, 1):
        ending = f"_{number}" if last > 1 else ""
        constants |= {f"weights{ending}": np.ascontiguousarray(weights), f"bias{ending}": bias}
        out = "logits" if number == last else f"sums{ending}"
        lines.append(f"    {out} = Gemm ({value}, weights{ending}, bias{ending})\n")
        if number < last:
            value = f"units{ending}"
            lines.append(f"    {value} = {ACTIVATIONS[model.settings.activation]} ({out})\n")
    predictions = "logits"
    if model.settings.output != "none":
        predictions = "predictions"
        lines.append(f"    {predictions} = {ACTIVATIONS[model.settings.output]} (logits)\n")
    lines.append(_PROBABILITIES[model.settings.loss].format(predictions=predictions))
    return "".join(lines), constants


def _constants() -> dict[str, NDArray[Any]]:
    side = IMAGE_SHAPE[0]
    margin = side + 1
    return {
        "pixel_scale": np.array(1 / 255, np.float32),
        "none": np.array(0, np.float32),
        "all": np.array(1, np.float32),
        "last_axis_of_two": np.array([1]),
        "moment_table": MOMENTS,
        "zero": np.array(0.0),
        "unit": np.array(1.0),
        "centre": np.array(CENTRE),
        "rows_from_centre": np.arange(side) - CENTRE,
        "one_row": np.array([1, side]),
        "last_axis": np.array([2]),
        "least": np.array(-float(margin)),
        "most": np.array(float(side)),
        "places": np.arange(side) + margin,
        "next": np.array(1),
        "margins": np.array([0, 0, margin, 0, 0, margin]),
    }


def _metadata(model: Model, with_deskew: bool) -> dict[str, str]:
    left = [] if with_deskew else model.record.get("preprocessing", [])
    return {
        "class_names": json.dumps(model.class_names, ensure_ascii=False),
        "preprocessing": json.dumps(left),
        "record": json.dumps(model.record, ensure_ascii=False),
    }


def _describe(proto: ModelProto, model: Model, with_deskew: bool) -> None:
    """What a person sees who opens the file in a viewer."""
    proto.producer_name, proto.producer_version = "mnistgd", __version__
    origin = "that mnistgd imported" if model.is_foreign else "trained by mnistgd with gradient descent"
    proto.doc_string = f"A {'→'.join(map(str, model.sizes))} network {origin}."
    proto.graph.doc_string = proto.doc_string
    for node in proto.graph.node:
        node.name = node.output[0]
    if with_deskew:
        first = "The graph straightens and centres each by its moments."
    elif model.settings.deskew:
        first = (
            "They must be deskewed first, as mnistgd.datasets.deskew does; --with-deskew puts that inside."
        )
    else:
        first = "The graph divides them by 255."
    (images,), (probabilities, logits) = proto.graph.input, proto.graph.output
    images.doc_string = f"Images of 28×28 pixels, 0 is background and 255 is ink. {first}"
    probabilities.doc_string = "How probable each class is: " + ", ".join(model.class_names)
    logits.doc_string = "What the last layer gives, before it becomes probabilities."
