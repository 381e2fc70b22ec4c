"""What was found or worked out before, kept on disk as arrays that open by memory map.

An entry is some uint8 arrays, each an ``.npy`` file, and a JSON record of their source, SHA-256, size and
CRC-32. The record is replaced last and every byte is checked against it on each use: whatever happened to
the files in between, what is read is right or is not used. Of a large array it is enough that the file has
not been written to since, by its time and inode; `check` reads it all. Files are replaced, never written
over, so a map that another process holds stays what it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistgd.datasets.cache_files import (
    FORMAT,
    MAX_RECORD,
    DamageError,
    Pieces,
    open_array,
    parse_record,
    shape_in,
    write_array,
)
from mnistgd.datasets.dataset import SILENT, Listener
from mnistgd.datasets.named import NAMED
from mnistgd.errors import OutputError
from mnistgd.system.files import reason, remove_abandoned, write_atomically

HINT = "set MNISTGD_CACHE to a folder that can be written"

_ENTRY = rf"({'|'.join(NAMED)}|(deskew|large|pictures|table)\d+-[0-9a-f]{{16}})"
# A file of this cache, or what is left of one after a crash: nothing else in its folder is ever removed.
_OWN = re.compile(rf"{_ENTRY}(\.json|-[a-z]+\.npy)|\.{_ENTRY}(\.json|-[a-z]+\.npy)\..*\.tmp")


def default_folder() -> Path:
    """Where the cache is: MNISTGD_CACHE, or ``mnistgd`` in the user's cache folder of this platform."""
    chosen = os.environ.get("MNISTGD_CACHE")
    # Path.expanduser fails where there is no home; this does not.
    return Path(os.path.expanduser(chosen)).absolute() if chosen else _user_cache() / "mnistgd"  # noqa: PTH111


def _user_cache() -> Path:
    try:
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches"
        # The XDG specification has a relative path ignored.
        chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
        return chosen if chosen.is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        # A user without a home: a place where nothing is found, and nothing can be written.
        return Path(os.devnull)


@dataclass(frozen=True)
class Entry:
    """What the cache has under one name.

    Attributes
    ----------
    source : str
        Where the arrays first came from; empty if the record cannot be read.
    sha256 : str
        Of the data they were made from; empty if anything is damaged.
    arrays : dict of str to uint8 ndarray
        Read-only, mapped into memory; none if anything is damaged.
    damage : str
        What is wrong with it; empty if nothing is.
    facts : dict
        What else was to be remembered, as JSON has it.
    """

    source: str = ""
    sha256: str = ""
    arrays: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    damage: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


class Cache:
    """Arrays on disk, by name.

    Parameters
    ----------
    folder : Path
        It need not exist.
    listener : Listener
        Hears, once, that the cache cannot be written.
    """

    def __init__(self, folder: Path, listener: Listener = SILENT) -> None:
        self.folder = folder
        self._listener = listener
        self._writable = True

    def read(
        self,
        name: str,
        shapes: Mapping[str, tuple[int, ...]] | None,
        sha256: str | None,
        *,
        every_byte: bool = False,
    ) -> Entry | None:
        """Open the arrays kept under `name`, and check them.

        What a killed process has left unfinished in the folder is removed.

        Parameters
        ----------
        name : str
        shapes : mapping of str to tuple of int, or None
            The arrays that are expected; None for those that the record names.
        sha256 : str or None
            Of the data they were made from, as it was given to `write`; None for whatever they were.
        every_byte : bool
            Whether large arrays are read whole as well, though nobody seems to have written to them.

        Returns
        -------
        Entry, or None if there is nothing under this name.
        """
        remove_abandoned(file for file in self.files() if file.suffix == ".tmp")
        file = record_file = self._record_file(name)
        source, arrays = "", {}
        try:
            if not file.is_file():
                return None
            with file.open("rb") as stream:
                record = parse_record(stream.read(MAX_RECORD))
            source = record["source"]
            if sha256 not in (None, record["sha256"]):
                raise DamageError("is of other data")
            if shapes is None:
                shapes = {key: shape_in(about) for key, about in record["arrays"].items()}
            for key, shape in shapes.items():
                file = self._array_file(name, key)
                arrays[key] = open_array(file, shape, record["arrays"].get(key), every_byte)
        except OSError as error:
            return None if file == record_file else Entry(source, damage=f"{file.name}: {reason(error)}")
        except DamageError as damage:
            return Entry(source, damage=f"{file.name} {damage}")
        return Entry(source, record["sha256"], arrays, facts=record.get("facts", {}))

    def write(
        self, name: str, arrays: Mapping[str, Sequence[NDArray[np.uint8]]], source: str, sha256: str
    ) -> None:
        """Keep arrays under `name`, each given as the parts that follow each other along its first axis.

        What was made of files that are gone since is removed.

        Raises
        ------
        OutputError
            If they cannot be written. What was there before is then still there, or noticed as damaged.
        """
        whole = ((sum(map(len, parts)), *parts[0].shape[1:]) for parts in arrays.values())
        self.write_pieces(name, zip(arrays, map(Pieces, whole, arrays.values()), strict=True), source, sha256)

    def write_pieces(
        self,
        name: str,
        arrays: Iterable[tuple[str, Pieces]],
        source: str,
        sha256: str,
        facts: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        """As `write`, of arrays that need not fit into memory.

        Parameters
        ----------
        arrays : iterable of the key of an array and its pieces; one is written before the next is asked for
        facts : function that is called when all are written: what else is to be remembered

        Raises
        ------
        OutputError
            As `write`.
        """
        sizes = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OutputError):
                self.clear([each for each in self.names() if self._is_gone(each)])
            for key, (shape, pieces) in arrays:
                sizes[key] = write_array(self._array_file(name, key), shape, pieces)
            record: dict[str, Any] = {"format": FORMAT, "source": source, "sha256": sha256, "arrays": sizes}
            if facts is not None:
                record["facts"] = facts()
            write_atomically(self._record_file(name), f"{json.dumps(record, indent=2)}\n".encode())
        except OutputError as error:
            raise OutputError(error.message, HINT) from error
        except OSError as error:
            raise OutputError(f"cannot write {self.folder}: {reason(error)}", HINT) from error

    def read_back(self, name: str, sha256: str) -> Entry:
        """What was just written under `name`.

        Raises
        ------
        OutputError
            If that is not what is there.
        """
        entry = self.read(name, None, sha256)
        if entry is None or entry.damage:
            what = entry.damage if entry else "is gone"
            raise OutputError(f"what was written to {self.folder} is not what is there: {what}", HINT)
        return entry

    def check_room(self, size: int) -> None:
        """Check that the disk has room, before anything of many bytes is written.

        Raises
        ------
        OutputError
            If it has not.
        """
        there = next((place for place in (self.folder, *self.folder.parents) if place.is_dir()), None)
        if there is not None and (free := shutil.disk_usage(there).free) < size:
            message = f"{size:,} bytes are to be kept in {self.folder}, and its disk has room for {free:,}"
            raise OutputError(message, "set MNISTGD_CACHE to a folder on a larger disk, or make room")

    def keep(
        self, name: str, arrays: Mapping[str, Sequence[NDArray[np.uint8]]], source: str, sha256: str
    ) -> None:
        """As `write`, but where that fails go on without, and say so the first time."""
        self.try_to(lambda: self.write(name, arrays, source, sha256))

    def try_to(self, write: Callable[[], None]) -> None:
        """Write, but where that fails go on without, and say so the first time."""
        if not self._writable:
            return
        try:
            write()
        except OutputError as error:
            self._writable = False
            self._listener.notice(f"{error.message}; going on without a cache")

    def names(self) -> list[str]:
        """The names under which something is kept, sound or not."""
        return [file.stem for file in self.files() if file.suffix == ".json" and file.name[0] != "."]

    def size(self) -> int:
        """Bytes, of all files together."""
        return sum(_size(file) for file in self.files())

    def files(self) -> list[Path]:
        """The files of this cache that lie in its folder, in order of their names."""
        try:
            found = sorted(self.folder.iterdir())
        except OSError:
            return []
        return [file for file in found if _OWN.fullmatch(file.name) and file.is_file()]

    def clear(self, names: Collection[str] | None = None) -> int:
        """Remove the files of this cache, and nothing else that lies in its folder.

        Parameters
        ----------
        names : collection of str, optional
            Under which they are kept; all without it.

        Returns
        -------
        int, the number of bytes that were freed

        Raises
        ------
        OutputError
            If one cannot be removed.
        """
        freed = 0
        # Records first: without one, the arrays count as absent and not as damaged.
        starts = ("",) if names is None else tuple(name + mark for name in names for mark in ".-")
        chosen = [file for file in self.files() if file.name.startswith(starts)]
        for file in sorted(chosen, key=lambda file: file.suffix != ".json"):
            size = _size(file)
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise OutputError(f"cannot remove {file}: {reason(error)}", HINT) from error
            freed += size
        return freed

    def _is_gone(self, name: str) -> bool:
        """Whether an entry was made of files, and these are there no more.

        Where a disk is not mounted now, the folder they lay in is not there either, or is empty, or a link
        leads nowhere.
        """
        try:
            with self._record_file(name).open("rb") as stream:
                source = Path(parse_record(stream.read(MAX_RECORD))["source"])
            there = not source.is_absolute() or source.is_symlink() or source.exists()
            return not there and any(source.parent.iterdir())
        except (OSError, ValueError, DamageError):
            return False

    def _record_file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _array_file(self, name: str, key: str) -> Path:
        return self.folder / f"{name}-{key}.npy"


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        # Another process has removed it since.
        return 0
