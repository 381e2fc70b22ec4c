"""A report as one HTML file: no script, no connection, and everything that it shows inside."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mnistgd.errors import MissingExtraError
from mnistgd.figures.confusion import cell_colours
from mnistgd.sharing import pages
from mnistgd.sharing.report import Report
from mnistgd.system.words import counted, percent

if TYPE_CHECKING:
    from jinja2 import Template

LONGEST = 5000
"""Letters of one text that are shown: a record may be anyone's."""

_PNG = b"\x89PNG"


def template() -> Template:
    """The page, before anything is filled in; whatever is, is escaped.

    Raises
    ------
    MissingExtraError
        If Jinja is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("a report needs jinja2", "report") from error
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(uri=_uri, counted=counted, percent=percent)
    return environment.from_string(pages.text("report.html"))


def page_bytes(page: Template, report: Report) -> bytes:
    """The file; the same report gives the same bytes.

    Its policy forbids every script and every connection, and every style but its own, which it names by its
    hash; pictures are data within it.
    """
    from markupsafe import Markup

    style = pages.style("report.css") + _shades()
    policy = pages.policy(style, pictures=True)
    return page.render(report=report, style=Markup(style), policy=policy).encode()


def _shades() -> str:
    """The colours of the cells of a confusion matrix, from the lightest to the darkest."""
    rules = []
    for shade in range(11):
        (r, g, b), (red, green, blue) = cell_colours((shade / 10) ** 2)
        rules.append(
            f".shade-{shade} {{ background: rgb({r}, {g}, {b}); color: rgb({red}, {green}, {blue}); }}\n"
        )
    return "".join(rules)


def _uri(content: bytes) -> str:
    from markupsafe import Markup

    kind = "png" if content.startswith(_PNG) else "svg+xml"
    return Markup(f"data:image/{kind};base64,{base64.b64encode(content).decode()}")


def _visible(value: object) -> object:
    """What may be written of a text: what cannot be seen, or would turn its line around, is a ``�``."""
    if type(value) is not str:
        return value
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in value[:LONGEST])
