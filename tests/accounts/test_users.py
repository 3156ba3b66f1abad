"""Who may sign in."""

from __future__ import annotations

import pytest

from access_es.accounts import users
from access_es.accounts.users import User
from access_es.errors import BadRequest

ANN = User("ann", "scrypt$salt$hash", 1)


@pytest.mark.parametrize("name", ["ann", "a", "0", "ann.lee@example.org", "ann_lee+test-1", "a" * 64])
def test_a_name_may_be_an_address_or_a_word(name: str) -> None:
    assert users.check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "Ann", "-ann", ".ann", "a:b", "a b", " ann", "ann\n", "ann\0", "änn", "a/b", "a" * 65, "<b>"]
)
def test_a_name_that_would_confuse_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(BadRequest, match="begins with a letter or digit"):
        users.check_name(name)


def test_the_password_hash_hides() -> None:
    assert "hash" not in repr(ANN).replace("password_hash", "")


def test_what_a_phone_types_is_the_same_user() -> None:
    assert users.tidy_name(" Ann ") == "ann"


@pytest.mark.parametrize(
    "changed", [users.with_password(ANN, "other"), users.disabled(ANN), users.enabled(users.disabled(ANN))]
)
def test_what_should_end_sessions_changes_the_epoch(changed: User) -> None:
    assert changed.epoch != ANN.epoch


def test_two_users_never_share_an_epoch() -> None:
    assert User("ann", "x", 1).epoch != User("ann", "x", 1).epoch


def test_a_password_hashed_anew_keeps_sessions() -> None:
    renewed = users.with_same_password(ANN, "other")
    assert (renewed.password_hash, renewed.epoch) == ("other", ANN.epoch)
