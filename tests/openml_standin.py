"""A local stand-in for OpenML, so that the real `fetch_openml` runs without a network.

It is the proxy that HTTPS_PROXY names: it accepts ``CONNECT www.openml.org:443``, speaks TLS with a
certificate for that name (SSL_CERT_FILE names who signed it), and answers as OpenML answers for
``mnist_784`` or another set, or with a fault that a test asks for. Tests get one as the fixture
`openml_standin`.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import numpy as np
import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SEARCH = "/api/v1/json/data/list/data_name/mnist_784/limit/2/data_version/1"
DESCRIPTION = "/api/v1/json/data/554"
FEATURES = "/api/v1/json/data/features/554"
QUALITIES = "/api/v1/json/data/qualities/554"
ARFF = "/data/v1/download/52667/mnist_784.arff"

DATA = Path(__file__).parents[1] / "data"


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def mnist() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read the embedded copy, by the shortest way: MNIST as OpenML has it, all 70,000 of it."""

    def content(kind: str, header: int) -> NDArray[np.uint8]:
        files = [DATA / f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k")]
        return np.concatenate(
            [np.frombuffer(gzip.decompress(f.read_bytes())[header:], np.uint8) for f in files]
        )

    return content("images-idx3", 16).reshape(-1, 28, 28), content("labels-idx1", 8)


def to_arff(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bytes:
    """Write images and labels as OpenML's file does: a line per image, 784 pixels and the label."""
    numbers = [f"{number},".encode() for number in range(256)]
    text = np.array([list(number.ljust(4)) for number in numbers], np.uint8)
    used = np.array([[place < len(number) for place in range(4)] for number in numbers])
    rows = np.concatenate([images.reshape(len(images), -1), labels[:, None]], axis=1)
    parts = [b"@RELATION mnist_784\n\n"]
    parts += [f"@ATTRIBUTE pixel{number} REAL\n".encode() for number in range(1, rows.shape[1])]
    parts += [b"@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}\n\n@DATA\n"]
    for start in range(0, len(rows), 5000):
        chunk = rows[start : start + 5000]
        written = text[chunk]
        written[:, -1, 1] = ord("\n")
        parts.append(written[used[chunk]].tobytes())
    return b"".join(parts)


class StandIn:
    """OpenML as one process sees it, and what a test may ask of it.

    Attributes
    ----------
    asked : list of str
        The addresses that were asked for, in order: host and path.
    answers : dict of str to bytes
        Path to body; a path that is not in it is not found.
    faults : dict of str to callable
        Path to a fault, a function of the request and the body that is called instead of answering;
        ``CONNECT`` stands for the tunnel.
    gzipped : bool
        Whether the data file is sent gzipped, as the JSON never is.
    name : str
        The set that it answers for.
    """

    SEARCH, DESCRIPTION, FEATURES, QUALITIES, ARFF = SEARCH, DESCRIPTION, FEATURES, QUALITIES, ARFF

    def __init__(self, server: Server) -> None:
        self.port: int = server.server_address[1]
        self.closing = server.closing
        self.asked: list[str] = []
        self.answers: dict[str, bytes] = {}
        self.faults: dict[str, Callable[[Tunnel, bytes], None]] = {}
        self.gzipped = False
        self.name = "mnist_784"

    def serve(self, images: NDArray[np.uint8], labels: NDArray[np.uint8], name: str = "mnist_784") -> None:
        """Answer for the set of this name with these images, and for no other."""
        self.serve_arff(to_arff(images, labels), len(images), name)

    def serve_mnist(self, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Answer with so many of the real images, from the first on: 2 KB of text each, so sent gzipped."""
        self.gzipped = True
        images, labels = mnist()
        self.serve(images[:count], labels[:count])
        return images[:count], labels[:count]

    def serve_arff(self, arff: bytes, n_images: int, name: str = "mnist_784") -> None:
        """Answer for the set of this name with this file, whatever it is.

        All but the search has the addresses of ``mnist_784``.
        """
        quality = [{"name": "NumberOfClasses", "value": "10.0"}]
        quality += [{"name": "NumberOfInstances", "value": f"{n_images}.0"}]
        facts: dict[str, Any] = {"name": name, "status": "active", "format": "ARFF"}
        self.name = name
        search = {"did": 554, "version": 1, "file_id": 52667, "quality": quality, **facts}
        description = {
            "id": "554",
            "version": "1",
            "description": "**Author**: Yann LeCun, Corinna Cortes, Christopher J.C. Burges",
            "url": f"https://api.openml.org{ARFF}",
            "file_id": "52667",
            "default_target_attribute": "class",
            "md5_checksum": hashlib.md5(arff).hexdigest(),
            **facts,
        }
        digits = json.dumps([str(digit) for digit in range(10)])
        names = [*(f"pixel{number}" for number in range(1, 785)), "class"]
        features = [
            {
                "index": str(index),
                "name": name,
                "data_type": "nominal" if name == "class" else "numeric",
                **({"nominal_values": digits} if name == "class" else {}),
                "is_target": str(name == "class").lower(),
                "is_ignore": "false",
                "is_row_identifier": "false",
                "number_of_missing_values": "0",
            }
            for index, name in enumerate(names)
        ]
        self.answers = {
            SEARCH.replace("mnist_784", name.lower()): json.dumps({"data": {"dataset": [search]}}).encode(),
            DESCRIPTION: json.dumps({"data_set_description": description}).encode(),
            FEATURES: json.dumps({"data_features": {"feature": features}}).encode(),
            QUALITIES: json.dumps({"data_qualities": {"quality": quality}}).encode(),
            ARFF: gzip.compress(arff, 1, mtime=0) if self.gzipped else arff,
        }

    def fail(self, path: str, fault: Callable[[Tunnel, bytes], None]) -> None:
        """Answer this path with a fault: one of those below, or one's own."""
        self.faults[path] = fault

    def status(self, code: int, phrase: str) -> Callable[[Tunnel, bytes], None]:
        """Answer with another status than 200."""

        def fault(request: Tunnel, _: bytes) -> None:
            request.answer(f"<html><body><h1>{code} {phrase}</h1></body></html>".encode(), code, phrase)

        return fault

    def body(self, content: bytes) -> Callable[[Tunnel, bytes], None]:
        """Answer with another body."""

        def fault(request: Tunnel, _: bytes) -> None:
            request.answer(content)

        return fault

    def half(self, request: Tunnel, body: bytes) -> None:
        """Promise all of it, send half of it, hang up."""
        request.answer(body[: len(body) // 2], length=len(body))

    def hang_up(self, *_: object) -> None:
        """Answer nothing."""

    def silence(self, *_: object) -> None:
        """Accept, and never say a word."""
        self.closing.wait(60)

    def half_then_silence(self, request: Tunnel, body: bytes) -> None:
        """Promise all of it, send half of it, and never say a word again."""
        self.half(request, body)
        self.silence()

    def drip(self, seconds: float) -> Callable[[Tunnel, bytes], None]:
        """Send one byte every so many seconds."""

        def fault(request: Tunnel, body: bytes) -> None:
            request.answer(b"", length=len(body))
            for place in range(len(body)):
                if self.closing.wait(seconds):
                    return
                request.wfile.write(body[place : place + 1])
                request.wfile.flush()

        return fault


class Server(ThreadingHTTPServer):
    # Threads that are waited for leave no open socket behind.
    daemon_threads = False

    def __init__(self) -> None:
        self.closing = threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert("www.openml.org", "api.openml.org").configure_cert(self.context)
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.standin = StandIn(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that is ended in the middle of a download is what is tested here."""


class Tunnel(BaseHTTPRequestHandler):
    """The proxy's side: opens the tunnel, and is itself what lies at its end."""

    timeout = 60

    def do_CONNECT(self) -> None:
        server = cast("Server", self.server)
        fault = server.standin.faults.get("CONNECT")
        if fault is not None:
            fault(self, b"")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        with server.context.wrap_socket(self.connection, server_side=True) as tls:
            Request(tls, self.client_address, server)

    def answer(
        self, body: bytes, code: int = 200, phrase: str = "OK", length: int | None = None, encoding: str = ""
    ) -> None:
        self.send_response(code, phrase)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Write no log."""


class Request(Tunnel):
    """One request to OpenML, inside the tunnel."""

    def do_GET(self) -> None:
        standin = cast("Server", self.server).standin
        # urllib gives the whole address when it tries the same request again through a proxy.
        self.path = urlsplit(self.path).path
        standin.asked.append(f"{self.headers['Host']}{self.path}")
        body = standin.answers.get(self.path)
        fault = standin.faults.get(self.path)
        if fault is not None:
            fault(self, body or b"")
        elif body is None:
            self.answer(b"", 404, "Not Found")
        else:
            self.answer(body, encoding="gzip" if standin.gzipped and self.path == ARFF else "")


@contextlib.contextmanager
def running() -> Iterator[StandIn]:
    """Run a stand-in, listening on a port of its own, until the block ends."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.standin
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
