"""Our own pages, as people with different browsers meet them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from access_es.demo.kibana import BASE_PATH
from tests.browser.chromium import new_window
from tests.browser.conftest import Screenshot
from tests.browser.kibana import ACCOUNT, sign_in
from tests.running_proxy import RunningProxy

pytestmark = [pytest.mark.browser, pytest.mark.engines]


def test_signing_in_needs_no_script(browser: Browser, site: RunningProxy, screenshot: Screenshot) -> None:
    """Kibana itself does, so it stays blank; but the person is there."""
    with new_window(browser, site.url, scripts=False) as window:
        page = window.new_page()
        page.goto(f"{BASE_PATH}/app/kibana")
        screenshot(page, "login-no-script")
        sign_in(page, "alice")
        page.wait_for_url(f"**{BASE_PATH}/app/kibana")
        page.goto(ACCOUNT)
        expect(page.get_by_role("heading", name="alice")).to_be_visible()
