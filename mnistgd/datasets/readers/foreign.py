"""What files are that people have in place of those that are read, and the way from there to one that is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mnistgd.errors import DataError
from mnistgd.system.files import quoted

HEAD = 8192
"""Bytes of the beginning of a file that are enough to know it by."""

_TRUSTED = "if you trust whoever made it, since to unpickle runs what it says: "
_MATLAB = (
    'import scipy.io, numpy; m = scipy.io.loadmat(open(OLD, "rb")); '
    'numpy.savez(NEW, train_images=m["X"], train_labels=m["y"].ravel())'
)
_HDF5 = (
    'import h5py, numpy; h = h5py.File(open(OLD, "rb")); '
    'numpy.savez(NEW, train_images=h["X"], train_labels=h["y"])'
)
_PICKLE = (
    'import pickle, numpy; (x, y), *_, (t, u) = pickle.load(open(OLD, "rb"), encoding="latin1"); '
    "numpy.savez(NEW, x_train=x, y_train=y, x_test=t, y_test=u)"
)
_TORCH = "import torch, numpy; x, y = torch.load(OLD)[:2]; numpy.savez(NEW, train_images=x, train_labels=y)"
_ARFF = (
    'import scipy.io.arff, numpy; a = numpy.array(scipy.io.arff.loadarff(open(OLD, "rt"))[0].tolist()); '
    "numpy.savez(NEW, train_images=a[:, :-1].astype(float), train_labels=a[:, -1])"
)
_PARQUET = (
    'import io, numpy, pandas, PIL.Image; p = pandas.read_parquet(open(OLD, "rb")); numpy.savez(NEW, '
    'train_images=[PIL.Image.open(io.BytesIO(i["bytes"])) for i in p.image], train_labels=p.label)'
)

# What the beginning of a file matches; what such a file is; the line of Python that makes another of it, or
# nothing; and what is said before that. Every line keeps every number as it is.
_KINDS = (
    (
        rb"\s*(?i:<!doctype html|<html|<\?xml)",
        "a page of the web, saved in its place",
        "",
        "fetch the file again",
    ),
    (
        rb"version https://git-lfs\.github",
        "a pointer of Git LFS, in its place",
        "",
        "in its repository: git lfs pull",
    ),
    (
        rb"\x80[\x02-\x05]|\(*c(?:numpy|copy_reg|__builtin__)[a-z_.]*\n|\((?:[ld]p|I)[0-9]+\n",
        "a pickle, which is never loaded here",
        _PICKLE,
        _TRUSTED,
    ),
    (rb"MATLAB 5\.0 MAT-file", "a .mat file", _MATLAB, "with its own names, which are in m.keys(): "),
    (rb"\x89HDF\r\n\x1a\n|MATLAB 7\.3", "an HDF5 file", _HDF5, "with its own names, which are in list(h): "),
    (rb"(?:\s|%[^\n]*\n)*+(?i:@relation)\b", "an ARFF file", _ARFF, ""),
    (rb"PAR1", "a Parquet file", _PARQUET, ""),
    (
        rb"\x93NUMPY",
        "a single array",
        "",
        "call it train_images.npy and put train_labels.npy beside it, or both into one file with numpy.savez",
    ),
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP",
        "a picture, and no data set",
        "",
        "mnistgd predict reads it",
    ),
    (
        rb"7z\xbc\xaf|Rar!|\xfd7zXZ|BZh[1-9]1AY|\x28\xb5\x2f\xfd|.{257}ustar",
        "packed otherwise than is read here",
        "",
        "unpack it",
    ),
)
_PATTERNS = [re.compile(kind[0], re.DOTALL) for kind in _KINDS]


def refusal(head: bytes, place: str, *, gzipped: bool = False) -> DataError | None:
    """What to say of a file that begins with `head`; None if it is of no kind that is known here.

    Parameters
    ----------
    head : bytes, the first `HEAD` of them, unpacked
    place : str, what the file is called
    gzipped : bool, whether they were packed
    """
    for pattern, (_, what, code, more) in zip(_PATTERNS, _KINDS, strict=True):
        if pattern.match(head):
            if gzipped:
                code = code.replace("import ", "import gzip, ", 1).replace("open(OLD", "gzip.open(OLD", 1)
            return DataError(f"{place} is {what}", more + _command(code, place))
    return None


def torch_refusal(place: str) -> DataError:
    """What to say of a file that torch wrote, a ZIP of a pickle."""
    return DataError(
        f"{place} is a pickle of torch, which is never loaded here", _TRUSTED + _command(_TORCH, place)
    )


def _command(code: str, place: str) -> str:
    """What a shell takes to run `code`, which reads `place` and writes a file that is not there yet."""
    if not code:
        return ""
    path = Path(place)
    if not path.exists():
        return "unpack it first"
    new, number = path.with_suffix(".npz"), 1
    while new.exists():
        new, number = path.with_name(f"{path.stem}-{number}.npz"), number + 1
    for word, name in (("OLD", str(path)), ("NEW", str(new))):
        code = code.replace(word, json.dumps(name, ensure_ascii=False))
    return f"python -c {quoted(code)}"
