"""Whom the claims describe, and who may come in."""

from __future__ import annotations

from typing import Any

import pytest

from access_es.errors import AccessEsError
from access_es.settings.single_sign_on import parse_allow
from access_es.sign_in.oidc.person import is_allowed, read_person
from access_es.users.user import name_by_provider


def groups(claims: dict[str, Any], claim: str = "groups") -> tuple[str, ...]:
    return read_person({"sub": "a", **claims}, "", claim).groups


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "Ann", "email": "a@x"}, "Ann"),
        ({"email": "a@x"}, "a@x"),
        ({}, "a"),
        ({"preferred_username": 7}, "a"),
        ({"preferred_username": " \u202eAnn\x00\n "}, "Ann"),
        ({"preferred_username": "x" * 500}, "x" * 128),
    ],
)
def test_the_name_is_what_can_be_read(claims: dict[str, Any], name: str) -> None:
    assert read_person({"sub": "a", **claims}, "", "groups").name == name


def test_groups_come_from_a_claim_or_a_path() -> None:
    assert groups({"groups": ["b", "a", "b", ""]}) == ("b", "a")
    assert groups({"groups": "one"}) == ("one",)
    assert groups({}) == ()
    assert groups({"https://x/roles": ["r"]}, "https://x/roles") == ("r",)
    assert groups({"resource_access": {"a/b": {"roles": ["r"]}}}, "/resource_access/a~1b/roles") == ("r",)
    assert groups({"resource_access": "text"}, "/resource_access/a") == ()


@pytest.mark.parametrize(
    "claims",
    [
        {"groups": {"a": 1}},
        {"groups": [1]},
        {"_claim_names": {"groups": "src1"}},
        {"hasgroups": "true"},
        {"groups": [str(number) for number in range(1_001)]},
    ],
    ids=lambda claims: str(claims)[:40],
)
def test_groups_that_are_incomplete_or_malformed_let_nobody_in(claims: dict[str, Any]) -> None:
    with pytest.raises(AccessEsError):
        groups(claims)


@pytest.mark.parametrize(
    ("allow", "claims", "expected"),
    [
        ("", {"groups": ["a"]}, False),
        ("everyone", {}, True),
        ("group:/a", {"groups": ["/a"]}, True),
        ("group:/a", {"groups": ["/A", "/a/b", "a"]}, False),
        ("domain:Example.com", {"email": "x@example.com", "email_verified": True}, True),
        ("domain:example.com", {"email": "x@EXAMPLE.com", "email_verified": "true"}, True),
        ("domain:example.com", {"email": "x@example.com"}, False),
        ("domain:example.com", {"email": "x@example.com", "email_verified": "false"}, False),
        ("domain:example.com", {"email": "x@example.com", "email_verified": 1}, True),
        ("domain:example.com", {"email": "x@evil.com@example.com", "email_verified": True}, False),
        ("domain:example.com", {"email": "x@sub.example.com", "email_verified": True}, False),
        ("domain:example.com", {"email": "x@notexample.com", "email_verified": True}, False),
        ("hd:example.com", {"hd": "example.com"}, True),
        ("hd:example.com", {"email": "x@example.com", "email_verified": True}, False),
        ("user:a", {}, True),
        ("user:b", {"preferred_username": "b"}, False),
        ("user:X@y.com", {"email": "x@Y.com", "email_verified": True}, True),
        ("user:x@y.com", {"email": "x@y.com"}, False),
        ("group:b, user:a", {}, True),
    ],
)
def test_who_may_come_in(allow: str, claims: dict[str, Any], expected: bool) -> None:
    person = read_person({"sub": "a", **claims}, "", "groups")
    assert is_allowed(person, parse_allow(allow) if allow else None) is expected


def test_two_providers_never_share_a_name() -> None:
    names = {name_by_provider(issuer, subject) for issuer in ("https://a", "https://a/") for subject in ("x", "X")}
    assert len(names) == 4
