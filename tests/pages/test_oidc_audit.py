"""What the audit says of single sign-on: who came in, who did not and why, and whose session ended."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from access_es.audit import Entry
from access_es.errors import AccessEsError
from access_es.messages import ProxyRequest
from access_es.pages.register import register_accounts
from access_es.sign_in.build import Accounts
from tests.account_fixtures import PAGE, Clock
from tests.pages.browsing import ACCOUNT, hidden, open_page
from tests.pages.test_oidc import accounts, enter, fake, leave, name
from tests.sign_in.oidc.fake_provider import FakeProvider

__all__ = ["accounts", "fake"]
CALLBACK, LOGOUT = "/--access-es/oidc/callback", "/--access-es/oidc/backchannel-logout"


@pytest.fixture
def app(accounts: Accounts) -> Flask:
    """Our pages; what they raise is noted, as the app of a deployment does."""
    made = Flask("access_es", static_url_path="/--access-es/static")
    register_accounts(made, accounts)

    @made.errorhandler(AccessEsError)
    def refuse(error: AccessEsError) -> tuple[str, int]:
        request.environ["access_es.entry"].note_failure(error)
        return error.code, error.status

    return made


def audited(client: FlaskClient, path: str, form: dict[str, str] | None = None, **headers: str) -> dict[str, Any]:
    """Those facts of the request's line that say who, how and what."""
    written: list[str] = []
    entry = Entry(ProxyRequest("id", "GET", path.encode(), (), BytesIO(), "http", "192.0.2.1"), written.append)
    method = "POST" if form is not None else "GET"
    answer: TestResponse = client.open(
        path, method=method, data=form, headers={**PAGE, **headers}, environ_overrides={"access_es.entry": entry}
    )
    answer.close()
    entry.finish()
    facts = json.loads(written[0])
    return {key: facts[key] for key in ("user", "via", "event", "error", "name", "token") if facts.get(key)}


def back(client: FlaskClient, fake: FakeProvider, **answer: str) -> str:
    return fake.approve(leave(client), **answer).removeprefix("http://localhost")


def test_a_sign_in_a_renewal_and_a_sign_out(client: FlaskClient, fake: FakeProvider) -> None:
    came = {"user": name(fake), "via": "provider", "name": "Ann"}
    assert audited(client, back(client, fake)) == {**came, "event": "sign_in"}
    assert audited(client, back(client, fake)) == {**came, "event": "session_renewed"}
    form = {"anti_forgery": hidden(open_page(client, ACCOUNT))}
    gone = {"user": name(fake), "via": "session", "name": "Ann", "event": "sign_out"}
    assert audited(client, "/--access-es/logout", form) == gone


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"code": "", "error": "access_denied"}, "sso_cancelled"),
        ({"code": "", "error": "server_error"}, "sso_provider_unavailable"),
        ({"code": "", "error": "invalid_scope"}, "sso_misconfigured"),
        ({"code": "used before"}, "sso_attempt_lost"),
        ({"iss": "https://evil.example"}, "sso_refused"),
    ],
)
def test_each_way_to_fail_is_an_event(
    client: FlaskClient, fake: FakeProvider, answer: dict[str, str], error: str
) -> None:
    failed = {"via": "provider", "event": "sign_in_failed", "error": error}
    assert audited(client, back(client, fake, **answer)) == failed


def test_a_forged_token_and_a_state_of_nowhere_are_events(client: FlaskClient, fake: FakeProvider) -> None:
    fake.token = lambda claims: fake.sign({**claims, "aud": "another"})
    failed = {"via": "provider", "event": "sign_in_failed"}
    assert audited(client, back(client, fake)) == {**failed, "error": "sso_misconfigured"}
    assert audited(client, f"{CALLBACK}?state=r-unknown")["event"] == "sign_in_failed"


def test_whoever_may_not_come_in_is_named_once_there_is_such_a_user(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts
) -> None:
    fake.person["groups"] = ["/other"]
    failed = {"via": "provider", "event": "sign_in_failed", "error": "sso_refused"}
    assert audited(client, back(client, fake)) == failed
    fake.person["groups"] = ["/search"]
    enter(client, fake)
    accounts.directory.disable(name(fake))
    other = client.application.test_client()
    assert audited(other, back(other, fake)) == {**failed, "user": name(fake)}


def test_what_the_provider_says_of_sessions(client: FlaskClient, fake: FakeProvider) -> None:
    enter(client, fake)
    server = client.application.test_client()
    forged = fake.logout_token(aud="another")
    refused = {"via": "provider", "event": "sign_out_failed", "error": "sso_token_invalid"}
    assert audited(server, LOGOUT, {"logout_token": forged}) == refused
    ended = {"user": name(fake), "via": "provider", "event": "sign_out"}
    assert audited(server, LOGOUT, {"logout_token": fake.logout_token()}) == ended


def test_a_token_that_outlasts_the_last_sign_in(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts, clock: Clock
) -> None:
    enter(client, fake)
    _, token = accounts.directory.add_token(name(fake), "ci", 300)
    clock.now += 31 * 86_400
    program = client.application.test_client()
    failed = {"user": name(fake), "token": "ci", "event": "sign_in_failed", "error": "sso_sign_in_too_old"}
    assert audited(program, ACCOUNT, Authorization=f"Bearer {token}") == failed


def test_no_line_has_a_code_a_state_or_a_token(client: FlaskClient, fake: FakeProvider) -> None:
    """The path is without its query, in which they are."""
    written: list[str] = []
    address = back(client, fake)
    target = address.encode()
    entry = Entry(ProxyRequest("id", "GET", target, (), BytesIO(), "http", "192.0.2.1"), written.append)
    client.get(address, headers=PAGE, environ_overrides={"access_es.entry": entry}).close()
    entry.finish()
    assert json.loads(written[0])["path"] == CALLBACK
    assert "code" not in written[0] and "state" not in written[0]
