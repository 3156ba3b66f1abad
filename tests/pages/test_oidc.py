"""Single sign-on, as a person's browser goes through it. The provider is a fake one, with keys of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from access_es.errors import AccessEsError
from access_es.pages.register import register_accounts
from access_es.settings.single_sign_on import parse_allow
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.sign_in.oidc.person import session_key
from access_es.sign_in.oidc.single_sign_on import SignOnSettings
from access_es.users.user import name_by_provider
from tests.account_fixtures import PAGE, Clock, close
from tests.pages.browsing import ACCOUNT, hidden, message, open_page, sign_in
from tests.sign_in.oidc.fake_provider import CLIENT, SECRET, FakeProvider, running_provider

START, CALLBACK = "/--access-es/oidc/start", "/--access-es/oidc/callback"


@pytest.fixture
def fake(clock: Clock) -> Iterator[FakeProvider]:
    with running_provider(clock) as running:
        yield running


@pytest.fixture
def accounts(settings: AccountSettings, fake: FakeProvider, clock: Clock) -> Iterator[Accounts]:
    sign_on = SignOnSettings(fake.issuer, CLIENT, SECRET, parse_allow("group:/search"))
    built = build_accounts(replace(settings, single_sign_on=sign_on), clock)
    built.directory.add_user("ann", "correct horse battery")
    yield built
    close(built)


@pytest.fixture
def app(accounts: Accounts) -> Flask:
    made = Flask("access_es", static_url_path="/--access-es/static")
    made.testing = True
    made.register_error_handler(AccessEsError, lambda error: ({"code": error.code}, error.status))
    register_accounts(made, accounts)
    return made


def leave(client: FlaskClient, next: str = "", base: str = "http://localhost") -> str:
    """The address that the button leads to."""
    answer = client.get(START, query_string={"next": next}, headers=PAGE, base_url=base)
    assert answer.status_code == 303, answer.text
    return answer.location


def come_back(client: FlaskClient, address: str, base: str = "http://localhost") -> TestResponse:
    parts = urlsplit(address)
    return client.get(CALLBACK, query_string=parts.query, headers=PAGE, base_url=base)


def enter(client: FlaskClient, fake: FakeProvider, next: str = "", base: str = "http://localhost") -> TestResponse:
    return come_back(client, fake.approve(leave(client, next, base)), base)


def name(fake: FakeProvider, subject: str = "ann-1") -> str:
    return name_by_provider(fake.issuer, subject)


def attempts(client: FlaskClient) -> list[str]:
    return [key for _domain, _path, key in client._cookies or {} if "oidc" in key]


def test_the_first_sign_in_makes_the_user(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts, clock: Clock
) -> None:
    answer = enter(client, fake, "/_dashboards/app?a=1&b=2#/discover")
    assert (answer.status_code, answer.location) == (303, "/_dashboards/app?a=1&b=2#/discover")
    assert attempts(client) == []
    user = accounts.directory.user(name(fake))
    assert (user.issuer, user.subject, user.display_name, user.groups) == (fake.issuer, "ann-1", "Ann", ("/search",))
    assert user.signed_in == clock.now
    shown = open_page(client, ACCOUNT).text
    assert "<h1>Ann</h1>" in shown and f"<code>{fake.issuer}</code>" in shown and "<code>ann-1</code>" in shown
    assert [(record.how, record.begun) for record in accounts.directory.sessions(user.name)] == [
        ("provider", clock.now)
    ]
    assert "/search" in shown and "Current password" not in shown


def test_what_is_asked_of_the_provider(client: FlaskClient, fake: FakeProvider) -> None:
    """PKCE with S256, a state and a nonce of 192 bits, our own address; the secret only to the token endpoint."""
    address = leave(client, "/x")
    asked = dict(parse_qsl(urlsplit(address).query))
    assert urlsplit(address).path == "/auth"
    assert {asked.pop(key) and key for key in ("state", "nonce", "code_challenge")}
    assert asked == {
        "response_type": "code", "client_id": CLIENT, "scope": "openid profile email", "code_challenge_method": "S256",
        "redirect_uri": "http://localhost/--access-es/oidc/callback",
    }  # fmt: skip
    come_back(client, fake.approve(address))
    (redeemed,) = fake.redeemed
    assert len(redeemed["code_verifier"]) == 64 and "client_secret" not in redeemed
    assert fake.authorizations[0].startswith("Basic ")


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://search.example.com", "https://search.example.com/--access-es/oidc/callback"),
        (
            "https://id.execute-api.us-east-1.amazonaws.com/dev",
            "https://id.execute-api.us-east-1.amazonaws.com/dev/--access-es/oidc/callback",
        ),
        ("http://127.0.0.1:8080/logs", "http://127.0.0.1:8080/logs/--access-es/oidc/callback"),
    ],
)
def test_every_door_and_mount_has_its_own_address(
    client: FlaskClient, fake: FakeProvider, base: str, expected: str
) -> None:
    address = leave(client, base=base)
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == [expected]
    answer = come_back(client, fake.approve(address), base)
    assert answer.location == urlsplit(base).path + "/_dashboards/"
    cookies = answer.headers.getlist("Set-Cookie")
    assert all(("; Secure" in cookie) == base.startswith("https") and "SameSite=Lax" in cookie for cookie in cookies)
    assert any(cookie.startswith("__Host-access-es=") for cookie in cookies) == base.startswith("https")


def test_several_tabs_sign_in_at_once(client: FlaskClient, fake: FakeProvider) -> None:
    ways = {next: leave(client, next) for next in ("/a", "/b", "/c")}
    for next, address in reversed(ways.items()):
        assert come_back(client, fake.approve(address)).location == next
    assert attempts(client) == []


def test_tabs_that_are_left_open_do_not_pile_up(client: FlaskClient, fake: FakeProvider) -> None:
    ways = [leave(client, f"/{number}") for number in range(12)]
    assert len(attempts(client)) == 8
    assert come_back(client, fake.approve(ways[-1])).location == "/11"


def test_a_link_that_is_too_long_leads_home(client: FlaskClient, fake: FakeProvider) -> None:
    assert enter(client, fake, "/" + "x" * 1_600).location == "/_dashboards/"


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example", "/\\evil", "/--access-es/oidc/start", "/--access-es/login"]
)
def test_it_never_leads_elsewhere(client: FlaskClient, fake: FakeProvider, next: str) -> None:
    assert enter(client, fake, next).location == "/_dashboards/"


def test_scripts_and_programs_are_not_sent_to_the_provider(client: FlaskClient, fake: FakeProvider) -> None:
    for headers in ({}, {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}):
        assert client.get(START, headers=headers).status_code == 403
    assert not fake.asked and attempts(client) == []


def test_the_way_back_is_good_once(client: FlaskClient, fake: FakeProvider, app: Flask) -> None:
    """The back button, later: home for who is signed in. Another browser with the same address: its own sign-in."""
    back = fake.approve(leave(client, "/x"))
    assert come_back(client, back).location == "/x"
    assert come_back(client, back).location == "/_dashboards/"
    assert len(fake.redeemed) == 1
    other = app.test_client()
    again = come_back(other, back)
    assert urlsplit(again.location).path == "/auth" and len(fake.redeemed) == 1
    lost = fake.approve(again.location)
    without_cookies = app.test_client()
    refused = come_back(without_cookies, lost)
    assert (refused.status_code, refused.json) == (400, {"code": "sso_attempt_lost"})


def test_an_attempt_is_over_after_ten_minutes(client: FlaskClient, fake: FakeProvider, clock: Clock) -> None:
    back = fake.approve(leave(client, "/x"))
    clock.now += 601
    assert urlsplit(come_back(client, back).location).path == "/auth"
    assert not fake.redeemed


def test_a_forged_state_finds_no_attempt(client: FlaskClient, fake: FakeProvider) -> None:
    back = fake.approve(leave(client))
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert urlsplit(come_back(client, back.replace(state, state[:8] + "x" * 25)).location).path == "/auth"
    assert not fake.redeemed


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ("&iss=http://evil.example", 403, "malformed"),
        ("&code=second", 403, "malformed"),
        ("&state=second", 403, "malformed"),
    ],
)
def test_an_answer_with_a_parameter_twice_is_refused(
    client: FlaskClient, fake: FakeProvider, answer: str, status: int, said: str
) -> None:
    refused = come_back(client, fake.approve(leave(client)) + answer)
    assert (refused.status_code, said in message(refused)) == (status, True)
    assert not fake.redeemed and attempts(client) == []


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"iss": "https://evil.example"}, 403, "not of your provider"),
        ({"iss": ""}, 403, "not of your provider"),
        ({"code": "", "error": "access_denied"}, 403, "cancelled"),
        ({"code": "", "error": "login_required"}, 400, "sign in again"),
        ({"code": "", "error": "invalid_scope", "error_description": "<script>alert(1)</script>"}, 502, "not set up"),
        ({"code": "", "error": "unauthorized_client"}, 502, "not set up"),
        ({"code": "", "error": "temporarily_unavailable"}, 503, "does not answer"),
        ({"code": "", "error": "<b>"}, 502, "not set up"),
        ({"code": ""}, 400, "Try again"),
        ({"code": "used before"}, 400, "Try again"),
    ],
    ids=str,
)
def test_each_way_to_fail_says_what_to_do(
    client: FlaskClient, fake: FakeProvider, changes: dict[str, str], status: int, said: str
) -> None:
    refused = come_back(client, fake.approve(leave(client), **changes))
    assert (refused.status_code, said in message(refused)) == (status, True), message(refused)
    assert "alert(1)" not in refused.text and "evil" not in refused.text
    assert "oidc/start" in refused.text and attempts(client) == []
    assert open_page(client, ACCOUNT).status_code == 303


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"error": "invalid_client"}, (502, "not set up")),
        (400, {"error": "invalid_grant"}, (400, "Try again")),
        (500, {}, (503, "does not answer")),
        (302, {}, (502, "not set up")),
    ],
)
def test_a_code_that_gives_no_tokens(
    client: FlaskClient, fake: FakeProvider, status: int, body: dict[str, str], expected: tuple[int, str]
) -> None:
    fake.token_status, fake.token_body = status, body
    refused = enter(client, fake)
    assert (refused.status_code, expected[1] in message(refused)) == (expected[0], True)
    assert len(fake.redeemed) == 1


def test_clocks_that_differ_are_named(client: FlaskClient, fake: FakeProvider) -> None:
    fake.token = lambda claims: fake.sign({**claims, "iat": claims["iat"] + 90})
    assert "clocks" in message(enter(client, fake))


def test_a_provider_that_is_down_keeps_nobody_out_who_has_a_password(client: FlaskClient, fake: FakeProvider) -> None:
    fake.is_down = True
    refused = client.get(START, headers=PAGE)
    assert (refused.status_code, refused.json) == (503, {"code": "sso_provider_unavailable"})
    assert sign_in(client).status_code == 303


def test_a_provider_of_another_name_is_refused(client: FlaskClient, fake: FakeProvider) -> None:
    fake.discovery = {"issuer": fake.issuer + "/"}
    assert client.get(START, headers=PAGE).json == {"code": "sso_misconfigured"}


@pytest.mark.parametrize("endpoint", ["javascript:alert(1)", "ftp://x", "http", 7, "http://\n"])
def test_endpoints_are_addresses(client: FlaskClient, fake: FakeProvider, endpoint: object) -> None:
    fake.discovery = {"authorization_endpoint": endpoint}
    assert client.get(START, headers=PAGE).json == {"code": "sso_misconfigured"}


def test_nobody_comes_in_whom_the_setting_does_not_name(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts
) -> None:
    fake.person["groups"] = ["/other"]
    refused = enter(client, fake)
    assert (refused.status_code, "not among those" in message(refused)) == (403, True)
    assert [user.name for user in accounts.directory.users()] == ["ann"]


def test_a_name_of_the_provider_is_never_the_local_one(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts
) -> None:
    fake.person["preferred_username"] = "ann"
    enter(client, fake)
    assert {user.name for user in accounts.directory.users()} == {"ann", name(fake)}
    assert accounts.directory.user("ann").groups == ()


def test_claims_that_only_userinfo_has(client: FlaskClient, fake: FakeProvider, accounts: Accounts) -> None:
    groups = fake.person.pop("groups")
    fake.userinfo = {"sub": "bob-1", "groups": groups}
    assert enter(client, fake).status_code == 502
    fake.userinfo = {"sub": "ann-1", "groups": groups, "preferred_username": "other"}
    assert enter(client, fake).status_code == 303
    assert accounts.directory.user(name(fake)).display_name == "Ann"


def test_groups_and_name_are_those_of_the_last_sign_in(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts, app: Flask
) -> None:
    enter(client, fake)
    fake.person |= {"groups": ["/search", "/more"], "preferred_username": "Ann B"}
    enter(app.test_client(), fake)
    user = accounts.directory.user(name(fake))
    assert (user.groups, user.display_name) == (("/search", "/more"), "Ann B")
    enter(client, fake)
    changes = accounts.directory.change_log.newest(2)
    assert [(one.actor, one.via, one.action, one.target, one.detail) for one in changes] == [
        ("127.0.0.1", "provider", "groups_changed", user.name, "/search → /search, /more"),
        ("127.0.0.1", "provider", "user_created", user.name, "groups: /search"),
    ]
    assert open_page(client, ACCOUNT).status_code == 200  # the other session goes on


def test_whoever_is_disabled_here_stays_out(client: FlaskClient, fake: FakeProvider, accounts: Accounts) -> None:
    enter(client, fake)
    accounts.directory.disable(name(fake))
    assert open_page(client, ACCOUNT).status_code == 303
    refused = enter(client, fake)
    assert (refused.status_code, "disabled" in message(refused)) == (403, True)
    accounts.directory.enable(name(fake))
    assert enter(client, fake).status_code == 303


def test_whoever_is_removed_is_out_at_once_and_new_the_next_time(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts
) -> None:
    enter(client, fake)
    _token, text = accounts.directory.add_token(name(fake), "ci")
    accounts.directory.remove_user(name(fake))
    assert open_page(client, ACCOUNT).status_code == 303
    assert client.get(ACCOUNT, headers={"Authorization": f"Bearer {text}"}).status_code == 401
    enter(client, fake)
    assert accounts.directory.tokens(name(fake)) == []


def test_such_a_user_has_no_password(fake: FakeProvider, client: FlaskClient, accounts: Accounts) -> None:
    enter(client, fake)
    for change in (
        lambda: accounts.directory.set_password(name(fake), "correct horse battery"),
        lambda: accounts.directory.invite(name(fake)),
        lambda: accounts.directory.set_groups(name(fake), ["admins"]),
    ):
        with pytest.raises(AccessEsError, match="provider"):
            change()
    other = client.application.test_client()
    for tried in ("", "x"):
        assert sign_in(other, name(fake), tried).status_code == 401


def test_tokens_hold_for_thirty_days_after_the_last_sign_in(
    client: FlaskClient, fake: FakeProvider, accounts: Accounts, clock: Clock
) -> None:
    enter(client, fake)
    _token, text = accounts.directory.add_token(name(fake), "ci", 300)
    program = client.application.test_client()

    def ask() -> TestResponse:
        return program.get(ACCOUNT, headers={"Authorization": f"Bearer {text}"})

    clock.now += 30 * 86_400 - 1
    assert '"name":"Ann"' in ask().text
    clock.now += 61
    assert (ask().status_code, ask().json) == (401, {"code": "sso_sign_in_too_old"})
    enter(client, fake)
    assert ask().status_code == 200


def test_a_token_goes_with_the_name_that_is_shown(client: FlaskClient, fake: FakeProvider, accounts: Accounts) -> None:
    enter(client, fake)
    _token, text = accounts.directory.add_token(name(fake), "ci")
    program = client.application.test_client()
    for user, status in (("Ann", 200), (name(fake), 200), ("bob", 401)):
        assert program.get(ACCOUNT, auth=(user, text)).status_code == status


def test_signing_out_offers_the_provider_s_sign_out(client: FlaskClient, fake: FakeProvider) -> None:
    enter(client, fake)
    token = hidden(open_page(client, ACCOUNT))
    out = client.post("/--access-es/logout", data={"anti_forgery": token}, headers=PAGE)
    after = client.get(out.location, headers=PAGE).text
    assert "signed out" in after and "oidc/logout" in after
    again = re.search(r'href="([^"]*oidc/start[^"]*)"', after)
    assert again and "again" in again[1]
    assert "prompt=login" in client.get(again[1].replace("&amp;", "&"), headers=PAGE).location
    there = client.get("/--access-es/oidc/logout", headers=PAGE).location
    assert dict(parse_qsl(urlsplit(there).query)) == {
        "client_id": CLIENT, "post_logout_redirect_uri": "http://localhost/--access-es/login"
    }  # fmt: skip


def test_a_provider_that_has_no_sign_out_is_not_offered(client: FlaskClient, fake: FakeProvider) -> None:
    """As Google."""
    fake.lacks = ("end_session_endpoint",)
    enter(client, fake)
    token = hidden(open_page(client, ACCOUNT))
    out = client.post("/--access-es/logout", data={"anti_forgery": token}, headers=PAGE)
    assert "oidc/logout" not in client.get(out.location, headers=PAGE).text
    assert client.get("/--access-es/oidc/logout", headers=PAGE).status_code == 404


def test_a_local_user_is_not_offered_it(client: FlaskClient) -> None:
    sign_in(client)
    token = hidden(open_page(client, ACCOUNT))
    out = client.post("/--access-es/logout", data={"anti_forgery": token}, headers=PAGE)
    assert "oidc/logout" not in client.get(out.location, headers=PAGE).text


def notify(app: Flask, token: str) -> TestResponse:
    return app.test_client().post("/--access-es/oidc/backchannel-logout", data={"logout_token": token})


@pytest.mark.parametrize("has_subject", [True, False])
def test_the_provider_ends_one_session(app: Flask, fake: FakeProvider, accounts: Accounts, has_subject: bool) -> None:
    one, two = app.test_client(), app.test_client()
    enter(one, fake)
    fake.person["sid"] = "s2"
    enter(two, fake)
    assert len(accounts.directory.sessions(name(fake))) == 2
    answer = notify(app, fake.logout_token(sid="s1", **({} if has_subject else {"sub": None})))
    assert (answer.status_code, answer.headers["Cache-Control"], "Set-Cookie" in answer.headers) == (
        200,
        "no-store",
        False,
    )
    assert open_page(one, ACCOUNT).status_code == 303
    assert open_page(two, ACCOUNT).status_code == 200
    [left] = accounts.stores.sessions.all()
    assert left.provider_session == session_key(fake.issuer, "s2")


def test_the_provider_ends_all_sessions_of_a_person_once(app: Flask, fake: FakeProvider, accounts: Accounts) -> None:
    one, two = app.test_client(), app.test_client()
    enter(one, fake)
    enter(two, fake)
    token = fake.logout_token(sid=None)
    assert notify(app, token).status_code == 200
    assert [open_page(each, ACCOUNT).status_code for each in (one, two)] == [303, 303]
    assert accounts.stores.sessions.all() == []
    enter(one, fake)
    assert notify(app, token).status_code == 200  # sent again: it was about what is over
    assert open_page(one, ACCOUNT).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "n"}, {"events": None}, {"events": {"x": {}}}, {"jti": None}, {"sub": None, "sid": None}, {"sid": 7},
        {"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1}, {"iat": None}, {"sid": ""},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_logout_token_ends_nothing(app: Flask, fake: FakeProvider, changes: dict[str, object]) -> None:
    client = app.test_client()
    enter(client, fake)
    for token in (fake.logout_token(**changes), fake.sign(fake.claims("n")), "", "x.y.z"):
        assert notify(app, token).status_code == 400
    assert open_page(client, ACCOUNT).status_code == 200


def test_a_renewal_keeps_the_session_and_its_forms(
    client: FlaskClient, fake: FakeProvider, clock: Clock, accounts: Accounts
) -> None:
    enter(client, fake)
    [first] = accounts.directory.sessions(name(fake))
    form = hidden(open_page(client, ACCOUNT))
    old = client.get_cookie("access-es")
    clock.now += 3_000
    assert enter(client, fake, "/x").location == "/x"
    assert old and client.get_cookie("access-es").value != old.value  # type: ignore[union-attr]
    assert hidden(open_page(client, ACCOUNT)) == form
    [renewed] = accounts.directory.sessions(name(fake))
    assert renewed == replace(first, until=first.until + 3_000, last_used=first.last_used + 3_000)
    clock.now += 3_000  # beyond the end of the first cookie, not of the second
    assert open_page(client, ACCOUNT).status_code == 200


def test_a_renewal_that_is_refused_ends_the_session(client: FlaskClient, fake: FakeProvider) -> None:
    enter(client, fake)
    fake.person["groups"] = []
    assert enter(client, fake).status_code == 403
    assert open_page(client, ACCOUNT).status_code == 303


def test_a_session_goes_on_where_the_provider_is_down_at_its_renewal(
    client: FlaskClient, fake: FakeProvider, clock: Clock, accounts: Accounts
) -> None:
    """In another process, which never asked the provider before."""
    enter(client, fake)
    cookie = client.get_cookie("access-es")
    assert cookie
    another = Flask("access_es")
    again = build_accounts(accounts.settings, clock)
    register_accounts(another, again)
    there = another.test_client()
    there.set_cookie("access-es", cookie.value)
    fake.is_down = True
    clock.now += 3_500
    answer = there.get(START, query_string={"next": "/x"}, headers=PAGE)
    assert (answer.status_code, answer.location) == (303, "/x")
    renewed = there.get_cookie("access-es")
    assert renewed
    session = again.cookies.open(renewed.value, clock())
    assert session and session.renew_at == clock() + 300
    close(again)


def test_nobody_who_is_signed_in_is_sent_to_a_provider_that_is_down(
    client: FlaskClient, fake: FakeProvider, clock: Clock
) -> None:
    """Although what it once said of itself is still known. It is asked once in five seconds at most, and after a failure
    once in ten."""
    enter(client, fake)
    asked = fake.asked["/.well-known/openid-configuration"]
    clock.now += 6
    assert urlsplit(leave(client, "/x")).path == urlsplit(leave(client, "/x")).path == "/auth"
    assert fake.asked["/.well-known/openid-configuration"] == asked + 1
    fake.is_down = True
    clock.now += 6
    assert leave(client, "/x") == leave(client, "/y")[:-1] + "x" == "/x"
    assert fake.asked["/.well-known/openid-configuration"] == asked + 2
    clock.now += 11
    fake.is_down = False
    assert urlsplit(leave(client, "/x")).path == "/auth"


def test_passwords_can_be_switched_off(settings: AccountSettings, fake: FakeProvider, clock: Clock) -> None:
    sign_on = SignOnSettings(fake.issuer, CLIENT, allow=parse_allow("everyone"), is_only=True)
    accounts = build_accounts(replace(settings, single_sign_on=sign_on), clock)
    accounts.directory.add_user("ann", "correct horse battery")
    _token, text = accounts.directory.add_token("ann", "ci")
    app = Flask("access_es", static_url_path="/--access-es/static")
    app.register_error_handler(AccessEsError, lambda error: ({"code": error.code}, error.status))
    register_accounts(app, accounts)
    client = app.test_client()
    assert 'type="password"' not in open_page(client).text
    sent = {"username": "ann", "password": "correct horse battery", "anti_forgery": hidden_of_session(client)}
    assert client.post("/--access-es/login", data=sent, headers=PAGE).status_code == 403
    assert client.get(ACCOUNT, auth=("ann", "correct horse battery")).status_code == 401
    assert client.get(ACCOUNT, auth=("ann", text)).status_code == 200
    assert enter(client, fake).status_code == 303
    assert fake.authorizations == [""] and fake.redeemed[0]["client_id"] == CLIENT
    close(accounts)


def hidden_of_session(client: FlaskClient) -> str:
    with client.session_transaction() as opened:
        return str(opened.current.anti_forgery) if opened.current else ""  # type: ignore[attr-defined]
