"""The change log: what is written into it, and how it is read."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from access_es.sign_in.build import Accounts
from access_es.storage.errors import StoreUnusable
from access_es.storage.sqlite_file import SqliteFile
from access_es.users.change_log import MAX_DETAIL_CHARACTERS, Actor, Change, find_changes, make_change
from access_es.users.directory import Directory
from access_es.users.sessions import SessionRecord
from access_es.users.sqlite_change_log import FileChangeLog
from tests.account_fixtures import PASSWORD, Clock

NOW = 1_800_000_000.0


class ListLog:
    """A change log in memory that counts how much is read."""

    def __init__(self, changes: list[Change]) -> None:
        self._newest_first = sorted(changes, key=lambda change: change.id, reverse=True)
        self.read = 0

    def add(self, change: Change) -> None:
        raise StoreUnusable(detail="The table is not there.")

    def newest(self, limit: int, before: str = "") -> list[Change]:
        found = [change for change in self._newest_first if not before or change.id < before][:limit]
        self.read += len(found)
        return found


def numbered(count: int) -> list[Change]:
    return [make_change(NOW + number, Actor("ann"), "user_enabled", f"user-{number}") for number in range(count)]


def lines(accounts: Accounts) -> list[tuple[str, str, str, str, str]]:
    """Who, how, what, on whom and the detail, oldest first, without the addition of ann."""
    found = accounts.stores.change_log.newest(100)[::-1][1:]
    return [(one.actor, one.via, one.action, one.target, one.detail) for one in found]


def test_each_change_is_written_with_who_made_it(accounts: Accounts, clock: Clock) -> None:
    def later() -> Directory:
        clock.now += 1
        return accounts.directory.by(Actor("eve", "session"))

    later().add_user("bob", PASSWORD, ["ops"])
    later().set_groups("bob", ["ops", "data"])
    later().set_groups("bob", ["ops", "data"])  # changes nothing
    later().set_password("bob", PASSWORD)
    later().disable("bob")
    later().enable("bob")
    token, _text = later().add_token("bob", "ci", 7, ["analyst"])
    later().revoke_token("bob", " ci ")
    later().end_sessions("bob")
    later().remove_user("bob")
    assert lines(accounts) == [
        ("eve", "session", "user_created", "bob", "groups: ops"),
        ("eve", "session", "groups_changed", "bob", "ops → ops, data"),
        ("eve", "session", "password_changed", "bob", ""),
        ("eve", "session", "user_disabled", "bob", ""),
        ("eve", "session", "user_enabled", "bob", ""),
        ("eve", "session", "token_created", "bob", f"ci ({token.id}), 7 days, roles: analyst"),
        ("eve", "session", "token_revoked", "bob", "ci"),
        ("eve", "session", "sessions_ended", "bob", "all"),
        ("eve", "session", "user_removed", "bob", ""),
    ]


def test_an_invitation_is_written_and_who_accepted_it(accounts: Accounts, clock: Clock) -> None:
    boss = accounts.directory.by(Actor("eve", "session"))
    boss.add_invited("bob")
    clock.now += 1
    _invitation, sealed = boss.invite("bob")
    clock.now += 1
    boss.accept(sealed, PASSWORD)
    assert lines(accounts) == [
        ("eve", "session", "user_created", "bob", "groups: none"),
        ("eve", "session", "user_invited", "bob", ""),
        ("bob", "invitation", "password_changed", "bob", ""),
    ]
    assert not any(sealed in part or PASSWORD in part for line in lines(accounts) for part in line)


def test_the_end_of_one_session_says_which(accounts: Accounts) -> None:
    epoch, now = accounts.directory.user("ann").epoch, int(NOW)
    record = SessionRecord("s1", "ann", epoch, "Firefox on Linux", "192.0.2.7", "password", now, now + 60, now)
    accounts.stores.sessions.put(record)
    accounts.directory.by(Actor("eve", "session")).end_session("ann", "s1")
    assert lines(accounts) == [("eve", "session", "session_ended", "ann", "Firefox on Linux, 192.0.2.7")]


def test_what_is_refused_is_not_written(accounts: Accounts) -> None:
    with pytest.raises(Exception, match="already"):
        accounts.directory.add_user("ann", PASSWORD)
    with pytest.raises(Exception, match="no token"):
        accounts.directory.revoke_token("ann", "ci")
    assert lines(accounts) == []


def test_a_change_that_cannot_be_written_stays_done_and_is_logged(
    accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Directory(
        replace(accounts.stores, change_log=ListLog([])),
        accounts.directory._passwords,
        accounts.directory._invitations,
        accounts.clock,
    )
    with caplog.at_level(logging.ERROR, "access_es.changes"):
        broken.by(Actor("eve", "session")).disable("ann")
    assert accounts.directory.user("ann").disabled
    assert "user_disabled" in caplog.text and "eve" in caplog.text and "The table is not there." in caplog.text


def test_a_long_detail_is_cut() -> None:
    assert len(make_change(NOW, Actor(), "groups_changed", "bob", "x" * 9_000).detail) == MAX_DETAIL_CHARACTERS


def test_ids_are_in_the_order_of_time_and_differ() -> None:
    made = [make_change(NOW + step, Actor(), "user_enabled", "bob") for step in (0.0, 0.001, 1.0, 1e6)]
    assert sorted(change.id for change in made) == [change.id for change in made]
    assert len({make_change(NOW, Actor(), "user_enabled", "bob").id for _ in range(50)}) == 50


def test_changes_are_found_in_parts() -> None:
    log = ListLog(numbered(1_203))
    first = find_changes(log, 1_000)
    rest = find_changes(log, 1_000, first.older)
    assert [change.target for change in (*first.changes, *rest.changes)] == [f"user-{n}" for n in range(1_202, -1, -1)]
    assert rest.older == ""


@pytest.mark.parametrize("count", [499, 500, 501, 1_000])
def test_the_last_part_says_so(count: int) -> None:
    """Where as many are left as are read at once, one more part may turn out to be empty."""
    log = ListLog(numbered(count))
    found = find_changes(log, count)
    assert len(found.changes) == count
    assert found.older == "" or find_changes(log, 5, found.older).changes == ()


def test_a_search_reads_no_more_than_5000_and_goes_on_from_there() -> None:
    log = ListLog(numbered(12_000))
    places, before = [], ""
    while True:
        found = find_changes(log, 10, before, lambda change: change.target in ("user-11999", "user-3"))
        places.append(len(found.changes))
        before = found.older
        if not before:
            break
    assert places == [1, 0, 1]
    assert log.read <= 12_000 + 500


def test_a_file_keeps_a_bounded_number(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "accounts.db")
    log = FileChangeLog(file, lambda: NOW, most=10)
    for number in range(30):
        id = f"{int(NOW * 1000) + number:014d}-0000-00000000"  # as ids end at one of 256
        log.add(Change(id, NOW, "ann", "session", "user_enabled", f"user-{number}"))
    assert [change.target for change in log.newest(100)] == [f"user-{number}" for number in range(29, 19, -1)]
    file.close()
