"""Whom people can ask."""

from __future__ import annotations

import pytest

from access_es.pages.contact import Contact, read_contact


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("search-team@example.com", "mailto:search-team@example.com"),
        ("https://wiki.example.com/search?a=b", "https://wiki.example.com/search?a=b"),
        ("http://wiki.example.com", "http://wiki.example.com"),
        ("Ann in room 5", ""),
        ("the team, team@example.com", ""),
        ("javascript:alert(1)", ""),
        ("JavaScript://x@y", ""),
        ("a@b?subject=x", ""),
    ],
)
def test_an_address_is_a_link_and_all_else_is_text(text: str, link: str) -> None:
    assert read_contact(f" {text} ") == Contact(text, link)


def test_nobody_is_named_where_nothing_is_set() -> None:
    assert read_contact(" ") is None
