"""What the administrators' pages show and do."""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access_es.sign_in.build import Accounts
from access_es.users.change_log import Actor
from access_es.users.last_use import Use
from access_es.users.sessions import SessionRecord
from access_es.users.user import User
from tests.account_fixtures import PAGE
from tests.pages.administration import ADMIN, accounts_of, do, make_app, see, signed_in
from tests.pages.browsing import ACCOUNT, hidden, message, open_page

JSON = {"Accept": "application/json"}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


@pytest.fixture
def accounts(app: Flask) -> Accounts:
    return accounts_of(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Signed in as ann, an administrator."""
    return signed_in(app)


def rows(page: str) -> list[str]:
    """The rows of the page's first table, as text."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in body.split("</tr>")[:-1]]


def notice(page: str) -> str:
    found = re.search(r'role="status">([^<]*)<', page)
    return html.unescape(found[1]) if found else ""


def add_session(accounts: Accounts, id: str, name: str, device: str = "Firefox on Linux") -> None:
    now, epoch = int(time.time()), accounts.directory.user(name).epoch
    accounts.stores.sessions.put(SessionRecord(id, name, epoch, device, "192.0.2.7", "password", now, now + 60, now))


class TestUsers:
    def test_they_are_listed_with_groups_roles_and_origin(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.stores.users.add(User("sso-x", "", 0, ("data",), True, "e", "https://id.example/r", "1", "Ann Ü"))
        listed = rows(see(client).text)
        assert listed[0].startswith("ann office boss local 20")
        assert listed[1] == "bob data analyst local – –"
        assert listed[3] == "Ann Ü disabled sso-x data analyst id.example – –"

    def test_the_last_sign_in_and_use_are_shown(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.stores.last_use.note(Use("bob", is_sign_in=True), 1_700_000_000, 0)
        assert "2023-11-14 22:13 2023-11-14 22:13" in rows(see(client).text)[1]
        assert 'datetime="2023-11-14T22:13:20Z"' in see(client).text

    def test_a_large_team_is_shown_in_parts_and_filtered(self, client: FlaskClient, accounts: Accounts) -> None:
        for number in range(300):
            accounts.stores.users.add(User(f"user-{number:04}", "x", 0, ("data",) if number % 30 == 7 else ()))
        began = time.perf_counter()
        first = see(client)
        assert time.perf_counter() - began < 2
        assert len(rows(first.text)) == 50 and len(first.data) < 60_000
        assert "1–50 of 303 users" in first.text and "Page 1 of 7" in first.text and ">Previous<" not in first.text
        last = see(client, page="7")
        assert len(rows(last.text)) == 3 and "Page 7 of 7" in last.text and ">Next<" not in last.text
        found = see(client, q=" ANALYST  user-0 ")
        assert [row.split()[0] for row in rows(found.text)] == [f"user-{n:04}" for n in range(7, 300, 30)]
        assert "1–10 of 10 users that match" in found.text

    @pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "²", "x", "2"])
    def test_a_page_that_is_not_there_is_one_that_is(self, client: FlaskClient, page: str) -> None:
        assert len(rows(see(client, page=page).text)) == 3

    def test_a_filter_that_matches_nobody_says_so(self, client: FlaskClient) -> None:
        page = see(client, q="<b>zoe").text
        assert "No users match “&lt;b&gt;zoe”." in page and "<table" not in page

    def test_the_filter_goes_on_to_the_next_page(self, client: FlaskClient, accounts: Accounts) -> None:
        for number in range(60):
            accounts.stores.users.add(User(f"user-{number:04}", "x", 0))
        page = see(client, q="user- local&").text
        assert "No users match" in page
        assert f'href="{ADMIN}?q=user-&amp;page=2"' in see(client, q="user-").text

    def test_programs_with_a_session_get_json(self, client: FlaskClient) -> None:
        answer = client.get(ADMIN, headers=JSON).get_json()
        assert (answer["total"], answer["page"], answer["pages"]) == (3, 1, 1)
        assert [(user["name"], user["roles"]) for user in answer["users"]][:2] == [
            ("ann", ["boss"]),
            ("bob", ["analyst"]),
        ]
        assert "password_hash" not in json.dumps(answer) and "epoch" not in json.dumps(answer)


class TestOneUser:
    def test_all_that_is_known_is_shown(self, client: FlaskClient, accounts: Accounts) -> None:
        token, _text = accounts.directory.add_token("bob", "nightly job", 7, ["analyst"])
        add_session(accounts, "s1", "bob")
        page = see(client, "user", name="bob").text
        for shown in (
            "<h1>bob</h1>",
            "read logs-*.",
            "Firefox on Linux",
            "192.0.2.7",
            "nightly job",
            token.id,
            "made a token",
        ):
            assert shown in page
        answer = client.get(f"{ADMIN}/user?name=bob", headers=JSON).get_json()
        assert (answer["name"], answer["roles"]) == ("bob", ["analyst"])
        assert [one["label"] for one in answer["tokens"]] == ["nightly job"]
        assert [one["id"] for one in answer["sessions"]] == ["s1"]
        assert [one["action"] for one in answer["changes"]] == ["token_created", "user_created"]

    def test_of_many_sessions_those_used_last_are_shown(self, client: FlaskClient, accounts: Accounts) -> None:
        for number in range(53):
            add_session(accounts, f"s{number}", "bob")
        page = see(client, "user", name="bob").text
        assert len(rows(page)) == 50 and f'href="{ADMIN}/sessions?q=bob">3 more</a>' in page

    def test_there_is_no_such_user(self, client: FlaskClient) -> None:
        answer = see(client, "user", name="<b>zoe")
        assert answer.status_code == 404 and "There is no user &#39;&lt;b&gt;zoe&#39;." in answer.text

    def test_groups_are_changed(self, client: FlaskClient, accounts: Accounts) -> None:
        answer = do(client, "user/groups", name="bob", groups="ops\r\n\r\n cn=x,ou=y \r\nops")
        assert (answer.status_code, answer.location) == (303, f"{ADMIN}/user?name=bob&done=groups")
        assert accounts.directory.user("bob").groups == ("ops", "cn=x,ou=y")
        page = client.get(answer.location, headers=PAGE).text
        assert notice(page) == "The groups are changed." and "data → ops, cn=x,ou=y" in page
        assert do(client, "user/groups", name="bob", groups="").status_code == 303
        assert accounts.directory.user("bob").groups == ()

    def test_groups_that_cannot_be_are_refused_beside_what_was_typed(
        self, client: FlaskClient, accounts: Accounts
    ) -> None:
        answer = do(client, "user/groups", name="bob", groups="a" * 300)
        assert answer.status_code == 400 and "1 to 256 printable" in message(answer) and "a" * 300 in answer.text
        assert accounts.directory.user("bob").groups == ("data",)

    def test_the_groups_of_a_provider_are_not_changed_here(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.stores.users.add(User("sso-x", "", 0, ("data",), False, "e", "https://id.example", "1", "Ann"))
        page = see(client, "user", name="sso-x").text
        assert "<textarea" not in page and "The provider says them" in page and "new password" not in page
        assert do(client, "user/groups", name="sso-x", groups="office").status_code == 400
        assert accounts.directory.user("sso-x").groups == ("data",)

    @pytest.mark.parametrize(
        ("place", "question", "said"),
        [("disable", "Disable bob?", "disabled"), ("end-sessions", "End all sessions of bob?", "sessions are ended")],
    )
    def test_what_hurts_is_asked_first(
        self, app: Flask, client: FlaskClient, accounts: Accounts, place: str, question: str, said: str
    ) -> None:
        bob, before = signed_in(app, "bob"), accounts.directory.user("bob")
        asked = see(client, f"user/{place}", name="bob")
        assert f"<h1>{question}</h1>" in asked.text and accounts.directory.user("bob") == before
        done = do(client, f"user/{place}", name=hidden(asked, "name"), anti_forgery=hidden(asked))
        assert done.status_code == 303 and said in notice(client.get(done.location, headers=PAGE).text)
        assert accounts.directory.user("bob").disabled == (place == "disable")
        assert accounts.directory.sessions("bob") == [] and open_page(bob, ACCOUNT).status_code == 303

    def test_a_user_is_enabled_again(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.directory.disable("bob")
        assert do(client, "user/enable", name="bob").status_code == 303
        assert not accounts.directory.user("bob").disabled

    def test_a_user_is_removed_with_all_tokens(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.directory.add_token("bob", "ci")
        asked = see(client, "user/remove", name="bob").text
        assert "<h1>Remove bob?</h1>" in asked and "The user and 1 API token are deleted." in asked
        done = do(client, "user/remove", name="bob")
        assert done.location == f"{ADMIN}?done=removed" and "removed" in notice(see(client, done="removed").text)
        assert [user.name for user in accounts.directory.users()] == ["ann", "carl"]

    @pytest.mark.parametrize("place", ["disable", "remove", "end-sessions"])
    def test_nobody_shuts_themselves_out(self, client: FlaskClient, accounts: Accounts, place: str) -> None:
        answer = do(client, f"user/{place}", name="ann")
        assert answer.status_code == 400 and "Another administrator can." in message(answer)
        assert not accounts.directory.user("ann").disabled and see(client).status_code == 200
        assert f"user/{place}" not in see(client, "user", name="ann").text

    def test_nobody_gives_up_the_role_by_accident(self, client: FlaskClient, accounts: Accounts) -> None:
        answer = do(client, "user/groups", name="ann", groups="data")
        assert answer.status_code == 400 and "not be an administrator any more" in message(answer)
        assert do(client, "user/groups", name="ann", groups="data\noffice").status_code == 303
        assert accounts.directory.user("ann").groups == ("data", "office")


class TestInvitations:
    def test_a_new_user_is_invited_and_the_link_works_once(
        self, app: Flask, client: FlaskClient, accounts: Accounts
    ) -> None:
        answer = do(client, "invite", name=" Dora ", groups="data")
        link = re.search(r"http://localhost(/--access-es/invite/[^<]+)<", answer.text)
        assert answer.status_code == 200 and link and answer.headers["Cache-Control"] == "no-store"
        assert accounts.directory.user("dora").groups == ("data",)
        for listing in (see(client, "user", name="dora"), see(client)):
            assert "no password yet" in listing.text
        dora = app.test_client()
        form = {
            "anti_forgery": hidden(open_page(dora, link[1])),
            "new": "what dora chose",
            "repeated": "what dora chose",
        }
        assert dora.post(link[1], data=form, headers=PAGE).status_code == 303
        assert open_page(dora, ACCOUNT).status_code == 200
        assert open_page(app.test_client(), link[1]).status_code == 410
        for shown in (see(client, "user", name="dora").text, see(client, "changes").text):
            assert link[1] not in shown

    def test_a_new_password(self, app: Flask, client: FlaskClient, accounts: Accounts) -> None:
        answer = do(client, "user/invite", name="bob")
        link = re.search(r"http://localhost(/--access-es/invite/[^<]+)<", answer.text)
        assert link and open_page(app.test_client(), link[1]).status_code == 200

    @pytest.mark.parametrize(("name", "why"), [("bob", "already"), ("a b", "lower-case letters"), ("", "1 to 64")])
    def test_what_cannot_be_is_refused_beside_what_was_typed(self, client: FlaskClient, name: str, why: str) -> None:
        answer = do(client, "invite", name=name, groups="x<y")
        assert answer.status_code == 400 and why in message(answer)
        assert "x&lt;y</textarea>" in answer.text and f'value="{name}"' in answer.text

    def test_a_disabled_user_is_not_invited(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.directory.disable("bob")
        answer = do(client, "user/invite", name="bob")
        assert answer.status_code == 400 and "is disabled" in message(answer)


class TestSessions:
    def test_everybodys_are_listed_and_one_is_ended(self, app: Flask, client: FlaskClient, accounts: Accounts) -> None:
        bob = signed_in(app, "bob")
        add_session(accounts, "s1", "carl", "<i>Safari</i> on iPhone")
        page = see(client, "sessions").text
        assert len(rows(page)) == 3 and "&lt;i&gt;Safari&lt;/i&gt;" in page and "this session" in page
        assert [row.split()[0] for row in rows(see(client, "sessions", q="iphone").text)] == ["carl"]
        record = accounts.directory.sessions("bob")[0]
        done = do(client, "sessions/end", name="bob", id=record.id)
        assert (done.status_code, done.location) == (303, f"{ADMIN}/sessions?done=session")
        assert open_page(bob, ACCOUNT).status_code == 303
        again = do(client, "sessions/end", name="bob", id=record.id)
        assert again.status_code == 404 and "ended already" in message(again)

    def test_one_is_ended_from_the_page_of_its_user(self, client: FlaskClient, accounts: Accounts) -> None:
        add_session(accounts, "s1", "bob")
        done = do(client, "sessions/end", name="bob", id="s1", back="user")
        assert done.location == f"{ADMIN}/user?name=bob&done=session"

    def test_a_session_is_ended_under_its_own_user_alone(self, client: FlaskClient, accounts: Accounts) -> None:
        add_session(accounts, "s1", "bob")
        assert do(client, "sessions/end", name="carl", id="s1").status_code == 404
        assert not accounts.stores.revocations.is_revoked("s1")

    def test_the_open_session_is_ended_by_signing_out(self, client: FlaskClient, accounts: Accounts) -> None:
        record = accounts.directory.sessions("ann")[0]
        answer = do(client, "sessions/end", name="ann", id=record.id)
        assert answer.status_code == 400 and "Sign out to end it." in message(answer)

    def test_json(self, client: FlaskClient) -> None:
        answer = client.get(f"{ADMIN}/sessions", headers=JSON).get_json()
        assert answer["total"] == 1 and answer["sessions"][0]["user"] == "ann"


class TestTokens:
    def test_everybodys_are_listed_and_one_is_revoked(self, client: FlaskClient, accounts: Accounts) -> None:
        token, text = accounts.directory.add_token("bob", "nightly <job>", 7)
        accounts.directory.add_token("ann", "ci", 1)
        accounts.stores.last_use.note(Use("bob", token=token), 1_700_000_000, 0)
        page = see(client, "tokens").text
        assert len(rows(page)) == 2 and "nightly &lt;job&gt;" in page and "2023-11-14 22:13" in page
        assert text not in page and text.rpartition("_")[2] not in page
        asked = see(client, "tokens/revoke", name="bob", label="nightly <job>")
        assert "<h1>Revoke the token “nightly &lt;job&gt;” of bob?</h1>" in asked.text
        done = do(client, "tokens/revoke", name="bob", label="nightly <job>")
        assert done.location == f"{ADMIN}/tokens?done=revoked"
        assert accounts.directory.tokens("bob") == []
        assert do(client, "tokens/revoke", name="bob", label="nightly <job>").status_code == 404
        assert see(client, "tokens/revoke", name="bob", label="nightly <job>").status_code == 404

    def test_from_the_page_of_its_user(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.directory.add_token("bob", "ci", 7)
        asked = see(client, "tokens/revoke", name="bob", label="ci", back="user")
        assert f'href="{ADMIN}/user?name=bob">Cancel' in asked.text
        done = do(client, "tokens/revoke", name="bob", label="ci", back=hidden(asked, "back"))
        assert done.location == f"{ADMIN}/user?name=bob&done=revoked"

    def test_machines_are_listed_with_their_last_use(self, client: FlaskClient, accounts: Accounts) -> None:
        assert "Machines" not in see(client, "tokens").text
        accounts.stores.last_use.note(Use(machine="nightly"), 1_700_000_000, 0)
        assert "nightly" in see(client, "tokens").text
        answer = client.get(f"{ADMIN}/tokens", headers=JSON).get_json()
        assert answer["machines"] == [{"name": "nightly", "last_used": "2023-11-14T22:13:20Z"}]


class TestChanges:
    def test_who_changed_what_newest_first(self, client: FlaskClient, accounts: Accounts) -> None:
        accounts.directory.by(Actor("root", "command")).disable("carl")
        do(client, "user/groups", name="bob", groups="ops")
        listed = [row.partition(" ")[2].partition(" ")[2] for row in rows(see(client, "changes").text)]
        assert listed[:3] == [
            "ann changed the groups bob data → ops",
            "root command disabled the user carl –",
            "access-es added the user carl groups: ops",
        ]
        assert len(rows(see(client, "changes", q="root disabled").text)) == 1
        assert "No change matches “zzz”." in see(client, "changes", q="zzz").text

    def test_older_ones_are_a_link_away(self, client: FlaskClient, accounts: Accounts) -> None:
        for number in range(60):
            accounts.directory.by(Actor("ann", "session")).set_groups("bob", [f"group-{number}"])
        page = see(client, "changes").text
        older = re.search(r'href="([^"]*before=[^"]*)"', page)
        assert len(rows(page)) == 50 and older
        rest = client.get(html.unescape(older[1]), headers=PAGE).text
        assert len(rows(rest)) == 13 and "Older changes" not in rest

    def test_a_place_in_the_list_that_is_none_is_empty_or_the_beginning(self, client: FlaskClient) -> None:
        for before in ("x", "0", "'; --", "\0", "ü" * 100):
            assert see(client, "changes", before=before).status_code == 200


class TestForms:
    PLACES = ("invite", "sessions/end", "tokens/revoke", "user/groups", "user/invite", "user/enable", "user/disable",
              "user/end-sessions", "user/remove")  # fmt: skip

    @pytest.mark.parametrize("place", PLACES)
    def test_a_form_of_another_site_does_nothing(self, client: FlaskClient, accounts: Accounts, place: str) -> None:
        accounts.directory.add_token("bob", "ci")
        before = accounts.directory.users(), accounts.directory.all_tokens(), accounts.stores.change_log.newest(9)
        form = {"name": "bob", "label": "ci", "groups": "office", "anti_forgery": hidden(see(client, "invite"))}
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
        ):
            assert client.post(f"{ADMIN}/{place}", data=form, headers=PAGE | headers).status_code == 403
        for wrong in ({"anti_forgery": "x"}, {"anti_forgery": ""}):
            assert client.post(f"{ADMIN}/{place}", data=form | wrong, headers=PAGE).status_code == 403
        assert (
            accounts.directory.users(),
            accounts.directory.all_tokens(),
            accounts.stores.change_log.newest(9),
        ) == before

    @pytest.mark.parametrize("place", PLACES)
    def test_programs_get_the_error_itself(self, client: FlaskClient, place: str) -> None:
        answer = client.post(f"{ADMIN}/{place}", data={"name": "bob"}, headers=JSON)
        assert answer.status_code == 403 and '"code": "forbidden"' in answer.text

    @pytest.mark.parametrize("name", ["", "zoe", "../x", "a\0b", "<script>", "ü" * 500])
    def test_any_text_may_be_sent_as_a_name(self, client: FlaskClient, name: str) -> None:
        for place in self.PLACES if name != "zoe" else self.PLACES[1:]:  # who could be invited
            answer = do(client, place, name=name)
            assert answer.status_code in (400, 404) and "<script>" not in answer.text


def test_what_administrators_do_is_in_the_audit_log(tmp_path: Path) -> None:
    written: list[str] = []
    app = make_app(tmp_path, audit=written)
    client, accounts = signed_in(app), accounts_of(app)
    accounts.directory.add_token("bob", "ci")
    add_session(accounts, "s1", "bob")
    written.clear()
    do(client, "invite", name="dora", groups="data\nops")
    do(client, "user/invite", name="bob")
    do(client, "user/groups", name="bob", groups="")
    do(client, "sessions/end", name="bob", id="s1")
    do(client, "tokens/revoke", name="bob", label="ci")
    for place in ("disable", "enable", "end-sessions", "remove"):
        do(client, f"user/{place}", name="bob")
    lines = [json.loads(line) for line in written]
    events = [(line["event"], line["user"], line["target"], line.get("detail")) for line in lines if "event" in line]
    assert events == [
        ("user_created", "ann", "dora", "data, ops"),
        ("user_invited", "ann", "bob", None),
        ("groups_changed", "ann", "bob", "none"),
        ("session_ended", "ann", "bob", "Firefox on Linux"),
        ("token_revoked", "ann", "bob", None),
        ("user_disabled", "ann", "bob", None),
        ("user_enabled", "ann", "bob", None),
        ("sessions_ended", "ann", "bob", "all"),
        ("user_removed", "ann", "bob", None),
    ]
    assert all("invite/" not in json.dumps(line) for line in lines)


def test_persons_own_changes_are_in_the_change_log(app: Flask, accounts: Accounts) -> None:
    bob = signed_in(app, "bob")
    form = {"anti_forgery": hidden(open_page(bob, ACCOUNT)), "label": "ci", "days": "7"}
    assert bob.post(f"{ACCOUNT}/tokens", data=form, headers=PAGE).status_code == 200
    assert bob.post(f"{ACCOUNT}/tokens/revoke", data=form, headers=PAGE).status_code == 303
    found = [(one.actor, one.via, one.action, one.target) for one in accounts.stores.change_log.newest(2)]
    assert found == [("bob", "session", "token_revoked", "bob"), ("bob", "session", "token_created", "bob")]


def test_nobody_is_shown_as_another_user(client: FlaskClient, accounts: Accounts) -> None:
    """Some providers let people choose how they are called."""
    for number, called in enumerate(("Bob", "Dora")):
        accounts.stores.users.add(User(f"sso-{number}", "", 0, issuer="https://id.example", display_name=called))
        accounts.directory.by(Actor(f"sso-{number}", "session")).add_token(f"sso-{number}", "ci")
        add_session(accounts, str(number), f"sso-{number}")
    accounts.directory.add_token("bob", "ci")
    for place in ("sessions", "tokens", "changes"):
        shown = see(client, place).text
        assert ">Bob (sso-0)</a>" in shown and ">Dora</a>" in shown and ">Bob</a>" not in shown
    assert ">bob</a>" in see(client, "tokens").text
    for place in ("user/remove", "user/disable", "user/end-sessions", "tokens/revoke"):
        asked = see(client, place, name="sso-1", label="ci").text
        assert re.search(r"<h1>[^<]* Dora \(sso-1\)\?</h1>", asked)
