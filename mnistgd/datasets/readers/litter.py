"""Files that systems leave among others, which nobody put there as data."""

from __future__ import annotations

_LEFT = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin"}


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is passed over: hidden ones, and what macOS and Windows leave.

    Examples
    --------
    >>> is_litter("._5.png"), is_litter("Thumbs.db"), is_litter("5.png")
    (True, True, False)
    """
    return name.startswith(".") or name.lower() in _LEFT
