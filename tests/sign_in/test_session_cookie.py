"""The session cookie."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from access_es.sign_in.session_cookie import Session, SessionCookies, begin_session, cookie_name, offered_values

NOW = 1_800_000_000.0
HOUR = 3_600
COOKIES = SessionCookies(("new secret", "old secret"), HOUR)
SESSION = begin_session(NOW, HOUR, "ann@example.org", "epoch")


def test_a_session_comes_back_as_it_was_sealed() -> None:
    assert COOKIES.open(COOKIES.seal(SESSION), NOW) == SESSION


def test_every_session_is_another() -> None:
    other = begin_session(NOW, HOUR, "ann@example.org", "epoch")
    assert other.id != SESSION.id
    assert other.anti_forgery != SESSION.anti_forgery


def test_the_cookie_is_small() -> None:
    """Amazon's domains answer 413 to large cookie headers, and gateways limit all headers together."""
    assert len(COOKIES.seal(replace(SESSION, user="a" * 64))) < 300


def test_a_session_ends_when_its_time_is_over_used_or_not() -> None:
    sealed = COOKIES.seal(SESSION)
    assert COOKIES.open(sealed, NOW + HOUR - 1) is not None
    assert COOKIES.open(sealed, NOW + HOUR) is None


def test_a_shorter_lifetime_applies_at_once_and_a_longer_one_does_not_revive() -> None:
    sealed = COOKIES.seal(SESSION)
    assert SessionCookies(("new secret",), 60).open(sealed, NOW + 60) is None
    assert SessionCookies(("new secret",), 9 * HOUR).open(sealed, NOW + HOUR) is None


def test_secrets_are_rotated() -> None:
    """The newest signs, older ones still verify, one that was taken out does not."""
    before = SessionCookies(("old secret",), HOUR).seal(SESSION)
    assert COOKIES.open(before, NOW) == SESSION
    after = COOKIES.seal(SESSION)
    assert SessionCookies(("newest", "new secret"), HOUR).open(after, NOW) == SESSION
    assert SessionCookies(("old secret",), HOUR).open(after, NOW) is None


def test_whatever_we_did_not_sign_is_nothing() -> None:
    sealed = COOKIES.seal(SESSION)
    payload, _, signature = sealed.partition(".")
    forged = base64.urlsafe_b64encode(b'["root","epoch","id","forgery",1800000000,1900000000]').decode().rstrip("=")
    for value in ("", ".", "x", sealed[:-1], sealed + "A", f"{forged}.{signature}", payload, f"{payload}.", "é.é"):
        assert COOKIES.open(value, NOW) is None, value


def test_every_single_changed_character_is_noticed() -> None:
    sealed = COOKIES.seal(SESSION)
    for place in range(len(sealed) - 1):  # the last character has bits that base64 does not use
        changed = "A" if sealed[place] != "A" else "B"
        assert COOKIES.open(sealed[:place] + changed + sealed[place + 1 :], NOW) is None


@pytest.mark.parametrize("fields", [[], {}, None, "text", ["ann", "e", "i", "a", 1], ["ann", "e", "i", "a", "1", "2"]])
def test_a_cookie_of_another_version_is_nothing(fields: object) -> None:
    signed = COOKIES._serializer.dumps(fields)
    assert COOKIES.open(str(signed), NOW) is None


@pytest.mark.parametrize(("scheme", "name"), [("https", "__Host-access-es"), ("http", "access-es")])
def test_the_cookie_is_looked_for_under_the_name_of_its_scheme(scheme: str, name: str) -> None:
    other = "access-es" if scheme == "https" else "__Host-access-es"
    assert cookie_name(scheme) == name
    sealed = COOKIES.seal(SESSION)
    assert COOKIES.read((("Cookie", f"sid=1; {name}={sealed}; x=y"),), scheme, NOW) == SESSION
    assert COOKIES.read((("Cookie", f"sid=1; {other}={sealed}"),), scheme, NOW) is None


def test_cookies_are_found_however_they_are_sent() -> None:
    headers = (
        ("COOKIE", "a=1;access-es=one ; xaccess-es=no; access-es-2=no"),
        ("cookie", 'access-es="two"; access-es=one'),
    )
    assert offered_values(headers, "http") == ("one", "two")


def read_both(first: str, second: str) -> Session | None:
    return COOKIES.read((("Cookie", f"access-es={first}; access-es={second}"),), "http", NOW)


def test_a_cookie_planted_beside_ours_does_no_harm() -> None:
    sealed = COOKIES.seal(SESSION)
    assert read_both("planted", sealed) == read_both(sealed, "planted") == read_both(sealed, sealed) == SESSION


def test_two_session_cookies_at_once_are_refused() -> None:
    """Somebody planted a session of their own beside the victim's."""
    assert read_both(COOKIES.seal(SESSION), COOKIES.seal(begin_session(NOW, HOUR, "mallory", "epoch"))) is None


def test_a_session_id_is_no_option_of_a_command() -> None:
    """`access-es sessions end USER ID` takes it."""
    assert all(begin_session(0.0, 60).id.isalnum() for _ in range(100))
