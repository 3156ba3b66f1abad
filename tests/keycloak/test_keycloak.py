"""Single sign-on with a real Keycloak and a real browser. In the order of the file: the last test stops Keycloak."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from access_es.demo.keycloak import CLIENT, Keycloak
from access_es.errors import AccessEsError
from access_es.pages.register import register_accounts
from access_es.settings.single_sign_on import parse_allow
from access_es.sign_in.build import AccountSettings, build_accounts
from access_es.sign_in.oidc.single_sign_on import SignOnSettings
from tests.account_fixtures import FAST_HASHING, close
from tests.eventually import eventually
from tests.keycloak.admin import Admin
from tests.keycloak.browserless import PAGE, Browserless
from tests.keycloak.person import ACCOUNT, BUTTON, at_keycloak, await_status, enter, expect_name, sign_out_there
from tests.pages.browsing import message
from tests.running_proxy import PASSWORD, RunningProxy

pytestmark = pytest.mark.browser
START = "/--access-es/oidc/start?next=" + ACCOUNT  # what a page load does when the session is old enough


def test_a_deep_link_and_its_fragment_live_through_the_first_sign_in(
    window: BrowserContext, keycloak: Keycloak, admin: Admin
) -> None:
    page = window.new_page()
    enter(page, "alice", keycloak, "/_demo/echo?a=1&b=%2F#/discover?_g=(x:1)")
    expect(page).to_have_url(re.compile(r"/_demo/echo\?a=1&b=%2F#/discover\?_g=\(x:1\)$"))
    page.goto(ACCOUNT)
    expect_name(page, "alice")
    expect(page.get_by_text("/search/admins")).to_be_visible()


def test_two_tabs(window: BrowserContext, keycloak: Keycloak) -> None:
    one, two = window.new_page(), window.new_page()
    for page, path in ((one, "/_demo/echo?tab=1"), (two, "/_demo/echo?tab=2")):
        page.goto(path)
        page.get_by_role("link", name=BUTTON).click()
        expect(page.get_by_label("Username or email")).to_be_visible()
    at_keycloak(two, "alice", keycloak)
    expect(two).to_have_url(re.compile("tab=2"))
    one.reload()  # Keycloak knows the person by now
    expect(one).to_have_url(re.compile("tab=1"))


def test_the_back_button_leads_to_no_error(window: BrowserContext, keycloak: Keycloak, proxy: RunningProxy) -> None:
    """Over Keycloak's form, which the browser may show once more, and over our sign-in page."""
    page = window.new_page()
    enter(page, "alice", keycloak, "/_demo/echo?tab=1")
    expect(page).to_have_url(re.compile("tab=1"))
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(f"^{proxy.url}/_demo/echo"))
    page.goto("/--access-es/oidc/callback?state=s-used-before&code=x")
    expect(page).to_have_url(re.compile("/_demo/echo$"))


def test_signing_out_here_and_there(window: BrowserContext, keycloak: Keycloak) -> None:
    page = window.new_page()
    enter(page, "alice", keycloak)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.get_by_role("link", name=BUTTON).click()  # Keycloak would know the person, and must ask all the same
    expect(page.locator("input[name=password]")).to_be_visible()
    page.go_back()
    sign_out_there(page)
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
    page.goto(START)
    expect(page.get_by_text("/search/editors")).to_be_visible()
    admin.move("bob", out_of="/search/editors")
    page.goto(START)
    expect(page.get_by_role("alert")).to_contain_text("not among those")
    await_status(window, 401)
    admin.move("bob", into="/search/readers")


def test_the_administrator_ends_a_session_there(window: BrowserContext, keycloak: Keycloak, admin: Admin) -> None:
    page = window.new_page()
    enter(page, "carol", keycloak)
    expect_name(page, "carol")
    admin.end_sessions("carol")
    await_status(window, 401)


def test_whoever_is_disabled_there_is_out_with_the_next_renewal_and_cannot_sign_in(
    window: BrowserContext, keycloak: Keycloak, admin: Admin
) -> None:
    """Keycloak itself says nothing to us when a user is disabled."""
    page = window.new_page()
    enter(page, "dave", keycloak)
    expect_name(page, "dave")
    admin.change_user("dave", enabled=False)
    page.goto(START)
    at_keycloak(page, "dave", keycloak)
    expect(page.get_by_text(re.compile("disabled|Invalid", re.IGNORECASE)).first).to_be_visible()
    assert page.url.startswith(keycloak.url)


def test_new_keys_are_followed_and_consent_can_be_refused(
    window: BrowserContext, keycloak: Keycloak, admin: Admin
) -> None:
    admin.add_key(200)
    page = window.new_page()
    enter(page, "carol", keycloak)
    expect_name(page, "carol")
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


def test_an_answer_that_is_forged_or_used_twice_lets_nobody_in(keycloak: Keycloak, proxy: RunningProxy) -> None:
    """Codes that Keycloak made, and a browser that has every cookie again."""
    person = Browserless(keycloak)
    person.ask(f"{proxy.url}{ACCOUNT}")
    back = person.way_back(person.ask(f"{proxy.url}{START}").headers["Location"], "alice")
    cookies = person.session.cookies.copy()

    def come_back(**changes: str) -> tuple[int, str]:
        person.session.cookies = cookies.copy()
        answer = person.ask(back_with(back, **changes))
        assert "access-es" not in answer.cookies or answer.status_code != 303 or "/oidc/" in answer.headers["Location"]
        return answer.status_code, answer.headers.get("Location", "") or answer.text

    status, shown = come_back(iss="https://evil.example")
    assert (status, "not of your provider" in shown) == (403, True)
    assert come_back(iss="")[0] == 403
    state = dict(parse_qsl(urlsplit(back).query))["state"]
    status, shown = come_back(state=state[:8] + "x" * (len(state) - 8))
    assert (status, shown.startswith(keycloak.url)) == (303, True)  # an attempt that is not known: begun anew
    person.session.cookies = cookies.copy()
    assert person.ask(back).headers["Location"] == ACCOUNT
    status, shown = come_back()
    assert (status, "Try again" in shown) == (400, True)


def back_with(address: str, **changes: str) -> str:
    """The way back with other parameters; without those that are empty."""
    named = {**dict(parse_qsl(urlsplit(address).query)), **changes}
    return f"{address.partition('?')[0]}?{urlencode({name: value for name, value in named.items() if value})}"


@pytest.mark.parametrize(("seconds", "said"), [(-90, "clocks"), (90, "")])
def test_a_clock_that_is_90_seconds_off(keycloak: Keycloak, tmp_path: Path, seconds: int, said: str) -> None:
    """One that is behind sees tokens of the future, and says so; one that is ahead sees tokens that still hold."""
    sign_on = SignOnSettings(keycloak.issuer, CLIENT, keycloak.client_secret, parse_allow("everyone"))
    settings = AccountSettings(
        ("a secret",), f"file:{tmp_path / 'a.db'}", single_sign_on=sign_on, password_method=FAST_HASHING
    )
    accounts = build_accounts(settings, lambda: time.time() + seconds)
    app = Flask("access_es", static_url_path="/--access-es/static")
    app.register_error_handler(AccessEsError, lambda error: ({"code": error.code}, error.status))
    register_accounts(app, accounts)
    client = app.test_client()
    base = "http://127.0.0.1"  # registered, with any port
    leaving = client.get(START, headers=PAGE, base_url=base)
    back = Browserless(keycloak).way_back(leaving.location, "alice")
    answer = client.get(back.removeprefix(base), headers=PAGE, base_url=base)
    assert answer.status_code == (502 if said else 303)
    assert said in message(answer)
    close(accounts)


def address_after(window: BrowserContext, path: str) -> str:
    return window.request.get(path, max_redirects=0, headers=PAGE).headers.get("location", "")


def test_sessions_tokens_and_passwords_go_on_without_keycloak(
    window: BrowserContext, keycloak: Keycloak, proxy: RunningProxy
) -> None:
    page = window.new_page()
    enter(page, "carol", keycloak)
    expect_name(page, "carol")
    keycloak.child.stop()
    assert proxy.ask("GET", ACCOUNT, proxy.bearer).status == 200
    page.reload()
    expect_name(page, "carol")
    eventually(lambda: address_after(window, START) == ACCOUNT)  # a renewal: Keycloak answered seconds ago, at first
    window.clear_cookies()
    page.goto(ACCOUNT)
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in with a password").click()
    expect_name(page, "alice")
