"""Bulks are scanned in runs and in pieces; the outcome is that of reading line after line."""

from __future__ import annotations

import gzip
import json
import random
import tempfile
import tracemalloc
from collections.abc import Iterator

import pytest

from access_es.permissions.judge import judge
from access_es.permissions.lines import needs_of_bulk
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Allowed, Request
from access_es.upload import take_upload
from tests.permissions.asking import WRITER, allowed, cursors

ACTIONS = ("index", "index", "index", "create", "update", "delete")
DOCUMENTS = (b'{"a":1}', b'{"index":{"_index":"secret"}}', b"", b'{"delete":{"_index":"secret"}}', b"x" * 300, b"\r")


def slowly(data: bytes, default: str) -> list[tuple[str, int]]:
    """The first line of each name, by the engines' description of the format."""
    found: dict[str, int] = {}
    lines = iter(enumerate(data.split(b"\n"), 1))
    for number, line in lines:
        if line:
            ((action, entry),) = json.loads(line).items()
            found.setdefault(entry.get("_index", default), number)
            if action != "delete":
                next(lines, None)
    return list(found.items())


def some_bulk(chance: random.Random) -> bytes:
    lines = []
    for _ in range(chance.randrange(60)):
        action = chance.choice(ACTIONS)
        entry = {
            "_id": chance.choice(("1", "a b", "é", 7)),
            "_type": "t",
            "_index": chance.choice(("logs-1", "logs-2")),
        }
        kept = {key: value for key, value in entry.items() if chance.random() < 0.7}
        spaced = chance.choice(((",", ":"), (", ", ": ")))
        lines.append(json.dumps({action: kept}, separators=spaced).encode() + chance.choice((b"", b"", b"\r")))
        if action != "delete":
            lines.append(chance.choice(DOCUMENTS))
        elif chance.random() < 0.2:
            lines.append(b"")
    return b"\n".join(lines) + b"\n"


def pieces(data: bytes, chance: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = chance.choice((1, 7, 50, 1000))
        yield data[at : at + size]
        at += size


@pytest.mark.parametrize("seed", range(300))
def test_a_bulk_in_pieces_is_read_as_line_after_line(seed: int) -> None:
    chance = random.Random(seed)
    data = some_bulk(chance)
    found: dict[str, int | None] = {}
    for need in needs_of_bulk(pieces(data, chance), "path"):
        found.setdefault(need.name, need.line)
    assert list(found.items()) == slowly(data, "path")


def test_a_document_of_any_size_is_passed_over_and_an_action_is_not() -> None:
    def giant(first: bytes) -> Iterator[bytes]:
        yield first
        yield from (b"x" * 100_000 for _ in range(20))
        yield b'\n{"delete":{"_index":"b"}}'

    assert [need.name for need in needs_of_bulk(giant(b'{"index":{"_index":"a"}}\n'), None)] == ["a", "b"]
    with pytest.raises(Unjudgeable) as caught:
        list(needs_of_bulk(giant(b'{"delete":{"_index":"a"}}\n'), None))
    assert caught.value.line == 2


def test_a_bulk_is_judged_in_constant_memory() -> None:
    line = b'{"index":{"_index":"logs-%d","_id":"1"}}\n{"a":"' + b"x" * 1000 + b'"}\n'
    with tempfile.TemporaryFile() as file:
        for number in range(20_000):
            file.write(line % (number % 3))
        file.seek(0)
        with take_upload(file) as upload:
            asked = Request("POST", b"/_bulk", (("Content-Type", "application/x-ndjson"),), upload)
            tracemalloc.start()
            try:
                verdict = judge(WRITER, asked, cursors())
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
    assert isinstance(verdict, Allowed)
    assert peak < 2 * 1024 * 1024 < upload.length_bytes / 10


COMPRESSED = (("Content-Type", "application/x-ndjson"), ("Content-Encoding", "gzip"))


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/logs-1/_bulk", b'{"index":{"if_seq_no":1}}\n{}\n' * 40_000),  # read line by line
        ("/logs-1/_msearch", b"{}\n{}\n" * 10_000),
    ],
)
def test_a_body_that_takes_long_lets_others_have_their_turns(
    target: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some kilobytes of gzip can be minutes of reading, and the server has one thread for all connections."""
    turns: list[float] = []
    monkeypatch.setattr("time.sleep", turns.append)
    assert allowed(WRITER, "POST", target, gzip.compress(body), COMPRESSED).rule
    assert len(turns) >= 3 and min(turns) > 0
