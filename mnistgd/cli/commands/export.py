"""``mnistgd export``: the network, in a file that other programs read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mnistgd.cli import console, inputs, options, outputs
from mnistgd.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from mnistgd.model.model import Model

Kind = Literal["onnx", "safetensors", "json", "csv"]


def export(
    to: Annotated[Kind, typer.Option(help="The kind of file.")],
    weights: options.Weights = options.WEIGHTS_FILE,
    out: Annotated[str | None, options.out("The file to write.", show_default="weights.KIND")] = None,
    with_deskew: Annotated[
        bool, typer.Option("--with-deskew", help="Put what --deskew does to an image inside, too (onnx).")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Write the network in a file that other programs read."""
    from mnistgd.model.weights_file import network_sha256

    out = out or f"weights.{to}"
    if with_deskew and to != "onnx":
        raise UsageError(f"{to} cannot say what deskewing is", "--to onnx can")
    claimed = outputs.claim(
        files={"--out": out}, read=[weights], endings={"--out": f".{to}"}, as_json=as_json
    )
    model = inputs.network(weights)
    if with_deskew and not model.settings.deskew:
        raise WeightsError("this network was trained without --deskew", "leave out --with-deskew")
    with console.stage("exporting"):
        content = _writer(to, with_deskew)(model)
    if model.settings.deskew and not with_deskew:
        console.note("its images must be deskewed first, as they were in training")
    claimed.finish(
        {"weights": str(weights), "weights_sha256": network_sha256(model), "kind": to, "file": out},
        files={out: content},
        last=[out],
    )


def _writer(kind: Kind, with_deskew: bool) -> Callable[[Model], bytes]:
    if kind == "onnx":
        from mnistgd.sharing.onnx_file import onnx_bytes

        return partial(onnx_bytes, with_deskew=with_deskew)
    if kind == "safetensors":
        from mnistgd.sharing.safetensors_file import safetensors_bytes

        return safetensors_bytes
    from mnistgd.sharing import tables

    return tables.json_bytes if kind == "json" else tables.csv_bytes
