"""What all pages have in common: one look, and a policy that forbids whatever is not in them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

_FOLDER = Path(__file__).with_name("page")


def text(name: str) -> str:
    """A file that pages are made of."""
    return (_FOLDER / name).read_text("utf-8")


def style(name: str) -> str:
    """The look of all pages, and what the style sheet of one of them adds to it."""
    return text("page.css") + text(name)


def policy(style: str, script: str | None = None, *, pictures: bool = False) -> str:
    """What a page may do, for its Content-Security-Policy: use this style and script, and nothing else.

    Parameters
    ----------
    style, script : str; the script None for a page that runs none
    pictures : bool, whether it shows pictures that are data within it

    References
    ----------
    W3C, Content Security Policy Level 3, section 2.3.1: a hash is that of what stands between the tags.
    """
    allowed = ["img-src data:"] if pictures else []
    allowed.append(f"style-src '{_hash(style)}'")
    if script is not None:
        allowed.append(f"script-src '{_hash(script)}'")
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
