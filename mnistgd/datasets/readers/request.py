"""What a reader of files is asked for."""

from __future__ import annotations

from typing import NamedTuple

from mnistgd.datasets.cache import Cache
from mnistgd.datasets.dataset import SILENT, Listener
from mnistgd.datasets.options import PLAINLY, DataOptions
from mnistgd.datasets.parts import Wanted


class Request(NamedTuple):
    """Which part of a set is wanted, and what goes with the reading of it.

    Attributes
    ----------
    options : DataOptions
    wanted : {"both", "train", "test"}
        Unless it is both, others belong to the set, and these alone need no classes to tell apart.
    cache : Cache or None, where is kept what takes long to read
    listener : Listener
    """

    options: DataOptions = PLAINLY
    wanted: Wanted = "both"
    cache: Cache | None = None
    listener: Listener = SILENT


WHOLE = Request()
"""Both parts, as the files are known to be."""
