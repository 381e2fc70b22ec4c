"""A data set of the user's own: what a path is, and which reader reads it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mnistgd.datasets.cache import Cache, default_folder
from mnistgd.datasets.dataset import SILENT, Dataset, Listener
from mnistgd.datasets.form import large
from mnistgd.datasets.form.plan import brought
from mnistgd.datasets.named import NAMED
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.parts import Raw, Wanted
from mnistgd.datasets.readers import foreign, idx, idx_set, mapping, npy, npz, picture_folder, zip_set
from mnistgd.datasets.readers.csv_files import sets as csv_sets
from mnistgd.datasets.readers.litter import is_litter
from mnistgd.datasets.readers.request import Request
from mnistgd.datasets.stored import Images
from mnistgd.datasets.streams import GZIP_MAGIC, Gunzip, open_file
from mnistgd.errors import DataError
from mnistgd.system.files import quoted, reason

_FILES = "a folder or ZIP of IDX files named as those of MNIST, an .npz or .csv file, or a folder of pictures"
HINT = f"--data takes {', '.join(NAMED)}, {_FILES}"
_TEST_HINT = f"--test-data takes {_FILES}"

_ONE_OF_THEM = "name the train images file of one of them"
_MOST_FOLDERS = 1000
_PAIRS = {".npz": npz.read_single, ".npy": npy.read_npy}
_HEARD = {
    "handwriting": (picture_folder.KIND,),
    "skip_bad": (picture_folder.KIND, csv_sets.KIND),
}
"""Options, and the kinds of files for which they mean something."""


def read_path(
    path: Path,
    options: DataOptions = PLAINLY,
    *,
    cache: Cache | None = None,
    listener: Listener = SILENT,
) -> Dataset:
    """Read the data set at `path`.

    Parameters
    ----------
    path : Path
        As `read_raw` takes it.
    options : DataOptions
    cache : Cache, optional
        Where is kept what takes long to read; else the usual one.
    listener : Listener
        Hears what was done to bring it into form.

    Raises
    ------
    DataError
        If there is none, a part of it is missing or damaged, or its parts do not fit together.
    """
    test_data = options.test_data
    if test_data == "":
        raise DataError("no images to test are named", _TEST_HINT)
    request = Request(options, "both" if test_data is None else "train", cache, listener)
    raw = read_raw(path, request)
    _check_heard(options, raw.kind, path)
    if test_data is not None:
        try:
            raw = raw.tested_with(read_raw(Path(test_data), request._replace(wanted="test")))
        except DataError as error:
            raise DataError(error.message, _TEST_HINT if error.hint == HINT else error.hint) from error
    source = str(path.absolute())
    if raw.is_large:
        return large.bring(raw, source, options, cache or Cache(default_folder(), listener), listener)
    return brought(raw, source, options, listener)


def read_raw(path: Path, request: Request) -> Raw:
    """Read what is at `path`, by the reader of its kind.

    Parameters
    ----------
    path : Path
        A folder that holds the IDX files of one set, or pairs of ``.npz`` files, or folders as torchvision
        makes them; one of those files, which stands for its set; an ``.npz`` file; a ZIP of IDX files; a
        folder of pictures; or a CSV file.
    request : Request

    Raises
    ------
    DataError
        If it is of no kind that is known, or a part of it is missing or damaged.
    """
    path = path.absolute()
    try:
        if path.is_dir():
            return _read_idx_folder(path, request.wanted) or _read_pictures(path, request)
        name = idx_set.parse(path.name)
        if name is not None and path.exists():
            files = _sets(path.parent).get(name.set, {}) | {name.role: path}
            # A train file stands for its whole set, a test file for the test part alone.
            chosen = {role: file for role, file in files.items() if name.role[0] in ("train", role[0])}
            return _read_set(name.set, chosen, path, request.wanted)
    except OSError as error:
        raise DataError(f"cannot read {path}: {reason(error)}", HINT) from error
    if not path.exists():
        raise DataError(f"there is no {path}", HINT)
    return _read_file(path, request)


def _check_heard(options: DataOptions, kind: str, path: Path) -> None:
    """Check that no option would go unheard."""
    for name, kinds in _HEARD.items():
        if getattr(options, name) and kind not in kinds:
            option = f"--{name.replace('_', '-')}"
            raise DataError(f"{option} means nothing for {path}, which is read as {kind}", "leave it out")


def _read_pictures(path: Path, request: Request) -> Raw:
    _check_no_file_is_meant(path)
    return picture_folder.read_folder(path, request)


def _check_no_file_is_meant(folder: Path) -> None:
    """Check that a folder without folders holds no files that are data sets by themselves."""
    entries = [entry for entry in sorted(folder.iterdir()) if not is_litter(entry.name)]
    files = [entry for entry in entries if csv_sets.is_csv(entry.name) or _is_npz(entry)]
    if files and not any(entry.is_dir() for entry in entries):
        # In Kaggle's folders, files that are no data sets stand before train.csv.
        file = next((file for file in files if "train" in file.name.lower()), files[0])
        hint = f"name the file itself: {quoted(file)}"
        raise DataError(f"{folder} holds no folders of pictures, nor IDX files", hint)


def _read_idx_folder(path: Path, wanted: Wanted) -> Raw | None:
    # torchvision makes ROOT/MNIST/raw, and any of the three is what people call their data.
    below = list(islice(_folders_in(path), _MOST_FOLDERS))
    for folders in ([path], below, [folder / "raw" for folder in below]):
        found = {folder: sets for folder in folders if folder.is_dir() and (sets := _sets(folder))}
        if len(found) > 1:
            places = ", ".join(str(folder.relative_to(path)) for folder in found)
            raise DataError(f"{path} holds data sets in {places:.200}", "name the folder of one of them")
        for sets in found.values():
            return _read_set(*idx_set.choose(sets, path, _ONE_OF_THEM), path, wanted)
    return None


def _folders_in(path: Path) -> Iterator[Path]:
    return (entry for entry in path.iterdir() if not is_litter(entry.name) and entry.is_dir())


def _sets(folder: Path) -> dict[str, dict[idx_set.Role, Path]]:
    # Where a file is there twice, it is read from where that is quickest; some archives unpack to a folder
    # that has the name of the file inside.
    parts = [path for path in folder.iterdir() if idx_set.parse(path.name) is not None]
    found = sorted(parts, key=lambda path: (path.is_dir(), path.suffix == ".gz", path.name))
    return idx_set.sets_of((path.name, path) for path in found)


def _read_set(called: str, files: dict[idx_set.Role, Path], path: Path, wanted: Wanted) -> Raw:
    parts = idx_set.read_set(called, files, path, _read_one, HINT, wanted)
    first = next(iter(files.values()))
    suffix = first.suffix.lower()
    kind = f"pairs of {suffix} files" if suffix in _PAIRS else "IDX files"
    return Raw(*parts, kind, mapping.beside(first, called))


def _read_one(path: Path, holds: idx_set.Holds) -> Images:
    if (read := _PAIRS.get(path.suffix.lower())) is not None:
        return read(path, holds)
    return idx.read_images(path) if holds == "images" else idx.read_labels(path)


def _read_file(path: Path, request: Request) -> Raw:
    with open_file(path) as file:
        head = file.peek(foreign.HEAD)[: foreign.HEAD]
        gzipped = head.startswith(GZIP_MAGIC)
        if gzipped:
            head = Gunzip(file, str(path)).read(foreign.HEAD)
    if head.startswith(npz.ZIP_MAGIC) and not gzipped:
        return zip_set.read_zip(path, request.wanted)
    if refusal := foreign.refusal(head, str(path), gzipped=gzipped):
        raise refusal
    if _is_npz(path):
        return npz.read_npz(path, request.wanted)
    if csv_sets.is_csv(path.name):
        return csv_sets.read_set(path, request)
    raise DataError(f"{path} is neither an .npz nor a .csv file, nor called like a train file of MNIST", HINT)


def _is_npz(path: Path) -> bool:
    return path.suffix.lower() == ".npz"
