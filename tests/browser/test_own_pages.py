"""Our own pages, as people with different browsers meet them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from access_es.demo.kibana import BASE_PATH
from tests.browser.chromium import new_window
from tests.browser.conftest import Screenshot
from tests.browser.kibana import ACCOUNT, ERRORS, LOGIN, sign_in, sign_out
from tests.browser.network_log import watch
from tests.browser.other_site import another_site, form
from tests.running_proxy import RunningProxy

pytestmark = [pytest.mark.browser, pytest.mark.engines]

APPEARANCES = {"desktop": (1280, 800), "phone": (390, 844)}


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", APPEARANCES)
def test_our_pages_are_readable_and_accessible(
    browser: Browser, site: RunningProxy, screenshot: Screenshot, device: str, scheme: str
) -> None:
    """Nothing needs to be scrolled sideways, and everything the pages ask for is there."""
    width, height = APPEARANCES[device]
    with new_window(browser, site.url, dark=scheme == "dark", width=width, height=height) as window:
        page = window.new_page()
        watched = watch(page)

        def look(name: str) -> None:
            screenshot(page, f"{name}-{device}-{scheme}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name

        page.goto(ERRORS)
        look("login")
        sign_in(page, "alice", "mistyped")
        expect(page.get_by_role("alert")).to_have_text("The user name or password is wrong.")
        look("login-refused")
        page.goto(ACCOUNT)
        sign_in(page, "alice")
        expect(page.get_by_role("heading", name="alice")).to_be_visible()
        look("account")
        sign_out(page)
        look("signed-out")
        assert watched.complaints((LOGIN,)) == []
        visit_attack_page(page, site)
        look("error")
        expect(page.get_by_text("Another site made your browser send this form. Nothing was done.")).to_be_visible()


def visit_attack_page(page: Page, site: RunningProxy) -> None:
    """The easiest way to an error page."""
    with another_site("localhost", form(f"{site.url}{LOGIN}", {})) as address:
        page.goto(address)
        page.get_by_role("button", name="Win").click()
        page.wait_for_url(f"{site.url}/**")
