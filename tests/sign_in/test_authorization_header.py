"""Reads the credentials in an Authorization header."""

from __future__ import annotations

import base64

import pytest

from access_es.errors import WrongCredentials
from access_es.sign_in.authorization_header import OfferedPassword, OfferedToken, read_authorization

TOKEN = "aes_0123456789ab_" + "Az09" * 10


def basic(pair: bytes) -> str:
    return "Basic " + base64.b64encode(pair).decode()


@pytest.mark.parametrize("value", [f"Bearer {TOKEN}", f"bearer {TOKEN}", f"  BEARER   {TOKEN} "])
def test_a_bearer_offers_a_token(value: str) -> None:
    assert read_authorization(value) == OfferedToken(TOKEN)


def test_basic_offers_a_password() -> None:
    assert read_authorization(basic(b"Ann:with: colons")) == OfferedPassword("ann", "with: colons")


def test_basic_offers_a_token_in_place_of_the_password() -> None:
    assert read_authorization(basic(f"ann:{TOKEN}".encode())) == OfferedToken(TOKEN, "ann")


@pytest.mark.parametrize(
    ("key", "user"),
    [
        (base64.b64encode(f"Ann:{TOKEN}".encode()).decode(), "ann"),  # Elastic's clients and Beats: id and key
        (base64.b64encode(TOKEN.encode()).decode(), None),
        (base64.urlsafe_b64encode(f"ann>?:{TOKEN}".encode()).decode().rstrip("="), "ann>?"),
        (TOKEN, None),  # rsyslog and others send what their configuration has
        (f"  {TOKEN} ", None),
    ],
)
def test_an_api_key_offers_a_token(key: str, user: str | None) -> None:
    for scheme in ("ApiKey", "apikey"):
        assert read_authorization(f"{scheme} {key}") == OfferedToken(TOKEN, user)


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_basic_may_be_in_either_charset(charset: str) -> None:
    assert read_authorization(basic("ann:pässwörter".encode(charset))) == OfferedPassword("ann", "pässwörter")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "does not support"),
        (TOKEN, "does not support"),
        ("Digest username=ann", "does not support"),
        ("ApiKey abc", "Send 'Bearer <API token>'"),
        ("ApiKey", "not an API token of access-es"),
        ("ApiKey !!!", "not an API token of access-es"),
        ("ApiKey " + base64.b64encode(b"ann:the password").decode(), "not an API token of access-es"),
        ("AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=0", "already signed"),
        ("Basic !!!", "not base64"),
        ("Basic é", "not base64"),
        (basic(b"no colon"), "no colon"),
        ("Basic", "no colon"),
    ],
)
def test_anything_else_is_refused_and_says_why(value: str, why: str) -> None:
    with pytest.raises(WrongCredentials, match=why):
        read_authorization(value)


def test_nothing_offered_shows_in_logs() -> None:
    shown = repr([read_authorization(f"Bearer {TOKEN}"), read_authorization(basic(b"ann:the password"))])
    assert TOKEN not in shown
    assert "the password" not in shown
