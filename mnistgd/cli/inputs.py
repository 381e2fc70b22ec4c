"""What several commands read: a trained network, and the images that go with it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from mnistgd.cli import console
from mnistgd.errors import DataError, ImageError, MnistgdError, UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    import typer
    from numpy.typing import NDArray

    from mnistgd.cli.console import Reporter
    from mnistgd.model.model import Model
    from mnistgd.training.history import Epoch

MAX_STDIN = 200_000_000


class Seen(NamedTuple):
    """An image as the network sees it.

    Attributes
    ----------
    name : str; its file, or which image of the data it is
    pixels : uint8 ndarray of shape (28, 28), prepared as the training images were
    """

    name: str
    pixels: NDArray[np.uint8]


def network(weights: Path) -> Model:
    """The network in a weights file; ``-`` is stdin.

    Raises
    ------
    WeightsError
        If there is none, or it cannot be used.
    """
    from mnistgd.model import weights_file

    return weights_file.load(_source(weights, WeightsError, "a network"))


def epochs(history: Path) -> list[Epoch]:
    """The epochs in a history; ``-`` is stdin. What is left out is said on stderr.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    from mnistgd.training.history import read

    return read(_source(history, DataError, "a history"), console.note)


def check_stdin(*names: object) -> None:
    """Refuse to read two things from stdin: of the `names`, at most one may be ``-``.

    Raises
    ------
    UsageError
        If more are.
    """
    if [str(name) for name in names].count("-") > 1:
        raise UsageError("stdin holds one file, and - is named twice", "name the others")


def images_place(data: str | None, model: Model | None = None) -> str | None:
    """The file or folder that images are read from; None where they are MNIST.

    Parameters
    ----------
    data : str or None, what ``--data`` says
    model : Model or None; it records its images, which are read where ``--data`` names none
    """
    from mnistgd.datasets.sources import MNIST

    spec = model.data_spec if data is None and model is not None else data
    return None if spec == MNIST else spec


def class_of(model: Model, word: str) -> int:
    """The class that `word`, its name or its number, stands for.

    Raises
    ------
    WeightsError
        If the network knows none that is called so.
    """
    if word in model.class_names:
        return model.class_names.index(word)
    if word.isascii() and word.isdigit() and int(word) < len(model.class_names):
        return int(word)
    raise WeightsError(f"this network knows no class {word}", f"it knows {', '.join(model.class_names)}")


def check_one(context: typer.Context, image: str | None, index: int | None) -> None:
    """Exactly one of an image's file and an image's number must be named, and no option of the other kind.

    Raises
    ------
    UsageError
        If none or both are, or the command line says what would go unheard.
    """
    if image is None and index is None:
        raise UsageError("no image is named", "name a file, or an image of the data with --index N")
    if image is not None and index is not None:
        raise UsageError("an image and --index contradict each other", "name one of them")
    which, unheard = ("without", ("split", "data")) if index is None else ("with", ("as_is",))
    for name in unheard:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"--{name.replace('_', '-')} means nothing {which} --index", "leave it out")


def image_at(
    model: Model,
    index: int,
    split: Literal["test", "train"],
    data: str | None,
    *,
    offline: bool,
    reporter: Reporter,
) -> Seen:
    """Image `index` of a split, counted from 0.

    Raises
    ------
    DataError
        If there are fewer.
    """
    from mnistgd.model.data import images_for

    images, _ = images_for(model, data, offline=offline, listener=reporter).split(split)
    if index >= len(images):
        raise DataError(f"there is no {split} image {index}", f"they are numbered 0 to {len(images) - 1}")
    return Seen(f"{split} image {index}", images[index])


def picture(model: Model, source: str, *, as_is: bool) -> Seen:
    """A picture of one digit, brought to what the network was trained on.

    Parameters
    ----------
    model : Model
    source : str; a file's path, or ``-`` for stdin
    as_is : bool; it is 28×28 and white on black already

    Raises
    ------
    ImageError
        If it cannot be read, or shows nothing.
    """
    (seen,) = pictures(model, [source], as_is=as_is)
    if isinstance(seen, ImageError):
        raise seen
    return seen


def pictures(model: Model, sources: list[str], *, as_is: bool) -> Generator[Seen | ImageError, None, None]:
    """Each of several pictures, or what is wrong with it, in their order; see `picture`."""
    from mnistgd.datasets.deskew import deskew
    from mnistgd.system.parallel import each

    # No process but this one has stdin.
    found = each(partial(_found, as_is=as_is), [source for source in sources if source != "-"])
    for source in sources:
        pixels = _found(source, as_is=as_is) if source == "-" else next(found)
        if isinstance(pixels, ImageError):
            yield pixels
        else:
            yield Seen(source, deskew(pixels[None])[0] if model.settings.deskew else pixels)


def _found(source: str, *, as_is: bool) -> NDArray[np.uint8] | ImageError:
    """The digit that a picture shows, as an image of MNIST would show it; else why there is none."""
    from mnistgd.handwriting.pictures import open_picture
    from mnistgd.handwriting.read import as_it_is, normalised

    try:
        read = open_picture(_source(source, ImageError, "a picture"))
        return as_it_is(read) if as_is else normalised(read)
    except ImageError as error:
        return error


def _source(place: str | Path, kind: type[MnistgdError], what: str) -> Path | bytes:
    """The file that is named, or what stdin holds if that is ``-``.

    Raises
    ------
    MnistgdError
        Of that `kind`, if stdin is closed, or larger than `what` can be.
    """
    if str(place) != "-":
        return Path(place)
    if sys.stdin is None:
        raise kind("stdin is closed", "name a file")
    content = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(content) > MAX_STDIN:
        raise kind(f"what stdin holds is too large for {what}", "name a file")
    return content
