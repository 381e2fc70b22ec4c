"""What several commands read: a trained network, and the images that go with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from mnistgd.cli import console, displays
from mnistgd.cli.options import ALL, is_typed
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import DataError, ImageError, MnistgdError, UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np
    import typer
    from numpy.typing import NDArray

    from mnistgd.cli.outputs import Claim
    from mnistgd.datasets.dataset import Dataset
    from mnistgd.handwriting.read import Reading
    from mnistgd.model.model import Model
    from mnistgd.sharing.elsewhere import Tensors
    from mnistgd.training.history import Epoch
    from mnistgd.training.snapshots import Snapshots


class Seen(NamedTuple):
    """An image as the network sees it.

    Attributes
    ----------
    name : str; its file, or which image of the data it is
    pixels : uint8 ndarray of shape (28, 28), prepared as the training images were
    truth : int or None, the class that it is of; None where nobody has said it
    reading : Reading or None, what became of the picture that it was; None for an image of the data
    """

    name: str
    pixels: NDArray[np.uint8]
    truth: int | None = None
    reading: Reading | None = None

    def held_against(self, answer: int) -> dict[str, int | bool | None]:
        """What JSON says of the truth, of an answer beside it, and of what a picture shows."""
        right = None if self.truth is None else answer == self.truth
        return {"true_digit": self.truth, "right": right, "found": self.reading and self.reading.found}

    def note_doubt(self) -> None:
        """Say on stderr that something else than one digit was found on the picture, if so."""
        if self.reading and self.reading.doubt:
            console.note(f"{self.name}: {self.reading.doubt}")

    def verdict(self, answer: int, class_names: Sequence[str]) -> str:
        """What people read of that: ``right``, or ``wrong, it is 5``; nothing where nobody knows."""
        if self.truth is None:
            return ""
        return "right" if answer == self.truth else f"wrong, it is {class_names[self.truth]}"


def network(
    weights: Path,
    claim: Claim | None = None,
    data: str | None = None,
    reading: DataOptions = PLAINLY,
) -> Model:
    """The network in a weights file; ``-`` is stdin.

    Parameters
    ----------
    weights : Path
    claim : Claim or None
        What may be written: not over the images that go with the network, if any do.
    data : str or None, what ``--data`` says
    reading : DataOptions, what the options beside it say

    Raises
    ------
    WeightsError
        If there is none, or it cannot be used.
    UsageError
        If its images would be written over.
    """
    from mnistgd.model import weights_file

    model = weights_file.load(_source(weights, WeightsError, "a network"))
    if claim is not None:
        asked = model.reading_of(data, reading)
        claim.keep(images_place(data or model.data_spec), asked.test_data)
    return model


def snapshots(place: Path) -> Snapshots:
    """The snapshots in a file beside a weights file; ``-`` is stdin.

    Raises
    ------
    WeightsError
        If there are none, or they cannot be used.
    """
    from mnistgd.training import snapshots

    return snapshots.load(_source(place, WeightsError, "snapshots"))


def class_names(text: str | None) -> tuple[str, ...] | None:
    """What ``--class-names`` says; None if it is not given."""
    from mnistgd.datasets.class_names import parse_class_names

    return None if text is None else parse_class_names(text)


def dataset(
    data: str,
    class_names: tuple[str, ...] | None = None,
    *,
    offline: bool = False,
    deskew: bool = False,
    reading: DataOptions = PLAINLY,
    quiet: bool,
) -> Dataset:
    """The images that ``--data`` names, while stderr says what takes a while; see `load_dataset`."""
    from mnistgd.datasets.load import load_dataset

    with displays.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
        return load_dataset(
            data,
            offline=offline,
            class_names=class_names,
            deskew=deskew,
            options=reading,
            listener=reporter,
        )


def images_for(
    model: Model, data: str | None, reading: DataOptions, *, offline: bool, quiet: bool
) -> Dataset:
    """The images that a network is asked about, while stderr says what takes a while."""
    from mnistgd.model import data as of_model

    with displays.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
        return of_model.images_for(model, data, reading, offline=offline, listener=reporter)


def tensors(place: str) -> Tensors:
    """The arrays in a file that another program wrote; ``-`` is stdin.

    Raises
    ------
    WeightsError
        If they cannot be read.
    """
    from mnistgd.sharing.elsewhere import read_tensors

    return read_tensors(_source(place, WeightsError, "weights"))


def epochs(history: Path) -> list[Epoch]:
    """The epochs in a history; ``-`` is stdin. What is left out is said on stderr.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    from mnistgd.training.history import read

    return read(_source(history, DataError, "a history"), console.note)


def images_place(data: str | None) -> str | None:
    """The file or folder that the images which `data` names are read from; None where they have a name."""
    from mnistgd.datasets.named import NAMED

    return None if data in NAMED else data


def class_of(model: Model | Snapshots, word: str) -> int:
    """The class that `word`, its name or its number, stands for.

    Raises
    ------
    WeightsError
        If the network knows none that is called so.
    """
    return _class_in(model.class_names, word, WeightsError, "this network knows", "it knows")


def class_in(dataset: Dataset, word: str) -> int:
    """The class of a data set that `word`, its name or its number, stands for.

    Raises
    ------
    DataError
        If there is none.
    """
    return _class_in(dataset.class_names, word, DataError, "these images have", "they have")


def _class_in(names: Sequence[str], word: str, kind: type[MnistgdError], who: str, and_it: str) -> int:
    from mnistgd.datasets.class_names import find_class, listed
    from mnistgd.system.files import quoted

    found = find_class(names, word)
    if found is None:
        raise kind(f"{who} no class {word}", f"{and_it} {listed([*map(quoted, names)])}")
    return found


def classes_of(model: Model | Snapshots, words: list[str] | None) -> list[int | None]:
    """The classes that words on the command line stand for, each once; None is all of them on one sheet."""
    found = (None if word.lower() == ALL else class_of(model, word) for word in words or [ALL])
    return list(dict.fromkeys(found))


def columns_of(chosen: list[int | None], count: int) -> list[int]:
    """The columns of those classes, or of units; all `count` of them where None is among them."""
    return list(range(count)) if None in chosen else [index for index in chosen if index is not None]


def check_one(context: typer.Context, image: str | None, index: list[int] | None) -> None:
    """Images are named by their files or by their numbers, and by no option of the other kind.

    Raises
    ------
    UsageError
        If none is, or both are, or the command line says what would go unheard.
    """
    from mnistgd.datasets.readers.csv_files.sets import is_csv

    if image is None and not index:
        raise UsageError("no image is named", "name a file, or an image of the data with --index N")
    if image is not None and index:
        raise UsageError("an image and --index contradict each other", "name one of them")
    of_data = ["split", "data", *DataOptions._fields]
    if image is not None and is_csv(image):
        of_data.remove("transpose")
    which, unheard = ("with", ("as_is",)) if index else ("without", of_data)
    for name in unheard:
        if is_typed(context, name):
            raise UsageError(f"--{name.replace('_', '-')} means nothing {which} --index", "leave it out")


def images_at(
    model: Model,
    indices: Sequence[int],
    split: Literal["test", "train"],
    data: str | None,
    reading: DataOptions,
    *,
    offline: bool,
    quiet: bool,
) -> list[Seen]:
    """The images of a split with these numbers, counted from 0.

    Raises
    ------
    DataError
        If there are fewer.
    """
    images, labels = images_for(model, data, reading, offline=offline, quiet=quiet).split(split)
    if max(indices) >= len(images):
        message = f"there is no {split} image {max(indices)}"
        raise DataError(message, f"they are numbered 0 to {len(images) - 1}")
    return [Seen(f"{split} image {index}", images[index], int(labels[index])) for index in indices]


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
    with console.stage("reading the picture"):
        (seen,) = pictures(model, [source], as_is=as_is)
    if isinstance(seen, ImageError):
        raise seen
    return seen


def pictures(model: Model, sources: list[str], *, as_is: bool) -> Generator[Seen | ImageError, None, None]:
    """Each of several pictures, or what is wrong with it, in their order; see `picture`."""
    from mnistgd.datasets.deskew import deskew
    from mnistgd.handwriting.read import read_each

    found = read_each([Path(source) for source in sources if source != "-"], as_is=as_is)
    for source in sources:
        reading = _on_stdin(as_is=as_is) if source == "-" else next(found)
        if isinstance(reading, ImageError):
            yield _with_index(reading, source)
        else:
            pixels = deskew(reading.pixels[None])[0] if model.settings.deskew else reading.pixels
            yield Seen(source, pixels, reading=reading)


def _with_index(error: ImageError, source: str) -> ImageError:
    """What is wrong with a picture; where it is a number, the hint that is meant for it."""
    if source.isdecimal() and not Path(source).exists():
        return ImageError(error.message, f"say --index {source} for an image of the data")
    return error


def answers_for(model: Model, table: str, reading: DataOptions, *, quiet: bool) -> list[str]:
    """What the images in a CSV file show, while stderr says what takes a while."""
    from mnistgd.model import data as of_model

    with displays.Reporter(quiet=quiet) as reporter, console.stage("reading the images"):
        return of_model.answers_for(model, Path(table), reading, reporter)


def _on_stdin(*, as_is: bool) -> Reading | ImageError:
    """The digit that a picture on stdin shows; else why there is none."""
    from mnistgd.handwriting.read import read_each

    try:
        return next(read_each([_source("-", ImageError, "a picture")], as_is=as_is))
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
    from mnistgd.system.files import STREAM_BYTES

    content = sys.stdin.buffer.read(STREAM_BYTES + 1)
    if len(content) > STREAM_BYTES:
        raise kind(f"what stdin holds is too large for {what}", "name a file")
    return content
