"""Everything that can go wrong between here and OpenML: one line says it, and nothing is left behind."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mnistgd.datasets.named import FASHION_MNIST, KUZUSHIJI_MNIST, MNIST, NamedSet
from mnistgd.datasets.openml import download
from mnistgd.datasets.openml.process import Limits
from mnistgd.errors import DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.openml_standin import StandIn

    Content = Callable[[Path], dict[str, tuple[int, int, bytes]]]

FAULTS: dict[str, tuple[Callable[[StandIn], None], str]] = {
    "proxy refuses": (
        lambda s: s.fail("CONNECT", s.status(403, "Forbidden")),
        "OpenML cannot be reached: tunnel connection failed: 403 Forbidden",
    ),
    "no TLS": (
        lambda s: s.fail("CONNECT", s.body(b"no TLS is spoken here")),
        r"OpenML cannot be reached: \[SSL.*",
    ),
    "504": (
        lambda s: s.fail(s.SEARCH, s.status(504, "Gateway Time-out")),
        "OpenML answered 504 Gateway Time-out",
    ),
    "unknown": (
        lambda s: s.fail(s.DESCRIPTION, s.status(412, "Precondition Failed")),
        "OpenML says that it has no mnist_784",
    ),
    "hangs up": (
        lambda s: s.fail(s.SEARCH, s.hang_up),
        "the connection to OpenML broke off: remote end closed connection without response",
    ),
    "not JSON": (
        lambda s: s.fail(s.SEARCH, s.body(b"<html>Down for maintenance</html>")),
        "OpenML's answer is not JSON",
    ),
    "other JSON": (
        lambda s: s.fail(s.SEARCH, s.body(b"{}")),
        "what OpenML sent is not mnist_784: KeyError: 'data'",
    ),
    "not ARFF": (
        lambda s: s.serve_arff(b"\x00\xff" * 5000, 70_000, s.name),
        "what OpenML sent is not mnist_784: UnicodeDecodeError: .*",
    ),
    "wrong checksum": (
        lambda s: s.fail(s.ARFF, s.body(s.answers[s.ARFF].replace(b"0", b"1"))),
        "the download does not have the MD5 checksum that OpenML promises",
    ),
    # Pythons differ in whether they notice that an answer ends too early.
    "half a file": (
        lambda s: s.fail(s.ARFF, s.half),
        "the (download does not have the MD5 checksum that .*|connection to OpenML broke off: .*)",
    ),
    "half an answer": (
        lambda s: s.fail(s.FEATURES, s.half),
        "(OpenML's answer is not JSON|the connection to OpenML broke off: .*)",
    ),
    "other images": (lambda _: None, "what OpenML sent is not MNIST, but 3 other images"),
}

SILENCE: dict[str, Callable[[StandIn], None]] = {
    "proxy is silent": lambda s: s.fail("CONNECT", s.silence),
    "is silent": lambda s: s.fail(s.QUALITIES, s.silence),
    "falls silent": lambda s: s.fail(s.ARFF, s.half_then_silence),
}


@pytest.mark.parametrize(
    ("name", "named"),
    [
        *((name, MNIST) for name in (*FAULTS, *SILENCE, "drips")),
        # What names the set.
        *((name, FASHION_MNIST) for name in ("unknown", "not ARFF", "other images")),
        ("other images", KUZUSHIJI_MNIST),
    ],
)
def test_a_fault_is_one_line_and_leaves_nothing(
    name: str,
    named: NamedSet,
    standin: StandIn,
    three: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    cache: Path,
    temporary: Path,
    children: list[subprocess.Popen[Any]],
    content: Content,
    capfd: pytest.CaptureFixture[str],
) -> None:
    limits = Limits()
    standin.serve(*three, named.openml)
    if name == "drips":
        standin.fail(standin.ARFF, standin.drip(0.2))
        said, limits = r"the download took longer than 1\.5 s \(.* MB arrived\)", Limits(download=1.5)
    elif name in SILENCE:
        SILENCE[name](standin)
        said, limits = "OpenML sent nothing for 0.7 s", Limits(silence=0.7)
    else:
        arrange, said = FAULTS[name]
        arrange(standin)
    before = content(cache)

    with pytest.raises(DownloadError) as caught:
        download.fetch(named, limits=limits)

    said = said.replace("MNIST", named.title).replace("mnist_784", named.openml)
    assert re.fullmatch(said, caught.value.message)
    assert caught.value.hint == named.hint
    assert content(cache) == before
    assert not any(temporary.iterdir())
    assert [child.poll() is None for child in children] == [False]
    assert capfd.readouterr() == ("", "")


def test_a_slow_line_is_not_a_dead_one(standin: StandIn) -> None:
    """Bytes count when they arrive, not when scikit-learn has enough of them for a file."""
    standin.fail(standin.SEARCH, standin.drip(0.01))
    limits = Limits(silence=1.2)
    assert 0.01 * len(standin.answers[standin.SEARCH]) > 1.5 * limits.silence
    with pytest.raises(DownloadError, match="but 3 other images"):
        download.fetch(MNIST, limits=limits)


def test_a_server_that_refuses() -> None:
    with pytest.raises(DownloadError, match=r"^OpenML cannot be reached: connection refused$"):
        download.fetch(MNIST)
    assert not download.scikit_learn_cache().parent.exists()


def test_a_certificate_that_nobody_vouches_for(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(
        DownloadError, match=r"^OpenML's certificate is not trusted: unable to get local issuer"
    ):
        download.fetch(MNIST)
    assert standin.asked == []


def test_what_others_put_into_the_cache_meanwhile_stays(
    standin: StandIn, cache: Path, fill: Callable[[Path], None]
) -> None:
    def bring_it_and_fail(request: Any, body: bytes) -> None:
        fill(cache)
        standin.status(504, "Gateway Time-out")(request, body)

    standin.fail(standin.ARFF, bring_it_and_fail)
    with pytest.raises(DownloadError, match="504"):
        download.fetch(MNIST)
    assert (cache / f"openml.org{standin.ARFF}.gz").is_file()


def test_scikit_learn_may_not_remove_what_it_cannot_parse(
    standin: StandIn, cache: Path, fill: Callable[[Path], None], content: Content
) -> None:
    """It takes a file that does not fit into memory for a damaged one, and downloads it again."""
    standin.serve_arff(standin.answers[standin.ARFF], 10**12)
    fill(cache)
    before = content(cache)
    with pytest.raises(DownloadError, match="ran out of memory"):
        download.fetch(MNIST)
    assert standin.asked == [f"api.openml.org{standin.ARFF}"]
    assert content(cache) == before
