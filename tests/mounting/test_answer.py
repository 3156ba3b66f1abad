"""Documents of the interface are rewritten under their coding, with honest headers; everything else stays as it is."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import backports.zstd
import brotli
import pytest

from access_es.errors import DomainError
from access_es.messages import Held, ProxyRequest, ProxyResponse
from access_es.mounting.answer import mount_answer
from tests.mounting.documents import DASHBOARDS, DOCUMENTS, KIBANA, Document

PAGE = next(document for document in DOCUMENTS if document.name == "Dashboards 2.19 page")
CODERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "": (bytes, bytes),
    "gzip": (lambda data: _deflated(data, 31), lambda data: zlib.decompress(data, 31)),
    "x-gzip": (lambda data: _deflated(data, 31), lambda data: zlib.decompress(data, 31)),
    "deflate": (zlib.compress, zlib.decompress),
    "br": (brotli.compress, brotli.decompress),
    "zstd": (backports.zstd.compress, backports.zstd.decompress),
}


def _deflated(data: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, bits)
    return packer.compress(data) + packer.flush()


class Arriving:
    """A body that comes in pieces of one size, and knows whether it was closed."""

    def __init__(self, data: bytes, size: int = 7) -> None:
        self.pieces = [data[start : start + size] for start in range(0, len(data), size)]
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def close(self) -> None:
        self.is_closed = True


def asked(target: str, method: str = "GET", mount: str = "/dev", **headers: str) -> ProxyRequest:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return ProxyRequest("id", method, target.encode(), pairs, BytesIO(), "https", "192.0.2.1", mount)


def answered(data: bytes, content_type: str, *headers: tuple[str, str], status: int = 200) -> ProxyResponse:
    return ProxyResponse.held(status, (("Content-Type", content_type), *headers), data)


def seen(answer: ProxyResponse) -> bytes:
    return b"".join(answer.body)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_document_of_every_version(document: Document) -> None:
    answer = answered(document.at(), document.content_type)
    mounted = mount_answer(answer, asked(document.interface + document.path))
    assert seen(mounted) == document.at("/dev")
    assert mounted.length_bytes == len(document.at("/dev"))


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize("streams", [False, True])
def test_under_every_coding(coding: str, streams: bool) -> None:
    encode, decode = CODERS[coding]
    headers = (("Content-Encoding", coding.upper()),) if coding else ()
    answer = answered(encode(PAGE.at()), PAGE.content_type, *headers, ("Vary", "accept-encoding"))
    if streams:
        answer = ProxyResponse(200, answer.headers, Arriving(encode(PAGE.at())), length_bytes=len(encode(PAGE.at())))
    mounted = mount_answer(answer, asked(DASHBOARDS + PAGE.path))
    data = seen(mounted)
    assert decode(data) == PAGE.at("/dev")
    assert mounted.length_bytes == (None if streams else len(data))
    assert mounted.header("vary") == "accept-encoding"
    assert mounted.header("content-encoding") == (coding.upper() or None)


def test_deflate_without_its_wrapping() -> None:
    answer = answered(_deflated(PAGE.at(), -15), PAGE.content_type, ("Content-Encoding", "deflate"))
    assert zlib.decompress(seen(mount_answer(answer, asked(DASHBOARDS + PAGE.path)))) == PAGE.at("/dev")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"?" + data, lambda data: data[:20] + b"\xff\x00" * 9]
)
def test_a_document_that_is_not_what_its_coding_says_is_no_answer(
    coding: str, damage: Callable[[bytes], bytes]
) -> None:
    data = damage(CODERS[coding][0](PAGE.at()))
    answer = answered(data, PAGE.content_type, ("Content-Encoding", coding))
    with pytest.raises(DomainError):
        mount_answer(answer, asked(DASHBOARDS + PAGE.path))
    streamed = ProxyResponse(200, answer.headers, Arriving(data))
    with pytest.raises(DomainError):
        seen(mount_answer(streamed, asked(DASHBOARDS + PAGE.path)))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_a_few_bytes_unpack_to_never_lies_in_memory_at_once(coding: str) -> None:
    body = Arriving(CODERS[coding][0](b"\0" * 50_000_000), size=1_000_000)
    answer = ProxyResponse(200, (("Content-Type", "text/html"), ("Content-Encoding", coding)), body)
    mounted = mount_answer(answer, asked(DASHBOARDS + "/x"))
    assert max(map(len, mounted.body)) < 1_000_000


def test_a_body_is_closed_through_the_rewriting() -> None:
    body = Arriving(PAGE.at())
    mount_answer(ProxyResponse(200, (("Content-Type", "text/html"),), body), asked(DASHBOARDS + "/")).body.close()
    assert body.is_closed


@pytest.mark.parametrize(
    ("target", "content_type"),
    [
        ("/_dashboards/api/saved_objects/_find", "application/json"),
        ("/_dashboards/api/console/proxy?path=x", "text/html"),
        ("/_dashboards/internal/search", "application/json"),
        ("/_plugin/kibana/elasticsearch/_msearch", "application/json"),
        ("/_plugin/kibana/elasticsearch/logs/_search", "text/html"),
        ("/_plugin/kibana/s/team/api/spaces/space", "text/html"),
        ("/_dashboards/w/x1/api/console/proxy?path=x", "text/html"),
        ("/_dashboards/api/status", "application/json"),
        ("/_dashboards/translations/en.json", "application/json"),
        ("/_dashboards/7969/bundles/core/core.entry.js", "application/javascript"),
        ("/_dashboards/ui/favicons/favicon.ico", "image/x-icon"),
        ("/_dashboards/app/x", "text/plain"),
        ("/_dashboards/app/x", ""),
        ("/logs/_search", "text/html"),
        ("/_dashboards-old/app", "text/html"),
        ("/_plugin/kibana3/", "text/html"),
        ("/", "text/html"),
    ],
)
def test_what_is_no_document_of_the_interface_stays(target: str, content_type: str) -> None:
    data = b'{"href": "/_dashboards/app", "other": "/_plugin/kibana/app"}'
    answer = answered(data, content_type, ("ETag", '"x"'), ("Accept-Ranges", "bytes"))
    assert mount_answer(answer, asked(target)) == answer


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (206, (("Content-Range", "bytes 0-9/100"),)),
        (200, (("Cache-Control", "public, no-transform"),)),
        (200, (("Content-Encoding", "compress"),)),
        (200, (("Content-Encoding", "gzip, br"),)),
        (200, (("Content-Encoding", "gzip"), ("Content-Encoding", "gzip"))),
    ],
)
def test_documents_that_nobody_may_or_can_change_stay(status: int, headers: tuple[tuple[str, str], ...]) -> None:
    answer = answered(PAGE.at(), "text/html", *headers, status=status)
    assert mount_answer(answer, asked(DASHBOARDS + "/app/home")) == answer


@pytest.mark.parametrize("mount", ['/a"b', "/a'b", "/a<b", "/a(b", "/a b", "/a;b", "/a&b", "/a\\b", "//a", "/"])
def test_a_mount_that_could_end_an_attribute_is_never_written_into_a_document(mount: str) -> None:
    answer = answered(PAGE.at(), "text/html")
    assert mount_answer(answer, asked(DASHBOARDS + "/app/home", mount=mount)) == answer


def test_a_page_that_was_not_found_is_a_page_too() -> None:
    mounted = mount_answer(answered(PAGE.at(), "text/html", status=404), asked(DASHBOARDS + "/nothing"))
    assert (mounted.status, seen(mounted)) == (404, PAGE.at("/dev"))


def test_what_speaks_of_the_old_bytes_goes() -> None:
    gone = (("Accept-Ranges", "bytes"), ("Content-MD5", "x"), ("Digest", "x"), ("Repr-Digest", "x"))
    mounted = mount_answer(answered(PAGE.at(), "text/html", *gone, ("X-Frame", "y")), asked(DASHBOARDS + "/"))
    assert [name for name, _ in mounted.headers] == ["Content-Type", "X-Frame"]


@pytest.mark.parametrize(("tag", "marked"), [('"a-gzip"', 'W/"a-gzip~m1"'), ('W/"a"', 'W/"a~m1w"'), ("a", "a")])
def test_the_tag_says_that_the_bytes_are_others(tag: str, marked: str) -> None:
    mounted = mount_answer(answered(PAGE.at(), "text/html", ("ETag", tag)), asked(DASHBOARDS + "/"))
    assert mounted.header("etag") == marked


def test_not_modified_carries_the_marked_tag_again() -> None:
    answer = ProxyResponse(304, (("ETag", '"a"'), ("Content-Length", "99")), Held())
    mounted = mount_answer(answer, asked(DASHBOARDS + "/app", if_none_match='W/"a~m1"'))
    assert mounted.headers == (("ETag", 'W/"a~m1"'),)
    assert mount_answer(answer, asked(DASHBOARDS + "/logo.png", if_none_match='"a"')) == answer


def test_the_head_of_a_document_names_no_length_that_it_would_not_have() -> None:
    answer = ProxyResponse(200, (("Content-Type", "text/html"), ("Content-Length", "999")), Held(), length_bytes=0)
    mounted = mount_answer(answer, asked(DASHBOARDS + "/app", "HEAD"))
    assert (mounted.headers, mounted.length_bytes, seen(mounted)) == ((("Content-Type", "text/html"),), None, b"")


def test_reports_name_pages_in_their_json() -> None:
    data = b'{"queryUrl":"/_dashboards/app/dashboards#/view/x","note":"see /_dashboards"}'
    mounted = mount_answer(answered(data, "application/json"), asked(DASHBOARDS + "/api/reporting/generateReport/1"))
    assert seen(mounted) == data.replace(b'"/_dash', b'"/dev/_dash')


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Set-Cookie", "sid=1; Path=/_plugin/kibana; HttpOnly", "sid=1; Path=/dev/_plugin/kibana; HttpOnly"),
        ("Set-Cookie", "sid=1; path=/", "sid=1; path=/dev/"),
        ("Set-Cookie", "sid=1; HttpOnly", "sid=1; HttpOnly"),
        ("Set-Cookie", "__Host-sid=1; Path=/; Secure", "__Host-sid=1; Path=/; Secure"),
        ("Set-Cookie", "path=/x; Path=relative", "path=/x; Path=relative"),
        ("Refresh", "0; url=/_dashboards/app", "0; url=/dev/_dashboards/app"),
        ("Refresh", "5;URL='/x'", "5;URL='/dev/x'"),
        ("Refresh", "0; url=https://elsewhere.example/x", "0; url=https://elsewhere.example/x"),
        ("Refresh", "0; url=//elsewhere.example/x", "0; url=//elsewhere.example/x"),
        ("Refresh", "3", "3"),
        ("Link", '</_dashboards/a.css>; rel=preload, <b>; rel="next"', '</dev/_dashboards/a.css>; rel=preload, <b>; rel="next"'),
        ("Link", "<//cdn.example/a>; rel=preload", "<//cdn.example/a>; rel=preload"),
        ("Content-Security-Policy", "script-src 'self'; report-uri /_dashboards/api/csp", "script-src 'self'; report-uri /dev/_dashboards/api/csp"),
        ("Location", "/dev/_dashboards/app/login?nextUrl=%2F_dashboards%2Fapp%2Fhome", "/dev/_dashboards/app/login?nextUrl=%2Fdev%2F_dashboards%2Fapp%2Fhome"),
        ("Location", "/dev/_plugin/kibana/app/kibana#/discover", "/dev/_plugin/kibana/app/kibana#/discover"),
        ("X-Other", "/_dashboards", "/_dashboards"),
    ],
)  # fmt: skip
def test_paths_in_headers_follow(name: str, value: str, expected: str) -> None:
    answer = ProxyResponse.held(302, ((name, value),), b"")
    for target in (f"{KIBANA}/", "/logs"):
        assert mount_answer(answer, asked(target)).headers == ((name, expected),)
