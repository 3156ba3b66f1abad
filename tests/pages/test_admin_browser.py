"""The administrators' page in a real browser, without a mouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from access_es.users.sessions import SessionRecord
from access_es.users.user import User
from tests.account_fixtures import PASSWORD
from tests.pages.administration import ADMIN, accounts_of, make_app
from tests.pages.test_pages_browser import browser, serving

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

__all__ = ["browser"]
LONG = "Ann-Katrin " + "Müller-Lüdenscheidt-" * 5 + "<script>alert(1)</script>"


def press_enter(page: Page) -> None:
    """On what leads to another page, and wait for that."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def press_until(page: Page, label: str) -> None:
    """Tab to the element whose text this is, then press Enter."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == label:
            press_enter(page)
            return
    raise AssertionError(f"{label} is not reached by the keyboard")


def test_a_user_is_found_changed_and_disabled_by_keyboard_alone(tmp_path: Path, browser: Browser) -> None:
    """And nothing is wider than a small screen, whatever people are called."""
    app = make_app(tmp_path)
    accounts = accounts_of(app)
    named = User("sso-" + "x" * 32, "", 1, ("cn=" + "long" * 30,), False, "e", "https://id.example", "1", LONG)
    accounts.stores.users.add(named)
    epoch, now = accounts.directory.user("bob").epoch, int(accounts.clock())
    place = "2001:0db8:85a3:0000:0000:8a2e:0370:7334"
    accounts.stores.sessions.put(
        SessionRecord("s1", "bob", epoch, "Firefox on Linux", place, "password", now, now + 60, now)
    )
    accounts.directory.add_token("bob", "label" * 12)
    context = browser.new_context(viewport={"width": 320, "height": 640})
    with serving(app) as site:
        page = context.new_page()
        page.goto(site + "/--access-es/login?next=" + ADMIN)
        page.keyboard.type("ann")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Users")
        for path in ("", f"/user?name={named.name}", "/user?name=bob", "/sessions", "/tokens", "/changes", "/invite"):
            page.goto(f"{site}{ADMIN}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.goto(site + ADMIN)
        page.get_by_label("Filter").focus()
        page.keyboard.type("bob")
        press_enter(page)
        press_until(page, "bob")
        expect(page.get_by_role("heading", level=1)).to_have_text("bob")
        page.get_by_label("One group on each line").focus()
        page.keyboard.press("Control+End")
        page.keyboard.type("\nops")
        press_until(page, "Change groups")
        expect(page.get_by_role("status")).to_have_text("The groups are changed.")
        press_until(page, "Disable…")
        expect(page.get_by_role("heading", level=1)).to_have_text("Disable bob?")
        press_until(page, "Disable")
        expect(page.get_by_role("status")).to_contain_text("The user is disabled.")
    context.close()
    bob = accounts.directory.user("bob")
    assert (bob.groups, bob.disabled, accounts.directory.sessions("bob")) == (("data", "ops"), True, [])
