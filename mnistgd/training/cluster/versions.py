"""Versions on both sides of a connection: whether they compute the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mnistgd.datasets.dataset import Listener
from mnistgd.errors import ClusterError

if TYPE_CHECKING:
    from distributed import Client

_SAME = ("mnistgd",)
_TOLD = ("python", "numpy", "distributed")


def compare(client: Client, address: str, workers: Sequence[str], listener: Listener) -> None:
    """Tell of versions that differ from those here, before anything is computed.

    Raises
    ------
    ClusterError
        If they are such that results could be others.
    """
    versions = client.get_versions(packages=list(_SAME))
    here = versions["client"]["packages"]
    others = {f"the scheduler at {address}": versions["scheduler"]}
    # One that has left meanwhile has no versions, and is missed as soon as it is asked.
    others |= {f"the worker {each}": versions["workers"].get(each, versions["client"]) for each in workers}
    for who, found in others.items():
        for name in (*_SAME, *_TOLD):
            own, other = _version(here, name), _version(found["packages"], name)
            if own == other:
                continue
            if name in _SAME:
                what = f"has {name} {other}" if other else f"has no {name}"
                raise ClusterError(f"{who} {what}, and here is {own}", f"install mnistgd {own} there")
            listener.notice(f"{who} has {name} {other or 'unknown'}, and here is {own}: last bits may differ")


def _version(packages: Mapping[str, Any], name: str) -> str | None:
    """As people write it: Dask adds the level of a release to Python's."""
    version = packages.get(name)
    return version and ".".join(str(version).split(".")[:3])
