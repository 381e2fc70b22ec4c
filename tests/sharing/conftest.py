"""A real browser, for the pages that leave the tool."""

import os
import shutil

import pytest

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


@pytest.fixture(scope="session")
def chromium():
    """One that is installed, driven by Playwright; where there is none its tests are left out, but not in CI."""
    place = next(filter(None, map(shutil.which, BROWSERS)), None)
    if place is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The sandbox does not let root in.
        flags = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=place, args=flags)
        yield browser
        browser.close()
