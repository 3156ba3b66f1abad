"""Signing in and out."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access_es.messages import Headers
from access_es.page_headers import page_headers
from access_es.sign_in.build import Accounts
from tests.account_fixtures import PAGE, PASSWORD, Clock
from tests.pages.browsing import ACCOUNT, LOGIN, hidden, message, open_page, sign_in

HTTPS = "https://localhost"


def cookie(client: FlaskClient, name: str = "access-es") -> str:
    kept = client.get_cookie(name)
    assert kept
    return kept.value


def is_signed_in(accounts: Accounts, value: str) -> bool:
    """Whether the proxy would let a request with this cookie pass."""
    headers: Headers = (("Cookie", f"access-es={value}"),)
    return accounts.identity.identify(headers, scheme="http", client_address="::1") is not None


def test_a_person_signs_in_and_is_led_to_the_home_path(client: FlaskClient, accounts: Accounts) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/_dashboards/")
    assert is_signed_in(accounts, cookie(client))


def test_a_person_comes_back_to_the_deep_link(client: FlaskClient) -> None:
    answer = sign_in(client, path=f"{LOGIN}?next=/logs-*/_search%3Fq=a%252Fb%26pretty")
    assert answer.location == "/logs-*/_search?q=a%2Fb&pretty"


def test_the_form_carries_the_deep_link_too(client: FlaskClient) -> None:
    page = open_page(client, f'{LOGIN}?next=/a?b="<c>')
    assert hidden(page, "next") == '/a?b="<c>'
    assert "<c>" not in page.text
    fields = {"username": "ann", "password": PASSWORD, "anti_forgery": hidden(page), "next": "/x"}
    assert client.post(LOGIN, data=fields).location == "/x"


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/%5Cevil.example", "/%09/evil.example"])
def test_no_link_leads_to_another_site(client: FlaskClient, wanted: str) -> None:
    assert sign_in(client, path=f"{LOGIN}?next={wanted}").location == "/_dashboards/"
    assert open_page(client, f"{LOGIN}?next={wanted}").location == "/_dashboards/"


def test_who_is_signed_in_already_goes_on(client: FlaskClient) -> None:
    sign_in(client)
    answer = open_page(client, f"{LOGIN}?next=/x")
    assert (answer.status_code, answer.location) == (303, "/x")


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("", ""), ("ann", "")])
def test_a_wrong_sign_in_says_so_and_keeps_the_name(client: FlaskClient, name: str, password: str) -> None:
    answer = sign_in(client, name, password)
    assert answer.status_code == 401
    assert message(answer) == "The user name or password is wrong."
    assert f'name="username" value="{name}"' in answer.text
    assert PASSWORD not in answer.text


def test_too_many_failures_say_when_to_come_back(client: FlaskClient, clock: Clock) -> None:
    for _ in range(6):
        sign_in(client, password="wrong")
    answer = sign_in(client)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert message(answer) == "Too many failed attempts. Try again in 1 second."
    clock.now += 1
    assert sign_in(client).status_code == 303


def test_programs_get_json(client: FlaskClient) -> None:
    fields = {"username": "ann", "password": "wrong", "anti_forgery": hidden(open_page(client))}
    answer = client.post(LOGIN, data=fields, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (401, {"code": "wrong_credentials"})
    assert client.get(ACCOUNT, headers={"Accept": "*/*"}).json == {"code": "not_signed_in"}


def test_over_https_the_cookie_is_bound_to_this_very_host(client: FlaskClient) -> None:
    """RFC 6265bis, 4.1.3.2: __Host- needs Secure and Path=/, and allows no Domain."""
    answer = sign_in(client, base=HTTPS)
    sent = answer.headers["Set-Cookie"]
    assert sent.startswith("__Host-access-es=")
    attributes = {part.strip() for part in sent.split(";")[1:]}
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_over_http_the_cookie_is_as_safe_as_can_be(client: FlaskClient) -> None:
    sent = sign_in(client).headers["Set-Cookie"]
    assert sent.startswith("access-es=")
    assert {part.strip() for part in sent.split(";")[1:]} == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_the_cookie_is_sent_once_and_not_again(client: FlaskClient) -> None:
    assert "Set-Cookie" in open_page(client).headers
    assert "Set-Cookie" not in open_page(client).headers
    assert len(sign_in(client).headers.getlist("Set-Cookie")) == 1
    for path in (ACCOUNT, LOGIN, ACCOUNT):
        assert "Set-Cookie" not in open_page(client, path).headers


def test_signing_in_begins_a_session_that_nobody_has_seen(client: FlaskClient, accounts: Accounts) -> None:
    """A session planted before the sign-in is worth nothing after it."""
    open_page(client)
    planted = cookie(client)
    sign_in(client)
    assert cookie(client) != planted
    assert not is_signed_in(accounts, planted)


def test_signing_in_again_ends_the_session_before(client: FlaskClient, accounts: Accounts) -> None:
    sign_in(client)
    first = cookie(client)
    form = hidden(open_page(client, ACCOUNT))
    client.post(LOGIN, data={"username": "ann", "password": PASSWORD, "anti_forgery": form})
    assert is_signed_in(accounts, cookie(client))
    assert not is_signed_in(accounts, first)


def test_signing_out_ends_the_session_wherever_its_cookie_is(client: FlaskClient, accounts: Accounts) -> None:
    sign_in(client)
    copied = cookie(client)
    assert is_signed_in(accounts, copied)
    form = hidden(open_page(client, ACCOUNT))
    answer = client.post("/--access-es/logout", data={"anti_forgery": form}, headers=PAGE)
    assert (answer.status_code, answer.location) == (303, f"{LOGIN}?signed-out")
    assert not is_signed_in(accounts, copied)
    assert not is_signed_in(accounts, cookie(client))
    assert "You are signed out." in open_page(client, answer.location).text


def test_signing_out_twice_does_no_harm(client: FlaskClient) -> None:
    assert client.post("/--access-es/logout").status_code == 303


def test_a_link_does_not_sign_anybody_out(client: FlaskClient, accounts: Accounts) -> None:
    sign_in(client)
    assert client.get("/--access-es/logout").status_code == 405
    assert open_page(client, "/--access-es/logout").status_code == 200
    assert client.post("/--access-es/logout", headers={"Accept": "*/*"}).status_code == 403
    assert is_signed_in(accounts, cookie(client))


def test_the_sign_out_address_shows_the_button(client: FlaskClient, accounts: Accounts) -> None:
    """It is what people type, since Kibana has no link to it."""
    sign_in(client)
    page = open_page(client, "/--access-es/logout")
    assert "<strong>ann</strong>" in page.text
    client.post("/--access-es/logout", data={"anti_forgery": hidden(page)}, headers=PAGE)
    assert not is_signed_in(accounts, cookie(client))
    assert open_page(client, "/--access-es/logout").location == LOGIN


def test_a_sign_out_button_of_an_older_session_is_offered_anew(client: FlaskClient, accounts: Accounts) -> None:
    sign_in(client)
    older = hidden(open_page(client, "/--access-es/logout"))
    client.post(LOGIN, data={"username": "ann", "password": PASSWORD, "anti_forgery": older}, headers=PAGE)
    answer = client.post("/--access-es/logout", data={"anti_forgery": older}, headers=PAGE)
    assert answer.status_code == 403 and "open for too long" in message(answer)
    client.post("/--access-es/logout", data={"anti_forgery": hidden(answer)}, headers=PAGE)
    assert not is_signed_in(accounts, cookie(client))


@pytest.mark.parametrize("path", ["/--access-es/", "/--access-es"])
def test_the_short_address_leads_to_the_account(client: FlaskClient, path: str) -> None:
    assert (open_page(client, path).status_code, open_page(client, path).location) == (303, ACCOUNT)


def test_a_second_tab_goes_on_to_where_it_wanted_to_go(client: FlaskClient, accounts: Accounts) -> None:
    """Both show the sign-in page; the person signs in on one, and then on the other."""
    second = open_page(client, f"{LOGIN}?next=/second")
    assert sign_in(client, path=f"{LOGIN}?next=/first").location == "/first"
    kept = cookie(client)
    fields = {"username": "Ann", "password": PASSWORD, "anti_forgery": hidden(second), "next": "/second"}
    answer = client.post(LOGIN, data=fields, headers=PAGE)
    assert (answer.status_code, answer.location) == (303, "/second")
    assert cookie(client) == kept and is_signed_in(accounts, kept)


def test_a_second_tab_for_another_user_asks_again(client: FlaskClient, accounts: Accounts) -> None:
    accounts.directory.add_user("bob", PASSWORD)
    second = open_page(client)
    sign_in(client)
    fields = {"username": "bob", "password": PASSWORD, "anti_forgery": hidden(second)}
    answer = client.post(LOGIN, data=fields, headers=PAGE)
    assert answer.status_code == 403
    assert message(answer).startswith("You are already signed in as ann. Enter the password again")
    assert client.post(LOGIN, data={**fields, "anti_forgery": hidden(answer)}, headers=PAGE).status_code == 303
    assert "<strong>bob</strong>" in open_page(client, "/--access-es/logout").text


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_another_site_cannot_sign_a_person_in_as_somebody_else(client: FlaskClient, headers: dict[str, str]) -> None:
    fields = {"username": "ann", "password": PASSWORD, "anti_forgery": hidden(open_page(client))}
    answer = client.post(LOGIN, data=fields, headers={**PAGE, **headers})
    assert answer.status_code == 403
    assert answer.json == {"code": "forbidden"}


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_another_site_cannot_replace_the_session_that_the_browser_keeps_from_it(
    app: Flask, headers: dict[str, str]
) -> None:
    """SameSite holds the person's cookie back, so we see none; whatever we set now would take its place."""
    answer = app.test_client().post(LOGIN, data={"username": "ann", "password": PASSWORD}, headers={**PAGE, **headers})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("sent", ["", "wrong", "é", None])
def test_a_form_that_is_not_of_this_session_is_refused(client: FlaskClient, sent: str | None) -> None:
    open_page(client)
    fields = {"username": "ann", "password": PASSWORD} | ({"anti_forgery": sent} if sent is not None else {})
    answer = client.post(LOGIN, data=fields, headers=PAGE)
    assert answer.status_code == 403
    assert "Try again" in message(answer)
    again = {"username": "ann", "password": PASSWORD, "anti_forgery": hidden(answer)}
    assert client.post(LOGIN, data=again, headers=PAGE).status_code == 303


def test_a_form_of_another_browser_is_refused(app: Flask, client: FlaskClient) -> None:
    open_page(client)
    form = hidden(open_page(app.test_client()))
    answer = client.post(LOGIN, data={"username": "ann", "password": PASSWORD, "anti_forgery": form}, headers=PAGE)
    assert answer.status_code == 403


def test_a_browser_without_cookies_gets_an_explanation(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    assert "browser blocks cookies" in message(sign_in(client))


def test_a_session_is_not_prolonged_by_use(client: FlaskClient, clock: Clock) -> None:
    sign_in(client)
    for _ in range(59):
        clock.now += 60
        assert open_page(client, ACCOUNT).status_code == 200
    clock.now += 60
    assert open_page(client, ACCOUNT).location == f"{LOGIN}?next={ACCOUNT}"


def test_a_disabled_user_sees_the_sign_in_page(client: FlaskClient, accounts: Accounts) -> None:
    sign_in(client)
    accounts.directory.disable("ann")
    assert open_page(client, ACCOUNT).location == f"{LOGIN}?next={ACCOUNT}"
    assert message(sign_in(client)) == "The user name or password is wrong."


def test_our_pages_are_guarded_and_kept_by_nobody(client: FlaskClient) -> None:
    answers = [open_page(client), sign_in(client, password="wrong")]
    sign_in(client)
    answers.append(open_page(client, ACCOUNT))
    for answer in answers:
        for name, value in page_headers():
            assert answer.headers.getlist(name) == [value]
        assert "Vary" not in answer.headers


def test_redirects_with_a_cookie_are_kept_by_nobody(client: FlaskClient) -> None:
    answer = sign_in(client)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Vary" not in answer.headers


def test_flasks_own_remember_me_cookie_opens_nothing(app: Flask, client: FlaskClient) -> None:
    from flask_login import encode_cookie

    client.set_cookie("remember_token", encode_cookie("ann", key="a secret of these tests"))
    assert open_page(client, ACCOUNT).status_code == 303


def test_behind_a_stage_our_links_keep_the_stage(app: Flask) -> None:
    client = app.test_client()
    page = client.get(LOGIN, headers=PAGE, environ_overrides={"SCRIPT_NAME": "/dev"})
    assert 'href="/dev/--access-es/static/access-es.css"' in page.text
    answer = client.get(ACCOUNT, headers=PAGE, environ_overrides={"SCRIPT_NAME": "/dev"})
    assert answer.location == "/dev/--access-es/login?next=/dev/--access-es/account"
