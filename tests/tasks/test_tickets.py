"""Tickets: one's own, and for a while."""

from __future__ import annotations

from access_es.sign_in.session_cookie import SessionCookies, begin_session
from access_es.tasks.store import LIFETIME_SECONDS
from access_es.tasks.tickets import Tickets

SECRET, OLDER = "s" * 40, "t" * 40


def test_a_ticket_is_its_users_for_an_hour() -> None:
    tickets = Tickets([SECRET])
    ticket = tickets.issue("alice", 1000.5)
    text = tickets.seal(ticket)
    assert tickets.open(text, "alice", 1000.5) == ticket
    assert tickets.open(text, "alice", 1000.5 + LIFETIME_SECONDS - 1) == ticket
    assert tickets.open(text, "alice", 1000.5 + LIFETIME_SECONDS) is None
    assert tickets.open(text, "bob", 1000.5) is None
    assert text.isascii() and "/" not in text


def test_no_two_are_alike() -> None:
    tickets = Tickets([SECRET])
    assert len({tickets.issue("alice", 1.0).id for _ in range(1000)}) == 1000


def test_a_forged_one_is_none() -> None:
    text = Tickets([SECRET]).seal(Tickets([SECRET]).issue("alice", 1.0))
    for forged in (text[:-1], text[1:], text + "A", "", ".", "é", "x" * 5000, text.replace(".", "")):
        assert Tickets([SECRET]).open(forged, "alice", 2.0) is None
    assert Tickets([OLDER]).open(text, "alice", 2.0) is None


def test_secrets_can_be_rotated() -> None:
    text = Tickets([OLDER]).seal(Tickets([OLDER]).issue("alice", 1.0))
    assert Tickets([SECRET, OLDER]).open(text, "alice", 2.0) is not None


def test_a_session_cookie_is_no_ticket() -> None:
    """The same secret signs both."""
    cookie = SessionCookies([SECRET], 3600).seal(begin_session(1.0, 3600, "alice"))
    assert Tickets([SECRET]).open(cookie, "alice", 2.0) is None
