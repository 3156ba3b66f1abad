"""What the commands and the account page do."""

from __future__ import annotations

import threading

import pytest

from access_es.errors import BadRequest, NotFound
from access_es.sign_in.build import Accounts
from access_es.users import tokens
from tests.account_fixtures import PASSWORD


def test_a_new_user_is_in_no_group(accounts: Accounts) -> None:
    bob = accounts.directory.add_user("bob", PASSWORD)
    assert (bob.groups, bob.disabled) == ((), False)
    assert PASSWORD not in bob.password_hash
    assert [user.name for user in accounts.directory.users()] == ["ann", "bob"]


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [("ann", PASSWORD, "already"), ("Bob", PASSWORD, "lower-case"), ("bob", "short", "too short")],
)
def test_a_user_that_cannot_be_is_refused_and_says_why(accounts: Accounts, name: str, password: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        accounts.directory.add_user(name, password)
    assert len(accounts.directory.users()) == 1


def test_whoever_is_not_there_is_named(accounts: Accounts) -> None:
    directory = accounts.directory
    for attempt in (
        lambda: directory.set_password("bob", PASSWORD),
        lambda: directory.disable("bob"),
        lambda: directory.enable("bob"),
        lambda: directory.remove_user("bob"),
        lambda: directory.tokens("bob"),
        lambda: directory.add_token("bob", "ci"),
    ):
        with pytest.raises(NotFound, match="There is no user 'bob'"):
            attempt()
    with pytest.raises(NotFound, match="There is no token with the label 'ci'"):
        directory.revoke_token("ann", "ci")


def test_a_bad_new_password_changes_nothing(accounts: Accounts) -> None:
    before = accounts.directory.user("ann")
    with pytest.raises(BadRequest):
        accounts.directory.set_password("ann", "short")
    assert accounts.directory.user("ann") == before


def test_changes_at_the_same_moment_are_all_made(accounts: Accounts) -> None:
    passwords = [f"password number {number}" for number in range(6)]
    threads = [
        threading.Thread(target=accounts.directory.set_password, args=("ann", password)) for password in passwords
    ]
    threads.append(threading.Thread(target=accounts.directory.disable, args=("ann",)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accounts.directory.user("ann").disabled


def test_a_label_is_used_once(accounts: Accounts) -> None:
    accounts.directory.add_token("ann", "ci")
    with pytest.raises(BadRequest, match="There is a token 'ci' already"):
        accounts.directory.add_token("ann", " ci ")


def test_a_user_has_not_too_many_tokens(accounts: Accounts) -> None:
    for number in range(tokens.MAX_TOKENS_PER_USER):
        accounts.directory.add_token("ann", f"token {number}")
    with pytest.raises(BadRequest, match="at most 50"):
        accounts.directory.add_token("ann", "one more")
    accounts.directory.revoke_token("ann", "token 7")
    accounts.directory.add_token("ann", "one more")
