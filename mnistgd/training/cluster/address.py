"""What ``--cluster`` may name: a scheduler, the file of one, or workers to be started here."""

from __future__ import annotations

import json
from pathlib import Path

from mnistgd.errors import ClusterError, UsageError

LOCAL = "local:"
MAX_LOCAL = 256
SCHEMES = ("tcp", "tls")
HINT = "an address is tcp://HOST:8786, tls://HOST:8786, a scheduler file, or local:N"


def local_count(address: str) -> int | None:
    """How many processes ``local:N`` asks for; None if the address is of another kind."""
    kind, _, count = address.partition(":")
    if f"{kind}:" != LOCAL:
        return None
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= MAX_LOCAL):
        raise UsageError(f"{address} asks for no number of workers from 1 to {MAX_LOCAL}", f"say {LOCAL}2")
    return int(count)


def scheduler_of(address: str) -> str:
    """The address of the scheduler, which may be in a file."""
    if "://" in address:
        return _checked(address, address)
    if not address:  # as a variable of a script may be
        raise UsageError("--cluster names no scheduler", HINT)
    path = Path(address)
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(1_000_000))["address"]
    except FileNotFoundError:
        raise UsageError(f"there is no scheduler file {address}", HINT) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"{address} is not a scheduler file", HINT) from error
    return _checked(str(found), address)


def _checked(found: str, address: str) -> str:
    scheme, _, place = found.partition("://")
    host, _, port = place.rpartition(":")
    if scheme not in SCHEMES or not host or not (port.isascii() and port.isdigit() and int(port[:9]) < 65536):
        raise UsageError(f"{address} is not the address of a scheduler", HINT)
    return found
