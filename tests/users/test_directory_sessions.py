"""What ends sessions, and which are listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from access_es.errors import NotFound
from access_es.sign_in.build import Accounts
from access_es.users.directory import Directory
from access_es.users.sessions import SessionRecord
from access_es.users.tokens import Token
from access_es.users.user import User
from tests.account_fixtures import PASSWORD, Clock


def begin(accounts: Accounts, id: str, name: str = "ann") -> SessionRecord:
    now, epoch = int(accounts.clock()), accounts.directory.user(name).epoch
    record = SessionRecord(id, name, epoch, "Firefox on Linux", "192.0.2.1", "password", now, now + 60, now)
    accounts.stores.sessions.put(record)
    return record


def listed(accounts: Accounts) -> set[str]:
    ids = {record.id for record in accounts.directory.sessions("ann")}
    assert {record.id for record in accounts.directory.all_sessions() if record.user == "ann"} == ids
    return ids


def test_one_session_ends(accounts: Accounts) -> None:
    one, two = begin(accounts, "one"), begin(accounts, "two")
    assert accounts.directory.sessions("ann") == accounts.directory.all_sessions() == [one, two]
    assert accounts.directory.end_session("ann", "one") == one
    assert accounts.stores.revocations.is_revoked("one")
    assert listed(accounts) == {"two"}
    with pytest.raises(NotFound, match="ended already"):
        accounts.directory.end_session("ann", "one")


def test_of_too_many_sessions_those_end_that_were_not_used_for_longest(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else somebody could make so many that listing them delays everybody. The new one stays, whatever the others are."""
    monkeypatch.setattr("access_es.users.directory.MAX_SESSIONS_PER_USER", 3)
    one = begin(accounts, "one")
    for id, age in (("two", 5), ("three", 9), ("four", 0), ("five", 1)):
        accounts.directory.begin_session(replace(one, id=id, last_used=one.last_used - age))
    assert listed(accounts) == {"one", "four", "five"}
    assert accounts.stores.revocations.is_revoked("two") and accounts.stores.revocations.is_revoked("three")
    accounts.directory.begin_session(replace(one, id="zzz", last_used=0))
    assert listed(accounts) == {"one", "four", "zzz"}


def test_a_sign_in_does_not_wait_until_all_surplus_sessions_have_ended(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = begin(accounts, "one")
    for number in range(20):
        accounts.stores.sessions.put(replace(one, id=str(number), last_used=number))
    monkeypatch.setattr("access_es.users.directory.MAX_SESSIONS_PER_USER", 1)
    accounts.directory.begin_session(replace(one, id="new"))
    assert listed(accounts) == {"new", "one", *map(str, range(10, 20))}


def test_a_session_of_another_user_does_not_end(accounts: Accounts) -> None:
    accounts.directory.add_user("bob", PASSWORD)
    begin(accounts, "bobs", "bob")
    with pytest.raises(NotFound):
        accounts.directory.end_session("ann", "bobs")
    assert not accounts.stores.revocations.is_revoked("bobs")
    assert len(accounts.directory.sessions("bob")) == 1


ENDS: dict[str, Callable[[Directory], object]] = {
    "all ended": lambda directory: directory.end_sessions("ann"),
    "a new password": lambda directory: directory.set_password("ann", "another password"),
    "disabled": lambda directory: directory.disable("ann"),
    "an invitation accepted": lambda directory: directory.accept(directory.invite("ann")[1], "another password"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_sessions_end_with_their_records(accounts: Accounts, end: Callable[[Directory], object]) -> None:
    accounts.directory.add_user("bob", PASSWORD)
    bobs = begin(accounts, "bobs", "bob")
    before = begin(accounts, "one").epoch
    end(accounts.directory)
    assert accounts.directory.user("ann").epoch != before
    assert accounts.stores.sessions.all() == [bobs]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_session_that_begins_meanwhile_stays_visible(
    accounts: Accounts, end: Callable[[Directory], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the new epoch: who knows the password could otherwise have one that nobody sees."""
    begin(accounts, "one")
    replace_user = accounts.stores.users.replace

    def replace_and_sign_in(old: User, new: User) -> bool:
        done = replace_user(old, new)
        begin(accounts, "meanwhile")
        return done

    monkeypatch.setattr(accounts.stores.users, "replace", replace_and_sign_in)
    end(accounts.directory)
    assert listed(accounts) == {"meanwhile"}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_namesake_inherits_no_token_that_was_made_while_the_user_was_removed(
    accounts: Accounts, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_user, add_token = accounts.stores.users.remove, accounts.stores.tokens.add

    def remove_and_add_token(name: str) -> bool:
        """The token comes after the user's others are removed, and before the user is."""
        monkeypatch.undo()
        accounts.directory.add_token(name, "meanwhile")
        return remove_user(name)

    def add_behind_removal(token: Token) -> bool:
        """The user was still there when the token was asked for."""
        monkeypatch.undo()
        accounts.directory.remove_user("ann")
        return add_token(token)

    if moment == "before":
        monkeypatch.setattr(accounts.stores.users, "remove", remove_and_add_token)
        accounts.directory.remove_user("ann")
    else:
        monkeypatch.setattr(accounts.stores.tokens, "add", add_behind_removal)
        with pytest.raises(NotFound):
            accounts.directory.add_token("ann", "meanwhile")
    accounts.directory.add_user("ann", PASSWORD)
    assert accounts.directory.tokens("ann") == []


def test_a_removed_user_has_no_sessions_nor_has_a_namesake(accounts: Accounts) -> None:
    begin(accounts, "one")
    accounts.directory.remove_user("ann")
    assert accounts.stores.sessions.all() == accounts.directory.all_sessions() == []
    accounts.directory.add_user("ann", PASSWORD)
    assert listed(accounts) == set()


def test_a_record_of_a_session_that_has_ended_is_not_listed(accounts: Accounts) -> None:
    """However it came to be left: written while the sessions were ended, or by an earlier version."""
    late = begin(accounts, "late")
    accounts.directory.end_sessions("ann")
    accounts.stores.sessions.put(late)
    assert listed(accounts) == set()


def test_a_session_is_listed_until_its_time_is_over(accounts: Accounts, clock: Clock) -> None:
    begin(accounts, "one")
    clock.now += 59
    assert listed(accounts) == {"one"}
    clock.now += 1
    assert listed(accounts) == set()
