"""Personal API tokens."""

from __future__ import annotations

import math

import pytest

from access_es.errors import BadRequest
from access_es.users import tokens

NOW = 1_800_000_000.0


def test_a_token_is_its_text_and_nothing_else() -> None:
    token, text = tokens.issue("ann", "ci", 90, NOW)
    assert tokens.matches(token, text)
    other, other_text = tokens.issue("ann", "ci", 90, NOW)
    assert not tokens.matches(token, other_text)
    assert not tokens.matches(token, text[:-1] + ("a" if text[-1] != "a" else "b"))
    assert token.id != other.id


def test_the_text_is_safe_in_urls_and_hard_to_guess() -> None:
    _token, text = tokens.issue("ann", "ci", 90, NOW)
    aes, token_id, secret = text.split("_")
    assert (aes, tokens.token_id(text)) == ("aes", token_id)
    assert secret.isalnum() and secret.isascii()
    assert len(secret) * math.log2(62) >= 160


def test_what_is_kept_does_not_give_the_token_away() -> None:
    token, text = tokens.issue("ann", "ci", 90, NOW)
    secret = text.split("_")[2]
    assert secret not in repr(token)
    assert secret.encode() not in token.digest
    assert "digest" not in repr(token)


def test_a_token_ends_on_its_day() -> None:
    token, _text = tokens.issue("ann", "ci", 2, NOW)
    assert (token.created, token.expires) == (NOW, NOW + 2 * 86_400)
    assert not token.is_expired(NOW + 2 * 86_400 - 1)
    assert token.is_expired(NOW + 2 * 86_400)


@pytest.mark.parametrize(
    "text", ["", "aes_", "aes_0123456789ab_", "aes_0123456789AB_" + "a" * 40, "x" * 10_000, "aes_é"]
)
def test_other_text_is_no_token(text: str) -> None:
    assert tokens.token_id(text) is None
    assert not tokens.looks_like_token(text)


def test_a_newline_after_a_token_is_not_part_of_it() -> None:
    assert not tokens.looks_like_token(tokens.issue("ann", "ci", 1, NOW)[1] + "\n")


@pytest.mark.parametrize("days", [0, -1, 367, 10**9])
def test_a_term_that_cannot_be_is_refused(days: int) -> None:
    with pytest.raises(BadRequest, match="1 to 366 days"):
        tokens.issue("ann", "ci", days, NOW)


@pytest.mark.parametrize("label", ["", "  ", "x" * 65, "a\nb", "a\x1b[31m", "a\u202eb"])
def test_a_label_that_cannot_be_is_refused(label: str) -> None:
    with pytest.raises(BadRequest, match="label"):
        tokens.issue("ann", label, 90, NOW)


def test_a_label_may_be_a_phrase() -> None:
    assert tokens.check_label("  nightly näht – job #1 ") == "nightly näht – job #1"
