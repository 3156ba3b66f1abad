"""Who may sign in."""

from __future__ import annotations

import pytest

from access_es.errors import BadRequest
from access_es.users.user import (
    User,
    check_name,
    disabled,
    enabled,
    name_by_provider,
    normalize_name,
    with_password,
    with_same_password,
)

ANN = User("ann", "scrypt$salt$hash", 1)


@pytest.mark.parametrize("name", ["ann", "a", "0", "ann.lee@example.org", "ann_lee+test-1", "a" * 64])
def test_a_name_may_be_an_address_or_a_word(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "Ann", "-ann", ".ann", "a:b", "a b", " ann", "ann\n", "ann\0", "änn", "a/b", "a" * 65, "<b>"]
)
def test_a_name_that_would_confuse_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(BadRequest, match="begins with a letter or digit"):
        check_name(name)


def test_the_password_hash_hides() -> None:
    assert "hash" not in repr(ANN).replace("password_hash", "")


def test_what_a_phone_types_is_the_same_user() -> None:
    assert normalize_name(" Ann ") == "ann"


@pytest.mark.parametrize("changed", [with_password(ANN, "other"), disabled(ANN), enabled(disabled(ANN))])
def test_what_should_end_sessions_changes_the_epoch(changed: User) -> None:
    assert changed.epoch != ANN.epoch


def test_two_users_never_share_an_epoch() -> None:
    assert User("ann", "x", 1).epoch != User("ann", "x", 1).epoch


def test_a_password_hashed_anew_keeps_sessions() -> None:
    renewed = with_same_password(ANN, "other")
    assert (renewed.password_hash, renewed.epoch) == ("other", ANN.epoch)


def test_the_name_of_a_provider_s_user_cannot_be_chosen() -> None:
    name = name_by_provider("https://id.example", "ann")
    assert name == "sso-" + name[4:] and len(name) == 36
    assert name != name_by_provider("https://id.exampl", "e\0ann") != name_by_provider("https://id.example", "bob")
    with pytest.raises(BadRequest, match="provider"):
        check_name(name)
