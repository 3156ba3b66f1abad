"""Cursors belong to who was given them."""

from __future__ import annotations

import json

import pytest

from access_es.messages import Held
from access_es.permissions.cursors import LIFETIME_SECONDS, Cursor, Cursors, seal_answer
from access_es.permissions.verdict import CursorKind, Need

NEEDS = (Need("read", "logs-1"),)
SCROLL = Cursor("scroll", "DnF1ZXJ5VGhlbkZldGNo+/==", NEEDS)


def cursors(user: str = "alice", now: float = 1000.0, secrets: tuple[str, ...] = ("s" * 32,)) -> Cursors:
    return Cursors(secrets, user, now)


class Pieces:
    """A body that comes in pieces of one byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.closed = False

    def __iter__(self):  # type: ignore[no-untyped-def]
        return (self._data[at : at + 1] for at in range(len(self._data)))

    def close(self) -> None:
        self.closed = True


def test_what_was_sealed_opens_for_the_same_user_and_kind_only() -> None:
    sealed = cursors().seal(SCROLL)
    assert cursors().open("scroll", sealed) == SCROLL
    assert cursors().open("pit", sealed) is None
    assert cursors("bob").open("scroll", sealed) is None
    assert cursors(secrets=("t" * 32,)).open("scroll", sealed) is None
    assert cursors(secrets=("t" * 32, "s" * 32)).open("scroll", sealed) == SCROLL
    assert cursors(now=1000 + LIFETIME_SECONDS).open("scroll", sealed) is None


@pytest.mark.parametrize("text", ["", "x", SCROLL.id, "a.b", "é", "." * 100])
def test_what_was_not_sealed_opens_nothing(text: str) -> None:
    assert cursors().open("scroll", text) is None


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("scroll", b'{"_scroll_id":"abc==","took":1,"hits":{"hits":[{"_source":{"_scroll_id":"x"}}]}}'),
        ("scroll", b'{\n  "_scroll_id" : "abc==",\n  "took" : 1\n}'),
        ("pit", b'{"pit_id":"abc==","creation_time":1}'),
        ("task", b'{"task":"abc=="}'),
    ],
)
@pytest.mark.parametrize("held", [True, False], ids=["whole", "in pieces"])
def test_the_id_in_an_answer_is_sealed_and_nothing_else_changes(kind: CursorKind, answer: bytes, held: bool) -> None:
    body = seal_answer(Held(answer) if held else Pieces(answer), kind, NEEDS, cursors())
    got = b"".join(body)
    name = {"scroll": "_scroll_id", "pit": "pit_id", "task": "task"}[kind]
    sealed = json.loads(got)[name]
    assert cursors().open(kind, sealed) == Cursor(kind, "abc==", NEEDS)
    assert got.replace(sealed.encode(), b"abc==") == answer


@pytest.mark.parametrize("answer", [b"", b'{"took":1}', b"---\n_scroll_id: abc", b"x" * 600_000])
def test_an_answer_without_an_id_passes_as_it_is(answer: bytes) -> None:
    body = Pieces(answer) if len(answer) < 100 else Held(answer)
    sealed = seal_answer(body, "scroll", NEEDS, cursors())
    assert b"".join(sealed) == answer
    sealed.close()
    assert not isinstance(body, Pieces) or body.closed
