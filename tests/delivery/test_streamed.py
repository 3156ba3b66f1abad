"""Answers of any kind for a door that streams: what leaves, when, and what is given back."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from access_es.audit import Entry
from access_es.delivery import streamed
from access_es.delivery.stream_plan import StreamLimits
from access_es.delivery.streamed import stream_answer
from access_es.errors import AnswerHeadTooLarge, AnswerTooLarge, DomainDisconnected
from access_es.front_doors import PRELUDE_BYTES, streaming_rest
from access_es.messages import Headers, ProxyRequest, ProxyResponse
from tests.delivery.test_fit import JSON, TYPE, Stored, StreamingBody, asked

BROWSER = ("User-Agent", "Mozilla/5.0")
CURL = ("User-Agent", "curl/8.5.0")
# The real one, a thousand times smaller.
SMALL = StreamLimits(200_000 + PRELUDE_BYTES, free_bytes=6_000, bytes_per_second=2_000)
DOOR = replace(streaming_rest(300), answer_header_bytes=900)


class Answer:
    """One answer through SMALL, and what the audit says of it."""

    def __init__(
        self, data: bytes, *headers: tuple[str, str], known: bool = True, status: int = 200, store: Stored | None = None,
        answered: Headers = (TYPE,), body: StreamingBody | None = None, request: ProxyRequest | None = None,
    ) -> None:  # fmt: skip
        self.source = body or StreamingBody(data, piece_bytes=1000)
        request = request or asked(*headers)
        entry = Entry(request, None)
        given = ProxyResponse(status, answered, self.source, length_bytes=len(data) if known else None)
        try:
            self.response = stream_answer(given, request, entry, DOOR, store, SMALL)
        finally:
            self.how = entry.delivery

    def read(self) -> bytes:
        data = b"".join(self.response.body)
        self.response.body.close()
        assert self.source.closed
        return data


@pytest.mark.parametrize("size", [1, 6_000, 20_000])
def test_what_passes_soon_enough_streams_with_its_length(size: int) -> None:
    data = os.urandom(size)
    answer = Answer(data, BROWSER, store=Stored())
    assert (answer.how, answer.response.length_bytes, answer.read()) == ("streamed", size, data)


def test_what_would_take_too_long_goes_to_the_store_for_who_follows() -> None:
    store = Stored()
    answer = Answer(os.urandom(20_001), BROWSER, store=store)
    assert (answer.how, answer.response.status, len(store.data)) == ("spilled", 303, 20_001)
    assert answer.read() == b""


@pytest.mark.parametrize("status", [206, 404])
def test_a_part_and_an_error_keep_their_status(status: int) -> None:
    data = os.urandom(50_000)
    answer = Answer(data, BROWSER, status=status, store=Stored())
    assert (answer.how, answer.response.status, answer.read()) == ("streamed", status, data)


@pytest.mark.parametrize("headers", [(CURL,), (BROWSER, ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script"))])
def test_who_does_not_follow_gets_it_slowly(headers: Headers) -> None:
    data = os.urandom(150_000)
    answer = Answer(data, *headers, store=Stored())
    assert (answer.how, answer.response.length_bytes, answer.read()) == ("streamed", 150_000, data)


def test_json_is_compressed_on_its_way() -> None:
    data = JSON * 1000
    answer = Answer(data, CURL, ("Accept-Encoding", "gzip"))
    assert (answer.how, answer.response.length_bytes) == ("compressed gzip", None)
    assert answer.response.header("content-encoding") == "gzip" and zlib.decompress(answer.read(), 31) == data


def test_what_the_client_takes_as_it_is_alone_stays_so() -> None:
    assert Answer(JSON * 1000, CURL).read() == JSON * 1000


@pytest.mark.parametrize("store", [None, Stored()])
def test_more_than_the_door_ever_takes(store: Stored | None) -> None:
    """Said before the status is out, or put where it can be fetched."""
    if store is None:
        body = StreamingBody(b"x")
        with pytest.raises(AnswerTooLarge):
            Answer(os.urandom(220_001), CURL, body=body)
        assert body.closed
    else:
        assert Answer(os.urandom(220_001), CURL, store=store).how == "spilled"


def test_without_a_length_the_first_bytes_leave_at_once_for_who_does_not_follow() -> None:
    answer = Answer(os.urandom(50_000), CURL, known=False, store=Stored())
    assert answer.how == "streamed"
    assert next(iter(answer.response.body)) == answer.source.data[:1000]


def test_without_a_length_it_breaks_off_beyond_what_the_door_takes() -> None:
    answer = Answer(os.urandom(220_001), CURL, known=False)
    with pytest.raises(AnswerTooLarge):
        answer.read()


@pytest.mark.parametrize(
    ("data", "how"),
    [(os.urandom(6_000), "held"), (JSON * 300, "compressed gzip"), (os.urandom(7_100), "spilled")],
    ids=["fits", "fits compressed", "does not fit"],
)
def test_without_a_length_it_is_collected_for_who_follows(data: bytes, how: str) -> None:
    store = Stored()
    answer = Answer(data, BROWSER, ("Accept-Encoding", "gzip"), known=False, store=store)
    assert answer.how == how
    body = answer.read()
    if how == "spilled":
        assert bytes(store.data) == data
    else:
        assert answer.response.length_bytes == len(body)
        assert (zlib.decompress(body, 31) if how != "held" else body) == data


def test_what_trickles_is_not_collected_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes slower than the door lets it through: to wait gains nothing."""
    monkeypatch.setattr(streamed, "_COLLECT_SECONDS", 0.05)

    class Trickling(StreamingBody):
        def __iter__(self) -> Iterator[bytes]:
            for piece in super().__iter__():
                time.sleep(0.03)
                yield piece

    data = os.urandom(9_000)
    answer = Answer(data, BROWSER, known=False, store=Stored(), body=Trickling(data, piece_bytes=1000))
    assert (answer.how, answer.read()) == ("streamed", data)


def test_a_domain_that_breaks_off_breaks_the_answer_off() -> None:
    answer = Answer(b"x" * 20_000, CURL, body=StreamingBody(b"x" * 18_000, breaks=True, piece_bytes=1000))
    with pytest.raises(DomainDisconnected):
        answer.read()


def test_more_headers_than_the_prelude_may_have() -> None:
    body = StreamingBody(b"x" * 9_000)
    with pytest.raises(AnswerHeadTooLarge):
        Answer(b"x" * 9_000, CURL, answered=(TYPE, ("X-Long", "y" * 900)), body=body)
    assert body.closed


def test_a_head_stays_without_a_body() -> None:
    answer = Answer(b"", BROWSER, store=Stored(), request=asked(BROWSER, method="HEAD"))
    assert (answer.how, answer.read()) == ("streamed", b"")
