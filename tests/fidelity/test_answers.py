"""What the client receives: the domain's status, headers and bytes, read raw from the socket."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import pytest

from tests.fidelity.answer_targets import answer_target
from tests.fidelity.raw_client import Pairs, RawAnswer, exchange, request_bytes
from tests.fidelity.recording_domain import RecordingDomain
from tests.running_proxy import KEY, RunningProxy

DATE = (b"Date", b"Sat, 21 Nov 2026 10:00:00 GMT")
TEXT = '{"took":1,"hits":{"total":0,"hits":[]},"note":"größer"}'.encode()


def ask(front: RunningProxy, target: bytes, method: str = "GET", *pairs: tuple[str, str]) -> RawAnswer:
    return exchange(front.port, request_bytes(method, target, [*front.bearer.items(), *pairs]))


def beside_connection(answer: RawAnswer) -> Pairs:
    """All headers but the one that answers the client's own `Connection: close`."""
    return [pair for pair in answer.headers if pair != (b"Connection", b"close")]


@pytest.mark.parametrize("hundred", [200, 300, 400, 500])
def test_every_status_arrives_with_its_reason_and_its_body(front: RunningProxy, hundred: int) -> None:
    for status in range(hundred, hundred + 100):
        answer = ask(front, answer_target(status=status, reason=b"Because %d" % status, headers=[DATE], body=TEXT))
        assert (answer.status, answer.reason) == (status, b"Because %d" % status)
        assert answer.body == (b"" if status in (204, 304) else TEXT)


@pytest.mark.parametrize("reason", [b"", b"I'm a teapot; (really)", b"caf\xe9", b"Gro\xc3\x9f", b"OK  OK"])
def test_unusual_reasons_arrive_as_they_are(front: RunningProxy, reason: bytes) -> None:
    assert ask(front, answer_target(reason=reason)).head.startswith(b"HTTP/1.1 200 " + reason + b"\r\n")


def test_the_client_gets_the_domains_headers_and_no_others(front: RunningProxy) -> None:
    """Order, case, repeats and bytes; no Server, Content-Type, Cache-Control or Via of our own."""
    sent = [
        (b"sErVeR", b"Jetty(8.1.12.v20130726)"), DATE, (b"Set-Cookie", b"a=1; Path=/; HttpOnly"), (b"Vary", b"Accept"),
        (b"X-Cafe", b"caf\xe9"), (b"set-cookie", b"b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT"), (b"Vary", b"Origin"),
        (b"X-Utf8", "größer €".encode()), (b"X-Utf8", "voilà".encode()), (b"X-Bytes", bytes(range(0x80, 0x100))), (b"X-Empty", b""), (b"Access-Control-Allow-Origin", b"*"), (b"ETag", b'W/"a"'),
        (b"kbn-name", b"kibana"), (b"Warning", b'299 Elasticsearch-5.6 "deprecated"'), (b"Warning", b'299 - "again"'),
        (b"Content-Disposition", b"attachment; filename=\"a b.csv\""), (b"x-amzn-RequestId", b"1-2"), (b"Age", b"0"),
    ]  # fmt: skip
    answer = ask(front, answer_target(headers=sent, body=TEXT))
    assert beside_connection(answer) == [*sent, (b"Content-Length", b"%d" % len(TEXT))]
    assert answer.tail == TEXT


def test_only_a_missing_date_is_added(front: RunningProxy) -> None:
    """RFC 9110, 6.6.1 asks that of whoever passes an answer on."""
    names = [name for name, _ in beside_connection(ask(front, answer_target(body=b"x")))]
    assert names == [b"Date", b"Content-Length"]


@pytest.mark.parametrize(
    "value",
    [b"application/json; charset=UTF-8", b"text/html; charset=iso-8859-1; a=\xe9", b"", b"nonsense", b"text/plain"],
)
def test_content_types_arrive_as_they_are(front: RunningProxy, value: bytes) -> None:
    answer = ask(front, answer_target(headers=[(b"Content-Type", value)], body="größer".encode("latin-1")))
    assert (answer.values("content-type"), answer.tail) == ([value], b"gr\xf6\xdfer")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"gzip", gzip.compress(TEXT)), (b"deflate", zlib.compress(TEXT)), (b"br", b"\x8b\x02\x80{}\x03"),
        (b"zstd", b"\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00{}"), (b"x-unknown", bytes(range(256))), (b"gzip", b"no gzip at all"),
    ],
    ids=["gzip", "deflate", "br", "zstd", "unknown", "false gzip"],
)  # fmt: skip
@pytest.mark.parametrize("accepted", ["gzip, br, zstd, deflate", "identity", None])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_compressed_bodies_are_never_opened(
    front: RunningProxy, coding: bytes, body: bytes, accepted: str | None, is_chunked: bool
) -> None:
    """Whatever the client said that it accepts, and whatever the bytes really are."""
    target = answer_target(headers=[(b"Content-Encoding", coding)], body=body, is_chunked=is_chunked)
    answer = ask(front, target, "GET", *([("Accept-Encoding", accepted)] if accepted else []))
    assert (answer.values("content-encoding"), answer.body) == ([coding], body)


def test_the_page_without_a_content_type_stays_without_one(front: RunningProxy) -> None:
    answer = ask(front, b"/_demo/tiny")
    assert answer.values("content-type") == []
    assert zlib.decompress(answer.tail).startswith(b"<!doctype html>")


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3_000_000])
@pytest.mark.parametrize("option", [b"", b"&chunked=1", b"&encoding=gzip"])
def test_bodies_of_any_size_arrive_framed_as_they_were(front: RunningProxy, size: int, option: bytes) -> None:
    """A length where the domain told one, chunks where it did not (an empty body needs none)."""
    answer = ask(front, b"/_demo/giant?kind=random&size=%d%b" % (size, option))
    expected = ask(front, b"/_demo/giant?kind=random&size=%d" % size).body
    body = gzip.decompress(answer.body) if b"gzip" in option else answer.body
    assert hashlib.sha256(body).digest() == hashlib.sha256(expected).digest()
    assert len(body) == size
    is_chunked = option == b"&chunked=1" and size > 0
    assert answer.values("transfer-encoding") == ([b"chunked"] if is_chunked else [])
    assert answer.values("content-length") == ([] if is_chunked else [b"%d" % len(answer.tail)])


@pytest.mark.parametrize("target", [answer_target(body=TEXT), b"/_demo/giant?size=10000000"])
def test_a_head_answer_has_the_length_and_no_body(front: RunningProxy, target: bytes) -> None:
    answer = ask(front, target, "HEAD")
    assert (answer.values("content-length"), answer.tail) == (ask(front, target).values("content-length"), b"")


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_end_with_their_head(front: RunningProxy, status: int) -> None:
    answer = ask(front, answer_target(status=status, headers=[(b"ETag", b'"a"'), DATE], body=TEXT))
    assert (beside_connection(answer), answer.tail) == ([(b"ETag", b'"a"'), DATE], b"")


def test_the_client_hears_the_final_answer_behind_interim_ones(front: RunningProxy) -> None:
    answer = ask(front, answer_target(interim=[102, 103, 103], body=TEXT))
    assert (answer.interim, answer.status, answer.body) == ([], 200, TEXT)


HOP = [(b"Keep-Alive", b"timeout=5"), (b"Proxy-Authenticate", b"Basic"), (b"Connection", b"X-For-This-Hop"), (b"X-For-This-Hop", b"1"),
       (b"Trailer", b"X-Late"), (b"Upgrade", b"h2"), (b"Alt-Svc", b'h2=":443"')]  # fmt: skip


def test_headers_of_the_domains_own_connection_stop_here(front: RunningProxy) -> None:
    answer = ask(front, answer_target(headers=[*HOP, DATE, (b"X-StoredBody", b"1")]))
    assert beside_connection(answer) == [DATE, (b"X-StoredBody", b"1"), (b"Content-Length", b"0")]


@pytest.mark.parametrize(
    ("given", "received"),
    [
        ("{domain}/_plugin/kibana/app?x=%2F#a", "http://proxy.example/_plugin/kibana/app?x=%2F#a"),
        ("{domain}", "http://proxy.example"),
        ("//{host}/a", "http://proxy.example/a"),
        ("/_plugin/kibana/", "/_plugin/kibana/"),
        ("../a?b", "../a?b"),
        ("https://elsewhere.example/a", "https://elsewhere.example/a"),
        ("{domain}0/a", "{domain}0/a"),
        ("{domain}.evil.example/a", "{domain}.evil.example/a"),
    ],
)
@pytest.mark.parametrize("name", [b"Location", b"content-location"])
def test_addresses_on_the_domain_become_ours_and_are_not_followed(
    front: RunningProxy, domain: RecordingDomain, name: bytes, given: str, received: str
) -> None:
    facts = {"domain": domain.url, "host": domain.url.removeprefix("http://")}
    before = domain.count
    answer = ask(front, answer_target(status=302, headers=[(name, given.format(**facts).encode())]))
    assert (answer.status, domain.count) == (302, before + 1)
    assert answer.values(name.decode().lower()) == [received.format(**facts).encode()]


def test_the_domain_neither_signs_anybody_in_nor_names_its_host_in_cookies(front: RunningProxy) -> None:
    """A cookie for the domain's name becomes one for ours; one that would pass for our session is dropped."""
    cookies = [
        b"a=1; Domain=127.0.0.1; Path=/",
        b"access-es=forged",
        b"__Host-access-es=forged; Secure; Path=/",
        b"b=2",
    ]
    answer = ask(front, answer_target(headers=[(b"Set-Cookie", cookie) for cookie in cookies]))
    assert answer.values("set-cookie") == [b"a=1; Path=/", b"b=2"]


def test_a_cookie_for_tls_alone_is_one_that_comes_back_over_plain_http(front: RunningProxy) -> None:
    cookie = b"security_authentication=x; Secure; HttpOnly; SameSite=None; Path=/_dashboards"
    answer = ask(front, answer_target(headers=[(b"Set-Cookie", cookie)]))
    assert answer.values("set-cookie") == [b"security_authentication=x; HttpOnly; Path=/_dashboards"]


def test_a_client_that_names_no_host_is_sent_to_a_path(front: RunningProxy, domain: RecordingDomain) -> None:
    target = answer_target(status=302, headers=[(b"Location", f"{domain.url}/a?b".encode())])
    request = b"GET %b HTTP/1.0\r\nAuthorization: %b\r\n\r\n" % (target, front.bearer["Authorization"].encode())
    assert exchange(front.port, request).values("location") == [b"/a?b"]


@pytest.mark.parametrize("size", [0, 500, 200_000])
@pytest.mark.parametrize("option", [b"", b"&chunked=1"])
def test_a_refusal_of_the_domain_arrives_whole(front: RunningProxy, size: int, option: bytes) -> None:
    """We read a 403 to say in the log who refused; the client gets every byte of it."""
    answer = ask(front, b"/_demo/giant?size=%d&status=403%b" % (size, option))
    assert (answer.status, answer.body) == (403, ask(front, b"/_demo/giant?size=%d" % size).body)


def test_a_refusal_by_policy_arrives_in_amazons_words(front: RunningProxy, domain: RecordingDomain) -> None:
    domain.running.allow(KEY[0], ["es:ESHttpPost"])
    try:
        answer = ask(front, b"/_search")
    finally:
        domain.running.allow(KEY[0], None)
    assert answer.status == 403
    assert answer.body.startswith(b'{"Message":"User: arn:aws:iam::123456789012:user/demo is not authorized to perform')
    assert len(answer.values("x-amzn-requestid")) == 1


def test_a_client_of_http_1_0_gets_an_answer_without_chunks(front: RunningProxy) -> None:
    request = b"GET /_demo/giant?size=200000&chunked=1 HTTP/1.0\r\nAuthorization: %b\r\n\r\n"
    answer = exchange(front.port, request % front.bearer["Authorization"].encode())
    assert (answer.values("transfer-encoding"), len(answer.tail), answer.is_reset) == ([], 200_000, False)
