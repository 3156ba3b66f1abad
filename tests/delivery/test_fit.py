"""Answers of any size through a door of a known size."""

from __future__ import annotations

import importlib
import io
import json
import os
import random
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from access_es.delivery.fit import fit
from access_es.delivery.overflow import no_deadline
from access_es.delivery.spilling import Fitted
from access_es.errors import AnswerTooLarge, DomainDisconnected, DomainTimeout, OverflowFailed
from access_es.messages import Headers, ProxyRequest, ProxyResponse

JSON = b'{"_source":{"message":"the same again"}},'
TYPE = ("Content-Type", "application/json")


@dataclass
class Door:
    """Takes bodies up to a size; coded ones cost a third more, as base64 does."""

    limit_bytes: int = 100_000

    def fits(self, answer: ProxyResponse, pieces: Sequence[bytes]) -> bool:
        is_coded = any(name == "Content-Encoding" for name, _ in answer.headers)
        return sum(map(len, pieces)) * (4 if is_coded else 3) <= self.limit_bytes * 3


@dataclass
class Stored:
    """An overflow store in memory that can break after some bytes."""

    breaks_after: int | None = None
    described: tuple[str | None, str | None] = (None, None)
    data: bytearray = field(default_factory=bytearray)
    ends: list[str] = field(default_factory=list)

    def open(self, headers: Headers, seconds_left: Callable[[], float] = no_deadline) -> Stored:
        told = dict(headers)
        self.described = (told.get("Content-Type"), told.get("Content-Encoding"))
        return self

    def write(self, data: bytes) -> None:
        self.data += data
        if self.breaks_after is not None and len(self.data) > self.breaks_after:
            raise OverflowFailed

    def finish(self) -> str:
        self.ends.append("finished")
        return "https://bucket.s3.us-east-1.amazonaws.com/overflow/x?X-Amz-Signature=y"

    def abort(self) -> None:
        self.ends.append("aborted")


class StreamingBody:
    """A body in pieces, which may break off, and knows whether it was given back."""

    def __init__(self, data: bytes, *, breaks: bool = False, piece_bytes: int = 8192) -> None:
        self.data = data
        self.piece_bytes = piece_bytes
        self.breaks = breaks
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        reader = io.BytesIO(self.data)
        while piece := reader.read(self.piece_bytes):
            yield piece
        if self.breaks:
            raise DomainDisconnected

    def close(self) -> None:
        self.closed = True


UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: zlib.decompress(data, 31),
    "br": importlib.import_module("brotli").decompress,
    "zstd": importlib.import_module("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd").decompress,
}


def asked(*headers: tuple[str, str], method: str = "GET") -> ProxyRequest:
    return ProxyRequest("id", method, b"/_search", headers, io.BytesIO(), "https", "")


def fitted(
    data: bytes, *headers: tuple[str, str], accept: str = "", status: int = 200, store: Stored | None = None, known: bool = True,
    answered: Headers = (TYPE,), limit: int = 100_000,
) -> Fitted:  # fmt: skip
    body = StreamingBody(data)
    answer = ProxyResponse(status, answered, body, length_bytes=len(data) if known else None)
    try:
        return fit(answer, asked(*headers, ("Accept-Encoding", accept)), Door(limit), store, lambda: 10.0)
    finally:
        assert body.closed


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000])
@pytest.mark.parametrize("known", [True, False])
def test_what_fits_passes_as_it_is(size: int, known: bool) -> None:
    result = fitted(b"x" * size, accept="gzip", known=known)
    assert (result.how, b"".join(result.response.body), result.response.length_bytes) == ("held", b"x" * size, size)
    assert result.response.headers == (TYPE,)


@pytest.mark.parametrize("known", [True, False])
def test_what_does_not_fit_is_compressed_for_who_takes_it(known: bool) -> None:
    data = JSON * 20_000
    result = fitted(data, accept="gzip, deflate", known=known)
    assert (result.how, result.response.header("content-encoding")) == ("compressed gzip", "gzip")
    assert zlib.decompress(b"".join(result.response.body), 31) == data


def test_who_takes_no_coding_is_redirected() -> None:
    store = Stored()
    result = fitted(JSON * 20_000, store=store)
    assert (result.how, result.response.status, bytes(store.data)) == ("spilled", 303, JSON * 20_000)
    assert result.stored_bytes == len(store.data)
    assert (
        result.response.header("location") == store.finish() and result.response.header("cache-control") == "no-store"
    )
    assert store.described == ("application/json", None)


def test_what_stays_too_large_goes_to_the_store_compressed() -> None:
    data = b"".join(b'{"a":"%s"},' % os.urandom(30).hex().encode() for _ in range(5000))
    store = Stored()
    result = fitted(data, accept="gzip", store=store)
    assert (result.how, store.described) == ("spilled", ("application/json", "gzip"))
    assert zlib.decompress(bytes(store.data), 31) == data


def test_the_domains_own_coding_is_kept_in_the_store() -> None:
    store = Stored()
    fitted(os.urandom(200_000), accept="gzip", store=store, answered=(TYPE, ("Content-Encoding", "br")))
    assert store.described == ("application/json", "br")


def test_what_is_long_leaves_compressed_though_it_would_fit() -> None:
    data = JSON * 30_000
    result = fitted(data, accept="gzip", limit=2_000_000)
    assert (result.how, zlib.decompress(b"".join(result.response.body), 31)) == ("compressed gzip", data)
    assert fitted(data, limit=2_000_000).how == "held"


def test_what_gets_longer_by_compressing_is_held_where_it_fits() -> None:
    """The start promises more than the rest keeps."""
    data = JSON * 3000 + os.urandom(1_850_000)
    assert fitted(data, accept="gzip", limit=2_000_000).how == "held"


def test_a_part_of_an_answer_is_never_compressed() -> None:
    """Its Content-Range counts the bytes of what is not."""
    store = Stored()
    answered = (TYPE, ("Content-Range", "bytes 0-819999/9000000"))
    result = fitted(JSON * 20_000, accept="gzip", status=206, store=store, answered=answered)
    assert (result.how, bytes(store.data)) == ("linked", JSON * 20_000)


def nearly_fitting() -> tuple[bytes, bytes]:
    """What a quick gzip makes of some data: too much for the door."""
    chance = random.Random(1)
    data = b"".join(JSON.replace(b"same", b"%d" % chance.randrange(10**8)) for _ in range(13_500))
    packed = zlib.compress(data, 1, 31)
    assert 75_000 < len(packed) < 100_000
    return data, packed


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("accept", "coding"), [("gzip", "gzip"), ("gzip, br", "br"), ("gzip, zstd", "zstd")])
def test_a_gzip_of_the_domain_that_nearly_fits_is_packed_better(accept: str, coding: str, known: bool) -> None:
    data, packed = nearly_fitting()
    answered = (TYPE, ("Content-Encoding", "gzip"), ("ETag", '"x"'))
    result = fitted(packed, accept=accept, answered=answered, known=known)
    assert (result.how, result.response.header("content-encoding")) == (f"compressed {coding}", coding)
    assert result.response.header("etag") == 'W/"x"'
    assert UNPACK[coding](b"".join(result.response.body)) == data


@pytest.mark.parametrize("last_bytes", [1, 2, 3])
def test_also_one_whose_last_bytes_come_alone(last_bytes: int) -> None:
    """They tell how long it is, and so how hard it must be packed."""
    data, packed = nearly_fitting()
    body = StreamingBody(packed, piece_bytes=len(packed) - last_bytes)
    answer = ProxyResponse(200, (TYPE, ("Content-Encoding", "gzip")), body)
    result = fit(answer, asked(("Accept-Encoding", "gzip")), Door(), None, lambda: 10.0)
    assert result.how == "compressed gzip" and UNPACK["gzip"](b"".join(result.response.body)) == data


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b"\x1f\x8b" + os.urandom(90_000), ()),
        (zlib.compress(os.urandom(90_000), 6, 31)[:-9], ()),
        (zlib.compress(os.urandom(90_000), 6, 31), ()),
        (zlib.compress(os.urandom(90_000), 6, 31), (("Cache-Control", "no-transform"),)),
    ],
    ids=["no gzip", "cut short", "random", "not to be changed"],
)
def test_a_gzip_that_cannot_be_packed_better_goes_to_the_store_as_it_is(data: bytes, headers: Headers) -> None:
    store = Stored()
    result = fitted(data, accept="gzip", store=store, answered=(TYPE, ("Content-Encoding", "gzip"), *headers))
    assert (result.how, bytes(store.data), store.described) == ("spilled", data, ("application/json", "gzip"))


def test_cookies_and_cors_belong_to_the_redirect_and_facts_of_the_body_do_not() -> None:
    answered = (
        TYPE,
        ("Set-Cookie", "a=1"),
        ("Access-Control-Allow-Origin", "*"),
        ("ETag", '"x"'),
        ("Vary", "Accept"),
        ("Cache-Control", "max-age=9"),
    )
    headers = fitted(os.urandom(200_000), store=Stored(), answered=answered).response.headers
    assert [name for name, _ in headers] == [
        "Set-Cookie",
        "Access-Control-Allow-Origin",
        "Cache-Control",
        "X-Redirect-Reason",
        "Location",
    ]


def test_a_redirect_has_one_location() -> None:
    made = ("Location", "/logs/_doc/1")
    spilled = fitted(os.urandom(200_000), status=201, store=Stored(), answered=(TYPE, made)).response
    assert [value for name, value in spilled.headers if name == "Location"] == [Stored().finish()]
    linked = fitted(os.urandom(200_000), status=302, store=Stored(), answered=(TYPE, made)).response
    assert (linked.status, linked.header("location")) == (302, "/logs/_doc/1")


@pytest.mark.parametrize("status", [400, 404, 500, 206])
def test_answers_that_are_no_plain_success_keep_their_status_and_carry_a_link(status: int) -> None:
    store = Stored()
    result = fitted(os.urandom(200_000), status=status, store=store)
    error = json.loads(b"".join(result.response.body))["error"]
    assert (result.how, result.response.status) == ("linked", status)
    assert (
        error["location"] == store.finish() and result.response.header("link") == f'<{store.finish()}>; rel="alternate"'
    )


@pytest.mark.parametrize("kind", ["script", "style", "worker"])
def test_scripts_and_styles_are_never_redirected_to_another_origin(kind: str) -> None:
    store = Stored()
    with pytest.raises(AnswerTooLarge):
        fitted(os.urandom(200_000), ("Sec-Fetch-Dest", kind), accept="gzip", store=store)
    assert store.ends == [] and not store.data
    assert fitted(JSON * 20_000, ("Sec-Fetch-Dest", kind), accept="gzip").how == "compressed gzip"


def test_without_a_store_the_client_gets_an_error() -> None:
    with pytest.raises(AnswerTooLarge):
        fitted(os.urandom(200_000), accept="gzip")


@pytest.mark.parametrize("accept", ["", "gzip"])
@pytest.mark.parametrize("size", [1000, 500_000])
def test_an_answer_that_breaks_off_is_never_linked(accept: str, size: int) -> None:
    store = Stored()
    body = StreamingBody(os.urandom(size).hex().encode(), breaks=True)
    with pytest.raises(DomainDisconnected):
        fit(ProxyResponse(200, (TYPE,), body), asked(("Accept-Encoding", accept)), Door(), store, lambda: 10.0)
    assert store.ends in ([], ["aborted"]) and body.closed


def test_a_store_that_breaks_leaves_nothing() -> None:
    store = Stored(breaks_after=150_000)
    with pytest.raises(OverflowFailed):
        fitted(os.urandom(400_000), store=store)
    assert store.ends == ["aborted"]


def test_an_answer_too_slow_for_the_door_is_an_error_in_time() -> None:
    left = iter([5.0] * 20 + [0.0] * 100)
    store = Stored()
    body = StreamingBody(os.urandom(400_000))
    with pytest.raises(DomainTimeout):
        fit(ProxyResponse(200, (TYPE,), body), asked(), Door(), store, lambda: next(left))
    assert store.ends == ["aborted"] and body.closed
