"""The sessions on the account page: each browser that is signed in, and how to end it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access_es.audit import Entry
from access_es.messages import ProxyRequest
from access_es.sign_in.build import Accounts
from access_es.sign_in.session_cookie import begin_session
from access_es.storage.errors import StoreUnusable
from access_es.users.invitations import PATH
from access_es.users.sessions import SessionRecord
from tests.account_fixtures import PAGE, PASSWORD, Clock
from tests.pages.browsing import ACCOUNT, LOGIN, hidden, message, open_page, send, sign_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604"


def browser(app: Flask, user_agent: str = FIREFOX, address: str = "192.0.2.1") -> FlaskClient:
    """Signed in as ann."""
    client = app.test_client()
    client.environ_base |= {"HTTP_USER_AGENT": user_agent, "REMOTE_ADDR": address}
    assert sign_in(client).status_code == 303
    return client


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return browser(app)


def rows(client: FlaskClient) -> list[str]:
    """The text of each row of the table of sessions."""
    page = open_page(client, ACCOUNT)
    section = page.text.partition('<h2 id="sessions">')[2].partition("</section>")[0]
    body = section.partition("<tbody>")[2].partition("</tbody>")[0]
    found = [unescape(re.sub(r"<[^>]+>", " ", row)) for row in body.split("</tr>")[:-1]]
    return [" ".join(row.split()) for row in found]


def is_signed_in(client: FlaskClient) -> bool:
    return open_page(client, ACCOUNT).status_code == 200


def ids(accounts: Accounts) -> list[str]:
    return [record.id for record in accounts.directory.sessions("ann")]


def test_a_session_is_shown_with_its_device_place_and_times(app: Flask, client: FlaskClient, clock: Clock) -> None:
    clock.now += 600
    other = browser(app, SAFARI, "2001:db8::7")
    clock.now += 60
    assert rows(client) == [
        "Firefox on Linux this browser 192.0.2.1 11 minutes ago now",
        "Safari on iPhone 2001:db8::7 1 minute ago 1 minute ago End the session of Safari on iPhone at 2001:db8::7",
    ]
    assert rows(other)[0].startswith("Safari on iPhone this browser")
    assert '<time datetime="2027-01-15T08:00:00Z" title="2027-01-15 08:00 UTC">11 minutes ago</time>' in (
        open_page(client, ACCOUNT).text
    )


def test_another_session_is_ended(app: Flask, client: FlaskClient, accounts: Accounts) -> None:
    own = ids(accounts)
    other, third = browser(app, SAFARI), browser(app)
    [ending] = [record.id for record in accounts.directory.sessions("ann") if record.device == "Safari on iPhone"]
    answer = send(client, "/sessions/end", id=ending)
    assert "The session has ended." in open_page(client, answer.location or "").text
    assert [is_signed_in(one) for one in (client, other, third)] == [True, False, True]
    assert own[0] in ids(accounts) and ending not in ids(accounts)
    again = send(client, "/sessions/end", id=ending)
    assert (again.status_code, message(again)) == (404, "This session has ended already.")


def test_who_ended_a_session_is_in_the_change_log(app: Flask, client: FlaskClient, accounts: Accounts) -> None:
    browser(app, SAFARI)
    [ending] = [record.id for record in accounts.directory.sessions("ann") if record.device == "Safari on iPhone"]
    send(client, "/sessions/end", id=ending)
    send(client, "/sessions/end-others")
    changes = accounts.directory.change_log.newest(2)
    assert [(one.actor, one.via, one.action, one.target) for one in changes] == [
        ("ann", "session", "sessions_ended", "ann"),
        ("ann", "session", "session_ended", "ann"),
    ]


def test_all_other_sessions_are_ended_and_this_one_goes_on(app: Flask, client: FlaskClient, accounts: Accounts) -> None:
    own, form = ids(accounts), hidden(open_page(client, ACCOUNT))
    others = [browser(app), browser(app, SAFARI)]
    answer = send(client, "/sessions/end-others")
    assert "All your other sessions have ended." in open_page(client, answer.location or "").text
    assert [is_signed_in(one) for one in (client, *others)] == [True, False, False]
    assert ids(accounts) == own
    assert rows(client)[0].startswith("Firefox on Linux this browser")
    assert hidden(open_page(client, ACCOUNT)) == form  # the forms of other tabs stay good


def test_ending_the_others_ends_copies_of_this_ones_cookie(app: Flask, client: FlaskClient) -> None:
    stolen = client.get_cookie("access-es")
    assert stolen
    send(client, "/sessions/end-others")
    thief = app.test_client()
    thief.set_cookie("access-es", stolen.value)
    assert not is_signed_in(thief)
    assert is_signed_in(client)


def test_ending_the_others_does_not_make_this_one_last_longer(
    client: FlaskClient, accounts: Accounts, clock: Clock
) -> None:
    [before] = accounts.directory.sessions("ann")
    clock.now += 3_000
    send(client, "/sessions/end-others")
    [after] = accounts.directory.sessions("ann")
    assert (after.begun, after.until) == (before.begun, before.until)
    clock.now += 600
    assert not is_signed_in(client)


@pytest.fixture
def unrecorded(app: Flask, accounts: Accounts) -> FlaskClient:
    """A browser whose session began before there were records."""
    user = accounts.directory.user("ann")
    session = begin_session(accounts.clock() - 60, accounts.cookies.lifetime_seconds, user.name, user.epoch)
    client = app.test_client()
    client.set_cookie("access-es", accounts.cookies.seal(session))
    return client


def test_a_session_of_an_earlier_version_goes_on_and_sees_itself(unrecorded: FlaskClient, accounts: Accounts) -> None:
    [own] = rows(unrecorded)
    assert own.endswith("this browser 127.0.0.1 1 minute ago now")
    assert ids(accounts) == []


def test_a_session_of_an_earlier_version_ends_with_all_others(
    unrecorded: FlaskClient, client: FlaskClient, accounts: Accounts
) -> None:
    assert is_signed_in(unrecorded)
    send(client, "/sessions/end-others")
    assert not is_signed_in(unrecorded)


def test_a_session_of_an_earlier_version_can_end_the_others(
    unrecorded: FlaskClient, client: FlaskClient, accounts: Accounts
) -> None:
    send(unrecorded, "/sessions/end-others")
    assert [is_signed_in(one) for one in (unrecorded, client)] == [True, False]
    assert len(ids(accounts)) == 1


def test_ending_the_own_session_signs_out(client: FlaskClient, accounts: Accounts) -> None:
    answer = send(client, "/sessions/end", id=ids(accounts)[0])
    assert open_page(client, answer.location or "").location == f"{LOGIN}?next={ACCOUNT}"


def test_nobody_ends_the_sessions_of_others(app: Flask, client: FlaskClient, accounts: Accounts) -> None:
    accounts.directory.add_user("bob", PASSWORD)
    bob = app.test_client()
    sign_in(bob, "bob")
    [bobs] = accounts.directory.sessions("bob")
    assert send(client, "/sessions/end", id=bobs.id).status_code == 404
    assert is_signed_in(bob)


@pytest.mark.parametrize("action", ["/sessions/end", "/sessions/end-others"])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
def test_another_site_ends_nothing(
    app: Flask, client: FlaskClient, accounts: Accounts, action: str, headers: dict[str, str]
) -> None:
    browser(app)
    form = hidden(open_page(client, ACCOUNT)) if headers else "guessed"
    fields = {"anti_forgery": form, "id": ids(accounts)[0]}
    assert client.post(ACCOUNT + action, data=fields, headers={**PAGE, **headers}).status_code == 403
    assert len(ids(accounts)) == 2


def test_a_token_ends_no_sessions(app: Flask, client: FlaskClient, accounts: Accounts) -> None:
    _token, text = accounts.directory.add_token("ann", "ci")
    fields = {"anti_forgery": hidden(open_page(client, ACCOUNT))}
    headers = {"Authorization": f"Bearer {text}"}
    assert client.post(f"{ACCOUNT}/sessions/end-others", data=fields, headers=headers).status_code == 403
    assert len(ids(accounts)) == 1


def test_signing_out_and_in_again_leaves_one_record(client: FlaskClient, accounts: Accounts) -> None:
    first = ids(accounts)
    fields = {"username": "ann", "password": PASSWORD, "anti_forgery": hidden(open_page(client, ACCOUNT))}
    assert client.post(LOGIN, data=fields, headers=PAGE).status_code == 303
    assert len(ids(accounts)) == 1 and ids(accounts) != first
    client.post("/--access-es/logout", data={"anti_forgery": hidden(open_page(client, ACCOUNT))}, headers=PAGE)
    assert ids(accounts) == []


def test_a_new_password_leaves_the_record_of_this_session(app: Flask, client: FlaskClient, accounts: Accounts) -> None:
    browser(app)
    new = "another long password"
    send(client, "/password", current=PASSWORD, new=new, repeated=new)
    assert [row.split(" 192")[0] for row in rows(client)] == ["Firefox on Linux this browser"]


def test_an_invitation_begins_a_session_and_is_a_sign_in(app: Flask, accounts: Accounts, clock: Clock) -> None:
    accounts.directory.add_invited("bob")
    _invitation, sealed = accounts.directory.invite("bob")
    client, new = app.test_client(), "bob's long password"
    fields = {"new": new, "repeated": new, "anti_forgery": hidden(open_page(client, PATH + sealed))}
    client.post(PATH + sealed, data=fields, headers=PAGE)
    assert [record.how for record in accounts.directory.sessions("bob")] == ["invitation"]
    assert accounts.directory.user("bob").signed_in == clock.now
    assert "just now now" in rows(client)[0]


def test_a_sign_in_is_noted(client: FlaskClient, accounts: Accounts, clock: Clock) -> None:
    user = accounts.directory.user("ann")
    assert (user.signed_in, user.last_used) == (clock.now, clock.now)


@pytest.fixture
def broken_sessions(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def put(record: SessionRecord) -> None:
        raise StoreUnusable

    with monkeypatch.context() as patch:
        patch.setattr(accounts.stores.sessions, "put", put)
        yield


@pytest.mark.usefixtures("broken_sessions")
def test_a_session_that_nobody_could_see_does_not_begin(app: Flask) -> None:
    client = app.test_client()
    answer = sign_in(client)
    assert (answer.status_code, answer.json) == (503, {"code": StoreUnusable.code})
    assert not is_signed_in(client)


def test_a_hundred_sessions_are_shown(client: FlaskClient, accounts: Accounts) -> None:
    [own] = accounts.directory.sessions("ann")
    for number in range(103):
        accounts.stores.sessions.put(replace(own, id=f"other {number}", last_used=own.last_used - number))
    shown = rows(client)
    assert len(shown) == 100
    assert "this browser" in shown[0]
    assert "4 more that were used before these are not shown." in open_page(client, ACCOUNT).text


def test_what_a_browser_calls_itself_is_no_markup(app: Flask) -> None:
    shown = open_page(browser(app, "<script>alert(1)</script> Firefox/1 Linux"), ACCOUNT).text
    assert "<script>alert" not in shown


@pytest.mark.parametrize(("action", "event"), [("end", "session_ended"), ("end-others", "sessions_ended")])
def test_the_end_of_sessions_is_in_the_audit_log(
    app: Flask, client: FlaskClient, accounts: Accounts, action: str, event: str
) -> None:
    browser(app, SAFARI)
    [other] = [record.id for record in accounts.directory.sessions("ann") if record.device == "Safari on iPhone"]
    request = ProxyRequest("id", "POST", b"/", (), BytesIO(), "http", "192.0.2.1")
    entry = Entry(request, None)
    fields = {"anti_forgery": hidden(open_page(client, ACCOUNT)), "id": other}
    environ = {"access_es.entry": entry}
    client.post(f"{ACCOUNT}/sessions/{action}", data=fields, headers=PAGE, environ_overrides=environ)
    assert (entry.event, entry.user, entry.how) == (event, "ann", "session")


def test_the_forms_work_behind_a_stage_over_https(app: Flask, accounts: Accounts) -> None:
    """As behind a REST API, whose address begins with its stage."""
    base, here = "https://id.example.com/dev", app.test_client()
    assert sign_in(here, base=base).status_code == 303
    browser(app, SAFARI)
    page = open_page(here, ACCOUNT, base)
    assert page.text.count('action="/dev/--access-es/account/sessions/end"') == 1
    for action, notice in (("end", "ended"), ("end-others", "others")):
        other = next((one.id for one in accounts.directory.sessions("ann") if one.device == "Safari on iPhone"), "")
        fields = {"anti_forgery": hidden(page), "id": other}
        answer = here.post(f"{ACCOUNT}/sessions/{action}", data=fields, headers=PAGE, base_url=base)
        assert (answer.status_code, answer.location) == (303, f"/dev{ACCOUNT}?done={notice}")
    assert open_page(here, ACCOUNT, base).status_code == 200
    assert len(ids(accounts)) == 1


def test_programs_get_the_error_itself(app: Flask) -> None:
    client = browser(app, "curl/8.5.0")
    fields = {"anti_forgery": hidden(open_page(client, ACCOUNT)), "id": "none"}
    answer = client.post(f"{ACCOUNT}/sessions/end", data=fields, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (404, {"code": "not_found"})
