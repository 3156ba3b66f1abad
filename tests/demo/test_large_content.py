from __future__ import annotations

import json
import lzma
import time
import zlib
from collections.abc import Iterator

import pytest

from access_es.demo.running_gateway import RunningGateway, running_gateway

from .botocore_requests import KEY
from .raw_http import call, connection, raw_request


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    with running_gateway([KEY]) as running:
        yield running


@pytest.mark.parametrize("kind", ["json", "text", "random", "zeros"])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 150, 400, 403, 404, 1000, 262_144, 1_234_567])
def test_large_answer_has_exactly_the_size_asked_for(gateway: RunningGateway, kind: str, size: int) -> None:
    target = b"/_demo/giant?kind=%b&size=%d" % (kind.encode(), size)
    reply = call(gateway, "GET", target)
    assert (len(reply.body), reply.values(b"Content-Length")) == (size, [b"%d" % size])
    assert call(gateway, "GET", target).body == reply.body
    if kind == "json" and size:
        json.loads(reply.body)


def test_large_answer_json_is_a_search_answer(gateway: RunningGateway) -> None:
    document = json.loads(call(gateway, "GET", b"/_demo/giant?size=100000").body)
    assert document["hits"]["total"] == len(document["hits"]["hits"]) > 100
    assert document["hits"]["hits"][3]["_source"]["message"].startswith("GET /shop/item/000003")


def test_large_answer_random_cannot_be_compressed(gateway: RunningGateway) -> None:
    body = call(gateway, "GET", b"/_demo/giant?size=1000000&kind=random").body
    assert len(lzma.compress(body, preset=0)) > 990_000


def test_large_answer_gzip(gateway: RunningGateway) -> None:
    plain = call(gateway, "GET", b"/_demo/giant?size=600000").body
    reply = call(gateway, "GET", b"/_demo/giant?size=600000&encoding=gzip")
    assert reply.values(b"Content-Encoding") == [b"gzip"]
    assert reply.values(b"Content-Length") == [b"%d" % len(reply.body)]
    assert zlib.decompress(reply.body, wbits=31) == plain


def test_large_answer_options(gateway: RunningGateway) -> None:
    reply = call(gateway, "GET", b"/_demo/giant?size=5000&chunked=1&status=404&type=text/csv;%20charset=latin-1")
    assert (reply.status, len(reply.body)) == (404, 5000)
    assert reply.values(b"Content-Type") == [b"text/csv; charset=latin-1"]
    assert reply.values(b"Transfer-Encoding") == [b"chunked"]
    assert reply.values(b"Content-Length") == []


def test_large_answer_to_head_has_the_size(gateway: RunningGateway) -> None:
    reply = call(gateway, "HEAD", b"/_demo/giant?size=5000000000")
    assert (reply.values(b"Content-Length"), reply.body) == ([b"5000000000"], b"")


@pytest.mark.parametrize("query", [b"size=100000&fail_after=70000", b"size=100000&fail_after=70000&chunked=1"])
def test_large_answer_that_breaks_off(gateway: RunningGateway, query: bytes) -> None:
    with connection(gateway) as (sock, reader):
        sock.sendall(raw_request(gateway, "GET", b"/_demo/giant?kind=zeros&" + query))
        everything = reader.read()
    assert everything.count(b"\0") == 70_000
    assert not everything.endswith(b"0\r\n\r\n")


def test_large_answer_at_a_rate(gateway: RunningGateway) -> None:
    before = time.monotonic()
    assert len(call(gateway, "GET", b"/_demo/giant?kind=zeros&size=20000&rate=100000").body) == 20_000
    assert time.monotonic() - before > 0.18


def test_a_large_answer_delays_no_other_request(gateway: RunningGateway) -> None:
    """One reader that takes all it can get, and one that takes nothing, while others are served."""
    with connection(gateway) as (sock, _), connection(gateway) as (fast, fast_reader):
        for each in (sock, fast):
            each.sendall(raw_request(gateway, "GET", b"/_demo/giant?kind=zeros&size=1000000000"))
        fast_reader.read(1_000_000)
        before = time.monotonic()
        assert call(gateway, "GET", b"/_demo/tiny").status == 200
        assert time.monotonic() - before < 2


@pytest.mark.parametrize("query", [b"size=-1", b"size=x", b"kind=gold&size=1", b"size=1&fail_after=x"])
def test_large_answer_options_that_mean_nothing(gateway: RunningGateway, query: bytes) -> None:
    assert call(gateway, "GET", b"/_demo/giant?" + query).status == 400
