"""Bring a data set from OpenML with scikit-learn, in a process of its own: `process` runs it.

::

    python -P child.py NAME DATA_HOME FOLDER

`fetch_openml` has no time-out, holds almost a gigabyte while it parses, and can be stopped in the middle
only by ending its process. Here it runs as it is; this program watches, and says on stdout what goes on,
one JSON object per line:

====================================  ==================================================================
``{"event": "asking"}``               a request begins; from here the network is waited for
``{"event": "bytes", "count": 51}``   so many bytes have arrived in all
``{"event": "reading", "file": …}``   a file that has arrived is read; from here no network is needed
``{"event": "done"}``                 FOLDER holds ``images.npy`` (n, n_pixels) and ``labels.npy``, uint8
``{"event": "failed", "why": …}``     what went wrong, in one line
====================================  ==================================================================

When the process at the other end of stdin ends, this one does, and takes FOLDER with it.
It stands alone, and imports nothing of mnistgd, so that it starts wherever numpy and scikit-learn do.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import shutil
import socket
import ssl
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

# Bytes arrive in thousands of small pieces; this often, in seconds, is soon enough to hear of them.
_REPORT_EVERY = 0.1
_LONGEST_DETAIL = 120


def main(name: str, data_home: str, folder: str) -> None:
    """Fetch version 1 of `name` through the cache in `data_home`, and leave its arrays in `folder`."""
    channel, sys.stdout = sys.stdout, sys.stderr

    def say(event: str, **details: Any) -> None:
        print(json.dumps({"event": event, **details}), file=channel, flush=True)

    threading.Thread(target=_leave_with_parent, args=(folder,), daemon=True).start()
    try:
        import numpy as np
        from sklearn.datasets import fetch_openml

        _watch(say)
        bunch = fetch_openml(
            name,
            version=1,
            as_frame=False,
            parser="liac-arff",
            data_home=data_home,
            n_retries=1,
        )
        np.save(Path(folder, "images.npy"), _as_bytes(bunch.data))
        np.save(Path(folder, "labels.npy"), _as_bytes(bunch.target.astype(np.float64)))
    except Exception as error:
        say("failed", why=explain(error, name))
    else:
        say("done")


def _leave_with_parent(folder: str) -> None:
    """End with the parent, however it ended: it holds the other end of stdin, and writes nothing there."""
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _watch(say: Callable[..., None]) -> None:
    """Tell when a request begins, when bytes arrive, and when what has arrived is read.

    Python's own audit events tell the first and the last. Nothing announces bytes. The size of the file
    that is being written would be no measure: it grows by 64 KB at a time, or by less often when it is
    compressed on the way, so that a slow line would look like a dead one. `socket.SocketIO` is what
    `http.client` reads every answer through, whoever uses it.
    """

    class CountedSocketIO(socket.SocketIO):
        total = 0
        reported = 0.0

        def readinto(self, buffer: Any) -> int | None:
            count = super().readinto(buffer)
            CountedSocketIO.total += count or 0
            if count and time.monotonic() - CountedSocketIO.reported > _REPORT_EVERY:
                CountedSocketIO.reported = time.monotonic()
                say("bytes", count=CountedSocketIO.total)
            return count

    def hear(event: str, details: tuple[Any, ...]) -> None:
        if event == "urllib.Request":
            say("asking")
        elif event == "open" and str(details[0]).endswith(".gz") and "w" not in (details[1] or ""):
            say("reading", file=Path(details[0]).name)

    socket.SocketIO = CountedSocketIO  # type: ignore[misc]
    sys.addaudithook(hear)


def _as_bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Turn whole numbers into bytes, row by row in memory: scikit-learn may hand them out by column."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        rounded = values.astype(np.uint8, order="C")
    if not np.array_equal(rounded, values):
        raise ValueError("values that are not whole numbers from 0 to 255")
    return rounded


def explain(error: Exception, name: str) -> str:
    """Say in one line what went wrong when OpenML was asked for `name`."""
    return _line(_reason(error, name))


def _reason(error: Exception, name: str) -> str:
    if isinstance(error, HTTPError):
        return f"OpenML answered {error.code} {error.reason}"
    if isinstance(error, URLError):
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            return f"OpenML's certificate is not trusted: {error.reason.verify_message}"
        return f"OpenML cannot be reached: {_words(error.reason)}"
    if isinstance(error, MemoryError):
        return "parsing the download ran out of memory"
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return f"the download is damaged or not whole: {_words(error)}"
    if isinstance(error, http.client.HTTPException | ConnectionError | TimeoutError | ssl.SSLError):
        return f"the connection to OpenML broke off: {_words(error) or type(error).__name__}"
    if isinstance(error, ImportError):
        return f"scikit-learn cannot be loaded: {_words(error)}"
    if isinstance(error, OSError):
        return f"the download cannot be kept: {_words(error)}"
    if isinstance(error, json.JSONDecodeError):
        return "OpenML's answer is not JSON"
    if type(error).__name__ == "OpenMLError":
        return f"OpenML says that it has no {name}"
    if "md5 checksum" in str(error):
        return "the download does not have the MD5 checksum that OpenML promises"
    return f"what OpenML sent is not {name}: {type(error).__name__}: {error}"


def _words(error: BaseException | str) -> str:
    """An error's own words as they stand in the middle of a sentence; an abbreviation keeps its capitals."""
    text = getattr(error, "strerror", None) or str(error)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _line(text: str) -> str:
    """One line, not too long, without the full stop; the words of a server come in any shape."""
    text = " ".join(text.split())
    return text[: _LONGEST_DETAIL - 1] + "…" if len(text) > _LONGEST_DETAIL else text.rstrip(".")


if __name__ == "__main__":
    main(*sys.argv[1:])
