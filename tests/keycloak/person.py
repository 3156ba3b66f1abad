"""What a person does at our sign-in page and at Keycloak's."""

from __future__ import annotations

import re
import time

from playwright.sync_api import BrowserContext, Page, expect

from access_es.demo.keycloak import Keycloak

ACCOUNT = "/--access-es/account"
BUTTON = "Sign in with Keycloak"


def at_keycloak(page: Page, name: str, keycloak: Keycloak) -> None:
    """Fill in Keycloak's own form."""
    page.get_by_label("Username or email").fill(name)
    page.locator("input[name=password]").fill(keycloak.password)
    page.locator("[type=submit]").click()


def enter(page: Page, name: str, keycloak: Keycloak, address: str = ACCOUNT) -> None:
    page.goto(address)
    page.get_by_role("link", name=BUTTON).click()
    at_keycloak(page, name, keycloak)


def sign_out_there(page: Page) -> None:
    """From the page that says that the session here is over."""
    page.get_by_role("link", name="Sign out of that account, too").click()
    page.get_by_role("button", name=re.compile("logout", re.IGNORECASE)).click()


def await_status(window: BrowserContext, status: int, address: str = ACCOUNT) -> None:
    """What a program of this browser gets, once the change has arrived."""
    deadline = time.monotonic() + 20
    while window.request.get(address, max_redirects=0, headers={"Accept": "application/json"}).status != status:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def expect_name(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
