"""``mnistgd data``: the images, where they come from, and the cache that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mnistgd.cli import console, displays, fonts, inputs, options, outputs
from mnistgd.cli.command import Command
from mnistgd.system.words import counted

if TYPE_CHECKING:
    from mnistgd.datasets.dataset import Dataset
    from mnistgd.datasets.upkeep import CacheInfo

MNIST = "mnist"

data_app = typer.Typer(
    name="data",
    help="Look at the images, and care for the cache that keeps them.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@data_app.callback()
def data_root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        console.print_lines(context.get_help().splitlines())


@data_app.command("info", cls=Command)
def info(
    data: options.Data = "mnist",
    class_names: options.ClassNames = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Describe the images, where they come from and where they are kept."""
    from mnistgd.datasets import upkeep

    cache = upkeep.info()
    if data == MNIST:
        described = _mnist(cache)
    else:
        described = _describe(inputs.dataset(data, inputs.class_names(class_names), quiet=quiet))
    outputs.claim(as_json=as_json).finish(
        described | {"cache": _cache(cache)},
        [
            f"source        {described['source'] or 'not fetched yet: mnistgd data fetch'}",
            f"images        {described['train_images']:,} to train, {described['test_images']:,} to test",
            f"classes       {', '.join(described['names'])}",
            "shape         28×28, one byte a pixel",
            f"sha256        {described['sha256']}",
            f"cache         {cache.folder}",
            f"cached        {_cached(cache)}",
        ],
    )


@data_app.command("show", cls=Command)
def show(
    digit: Annotated[
        int | None, typer.Option(min=0, max=9, help="Show only this digit.", show_default="all of them")
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, max=10_000, help="About how many images; equally many of each digit.")
    ] = 100,
    split: Annotated[Literal["train", "test"], typer.Option(help="Which images.")] = "train",
    deskew: Annotated[bool, typer.Option("--deskew", help="Show them straightened.")] = False,
    data: options.Data = "mnist",
    class_names: options.ClassNames = None,
    offline: options.Offline = False,
    out: Annotated[str, options.out("The picture to write; - is stdout.")] = "sheet.png",
    _font: fonts.Font = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Draw a sheet of images, to see what the data look like."""
    from mnistgd.datasets.examples import of_class, of_each_class
    from mnistgd.figures.captions import class_title
    from mnistgd.figures.montage import contact_sheet
    from mnistgd.figures.png import png_bytes

    names = inputs.class_names(class_names)
    claimed = outputs.claim({"--out": out}, read=[inputs.images_place(data)], as_json=as_json)
    dataset = inputs.dataset(data, names, offline=offline, deskew=deskew, quiet=quiet)
    images, digits = dataset.split(split)
    if digit is None:
        rows = of_each_class(digits, count)
        chosen, columns = rows.ravel(), rows.shape[1]
        row_labels = [class_title(dataset.class_names, digits[row[0]]) for row in rows]
    else:
        chosen, columns, row_labels = of_class(digits, digit, count), None, []
    title = counted(len(chosen), f"{split} image", ",")
    if digit is not None:
        title = f"{title}: {class_title(dataset.class_names, digit)}"
    with console.stage("drawing"):
        sheet = contact_sheet(images[chosen], title=title, row_labels=row_labels, columns=columns)
    claimed.finish(
        {"file": out, "split": split, "digit": digit, "images": chosen.tolist()},
        files={out: png_bytes(sheet, {"source": dataset.source, "sha256": dataset.sha256})},
        last=[out],
    )


@data_app.command("fetch")
def fetch(
    source: Annotated[
        Literal["openml", "embedded"] | None,
        typer.Option(help="Where from.", show_default="openml, else embedded"),
    ] = None,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Bring MNIST anew, asking OpenML even if it was asked before."""
    from mnistgd.datasets import upkeep
    from mnistgd.errors import UsageError

    if offline and source == "openml":
        raise UsageError("--offline and --source openml contradict each other", "leave one of them out")
    with displays.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
        dataset = upkeep.fetch("embedded" if offline else source, listener=reporter)
    _report_cache(upkeep.info(), _describe(dataset), as_json)


@data_app.command("verify")
def verify(as_json: options.Json = False) -> None:
    """Check every byte of the cached MNIST."""
    from mnistgd.datasets import upkeep

    cache = upkeep.verify()
    _report_cache(cache, _mnist(cache), as_json)


@data_app.command("clear")
def clear(as_json: options.Json = False) -> None:
    """Empty mnistgd's own cache; what scikit-learn downloaded stays."""
    from mnistgd.datasets import upkeep

    freed = upkeep.clear()
    document = {"freed": freed, "cache": _cache(upkeep.info())}
    outputs.claim(as_json=as_json).finish(document, [f"freed {_megabytes(freed)}"])


def _describe(dataset: Dataset) -> dict[str, Any]:
    counts = len(dataset.train_images), len(dataset.test_images)
    return _facts(dataset.source, *counts, dataset.class_names, dataset.sha256)


def _mnist(cache: CacheInfo) -> dict[str, Any]:
    """What is known of MNIST before any of it is read."""
    from mnistgd.datasets.dataset import DIGIT_NAMES
    from mnistgd.datasets.mnist import N_TEST, N_TRAIN, PIXELS_SHA256

    return _facts(cache.source, N_TRAIN, N_TEST, DIGIT_NAMES, PIXELS_SHA256)


def _facts(
    source: str | None, n_train: int, n_test: int, names: Sequence[str], sha256: str
) -> dict[str, Any]:
    return {
        "source": source,
        "train_images": n_train,
        "test_images": n_test,
        "names": list(names),
        "shape": [28, 28],
        "sha256": sha256,
    }


def _cache(cache: CacheInfo) -> dict[str, Any]:
    return {
        "folder": str(cache.folder),
        "source": cache.source,
        "damage": cache.damage or None,
        "deskewed": cache.deskewed,
        "bytes": cache.size,
    }


def _cached(cache: CacheInfo) -> str:
    if cache.damage:
        return f"MNIST, damaged ({cache.damage}); it is built again when it is next used"
    what = f"MNIST, from {cache.source}" if cache.source else "nothing of MNIST"
    return f"{what}; {_megabytes(cache.size)}"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _report_cache(cache: CacheInfo, described: dict[str, Any], as_json: bool) -> None:
    line = f"MNIST, from {described['source']}, is whole and cached in {cache.folder}"
    outputs.claim(as_json=as_json).finish(described | {"cache": _cache(cache)}, [line])
