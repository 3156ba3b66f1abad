"""The pictures in the README. `SCREENSHOTS=docs python -m pytest tests/browser/test_readme_pictures.py` remakes them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from access_es.demo.sample_data import PATTERN
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.conftest import Screenshot
from tests.browser.kibana import ERRORS, LOGIN_TITLE, expect_hits, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.engines]


def test_the_pictures_of_the_readme_can_be_taken(page: Page, engines: Engines, screenshot: Screenshot) -> None:
    page.goto(ERRORS.replace("now-10d", "now-7d"))  # as Discover opens on them by default
    expect(page).to_have_title(LOGIN_TITLE)
    screenshot(page, "login")
    sign_in(page, "alice")
    expect_hits(page, engine_queries.count(engines, PATTERN, "level:ERROR AND @timestamp:[now-7d+1h TO now]"))
    screenshot(page, "discover")
