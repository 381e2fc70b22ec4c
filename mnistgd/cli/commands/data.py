"""``mnistgd data``: the images, where they come from, and the cache that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mnistgd.cli import console, displays, fonts, inputs, options, outputs
from mnistgd.cli.command import Command
from mnistgd.cli.data_options import with_data_options
from mnistgd.cli.tables import abreast, table
from mnistgd.datasets.named import MNIST, NAMED, Name
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import UsageError
from mnistgd.system.words import counted

if TYPE_CHECKING:
    from mnistgd.datasets.dataset import About, Dataset
    from mnistgd.datasets.named import NamedSet
    from mnistgd.datasets.upkeep import CacheInfo

EPOCHS = 9
"""So many changes of an image are shown beside it."""

SPLITS: tuple[Literal["train"], Literal["test"]] = ("train", "test")

_HELD = {
    "mapped": "where it lies: the file is mapped, not read",
    "cached": "unpacked and in form, in the cache: mapped, not read",
}

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


_Path = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME|PATH]",
        autocompletion=lambda: list(NAMED),
        help="The images, as --data names them.",
        show_default=False,
    ),
]
_name = partial(typer.Argument, metavar="[NAME]", help=f"Which images: {', '.join(NAMED)}.")
_Name = Annotated[Name, _name()]


@data_app.command("info", cls=Command)
@with_data_options
def info(
    context: typer.Context,
    path: _Path = None,
    data: options.Data = "mnist",
    reading: DataOptions = PLAINLY,
    class_names: options.ClassNames = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Describe the images, where they come from and where they are kept."""
    from mnistgd.datasets import upkeep
    from mnistgd.datasets.class_names import listed

    data = _named(context, path, data)
    names = inputs.class_names(class_names)
    named = NAMED.get(data) if reading == PLAINLY else None
    cache = upkeep.info(named or MNIST)
    if named is not None:
        described = _known(named, cache)
    else:
        described = _describe(inputs.dataset(data, names, reading=reading, quiet=quiet))
    outputs.claim(as_json=as_json).finish(
        described | {"cache": _cache(cache)},
        [
            f"source        {described['source'] or f'not fetched yet: mnistgd data fetch {data}'}",
            f"images        {described['train_images']:,} to train, {described['test_images']:,} to test",
            f"classes       {listed(described['names'])}",
            "shape         28×28, one byte a pixel",
            *([] if named else _reading(described)),
            f"sha256        {described['sha256'] or 'known when it has been fetched'}",
            f"cache         {cache.folder}",
            f"cached        {_cached(named or MNIST, cache)}",
            *([] if named else _counts(described)),
        ],
    )


@data_app.command("show", cls=Command)
@with_data_options
def show(
    context: typer.Context,
    path: _Path = None,
    digit: Annotated[
        str | None,
        typer.Option(metavar="DIGIT|NAME", help="Show only this digit.", show_default="all of them"),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            help="About how many images; equally many of each digit.",
            show_default="100, of more than ten classes ten of each",
        ),
    ] = None,
    split: Annotated[Literal["train", "test"], typer.Option(help="Which images.")] = "train",
    deskew: Annotated[bool, typer.Option("--deskew", help="Show them straightened.")] = False,
    augment: Annotated[
        bool,
        typer.Option("--augment", help="Show each nine times more, as train --augment changes it by epochs."),
    ] = False,
    data: options.Data = "mnist",
    reading: DataOptions = PLAINLY,
    class_names: options.ClassNames = None,
    offline: options.Offline = False,
    out: Annotated[str, options.out("The picture to write; - is stdout.")] = "sheet.png",
    _font: fonts.Font = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Draw a sheet of images, to see what the data look like."""
    import numpy as np

    from mnistgd.datasets.examples import of_class, of_each_class
    from mnistgd.figures.captions import class_title
    from mnistgd.figures.montage import contact_sheet
    from mnistgd.figures.png import png_bytes

    data = _named(context, path, data)
    if data.isdecimal() and not Path(data).exists():
        raise UsageError(f"{data} is no file", f"mnistgd data show --digit {data}")
    names = inputs.class_names(class_names)
    read = [inputs.images_place(data), reading.test_data]
    claimed = outputs.claim({"--out": out}, read=read, as_json=as_json)
    dataset = inputs.dataset(data, names, offline=offline, deskew=deskew, reading=reading, quiet=quiet)
    images, digits = dataset.split(split)
    chosen_class = None if digit is None else inputs.class_in(dataset, digit)
    count = count or 10 * max(10, len(dataset.class_names) if digit is None else 0)
    count = -(-count // (1 + EPOCHS)) if augment else count
    if chosen_class is None:
        rows = of_each_class(digits, count)
        chosen, columns = rows.ravel(), rows.shape[1]
        row_labels = [class_title(dataset.class_names, digits[row[0]]) for row in rows]
    else:
        chosen, columns, row_labels = of_class(digits, chosen_class, count), None, []
    title = counted(len(chosen), f"{split} image", ",")
    if chosen_class is not None:
        title = f"{title}: {class_title(dataset.class_names, chosen_class)}"
    images = images[chosen]
    if augment:
        from mnistgd.model.network import shown
        from mnistgd.model.settings import Settings

        changes = [shown(Settings(augment=True), images, chosen, epoch) for epoch in range(EPOCHS)]
        images = np.stack([images, *changes], axis=1).reshape(-1, *images.shape[1:])
        row_labels = [label for label in row_labels for _ in range(columns or 0)]
        columns = 1 + EPOCHS
    with console.stage("drawing"):
        sheet = contact_sheet(images, title=title, row_labels=row_labels, columns=columns)
    claimed.finish(
        {"file": out, "split": split, "digit": chosen_class, "images": chosen.tolist()},
        files={out: png_bytes(sheet, {"source": dataset.source, "sha256": dataset.sha256})},
        last=[out],
    )


@data_app.command("fetch")
def fetch(
    name: _Name = "mnist",
    source: Annotated[
        Literal["openml", "embedded"] | None,
        typer.Option(help="Where from; embedded is MNIST alone.", show_default="openml, else embedded"),
    ] = None,
    offline: options.Offline = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Bring images anew, asking OpenML even if it was asked before."""
    from mnistgd.datasets import upkeep

    if offline and source == "openml":
        raise UsageError("--offline and --source openml contradict each other", "leave one of them out")
    with displays.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
        upkeep.fetch(NAMED[name], "embedded" if offline else source, listener=reporter)
    _report_cache(NAMED[name], upkeep.info(NAMED[name]), as_json)


@data_app.command("verify")
def verify(
    name: Annotated[Name | None, _name(show_default="all that is cached")] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Check every byte of what is cached, and of large data sets."""
    from mnistgd.datasets import upkeep

    named = NAMED[name] if name else None
    with displays.Reporter(quiet=quiet) as reporter:
        large = upkeep.verify(named, listener=reporter)
    infos = [(each, upkeep.info(each)) for each in ([named] if named else NAMED.values())]
    lines = [_whole(each, cache) for each, cache in infos if cache.source]
    outputs.claim(as_json=as_json).finish(
        _with_cache(*infos[0]), lines + [f"{source}: whole" for source in large]
    )


@data_app.command("clear")
def clear(
    name: Annotated[Name | None, _name(show_default="all that is cached")] = None,
    as_json: options.Json = False,
) -> None:
    """Empty mnistgd's own cache; what scikit-learn downloaded stays."""
    from mnistgd.datasets import upkeep

    freed = upkeep.clear(NAMED[name] if name else None)
    document = {"freed": freed, "cache": _cache(upkeep.info())}
    outputs.claim(as_json=as_json).finish(document, [f"freed {_megabytes(freed)}"])


def _named(context: typer.Context, path: str | None, data: str) -> str:
    """The images that a path, or ``--data``, names.

    Raises
    ------
    UsageError
        If both do.
    """
    if path is not None and options.is_typed(context, "data"):
        raise UsageError("PATH and --data contradict each other", "name the images once")
    return data if path is None else path


def _describe(dataset: Dataset) -> dict[str, Any]:
    train, test = (dataset.counts(split) for split in SPLITS)
    return _facts(dataset.source, train, test, dataset.class_names, dataset.sha256, dataset.about)


def _known(named: NamedSet, cache: CacheInfo) -> dict[str, Any]:
    """What is known of a data set before any of it is read."""
    return _facts(cache.source, named.train_counts, named.test_counts, named.class_names, cache.sha256)


def _facts(
    source: str | None,
    train: Sequence[int],
    test: Sequence[int],
    names: Sequence[str],
    sha256: str | None,
    about: About | None = None,
) -> dict[str, Any]:
    return {
        "source": source,
        "train_images": sum(train),
        "test_images": sum(test),
        "names": list(names),
        "counts": {"train": list(train), "test": list(test)},
        "shape": [28, 28],
        "read": None if about is None else asdict(about),
        "sha256": sha256,
    }


def _reading(described: dict[str, Any]) -> list[str]:
    """What the files were, and what was made of it."""
    read = described["read"]
    shape = "×".join(map(str, read["shape"]))
    return [
        f"read as       {read['kind']}: {read['dtype']}, {shape}, from {read['least']:g} to {read['most']:g}",
        *(f"changed       {change}" for change in read["changes"]),
        *([] if read["held"] == "memory" else [f"held          {_HELD[read['held']]}"]),
    ]


def _counts(described: dict[str, Any]) -> list[str]:
    counts = described["counts"]
    rows = zip(described["names"], *(map("{:,}".format, counts[split]) for split in SPLITS), strict=True)
    return ["", *abreast(table([["class", *SPLITS], *map(list, rows)], ">"))]


def _cache(cache: CacheInfo) -> dict[str, Any]:
    return {
        "folder": str(cache.folder),
        "source": cache.source,
        "damage": cache.damage or None,
        "deskewed": cache.deskewed,
        "large": cache.large,
        "bytes": cache.size,
    }


def _cached(named: NamedSet, cache: CacheInfo) -> str:
    if cache.damage:
        return f"{named.title}, damaged ({cache.damage}); it is built again when it is next used"
    what = _whence(named, cache) if cache.source else f"nothing of {named.title}"
    return f"{what}; {_megabytes(cache.size)}"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _whence(named: NamedSet, cache: CacheInfo) -> str:
    """What is cached, and where it came from if there was a choice."""
    return f"{named.title}, from {cache.source}" if len(named.sources) > 1 else named.title


def _report_cache(named: NamedSet, cache: CacheInfo, as_json: bool) -> None:
    outputs.claim(as_json=as_json).finish(_with_cache(named, cache), [_whole(named, cache)])


def _with_cache(named: NamedSet, cache: CacheInfo) -> dict[str, Any]:
    return _known(named, cache) | {"cache": _cache(cache)}


def _whole(named: NamedSet, cache: CacheInfo) -> str:
    return f"{_whence(named, cache)}: whole, and cached in {cache.folder}"
