"""What is fuzzed: every reader of files that nobody vouches for.

Each target takes any bytes. It may read them or refuse them with an error of this package; all else is a
finding: another error, two seconds, 500 MB, a file opened elsewhere, code run. `watch.guarded` sees the last two.
"""

from __future__ import annotations

import contextlib
import functools
import json
import random
import warnings
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np
import sound
from data_sets import DATA_SETS, read_npz
from target import NPY, ZIP, Target
from watch import guarded

from mnistgd.errors import MnistgdError
from mnistgd.figures import letters
from mnistgd.figures.text import label, line_height
from mnistgd.handwriting.pictures import open_picture
from mnistgd.handwriting.read import as_it_is, read
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
            read_npz(sound.packed(members | {name: content}), folder)


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
    for take in (read, as_it_is):
        with contextlib.suppress(MnistgdError):
            image = take(picture).pixels
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
    **DATA_SETS,
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
        NPY,
    ),
    "weights": Target(_read_weights, lambda: [weights_file.file_bytes(sound.model())], ZIP),
    "import": Target(
        _read_import,
        sound.foreign_weights,
        [*ZIP, b'{"weight":{"dtype":"F32","shape":[', b'"data_offsets":'],
    ),
    "weights-record": Target(_read_weights_record, lambda: [sound.record_of(_sound("weights"))], _JSON),
    "checkpoint": Target(_read_checkpoint, lambda: [sound.checkpoint_file()], ZIP),
    "checkpoint-record": Target(
        _read_checkpoint_record, lambda: [sound.record_of(_sound("checkpoint"))], _JSON
    ),
    "frames": Target(_read_frames, lambda: [snapshots.file_bytes(sound.frames(sound.model()))], ZIP),
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
