"""Our pages in a real browser: what only a browser can tell."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, redirect, request
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from access_es.sign_in.build import Accounts
from tests.account_fixtures import PASSWORD
from tests.pages.browsing import ACCOUNT, LOGIN

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

DEEP = "/_plugin/kibana/app/kibana?embed=true"
FRAGMENT = "#/discover?_g=(time:(from:now-15m,to:now))&_a=(query:(query:'a%20b'))"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The app's address, while it is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site(app: Flask, accounts: Accounts) -> Iterator[str]:
    """Our pages, and in place of the domain a page that needs a session."""

    @app.get("/_plugin/kibana/app/kibana")
    @app.get("/_dashboards/")
    def kibana() -> Response:
        headers = tuple((str(name), str(value)) for name, value in request.headers)
        if accounts.identity.identify(headers, scheme="http", client_address="::1") is None:
            return redirect(f"{LOGIN}?next={DEEP}", 303)
        return Response(
            "<!doctype html><link rel=icon href=data:,><title>Kibana</title><h1>Kibana</h1>", mimetype="text/html"
        )

    with serving(app) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser window; at its end nothing may have gone wrong in its console."""
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [text for text in complaints if "401 (UNAUTHORIZED)" not in text] == []


def fill_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill("ann")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_deep_link_with_its_fragment_survives_signing_in(site: str, page: Page) -> None:
    """Kibana keeps what one looks at in the fragment, which no server ever sees."""
    page.goto(site + DEEP + FRAGMENT)
    expect(page).to_have_title("Sign in · access-es")
    fill_in(page)
    expect(page.get_by_role("heading", name="Kibana")).to_be_visible()
    assert page.url == site + DEEP + FRAGMENT


def test_the_fragment_survives_a_mistyped_password(site: str, page: Page) -> None:
    page.goto(site + DEEP + FRAGMENT)
    fill_in(page, "mistyped")
    expect(page.get_by_role("alert")).to_have_text("The user name or password is wrong.")
    expect(page.get_by_label("Password")).to_be_focused()
    fill_in(page)
    expect(page.get_by_role("heading", name="Kibana")).to_be_visible()
    assert page.url == site + DEEP + FRAGMENT


def test_signing_in_needs_no_mouse_and_no_script(site: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + LOGIN)
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(site + "/_dashboards/")
    context.close()


def test_a_token_is_made_copied_and_revoked(site: str, page: Page) -> None:
    page.goto(site + ACCOUNT)
    fill_in(page)
    expect(page.get_by_role("heading", name="ann")).to_be_visible()
    page.get_by_label("What is it for?").fill("nightly job")
    page.get_by_role("button", name="Create token").click()
    shown = page.get_by_label("Copy it now")
    expect(shown).to_be_focused()
    assert shown.input_value().startswith("aes_")
    page.goto(site + ACCOUNT)
    page.get_by_role("button", name="Revoke nightly job").click()
    expect(page.get_by_role("status")).to_have_text("The token is revoked.")
    expect(page.get_by_text("You have no tokens yet.")).to_be_visible()


def test_the_password_is_changed_and_the_person_signs_out(site: str, page: Page) -> None:
    page.goto(site + ACCOUNT)
    fill_in(page)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("another long password")
    page.get_by_label("New password again").fill("another long password")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_contain_text("Your other sessions have ended.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.goto(site + ACCOUNT)
    expect(page).to_have_title("Sign in · access-es")


@pytest.mark.parametrize(("width", "height"), [(1280, 500), (320, 480)])
def test_what_a_form_refuses_is_in_view_and_in_focus(
    site: str, browser: Browser, accounts: Accounts, width: int, height: int
) -> None:
    """However far down the page it stands; and a focused alert is read aloud."""
    for number in range(12):
        accounts.directory.add_token("ann", f"token {number}")
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(site + ACCOUNT)
    fill_in(page, "mistyped")
    expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    fill_in(page)
    page.get_by_label("Current password").fill("mistyped")
    page.get_by_label("New password", exact=True).fill("another long password")
    page.get_by_label("New password again").fill("another long password")
    page.get_by_role("button", name="Change password").click()
    _expect_alert(page, "The user name or password is wrong.")
    page.get_by_label("What is it for?").fill("token 3")
    page.get_by_role("button", name="Create token").click()
    _expect_alert(page, "There is a token 'token 3' already.")
    revoke = page.get_by_role("button", name="Revoke token 11")
    accounts.directory.revoke_token("ann", "token 11")
    revoke.click()
    _expect_alert(page, "There is no token")
    context.close()


def _expect_alert(page: Page, text: str) -> None:
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(text)
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport(ratio=1)


def test_two_tabs_at_the_sign_in_page_both_go_on(site: str, browser: Browser) -> None:
    context = browser.new_context()
    first, second = context.new_page(), context.new_page()
    first.goto(site + DEEP)
    second.goto(site + DEEP + FRAGMENT)
    fill_in(first)
    expect(first.get_by_role("heading", name="Kibana")).to_be_visible()
    fill_in(second)
    expect(second.get_by_role("heading", name="Kibana")).to_be_visible()
    assert second.url == site + DEEP + FRAGMENT
    context.close()


def test_another_site_cannot_post_our_forms(site: str, page: Page, accounts: Accounts) -> None:
    """The person is signed in, and a page of another site has the form."""
    page.goto(site + ACCOUNT)
    fill_in(page)
    expect(page.get_by_role("heading", name="ann")).to_be_visible()
    evil = Flask("evil")
    form = f'<form method=post action="{site}{ACCOUNT}/tokens"><input name=label value=x><button>Win</button></form>'
    evil.add_url_rule("/", view_func=lambda: f"<!doctype html><link rel=icon href=data:,>{form}")
    with serving(evil) as elsewhere:
        page.goto(elsewhere.replace("127.0.0.1", "localhost"))
        page.get_by_role("button", name="Win").click()
        page.wait_for_url(f"{site}/**")
    assert accounts.directory.tokens("ann") == []
