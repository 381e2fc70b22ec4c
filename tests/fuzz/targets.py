"""What is fuzzed: every reader of files that nobody vouches for.

Each target takes any bytes. It may read them or refuse them with an error of this package; all else is a
finding: another error, two seconds, 500 MB, a file opened elsewhere, code run. `guarded` watches the last two.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import json
import os
import random
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import sound

from mnistgd.datasets import csv_file, idx, mapping, paths, streams
from mnistgd.datasets.cache import Cache
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.errors import MnistgdError
from mnistgd.figures import letters
from mnistgd.figures.text import label, line_height
from mnistgd.handwriting.pictures import open_picture
from mnistgd.handwriting.read import as_it_is, normalised
from mnistgd.model import weights_file
from mnistgd.model.freeze import read_mask
from mnistgd.sharing import elsewhere
from mnistgd.system import parallel
from mnistgd.training import checkpoint, history, snapshots
from mnistgd.training.sweep import folder as sweep_folder
from mnistgd.training.sweep.plan import FIELDS, Plan
from mnistgd.training.sweep.trial import Trial

SECONDS = 2.0
"""The longest that any input may take."""


class Target(NamedTuple):
    """Something that reads bytes.

    Attributes
    ----------
    run : function of the bytes, and of a folder in which it may write them
    seeds : function that gives inputs that are sound
    words : what the format is made of, so that a change is not refused at the first byte
    """

    run: Callable[[bytes, Path], None]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes] = ()


# --- what reads it -------------------------------------------------------------------------------------


def _use(model: weights_file.Model) -> None:
    """A network that was read can be used."""
    assert model.probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, len(model.class_names))
    assert isinstance(model.data_source, str)  # which may be empty: then only --data names images
    assert model.settings


def _read_weights(content: bytes, folder: Path) -> None:
    path = folder / "weights.npz"
    path.write_bytes(content)
    _use(weights_file.load(path))


def _read_import(content: bytes, folder: Path) -> None:
    path = folder / "theirs"
    path.write_bytes(content)
    tensors = elsewhere.read_tensors(path)
    known = tensors.record is not None
    _use(
        elsewhere.imported(tensors, "theirs", *(() if known else (elsewhere.Normalisation(0.1, 0.3), "relu")))
    )


def _read_weights_record(content: bytes, folder: Path) -> None:
    _read_weights(sound.with_record(_sound("weights"), content), folder)


def _read_array(content: bytes, folder: Path) -> None:
    """Its own bytes as the weights of a network, and as each array of a data set."""
    members = sound.members(_sound("weights"))
    with contextlib.suppress(MnistgdError):
        _read_weights(sound.packed(members | {"weights.npy": content}), folder)
    members = sound.members(_sound("npz"))
    for name in members:
        with contextlib.suppress(MnistgdError):
            _read_npz(sound.packed(members | {name: content}), folder)


def _read_npz(content: bytes, folder: Path) -> None:
    path = folder / "set.npz"
    path.write_bytes(content)
    _check_dataset(paths.read_path(path))


def _read_csv(content: bytes, folder: Path) -> None:
    path = folder / "set.csv"
    path.write_bytes(content)
    for skip_bad in (True, False):
        with contextlib.suppress(MnistgdError):
            part, _ = csv_file.read_csv(path, skip_bad=skip_bad)
            assert part.images.shape[1:] == (784,)
            assert 0 <= part.images.min() <= part.images.max() <= 255
            assert part.labels is None or len(part.labels) == len(part.images)
    _check_dataset(paths.read_path(path))


def _check_dataset(dataset: object) -> None:
    assert dataset.train_images.dtype == np.uint8
    assert dataset.train_images.shape[1:] == (28, 28)
    assert len(dataset.train_images) == len(dataset.train_labels)
    assert dataset.train_labels.max() < len(dataset.class_names) <= 100


def _read_idx(content: bytes, folder: Path) -> None:
    """Its own bytes as the images of a set, and as labels."""
    whole = sound.data_set()
    (folder / "train-labels-idx1-ubyte").write_bytes(sound.idx(whole["train_labels"]))
    (folder / "t10k-images-idx3-ubyte").write_bytes(sound.idx(whole["test_images"]))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(sound.idx(whole["test_labels"]))
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with contextlib.suppress(MnistgdError):
        _check_dataset(paths.read_path(folder))
    assert idx.read_labels(path).ndim in (1, 2)


def _read_large(content: bytes, folder: Path) -> None:
    """Its own bytes as images that are more than memory should hold: mapped, or unpacked into a cache."""
    whole = sound.data_set()
    place = folder / "set.npz"
    if content.startswith(b"\x93NUMPY"):
        place = folder / "npy"
        place.mkdir(exist_ok=True)
        np.save(place / "train_labels.npy", whole["train_labels"])
        (place / "train_images.npy").write_bytes(content)
    elif content.startswith(b"PK"):
        place.write_bytes(content)
    else:
        place = folder
        (place / "train-labels-idx1-ubyte").write_bytes(sound.idx(whole["train_labels"]))
        (place / "train-images-idx3-ubyte").write_bytes(content)
    with mock.patch.object(streams, "LARGE", 100):
        _check_dataset(paths.read_path(place, cache=Cache(folder / "cache")))


def _read_pair(content: bytes, folder: Path) -> None:
    """Its own bytes as the images of a pair of files, and as the labels."""
    whole = sound.data_set()
    for holds, other in (("imgs", "labels"), ("labels", "imgs")):
        (folder / f"train-{holds}.npz").write_bytes(content)
        arrays = whole["train_labels" if other == "labels" else "train_images"]
        (folder / f"train-{other}.npz").write_bytes(sound.npz(arr_0=arrays))
        with contextlib.suppress(MnistgdError):
            _check_dataset(paths.read_path(folder))


def _read_zip(content: bytes, folder: Path) -> None:
    path = folder / "set.zip"
    path.write_bytes(content)
    _check_dataset(paths.read_path(path))


def _read_folder(content: bytes, folder: Path) -> None:
    """A folder of pictures; what is kept of it in a cache is the same again."""
    place, cache = folder / "set", Cache(folder / "cache")
    _remove(place)
    sound.unfold(content, place)
    with contextlib.suppress(MnistgdError):
        _check_dataset(paths.read_path(place, DataOptions(handwriting=True, skip_bad=True)))
    dataset = paths.read_path(place, PLAINLY, cache=cache)
    _check_dataset(dataset)
    assert paths.read_path(place, PLAINLY, cache=cache).sha256 == dataset.sha256


def _remove(place: Path) -> None:
    """Remove a folder: `shutil.rmtree` opens it by names that the watch takes for other places."""
    for name, folders, files in os.walk(place, topdown=False):
        for each in (Path(name, each) for each in (*files, *folders)):
            (each.unlink if each.is_symlink() or not each.is_dir() else each.rmdir)()
    if place.exists():
        place.rmdir()


def _read_mapping(content: bytes, folder: Path) -> None:
    names = mapping.read(io.BytesIO(content), str(folder))
    assert len(names) <= 101
    assert all(name and name.isprintable() for name in names.values())


def _read_data_set(content: bytes, folder: Path) -> None:
    """Its own bytes under a name that says nothing."""
    path = folder / "set"
    path.write_bytes(content)
    _check_dataset(paths.read_path(path))


def _read_checkpoint(content: bytes, folder: Path) -> None:
    path = folder / "c.npz"
    path.write_bytes(content)
    saved = checkpoint.load(path)
    assert saved.settings
    assert saved.out


def _read_checkpoint_record(content: bytes, folder: Path) -> None:
    _read_checkpoint(sound.with_record(_sound("checkpoint"), content), folder)


def _read_frames(content: bytes, folder: Path) -> None:
    path = folder / "w.frames.npz"
    path.write_bytes(content)
    found = snapshots.load(path)
    assert found.weights.shape == (len(found.steps), 784, len(found.class_names))
    assert snapshots.load(path, sound.model())


def _read_frames_record(content: bytes, folder: Path) -> None:
    _read_frames(sound.with_record(_sound("frames"), content), folder)


_PLAN = Plan(
    {name: (field.default,) for name, field in FIELDS.items()} | {"seed": (0, 1), "validation": (0.1,)}
)


def _read_plan(content: bytes, folder: Path) -> None:
    (folder / sweep_folder.PLAN).write_bytes(content)
    plan = sweep_folder.load_plan(folder)
    assert plan.settings(len(plan) - 1)
    assert plan.command(0)


def _read_trials(content: bytes, folder: Path) -> None:
    (folder / sweep_folder.TRIALS).write_bytes(content)
    with sweep_folder.SweepFolder(folder, _PLAN) as kept:
        assert all(group.mean("seconds") != 0 for group in kept.ranking() if group.done)


def _trial_lines() -> bytes:
    done = Trial(0, _PLAN.varying(0), 1.5, None, 0.9, 0.4, 0.5, 10, 60, "why", {"cpu": "x86_64"})
    failed = Trial(1, _PLAN.varying(1), 1.5, "training diverged")
    return b"".join(json.dumps(trial.as_json()).encode() + b"\n" for trial in (done, failed))


def _read_history(content: bytes, folder: Path) -> None:
    path = folder / "l.jsonl"
    path.write_bytes(content)
    assert history.read(path)


def _read_picture(content: bytes, folder: Path) -> None:
    path = folder / "p.png"
    path.write_bytes(content)
    with contextlib.suppress(MnistgdError):
        read_mask(path)
    picture = open_picture(path)
    for take in (normalised, as_it_is):
        with contextlib.suppress(MnistgdError):
            image = take(picture)
            assert image.dtype == np.uint8
            assert image.shape == (28, 28)


def _read_font(content: bytes, folder: Path) -> None:
    letters.use_font("f.ttf", lambda: content)
    try:
        for size in (12, 28):
            assert label("".join(map(chr, range(0x20, 0x250))), size).height == line_height(size)
    finally:
        letters.use_font()


def _parse_lesson(content: bytes, folder: Path) -> None:
    """The words of a command line, with a zero byte between them; the first is the lesson's name."""
    import typer

    from mnistgd.cli.commands.lesson import _lesson_command

    name, *words = content.decode("utf-8", "surrogateescape").split("\0")
    if {"--help", "-h"} & set(words):
        return
    try:
        command = _lesson_command(name)
        with command.make_context(name, words):
            pass
    except (typer.TyperException, typer.Exit):
        return


@functools.cache
def seeds(name: str) -> Sequence[bytes]:
    """Inputs of a target that are sound, made once."""
    return TARGETS[name].seeds()


def _sound(name: str) -> bytes:
    return seeds(name)[0]


_ZIP = [b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"record.npy", b"weights.npy"]
_NPY = [
    b"\x93NUMPY\x01\0",
    b"'descr': ",
    b"'|O'",
    b"'<f4'",
    b"'fortran_order': True",
    b"(784, 2)",
    *(b"'<U1'", b"'|S9'", b"'|b1'", b"'<f2'", b"'>f8'", b"(2, 28, 28, 3)", b"(2, 1)"),
    b"(-1,)",
    b"1e9",
]
_JSON = [
    *(
        b'"format"',
        b'"kind"',
        b'"checkpoint"',
        b'"settings"',
        b'"names"',
        b'"hidden"',
        b'"epochs"',
        b'"steps"',
    ),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"[[[[", b'{"', b'"\\ud800"', b"9" * 400),
]

TARGETS: dict[str, Target] = {
    "idx": Target(
        _read_idx,
        lambda: [
            sound.idx(sound.data_set()["train_images"]),
            sound.idx(sound.data_set()["train_labels"]),
            gzip.compress(sound.idx(sound.data_set()["train_images"])),
        ],
        [b"\0\0\x08\x03", b"\0\0\x08\x01", b"\x1f\x8b\x08\0", b"\0\0\0\x1c", b"\x7f\xff\xff\xff"],
    ),
    "zip": Target(
        _read_zip,
        lambda: [
            sound.idx_zip(bytes),
            sound.idx_zip(gzip.compress),
            sound.idx_zip(bytes, called="emnist-letters-"),
        ],
        [*_ZIP, b"../", b"__MACOSX/", b"\0\0\x0d\x03", b"\0\0\x0c\x02", b"\x1f\x8b\x08\0"],
    ),
    "large": Target(
        _read_large,
        lambda: [
            *(pack(sound.idx(sound.data_set()["train_images"])) for pack in (bytes, gzip.compress)),
            *(
                sound.members(sound.npz(a=array))["a.npy"]
                for array in (sound.data_set()["train_images"], *sound.odd_arrays())
            ),
            sound.npz(**sound.data_set()),
        ],
        [b"\0\0\x08\x03", b"\x1f\x8b\x08\0", b"\x7f\xff\xff\xff", *_NPY],
    ),
    "pair": Target(
        _read_pair,
        lambda: [sound.npz(arr_0=array) for array in (*sound.data_set().values(), *sound.odd_arrays())],
        _ZIP,
    ),
    "folder": Target(
        _read_folder,
        sound.folders,
        [
            *(
                sound.NEXT,
                b"\0",
                b"\0" + sound.LINK,
                b"/",
                b"train/",
                b"test/",
                b"val/",
                b"0/",
                b"00/",
                b"a/",
                b"A/",
            ),
            *(
                b".png\0",
                b".gif\0",
                b"Thumbs.db\0",
                b"__MACOSX/",
                b"\xff",
                b"e\xcc\x81",
                b"train-images-idx3-ubyte\0",
            ),
        ],
    ),
    "mapping": Target(
        _read_mapping, lambda: [b"0 48\n1 65 97\n"], [b" ", b"\n", b"-1", b"9" * 5000, b"55296"]
    ),
    "foreign": Target(
        _read_data_set, sound.foreign_files, [b"\n", b" ", b"%", b"@relation", b"\x1f\x8b\x08\0"]
    ),
    "csv": Target(
        _read_csv,
        sound.csv_files,
        [
            *(b"\r\n", b'"', b'""', b";", b"\t", b"label,", b"\xef\xbb\xbf"),
            *(b"nan", b"inf", b"1e400", b"-1", b"256"),
        ],
    ),
    "npz": Target(_read_npz, lambda: [sound.npz(**sound.data_set())], _ZIP),
    "array": Target(
        _read_array,
        lambda: [
            *sound.members(sound.npz(**sound.data_set())).values(),
            *(
                member
                for array in sound.odd_arrays()
                for member in sound.members(sound.npz(a=array)).values()
            ),
        ],
        _NPY,
    ),
    "weights": Target(_read_weights, lambda: [weights_file.file_bytes(sound.model())], _ZIP),
    "import": Target(
        _read_import,
        sound.foreign_weights,
        [*_ZIP, b'{"weight":{"dtype":"F32","shape":[', b'"data_offsets":'],
    ),
    "weights-record": Target(_read_weights_record, lambda: [sound.record_of(_sound("weights"))], _JSON),
    "checkpoint": Target(_read_checkpoint, lambda: [sound.checkpoint_file()], _ZIP),
    "checkpoint-record": Target(
        _read_checkpoint_record, lambda: [sound.record_of(_sound("checkpoint"))], _JSON
    ),
    "frames": Target(_read_frames, lambda: [snapshots.file_bytes(sound.frames(sound.model()))], _ZIP),
    "frames-record": Target(_read_frames_record, lambda: [sound.record_of(_sound("frames"))], _JSON),
    "sweep-plan": Target(
        _read_plan,
        lambda: [json.dumps({"format": sweep_folder.FORMAT, "plan": _PLAN.as_json()}).encode()],
        _JSON,
    ),
    "sweep-trials": Target(_read_trials, lambda: [_trial_lines()], [*_JSON, b"\n"]),
    "history": Target(
        _read_history,
        lambda: [json.dumps(vars(history.Epoch(1, 3, 0.5, 0.9, 0.1, 1.0, 0.6, 0.8))).encode() + b"\n"],
        [b'"epoch"', b'"loss"', *_JSON],
    ),
    "picture": Target(
        _read_picture,
        lambda: [*sound.pictures(), *sound.stuffed_pictures()],
        [
            *(b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"\xff\xd8", b"GIF89a", b"II*\0"),
            # What any number may come of: an empty marker, an empty chunk, a comment, a long list of fractions.
            *(b"\xff\xe5\0\x02", sound.EMPTY_CHUNK, b"!\xfe\1c\0", b"\5\0\xff\xff\0\0"),
        ],
    ),
    "font": Target(
        _read_font, lambda: [sound.font()], [b"glyf", b"head", b"hmtx", b"fpgm", b"\x7f\xff", b"OTTO"]
    ),
    "lesson": Target(
        _parse_lesson, sound.lesson_lines, [b"\0--", b"nan", b"inf", b"1e400", b",", b"-1", b"9" * 5000]
    ),
}


# --- how it is run -------------------------------------------------------------------------------------


def run(name: str, content: bytes, folder: Path) -> bool:
    """Give `content` to a target; whether it was read rather than refused."""
    for needed in (name, "npz", "weights", "checkpoint", "frames"):
        seeds(needed)
    # All of it happens in this process, where it is watched, and where no limit helps.
    alone = mock.patch.object(parallel, "processors", return_value=0)
    with guarded(folder), warnings.catch_warnings(), alone:
        try:
            TARGETS[name].run(content, folder)
        except MnistgdError:
            return False
    return True


class Breach(BaseException):
    """Something was done that a reader of files never does."""


_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "subprocess.Popen",
    "pickle.",
    "marshal.",
    "socket.",
)
_READABLE = tuple(
    str(Path(place).resolve())
    for place in {
        *sysconfig.get_paths().values(),
        sys.prefix,
        sys.base_prefix,
        Path(weights_file.__file__).parent,
    }
)
_guard: list[tuple[str, list[str]]] = []
"""The folder that is watched, and what was done that must not be; empty while nobody watches."""


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Raise Breach if meanwhile code is run from outside, or a file opened but in `folder`, to import code or for nothing."""
    breaches: list[str] = []
    _guard.append((str(folder.resolve()), breaches))
    try:
        yield
    finally:
        _guard.clear()
    if breaches:
        raise Breach("; ".join(breaches))


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _guard:
        return
    folder, breaches = _guard[0]
    if event.startswith(_FORBIDDEN) and not _importing():
        breaches.append(event)
    if event == "open" and isinstance(arguments[0], str | bytes):
        path = str(
            Path(arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]).absolute()
        )
        reads = arguments[1] in (None, "r", "rb")
        # Python looks for the source of a literal that it cannot parse.
        harmless = path.startswith(folder) or path == os.devnull or arguments[0] == "<string>"
        if not harmless and not (reads and path.startswith(_READABLE)):
            breaches.append(f"open {path}")


def _importing() -> bool:
    """Whether a module is being imported: its compiled code is marshalled."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


sys.addaudithook(_watch)


def changed(name: str, rng: random.Random) -> bytes:
    """A sound input of a target in which a few places hold something else."""
    target = TARGETS[name]
    content = bytearray(rng.choice(seeds(name)))
    for _ in range(rng.randint(1, 5)):
        # The beginning and the end hold what says how the rest is to be read.
        places = (rng.randrange(200), len(content) - rng.randrange(600), rng.randrange(len(content) + 1))
        start = max(0, min(rng.choice(places), len(content)))
        word = rng.choice([*target.words, b"", rng.randbytes(1), rng.randbytes(4), b"\xff" * 4])
        if rng.random() < 0.05:  # of many a part any number may follow one another
            word *= 100_000 // max(1, len(word))
        content[start : start + rng.choice([0, len(word), len(word), rng.randrange(100)])] = word
    return bytes(content)
