"""The account page."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access_es.sign_in.build import Accounts
from access_es.sign_in.identity import Caller
from tests.account_fixtures import PAGE, PASSWORD, Clock
from tests.pages.browsing import ACCOUNT, LOGIN, hidden, message, open_page, send, sign_in

NEW = "another long password"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Signed in as ann."""
    client = app.test_client()
    assert sign_in(client).status_code == 303
    return client


def shown_token(page_text: str) -> str:
    found = re.search(r"aes_[0-9a-f]{12}_[0-9A-Za-z]{40}", page_text)
    return found[0] if found else ""


def who(accounts: Accounts, text: str) -> Caller | None:
    headers = (("Authorization", f"Bearer {text}"),)
    return accounts.identity.identify(headers, scheme="http", client_address="::1")


def test_the_page_says_who_one_is(client: FlaskClient) -> None:
    page = open_page(client, ACCOUNT).text
    assert "<h1>ann</h1>" in page
    assert "<dt>Groups</dt><dd>none</dd>" in page
    assert "<dt>You sign in</dt><dd>with a password that is checked here</dd>" in page
    assert "You have no tokens yet." in page
    assert 'href="/_dashboards/"' in page
    assert "Bookmark this page" in page


def test_an_anonymous_browser_is_sent_to_sign_in_and_comes_back(app: Flask) -> None:
    stranger = app.test_client()
    for answer in (open_page(stranger, ACCOUNT), stranger.post(f"{ACCOUNT}/tokens", headers=PAGE)):
        assert (answer.status_code, answer.location) == (303, f"{LOGIN}?next={ACCOUNT}")
    assert sign_in(stranger, path=answer.location).location == ACCOUNT


def test_a_token_is_shown_once_and_works(client: FlaskClient, accounts: Accounts) -> None:
    page = send(client, "/tokens", label=" nightly job ", days="7")
    text = shown_token(page.text)
    assert who(accounts, text) == Caller("ann", (), "token", "nightly job")
    assert page.headers["Cache-Control"] == "no-store"
    assert shown_token(open_page(client, ACCOUNT).text) == ""
    assert "nightly job" in open_page(client, ACCOUNT).text


def test_an_expired_token_is_marked(client: FlaskClient, accounts: Accounts, clock: Clock) -> None:
    accounts.directory.add_token("ann", "ci", 1)
    assert "expired</span>" not in open_page(client, ACCOUNT).text
    clock.now += 86_400
    sign_in(client)
    assert "expired</span>" in open_page(client, ACCOUNT).text


@pytest.mark.parametrize(
    ("label", "days", "why"),
    [
        ("", "7", "label has 1 to 64"),
        ("x", "0", "1 to 366 days"),
        ("x", "many", "must be a number"),
        ("ci", "7", "already"),
    ],
)
def test_a_token_that_cannot_be_is_refused_and_says_why(
    client: FlaskClient, accounts: Accounts, label: str, days: str, why: str
) -> None:
    accounts.directory.add_token("ann", "ci")
    answer = send(client, "/tokens", label=label, days=days)
    assert answer.status_code == 400
    assert why in message(answer)
    assert len(accounts.directory.tokens("ann")) == 1


def test_a_token_shows_its_last_use(client: FlaskClient, accounts: Accounts, clock: Clock) -> None:
    _token, text = accounts.directory.add_token("ann", "ci")
    assert '<td data-name="Last used">never</td>' in open_page(client, ACCOUNT).text
    assert who(accounts, text)
    clock.now += 2 * 3_600 + 1
    sign_in(client)
    assert "2 hours ago</time></td>" in open_page(client, ACCOUNT).text


def test_a_label_is_shown_as_it_is(client: FlaskClient) -> None:
    assert "<script>" not in send(client, "/tokens", label="<script>alert(1)</script>", days="1").text


def test_a_token_is_revoked(client: FlaskClient, accounts: Accounts) -> None:
    accounts.directory.add_token("ann", "ci")
    answer = send(client, "/tokens/revoke", label="ci")
    assert answer.status_code == 303
    assert "The token is revoked." in open_page(client, answer.location or "").text
    assert accounts.directory.tokens("ann") == []
    assert send(client, "/tokens/revoke", label="ci").status_code == 404


def test_nobody_revokes_the_tokens_of_others(client: FlaskClient, accounts: Accounts) -> None:
    accounts.directory.add_user("bob", PASSWORD)
    accounts.directory.add_token("bob", "ci")
    assert send(client, "/tokens/revoke", label="ci").status_code == 404
    assert len(accounts.directory.tokens("bob")) == 1


def test_a_new_password_ends_all_sessions_but_this(client: FlaskClient, app: Flask, accounts: Accounts) -> None:
    elsewhere = app.test_client()
    sign_in(elsewhere)
    old_cookie = client.get_cookie("access-es")
    answer = send(client, "/password", current=PASSWORD, new=NEW, repeated=NEW)
    assert answer.status_code == 303
    assert "Your other sessions have ended." in open_page(client, answer.location or "").text
    assert open_page(elsewhere, ACCOUNT).status_code == 303
    assert old_cookie
    copied = app.test_client()
    copied.set_cookie("access-es", old_cookie.value)
    assert open_page(copied, ACCOUNT).status_code == 303
    assert sign_in(app.test_client(), password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "repeated", "status", "why"),
    [
        ("wrong", NEW, NEW, 401, "is wrong"),
        (PASSWORD, "short", "short", 400, "use 12 characters"),
        (PASSWORD, NEW, NEW + "!", 400, "differ"),
    ],
)
def test_a_password_is_not_changed_in_vain(
    client: FlaskClient, accounts: Accounts, current: str, new: str, repeated: str, status: int, why: str
) -> None:
    before = accounts.directory.user("ann")
    answer = send(client, "/password", current=current, new=new, repeated=repeated)
    assert answer.status_code == status
    assert why in message(answer)
    assert accounts.directory.user("ann") == before
    assert NEW not in answer.text


def test_guessing_the_current_password_is_slowed_down(client: FlaskClient) -> None:
    """A session left open must not be a way to find out the password."""
    statuses = [send(client, "/password", current="wrong", new=NEW, repeated=NEW).status_code for _ in range(8)]
    assert statuses == [401] * 6 + [429] * 2


@pytest.mark.parametrize("action", ["/tokens", "/tokens/revoke", "/password"])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
def test_another_site_changes_nothing(
    client: FlaskClient, accounts: Accounts, action: str, headers: dict[str, str]
) -> None:
    form = hidden(open_page(client, ACCOUNT)) if headers else "guessed"
    fields = {"anti_forgery": form, "label": "x", "days": "1", "current": PASSWORD, "new": NEW, "repeated": NEW}
    before = accounts.directory.user("ann")
    assert client.post(ACCOUNT + action, data=fields, headers={**PAGE, **headers}).status_code == 403
    assert accounts.directory.tokens("ann") == []
    assert accounts.directory.user("ann") == before


def test_a_program_can_ask_who_it_is(app: Flask, accounts: Accounts) -> None:
    _token, text = accounts.directory.add_token("ann", "ci")
    answer = app.test_client().get(ACCOUNT, headers={"Authorization": f"Bearer {text}"})
    assert answer.json == {
        "user": "ann",
        "name": "ann",
        "issuer": None,
        "groups": [],
        "roles": [],
        "rights": [],
        "how": "token",
        "token": "ci",
    }
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_wrong_token_is_refused_here_too(client: FlaskClient) -> None:
    """Whatever session there is beside it."""
    answer = client.get(ACCOUNT, headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json) == (401, {"code": "wrong_credentials"})


def test_a_token_makes_no_tokens(app: Flask, client: FlaskClient, accounts: Accounts) -> None:
    """The forms are for people: whoever steals a token cannot outlive it."""
    _token, text = accounts.directory.add_token("ann", "ci")
    fields = {"anti_forgery": hidden(open_page(client, ACCOUNT)), "label": "more", "days": "9"}
    answer = client.post(f"{ACCOUNT}/tokens", data=fields, headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 403
    assert len(accounts.directory.tokens("ann")) == 1
