"""Single sign-on with a real Keycloak and a real browser. In the order of the file: the last test stops Keycloak."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from access_es.demo.keycloak import Keycloak
from tests.keycloak.admin import Admin
from tests.running_proxy import RunningProxy

pytestmark = [pytest.mark.engines, pytest.mark.browser]
ACCOUNT = "/--access-es/account"
BUTTON = "Sign in with Keycloak"


def at_keycloak(page: Page, name: str, keycloak: Keycloak) -> None:
    """Fill in Keycloak's own form."""
    page.get_by_label("Username or email").fill(name)
    page.locator("input[name=password]").fill(keycloak.password)
    page.locator("[type=submit]").click()


def enter(page: Page, name: str, keycloak: Keycloak, path: str = ACCOUNT) -> None:
    page.goto(path)
    page.get_by_role("link", name=BUTTON).click()
    at_keycloak(page, name, keycloak)


def await_status(window: BrowserContext, status: int, path: str = ACCOUNT) -> None:
    """What a program of this browser gets, once the change has arrived."""
    deadline = time.monotonic() + 20
    while window.request.get(path, max_redirects=0, headers={"Accept": "application/json"}).status != status:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_deep_link_and_its_fragment_live_through_the_first_sign_in(
    window: BrowserContext, keycloak: Keycloak, admin: Admin
) -> None:
    page = window.new_page()
    enter(page, "alice", keycloak, "/_demo/echo?a=1&b=%2F#/discover?_g=(x:1)")
    expect(page).to_have_url(re.compile(r"/_demo/echo\?a=1&b=%2F#/discover\?_g=\(x:1\)$"))
    page.goto(ACCOUNT)
    expect(page.get_by_role("heading", level=1)).to_have_text("alice")
    expect(page.get_by_text("/search/admins")).to_be_visible()
    expect(page.get_by_text("You may administer the whole domain.").or_(page.get_by_text("everything"))).to_be_visible()


def test_two_tabs_and_the_back_button(window: BrowserContext, keycloak: Keycloak, proxy: RunningProxy) -> None:
    one, two = window.new_page(), window.new_page()
    for page, path in ((one, "/_demo/echo?tab=1"), (two, "/_demo/echo?tab=2")):
        page.goto(path)
        page.get_by_role("link", name=BUTTON).click()
        expect(page.get_by_label("Username or email")).to_be_visible()
    at_keycloak(two, "alice", keycloak)
    expect(two).to_have_url(re.compile("tab=2"))
    one.reload()  # Keycloak knows the person by now
    expect(one).to_have_url(re.compile("tab=1"))
    one.goto(f"{proxy.url}/--access-es/oidc/callback?state=s-used-before&code=x")
    expect(one).to_have_url(re.compile("/_demo/echo$"))


def test_signing_out_here_and_there(window: BrowserContext, keycloak: Keycloak) -> None:
    page = window.new_page()
    enter(page, "alice", keycloak)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.get_by_role("link", name=BUTTON).click()  # Keycloak would know the person, and must ask all the same
    expect(page.locator("input[name=password]")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Sign out of that account, too").click()
    page.get_by_role("button", name=re.compile("logout", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("link", name=BUTTON).click()
    expect(page.get_by_label("Username or email")).to_be_visible()


def test_groups_change_with_the_next_sign_in_and_removal_keeps_out(
    window: BrowserContext, keycloak: Keycloak, admin: Admin
) -> None:
    page = window.new_page()
    enter(page, "bob", keycloak)
    expect(page.get_by_text("/search/readers")).to_be_visible()
    admin.move("bob", out_of="/search/readers", into="/search/editors")
    page.goto("/--access-es/oidc/start?next=" + ACCOUNT)  # what a page load does when the session is old enough
    expect(page.get_by_text("/search/editors")).to_be_visible()
    admin.move("bob", out_of="/search/editors")
    page.goto("/--access-es/oidc/start?next=" + ACCOUNT)
    expect(page.get_by_role("alert")).to_contain_text("not among those")
    await_status(window, 401)
    admin.move("bob", into="/search/readers")


def test_the_administrator_ends_a_session_there(window: BrowserContext, keycloak: Keycloak, admin: Admin) -> None:
    page = window.new_page()
    enter(page, "carol", keycloak)
    expect(page.get_by_role("heading", level=1)).to_have_text("carol")
    admin.end_sessions("carol")
    await_status(window, 401)


def test_whoever_is_disabled_there_cannot_sign_in(window: BrowserContext, keycloak: Keycloak, admin: Admin) -> None:
    admin.change_user("dave", enabled=False)
    page = window.new_page()
    enter(page, "dave", keycloak)
    expect(page.get_by_text(re.compile("disabled|Invalid", re.IGNORECASE)).first).to_be_visible()
    assert keycloak.url in page.url


def test_new_keys_are_followed_and_consent_can_be_refused(
    window: BrowserContext, keycloak: Keycloak, admin: Admin
) -> None:
    admin.add_key(200)
    page = window.new_page()
    enter(page, "carol", keycloak)
    expect(page.get_by_role("heading", level=1)).to_have_text("carol")
    window.clear_cookies()
    admin.change_client(consentRequired=True)
    enter(page, "carol", keycloak)
    page.locator("[name=cancel]").click()
    expect(page.get_by_role("alert")).to_contain_text("cancelled")
    admin.change_client(consentRequired=False)


def test_an_address_that_is_not_registered_is_refused_there(
    window: BrowserContext, keycloak: Keycloak, proxy: RunningProxy
) -> None:
    page = window.new_page()
    page.goto(f"http://localhost:{proxy.port}{ACCOUNT}")
    page.get_by_role("link", name=BUTTON).click()
    expect(page.get_by_text("Invalid parameter: redirect_uri")).to_be_visible()


def test_a_token_that_is_signed_with_a_shared_secret_is_refused(
    window: BrowserContext, keycloak: Keycloak, admin: Admin
) -> None:
    admin.change_client(attributes={"id.token.signed.response.alg": "HS256"})
    page = window.new_page()
    enter(page, "carol", keycloak)
    expect(page.get_by_role("alert")).to_contain_text("could not be verified")
    admin.change_client(attributes={"id.token.signed.response.alg": "RS256"})


def test_sessions_and_tokens_go_on_without_keycloak(
    window: BrowserContext, keycloak: Keycloak, proxy: RunningProxy
) -> None:
    page = window.new_page()
    enter(page, "carol", keycloak)
    expect(page.get_by_role("heading", level=1)).to_have_text("carol")
    keycloak.child.stop()
    assert proxy.ask("GET", ACCOUNT, proxy.bearer).status == 200
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("carol")
