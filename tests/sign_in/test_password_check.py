"""Whether a user name and a password belong together."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from access_es.errors import AccessEsError, WrongCredentials
from access_es.sign_in.build import Accounts
from access_es.sign_in.password_check import PasswordCheck
from access_es.sign_in.throttle import Throttle
from access_es.users.passwords import Passwords
from access_es.users.stores import UserStore
from access_es.users.user import User, with_password
from tests.account_fixtures import FAST_HASHING, PASSWORD, Clock

HOME = "192.0.2.1"


def test_the_right_password_gives_the_user(accounts: Accounts) -> None:
    assert accounts.password_check.check("ann", PASSWORD, HOME) == accounts.directory.user("ann")


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("", ""), ("ann", "")])
def test_a_refusal_does_not_say_what_was_wrong(accounts: Accounts, name: str, password: str) -> None:
    with pytest.raises(WrongCredentials) as caught:
        accounts.password_check.check(name, password, HOME)
    assert caught.value.message == WrongCredentials.message


def test_a_disabled_user_is_refused_like_a_wrong_password(accounts: Accounts) -> None:
    accounts.directory.disable("ann")
    with pytest.raises(WrongCredentials):
        accounts.password_check.check("ann", PASSWORD, HOME)


def test_unknown_users_are_slowed_down_like_known_ones(accounts: Accounts) -> None:
    """Or else the waiting would tell who exists."""

    def refusals(name: str) -> list[str]:
        found = []
        for _ in range(9):
            with pytest.raises(AccessEsError) as caught:
                accounts.password_check.check(name, "wrong", HOME)
            found.append(caught.value.code)
        return found

    assert refusals("ann") == refusals("nobody") == ["wrong_credentials"] * 6 + ["too_many_failures"] * 3


def test_the_audit_learns_the_name_only_where_there_is_such_a_user(accounts: Accounts) -> None:
    """Of attempts that are slowed down as well; the message never has it."""

    def named(name: str) -> set[str | None]:
        found = set()
        for _ in range(9):
            with pytest.raises(AccessEsError) as caught:
                accounts.password_check.check(name, "wrong", HOME)
            assert name not in caught.value.message
            found.add(caught.value.user)
        return found

    assert (named("ann"), named("nobody")) == ({"ann"}, {None})


def test_the_log_names_no_user_and_no_password(accounts: Accounts, caplog: pytest.LogCaptureFixture) -> None:
    """People type their password into the wrong field."""
    with caplog.at_level(logging.DEBUG), pytest.raises(WrongCredentials):
        accounts.password_check.check("my secret password", "typed twice", HOME)
    assert HOME in caplog.text
    assert "secret" not in caplog.text
    assert "typed" not in caplog.text


class Raced:
    """A user store in which the user is changed just before our own change arrives."""

    def __init__(self, store: UserStore, change: User) -> None:
        self._store = store
        self._change: User | None = change

    def replace(self, old: User, new: User) -> bool:
        if self._change:
            assert self._store.replace(old, self._change)
            self._change = None
        return self._store.replace(old, new)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


@pytest.mark.parametrize("is_same_password", [True, False])
def test_a_change_while_the_hash_is_made_anew_stands(accounts: Accounts, clock: Clock, is_same_password: bool) -> None:
    old = accounts.directory.user("ann")
    former = replace(old, password_hash=Passwords("scrypt:2048:8:1").hash(PASSWORD))
    accounts.stores.users.replace(old, former)
    changed = with_password(former, Passwords(FAST_HASHING).hash(PASSWORD if is_same_password else "another password"))
    raced: UserStore = Raced(accounts.stores.users, changed)  # type: ignore[assignment]
    check = PasswordCheck(raced, Passwords(FAST_HASHING), Throttle(accounts.stores.failures), clock)
    if is_same_password:
        assert check.check("ann", PASSWORD, HOME) == changed
    else:
        with pytest.raises(WrongCredentials):
            check.check("ann", PASSWORD, HOME)
    assert accounts.directory.user("ann") == changed
