"""The page behind an invitation."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from access_es.audit import Entry
from access_es.sign_in.build import Accounts
from tests.account_fixtures import PAGE, PASSWORD
from tests.pages.browsing import ACCOUNT, hidden, message, open_page, sign_in

CHOSEN = "what carl has chosen"


@pytest.fixture
def link(accounts: Accounts) -> str:
    accounts.directory.add_invited("carl")
    return f"/--access-es/invite/{accounts.directory.invite('carl')[1]}"


def choose(client: FlaskClient, link: str, new: str = CHOSEN, repeated: str | None = None, **extra: object):  # type: ignore[no-untyped-def]
    fields = {
        "anti_forgery": hidden(open_page(client, link)),
        "new": new,
        "repeated": new if repeated is None else repeated,
    }
    return client.post(link, data=fields, headers=PAGE, **extra)


def test_a_person_chooses_a_password_and_is_signed_in(client: FlaskClient, link: str) -> None:
    page = open_page(client, link)
    assert page.status_code == 200 and "carl" in page.text
    assert (
        page.headers["Cache-Control"] == "no-store" and "default-src 'none'" in page.headers["Content-Security-Policy"]
    )
    done = choose(client, link)
    assert (done.status_code, done.headers["Location"]) == (303, "/_dashboards/")
    assert open_page(client, ACCOUNT).status_code == 200


def test_looking_at_the_page_does_not_use_it_up(client: FlaskClient, link: str) -> None:
    for _ in range(3):
        assert open_page(client, link).status_code == 200
    assert choose(client, link).status_code == 303


def test_a_used_link_says_that_it_no_longer_works(client: FlaskClient, link: str) -> None:
    choose(client, link)
    assert open_page(client, link).status_code == 410
    again = client.post(link, data={"new": "another password", "repeated": "another password"}, headers=PAGE)
    assert again.status_code == 410


@pytest.mark.parametrize(
    ("new", "repeated", "says"),
    [("short", "short", "use 12 characters or more"), (CHOSEN, "something else!", "differ"), ("", "", "12 characters"), ("carlcarlcarl", None, "easy")],
)  # fmt: skip
def test_what_is_wrong_with_a_password_is_said_beside_the_form(
    client: FlaskClient, link: str, new: str, repeated: str | None, says: str
) -> None:
    new = "aaaaaaaaaaaa" if says == "easy" else new
    refused = choose(client, link, new, repeated)
    assert refused.status_code == 400 and says in message(refused)
    assert choose(client, link).status_code == 303


def test_a_form_of_another_site_or_session_does_nothing(client: FlaskClient, link: str, accounts: Accounts) -> None:
    foreign = client.post(
        link, data={"new": CHOSEN, "repeated": CHOSEN}, headers={**PAGE, "Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    stale = client.post(link, data={"anti_forgery": "x", "new": CHOSEN, "repeated": CHOSEN}, headers=PAGE)
    assert stale.status_code == 403 or "form" in message(stale).lower()
    assert accounts.directory.invited(link.rpartition("/")[2]).name == "carl"


def test_the_session_of_somebody_else_in_this_browser_ends(client: FlaskClient, link: str) -> None:
    sign_in(client, "ann", PASSWORD)
    choose(client, link)
    assert "carl" in open_page(client, ACCOUNT).text


def test_below_a_stage(client: FlaskClient, link: str) -> None:
    done = choose(client, link, base_url="http://localhost/dev")
    assert done.headers["Location"].endswith("/dev/_dashboards/")


def test_the_log_has_who_and_how_and_not_the_link(client: FlaskClient, link: str) -> None:
    from access_es.ingress import read_request

    lines: list[str] = []
    environ = {"REQUEST_METHOD": "POST", "access_es.target": link, "access_es.headers": [], "wsgi.url_scheme": "http"}
    entry = Entry(read_request(environ), lines.append)
    choose(client, link, environ_overrides={"access_es.entry": entry})
    entry.finish()
    assert '"user":"carl","via":"invitation"' in lines[0] and link.rpartition("/")[2] not in lines[0]
    assert "/--access-es/invite/" in lines[0]


@pytest.mark.parametrize("end", ["x", "", "a.b.c", "%00", "..%2F..%2Flogin"])
def test_what_is_no_link(client: FlaskClient, end: str) -> None:
    assert open_page(client, f"/--access-es/invite/{end}").status_code in (404, 410)


def test_an_escaped_link_is_not_in_the_log(link: str) -> None:
    from access_es.ingress import read_request

    lines: list[str] = []
    target = link.replace("/invite/", "/%69nvite%2F")
    environ = {"REQUEST_METHOD": "GET", "access_es.target": target, "access_es.headers": [], "wsgi.url_scheme": "http"}
    Entry(read_request(environ), lines.append).finish()
    assert link.rpartition("/")[2] not in lines[0]
