"""The administrators' page with the users in DynamoDB: that all of it works there, and what a large team costs."""

from __future__ import annotations

from pathlib import Path

from access_es.users.user import User
from tests.account_fixtures import PAGE
from tests.pages.administration import ADMIN, accounts_of, do, make_app, see, signed_in
from tests.storage.dynamodb_tables import Counted


def test_everything_is_shown_and_done(tmp_path: Path, dynamodb: Counted, accounts_table: str) -> None:
    app = make_app(tmp_path, dynamodb=(accounts_table, dynamodb))
    client, accounts = signed_in(app), accounts_of(app)
    signed_in(app, "bob")
    accounts.directory.add_token("bob", "nightly job")
    for number in range(60):
        accounts.stores.users.add(User(f"user-{number}", "x", 0))
    assert "1–50 of 63 users" in see(client).text and "Page 2 of 2" in see(client, page="2").text
    for place, shown in (("sessions", "1–2 of 2 sessions"), ("tokens", "nightly job"), ("changes", "made a token")):
        assert shown in see(client, place).text
    assert "nightly job" in see(client, "user", name="bob").text
    done = do(client, "user/groups", name="bob", groups="ops")
    assert "data → ops" in client.get(done.location, headers=PAGE).text
    assert do(client, "sessions/end", name="bob", id=accounts.directory.sessions("bob")[0].id).status_code == 303
    assert do(client, "tokens/revoke", name="bob", label="nightly job").status_code == 303
    for place in ("disable", "enable", "end-sessions", "remove"):
        assert do(client, f"user/{place}", name="bob").status_code == 303
    assert accounts.directory.all_tokens() == [] and len(accounts.directory.users()) == 62
    made = [change.action for change in accounts.directory.change_log.newest(7)]
    assert made == [
        "user_removed",
        "sessions_ended",
        "user_enabled",
        "user_disabled",
        "token_revoked",
        "session_ended",
        "groups_changed",
    ]


def test_the_list_of_a_team_takes_few_calls(tmp_path: Path, dynamodb: Counted, accounts_table: str) -> None:
    app = make_app(tmp_path, dynamodb=(accounts_table, dynamodb))
    client = signed_in(app)
    for number in range(200):
        accounts_of(app).stores.users.add(User(f"user-{number:03}", "x" * 100, 0, ("data",)))
    see(client)  # notes the last use, which the next quarter of an hour does not
    dynamodb.taken()
    assert client.get(f"{ADMIN}?q=data", headers=PAGE).status_code == 200
    assert sorted(dynamodb.taken()) == ["get_item", "get_item", "query"]  # the session, its user, all users
