"""A data set from OpenML, through scikit-learn's `fetch_openml` and its cache.

The download goes to a folder of its own, in which everything that scikit-learn's cache already holds is
linked. Only what has proved to be that set is then put into that cache. So a download that was made elsewhere
is used, one that is made here is found elsewhere, and whatever goes wrong in between (also in scikit-learn,
which removes a file that it could not parse) leaves the cache as it was, even if somebody else is
downloading into it at the same time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.dataset import SILENT, Listener
from mnistgd.datasets.named import NamedSet
from mnistgd.datasets.openml.process import DEFAULT_LIMITS, Limits, run
from mnistgd.datasets.shape import IMAGE_SHAPE, PIXELS
from mnistgd.errors import DownloadError, OutputError
from mnistgd.system.files import quoted, reason, write_atomically


def fetch(
    named: NamedSet, listener: Listener = SILENT, limits: Limits = DEFAULT_LIMITS
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bring a data set from scikit-learn's cache or, failing that, from OpenML.

    About 15 MB of MNIST, up to 50 MB of others, are downloaded and parsed by a child process, which takes
    about 15 s and a gigabyte of memory for that time. Proxies (``HTTPS_PROXY``), certificates
    (``SSL_CERT_FILE``) and scikit-learn's folder (``SCIKIT_LEARN_DATA``) are taken from the environment, as
    scikit-learn takes them.

    Parameters
    ----------
    named : NamedSet
    listener : Listener
        Hears what is being done, and how many bytes have arrived so far.
    limits : Limits
        How long it may take.

    Returns
    -------
    images : uint8 ndarray of shape (70000, 28, 28)
        The first 60,000 train, the last 10,000 test.
    labels : uint8 ndarray of shape (70000,)

    Raises
    ------
    DownloadError
        If OpenML cannot be reached, takes too long, or sends anything else. Scikit-learn's cache is
        then as it was.
    """
    try:
        cache = scikit_learn_cache()
        with tempfile.TemporaryDirectory(prefix="mnistgd-openml-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            staged = folder / "scikit_learn_data" / "openml"
            _borrow(cache, staged)
            received = run(named, staged.parent, folder, listener, limits)
            images, labels = np.load(folder / "images.npy"), np.load(folder / "labels.npy")
            if images.shape[1:] == (PIXELS,):
                images = images.reshape(-1, *IMAGE_SHAPE)
            if not named.is_of([images], [labels]):
                raise _other(named, images, received, cache)
            _keep(staged, cache, listener)
            return images, labels
    except OSError as error:
        raise DownloadError(f"{named.title} cannot be downloaded: {reason(error)}", named.hint) from error


def scikit_learn_cache() -> Path:
    """Where scikit-learn keeps what it downloads from OpenML.

    The rule is that of `sklearn.datasets.get_data_home`, which takes a second to import and creates
    the folder.
    """
    home = os.environ.get("SCIKIT_LEARN_DATA") or "~/scikit_learn_data"
    # Path.expanduser fails where there is no home; this does not.
    return Path(os.path.expanduser(home)).absolute() / "openml"  # noqa: PTH111


def _borrow(cache: Path, staged: Path) -> None:
    """Make every file of `cache` appear in `staged`, in such a way that removing it there does no harm."""
    staged.mkdir(parents=True)
    seen = set()
    for folder, subfolders, names in os.walk(cache, followlinks=True):
        place = staged / Path(folder).relative_to(cache)
        place.mkdir(exist_ok=True)
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back to where we were
            subfolders.clear()
            continue
        seen.add(real)
        for name in names:
            try:
                (place / name).symlink_to(Path(folder, name))
            except OSError:  # Windows lets not everyone make links
                shutil.copyfile(Path(folder, name), place / name)


def _keep(staged: Path, cache: Path, listener: Listener) -> None:
    """Put into `cache` what was downloaded, as scikit-learn would have done."""
    try:
        for path in sorted(staged.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            target, content = cache / path.relative_to(staged), path.read_bytes()
            if not target.is_file() or target.read_bytes() != content:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(target, content)
    except (OutputError, OSError) as error:
        why = error.message if isinstance(error, OutputError) else reason(error)
        listener.notice(f"scikit-learn's cache does not take the download: {why}")


def _other(named: NamedSet, images: NDArray[np.uint8], received: int, cache: Path) -> DownloadError:
    if received:
        message = f"what OpenML sent is not {named.title}, but {len(images):,} other images"
        return DownloadError(message, named.hint)
    return DownloadError(
        f"what scikit-learn's cache holds is not {named.title}",
        f"remove {named.openml} from {quoted(cache)}; {named.otherwise}",
    )
