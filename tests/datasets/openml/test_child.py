"""What the process that downloads says of an error, and what it takes for pixels."""

from __future__ import annotations

import gzip
import socket
import ssl
from urllib.error import URLError

import numpy as np
import pytest

from mnistgd.datasets.openml import child


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            URLError(socket.gaierror(-2, "Name or service not known")),
            "OpenML cannot be reached: name or service not known",
        ),
        (
            URLError(TimeoutError(110, "Connection timed out")),
            "OpenML cannot be reached: connection timed out",
        ),
        (
            URLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")),
            "OpenML cannot be reached: [SSL: WRONG_VERSION_NUMBER] wrong version number",
        ),
        (
            EOFError("Compressed file ended before the end-of-stream marker"),
            "the download is damaged or not whole: compressed file ended before the end-of-stream marker",
        ),
        (gzip.BadGzipFile("CRC check failed"), "the download is damaged or not whole: CRC check failed"),
        (OSError(28, "No space left on device"), "the download cannot be kept: no space left on device"),
        (
            ConnectionResetError(104, "Connection reset by peer"),
            "the connection to OpenML broke off: connection reset by peer",
        ),
        (ValueError("two\nlines\x1b and a very long " + 40 * "story "), None),
    ],
)
def test_every_error_has_a_line(error: Exception, said: str | None) -> None:
    line = child.explain(error, "mnist_784")
    assert said is None or line == said
    assert "\n" not in line
    assert len(line) <= 120


@pytest.mark.parametrize("wrong", [0.5, -1.0, 256.0, np.nan, np.inf])
def test_pixels_are_not_rounded(wrong: float) -> None:
    with pytest.raises(ValueError, match="whole numbers from 0 to 255"):
        child._as_bytes(np.array([[0.0, wrong, 255.0]]))
    assert child._as_bytes(np.array([[0.0, 255.0]])).tolist() == [[0, 255]]
