"""What the browser sends back of the mounted path arrives as the domain knows it; data stays data."""

from __future__ import annotations

from io import BytesIO

import pytest

from access_es.messages import ProxyRequest
from access_es.mounting.request import unmount_request

JSON = (("Content-Type", "application/json"),)


def sent(
    target: str, *headers: tuple[str, str], body: bytes = b"", mount: str = "/dev", method: str = "GET"
) -> ProxyRequest:
    return ProxyRequest("id", method, target.encode(), headers, BytesIO(body), "https", "192.0.2.1", mount)


def arrives(target: str, *headers: tuple[str, str], body: bytes = b"", mount: str = "/dev") -> ProxyRequest:
    return unmount_request(sent(target, *headers, body=body, mount=mount))


@pytest.mark.parametrize(
    ("sends", "expected"),
    [
        ("https://h.example/dev/_plugin/kibana/app/kibana", "https://h.example/_plugin/kibana/app/kibana"),
        ("https://h.example/dev/_plugin/kibana", "https://h.example/_plugin/kibana"),
        ("https://h.example/dev/--access-es/login", "https://h.example/dev/--access-es/login"),
        ("https://h.example/dev/_plugin/kibana3", "https://h.example/dev/_plugin/kibana3"),
        ("https://h.example/x?u=https://h.example/dev/_plugin/kibana", "https://h.example/x?u=https://h.example/dev/_plugin/kibana"),
    ],
)  # fmt: skip
def test_the_referer_is_the_page_that_the_domain_knows(sends: str, expected: str) -> None:
    assert arrives("/_plugin/kibana/api/status", ("Referer", sends)).header("referer") == expected


@pytest.mark.parametrize(
    ("sends", "expected"),
    [
        ('W/"a-gzip~m1"', '"a-gzip"'),
        ('W/"a~m1w"', 'W/"a"'),
        ('"x", W/"a~m1"', '"x", "a"'),
        ('"plain"', '"plain"'),
        ('W/"a~m0"', None),  # of an older rewriting: asked for again
        ("*", "*"),
    ],
)
def test_the_domain_finds_its_own_tags(sends: str, expected: str | None) -> None:
    assert arrives("/_dashboards/app/home", ("If-None-Match", sends)).header("if-none-match") == expected


def test_documents_are_asked_for_whole() -> None:
    request = arrives("/_dashboards/app", ("Range", "bytes=0-9"), ("If-Range", '"x"'), ("Accept", "*/*"))
    assert request.headers == (("Accept", "*/*"),)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("nextUrl=%2Fdev%2F_dashboards%2Fapp%2Fhome", "nextUrl=%2F_dashboards%2Fapp%2Fhome"),
        ("a=1&nextUrl=%2fdev%2f_dashboards", "a=1&nextUrl=%2f_dashboards"),
        ("next=/dev/_dashboards/app#x", "next=/_dashboards/app#x"),
        ("nextUrl=%2Fdev%2F_dashboards-old", "nextUrl=%2Fdev%2F_dashboards-old"),
        ("nextUrl=%2Fdevil%2F_dashboards", "nextUrl=%2Fdevil%2F_dashboards"),
        ("q=%2Fdev%2F_dashboards%2Fapp", "q=%2Fdev%2F_dashboards%2Fapp"),  # a search for such a path
        ("text=/dev/_dashboards", "text=/dev/_dashboards"),
    ],
)
def test_a_page_to_come_back_to(query: str, expected: str) -> None:
    assert arrives(f"/_dashboards/auth/login?{query}").target == f"/_dashboards/auth/login?{expected}".encode()


@pytest.mark.parametrize(
    "path",
    [
        "/shorten",
        "/api/shorten_url",
        "/s/team/api/shorten_url",
        "/w/x1/api/reporting/generateReport",
        "/api/reporting/generateReport",
    ],
)
def test_bodies_that_name_pages(path: str) -> None:
    body = b'{"url":"/dev/_dashboards/app/x#/y","query_url":"/dev/_dashboards","n":"at /dev/_dashboards","o":"/dev/_dashboards-x"}'
    expected = (
        b'{"url":"/_dashboards/app/x#/y","query_url":"/_dashboards","n":"at /dev/_dashboards","o":"/dev/_dashboards-x"}'
    )
    assert arrives(f"/_dashboards{path}", *JSON, body=body).body.read() == expected


@pytest.mark.parametrize(
    "target",
    [
        "/_dashboards/api/saved_objects/dashboard", "/_dashboards/api/console/proxy?path=_search", "/_dashboards/internal/search",
        "/_plugin/kibana/elasticsearch/_msearch", "/_dashboards/api/reportings", "/logs/_search", "/_dashboards/shortens",
    ],
)  # fmt: skip
def test_in_every_other_body_such_a_path_is_data(target: str) -> None:
    body = b'{"query":{"match":{"path":"/dev/_dashboards/app"}}}'
    request = sent(target, *JSON, body=body)
    assert unmount_request(request).body is request.body


def test_a_body_that_is_coded_or_no_json_stays() -> None:
    for headers in ((*JSON, ("Content-Encoding", "gzip")), (("Content-Type", "text/plain"),), ()):
        request = sent("/_dashboards/shorten", *headers, body=b'"/dev/_dashboards"')
        assert unmount_request(request).body is request.body


@pytest.mark.parametrize("sizes", [(-1,), (1, 7, 100_000, -1), (65536,) * 40])
def test_a_body_longer_than_kibana_takes_arrives_as_it_is(sizes: tuple[int, ...]) -> None:
    body = b'"/dev/_dashboards",' * 120_000
    stream = arrives("/_dashboards/api/reporting/x", *JSON, body=body).body
    assert b"".join(stream.read(size) for size in sizes) == body


@pytest.mark.parametrize("mount", ['/a"b', "/a b", ""])
def test_a_mount_that_is_in_no_document_is_in_no_request(mount: str) -> None:
    request = sent("/_dashboards/app", ("Range", "bytes=0-9"), mount=mount)
    assert unmount_request(request) is request


def test_a_mount_of_several_segments_and_other_characters() -> None:
    request = arrives(
        "/_dashboards/login?nextUrl=%2Fa%2Fb%24c%2F_dashboards%2Fapp",
        ("Referer", "https://h/a/b$c/_dashboards/app"),
        mount="/a/b$c",
    )
    assert request.target == b"/_dashboards/login?nextUrl=%2F_dashboards%2Fapp"
    assert request.header("referer") == "https://h/_dashboards/app"
