"""Who is asking, with the accounts in DynamoDB: what it costs, and how soon changes bite."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from access_es.errors import AccessEsError, TooManyFailures, WrongCredentials
from access_es.messages import Headers
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.sign_in.session_cookie import Session, begin_session
from tests.account_fixtures import FAST_HASHING, PASSWORD, Clock
from tests.storage.dynamodb_tables import Counted

Build = Callable[[], Accounts]


@pytest.fixture
def build(dynamodb: Counted, accounts_table: str, clock: Clock) -> Build:
    """Makes the accounts as one process after the other would."""
    settings = AccountSettings(
        ("a secret of these tests",), f"dynamodb:{accounts_table}", 3_600, 60, password_method=FAST_HASHING
    )
    return lambda: build_accounts(settings, clock, dynamodb)


@pytest.fixture
def here(build: Build) -> Accounts:
    """One process, with the user ann."""
    built = build()
    built.directory.add_user("ann", PASSWORD)
    return built


@pytest.fixture
def there(build: Build) -> Accounts:
    """Another process."""
    return build()


def begin(accounts: Accounts) -> Session:
    user = accounts.directory.user("ann")
    return begin_session(accounts.clock(), accounts.cookies.lifetime_seconds, user.name, user.epoch)


def cookie(accounts: Accounts, session: Session) -> Headers:
    return (("Cookie", f"access-es={accounts.cookies.seal(session)}"),)


def basic(password: str) -> Headers:
    return (("Authorization", "Basic " + base64.b64encode(f"ann:{password}".encode()).decode()),)


def bearer(text: str) -> Headers:
    return (("Authorization", f"Bearer {text}"),)


def is_admitted(accounts: Accounts, headers: Headers) -> bool:
    try:
        return accounts.identity.identify(headers, scheme="http", client_address="192.0.2.1") is not None
    except WrongCredentials:
        return False


OFFERS: dict[str, Callable[[Accounts], Headers]] = {
    "session": lambda accounts: cookie(accounts, begin(accounts)),
    "token": lambda accounts: bearer(accounts.directory.add_token("ann", "ci")[1]),
    "password": lambda accounts: basic(PASSWORD),
}
RECHECKS = {"session": ["get_item", "get_item"], "token": ["get_item", "get_item"], "password": ["get_item"]}


@pytest.mark.parametrize("how", OFFERS)
def test_a_remembered_caller_costs_no_call_and_two_when_looked_up_again(
    here: Accounts, clock: Clock, dynamodb: Counted, how: str
) -> None:
    offered = OFFERS[how](here)
    assert is_admitted(here, offered)
    dynamodb.taken()
    for _ in range(3):
        clock.now += 59
        assert is_admitted(here, offered)
        assert dynamodb.taken() == []
        clock.now += 1
        assert is_admitted(here, offered)
        assert dynamodb.taken() == RECHECKS[how]


NEW = {"session": ["get_item"] * 2 + ["update_item"], "token": ["get_item"] * 3}


@pytest.mark.parametrize("how", NEW)
def test_a_caller_who_is_new_here_costs_a_few_calls(
    here: Accounts, there: Accounts, dynamodb: Counted, how: str
) -> None:
    """When a session was last used is not read: DynamoDB says whether it is to be written."""
    offered = OFFERS[how](here)
    assert is_admitted(here, offered)
    dynamodb.taken()
    assert is_admitted(there, offered)
    assert dynamodb.taken() == NEW[how]


NOTES = {"session": ["update_item"] * 2, "token": ["update_item"] * 3, "password": ["update_item"]}


@pytest.mark.parametrize("how", OFFERS)
def test_a_use_is_written_once_a_quarter_of_an_hour(here: Accounts, clock: Clock, dynamodb: Counted, how: str) -> None:
    """For the user, and for the session or the token, which is two items."""
    offered = OFFERS[how](here)
    assert is_admitted(here, offered)
    for _ in range(2):
        dynamodb.taken()
        for _ in range(44):
            clock.now += 20
            assert is_admitted(here, offered)
        assert "update_item" not in dynamodb.taken()
        clock.now += 20
        assert is_admitted(here, offered)
        assert dynamodb.taken() == RECHECKS[how] + NOTES[how]
        assert here.directory.user("ann").last_used == clock.now


def test_an_anonymous_request_costs_no_call(here: Accounts, dynamodb: Counted) -> None:
    dynamodb.taken()
    assert not is_admitted(here, (("Cookie", "access-es=forged"),))
    assert not is_admitted(here, ())
    assert not is_admitted(here, bearer("no token"))
    assert dynamodb.taken() == []


def test_a_sign_in_costs_one_call_for_each_thing_it_must_know(here: Accounts, dynamodb: Counted) -> None:
    dynamodb.taken()
    here.password_check.check("ann", PASSWORD, "192.0.2.1")
    first = ["batch_get_item", "batch_get_item", "get_item", "batch_get_item"]
    assert dynamodb.taken() == [*first, "update_item"]  # remembers the address
    here.password_check.check("ann", PASSWORD, "192.0.2.1")
    assert dynamodb.taken() == first


CHANGES: dict[str, Callable[[Accounts, Session], object]] = {
    "logout": lambda accounts, session: accounts.stores.revocations.revoke(session.id, session.until),
    "disable": lambda accounts, session: accounts.directory.disable("ann"),
    "new password": lambda accounts, session: accounts.directory.set_password("ann", "another password"),
    "remove": lambda accounts, session: accounts.directory.remove_user("ann"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_session_ends_at_once_here_and_after_the_recheck_time_elsewhere(
    here: Accounts, there: Accounts, clock: Clock, change: Callable[[Accounts, Session], object]
) -> None:
    session = begin(here)
    offered = cookie(here, session)
    assert is_admitted(here, offered) and is_admitted(there, offered)
    change(here, session)
    assert not is_admitted(here, offered)
    clock.now += 59
    assert is_admitted(there, offered)
    clock.now += 1
    assert not is_admitted(there, offered)


def test_a_revoked_token_ends_as_soon(here: Accounts, there: Accounts, clock: Clock) -> None:
    offered = OFFERS["token"](here)
    assert is_admitted(here, offered) and is_admitted(there, offered)
    here.directory.revoke_token("ann", "ci")
    assert not is_admitted(here, offered)
    clock.now += 60
    assert not is_admitted(there, offered)


def test_a_slow_answer_does_not_stretch_the_recheck_time(
    here: Accounts, accounts_table: str, clock: Clock, dynamodb: Counted
) -> None:
    """What was read counts from when it was asked for."""

    def slow(operation: str, **parameters: Any) -> dict[str, Any]:
        answer = dynamodb(operation, **parameters)
        clock.now += 4
        return answer

    there = build_accounts(here.settings, clock, slow)
    offered = OFFERS["session"](here)
    assert is_admitted(there, offered)
    here.directory.disable("ann")
    clock.now += 60 - 8
    assert not is_admitted(there, offered)


def test_guesses_are_counted_by_all_together(here: Accounts, there: Accounts) -> None:
    refusals: list[type[AccessEsError]] = []
    for number in range(8):
        with pytest.raises(AccessEsError) as caught:
            process = (here, there)[number % 2]
            process.identity.identify(basic(f"guess {number}"), scheme="http", client_address="192.0.2.1")
        refusals.append(type(caught.value))
    assert refusals == [WrongCredentials] * 6 + [TooManyFailures] * 2


@pytest.mark.parametrize("users", ["dynamodb:", "dynamodb:a b", "dynamodb:ab", "dynamodb:table/x"])
def test_what_cannot_be_a_table_is_a_fault(settings: AccountSettings, users: str) -> None:
    with pytest.raises(AccessEsError, match=f"USERS: '{users}' is not"):
        build_accounts(replace(settings, users=users))


def test_building_calls_nobody(here: Accounts, dynamodb: Counted) -> None:
    dynamodb.taken()
    build_accounts(here.settings, call_dynamodb=dynamodb)
    assert dynamodb.taken() == []
