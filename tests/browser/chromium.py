"""Debian's Chromium without a screen, driven through Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

# It talks to nobody but the pages of a test.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
VIEWPORT_WIDTH, VIEWPORT_HEIGHT = 1280, 800
TIMEOUT_SECONDS = 30
"""Kibana's first page is 8 MB of script, and the machine may be busy with other tests."""


@contextmanager
def running_chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("The browser tests need Chromium. On Debian: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test-subj")  # Kibana's name for it
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        expect.set_options(timeout=TIMEOUT_SECONDS * 1000)
        yield browser
        browser.close()


def new_window(
    browser: Browser,
    base_url: str,
    *,
    dark: bool = False,
    width: int = VIEWPORT_WIDTH,
    height: int = VIEWPORT_HEIGHT,
    scripts: bool = True,
    any_certificate: bool = False,
) -> BrowserContext:
    """A window of a person who has never been here: no cookies, nothing kept."""
    window = browser.new_context(
        base_url=base_url,
        color_scheme="dark" if dark else "light",
        viewport={"width": width, "height": height},
        java_script_enabled=scripts,
        ignore_https_errors=any_certificate,
        locale="en-US",
        timezone_id="UTC",
    )
    window.set_default_timeout(TIMEOUT_SECONDS * 1000)
    return window
