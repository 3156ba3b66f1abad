"""Who may open the administrators' page; and that for everybody else there is no such page."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from access_es.authorization import Authorization
from access_es.live_permissions import LivePermissions
from access_es.permissions.form import parse_permissions
from access_es.sign_in.identity import Caller
from access_es.sign_in.session_cookie import begin_session
from tests.account_fixtures import PAGE, PASSWORD
from tests.pages.administration import ADMIN, PERMISSIONS, accounts_of, do, make_app, see, signed_in
from tests.pages.browsing import ACCOUNT, open_page

NOWHERE = "/--access-es/nowhere"
PLACES = ["", "/", "/sessions", "/user?name=ann", "/tokens/revoke", "/user/remove?name=bob", "/no/such/place"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
Visitor = Callable[[Flask], tuple[FlaskClient, dict[str, str]]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_app(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Without PERMISSIONS."""
    return make_app(tmp_path_factory.mktemp("open"), None)


def nobody(app: Flask) -> tuple[FlaskClient, dict[str, str]]:
    return app.test_client(), PAGE


def with_cookie_of(name: str, **headers: str) -> Visitor:
    return lambda app: (signed_in(app, name), PAGE | {key.replace("_", "-"): value for key, value in headers.items()})


def with_token(app: Flask) -> tuple[FlaskClient, dict[str, str]]:
    _token, text = accounts_of(app).directory.add_token("ann", f"t{len(accounts_of(app).directory.tokens('ann'))}")
    return app.test_client(), PAGE | {"Authorization": f"Bearer {text}"}


def with_password(app: Flask) -> tuple[FlaskClient, dict[str, str]]:
    pair = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
    return app.test_client(), PAGE | {"Authorization": f"Basic {pair}"}


VISITORS: dict[str, Visitor] = {
    "nobody": nobody,
    "a program": lambda app: (app.test_client(), {"Accept": "application/json"}),
    "a reader": with_cookie_of("bob"),
    "whoever may do everything at the domain": with_cookie_of("carl"),
    "an administrator's token": with_token,
    "an administrator's password": with_password,
    "an administrator's session beside a wrong token": with_cookie_of("ann", Authorization="Bearer x"),
    "a script in an administrator's browser": with_cookie_of(
        "ann", Sec_Fetch_Mode="cors", Sec_Fetch_Site="same-origin"
    ),
}


def shape(answer: TestResponse) -> tuple[object, ...]:
    """An answer without what differs from request to request."""
    ids = re.compile(rb"\b[0-9a-f]{16}\b|20\d\d-\d\d-\d\d[T ][\d:.]+")
    headers = sorted((name, ids.sub(b"", value.encode())) for name, value in answer.headers.items())
    return answer.status, headers, ids.sub(b"", answer.data)


@pytest.mark.parametrize("visitor", VISITORS.values(), ids=VISITORS)
def test_for_everybody_else_there_is_no_such_path(site: Flask, visitor: Visitor) -> None:
    client, headers = visitor(site)
    for method in METHODS:
        for place in PLACES if method in ("GET", "POST") else PLACES[:1]:
            there = client.open(f"{ADMIN}{place}", method=method, headers=headers)
            nowhere = client.open(f"{NOWHERE}{place}", method=method, headers=headers)
            assert there.status_code == 404
            assert shape(there) == shape(nowhere), (method, place)


@pytest.mark.parametrize("name", ["ann", "carl"])
def test_without_permissions_nobody_is_an_administrator(open_to_all: Flask, name: str) -> None:
    client = signed_in(open_to_all, name)
    assert shape(see(client)) == shape(open_page(client, NOWHERE))
    assert "Administration" not in open_page(client, ACCOUNT).text


def test_an_administrator_gets_there_from_the_account_page(site: Flask) -> None:
    account = open_page(signed_in(site), ACCOUNT).text
    assert f'href="{ADMIN}"' in account and "You may manage the users of this site" in account
    assert see(signed_in(site)).status_code == 200
    assert ADMIN not in open_page(signed_in(site, "bob"), ACCOUNT).text


def test_a_session_that_has_ended_opens_nothing(site: Flask) -> None:
    client = signed_in(site)
    other = signed_in(site)
    for record in accounts_of(site).directory.sessions("ann"):
        accounts_of(site).directory.end_session("ann", record.id)
    assert see(client).status_code == see(other).status_code == 404


def test_whoever_loses_the_role_is_out_at_once(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    client = signed_in(app)
    assert see(client).status_code == 200
    accounts_of(app).directory.set_groups("ann", ["data"])
    assert see(client).status_code == 404
    assert client.post(f"{ADMIN}/user/enable", data={"name": "bob"}, headers=PAGE).status_code == 404


def test_an_administrator_gets_404_and_405_as_elsewhere(site: Flask) -> None:
    client = signed_in(site)
    assert see(client, "no/such/place").status_code == 404
    assert client.delete(ADMIN, headers=PAGE).status_code == 405
    assert client.post(f"{ADMIN}/sessions", headers=PAGE).status_code == 405
    assert client.get(f"{ADMIN}/user/enable", headers=PAGE).status_code == 405
    head = client.head(ADMIN, headers=PAGE)
    assert (head.status_code, head.data) == (200, b"")


def test_its_headers_are_those_of_all_pages(site: Flask) -> None:
    client = signed_in(site)
    ours, account = see(client).headers, open_page(client, ACCOUNT).headers
    for name in ("Content-Security-Policy", "Cross-Origin-Opener-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        assert ours[name] == account[name]
    assert ours["Cache-Control"] == do(client, "user/enable", name="carl").headers["Cache-Control"] == "no-store"


def test_a_session_that_is_due_goes_through_the_provider_first(site: Flask) -> None:
    """Whoever lost the role there is found out before the page is shown."""
    accounts = accounts_of(site)
    user, now = accounts.directory.user("ann"), accounts.clock()
    session = begin_session(now, 3_600, user.name, user.epoch, renew_at=int(now) - 1)
    headers = PAGE | {"Cookie": f"access-es={accounts.cookies.seal(session)}"}
    answer = site.test_client(use_cookies=False).get(f"{ADMIN}/user?name=bob", headers=headers)
    way = "/--access-es/oidc/start?next=%2F--access-es%2Fadmin%2Fuser%3Fname%3Dbob"
    assert (answer.status_code, answer.location) == (303, way)


@pytest.mark.parametrize(("overdue_seconds", "is_in_time"), [(1_200, False), (600, True)])
def test_forms_and_programs_do_not_go_on_without_the_provider(
    site: Flask, overdue_seconds: int, is_in_time: bool
) -> None:
    """They are not sent there, and whoever lost the role could go on with them until the session ends."""
    accounts = accounts_of(site)
    user, now = accounts.directory.user("ann"), accounts.clock()
    session = begin_session(now, 3_600, user.name, user.epoch, renew_at=int(now) - overdue_seconds)
    cookie = {"Cookie": f"access-es={accounts.cookies.seal(session)}"}
    client = site.test_client(use_cookies=False)
    form = {"name": "dave", "anti_forgery": session.anti_forgery}
    assert client.post(f"{ADMIN}/invite", data=form, headers=PAGE | cookie).status_code == (200 if is_in_time else 403)
    assert (accounts.stores.users.find("dave") is not None) == is_in_time
    others = (client.get(ADMIN, headers=cookie), client.get(f"{ADMIN}?q={'x' * 2_000}", headers=PAGE | cookie))
    assert {answer.status_code for answer in others} == {200 if is_in_time else 403}


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Caller("ann", ("office",), "session"), True),
        (Caller("ann", ("office",), "token"), False),
        (Caller("ann", ("office",), "token", "ci", ("boss",)), False),
        (Caller("ann", ("office",), "password"), False),
        (Caller("machine:x", (), "machine", named_roles=("boss",)), False),
        (Caller("bob", ("data",), "session"), False),
        (Caller("eve", (), "session"), False),
    ],
)
def test_the_role_counts_in_a_session_alone(caller: Caller, expected: bool) -> None:
    permissions = Authorization(LivePermissions(parse_permissions(PERMISSIONS)), ("secret",))
    assert permissions.is_administrator(caller) is expected
    assert not Authorization(LivePermissions(None), ("secret",)).is_administrator(caller)


LAZY = """
import sys
from pathlib import Path
from tests.pages.administration import make_app, see, signed_in
from tests.pages.browsing import ACCOUNT, open_page
app = make_app(Path(sys.argv[1]))
bob, ann = signed_in(app, "bob"), signed_in(app)
open_page(ann, ACCOUNT)
assert see(bob).status_code == 404
ours = "access_es.pages.administration"
print([name for name in sys.modules if name.startswith(ours + ".") or name == ours])
see(ann)
print(ours in sys.modules)
"""


def test_its_code_is_loaded_when_an_administrator_asks_for_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LAZY, str(tmp_path)], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.splitlines()[-2:] == ["[]", "True"], done.stderr
