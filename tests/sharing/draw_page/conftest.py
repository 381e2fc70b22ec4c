"""The page in a tab, for a hand to draw on."""

import pytest

from mnistgd.model.model import Model
from mnistgd.model.settings import Settings
from mnistgd.model.weights_file import foreign_record


@pytest.fixture(scope="session")
def drawing(helper):
    """The helper of that name."""
    return helper("drawing")


@pytest.fixture(scope="session")
def trained(mnist):
    """What ``mnistgd train --epochs 1`` makes."""
    from mnistgd.training.run import Run

    settings = Settings(epochs=1)
    params = Run(mnist, settings).finish().params
    return Model(params, settings, mnist.class_names, foreign_record(settings, [], mnist.class_names))


@pytest.fixture(scope="session")
def tabs(chromium):
    """One tab for a mouse, and one for a finger: a new one for each test takes longer than the tests do."""
    finger = chromium.new_context(has_touch=True, is_mobile=True)
    pages = {"mouse": chromium.new_page(), "finger": finger.new_page()}
    for page in pages.values():
        page.on("dialog", lambda dialog: dialog.accept())  # the page asks back where drawings would be lost
    return pages


@pytest.fixture
def opened(tabs, tmp_path):
    """Open a page; at the end nothing may have been complained about, or asked of anybody."""
    used, wrong, asked = [], [], []
    hear = {
        "console": lambda message: wrong.append(message.text),
        "pageerror": lambda error: wrong.append(str(error)),
        "dialog": lambda dialog: dialog.type == "beforeunload" or wrong.append(dialog.message),
        "request": lambda request: asked.append(request.url),
    }

    def open_it(content, width=1200, height=900, scheme="light", by="mouse"):
        file = tmp_path / f"page{len(used)}.html"
        file.write_bytes(content)
        page = tabs[by]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour is half way
        if page not in used:
            for event, listener in hear.items():
                page.on(event, listener)
        used.append(page)
        page.goto(file.as_uri())
        return page

    yield open_it
    for page in set(used):
        for event, listener in hear.items():
            page.remove_listener(event, listener)
        page.goto("about:blank")
    assert wrong == []
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == len(used)
